package receipt

import (
	"fmt"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
)

// Item is one line of a sale.
type Item struct {
	Name     string
	Quantity string    // as people read it: "2", "0.350 kg"; empty is one
	Price    pos.Money // of one, shown beside the quantity; the zero value shows none
	Amount   pos.Money // of the line; negative for a discount or a return
	Note     string    // below the name: size, serial number, discount rule
}

// Voucher is what a redeemed voucher's slip shows (核销凭证).
type Voucher struct {
	Platform, Title string
	Code            string // masked by the caller: full codes are as good as money
	OrderID, ID     string // the platform's order, and its number of the redemption
	Shop            string
	Paid            pos.Money // by the customer
	PlatformSubsidy pos.Money
	MerchantSubsidy pos.Money
	UndoUntil       time.Time
}

// Sale is the receipt of a whole sale, with every way it was paid.
type Sale struct {
	Reference string
	Time      time.Time
	Till      string
	Operator  string
	Items     []Item
	Total     pos.Money
	// Tenders are all attempts of the sale, failed ones too; only money that
	// is here counts as paid.
	Tenders  []pos.Attempt
	Vouchers []Voucher
	// Code is printed as a QR code at the end, for an electronic invoice or a
	// question about the sale; CodeCaption says what for.
	Code, CodeCaption string
}

// Sale makes the receipt of a sale. If less than the total has been paid, it
// says so instead of looking like a receipt.
//
// Errors: lines that do not add up to the total, mixed currencies, more than MaxItems.
func (s Shop) Sale(v Sale, c Copy) (Slip, error) {
	if len(v.Items) > MaxItems || len(v.Tenders) > MaxTenders || len(v.Vouchers) > MaxTenders {
		return Slip{}, fmt.Errorf("receipt: a sale has at most %d items and %d payments", MaxItems, MaxTenders)
	}
	if err := v.addsUp(); err != nil {
		return Slip{}, err
	}
	p := s.begin(word(s.Lang, "sale"), c)
	p.note(s.Welcome)
	p.add(Rule{})
	p.moment("time", v.Time)
	p.fact("order", v.Reference)
	p.fact("till", v.Till)
	p.fact("operator", v.Operator)
	p.add(Rule{})
	for _, it := range v.Items {
		p.item(it)
	}
	if len(v.Items) > 0 {
		p.add(Rule{})
	}
	p.add(Pair{Label: p.word("total"), Value: v.Total.String(), Size: Tall, Bold: true})
	p.tenders(v)
	for _, o := range v.Vouchers {
		p.voucher(o)
	}
	if v.Code != "" {
		p.add(Gap{1}, QR{Content: v.Code, Caption: plain(v.CodeCaption, MaxText)})
	}
	return p.end()
}

// addsUp checks the lines against the total; a sale without lines is one amount.
func (v Sale) addsUp() error {
	if !v.Total.Currency().Valid() {
		return fmt.Errorf("receipt: %q is not a known ISO 4217 currency", string(v.Total.Currency()))
	}
	if len(v.Items) == 0 {
		return nil
	}
	sum := pos.FromMinor(0, v.Total.Currency())
	for i, it := range v.Items {
		var err error
		if sum, err = sum.Add(it.Amount); err != nil {
			return fmt.Errorf("receipt: line %d: %w", i+1, err)
		}
	}
	if sum != v.Total {
		return fmt.Errorf("receipt: the lines add up to %s, the total says %s", sum, v.Total)
	}
	return nil
}

func (p *writer) item(it Item) {
	name := plain(it.Name, MaxText)
	if it.Quantity == "" && it.Price == (pos.Money{}) {
		p.add(Pair{Label: name, Value: it.Amount.Digits()})
	} else {
		p.add(Paragraph{Content: name}, Pair{Label: "  " + quantity(it), Value: it.Amount.Digits()})
	}
	if it.Note != "" {
		p.add(Paragraph{Content: "  " + plain(it.Note, MaxText)})
	}
}

func quantity(it Item) string {
	q := plain(it.Quantity, MaxText)
	if q == "" {
		q = "1"
	}
	if it.Price == (pos.Money{}) {
		return q
	}
	return q + " x " + it.Price.Digits()
}

// tenders prints each payment and what is still open.
func (p *writer) tenders(v Sale) {
	open, doubt := v.Total, false
	for _, a := range v.Tenders {
		doubt = doubt || a.State.Uncertain() || a.State == pos.StateManual
		switch {
		case !a.State.Paid() && !a.State.Live():
			continue // nothing was taken: no business of the customer's
		case !a.State.Paid():
			p.add(Pair{Label: p.paidWith(a), Value: p.word("state." + string(a.State))})
			continue
		}
		back := a.Type == pos.TypeVoid || a.Type == pos.TypeRefund
		if a.Type == pos.TypePreauth || a.Type == pos.TypeSettle {
			continue
		}
		amount := a.Approved
		if back {
			amount = pos.FromMinor(-amount.Minor(), amount.Currency())
		}
		p.add(Pair{Label: p.paidWith(a), Value: amount.String()})
		if !a.Given.IsZero() {
			p.add(Pair{Label: "  " + p.word("given"), Value: a.Given.String()}, Pair{Label: "  " + p.word("change"), Value: a.Change.String()})
		}
		var err error
		if open, err = open.Sub(amount); err != nil {
			p.fail(fmt.Errorf("receipt: payment %s: %w", a.ID, err))
			return
		}
	}
	if doubt {
		p.warn("unknown")
		p.note(p.word("unknown.do"))
	}
	if open.Minor() > 0 {
		p.add(Rule{})
		p.add(Pair{Label: p.word("open"), Value: open.String(), Size: Tall, Bold: true})
	}
}

// paidWith names a payment: the tender, its scheme and the end of the card's number.
func (p *writer) paidWith(a pos.Attempt) string {
	label := p.named("tender", a.Tender)
	if a.Type == pos.TypeVoid || a.Type == pos.TypeRefund {
		label = p.word("type."+string(a.Type)) + " " + label
	}
	label = joined(label, plain(a.Scheme, MaxText))
	if l4 := a.LastFour(); l4 != "" {
		label += " *" + l4
	}
	return label
}

func (p *writer) voucher(o Voucher) {
	p.add(Rule{}, Paragraph{Content: plain(o.Title, MaxText), Bold: true})
	p.fact("voucher.platform", o.Platform)
	p.fact("voucher", o.Code)
	p.fact("voucher.order", o.OrderID)
	p.fact("voucher.id", o.ID)
	p.fact("voucher.shop", o.Shop)
	for _, m := range []struct {
		key    string
		amount pos.Money
	}{{"paid", o.Paid}, {"platformsubsidy", o.PlatformSubsidy}, {"merchantsubsidy", o.MerchantSubsidy}} {
		if m.amount != (pos.Money{}) {
			p.money("voucher."+m.key, m.amount)
		}
	}
	p.moment("voucher.undo", o.UndoUntil)
}

// count prints a number of payments.
func count(n int) string { return strconv.Itoa(n) }
