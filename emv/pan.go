package emv

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Lengths of a card number, ISO/IEC 7812-1.
const (
	MinPAN = 12
	MaxPAN = 19
)

// ErrPAN: the text or value is no card number.
var ErrPAN = errors.New("emv: not a card number of 12 to 19 digits")

// PAN is a card number (primary account number, 主账号). It prints as first six
// and last four digits, whatever the verb; the digits come out through Use and
// AppendDigits only. The zero value is no card. Safe for concurrent use.
type PAN struct{ hidden hidden }

// hidden keeps digits behind a function, because fmt prints what is in
// unexported fields of other types without asking, and follows pointers where
// a verb does not fit.
type hidden func() *digits

func hide(d *digits) hidden { return func() *digits { return d } }

func (h hidden) bytes() []byte {
	if h == nil {
		return nil
	}
	d := h()
	return d.b[:d.n]
}

func (h hidden) clear() {
	if h != nil {
		*h() = digits{}
	}
}

type digits struct {
	b [maxTrack2]byte
	n int
}

// ParsePAN reads a card number in digits; spaces and dashes between them are
// left out. A wrong check digit is no error, see Luhn. Errors: ErrPAN.
func ParsePAN(text []byte) (PAN, error) {
	var d digits
	for _, c := range text {
		switch {
		case c == ' ' || c == '-':
			continue
		case c < '0' || c > '9' || d.n == MaxPAN:
			return PAN{}, ErrPAN
		}
		d.b[d.n] = c
		d.n++
	}
	if d.n < MinPAN {
		return PAN{}, ErrPAN
	}
	return PAN{hide(&d)}, nil
}

// DecodePAN reads the value of tag 5A: digits in nibbles, left justified, F to
// the end. Errors: ErrPAN.
func DecodePAN(value []byte) (PAN, error) {
	var buf [2 * 16]byte
	text, ok := nibbles(buf[:0], value, MaxPAN)
	if !ok {
		return PAN{}, ErrPAN
	}
	return ParsePAN(text)
}

// nibbles unpacks BCD digits up to the F padding, at most limit of them.
func nibbles(dst, src []byte, limit int) ([]byte, bool) {
	ended := false
	for i := range 2 * len(src) {
		n := src[i/2] >> 4
		if i%2 == 1 {
			n = src[i/2] & 0xF
		}
		switch {
		case n == 0xF:
			ended = true
		case ended || n > 9 || len(dst) == limit:
			return nil, false
		default:
			dst = append(dst, '0'+n)
		}
	}
	return dst, true
}

// IsZero reports whether there is no card number.
func (p PAN) IsZero() bool { return p.hidden == nil }

// Len is the number of digits.
func (p PAN) Len() int { return len(p.hidden.bytes()) }

// Use lends the digits in ASCII to f, which must not keep them.
func (p PAN) Use(f func(digits []byte)) { f(p.hidden.bytes()) }

// AppendDigits appends the digits in ASCII. They are the caller's to wipe.
func (p PAN) AppendDigits(dst []byte) []byte { return append(dst, p.hidden.bytes()...) }

// Equal compares two card numbers.
func (p PAN) Equal(q PAN) bool { return string(p.hidden.bytes()) == string(q.hidden.bytes()) }

// Luhn reports whether the check digit is right. Some UnionPay cards are made
// without one: treat false as a warning (inferred).
func (p PAN) Luhn() bool {
	d := p.hidden.bytes()
	sum := 0
	for i := range d {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return len(d) > 0 && sum%10 == 0
}

// Clear overwrites the digits. Copies of p see it too.
func (p PAN) Clear() { p.hidden.clear() }

// String returns the masked number: 621234******7890.
func (p PAN) String() string { return mask(p.hidden.bytes()) }

// mask shows first six and last four; of a shorter number, only the last four.
func mask(d []byte) string {
	if len(d) == 0 {
		return ""
	}
	m := make([]byte, len(d))
	for i, c := range d {
		if i >= len(d)-4 || i < 6 && len(d) >= 13 {
			m[i] = c
		} else {
			m[i] = '*'
		}
	}
	return string(m)
}

// GoString returns the mask.
func (p PAN) GoString() string { return p.String() }

// Format prints the mask, whatever the verb.
func (p PAN) Format(f fmt.State, _ rune) { io.WriteString(f, p.String()) }

// MarshalJSON writes the mask.
func (p PAN) MarshalJSON() ([]byte, error) { return []byte(`"` + p.String() + `"`), nil }

// MarshalText writes the mask.
func (p PAN) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// LogValue logs the mask.
func (p PAN) LogValue() slog.Value { return slog.StringValue(p.String()) }
