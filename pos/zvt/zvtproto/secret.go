package zvtproto

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// writeState is the body of the Format methods: the same masked text for
// every verb, quoted for %q.
func writeState(s fmt.State, text string) { _, _ = io.WriteString(s, text) }

// PAN is a card number as digits, '*' for a digit the terminal masked (nibble
// E on the wire), 'D' for a separator. Print it as you like: String, every
// fmt verb, JSON and slog show the first six and last four digits at most.
//
// BMP 22 may instead hold an EF_ID, whose digits print under the same rule.
type PAN string

// Reveal returns the whole number. The caller must not log or store it.
func (p PAN) Reveal() string { return string(p) }

// String shows the first six and last four digits of a full number, the last
// four of a shorter one, and nothing of one below eight digits.
func (p PAN) String() string {
	head, tail := 0, 0
	switch n := len(p); {
	case n >= 13:
		head, tail = 6, 4
	case n >= 8:
		tail = 4
	}
	return string(p[:head]) + strings.Repeat("*", len(p)-head-tail) + string(p[len(p)-tail:])
}

// Format masks for every verb.
func (p PAN) Format(s fmt.State, _ rune) { writeState(s, p.String()) }

// GoString masks.
func (p PAN) GoString() string { return p.String() }

// MarshalText masks; MarshalJSON of encoding/json follows it.
func (p PAN) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// MarshalJSON masks.
func (p PAN) MarshalJSON() ([]byte, error) { return quoted(p.String()), nil }

// LogValue masks.
func (p PAN) LogValue() slog.Value { return slog.StringValue(p.String()) }

// appendPAN appends the packed form, padded with F to whole bytes.
func appendPAN(dst []byte, p PAN) ([]byte, error) {
	for i := range len(p) {
		if c := p[i]; (c < '0' || c > '9') && c != '*' && c != 'D' {
			return dst, fmt.Errorf("zvtproto: card number: %w", ErrFormat)
		}
	}
	dst, ok := appendPacked(dst, strings.ReplaceAll(string(p), "*", "E"))
	if !ok {
		return dst, fmt.Errorf("zvtproto: card number: %w", ErrFormat)
	}
	return dst, nil
}

func parsePAN(b []byte) PAN {
	s := strings.TrimRight(string(appendNibbles(make([]byte, 0, 2*len(b)), b)), "F")
	return PAN(strings.ReplaceAll(s, "E", "*"))
}

// Track is the content of a magnetic stripe. It never prints.
type Track string

// Reveal returns the whole track. The caller must not log or store it.
func (t Track) Reveal() string { return string(t) }

// String tells only the length.
func (t Track) String() string { return fmt.Sprintf("[track, %d characters]", len(t)) }

// Format masks for every verb.
func (t Track) Format(s fmt.State, _ rune) { writeState(s, t.String()) }

// GoString masks.
func (t Track) GoString() string { return t.String() }

// MarshalText masks.
func (t Track) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// MarshalJSON masks.
func (t Track) MarshalJSON() ([]byte, error) { return quoted(t.String()), nil }

// LogValue masks.
func (t Track) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Password is the terminal's password, six digits (3 bytes of BCD). It never
// prints. The empty Password means that none is sent, where that is allowed.
type Password string

// Reveal returns the digits. The caller must not log them.
func (p Password) Reveal() string { return string(p) }

// String shows nothing of the password.
func (p Password) String() string {
	if p == "" {
		return "[no password]"
	}
	return "[password]"
}

// Format masks for every verb.
func (p Password) Format(s fmt.State, _ rune) { writeState(s, p.String()) }

// GoString masks.
func (p Password) GoString() string { return p.String() }

// MarshalText masks.
func (p Password) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// MarshalJSON masks.
func (p Password) MarshalJSON() ([]byte, error) { return quoted(p.String()), nil }

// LogValue masks.
func (p Password) LogValue() slog.Value { return slog.StringValue(p.String()) }

const passwordSize = 3

func appendPassword(dst []byte, p Password) ([]byte, error) {
	if len(p) != 2*passwordSize {
		return dst, fmt.Errorf("zvtproto: password must have 6 digits: %w", ErrFormat)
	}
	out, ok := appendPacked(dst, string(p))
	if !ok {
		return dst, fmt.Errorf("zvtproto: password must have 6 digits: %w", ErrFormat)
	}
	return out, nil
}

// takePassword reads the 3 bytes most commands begin with.
func takePassword(data []byte) (Password, []byte, error) {
	if len(data) < passwordSize {
		return "", nil, fmt.Errorf("zvtproto: password: %w", ErrTruncated)
	}
	return Password(appendNibbles(nil, data[:passwordSize])), data[passwordSize:], nil
}

// CVV is a card verification value of three or four digits. It never prints.
type CVV string

// Reveal returns the digits. The caller must not log or store them.
func (c CVV) Reveal() string { return string(c) }

// String shows nothing of the value.
func (c CVV) String() string { return "[cvv]" }

// Format masks for every verb.
func (c CVV) Format(s fmt.State, _ rune) { writeState(s, c.String()) }

// GoString masks.
func (c CVV) GoString() string { return c.String() }

// MarshalText masks.
func (c CVV) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// MarshalJSON masks.
func (c CVV) MarshalJSON() ([]byte, error) { return quoted(c.String()), nil }

// LogValue masks.
func (c CVV) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Opaque is data whose meaning depends on the dialogue: key presses, digits
// typed by a customer, chip commands. It prints as its length.
type Opaque []byte

// Reveal returns the bytes; they are the value itself, not a copy.
func (o Opaque) Reveal() []byte { return o }

// String tells only the length.
func (o Opaque) String() string { return fmt.Sprintf("[%d bytes]", len(o)) }

// Format masks for every verb.
func (o Opaque) Format(s fmt.State, _ rune) { writeState(s, o.String()) }

// GoString masks.
func (o Opaque) GoString() string { return o.String() }

// MarshalText masks.
func (o Opaque) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// MarshalJSON masks.
func (o Opaque) MarshalJSON() ([]byte, error) { return quoted(o.String()), nil }

// LogValue masks.
func (o Opaque) LogValue() slog.Value { return slog.StringValue(o.String()) }
