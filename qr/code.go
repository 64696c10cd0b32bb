package qr

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// MaxCode bounds what a scanner reads, in bytes: a QR code holds no more.
const MaxCode = MaxText

// Code is what a scanner read. It may be a payment code, which is money until it
// is used, so it prints as first two and last four characters, whatever the verb; the
// text comes out through Use only. The zero value is no code. Safe for
// concurrent use.
type Code struct {
	// Behind a function, because fmt prints what is in unexported fields of other
	// types without asking.
	hidden func() []byte
}

// NewCode takes what a scanner read, without the spaces, line ends and control
// characters around it, nor the spaces and dashes between digits. What is longer than MaxCode is cut there, and so is
// known to nobody.
func NewCode(text string) Code {
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7F || r == 0xFEFF })
	if plain := gaps.Replace(text); plain != "" && Digits.holds(plain) {
		text = plain
	}
	own := []byte(text[:min(len(text), MaxCode+1)])
	return Code{func() []byte { return own }}
}

var gaps = strings.NewReplacer(" ", "", "-", "")

func (c Code) bytes() []byte {
	if c.hidden == nil {
		return nil
	}
	return c.hidden()
}

// Len is the number of bytes.
func (c Code) Len() int { return len(c.bytes()) }

// Use lends the text to f, which must not keep it.
func (c Code) Use(f func(text []byte)) { f(c.bytes()) }

// Clear overwrites the text. Copies of c see it too.
func (c Code) Clear() { clear(c.bytes()) }

// Equal compares two codes: the same one scanned twice.
func (c Code) Equal(d Code) bool { return string(c.bytes()) == string(d.bytes()) }

// minShown is the shortest code of which anything is shown: shorter ones could
// be guessed from six characters.
const minShown = 12

// String returns the mask: 13************6789.
func (c Code) String() string {
	b := c.bytes()
	switch {
	case len(b) == 0:
		return ""
	case len(b) < minShown || len(b) > 64:
		return fmt.Sprintf("(code of %d characters)", len(b))
	}
	for _, x := range b {
		if x < 0x20 || x > 0x7E {
			return fmt.Sprintf("(code of %d characters)", len(b))
		}
	}
	return string(b[:2]) + strings.Repeat("*", len(b)-6) + string(b[len(b)-4:])
}

// GoString returns the mask.
func (c Code) GoString() string { return c.String() }

// Format prints the mask, whatever the verb.
func (c Code) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// MarshalText writes the mask; so does JSON.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue logs the mask.
func (c Code) LogValue() slog.Value { return slog.StringValue(c.String()) }
