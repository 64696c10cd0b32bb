package ink

import (
	"image"

	"github.com/hajimehoshi/bitmapfont/v4"
	"golang.org/x/image/math/fixed"
)

// A character cell of font A: 12 by 24 dots. Wide characters take two.
const (
	CellWidth  = 12
	CellHeight = 24
)

const (
	em = 12 // height of a glyph in pixels of the face, before doubling
	// top is the row of the face, from the base line, that is the cell's first.
	top = -10
)

// Face remembers the glyphs it has drawn. Not safe for concurrent use; the
// zero value is ready. It forgets everything beyond maxGlyphs.
type Face struct {
	glyphs map[glyphKey]*Bitmap
}

type glyphKey struct {
	r     rune
	cells int
}

// maxGlyphs bounds a Face: more than a slip uses, less than a megabyte.
const maxGlyphs = 4096

// Glyph draws one character into cells (1 or 2) cells of 12 by 24 dots.
// Characters that are not in the face become a box.
func (f *Face) Glyph(r rune, cells int) *Bitmap {
	key := glyphKey{r, cells}
	if g, ok := f.glyphs[key]; ok {
		return g
	}
	if f.glyphs == nil || len(f.glyphs) >= maxGlyphs {
		f.glyphs = make(map[glyphKey]*Bitmap)
	}
	g := double(small(r, cells))
	f.glyphs[key] = g
	return g
}

// small is the glyph at 6 or 12 by 12 pixels.
func small(r rune, cells int) *Bitmap {
	b := NewBitmap(cells*CellWidth/2, em)
	face := bitmapfont.FaceSC
	if cells == 2 {
		face = bitmapfont.FaceSCEA
	}
	rect, mask, at, _, ok := face.Glyph(fixed.P(0, 0), r)
	if !ok {
		drawBox(b)
		return b
	}
	dots := NewBitmap(rect.Dx(), rect.Dy())
	first := paint(dots, mask, at)
	up := top - rect.Min.Y
	if first >= 0 && first < up { // an accent above the cell: move down rather than cut it off
		up = first
	}
	b.Draw(dots, max(0, (b.Width-rect.Dx())/2), -up, 1, 1)
	return b
}

// paint copies a mask and returns its first row with ink, or -1.
func paint(dots *Bitmap, mask image.Image, at image.Point) int {
	first := -1
	for y := range dots.Height {
		for x := range dots.Width {
			if _, _, _, a := mask.At(at.X+x, at.Y+y).RGBA(); a > 0x7FFF {
				dots.Set(x, y)
				if first < 0 {
					first = y
				}
			}
		}
	}
	return first
}

// drawBox draws what stands for a character that is not in the face.
func drawBox(b *Bitmap) {
	b.Fill(1, 1, b.Width-2, 1)
	b.Fill(1, b.Height-2, b.Width-2, 1)
	b.Fill(1, 1, 1, b.Height-2)
	b.Fill(b.Width-2, 1, 1, b.Height-2)
}

// double doubles a bitmap and rounds its corners (the Scale2x rule: a dot takes
// the colour of two equal neighbours at its corner).
func double(s *Bitmap) *Bitmap {
	d := NewBitmap(s.Width*2, s.Height*2)
	for y := range s.Height {
		for x := range s.Width {
			p := s.Black(x, y)
			a, b, c, l := s.Black(x, y-1), s.Black(x+1, y), s.Black(x, y+1), s.Black(x-1, y)
			e0, e1, e2, e3 := p, p, p, p
			if a != c && l != b {
				if l == a {
					e0 = l
				}
				if a == b {
					e1 = b
				}
				if l == c {
					e2 = l
				}
				if c == b {
					e3 = b
				}
			}
			for i, on := range [4]bool{e0, e1, e2, e3} {
				if on {
					d.Set(2*x+i&1, 2*y+i>>1)
				}
			}
		}
	}
	return d
}

// Look is how characters look.
type Look struct {
	Width, Height int // scale, 1 to 8
	Bold          bool
	Underline     int // thickness in dots
	Inverse       bool
}

// Char draws one character with its upper left corner at x, y and returns its
// width in dots. The ink stays inside its cell, but for one dot of bold.
func (f *Face) Char(b *Bitmap, r rune, cells, x, y int, look Look) int {
	width, height := cells*CellWidth*look.Width, CellHeight*look.Height
	g := f.Glyph(r, cells)
	b.Draw(g, x, y, look.Width, look.Height)
	if look.Bold {
		b.Draw(g, x+1, y, look.Width, look.Height)
	}
	if look.Underline > 0 && !look.Inverse {
		b.Fill(x, y+height-look.Underline, width, look.Underline)
	}
	if look.Inverse {
		b.Invert(x, y, width, height)
	}
	return width
}
