package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// section is one way to break the figures down.
type section uint8

const (
	byTotal section = iota
	byTender
	byChannel
	byHour
	byOperator
	byVoucher
	byCash // of operators, for their drawers; in no report by itself
	sections
)

type lineKey struct {
	key      string
	currency pos.Currency
}

// shelf holds the lines of one section. The first of them are found without
// hashing: a shop has a handful of tenders and operators.
type shelf struct {
	first []*Line
	lines map[lineKey]*Line
}

// firstLines is how many lines are compared one by one before the map is asked.
const firstLines = 8

func (s *shelf) line(key string, currency pos.Currency) *Line {
	for _, l := range s.first {
		if l.Key == key && l.Currency == currency {
			return l
		}
	}
	l := s.lines[lineKey{key, currency}]
	if l == nil {
		l = &Line{Key: strings.Clone(key), Currency: pos.Currency(strings.Clone(string(currency)))}
		s.lines[lineKey{l.Key, l.Currency}] = l
		if len(s.first) < firstLines {
			s.first = append(s.first, l)
		}
	}
	return l
}

type exceptionKey struct {
	kind     string
	currency pos.Currency
}

type payoutKey struct {
	day      Day
	tender   string
	currency pos.Currency
}

// fold adds attempts up. One goroutine uses it; folds are merged afterwards,
// and the order of merging changes nothing.
type fold struct {
	book       *Book
	operator   string // of others nothing counts; empty: all
	shelves    [sections]shelf
	exceptions map[exceptionKey]*Exception
	payouts    map[payoutKey]*Payout
	open       []Item
	dayFrom    time.Time // of lastDay, since neighbours are mostly of one day
	dayTo      time.Time
	lastDay    Day
	payDays    map[string]payDay // by tender
}

// payDay is when the money of the last day that was asked for comes.
type payDay struct{ of, at Day }

func (b *Book) newFold(operator string) *fold {
	f := &fold{book: b, operator: operator, exceptions: map[exceptionKey]*Exception{}, payouts: map[payoutKey]*Payout{}, payDays: map[string]payDay{}}
	for s := range f.shelves {
		f.shelves[s].lines = map[lineKey]*Line{}
	}
	return f
}

// hours are the keys of byHour.
var hours = func() (list [24]string) {
	for i := range list {
		list[i] = fmt.Sprintf("%02d", i)
	}
	return list
}()

// mine reports whether an attempt belongs into the report at all.
func (f *fold) mine(a *pos.Attempt) bool {
	return a.Type != pos.TypeSettle && (f.operator == "" || a.Operator == f.operator)
}

// attempt counts an attempt as it stands.
func (f *fold) attempt(ctx context.Context, a *pos.Attempt) error {
	if !f.mine(a) {
		return nil
	}
	f.look(a)
	return f.money(ctx, a, 1)
}

// change counts what an attempt is more, or less, than an earlier Z had counted.
func (f *fold) change(ctx context.Context, before, after *pos.Attempt) error {
	if f.mine(before) {
		if err := f.money(ctx, before, -1); err != nil {
			return err
		}
	}
	if !f.mine(after) {
		return nil
	}
	if before.State.Paid() != after.State.Paid() {
		f.except(Corrected, after)
	}
	f.look(after)
	return f.money(ctx, after, 1)
}

// look notes what somebody should see.
func (f *fold) look(a *pos.Attempt) {
	switch {
	case a.State == pos.StateManual:
		f.except(Manual, a)
	case a.State.Live():
		f.except(Unknown, a)
	case a.State == pos.StateForced:
		f.except(Forced, a)
	case a.State == pos.StateDenied:
		f.except(Denied, a)
	case a.State == pos.StateDeclined:
		f.except(Declined, a)
	case a.State == pos.StateApproved && a.Orphan():
		f.except(Unconfirmed, a)
	}
	if a.State != pos.StateConfirmed && isOpen(*a) {
		f.open = append(f.open, cloneItem(a))
	}
	for _, al := range a.Alerts {
		if al.Kind == pos.AlertLateApproval {
			f.except(LateApproval, a)
		} else {
			f.except(OtherAlert, a)
		}
	}
}

