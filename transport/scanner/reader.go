package scanner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/openecr/openecr/internal/ctxwatch"
	"github.com/openecr/openecr/transport"
)

// Input says what a connection carries.
type Input int

// Inputs.
const (
	// Line is a serial line or virtual COM port.
	Line Input = iota
	// Report is a raw HID POS scanner (usage page 8C), such as /dev/hidraw0.
	Report
	// Keyboard is the raw reports of a keyboard, such as /dev/hidraw0; take the
	// device away from the desktop, or it types there too.
	Keyboard
)

// Config says how a scanner is read. The zero value reads lines that end in
// Enter from a scanner called "scanner".
type Config struct {
	// Source names the scanner in each Scan; empty is "scanner".
	Source string
	Input  Input
	Format Format

	// ReportSize is the size of keyboard reports: 8, the default, or 9 where a
	// report id comes first. Other inputs have a fixed size.
	ReportSize int
	// KeyGap separates typing from scanning; 0 means DefaultKeyGap.
	KeyGap time.Duration
	// MinKeys is the shortest code of a keyboard; 0 means DefaultMinKeys.
	MinKeys int
	// Typed gets what was typed by hand on the same keyboard; nil drops it. It
	// is called from Next and must not wait.
	Typed func(keys []byte)
}

// DefaultSource is the name of a scanner that got none.
const DefaultSource = "scanner"

// decoder turns bytes as read into items.
type decoder interface {
	add(p []byte, at time.Time)
	quiet()
	pending() bool
	wait() time.Duration
	next() (item, bool)
}

const (
	readChunk = 1 << 10
	// confirmSilence is one more look before a line counts as quiet: a program
	// that was not scheduled for a while finds its deadline passed and the
	// rest of the code waiting.
	confirmSilence = 5 * time.Millisecond
)

// Reader reads one scanner. Next is for one goroutine at a time.
type Reader struct {
	conn transport.Conn
	cfg  Config
	dec  decoder
	buf  []byte
	last time.Time // of the last byte
}

// NewReader reads from c, which it owns from now on.
func NewReader(c transport.Conn, cfg Config) *Reader {
	if cfg.Source == "" {
		cfg.Source = DefaultSource
	}
	if cfg.ReportSize < bootReport {
		cfg.ReportSize = bootReport
	}
	r := &Reader{conn: c, cfg: cfg, buf: make([]byte, readChunk)}
	switch cfg.Input {
	case Report:
		r.dec = &reports{format: cfg.Format}
	case Keyboard:
		r.dec = newKeyboard(cfg)
	default:
		r.dec = &lineDecoder{Splitter: Splitter{Format: cfg.Format}}
	}
	return r
}

// Close closes the connection and ends a Next that waits.
func (r *Reader) Close() error { return r.conn.Close() }

// Next waits for the next scan.
//
// Errors are *SourceError: those matching ErrDamaged concern one scan, and the next Next goes
// on; the context's, after which Next may be called again and nothing is lost;
// anything else is the end of the connection.
func (r *Reader) Next(ctx context.Context) (Scan, error) {
	unwatch := ctxwatch.Watch(ctx, func() { r.conn.SetReadDeadline(ctxwatch.Past) })
	defer unwatch()
	for {
		if scan, err, ok := r.take(); ok {
			return scan, err
		}
		if err := r.fill(ctx); err != nil {
			return Scan{}, r.failed(err)
		}
	}
}

func (r *Reader) failed(err error) error { return &SourceError{Source: r.cfg.Source, Err: err} }

// SourceError is trouble with one scanner.
type SourceError struct {
	Source string
	Err    error
}

// Error names the scanner.
func (e *SourceError) Error() string { return "scanner " + clean(e.Source) + ": " + e.Err.Error() }

// Unwrap returns the cause: ErrDamaged, or what ended the connection.
func (e *SourceError) Unwrap() error { return e.Err }

// fill reads once, or finds the line quiet.
func (r *Reader) fill(ctx context.Context) error {
	var until time.Time
	if r.dec.pending() {
		until = time.Now().Add(r.dec.wait())
	}
	n, err := r.read(ctx, until)
	if n == 0 && ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded) && !until.IsZero() {
		n, err = r.read(ctx, time.Now().Add(confirmSilence))
		if n == 0 && ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded) {
			r.dec.quiet()
			return nil
		}
	}
	if n > 0 {
		r.last = time.Now()
		r.dec.add(r.buf[:n], r.last)
		clear(r.buf[:n])
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil // left by an earlier context
	}
	return err
}

func (r *Reader) read(ctx context.Context, until time.Time) (int, error) {
	if err := r.conn.SetReadDeadline(until); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err // or the deadline just set would hide it
	}
	return r.conn.Read(r.buf)
}

// take turns what the decoder found into a scan.
func (r *Reader) take() (Scan, error, bool) {
	for {
		it, ok := r.dec.next()
		switch {
		case !ok:
			return Scan{}, nil, false
		case it.typed != nil:
			if r.cfg.Typed != nil {
				r.cfg.Typed(it.typed)
			}
		case it.err != nil:
			return Scan{}, r.failed(it.err), true
		default:
			scan, err := r.scan(it)
			clear(it.data)
			return scan, err, true
		}
	}
}

func (r *Reader) scan(it item) (Scan, error) {
	s := Scan{Source: r.cfg.Source, Raw: NewCode(it.data), At: r.last}
	data, ok := bytes.CutPrefix(it.data, []byte(r.cfg.Format.Prefix))
	if !ok {
		return Scan{}, r.failed(fmt.Errorf("%w: the prefix is missing", ErrNoise))
	}
	if r.cfg.Format.AIM != AIMNever {
		id, symbology, rest, found := ParseAIM(append([]byte(it.aim), data...))
		if !found && r.cfg.Format.AIM == AIMRequired {
			return Scan{}, r.failed(fmt.Errorf("%w: the AIM identifier is missing", ErrNoise))
		}
		if found {
			s.AIM, s.Symbology, data = id, symbology, rest
		}
	}
	if len(data) == 0 {
		return Scan{}, r.failed(fmt.Errorf("%w: no data", ErrNoise))
	}
	s.Data = NewCode(data)
	return s, nil
}

// lineDecoder is a Splitter as a decoder.
type lineDecoder struct {
	Splitter
	ended []item
}

func (l *lineDecoder) add(p []byte, _ time.Time) { l.Add(p) }
func (l *lineDecoder) pending() bool             { return l.Pending() }
func (l *lineDecoder) wait() time.Duration       { return l.Format.patience() }

func (l *lineDecoder) quiet() {
	if line, err, ok := l.Quiet(); ok {
		l.ended = append(l.ended, item{data: line, err: err})
	}
}

func (l *lineDecoder) next() (item, bool) {
	if it, ok := pop(&l.ended); ok {
		return it, true
	}
	line, err, ok := l.Next()
	return item{data: line, err: err}, ok
}

// clean is a name as it may stand in a message.
func clean(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return '?'
		}
		return r
	}, name)
}
