package emv

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const (
	maxTrack1 = 79 // characters with sentinels (ISO/IEC 7813)
	maxName   = 26
)

// ErrTrack1: the text is no track 1; the message says what is wrong.
var ErrTrack1 = errors.New("emv: not a track 1")

// Track1 is the first track of a stripe in format B (1磁道数据), or tag 56. It must never be
// kept after the answer of the host and prints as its masked number. The zero
// value is no track.
type Track1 struct {
	hidden func() []byte
	pan    PAN
	name   [2]int // where the name begins and ends
}

// ParseTrack1 reads a track in ASCII, with or without sentinels (% ?).
// Errors: ErrTrack1.
func ParseTrack1(text []byte) (Track1, error) {
	if len(text) > 0 && text[0] == '%' {
		text = text[1:]
	}
	for i, c := range text {
		if c == '?' {
			text = text[:i]
			break
		}
		if c < 0x20 || c > 0x5F {
			return Track1{}, fmt.Errorf("%w: a character that tracks do not have", ErrTrack1)
		}
	}
	if len(text) > maxTrack1-2 {
		return Track1{}, fmt.Errorf("%w: longer than %d characters", ErrTrack1, maxTrack1-2)
	}
	if len(text) == 0 || text[0] != 'B' {
		return Track1{}, fmt.Errorf("%w: not of format B", ErrTrack1)
	}
	return splitTrack1(append([]byte(nil), text...))
}

func splitTrack1(own []byte) (Track1, error) {
	var carets []int
	for i, c := range own {
		if c == '^' && len(carets) < 2 {
			carets = append(carets, i)
		}
	}
	if len(carets) < 2 {
		return Track1{}, fmt.Errorf("%w: the two separators are missing", ErrTrack1)
	}
	pan, err := ParsePAN(own[1:carets[0]])
	if err != nil {
		return Track1{}, fmt.Errorf("%w: no card number in front", ErrTrack1)
	}
	if carets[1]-carets[0]-1 > maxName {
		return Track1{}, fmt.Errorf("%w: a name of more than %d characters", ErrTrack1, maxName)
	}
	t := Track1{func() []byte { return own }, pan, [2]int{carets[0] + 1, carets[1]}}
	rest := own[carets[1]+1:]
	if len(rest) < 4 || !allDigits(rest[:4]) {
		return Track1{}, fmt.Errorf("%w: no expiry date behind the name", ErrTrack1)
	}
	return t, nil
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func (t Track1) bytes() []byte {
	if t.hidden == nil {
		return nil
	}
	return t.hidden()
}

func (t Track1) rest() []byte {
	if t.hidden == nil {
		return nil
	}
	return t.hidden()[t.name[1]+1:]
}

// IsZero reports whether there is no track.
func (t Track1) IsZero() bool { return t.hidden == nil }

// PAN returns the card number of the track.
func (t Track1) PAN() PAN { return t.pan }

// UseName lends the holder's name to f, which must not keep it.
func (t Track1) UseName(f func(name []byte)) {
	if t.hidden == nil {
		f(nil)
		return
	}
	f(t.hidden()[t.name[0]:t.name[1]])
}

// Expiry returns the expiry date as the track has it: year and month.
func (t Track1) Expiry() Expiry {
	rest := t.rest()
	if len(rest) < 4 || !allDigits(rest[:4]) {
		return Expiry{}
	}
	return Expiry{twoDigits(rest), twoDigits(rest[2:])}
}

// ServiceCode returns the service code, or ok false when the track has none.
func (t Track1) ServiceCode() (code ServiceCode, ok bool) {
	rest := t.rest()
	if len(rest) < 7 || !allDigits(rest[4:7]) {
		return 0, false
	}
	for _, c := range rest[4:7] {
		code = code*10 + ServiceCode(c-'0')
	}
	return code, true
}

// Use lends the track to f in ASCII without sentinels; f must not keep it.
func (t Track1) Use(f func(track []byte)) { f(t.bytes()) }

// Clear overwrites the track. Copies of t see it too.
func (t Track1) Clear() {
	clear(t.bytes())
	t.pan.Clear()
}

// String returns the masked card number, and nothing of the rest.
func (t Track1) String() string { return t.pan.String() }

// GoString returns the mask.
func (t Track1) GoString() string { return t.String() }

// Format prints the mask, whatever the verb.
func (t Track1) Format(f fmt.State, _ rune) { io.WriteString(f, t.String()) }

// MarshalJSON writes the mask.
func (t Track1) MarshalJSON() ([]byte, error) { return []byte(`"` + t.String() + `"`), nil }

// MarshalText writes the mask.
func (t Track1) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue logs the mask.
func (t Track1) LogValue() slog.Value { return slog.StringValue(t.String()) }
