package scanner

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Scan is one symbol that a scanner read.
type Scan struct {
	// Source is the scanner, by the name it was given.
	Source string
	// Symbology is what the AIM identifier says; empty without one.
	Symbology Symbology
	// AIM is the identifier, such as "]E0"; empty where none was sent.
	AIM string
	// Data is the symbol's content, without prefix, identifier and suffix.
	Data Code
	// Raw is what the scanner sent for it: bytes of the line, or characters of
	// the keys or reports, without the suffix.
	Raw Code
	// At is when its last byte arrived.
	At time.Time
}

// String returns one line for people. Article numbers are shown where the AIM
// identifier declares them; everything else is masked.
func (s Scan) String() string {
	text := s.Data.String()
	if s.Symbology == EAN {
		if p, err := ParseProduct(string(s.Data.Bytes())); err == nil {
			text = p.Digits
		}
	}
	kind := "code"
	if s.Symbology != "" {
		kind = string(s.Symbology)
	}
	return fmt.Sprintf("%s from %s: %s", kind, s.Source, text)
}

// GoString returns what String does.
func (s Scan) GoString() string { return s.String() }

// Format prints what String does, whatever the verb.
func (s Scan) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// MarshalText writes what String returns.
func (s Scan) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue logs what String returns.
func (s Scan) LogValue() slog.Value { return slog.StringValue(s.String()) }