// isOpen reports whether an attempt keeps a day from being closed.
func isOpen(a pos.Attempt) bool {
	return a.Type != pos.TypeSettle && (a.State.Live() || a.Orphan())
}

func (f *fold) except(kind string, a *pos.Attempt) {
	k := exceptionKey{kind, a.Amount.Currency()}
	e := f.exceptions[k]
	if e == nil {
		k.currency = pos.Currency(strings.Clone(string(k.currency)))
		e = &Exception{Kind: kind, Currency: k.currency}
		f.exceptions[k] = e
	}
	e.Count++
	e.Minor = saturated(e.Minor, a.Amount.Minor())
	if kind != Declined && len(e.Items) < MaxItems {
		e.Items = append(e.Items, cloneItem(a))
	}
}

// saturated adds amounts that are only shown: the largest there is stands for more.
func saturated(a, b int64) int64 {
	if sum, ok := plus(a, b); ok {
		return sum
	}
	return 1<<63 - 1
}

func plus(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}

// cloneItem copies the texts too: those of a scan share their memory.
func cloneItem(a *pos.Attempt) Item {
	i := itemOf(*a)
	i.Attempt, i.Type, i.State = pos.AttemptID(strings.Clone(string(i.Attempt))), pos.Type(strings.Clone(string(i.Type))), pos.State(strings.Clone(string(i.State)))
	i.Amount = pos.FromMinor(i.Amount.Minor(), pos.Currency(strings.Clone(string(i.Amount.Currency()))))
	for _, s := range []*string{&i.Reference, &i.Tender, &i.Operator, &i.Reason} {
		*s = strings.Clone(*s)
	}
	return i
}

// money counts what an attempt moved, or takes it back with sign -1.
func (f *fold) money(ctx context.Context, a *pos.Attempt, sign int64) error {
	m, moved, err := f.book.movement(ctx, a)
	if err != nil {
		return err
	}
	if moved {
		return f.movement(m, sign)
	}
	if a.Type == pos.TypePreauth && a.State.Paid() {
		return f.each(f.keys(f.book.base(a)), a.Approved.Currency(), func(l *Line) error {
			return add(&l.Holds, sign, a.Approved.Minor())
		})
	}
	return nil
}

func (b *Book) channel(a *pos.Attempt) string {
	if b.cfg.Channel == nil {
		return Counter
	}
	return b.cfg.Channel(*a)
}

// base is a movement without its kind.
func (b *Book) base(a *pos.Attempt) Movement {
	return Movement{ID: string(a.ID), Time: a.Created, Tender: a.Tender, Channel: b.channel(a), Operator: a.Operator, Amount: a.Approved}
}

// movement is the money an attempt moved, if it did.
func (b *Book) movement(ctx context.Context, a *pos.Attempt) (m Movement, moved bool, err error) {
	if !a.State.Paid() {
		return m, false, nil
	}
	m = b.base(a)
	switch a.Type {
	case pos.TypeCharge, pos.TypeCompletion:
		m.Kind = Sale
	case pos.TypeRedeem:
		m.Kind, m.Vouchers = Sale, usesOf(a, a)
	case pos.TypeRefund:
		m.Kind = Refund
	case pos.TypeVoid:
		orig, err := b.cfg.Journal.Get(ctx, a.Original)
		if err != nil {
			return m, false, fmt.Errorf("report: original of %s: %w", a.ID, err)
		}
		if orig.Type == pos.TypePreauth {
			return m, false, nil // a hold is let go: no money had moved
		}
		if m.Kind = Void; orig.Type == pos.TypeRedeem {
			m.Vouchers = usesOf(a, &orig)
		}
	default:
		return m, false, nil
	}
	return m, true, nil
}

// keys are the lines a movement counts in, but for its vouchers.
func (f *fold) keys(m Movement) [sections]string {
	k := [sections]string{byTender: m.Tender, byChannel: m.Channel, byOperator: m.Operator, byCash: m.Operator}
	k[byHour] = hours[m.Time.In(f.book.cfg.Zone).Hour()]
	return k
}

