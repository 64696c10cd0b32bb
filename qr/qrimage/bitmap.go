package qrimage

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
)

// Bitmap is dots in rows of whole bytes, the most significant bit left, 1 is
// black: what printers want. It is an image.Image.
type Bitmap struct {
	Width, Height int
	Stride        int // bytes a row
	Bits          []byte
}

var _ image.Image = (*Bitmap)(nil)

// newBitmap makes a white one.
func newBitmap(width, height int) *Bitmap {
	stride := (width + 7) / 8
	return &Bitmap{Width: width, Height: height, Stride: stride, Bits: make([]byte, stride*height)}
}

// Black reports a dot; outside all is white.
func (b *Bitmap) Black(x, y int) bool {
	return x >= 0 && y >= 0 && x < b.Width && y < b.Height && b.Bits[y*b.Stride+x>>3]&(0x80>>(x&7)) != 0
}

// fill makes a rectangle, clipped, black or white.
func (b *Bitmap) fill(x, y, width, height int, black bool) {
	x1, y1 := min(x+width, b.Width), min(y+height, b.Height)
	for y := max(y, 0); y < y1; y++ {
		for x := max(x, 0); x < x1; x++ {
			if bit := byte(0x80) >> (x & 7); black {
				b.Bits[y*b.Stride+x>>3] |= bit
			} else {
				b.Bits[y*b.Stride+x>>3] &^= bit
			}
		}
	}
}

// ColorModel is grey.
func (b *Bitmap) ColorModel() color.Model { return color.GrayModel }

// Bounds begin at 0, 0.
func (b *Bitmap) Bounds() image.Rectangle { return image.Rect(0, 0, b.Width, b.Height) }

// At returns black or white.
func (b *Bitmap) At(x, y int) color.Color {
	if b.Black(x, y) {
		return color.Gray{}
	}
	return color.Gray{Y: 0xFF}
}

// PNG writes the dots as a PNG of two colours.
func (b *Bitmap) PNG(w io.Writer) error {
	p := image.NewPaletted(b.Bounds(), color.Palette{color.White, color.Black})
	for y := range b.Height {
		for x := range b.Width {
			if b.Black(x, y) {
				p.Pix[y*p.Stride+x] = 1
			}
		}
	}
	return png.Encode(w, p)
}

// Terminal writes the dots as half blocks, two a character, white on a dark
// terminal and black on a light one, if both colours are set as here (SGR 30 and 107). No
// colours leaves the sequences out: for dark terminals, or logs.
func (b *Bitmap) Terminal(w io.Writer, colours bool) error {
	out := bufio.NewWriter(w)
	for y := 0; y < b.Height; y += 2 {
		if colours {
			out.WriteString("\x1b[30;107m")
		}
		for x := range b.Width {
			up, down := b.Black(x, y), b.Black(x, y+1)
			if !colours { // ink is light here
				up, down = !up, !down && y+1 < b.Height
			}
			out.WriteString(halves[[2]bool{up, down}])
		}
		if colours {
			out.WriteString("\x1b[0m")
		}
		out.WriteByte('\n')
	}
	return out.Flush()
}

var halves = map[[2]bool]string{{false, false}: " ", {true, false}: "▀", {false, true}: "▄", {true, true}: "█"}

// Printable widths of thermal paper in dots, 8 a millimetre.
const (
	Width58 = 384
	Width80 = 576
)

// Sizes of a module in dots.
const (
	// MinDots is the finest that prints well on a thermal head, half a
	// millimetre (DENSO, QR code printing).
	MinDots = 4
	// MaxDots keeps short codes from filling the paper: 2 mm.
	MaxDots = 16
)

// maxScale bounds a picture: version 40 at 64 is 11,840 dots a side, 17 MB.
const maxScale = 64

// Raster draws the code with modules of whole dots, 1 to 64, and its quiet zone.
func (m *Matrix) Raster(dots int) *Bitmap {
	dots = min(max(dots, 1), maxScale)
	side := (m.Size + 2*QuietZone) * dots
	b := newBitmap(side, side)
	for y := range m.Size {
		top := (y + QuietZone) * dots
		row := b.Bits[top*b.Stride : (top+1)*b.Stride]
		for x := 0; x < m.Size; x++ {
			if !m.Black(x, y) {
				continue
			}
			end := x + 1
			for end < m.Size && m.Black(end, y) {
				end++
			}
			blacken(row, (x+QuietZone)*dots, (end+QuietZone)*dots)
			x = end
		}
		for line := top + 1; line < top+dots; line++ {
			copy(b.Bits[line*b.Stride:], row)
		}
	}
	return b
}

// blacken sets the dots of a row from x0 up to x1, which is after x0.
func blacken(row []byte, x0, x1 int) {
	first, last := x0>>3, (x1-1)>>3
	head, tail := byte(0xFF)>>(x0&7), byte(0xFF)<<(7-(x1-1)&7)
	if first == last {
		row[first] |= head & tail
		return
	}
	row[first] |= head
	for i := first + 1; i < last; i++ {
		row[i] = 0xFF
	}
	row[last] |= tail
}

// Paper draws the code as large as paper of so many dots holds it, up to MaxDots
// a module. Errors: ErrTooFine below MinDots.
func (m *Matrix) Paper(width int) (*Bitmap, error) {
	dots, err := m.paperDots(width)
	if err != nil {
		return nil, err
	}
	return m.Raster(dots), nil
}

func (m *Matrix) paperDots(width int) (int, error) {
	dots := min(width/(m.Size+2*QuietZone), MaxDots)
	if dots < MinDots {
		return 0, fmt.Errorf("%w: %d modules on %d dots", ErrTooFine, m.Size+2*QuietZone, width)
	}
	return dots, nil
}

// PNG writes the code with modules of so many pixels.
func (m *Matrix) PNG(w io.Writer, pixels int) error { return m.Raster(pixels).PNG(w) }

// Terminal writes the code as half blocks; see Bitmap.Terminal.
func (m *Matrix) Terminal(w io.Writer, colours bool) error { return m.Raster(1).Terminal(w, colours) }

// SVG writes the code as one path, sharp at every size; a module is one unit,
// millimetres is the width of the whole with its quiet zone, 0 leaves it to the
// page.
func (m *Matrix) SVG(w io.Writer, millimetres float64) error {
	side := m.Size + 2*QuietZone
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"`, side, side)
	if millimetres > 0 {
		fmt.Fprintf(&b, ` width="%gmm" height="%gmm"`, millimetres, millimetres)
	}
	fmt.Fprintf(&b, ` shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, side, side)
	for y := range m.Size {
		for x := 0; x < m.Size; x++ {
			if !m.Black(x, y) {
				continue
			}
			end := x
			for end < m.Size && m.Black(end, y) {
				end++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+QuietZone, y+QuietZone, end-x, end-x)
			x = end
		}
	}
	b.WriteString("\"/></svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}
