package report

import (
	"errors"
	"math/bits"
	"time"

	"github.com/openecr/openecr/pos"
)

// Terms are what a channel takes of a payment and when it pays out, as the
// shop's contract says. A fee computed from them is a forecast: the channel's
// bill decides.
type Terms struct {
	// RatePer100k is the rate in 1/100,000: 600 is 0.6 % (千分之六).
	RatePer100k int64 `json:"rate_per_100k"`
	// KeepsFee is set where a refund does not return the fee.
	KeepsFee bool `json:"keeps_fee"`
	// PayDays is how many days after the business day the money comes (T+1 is 1).
	PayDays int `json:"pay_days"`
	// Workdays counts Monday to Friday alone, less Holidays.
	Workdays bool         `json:"workdays"`
	Holidays map[Day]bool `json:"holidays,omitempty"`
}

// maxPayDays bounds a forecast; no contract pays later.
const maxPayDays = 370

func (t Terms) check() error {
	if t.RatePer100k < 0 || t.RatePer100k > 100_000 {
		return errors.New("a rate is 0 to 100,000")
	}
	if t.PayDays < 0 || t.PayDays > maxPayDays {
		return errors.New("a channel pays within a year")
	}
	return nil
}

// fee of a movement in minor units, half up (四舍五入).
func (t Terms) fee(m Movement) int64 {
	minor := m.Amount.Minor()
	if minor <= 0 || m.Kind == Refund && t.KeepsFee {
		return 0
	}
	high, low := bits.Mul64(uint64(minor), uint64(t.RatePer100k))
	low, carry := bits.Add64(low, 50_000, 0)
	fee, _ := bits.Div64(high+carry, low, 100_000) // at most minor, since the rate is at most one
	if m.Kind != Sale {
		return -int64(fee)
	}
	return int64(fee)
}

// feeOf is what the channel keeps of a movement, if that is known.
func (b *Book) feeOf(m Movement) (fee int64, known bool) {
	if m.Fee.Currency() == m.Amount.Currency() {
		return m.Fee.Minor(), true
	}
	t, known := b.cfg.Terms[m.Tender]
	if m.Tender == pos.Cash {
		return 0, true
	}
	if !known {
		return 0, false
	}
	return t.fee(m), true
}

// payDay is when the money of a business day comes.
func (t Terms) payDay(d Day) Day {
	at, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	for left, tries := t.PayDays, 0; left > 0 && tries < 3*maxPayDays; tries++ {
		at = at.AddDate(0, 0, 1)
		day := Day(at.Format(time.DateOnly))
		weekend := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
		if !t.Workdays || !weekend && !t.Holidays[day] {
			left--
		}
	}
	return Day(at.Format(time.DateOnly))
}