// each calls do with the lines of the keys.
func (f *fold) each(keys [sections]string, currency pos.Currency, do func(*Line) error) error {
	for s, key := range keys {
		if section(s) == byVoucher || section(s) == byCash && keys[byTender] != pos.Cash {
			continue
		}
		if err := do(f.shelves[s].line(key, currency)); err != nil {
			return err
		}
	}
	return nil
}

func (f *fold) movement(m Movement, sign int64) error {
	fee, priced := f.book.feeOf(m)
	err := f.each(f.keys(m), m.Amount.Currency(), func(l *Line) error { return l.add(m, sign, fee, priced) })
	if err == nil {
		err = f.vouchers(m, sign)
	}
	if err != nil {
		return err
	}
	return f.payout(m, sign, fee, priced)
}

// vouchers counts the uses of a movement, each by itself. Fees are not theirs:
// a platform takes them of the whole.
func (f *fold) vouchers(m Movement, sign int64) error {
	for _, u := range m.Vouchers {
		part := m
		part.Amount = pos.FromMinor(u.Minor, m.Amount.Currency())
		if err := f.shelves[byVoucher].line(u.Voucher, m.Amount.Currency()).add(part, sign, 0, true); err != nil {
			return err
		}
	}
	return nil
}

// usesOf shares what a redemption, or its undo, moved out among its vouchers:
// each takes what it is worth, as long as something is left, and the last one
// what remains. So they add up to the money of the attempt.
func usesOf(a, redemption *pos.Attempt) (uses []Use) {
	left := a.Approved.Minor()
	for _, v := range redemption.Vouchers {
		worth := v.Amount.Currency() == a.Approved.Currency()
		if v.Verdict != pos.VoucherRedeemed && v.Verdict != pos.VoucherUndone || !worth {
			continue
		}
		minor := min(v.Amount.Minor(), left)
		left -= minor
		uses = append(uses, Use{nameOf(v, redemption), minor})
	}
	if len(uses) == 0 {
		return []Use{{nameOf(pos.VoucherVerdict{}, redemption), left}}
	}
	uses[len(uses)-1].Minor += left
	return uses
}

// nameOf says what kind of voucher it was, as far as the platform told.
func nameOf(v pos.VoucherVerdict, redemption *pos.Attempt) string {
	return cmp.Or(v.Title, redemption.Scheme, redemption.Tender)
}

// add counts one figure, times sign.
func add(fig *Figure, sign, minor int64) error {
	sum, ok := plus(fig.Minor, sign*minor)
	if !ok {
		return pos.ErrMoneyOverflow
	}
	fig.Count, fig.Minor = fig.Count+sign, sum
	return nil
}

func (l *Line) add(m Movement, sign, fee int64, priced bool) error {
	fig, signed := &l.Sales, sign*m.Amount.Minor()
	switch m.Kind {
	case Refund:
		fig, signed = &l.Refunds, -signed
	case Void:
		fig, signed = &l.Voids, -signed
	}
	if err := add(fig, sign, m.Amount.Minor()); err != nil {
		return err
	}
	var ok1, ok2 bool
	l.Net, ok1 = plus(l.Net, signed)
	l.Fee, ok2 = plus(l.Fee, sign*fee)
	if !priced {
		l.Unpriced += sign
	}
	if !ok1 || !ok2 {
		return pos.ErrMoneyOverflow
	}
	return nil
}

// payout forecasts when a movement is paid out. Cash is in the drawer already.
func (f *fold) payout(m Movement, sign, fee int64, priced bool) error {
	terms, known := f.book.cfg.Terms[m.Tender]
	if !known || !priced || m.Tender == pos.Cash {
		return nil
	}
	day := f.payDays[m.Tender]
	if of := f.day(m.Time); day.of != of {
		day = payDay{of, terms.payDay(of)}
		f.payDays[strings.Clone(m.Tender)] = day
	}
	k := payoutKey{day.at, m.Tender, m.Amount.Currency()}
	p := f.payouts[k]
	if p == nil {
		k.tender, k.currency = strings.Clone(k.tender), pos.Currency(strings.Clone(string(k.currency)))
		p = &Payout{Day: k.day, Tender: k.tender, Currency: k.currency}
		f.payouts[k] = p
	}
	net := sign * m.Amount.Minor()
	if m.Kind != Sale {
		net = -net
	}
	return p.plus(sign, net, sign*fee)
}

