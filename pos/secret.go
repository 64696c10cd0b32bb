package pos

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret holds what must never be printed, logged or journalled: a payment
// code, a voucher code, a password. Every way of printing it shows a mask.
//
// Go gives no guarantee that memory is wiped; Clear does what can be done.
type Secret struct {
	// Behind a function, because fmt prints what is in unexported fields of other
	// types without asking, and follows pointers where a verb does not fit.
	hidden func() []byte
}

// NewSecret copies b; the caller should clear its own copy.
func NewSecret(b []byte) Secret {
	own := append([]byte(nil), b...)
	return Secret{hidden: func() []byte { return own }}
}

// Len returns the number of bytes.
func (s Secret) Len() int { return len(s.bytes()) }

// Use lends the bytes to f, which must not keep them.
func (s Secret) Use(f func(b []byte)) { f(s.bytes()) }

// Clear overwrites the bytes. Copies of s see it too.
func (s Secret) Clear() { clear(s.bytes()) }

func (s Secret) bytes() []byte {
	if s.hidden == nil {
		return nil
	}
	return s.hidden()
}

const secretMask = "***"

// String returns a mask.
func (s Secret) String() string { return secretMask }

// GoString returns a mask.
func (s Secret) GoString() string { return secretMask }

// Format prints a mask, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, secretMask) }

// MarshalJSON writes a mask.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + secretMask + `"`), nil }

// MarshalText writes a mask.
func (s Secret) MarshalText() ([]byte, error) { return []byte(secretMask), nil }

// LogValue logs a mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(secretMask) }
