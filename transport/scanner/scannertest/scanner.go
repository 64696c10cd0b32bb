package scannertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/openecr/openecr/transport/scanner"
)

// Faults a scanner can have, by name; each is used up by one scan.
var Faults = map[string]string{
	"cut":     "send half of the code and stop, as when the cable is pulled",
	"endless": "send a code that does not end, for a megabyte",
	"garbage": "send line noise before the code",
	"twice":   "send the code twice, as a scanner that did not hear itself",
	"crumbs":  "send byte by byte, with pauses",
}

const (
	// endlessSize is how much the fault endless sends.
	endlessSize = 1 << 20
	// crumbPause is between the bytes of the fault crumbs.
	crumbPause = 2 * time.Millisecond
	// bitsPerChar of a serial line with 8N1.
	bitsPerChar = 10
)

// Config says how the scanner is set up. The zero value sends lines that end in
// CR, at any speed.
type Config struct {
	Input    scanner.Input
	Prefix   string
	Suffix   string // empty is CR
	NoSuffix bool
	STX      bool // frame with STX and ETX
	AIM      bool // send AIM identifiers
	// Baud paces a line; 0 does not.
	Baud int
	// KeyPause is between two reports of a keyboard; 0 is none.
	KeyPause time.Duration
}

// Symbol is what is held before the scanner.
type Symbol struct {
	Kind scanner.Symbology
	// AIM overrides the usual identifier of Kind, such as "]C1" for GS1.
	AIM  string
	Data string
}

// Scanner is a simulated scanner. Safe for concurrent use; one scan at a time.
type Scanner struct {
	cfg Config
	mu  sync.Mutex
	// faults wait for the next scans.
	faults []string
}

// New makes a scanner.
func New(cfg Config) *Scanner { return &Scanner{cfg: cfg} }

// Inject queues faults, one for each of the next scans; it returns the names it
// does not know and queues nothing then.
func (s *Scanner) Inject(names ...string) (unknown []string) {
	for _, n := range names {
		if _, ok := Faults[n]; !ok {
			unknown = append(unknown, n)
		}
	}
	if len(unknown) == 0 {
		s.mu.Lock()
		s.faults = append(s.faults, names...)
		s.mu.Unlock()
	}
	return unknown
}

// Encode returns the bytes the scanner sends for a symbol.
func (s *Scanner) Encode(sym Symbol) ([]byte, error) {
	text, aim := sym.Data, ""
	if s.cfg.AIM {
		if aim = sym.AIM; aim == "" {
			aim = scanner.AIMFor(sym.Kind, len(sym.Data))
		}
	}
	suffix := s.cfg.Suffix
	if suffix == "" {
		suffix = scanner.CR
	}
	if s.cfg.NoSuffix {
		suffix = ""
	}
	switch {
	case s.cfg.Input == scanner.Report:
		return scanner.AppendReports(nil, aim, []byte(s.cfg.Prefix+text)), nil
	case s.cfg.Input == scanner.Keyboard:
		reports, ok := scanner.KeyReports(s.cfg.Prefix + aim + text + suffix)
		if !ok {
			return nil, errors.New("scannertest: no key types one of these characters")
		}
		var b []byte
		for _, r := range reports {
			b = append(b, r...)
		}
		return b, nil
	case s.cfg.STX:
		return []byte("\x02" + s.cfg.Prefix + aim + text + "\x03"), nil
	}
	return []byte(s.cfg.Prefix + aim + text + suffix), nil
}

// Scan sends a symbol to w, at the scanner's speed, with the next fault.
func (s *Scanner) Scan(ctx context.Context, w io.Writer, sym Symbol) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.Encode(sym)
	if err != nil {
		return err
	}
	fault := ""
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	}
	unit := s.unit()
	switch fault {
	case "cut":
		b = b[:len(b)/2/unit*unit]
	case "endless":
		b = s.endless()
	case "garbage":
		b = append([]byte{0x00, 0xFF, 0x80, 0x13, '\r'}, b...)
	case "twice":
		b = append(b, b...)
	case "crumbs":
		return s.send(ctx, w, b, 1, crumbPause)
	}
	return s.send(ctx, w, b, s.chunk(), s.pause())
}

// endless is the beginning of a code whose end never comes.
func (s *Scanner) endless() []byte {
	text := bytes.Repeat([]byte("78"), endlessSize/2)
	switch s.cfg.Input {
	case scanner.Report:
		b := scanner.AppendReports(nil, "", text)
		return b[:len(b)-scanner.ReportSize]
	case scanner.Keyboard:
		reports, _ := scanner.KeyReports(string(text[:endlessSize/16]))
		return bytes.Join(reports, nil)
	}
	if s.cfg.STX {
		text[0] = 0x02
	}
	return text
}

// unit is what cannot be cut: a report arrives whole or not at all.
func (s *Scanner) unit() int {
	switch s.cfg.Input {
	case scanner.Report:
		return scanner.ReportSize
	case scanner.Keyboard:
		return 8
	}
	return 1
}

// chunk is how much is sent between two pauses.
func (s *Scanner) chunk() int {
	if s.cfg.Input == scanner.Keyboard {
		return s.unit()
	}
	return 16 // as a UART's buffer
}

func (s *Scanner) pause() time.Duration {
	switch {
	case s.cfg.Input == scanner.Keyboard:
		return s.cfg.KeyPause
	case s.cfg.Baud > 0:
		return time.Duration(s.chunk()) * bitsPerChar * time.Second / time.Duration(s.cfg.Baud)
	}
	return 0
}

func (s *Scanner) send(ctx context.Context, w io.Writer, b []byte, chunk int, pause time.Duration) error {
	if pause == 0 && s.cfg.Input != scanner.Keyboard {
		chunk = len(b)
	}
	for len(b) > 0 {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("scannertest: %w", err)
		}
		n := min(chunk, len(b))
		if _, err := w.Write(b[:n]); err != nil {
			return fmt.Errorf("scannertest: %w", err)
		}
		if b = b[n:]; len(b) > 0 && pause > 0 {
			time.Sleep(pause)
		}
	}
	return nil
}
