package register

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// view is everything a page shows, made from the files of sales, goods and the
// journal whenever something changes: there is nothing else to remember.
type view struct {
	At       int64      `json:"at"` // milliseconds, to measure how fast the page is
	Till     string     `json:"till"`
	Currency string     `json:"currency"`
	Decimals int        `json:"decimals"`
	Sale     saleView   `json:"sale"`
	Doubts   []payView  `json:"doubts"`    // uncertain, wherever they belong
	Decide   []payView  `json:"decisions"` // a person must decide
	Sales    []saleView `json:"sales"`     // parked, and the newest that ended
	Running  []runView  `json:"running"`
	Goods    []goodView `json:"goods"`
	Tenders  []tendView `json:"tenders"`
	Devices  []devView  `json:"devices"`
	Papers   int        `json:"papers"`
	Faults   []Fault    `json:"faults,omitempty"`
}

type saleView struct {
	Sale
	Total int64     `json:"total"`
	Left  int64     `json:"left"`
	Tries []payView `json:"tries"`
	Busy  bool      `json:"busy"`
}

// payView is one payment, void or refund.
type payView struct {
	Payment
	Reference string        `json:"reference"`
	State     string        `json:"state"` // of the journal; "" when it never reached it
	Approved  int64         `json:"approved"`
	Change    int64         `json:"change,omitempty"`
	Code      string        `json:"code,omitempty"`
	Text      string        `json:"text,omitempty"`
	Reason    string        `json:"reason,omitempty"`
	Card      string        `json:"card,omitempty"`
	Class     string        `json:"class,omitempty"` // of a problem
	Advice    [2]string     `json:"advice,omitzero"`
	Second    bool          `json:"second,omitempty"` // a second person may allow it
	ReturnID  pos.AttemptID `json:"return_id,omitempty"`
	Left      int64         `json:"left,omitempty"` // that can be given back
	Time      time.Time     `json:"time,omitzero"`
	Orphan    bool          `json:"orphan,omitempty"`
	Alerts    int           `json:"alerts,omitempty"`
}

type runView struct {
	Attempt pos.AttemptID `json:"attempt"`
	Sale    string        `json:"sale"`
	Kind    pos.Type      `json:"kind"`
	Tender  string        `json:"tender"`
	Amount  int64         `json:"amount"`
	Step    pos.Step      `json:"step"`
	Text    string        `json:"text"`
	Chinese string        `json:"text_zh"`
	Shows   bool          `json:"shows"`
	Stopped bool          `json:"stopped"`
	Began   int64         `json:"began"`
}

type goodView struct {
	Good
	Fresh Freshness `json:"fresh,omitempty"`
}

type tendView struct {
	Name    string `json:"name"`
	English string `json:"en"`
	Chinese string `json:"zh"`
	Scans   bool   `json:"scans"`
	Shows   bool   `json:"shows"`
}

// devView is how a device is: ok, busy, doubt or trouble.
type devView struct {
	Name    string `json:"name"`
	English string `json:"en"`
	Chinese string `json:"zh"`
	Health  string `json:"health"`
	Text    string `json:"text,omitempty"`
}

// Limits of one view: more is found with a search, and never on one screen.
const (
	maxShown = 200
	maxSales = 40
)

// look makes the view.
func (s *Shop) look(ctx context.Context, operator string) (view, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := view{Till: s.cfg.Till.ID, Currency: string(s.cfg.Currency), Decimals: s.cfg.Currency.Exponent(), At: time.Now().UnixMilli()}
	open, err := s.sale(operator)
	if err != nil {
		return v, err
	}
	if v.Sale, err = s.saleView(ctx, open); err != nil {
		return v, err
	}
	for _, o := range s.sales.newest(maxSales, func(o Sale) bool { return o.State == SalePaid || o.State == SaleParked }) {
		sv, err := s.saleView(ctx, o)
		if err != nil {
			return v, err
		}
		v.Sales = append(v.Sales, sv)
	}
	if err := s.openEnds(ctx, &v); err != nil {
		return v, err
	}
	for _, g := range s.goods.all() {
		v.Goods = append(v.Goods, goodView{g, g.Fresh(s.cfg.now())})
	}
	for _, t := range s.cfg.Tenders {
		v.Tenders = append(v.Tenders, tendView(t))
	}
	v.Running = s.runViews()
	v.Devices = s.devices(v)
	if sim := s.cfg.Simulation; sim != nil {
		v.Papers, v.Faults = sim.Papers(), sim.Faults()
	}
	return v, nil
}

