package report

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/openecr/openecr/pos"
)

// Entry is one row of an export: an attempt as it stood at the end of the
// window, and what it counts in it. The entries of a report add up to its totals.
type Entry struct {
	Seq       int64         `json:"seq"`
	Attempt   pos.AttemptID `json:"attempt"`
	Reference string        `json:"reference"`
	Original  pos.AttemptID `json:"original,omitempty"`
	OrderID   string        `json:"order_id,omitempty"`
	Till      string        `json:"till"`
	Day       Day           `json:"day"`
	Time      string        `json:"time"` // RFC 3339, of the shop's clock
	Tender    string        `json:"tender"`
	Channel   string        `json:"channel"`
	Type      pos.Type      `json:"type"`
	State     pos.State     `json:"state"`
	Operator  string        `json:"operator,omitempty"`
	Approver  string        `json:"approver,omitempty"`
	Voucher   string        `json:"voucher,omitempty"`
	Currency  pos.Currency  `json:"currency"`
	Amount    int64         `json:"amount_minor"`   // asked for
	Approved  int64         `json:"approved_minor"` // really moved
	// Effect is what the attempt adds to the report's net: below zero for what
	// was given back, and for what an earlier Z had counted too much.
	Effect   int64  `json:"effect_minor"`
	Fee      int64  `json:"fee_minor"`
	Priced   bool   `json:"fee_known"`
	AuthCode string `json:"auth_code,omitempty"`
	RRN      string `json:"rrn,omitempty"`
	STAN     string `json:"stan,omitempty"`
	Receipt  string `json:"receipt,omitempty"`
	Card     string `json:"card,omitempty"`
	Code     string `json:"code,omitempty"`
	Text     string `json:"text,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// Entries calls visit with every attempt of a report, oldest first, in bounded
// memory; those of earlier windows that changed come last. What online
// channels sold is in the report's lines alone.
func (b *Book) Entries(ctx context.Context, r Report, visit func(Entry) error) error {
	s := span{since: r.Since, upTo: r.UpTo, operator: r.Operator}
	switch {
	case r.Form == Z:
		s.operator = "" // that is who closed it
	case r.Since == 0:
		s.from, s.to = r.From, r.To
	}
	f := b.newFold(s.operator)
	err := b.stream(ctx, s, 1, func(_ int, a *pos.Attempt) error {
		if !f.mine(a) {
			return nil
		}
		e, err := b.entry(ctx, f, a)
		if err != nil {
			return err
		}
		return visit(e)
	})
	if err != nil {
		return err
	}
	return b.changes(ctx, s, func(before, after *pos.Attempt) error { return b.correction(ctx, f, before, after, visit) })
}

// correction is the entry of an attempt that an earlier Z had counted.
func (b *Book) correction(ctx context.Context, f *fold, before, after *pos.Attempt, visit func(Entry) error) error {
	was, err := b.entry(ctx, f, before)
	if err != nil {
		return err
	}
	e, err := b.entry(ctx, f, after)
	if err != nil {
		return err
	}
	if !f.mine(before) {
		was.Effect, was.Fee = 0, 0
	}
	if !f.mine(after) {
		e.Effect, e.Fee = 0, 0
	}
	if f.operator != "" && !f.mine(before) && !f.mine(after) || after.Type == pos.TypeSettle {
		return nil
	}
	e.Effect, e.Fee = e.Effect-was.Effect, e.Fee-was.Fee
	return visit(e)
}

func (b *Book) entry(ctx context.Context, f *fold, a *pos.Attempt) (Entry, error) {
	e := Entry{Seq: a.Seq, Attempt: a.ID, Reference: a.Reference, Original: a.Original, OrderID: a.OrderID, Till: a.Till, Day: f.day(a.Created),
		Time: a.Created.In(b.cfg.Zone).Format(time.RFC3339), Tender: a.Tender, Channel: b.channel(a), Type: a.Type, State: a.State,
		Operator: a.Operator, Approver: a.Approver, Currency: a.Amount.Currency(), Amount: a.Amount.Minor(), Approved: a.Approved.Minor(),
		AuthCode: a.AuthCode, RRN: a.RRN, STAN: a.STAN, Receipt: a.Receipt, Card: a.Card, Code: a.Code, Text: a.Text, Reason: a.Reason}
	if !a.State.Paid() {
		e.Approved = 0
	}
	m, moved, err := b.movement(ctx, a)
	if err != nil || !moved {
		return e, err
	}
	for i, u := range m.Vouchers {
		if i > 0 {
			e.Voucher += "; "
		}
		e.Voucher += u.Voucher
	}
	e.Fee, e.Priced = b.feeOf(m)
	if e.Effect = m.Amount.Minor(); m.Kind != Sale {
		e.Effect = -e.Effect
	}
	return e, nil
}

// column is one column of a table. Money has two: text in major units, and the
// integer of minor units.
type column[T any] struct {
	name string
	text func(*T) string // nil for numbers
	free bool            // a text from outside
	num  func(*T) int64
}

func texts[T any](name string, get func(*T) string) column[T] {
	return column[T]{name: name, text: get, free: true}
}

func numbers[T any](name string, get func(*T) int64) column[T] {
	return column[T]{name: name, num: get}
}

// amounts are the two columns of an amount.
func amounts[T any](name string, currency func(*T) pos.Currency, get func(*T) int64) []column[T] {
	return []column[T]{
		{name: name, text: func(v *T) string { return pos.FromMinor(get(v), currency(v)).Digits() }},
		numbers(name+"_minor", get),
	}
}

func join[T any](lists ...[]column[T]) (all []column[T]) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// entryColumns is the layout of attempts in CSV and XLSX.
var entryColumns = func() []column[Entry] {
	text := texts[Entry]
	currency := func(e *Entry) pos.Currency { return e.Currency }
	return join(
		[]column[Entry]{
			numbers("seq", func(e *Entry) int64 { return e.Seq }),
			text("attempt", func(e *Entry) string { return string(e.Attempt) }), text("reference", func(e *Entry) string { return e.Reference }),
			text("original", func(e *Entry) string { return string(e.Original) }), text("order_id", func(e *Entry) string { return e.OrderID }),
			text("till", func(e *Entry) string { return e.Till }), {name: "day", text: func(e *Entry) string { return string(e.Day) }},
			{name: "time", text: func(e *Entry) string { return e.Time }},
			text("tender", func(e *Entry) string { return e.Tender }), text("channel", func(e *Entry) string { return e.Channel }),
			text("type", func(e *Entry) string { return string(e.Type) }), text("state", func(e *Entry) string { return string(e.State) }),
			text("operator", func(e *Entry) string { return e.Operator }), text("approver", func(e *Entry) string { return e.Approver }),
			text("voucher", func(e *Entry) string { return e.Voucher }), text("currency", func(e *Entry) string { return string(e.Currency) }),
		},
		amounts("amount", currency, func(e *Entry) int64 { return e.Amount }), amounts("approved", currency, func(e *Entry) int64 { return e.Approved }),
		amounts("effect", currency, func(e *Entry) int64 { return e.Effect }), amounts("fee", currency, func(e *Entry) int64 { return e.Fee }),
		[]column[Entry]{
			{name: "fee_known", text: func(e *Entry) string { return strconv.FormatBool(e.Priced) }},
			text("auth_code", func(e *Entry) string { return e.AuthCode }), text("rrn", func(e *Entry) string { return e.RRN }),
			text("stan", func(e *Entry) string { return e.STAN }), text("receipt", func(e *Entry) string { return e.Receipt }),
			text("card", func(e *Entry) string { return e.Card }), text("code", func(e *Entry) string { return e.Code }),
			text("text", func(e *Entry) string { return e.Text }), text("reason", func(e *Entry) string { return e.Reason }),
		})
}()

// sectionLine is a line of a report with the name of its section.
type sectionLine struct {
	Section string `json:"section"`
	Line
}

// lines lists all sections of a report.
func (r *Report) lines() (list []sectionLine) {
	for _, s := range []struct {
		name  string
		lines []Line
	}{{"total", r.Totals}, {"tender", r.Tenders}, {"channel", r.Channels}, {"hour", r.Hours}, {"operator", r.Operators}, {"voucher", r.Vouchers}} {
		for _, l := range s.lines {
			list = append(list, sectionLine{s.name, l})
		}
	}
	return list
}

// lineColumns is the layout of a report's lines.
var lineColumns = func() []column[sectionLine] {
	currency := func(l *sectionLine) pos.Currency { return l.Currency }
	figure := func(name string, get func(*sectionLine) Figure) []column[sectionLine] {
		count := numbers(name+"_count", func(l *sectionLine) int64 { return get(l).Count })
		return join([]column[sectionLine]{count}, amounts(name, currency, func(l *sectionLine) int64 { return get(l).Minor }))
	}
	return join(
		[]column[sectionLine]{
			texts("section", func(l *sectionLine) string { return l.Section }), texts("key", func(l *sectionLine) string { return l.Key }),
			texts("currency", func(l *sectionLine) string { return string(l.Currency) }),
		},
		figure("sales", func(l *sectionLine) Figure { return l.Sales }), figure("refunds", func(l *sectionLine) Figure { return l.Refunds }),
		figure("voids", func(l *sectionLine) Figure { return l.Voids }),
		amounts("net", currency, func(l *sectionLine) int64 { return l.Net }), amounts("fee", currency, func(l *sectionLine) int64 { return l.Fee }),
		[]column[sectionLine]{numbers("unpriced", func(l *sectionLine) int64 { return l.Unpriced })},
		figure("holds", func(l *sectionLine) Figure { return l.Holds }))
}()

// plain makes a text from outside fit into one cell: UTF-8, one line, no
// control characters, which spreadsheets refuse or act on.
func plain(s string) string {
	clean := func(r rune) bool {
		return unicode.IsControl(r) || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF || r == '\u2028' || r == '\u2029'
	}
	if strings.IndexFunc(s, clean) >= 0 {
		s = strings.Map(func(r rune) rune {
			switch {
			case r == '\t' || r == '\n' || r == '\r':
				return ' '
			case r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF:
				return utf8.RuneError
			case clean(r):
				return -1
			}
			return r
		}, s)
	}
	if len(s) <= maxCell {
		return s
	}
	cut := maxCell
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

// maxCell is less than the 32,767 characters a spreadsheet keeps in one cell.
const maxCell = 32_000
