package receipt

import (
	"errors"

	"github.com/openecr/openecr/pos"
)

// Payment is the slip of one attempt, whatever became of it: the receipt of
// one that is paid or given back, and for every other one a slip that cannot
// be taken for a receipt.
//
// Where the terminal gave lines of its own for this copy, they stand below the
// shop's head as they came; otherwise the slip is made of what the journal knows.
// later are the voids, refunds and completions of the attempt, if it has any: a
// reprint must not hide that the money went back.
// Errors: an attempt without id or amount, a head or footer that is too long.
func (s Shop) Payment(a pos.Attempt, c Copy, later ...pos.Attempt) (Slip, error) {
	if a.ID == "" || !a.Amount.Currency().Valid() {
		return Slip{}, errors.New("receipt: there is no attempt to print")
	}
	p := s.begin(word(s.Lang, "type."+string(a.Type)), c)
	p.verdict(a)
	p.since(a, later)
	p.add(Rule{})
	if !a.State.Paid() {
		p.shop.Footer = nil // thanks are for customers who have paid
	}
	if lines := own(a, c.Kind); len(lines) > 0 {
		p.add(Verbatim{lines})
		p.add(Rule{})
		p.fact("attempt", string(a.ID))
		return p.end()
	}
	p.about(a)
	p.verdicts(a)
	p.amounts(a)
	p.chip(a.Chip)
	if s.Signature && c.Kind == pos.SlipMerchant && a.State.Paid() && a.Card != "" && a.Type != pos.TypeSettle {
		p.add(Gap{1}, Paragraph{Content: p.word("signature")}, Gap{2}, Rule{})
	}
	return p.end()
}

// verdict says first what became of the money.
func (p *writer) verdict(a pos.Attempt) {
	switch {
	case a.State == pos.StateForced:
		p.warn("forced")
		p.fact("operator", a.Operator)
		p.fact("reason", a.Reason)
	case a.State.Paid():
		p.note(p.word(paidWord(a.Type)))
		if a.Type != pos.TypeSettle && a.Approved != a.Amount {
			p.warn("partial")
		}
		if a.Type == pos.TypePreauth {
			p.note(p.word("hold"))
		}
	case a.State.Live():
		p.doubt(a)
	default:
		p.warn(unpaidWord(a.Type))
		p.note(p.word("state." + string(a.State)))
		p.fact("answer", joined(a.Code, a.Text))
	}
	if len(a.Alerts) > 0 && !a.State.Live() {
		p.note(p.word("evidence"))
	}
}

// doubt is the slip of an outcome nobody knows yet (结果未明).
func (p *writer) doubt(a pos.Attempt) {
	p.warn("unknown")
	p.note(p.word("unknown.do"))
	switch a.State {
	case pos.StateReversing:
		p.note(p.word("doing.undo"))
	case pos.StateManual:
		p.note(p.word("doing.person"))
	default:
		p.note(p.word("doing.ask"))
	}
	if w, ok := words["doubt."+a.Reason]; ok { // the till's own word for why; whatever else stands there is for its log
		p.fact("reason", p.pick(w))
	}
}

// since says what has become of a paid attempt afterwards.
func (p *writer) since(a pos.Attempt, later []pos.Attempt) {
	for _, l := range later[:min(len(later), MaxTenders)] {
		if l.Original != a.ID || !l.State.Paid() && !l.State.Live() {
			continue
		}
		p.note(p.word("since") + " " + p.word("type."+string(l.Type)) + " " + l.Amount.String() + " " + p.clock(l.Created))
		if l.State.Live() {
			p.note(p.word("state." + string(l.State)))
		}
	}
}

func paidWord(t pos.Type) string {
	switch t {
	case pos.TypeVoid, pos.TypeRefund:
		return "returned"
	case pos.TypeRedeem:
		return "redeemed"
	case pos.TypePreauth:
		return "held"
	case pos.TypeSettle:
		return "settled"
	}
	return "paid"
}

func unpaidWord(t pos.Type) string {
	switch t {
	case pos.TypeVoid, pos.TypeRefund:
		return "unpaid.back"
	case pos.TypeRedeem:
		return "unredeemed"
	case pos.TypeSettle:
		return "unsettled"
	}
	return "unpaid"
}