// saleView joins a sale with what the journal knows of it. mu is held.
func (s *Shop) saleView(ctx context.Context, o Sale) (saleView, error) {
	v := saleView{Sale: o, Total: o.Total(), Left: o.Left(), Busy: s.busy(o.Reference)}
	if len(o.Payments) == 0 {
		return v, nil
	}
	list, err := s.attempts(ctx, o)
	if err != nil {
		return v, err
	}
	for _, p := range slices.Concat(o.Payments, o.Returns) {
		i := slices.IndexFunc(list, func(a pos.Attempt) bool { return a.ID == p.Attempt })
		pv := payView{Payment: p, Reference: o.Reference}
		if i >= 0 {
			pv = journalled(p, list[i])
		} else if why, ok := s.problems[p.Attempt]; ok {
			pv.Class, pv.Text, pv.Advice, pv.Second = why.Class, why.Text, [2]string{why.English, why.Chinese}, why.Second && p.Original == ""
		}
		if p.Booked > 0 && p.Original == "" {
			pv.ReturnID, pv.Left = o.returnID(p.Attempt), o.returnable(p)
		}
		v.Tries = append(v.Tries, pv)
	}
	return v, nil
}

// attempts are what the journal has of a sale. Those of a sale that has ended
// are kept: only a call of this shop can change them, and that forgets them. mu is held.
func (s *Shop) attempts(ctx context.Context, o Sale) ([]pos.Attempt, error) {
	if list, ok := s.ended[o.Reference]; ok {
		return list, nil
	}
	list, err := s.till.Find(ctx, pos.Filter{Reference: o.Reference})
	if err != nil || o.State != SalePaid || s.busy(o.Reference) {
		return list, err
	}
	if !slices.ContainsFunc(list, func(a pos.Attempt) bool { return a.State.Live() || a.Orphan() }) {
		s.ended[o.Reference] = list
	}
	return list, nil
}

// returnable is what is left of a payment.
func (s Sale) returnable(p Payment) int64 {
	left := p.Booked
	for _, r := range s.Returns {
		if r.Original == p.Attempt {
			left -= r.Booked
		}
	}
	return left
}

// journalled shows an attempt.
func journalled(p Payment, a pos.Attempt) payView {
	return payView{Payment: p, Reference: a.Reference, State: string(a.State), Approved: a.Approved.Minor(), Change: a.Change.Minor(), Code: a.Code, Text: a.Text,
		Reason: a.Reason, Card: a.Card, Time: a.Created, Orphan: a.Orphan(), Alerts: len(a.Alerts)}
}

// openEnds lists what has not ended, and what nobody has confirmed. mu is held.
func (s *Shop) openEnds(ctx context.Context, v *view) error {
	list, err := s.till.Find(ctx, pos.Filter{States: append(pos.LiveStates(), pos.StateApproved), Limit: maxShown})
	if err != nil {
		return err
	}
	for _, a := range list {
		if s.running[a.ID] != nil && a.State != pos.StateUnknown && a.State != pos.StateReversing {
			continue // shown as it runs
		}
		p := Payment{Attempt: a.ID, Kind: a.Type, Tender: a.Tender, Amount: a.Amount.Minor(), Original: a.Original, Operator: a.Operator}
		switch {
		case a.State == pos.StateManual, a.Orphan():
			v.Decide = append(v.Decide, journalled(p, a))
		case a.State.Live():
			v.Doubts = append(v.Doubts, journalled(p, a))
		}
	}
	return nil
}

