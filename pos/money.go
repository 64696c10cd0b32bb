package pos

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Errors of money arithmetic. They are programming or input errors: nothing
// was sent when one of them comes back.
var (
	// ErrMoneyOverflow says a sum does not fit into 64 bits of minor units.
	ErrMoneyOverflow = errors.New("money: amount too large")
	// ErrMixedCurrency says two amounts of different currencies met.
	ErrMixedCurrency = errors.New("money: mixed currencies")
)

// Money is an amount in the minor units of one currency: fen, cent, yen.
//
// It is never a float. The zero value is "no amount" and mixes with nothing
// but itself. Money is comparable with == and safe to copy.
type Money struct {
	minor    int64
	currency Currency
}

// FromMinor makes an amount from minor units: FromMinor(1280, CNY) is 12.80 yuan.
func FromMinor(minor int64, currency Currency) Money {
	return Money{minor: minor, currency: currency}
}

// ParseMoney reads a decimal amount in major units, such as "12.80" or "-3",
// in the given currency. More decimals than the currency has are an error,
// as is anything but digits, one leading sign and one point.
func ParseMoney(s string, currency Currency) (Money, error) {
	if !currency.Valid() {
		return Money{}, fmt.Errorf("money: %q is not a known ISO 4217 currency", string(currency))
	}
	digits, negative := strings.CutPrefix(s, "-")
	whole, frac, point := strings.Cut(digits, ".")
	exp := currency.Exponent()
	if whole == "" || (point && frac == "") || !allDigits(whole) || !allDigits(frac) {
		return Money{}, fmt.Errorf("money: %q is not an amount such as 12.80", s)
	}
	if len(frac) > exp {
		return Money{}, fmt.Errorf("money: %q has more than the %d decimals of %s", s, exp, currency)
	}
	minor, err := strconv.ParseInt(whole+frac+strings.Repeat("0", exp-len(frac)), 10, 64)
	if err != nil {
		return Money{}, fmt.Errorf("money: %q: %w", s, ErrMoneyOverflow)
	}
	if negative {
		minor = -minor
	}
	return Money{minor: minor, currency: currency}, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Minor returns the amount in minor units.
func (m Money) Minor() int64 { return m.minor }

// Currency returns the currency, empty for the zero value.
func (m Money) Currency() Currency { return m.currency }

// IsZero reports whether the amount is nothing, in whatever currency.
func (m Money) IsZero() bool { return m.minor == 0 }

// Add returns m+n, or ErrMixedCurrency or ErrMoneyOverflow.
func (m Money) Add(n Money) (Money, error) {
	if m.currency != n.currency {
		return Money{}, fmt.Errorf("%w: %s and %s", ErrMixedCurrency, m.currency, n.currency)
	}
	sum := m.minor + n.minor
	if (sum > m.minor) != (n.minor > 0) {
		return Money{}, fmt.Errorf("%w: %d + %d", ErrMoneyOverflow, m.minor, n.minor)
	}
	return Money{minor: sum, currency: m.currency}, nil
}

// Sub returns m-n, or ErrMixedCurrency or ErrMoneyOverflow.
func (m Money) Sub(n Money) (Money, error) {
	if m.currency != n.currency {
		return Money{}, fmt.Errorf("%w: %s and %s", ErrMixedCurrency, m.currency, n.currency)
	}
	diff := m.minor - n.minor
	if (diff < m.minor) != (n.minor > 0) {
		return Money{}, fmt.Errorf("%w: %d - %d", ErrMoneyOverflow, m.minor, n.minor)
	}
	return Money{minor: diff, currency: m.currency}, nil
}

// Cmp compares two amounts of one currency: -1, 0 or +1, or ErrMixedCurrency.
func (m Money) Cmp(n Money) (int, error) {
	if m.currency != n.currency {
		return 0, fmt.Errorf("%w: %s and %s", ErrMixedCurrency, m.currency, n.currency)
	}
	switch {
	case m.minor < n.minor:
		return -1, nil
	case m.minor > n.minor:
		return 1, nil
	}
	return 0, nil
}

// String prints major units and currency: "12.80 CNY".
func (m Money) String() string {
	if m.currency == "" {
		return strconv.FormatInt(m.minor, 10)
	}
	return m.Digits() + " " + string(m.currency)
}

// Digits prints major units alone: "12.80", "-0.05". Of an amount without a
// currency it prints the minor units.
func (m Money) Digits() string {
	if m.currency == "" {
		return strconv.FormatInt(m.minor, 10)
	}
	exp := m.currency.Exponent()
	digits := strconv.FormatUint(magnitude(m.minor), 10)
	if pad := exp + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	if exp > 0 {
		digits = digits[:len(digits)-exp] + "." + digits[len(digits)-exp:]
	}
	if m.minor < 0 {
		digits = "-" + digits
	}
	return digits
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-(n + 1)) + 1
	}
	return uint64(n)
}

type moneyJSON struct {
	Minor    int64    `json:"minor"`
	Currency Currency `json:"currency"`
}

// MarshalJSON writes {"minor":1280,"currency":"CNY"}.
func (m Money) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 40)
	b = append(b, `{"minor":`...)
	b = strconv.AppendInt(b, m.minor, 10)
	b = append(b, `,"currency":`...)
	b = strconv.AppendQuote(b, string(m.currency))
	return append(b, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Money) UnmarshalJSON(b []byte) error {
	var v moneyJSON
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("money: %w", err)
	}
	*m = Money{minor: v.Minor, currency: v.Currency}
	return nil
}
