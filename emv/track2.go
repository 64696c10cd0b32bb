package emv

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// maxTrack2 is the longest track 2 between its sentinels (ISO/IEC 7813).
const maxTrack2 = 37

// ErrTrack: the text or value is no track 2; the message says what is wrong.
var ErrTrack = errors.New("emv: not a track 2")

// Track2 is the second track of a stripe, or its equivalent on a chip (tag 57,
// 2磁道数据). It must never be kept after the answer of the host (PCI DSS 4.0.1,
// 3.3.1.1) and prints as its masked number. The zero value is no track.
type Track2 struct{ hidden hidden }

// ParseTrack2 reads a track in ASCII, with = or D between number and expiry,
// with or without sentinels (; ?) and the check character behind them.
// Errors: ErrTrack.
func ParseTrack2(text []byte) (Track2, error) {
	if len(text) > 0 && text[0] == ';' {
		text = text[1:]
	}
	var d digits
	for _, c := range text {
		switch {
		case c == '?':
			return checkTrack2(&d)
		case c == '=' || c == 'D' || c == 'd':
			c = 'D'
		case c < '0' || c > '9':
			return Track2{}, fmt.Errorf("%w: there is something between its digits", ErrTrack)
		}
		if d.n == maxTrack2 {
			return Track2{}, fmt.Errorf("%w: longer than %d characters", ErrTrack, maxTrack2)
		}
		d.b[d.n] = c
		d.n++
	}
	return checkTrack2(&d)
}

// DecodeTrack2 reads the value of tag 57 or of field 35 in nibbles, F to the end.
func DecodeTrack2(value []byte) (Track2, error) {
	var d digits
	ended := false
	for i := range 2 * len(value) {
		n := value[i/2] >> 4
		if i%2 == 1 {
			n = value[i/2] & 0xF
		}
		switch {
		case n == 0xF:
			ended = true
			continue
		case n == 0xD:
			n = 'D'
		case n > 9:
			return Track2{}, fmt.Errorf("%w: nibble %X", ErrTrack, n)
		default:
			n += '0'
		}
		if ended || d.n == maxTrack2 {
			return Track2{}, fmt.Errorf("%w: digits behind the padding, or more than %d", ErrTrack, maxTrack2)
		}
		d.b[d.n] = n
		d.n++
	}
	return checkTrack2(&d)
}

// checkTrack2 wants a number, one separator, and four digits of expiry at least.
func checkTrack2(d *digits) (Track2, error) {
	t := Track2{hide(d)}
	pan, rest, ok := t.split()
	switch {
	case !ok:
		return Track2{}, fmt.Errorf("%w: no separator", ErrTrack)
	case len(pan) < MinPAN || len(pan) > MaxPAN:
		return Track2{}, fmt.Errorf("%w: a card number of %d digits", ErrTrack, len(pan))
	case len(rest) < 4:
		return Track2{}, fmt.Errorf("%w: no expiry date behind the separator", ErrTrack)
	}
	for _, c := range rest[:4] {
		if c == 'D' {
			return Track2{}, fmt.Errorf("%w: a second separator in the expiry date", ErrTrack)
		}
	}
	return t, nil
}

func (t Track2) split() (pan, rest []byte, ok bool) {
	b := t.hidden.bytes()
	for i, c := range b {
		if c == 'D' {
			return b[:i], b[i+1:], true
		}
	}
	return b, nil, false
}

// IsZero reports whether there is no track.
func (t Track2) IsZero() bool { return t.hidden == nil }

// PAN returns the card number of the track.
func (t Track2) PAN() PAN {
	digits, _, _ := t.split()
	p, err := ParsePAN(digits)
	if err != nil {
		return PAN{}
	}
	return p
}

// Expiry returns the expiry date as the track has it: year and month.
func (t Track2) Expiry() Expiry {
	_, rest, _ := t.split()
	if len(rest) < 4 {
		return Expiry{}
	}
	return Expiry{Year: twoDigits(rest), Month: twoDigits(rest[2:])}
}

// ServiceCode returns the service code, or ok false when the track has none.
func (t Track2) ServiceCode() (code ServiceCode, ok bool) {
	_, rest, _ := t.split()
	if len(rest) < 7 {
		return 0, false
	}
	for _, c := range rest[4:7] {
		if c == 'D' {
			return 0, false
		}
		code = code*10 + ServiceCode(c-'0')
	}
	return code, true
}

func twoDigits(b []byte) int { return int(b[0]-'0')*10 + int(b[1]-'0') }

// Use lends the track to f in ASCII, with D as separator and without sentinels;
// f must not keep it.
func (t Track2) Use(f func(track []byte)) { f(t.hidden.bytes()) }

// Clear overwrites the track. Copies of t see it too.
func (t Track2) Clear() { t.hidden.clear() }

// String returns the masked card number, and nothing of the rest.
func (t Track2) String() string {
	pan, _, _ := t.split()
	return mask(pan)
}

// GoString returns the mask.
func (t Track2) GoString() string { return t.String() }

// Format prints the mask, whatever the verb.
func (t Track2) Format(f fmt.State, _ rune) { io.WriteString(f, t.String()) }

// MarshalJSON writes the mask.
func (t Track2) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }

// MarshalText writes the mask.
func (t Track2) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue logs the mask.
func (t Track2) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Expiry is the end of a card's life: two digits of the year and a month. The
// zero value, and 9912 on some debit cards, mean none (inferred).
type Expiry struct{ Year, Month int }

// String returns YYMM, as ISO 8583 wants it.
func (e Expiry) String() string { return fmt.Sprintf("%02d%02d", e.Year, e.Month) }

// ParseExpiry reads YYMM.
func ParseExpiry(s string) (Expiry, error) {
	if len(s) != 4 {
		return Expiry{}, fmt.Errorf("emv: expiry date %q is not YYMM", s)
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return Expiry{}, fmt.Errorf("emv: expiry date %q is not YYMM", s)
		}
	}
	e := Expiry{twoDigits([]byte(s)), twoDigits([]byte(s[2:]))}
	if e.Month > 12 || e.Month == 0 && e.Year != 0 {
		return Expiry{}, fmt.Errorf("emv: expiry date %q has no such month", s)
	}
	return e, nil
}

// ServiceCode says what a card may be used for (ISO/IEC 7813): 201, 620, ...
type ServiceCode int

// Chip reports whether the card has a chip, so that a terminal with a chip
// reader must refuse the stripe unless the chip has failed.
func (c ServiceCode) Chip() bool { return c/100 == 2 || c/100 == 6 }

// PINRequired reports whether the issuer wants the PIN.
func (c ServiceCode) PINRequired() bool {
	switch c % 10 {
	case 0, 3, 5:
		return true
	}
	return false
}
