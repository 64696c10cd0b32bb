package zvtproto

import (
	"fmt"
	"strconv"
)

// Amount is money in the minor unit of its currency: 12345 is 123,45 EUR.
// The wire holds 12 digits and no sign (P15 chapter 13, BMP 04).
type Amount int64

// MaxAmount is the largest amount 12 digits can hold.
const MaxAmount Amount = 999_999_999_999

const amountSize = 6

// AppendAmount appends 6 bytes of BCD. Fails with ErrRange for a negative
// amount or one above MaxAmount; nothing is ever cut off.
func AppendAmount(dst []byte, a Amount) ([]byte, error) {
	if a < 0 || a > MaxAmount {
		return dst, fmt.Errorf("zvtproto: amount %d: %w", int64(a), ErrRange)
	}
	return appendBCD(dst, uint64(a), amountSize)
}

// ParseAmount reads 6 bytes of BCD. Fails with ErrFormat.
func ParseAmount(b []byte) (Amount, error) {
	v, ok := parseBCD(b)
	if !ok || len(b) != amountSize {
		return 0, fmt.Errorf("zvtproto: amount: %w", ErrFormat)
	}
	return Amount(v), nil
}

// Currency is the numeric code of ISO 4217; the wire holds it as four
// digits, 09 78 for the euro. Zero means that none was sent: then the euro is
// meant (P15 chapter 13, BMP 49).
type Currency uint16

// EUR is the currency of a message that names none.
const EUR Currency = 978

// AppendCurrency appends 2 bytes of BCD. Fails with ErrRange above 9999.
func AppendCurrency(dst []byte, c Currency) ([]byte, error) {
	return appendBCD(dst, uint64(c), 2)
}

// ParseCurrency reads 2 bytes of BCD. Fails with ErrFormat.
func ParseCurrency(b []byte) (Currency, error) {
	v, ok := parseBCD(b)
	if !ok || len(b) != 2 {
		return 0, fmt.Errorf("zvtproto: currency: %w", ErrFormat)
	}
	return Currency(v), nil
}

// currencies are those a terminal in the field is likely to meet; ISO 4217
// list one. exponent is the number of decimals of the minor unit.
var currencies = [...]struct {
	code     Currency
	alpha    string
	exponent int
}{
	{36, "AUD", 2}, {124, "CAD", 2}, {156, "CNY", 2}, {191, "HRK", 2}, {203, "CZK", 2}, {208, "DKK", 2},
	{344, "HKD", 2}, {348, "HUF", 2}, {352, "ISK", 0}, {356, "INR", 2}, {376, "ILS", 2}, {392, "JPY", 0},
	{410, "KRW", 0}, {446, "MOP", 2}, {458, "MYR", 2}, {554, "NZD", 2}, {578, "NOK", 2}, {643, "RUB", 2},
	{682, "SAR", 2}, {702, "SGD", 2}, {710, "ZAR", 2}, {752, "SEK", 2}, {756, "CHF", 2}, {764, "THB", 2},
	{784, "AED", 2}, {807, "MKD", 2}, {826, "GBP", 2}, {840, "USD", 2}, {901, "TWD", 2}, {941, "RSD", 2},
	{946, "RON", 2}, {949, "TRY", 2}, {975, "BGN", 2}, {977, "BAM", 2}, {978, "EUR", 2}, {980, "UAH", 2},
	{985, "PLN", 2}, {986, "BRL", 2},
}

// Alpha returns the three letters of the currency, or "" when the code is
// not in this package's short list.
func (c Currency) Alpha() string {
	for _, e := range currencies {
		if e.code == c {
			return e.alpha
		}
	}
	return ""
}

// String is the three letters, or the number for a currency not listed.
func (c Currency) String() string {
	if s := c.Alpha(); s != "" {
		return s
	}
	return fmt.Sprintf("%03d", uint16(c))
}

// CurrencyByAlpha finds the numeric code for three letters.
func CurrencyByAlpha(alpha string) (Currency, bool) {
	for _, e := range currencies {
		if e.alpha == alpha {
			return e.code, true
		}
	}
	return 0, false
}

// describe writes the amount as its currency would print it; unlisted
// currencies stay in minor units.
func (a Amount) describe(c Currency) string {
	if c == 0 {
		c = EUR
	}
	for _, e := range currencies {
		if e.code != c {
			continue
		}
		if e.exponent == 0 {
			return strconv.FormatInt(int64(a), 10) + " " + e.alpha
		}
		return fmt.Sprintf("%d.%02d %s", int64(a)/100, int64(a)%100, e.alpha)
	}
	return fmt.Sprintf("%d minor units of currency %v", int64(a), c)
}
