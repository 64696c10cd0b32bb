package paper

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/transport/escpos/internal/ink"
)

// Printable widths in dots at 8 a millimetre.
const (
	Width58 = 384 // paper of 58 mm, 32 columns
	Width80 = 576 // paper of 80 mm, 48 columns
)

// Limits of a sheet.
const (
	// MaxWidth is wider than any till's paper.
	MaxWidth = 1024
	// MaxRows is five metres of paper, 5 MB at the greatest width.
	MaxRows = 40_000
	// maxLines bounds what is remembered of lines that move no paper.
	maxLines = MaxRows
)

// ErrEndOfPaper: the stream wanted more than MaxRows of paper.
var ErrEndOfPaper = errors.New("paper: the sheet is longer than five metres")

// Sheet is printed paper. It is the caller's.
type Sheet struct {
	Width  int // dots
	Height int // rows
	// Lines are the lines of text, empty ones included, from the top.
	Lines []Line
	// Codes are the bar codes and QR codes the printer drew by itself.
	Codes []Code
	// Cuts are where the paper was cut.
	Cuts []Cut
	// Pulses are the drawer pulses.
	Pulses []Pulse
	// Pictures counts raster and column images.
	Pictures int
	// Unknown counts bytes of commands that were not understood, and Unfinished
	// those of a command the stream ended in.
	Unknown, Unfinished int

	bits []byte // rows of (Width+7)/8 bytes
}

// Line is one printed line.
type Line struct {
	Row   int // of its first dots
	X     int // where it begins, in dots
	Align byte
	Spans []Span
}

// Span is a stretch of a line that looks the same.
type Span struct {
	Text                     string
	Width, Height            int // scale
	Bold, Underline, Inverse bool
	FontB                    bool
}

// Text is the line without its looks.
func (l Line) Text() string {
	var b strings.Builder
	for _, s := range l.Spans {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Code is a bar code or QR code.
type Code struct {
	Row  int
	Kind string // "QR", "EAN-13", ...
	Data string
}

// Cut is one cut.
type Cut struct {
	Row  int
	Full bool
}

// Pulse is one drawer pulse.
type Pulse struct {
	Row     int
	Pin     int // 2 or 5
	On, Off time.Duration
}

// Text is what the sheet says, one line each: codes in brackets, pictures left
// out, indented as it stands on the paper, spaces at the ends and empty lines at
// the bottom removed.
func (s *Sheet) Text() string {
	type entry struct {
		row  int
		text string
	}
	var all []entry
	for _, l := range s.Lines {
		all = append(all, entry{l.Row, strings.TrimRight(strings.Repeat(" ", l.X/ink.CellWidth)+l.Text(), " ")})
	}
	for _, c := range s.Codes {
		all = append(all, entry{c.Row, fmt.Sprintf("[%s %s]", c.Kind, printable(c.Data))})
	}
	slices.SortStableFunc(all, func(a, b entry) int { return a.row - b.row })
	for len(all) > 0 && all[len(all)-1].text == "" {
		all = all[:len(all)-1]
	}
	var b strings.Builder
	for _, e := range all {
		b.WriteString(e.text)
		b.WriteByte('\n')
	}
	return b.String()
}

// printable keeps control characters of a code out of the text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7F {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// Black reports a dot.
func (s *Sheet) Black(x, y int) bool { return s.bitmap().Black(x, y) }

func (s *Sheet) bitmap() *ink.Bitmap {
	return &ink.Bitmap{Width: s.Width, Height: s.Height, Stride: (s.Width + 7) / 8, Bits: s.bits}
}

// grow lengthens the paper to height rows, or as far as it goes.
func (s *Sheet) grow(height int) bool {
	ok := height <= MaxRows
	height = min(height, MaxRows)
	if height > s.Height {
		stride := (s.Width + 7) / 8
		if more := height*stride - len(s.bits); more > 0 {
			s.bits = slices.Grow(s.bits, more)[:height*stride]
		}
		s.Height = height
	}
	return ok
}

// Draw prints a whole stream on one strip of paper, widthDots wide (8 to
// MaxWidth). A line the stream does not end is printed too.
//
// Errors: ErrEndOfPaper, with the sheet as far as it goes.
func Draw(widthDots int, stream []byte) (*Sheet, error) {
	h := NewHead(Config{Width: widthDots})
	for len(stream) > 0 && !h.full {
		n, _ := h.Step(stream)
		if n == 0 {
			break
		}
		stream = stream[n:]
	}
	h.flush()
	full := h.full
	s := h.Take()
	if full {
		return s, ErrEndOfPaper
	}
	s.Unfinished = len(stream)
	return s, nil
}