func (p *Payout) plus(count, net, fee int64) error {
	var ok1, ok2, ok3 bool
	p.Count += count
	p.Net, ok1 = plus(p.Net, net)
	p.Fee, ok2 = plus(p.Fee, fee)
	p.Pays, ok3 = plus(p.Net, -p.Fee)
	if !ok1 || !ok2 || !ok3 {
		return pos.ErrMoneyOverflow
	}
	return nil
}

// day is the business day of a moment.
func (f *fold) day(t time.Time) Day {
	if f.lastDay == "" || t.Before(f.dayFrom) || !t.Before(f.dayTo) {
		f.lastDay = f.book.DayOf(t)
		f.dayFrom, f.dayTo, _ = f.book.Bounds(f.lastDay) // of a day that was just made
	}
	return f.lastDay
}

// merge adds another fold of the same book.
func (f *fold) merge(o *fold) error {
	for s := range o.shelves {
		for k, l := range o.shelves[s].lines {
			if err := f.shelves[s].line(k.key, k.currency).merge(l); err != nil {
				return err
			}
		}
	}
	for k, p := range o.payouts {
		if mine := f.payouts[k]; mine == nil {
			f.payouts[k] = p
		} else if err := mine.plus(p.Count, p.Net, p.Fee); err != nil {
			return err
		}
	}
	for k, e := range o.exceptions {
		if mine := f.exceptions[k]; mine == nil {
			f.exceptions[k] = e
		} else {
			mine.Count, mine.Minor = mine.Count+e.Count, saturated(mine.Minor, e.Minor)
			mine.Items = append(mine.Items, e.Items...)
		}
	}
	f.open = append(f.open, o.open...)
	return nil
}

func (l *Line) merge(o *Line) error {
	ok := true
	sum := func(into *int64, n int64) {
		s, fits := plus(*into, n)
		*into, ok = s, ok && fits
	}
	for _, p := range []struct{ into, from *Figure }{{&l.Sales, &o.Sales}, {&l.Refunds, &o.Refunds}, {&l.Voids, &o.Voids}, {&l.Holds, &o.Holds}} {
		sum(&p.into.Count, p.from.Count)
		sum(&p.into.Minor, p.from.Minor)
	}
	sum(&l.Net, o.Net)
	sum(&l.Fee, o.Fee)
	sum(&l.Unpriced, o.Unpriced)
	if !ok {
		return pos.ErrMoneyOverflow
	}
	return nil
}

// report puts what was counted into a report, sorted.
func (f *fold) report(r *Report) {
	into := [sections]*[]Line{byTotal: &r.Totals, byTender: &r.Tenders, byChannel: &r.Channels, byHour: &r.Hours, byOperator: &r.Operators, byVoucher: &r.Vouchers}
	for s, list := range into {
		if list == nil {
			continue
		}
		*list = []Line{}
		for _, l := range f.shelves[s].lines {
			if *l != (Line{Key: l.Key, Currency: l.Currency}) {
				*list = append(*list, *l)
			}
		}
		sortLines(*list)
	}
	r.Exceptions, r.Forecast, r.Open = []Exception{}, []Payout{}, f.open
	for _, e := range f.exceptions {
		sortItems(e.Items)
		e.Items = e.Items[:min(len(e.Items), MaxItems)]
		r.Exceptions = append(r.Exceptions, *e)
	}
	slices.SortFunc(r.Exceptions, func(a, b Exception) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Currency, b.Currency))
	})
	for _, p := range f.payouts {
		if p.Net != 0 || p.Fee != 0 {
			r.Forecast = append(r.Forecast, *p)
		}
	}
	slices.SortFunc(r.Forecast, func(a, b Payout) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Tender, b.Tender), cmp.Compare(a.Currency, b.Currency))
	})
	if r.Open == nil {
		r.Open = []Item{}
	}
	sortItems(r.Open)
}

func sortItems(list []Item) {
	slices.SortFunc(list, func(a, b Item) int { return cmp.Compare(a.Seq, b.Seq) })
}
