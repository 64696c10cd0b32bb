package qr

import (
	"errors"
	"fmt"
)

// What can be wrong with a payload; test with errors.Is. Every error of Parse,
// ParseConsumer and Encode is a *Problem.
var (
	ErrNotPayload = errors.New("this is no EMVCo payload")
	ErrTooLong    = errors.New("longer than a payload may be")
	ErrText       = errors.New("not UTF-8 text")
	ErrTruncated  = errors.New("it ends in the middle of an object")
	ErrID         = errors.New("an ID is two digits")
	ErrLength     = errors.New("a length is two digits, 01 to 99")
	ErrOverrun    = errors.New("the length runs over the end")
	ErrFirst      = errors.New("object 00 must come first")
	ErrLast       = errors.New("object 63 must come last and hold four hexadecimal digits")
	ErrCRC        = errors.New("the checksum is wrong: scan again, and do not pay a code that stays wrong")
	ErrDuplicate  = errors.New("this ID comes twice")
	ErrMissing    = errors.New("a mandatory object is missing")
	ErrFormat     = errors.New("the value has not the form of its object")
	ErrTip        = errors.New("tip, fixed fee and percentage fee contradict each other")
	ErrReserved   = errors.New("the ID is reserved for later use")
	ErrTrailing   = errors.New("something follows the checksum")
	ErrProfile    = errors.New("the scheme's own rules are broken")
)

// Severity is how bad a problem is.
type Severity int

const (
	// Fatal: neither strict nor lenient reading takes the payload.
	Fatal Severity = iota
	// Violation: EMVCo forbids it; lenient reading goes on.
	Violation
	// Note: allowed, and worth knowing.
	Note
)

var severities = [...]string{"fatal", "violation", "note"}

// String returns the word.
func (s Severity) String() string {
	if s < 0 || int(s) >= len(severities) {
		return fmt.Sprintf("Severity(%d)", int(s))
	}
	return severities[s]
}

// MarshalText writes the word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Problem is what is wrong with one object.
type Problem struct {
	ID       string   `json:"id,omitempty"` // "54", "62-07", or a tag; "" when it is the whole
	Name     string   `json:"name,omitempty"`
	Offset   int      `json:"offset"` // of the object's ID, in bytes from 0
	Severity Severity `json:"severity"`
	Err      error    `json:"-"`    // one of the Err values
	Text     string   `json:"text"` // in words; holds no secret
}

// Error says where and what.
func (p *Problem) Error() string { return "qr: " + p.String() }

// String is Error without the package.
func (p *Problem) String() string {
	switch {
	case p.ID == "":
		return fmt.Sprintf("byte %d: %s", p.Offset, p.Text)
	case p.Name == "":
		return fmt.Sprintf("object %s at byte %d: %s", p.ID, p.Offset, p.Text)
	}
	return fmt.Sprintf("object %s (%s) at byte %d: %s", p.ID, p.Name, p.Offset, p.Text)
}

// Unwrap returns the kind.
func (p *Problem) Unwrap() error { return p.Err }

// says makes the words of a problem: its kind, and more if there is more.
func says(kind error, detail string, args ...any) string {
	if detail == "" {
		return kind.Error()
	}
	return kind.Error() + ": " + fmt.Sprintf(detail, args...)
}
