package scanner

import (
	"fmt"
	"io"
	"log/slog"
)

// Code holds what was scanned. Every way of printing it shows a mask, because
// it may be a payment code or a voucher.
type Code struct {
	// Behind two pointers: where fmt does not ask a type how it prints (%p, or
	// a wrong verb for a field that is not exported) it follows one.
	b **[]byte
}

// NewCode copies b.
func NewCode(b []byte) Code {
	own := append([]byte(nil), b...)
	p := &own
	return Code{b: &p}
}

// Bytes returns the code itself; do not change it. It is nil for the zero Code.
func (c Code) Bytes() []byte {
	if c.b == nil {
		return nil
	}
	return **c.b
}

// Len returns the number of bytes.
func (c Code) Len() int { return len(c.Bytes()) }

// Clear overwrites the code. Copies of c see it too.
func (c Code) Clear() { clear(c.Bytes()) }

// String says what the code is made of, and nothing of it: "18 digits ***".
func (c Code) String() string {
	kind := "digits"
	for _, b := range c.Bytes() {
		if b < '0' || b > '9' {
			kind = "bytes"
			break
		}
	}
	return fmt.Sprintf("%d %s ***", c.Len(), kind)
}

// GoString returns a mask.
func (c Code) GoString() string { return c.String() }

// Format prints a mask, whatever the verb.
func (c Code) Format(f fmt.State, _ rune) { io.WriteString(f, c.String()) }

// MarshalText writes a mask.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue logs a mask.
func (c Code) LogValue() slog.Value { return slog.StringValue(c.String()) }
