package qrtest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/openecr/openecr/qr/wallet"
)

// billLine is one line of a day's bill, before a front writes it its own way.
type billLine struct {
	time        time.Time
	kind        string // code or shown
	order       string
	trade       string
	refund      string // empty: a payment or an undo
	refundTrade string
	undo        bool
	amount      int64
}

// Planted is a difference put into bills on request, so that matching has something to find.
type Planted string

// Differences a bill can have.
const (
	PlantMissing Planted = "missing" // the day's first payment is not in it
	PlantAmount  Planted = "amount"  // the day's first payment is a fen more
	PlantForeign Planted = "foreign" // it has a payment that is not ours
	PlantTwice   Planted = "twice"   // the day's first payment is in it twice, under two numbers of the platform
)

// Plant puts differences into every bill from now on; none takes them out.
func (b *Bank) Plant(list ...Planted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.planted = list
}

// bill lists what happened on a day in China, oldest first.
func (b *Bank) bill(day time.Time) []billLine {
	b.mu.Lock()
	defer b.mu.Unlock()
	from := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, wallet.China)
	to := from.AddDate(0, 0, 1)
	var lines []billLine
	add := func(l billLine) {
		if !l.time.Before(from) && l.time.Before(to) {
			lines = append(lines, l)
		}
	}
	for _, o := range b.list {
		if !o.WasPaid {
			continue
		}
		l := billLine{time: o.PaidAt, kind: o.Kind, order: o.Number, trade: o.Trade, amount: o.Amount}
		add(l)
		if o.State == Revoked {
			l.undo, l.time = true, o.Ended
			add(l)
			l.undo = false
		}
		for _, r := range o.Refunds {
			l.time, l.refund, l.refundTrade, l.amount = r.Time, r.Number, r.Trade, r.Amount
			add(l)
		}
	}
	slices.SortStableFunc(lines, func(a, c billLine) int { return cmp.Compare(a.time.UnixNano(), c.time.UnixNano()) })
	for _, p := range b.planted {
		lines = plant(p, lines)
	}
	return lines
}

func plant(p Planted, lines []billLine) []billLine {
	first := slices.IndexFunc(lines, func(l billLine) bool { return l.refund == "" && !l.undo })
	if first < 0 {
		return lines
	}
	switch p {
	case PlantMissing:
		return slices.Delete(lines, first, first+1)
	case PlantAmount:
		lines[first].amount++
	case PlantForeign:
		l := lines[first]
		l.order, l.trade = "foreign-0001", l.trade[:len(l.trade)-4]+"9999"
		return append(lines, l)
	case PlantTwice:
		l := lines[first]
		l.trade = l.trade[:len(l.trade)-4] + "9998"
		return append(lines, l)
	}
	return lines
}

// yuan writes fen as yuan.
func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%s%d.%02d", sign, fen/100, fen%100)
}
