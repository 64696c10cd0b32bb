package emv

import (
	"fmt"
	"time"
)

// century is the window of two-digit years: 50 to 99 are 1950 to 1999, 00 to 49
// are 2000 to 2049 (B4, 6.7.3).
func century(year int) int {
	if year >= 50 {
		return 1900 + year
	}
	return 2000 + year
}

// Date is a day on a calendar, without time or zone. The zero value is no day.
type Date struct {
	Year  int // 1950 to 2049
	Month time.Month
	Day   int
}

// DecodeDate reads a value in YYMMDD, three bytes of BCD: tags 9A, 5F24, 5F25.
// Errors: ErrValue for what is no day.
func DecodeDate(value []byte) (Date, error) {
	v, err := decodeDigits(value)
	if err != nil || len(value) != 3 {
		return Date{}, fmt.Errorf("%w: a date is three bytes of digits", ErrValue)
	}
	d := Date{century(int(v / 10000)), time.Month(v / 100 % 100), int(v % 100)}
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	if t.Month() != d.Month || t.Day() != d.Day || v%100 == 0 {
		return Date{}, fmt.Errorf("%w: %06d is not a day", ErrValue, v)
	}
	return d, nil
}

// Append appends the day in YYMMDD, three bytes of BCD.
func (d Date) Append(dst []byte) []byte {
	return append(dst, bcd(d.Year%100), bcd(int(d.Month)), bcd(d.Day))
}

func bcd(v int) byte { return byte(v/10<<4 | v%10) }

// IsZero reports whether there is no day.
func (d Date) IsZero() bool { return d == Date{} }

// Before reports whether d is an earlier day than e.
func (d Date) Before(e Date) bool {
	return d.Year*10000+int(d.Month)*100+d.Day < e.Year*10000+int(e.Month)*100+e.Day
}

// String returns 2030-12-31.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// DateOf returns the day of a time in its own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// None reports whether the card does not say when it ends: 0000, and 9912 on some
// debit cards (inferred).
func (e Expiry) None() bool { return e == Expiry{} || e == Expiry{99, 12} }

// LastDay is the last day on which the card is good: the last of its month. It
// is no day where there is None.
func (e Expiry) LastDay() Date {
	if e.None() || e.Month < 1 || e.Month > 12 {
		return Date{}
	}
	return DateOf(time.Date(century(e.Year), time.Month(e.Month)+1, 0, 0, 0, 0, 0, time.UTC))
}

// Over reports whether the card is no longer good on a day. A card without an end is good.
func (e Expiry) Over(on Date) bool {
	last := e.LastDay()
	return !last.IsZero() && last.Before(on)
}

// Expiry returns year and month as tracks and ISO 8583 have them.
func (d Date) Expiry() Expiry { return Expiry{d.Year % 100, int(d.Month)} }
