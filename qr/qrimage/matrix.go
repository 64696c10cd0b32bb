package qrimage

import (
	"errors"
	"fmt"

	"rsc.io/qr"
	"rsc.io/qr/coding"
)

// Level is the error correction of a code.
type Level int

// Levels; the zero value, M, suits screens and paper.
const (
	M Level = iota
	L
	Q
	H
)

// String returns the letter.
func (l Level) String() string {
	if l < M || l > H {
		return fmt.Sprintf("Level(%d)", int(l))
	}
	return [...]string{"M", "L", "Q", "H"}[l]
}

// ParseLevel reads a letter.
func ParseLevel(s string) (Level, error) {
	for l := M; l <= H; l++ {
		if l.String() == s {
			return l, nil
		}
	}
	return 0, fmt.Errorf("qrimage: level %q is none of L, M, Q and H", s)
}

func (l Level) coding() (coding.Level, error) {
	if l < M || l > H {
		return 0, fmt.Errorf("qrimage: %s is none of L, M, Q and H", l)
	}
	return [...]coding.Level{coding.M, coding.L, coding.Q, coding.H}[l], nil
}

// Options say how a text becomes a code.
type Options struct {
	Level Level
	// Kept tries all eight masks and takes the one scanners like best (ISO/IEC
	// 18004, 7.8.3). It takes ten times as long: for codes that are printed once
	// and hang on the wall.
	Kept bool
}

// QuietZone is the white frame a code needs, in modules (ISO/IEC 18004, 6.3.8).
const QuietZone = 4

// What can be wrong with a code.
var (
	ErrTooLong = errors.New("qrimage: the text is too long for a QR code of this level")
	ErrEmpty   = errors.New("qrimage: there is no text to encode")
	ErrTooFine = errors.New("qrimage: the code is too fine for this paper: shorten the text, lower the level or take wider paper")
)

// Matrix is a code without size: its modules, and no quiet zone.
type Matrix struct {
	Size  int // modules a side
	Level Level
	bits  Bitmap
}

// Version is the code's, 1 to 40.
func (m *Matrix) Version() int { return (m.Size - 17) / 4 }

// Black reports a module; outside all is white.
func (m *Matrix) Black(x, y int) bool { return m.bits.Black(x, y) }

// Encode makes a code of the smallest version that holds the text. Text beyond
// ASCII is UTF-8, as every wallet reads it. Errors: ErrTooLong, ErrEmpty.
func Encode(text string, o Options) (*Matrix, error) {
	level, err := o.Level.coding()
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, ErrEmpty
	}
	code, err := qr.Encode(text, qr.Level(level))
	if err != nil {
		return nil, fmt.Errorf("%w %s: %d bytes", ErrTooLong, o.Level, len(text))
	}
	m := &Matrix{Size: code.Size, Level: o.Level, bits: Bitmap{Width: code.Size, Height: code.Size, Stride: code.Stride, Bits: code.Bitmap}}
	if o.Kept {
		return m.bestMask(text, level)
	}
	return m, nil
}

// masks there are.
const masks = 8

func (m *Matrix) bestMask(text string, level coding.Level) (*Matrix, error) {
	best, least := m, m.penalty()
	var enc coding.Encoding = coding.String(text)
	if coding.Alpha(text).Check() == nil {
		enc = coding.Alpha(text)
	}
	if coding.Num(text).Check() == nil {
		enc = coding.Num(text)
	}
	for mask := coding.Mask(1); mask < masks; mask++ {
		plan, err := coding.NewPlan(coding.Version(m.Version()), level, mask)
		if err != nil {
			return nil, fmt.Errorf("qrimage: %w", err)
		}
		code, err := plan.Encode(enc)
		if err != nil {
			return nil, fmt.Errorf("qrimage: %w", err)
		}
		other := &Matrix{Size: code.Size, Level: m.Level, bits: Bitmap{Width: code.Size, Height: code.Size, Stride: code.Stride, Bits: code.Bitmap}}
		if p := other.penalty(); p < least {
			best, least = other, p
		}
	}
	return best, nil
}

// penalty is what ISO/IEC 18004, 7.8.3.1 counts against a mask: long runs,
// blocks, what looks like a finder, and uneven black and white.
func (m *Matrix) penalty() int {
	sum, black := 0, 0
	for i := range m.Size {
		sum += m.runs(func(j int) bool { return m.Black(j, i) }) + m.runs(func(j int) bool { return m.Black(i, j) })
		for j := range m.Size {
			b := m.Black(i, j)
			if b {
				black++
			}
			if i+1 < m.Size && j+1 < m.Size && b == m.Black(i+1, j) && b == m.Black(i, j+1) && b == m.Black(i+1, j+1) {
				sum += 3
			}
		}
	}
	off := 100*black/(m.Size*m.Size) - 50
	return sum + max(off, -off)/5*10
}

// runs counts one line: three and more for five alike, forty for 1011101 with
// four white modules beside it.
func (m *Matrix) runs(at func(int) bool) int {
	const left, right = 0b00001011101, 0b10111010000
	sum, run, window := 0, 0, 0
	for j := range m.Size {
		if j > 0 && at(j) == at(j-1) {
			run++
		} else {
			run = 1
		}
		switch {
		case run == 5:
			sum += 3
		case run > 5:
			sum++
		}
		window = window << 1 & 0x7FF
		if at(j) {
			window |= 1
		}
		if j >= 10 && (window == left || window == right) {
			sum += 40
		}
	}
	return sum
}
