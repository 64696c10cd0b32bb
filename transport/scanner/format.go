package scanner

import (
	"errors"
	"fmt"
	"time"
)

// ErrDamaged: what arrived is no whole code. Reading goes on with the next one.
// Every error below matches it.
var (
	ErrDamaged = errors.New("damaged scan")
	// ErrTooLong: a line went on past Format.Max; its rest is skipped.
	ErrTooLong = fmt.Errorf("%w: the line does not end", ErrDamaged)
	// ErrIncomplete: a line stopped without its suffix.
	ErrIncomplete = fmt.Errorf("%w: the line stopped half way", ErrDamaged)
	// ErrNoise: bytes outside any frame, or a line without the agreed prefix
	// or AIM identifier.
	ErrNoise = fmt.Errorf("%w: bytes that belong to no code", ErrDamaged)
)

// Suffixes that scanners send. The empty suffix is Enter: CR, LF or both.
const (
	Enter = ""
	CR    = "\r"
	LF    = "\n"
	CRLF  = "\r\n"
	Tab   = "\t"
	ETX   = "\x03"
)

// stx begins a framed line.
const stx = 0x02

const (
	// DefaultMax is the longest line in bytes: the largest QR code holds 7,089
	// digits.
	DefaultMax = 8 << 10
	// DefaultSilence ends a code without suffix. A character takes 1 ms at
	// 9600 baud, a USB poll 1 to 10.
	DefaultSilence = 50 * time.Millisecond
	// DefaultGap is how long a line may pause in its middle. A scanner sends a
	// code in one go; only a cable pulled out, or a stalled computer, pauses.
	DefaultGap = 500 * time.Millisecond
)

// AIM says whether a scanner sends AIM identifiers.
type AIM int

// Where nobody said, an identifier is taken as one if it is known. A customer
// can put "]E0" into a QR code too: set scanners to send identifiers and
// require them where it matters what kind of symbol was scanned.
const (
	AIMIfPresent AIM = iota
	AIMRequired
	AIMNever
)

// Format says how a scanner sends a code. The zero value is how most do: data
// and Enter, an AIM identifier perhaps before it.
type Format struct {
	// Prefix stands before each code and is cut off; a line without it is ErrNoise.
	Prefix string
	// Suffix ends each code: Enter, CR, LF, CRLF, Tab, ETX or any other text.
	// With one that is not Enter, CR and LF inside the data stay.
	Suffix string
	// NoSuffix is for scanners that cannot send one: Silence ends a code.
	NoSuffix bool
	// STX: the byte 02 begins each code and 03 ends it; Suffix may follow and
	// is skipped as noise that is expected.
	STX bool
	AIM AIM
	// Max bounds a line in bytes; 0 means DefaultMax.
	Max int
	// Silence ends a code where NoSuffix is set; 0 means DefaultSilence. 20 to
	// 50 ms are usual.
	Silence time.Duration
	// Gap gives an unfinished line up; 0 means DefaultGap.
	Gap time.Duration
}

func (f Format) max() int {
	if f.Max > 0 {
		return f.Max
	}
	return DefaultMax
}

// patience is how long an unfinished line may be silent.
func (f Format) patience() time.Duration {
	switch {
	case f.NoSuffix && !f.STX && f.Silence > 0:
		return f.Silence
	case f.NoSuffix && !f.STX:
		return DefaultSilence
	case f.Gap > 0:
		return f.Gap
	}
	return DefaultGap
}
