package receipt

import (
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
)

// Settlement is the slip of an end of day at one device (结算单): what each
// side counted, and whether it is the same.
func (s Shop) Settlement(t pos.Settlement, c Copy) (Slip, error) {
	a := t.Attempt
	p := s.begin(word(s.Lang, "type.settle"), c)
	p.verdict(a)
	p.add(Rule{})
	p.fact("terminal", a.TerminalID)
	p.fact("merchant", a.MerchantID)
	p.fact("tender", p.named("tender", a.Tender))
	p.fact("operator", a.Operator)
	p.moment("time", a.Changed)
	p.fact("attempt", string(a.ID))
	p.add(Rule{})
	for _, l := range a.Totals[:min(len(a.Totals), MaxRows)] {
		p.total(l)
	}
	if a.State.Paid() {
		p.add(Rule{})
		p.total(pos.Total{Name: p.word("journal"), Count: t.Journal.Count, Amount: t.Journal.Amount})
		p.total(pos.Total{Name: p.word("peer"), Count: t.Peer.Count, Amount: t.Peer.Amount})
		if t.Equal {
			p.note(p.word("equal"))
		} else {
			p.warn("differ")
			p.note(t.Difference.String())
		}
	}
	p.unfinished("unconfirmed", t.Orphans)
	return p.end()
}

// total is a name with how many and how much.
func (p *writer) total(t pos.Total) {
	p.add(Pair{Label: plain(t.Name, MaxText) + "  " + count(t.Count), Value: t.Amount.String()})
}

// unfinished lists attempts somebody must still look after.
func (p *writer) unfinished(key string, list []pos.Attempt) {
	if len(list) == 0 {
		return
	}
	p.add(Rule{}, Paragraph{Content: p.word(key), Bold: true})
	for _, a := range list[:min(len(list), MaxRows)] {
		p.add(Pair{Label: plain(string(a.ID), MaxText), Value: a.Amount.String()})
		p.add(Paragraph{Content: "  " + joined(p.word("state."+string(a.State)), plain(a.Reference, MaxText))})
	}
	if more := len(list) - MaxRows; more > 0 {
		p.add(Paragraph{Content: "+ " + count(more)})
	}
}

// ReportKind says which report a slip is.
type ReportKind string

// Reports. X looks, Z closes and is numbered without gaps, a shift is one operator's.
const (
	ReportX     ReportKind = "X"
	ReportZ     ReportKind = "Z"
	ReportShift ReportKind = "shift"
)

// Section is one table of a report.
type Section struct {
	Title string
	Rows  []pos.Total
}

// Report is what an X, Z or shift slip says; the figures are the caller's.
type Report struct {
	Kind     ReportKind
	Number   int // of a Z; 0 prints none
	Till     string
	Operator string
	From, To time.Time
	Sections []Section
	Total    pos.Money
	// Open are attempts that were not finished when the report was made.
	Open []pos.Attempt
	// Check is a short code by which the report can be compared with the
	// journal it came from.
	Check string
}

// MaxSections bounds a report: by tender, channel, hour, operator, voucher and a few more.
const MaxSections = 30

// Report makes the slip of a report. Errors: more sections or rows than the limits.
func (s Shop) Report(r Report, c Copy) (Slip, error) {
	if len(r.Sections) > MaxSections {
		return Slip{}, fmt.Errorf("receipt: a report has at most %d sections", MaxSections)
	}
	p := s.begin(word(s.Lang, "report."+string(r.Kind)), c)
	p.add(Rule{})
	if r.Number > 0 {
		p.fact("number", count(r.Number))
	}
	p.fact("till", r.Till)
	p.fact("operator", r.Operator)
	p.moment("from", r.From)
	p.moment("to", r.To)
	for _, sec := range r.Sections {
		if len(sec.Rows) > MaxRows {
			return Slip{}, fmt.Errorf("receipt: section %q has more than %d rows", sec.Title, MaxRows)
		}
		p.add(Rule{}, Paragraph{Content: plain(sec.Title, MaxText), Bold: true})
		for _, row := range sec.Rows {
			p.total(row)
		}
	}
	p.add(Rule{Double: true})
	if r.Total != (pos.Money{}) {
		p.add(Pair{Label: p.word("total"), Value: r.Total.String(), Size: Tall, Bold: true})
	}
	p.unfinished("unfinished", r.Open)
	p.fact("check", r.Check)
	return p.end()
}