// runViews are the calls that run, the oldest first. mu is held.
func (s *Shop) runViews() []runView {
	out := []runView{}
	for id, r := range s.running {
		out = append(out, runView{Attempt: id, Sale: r.sale, Kind: r.payment.Kind, Tender: r.payment.Tender, Amount: r.payment.Amount, Step: r.last.Step,
			Text: r.last.Text, Chinese: r.last.Chinese, Shows: r.code != "", Stopped: r.stopped, Began: r.began.UnixMilli()})
	}
	slices.SortFunc(out, func(a, b runView) int { return int(a.Began - b.Began) })
	return out
}

// devices says how each is, by what the journal and the running calls show. mu is held.
func (s *Shop) devices(v view) []devView {
	var out []devView
	for _, t := range s.cfg.Tenders {
		d := devView{Name: t.Name, English: t.English, Chinese: t.Chinese, Health: "ok"}
		if i := slices.IndexFunc(v.Running, func(r runView) bool { return r.Tender == t.Name }); i >= 0 {
			d.Health = "busy"
		}
		if i := slices.IndexFunc(v.Doubts, func(p payView) bool { return p.Tender == t.Name }); i >= 0 {
			d.Health, d.Text = "doubt", v.Doubts[i].Reason
		} else if why := s.lastRefusal(v, t.Name); why != "" && d.Health == "ok" {
			d.Health, d.Text = "trouble", why
		}
		out = append(out, d)
	}
	if s.cfg.Printer != nil {
		d := devView{Name: "printer", English: "Receipt printer", Chinese: "小票打印机", Health: "ok", Text: s.trouble}
		if s.trouble != "" {
			d.Health = "trouble"
		}
		out = append(out, d)
	}
	return out
}

// lastRefusal is why the newest try on a tender, at this sale, was never sent.
func (s *Shop) lastRefusal(v view, tender string) string {
	for _, p := range slices.Backward(v.Sale.Tries) {
		if p.Tender == tender {
			if p.State == string(pos.StateNotSent) {
				return p.Reason
			}
			return ""
		}
	}
	return ""
}

// ledger is one line of the comparison of books.
type ledger struct {
	Tender  string `json:"tender"`
	Journal int64  `json:"journal"` // what is here, by the journal
	Booked  int64  `json:"booked"`  // by the register's own sales
	Peer    int64  `json:"peer"`    // by the peer's own books
	HasPeer bool   `json:"has_peer"`
	Open    int    `json:"open"` // attempts that have not ended, or are not confirmed
	Equal   bool   `json:"equal"`
}

// Books compares journal, sales and every simulated peer, to the minor unit.
func (s *Shop) Books(ctx context.Context) ([]ledger, error) {
	list, err := s.till.Find(ctx, pos.Filter{Limit: maxLedger})
	if err != nil {
		return nil, err
	}
	lines := map[string]*ledger{}
	for _, a := range list {
		lineOf(lines, a.Tender).count(a)
	}
	for tender, sum := range s.sales.booked() {
		lineOf(lines, tender).Booked = sum
	}
	if s.cfg.Simulation != nil {
		for _, b := range s.cfg.Simulation.Books() {
			l := lineOf(lines, b.Tender)
			l.Peer, l.HasPeer = b.Net, true
		}
	}
	out := make([]ledger, 0, len(lines))
	for _, l := range lines {
		l.Equal = l.Journal == l.Booked && (!l.HasPeer || l.Journal == l.Peer)
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b ledger) int { return strings.Compare(a.Tender, b.Tender) })
	return out, nil
}

// maxLedger bounds a comparison: a trial has some hundred payments.
const maxLedger = 1_000_000

func lineOf(lines map[string]*ledger, tender string) *ledger {
	if lines[tender] == nil {
		lines[tender] = &ledger{Tender: tender}
	}
	return lines[tender]
}

// count adds an attempt.
func (l *ledger) count(a pos.Attempt) {
	if a.State.Live() || a.Orphan() {
		l.Open++
	}
	if !a.State.Paid() {
		return
	}
	switch a.Type {
	case pos.TypeCharge, pos.TypeCompletion, pos.TypeRedeem:
		l.Journal += a.Approved.Minor()
	case pos.TypeVoid, pos.TypeRefund:
		l.Journal -= a.Approved.Minor()
	}
}
