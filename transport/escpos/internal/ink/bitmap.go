package ink

import "math/bits"

// Bitmap is dots in rows of whole bytes, the most significant bit left, 1 is
// black: the form in which printers want pictures.
type Bitmap struct {
	Width, Height int
	Stride        int // bytes a row
	Bits          []byte
}

// NewBitmap makes a white one. Sizes below zero are zero.
func NewBitmap(width, height int) *Bitmap {
	width, height = max(width, 0), max(height, 0)
	stride := (width + 7) / 8
	return &Bitmap{Width: width, Height: height, Stride: stride, Bits: make([]byte, stride*height)}
}

// Black reports a dot; everything outside is white.
func (b *Bitmap) Black(x, y int) bool {
	if x < 0 || y < 0 || x >= b.Width || y >= b.Height {
		return false
	}
	return b.Bits[y*b.Stride+x>>3]&(0x80>>(x&7)) != 0
}

// Set blackens a dot; dots outside are ignored.
func (b *Bitmap) Set(x, y int) {
	if x < 0 || y < 0 || x >= b.Width || y >= b.Height {
		return
	}
	b.Bits[y*b.Stride+x>>3] |= 0x80 >> (x & 7)
}

// Fill blackens a rectangle, clipped.
func (b *Bitmap) Fill(x, y, width, height int) {
	x1, y1 := min(x+width, b.Width), min(y+height, b.Height)
	for y := max(y, 0); y < y1; y++ {
		for x := max(x, 0); x < x1; x++ {
			b.Bits[y*b.Stride+x>>3] |= 0x80 >> (x & 7)
		}
	}
}

// Invert exchanges black and white inside a rectangle, clipped.
func (b *Bitmap) Invert(x, y, width, height int) {
	x1, y1 := min(x+width, b.Width), min(y+height, b.Height)
	for y := max(y, 0); y < y1; y++ {
		for x := max(x, 0); x < x1; x++ {
			b.Bits[y*b.Stride+x>>3] ^= 0x80 >> (x & 7)
		}
	}
}

// Draw adds the dots of src, scaled by whole factors, at x, y.
func (b *Bitmap) Draw(src *Bitmap, x, y, scaleX, scaleY int) {
	for sy := range src.Height {
		row := src.Bits[sy*src.Stride : (sy+1)*src.Stride]
		for i, v := range row {
			for v != 0 {
				lead := bits.LeadingZeros8(v)
				v &^= 0x80 >> lead
				sx := i*8 + lead
				if scaleX == 1 && scaleY == 1 {
					b.Set(x+sx, y+sy)
				} else {
					b.Fill(x+sx*scaleX, y+sy*scaleY, scaleX, scaleY)
				}
			}
		}
	}
}