// own are the terminal's lines for this copy: the receipt of a success. Of what
// failed or was taken back they may still say "approved", so they are left out.
func own(a pos.Attempt, kind pos.SlipKind) []string {
	if !a.State.Paid() || a.State == pos.StateForced {
		return nil
	}
	var lines []string
	for _, s := range a.Slips {
		if s.Kind != kind {
			continue
		}
		for _, l := range s.Lines {
			if len(lines) == MaxLines {
				return lines
			}
			lines = append(lines, plain(l, MaxText))
		}
	}
	return lines
}

// about names the attempt, its device and its card.
func (p *writer) about(a pos.Attempt) {
	ofVouchers := len(a.Vouchers) > 0
	if !ofVouchers { // a voucher platform's numbers have names of their own
		p.fact("merchant", a.MerchantID)
		p.fact("terminal", a.TerminalID)
	}
	p.fact("till", a.Till)
	if a.State != pos.StateForced { // named above, as the one who decided
		p.fact("operator", a.Operator)
	}
	p.fact("tender", p.named("tender", a.Tender))
	if ofVouchers {
		p.voucherFacts(a)
	} else {
		p.cardFacts(a)
	}
	if a.PeerTime.IsZero() {
		p.moment("time", a.Created)
	} else {
		p.moment("time", a.PeerTime)
	}
	p.fact("order", a.Reference)
	p.fact("attempt", string(a.ID))
	p.fact("original", string(a.Original))
}

func (p *writer) cardFacts(a pos.Attempt) {
	p.fact("scheme", a.Scheme)
	p.fact("card", a.Card)
	p.fact("entry", p.named("entry", a.Entry))
	p.fact("receipt", a.Receipt)
	p.fact("stan", a.STAN)
	p.fact("auth", a.AuthCode)
	p.fact("rrn", a.RRN)
}

// voucherFacts name platform, masked code, order and shop.
func (p *writer) voucherFacts(a pos.Attempt) {
	p.fact("voucher.platform", p.named("tender", a.Scheme))
	p.fact("voucher", a.Card)
	p.fact("voucher.order", a.RRN)
	p.fact("voucher.shop", a.TerminalID)
}

// verdicts print each voucher, what became of it, and how long it can be undone.
func (p *writer) verdicts(a pos.Attempt) {
	for _, v := range a.Vouchers[:min(len(a.Vouchers), MaxTenders)] {
		p.add(Rule{}, Paragraph{Content: plain(v.Title, MaxText), Bold: true})
		p.fact("voucher.verdict", p.word("voucher."+string(v.Verdict)))
		p.fact("voucher.id", v.Reference)
		p.fact("answer", joined(v.Code, v.Text))
		p.money("voucher.worth", v.Amount)
		if v.Price != (pos.Money{}) {
			p.money("voucher.paid", v.Price)
		}
	}
	if a.State.Paid() && a.Type == pos.TypeRedeem {
		p.moment("voucher.undo", a.UndoUntil)
	}
}

// amounts prints what was asked for and what was approved. The large amount
// only stands where the money moved.
func (p *writer) amounts(a pos.Attempt) {
	p.add(Rule{})
	switch {
	case a.Type == pos.TypeSettle:
		for _, t := range a.Totals {
			p.total(t)
		}
	case a.State.Paid():
		if a.Approved != a.Amount {
			p.money("asked", a.Amount)
		}
		p.add(Pair{Label: p.word("amount"), Value: a.Approved.String(), Size: Tall, Bold: true})
		if !a.Given.IsZero() {
			p.money("given", a.Given)
			p.money("change", a.Change)
		}
	default:
		p.money("asked", a.Amount)
	}
}

// chip prints what the schemes want of a chip card's slip.
func (p *writer) chip(c pos.Chip) {
	if c == (pos.Chip{}) {
		return
	}
	p.add(Rule{})
	for _, f := range []struct{ key, value string }{{"aid", c.AID}, {"label", c.Label}, {"cryptogram", c.Cryptogram},
		{"tvr", c.TVR}, {"tsi", c.TSI}, {"atc", c.ATC}, {"cvm", c.CVM}} {
		p.fact("chip."+f.key, f.value)
	}
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}
