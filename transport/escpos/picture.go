package escpos

import (
	"errors"
	"fmt"
	"image"
	"unicode/utf8"

	"github.com/openecr/openecr/transport/escpos/internal/ink"
)

// bandRows is how many rows of a picture are sent at once: a line's height, so
// that printing can pause and small buffers are enough.
const bandRows = 24

// Dither says how grey becomes black and white.
type Dither int

// Ways. FloydSteinberg suits photographs, Threshold drawings and text.
const (
	FloydSteinberg Dither = iota
	Threshold
)

// ImageOptions are the looks of an image; the zero value dithers it and scales
// it only where it is wider than the paper.
type ImageOptions struct {
	Dither Dither
	Width  int // dots; 0 keeps the image's, and the paper's is the limit
	Align  Align
}

// Limits of an image: what a till prints is a logo.
const (
	maxImageSide = 8192 // pixels of the source
	maxImageRows = 2400 // dots on paper, 30 cm
)

// ErrImage: the image is empty or too large; the message says which limit.
var ErrImage = errors.New("escpos: image cannot be printed")

// Image prints an image, transparent as white, scaled down to fit.
// Errors: ErrImage.
func (b *Builder) Image(img image.Image, opt ImageOptions) {
	if b.err != nil {
		return
	}
	size := img.Bounds().Size()
	if size.X <= 0 || size.Y <= 0 || size.X > maxImageSide || size.Y > maxImageSide {
		b.err = fmt.Errorf("%w: %d by %d pixels; up to %d are allowed", ErrImage, size.X, size.Y, maxImageSide)
		return
	}
	width := opt.Width
	if width <= 0 {
		width = size.X
	}
	width = min(width, b.profile.Dots)
	height := max(1, size.Y*width/size.X)
	if height > maxImageRows {
		b.err = fmt.Errorf("%w: it would be %d dots high; up to %d are allowed", ErrImage, height, maxImageRows)
		return
	}
	gray := shrink(img, width, height)
	var bitmap *ink.Bitmap
	if opt.Dither == Threshold {
		bitmap = threshold(gray)
	} else {
		bitmap = floydSteinberg(gray)
	}
	if err := b.picture(bitmap, opt.Align); err != nil {
		b.err = fmt.Errorf("%w: %w", ErrImage, err)
	}
}

// shrink averages the pixels behind each dot.
func shrink(img image.Image, width, height int) *image.Gray {
	r := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		y0 := r.Min.Y + y*r.Dy()/height
		y1 := max(y0+1, r.Min.Y+(y+1)*r.Dy()/height)
		for x := range width {
			x0 := r.Min.X + x*r.Dx()/width
			x1 := max(x0+1, r.Min.X+(x+1)*r.Dx()/width)
			sum, n := uint64(0), uint64(0)
			for sy := y0; sy < y1; sy++ {
				for sx := x0; sx < x1; sx++ {
					sum += lightness(img, sx, sy)
					n++
				}
			}
			out.Pix[y*out.Stride+x] = uint8(sum / n >> 8)
		}
	}
	return out
}

// lightness is a pixel on white paper, 0 to FFFF.
func lightness(img image.Image, x, y int) uint64 {
	if g, ok := img.(*image.Gray); ok {
		return uint64(g.GrayAt(x, y).Y) * 0x101
	}
	r, g, b, a := img.At(x, y).RGBA()
	return (uint64(r)*299+uint64(g)*587+uint64(b)*114)/1000 + 0xFFFF - uint64(a)
}

func threshold(g *image.Gray) *ink.Bitmap {
	b := ink.NewBitmap(g.Rect.Dx(), g.Rect.Dy())
	for y := range b.Height {
		for x := range b.Width {
			if g.Pix[y*g.Stride+x] < 0x80 {
				b.Set(x, y)
			}
		}
	}
	return b
}

// floydSteinberg passes each dot's error to its neighbours: 7, 3, 5 and 1
// sixteenths.
func floydSteinberg(g *image.Gray) *ink.Bitmap {
	b := ink.NewBitmap(g.Rect.Dx(), g.Rect.Dy())
	now, next := make([]int, b.Width+2), make([]int, b.Width+2)
	for y := range b.Height {
		for x := range b.Width {
			v := int(g.Pix[y*g.Stride+x]) + now[x+1]/16
			e := v - 0xFF
			if v < 0x80 {
				b.Set(x, y)
				e = v
			}
			now[x+2] += e * 7
			next[x] += e * 3
			next[x+1] += e * 5
			next[x+2] += e
		}
		now, next = next, now
		clear(next)
	}
	return b
}

// errNoPictures is what a printer without raster says.
var errNoPictures = fmt.Errorf("the printer takes no pictures: %w", errors.ErrUnsupported)

// picture sends a bitmap in bands (GS v 0). Its place in the line is in the
// picture itself: not every printer aligns pictures.
func (b *Builder) picture(p *ink.Bitmap, align Align) error {
	if b.profile.NoPictures {
		return errNoPictures
	}
	offset := 0
	switch align {
	case Center:
		offset = max(0, (b.profile.Dots-p.Width)/2)
	case Right:
		offset = max(0, b.profile.Dots-p.Width)
	}
	b.setStyle(Style{}.normal())
	shifted := p
	if offset > 0 {
		shifted = ink.NewBitmap(min(offset+p.Width, b.profile.Dots), p.Height)
		shifted.Draw(p, offset, 0, 1, 1)
	}
	for y := 0; y < p.Height; y += bandRows {
		b.band(shifted, y, min(bandRows, p.Height-y))
	}
	return nil
}

// band sends some rows. Bytes that would be a real-time command get one dot
// more: 10 becomes 18, which no eye and no scanner sees.
func (b *Builder) band(p *ink.Bitmap, y, rows int) {
	b.out = append(b.out, 0x1D, 0x76, 0x30, 0x00, byte(p.Stride), byte(p.Stride>>8), byte(rows), byte(rows>>8))
	data := len(b.out)
	b.out = append(b.out, p.Bits[y*p.Stride:(y+rows)*p.Stride]...)
	for i := data; i < len(b.out)-1; i++ {
		if realTime(b.out[i : i+2]) {
			b.out[i] = 0x18
		}
	}
	b.end()
}

// lineGap is the white below a line of characters: lines are 30 dots apart.
const lineGap = 6

// drawLine prints a line as a picture, because it holds characters the printer
// has not.
func (b *Builder) drawLine(style Style, text string) {
	cells := 0
	for _, r := range text {
		cells += runeCells(r)
	}
	p := ink.NewBitmap(min(cells*ink.CellWidth*style.Width, b.profile.Dots), ink.CellHeight*style.Height+lineGap)
	look := ink.Look{Width: style.Width, Height: style.Height, Bold: style.Bold, Inverse: style.Inverse}
	if style.Underline {
		look.Underline = 1
	}
	x := 0
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		x += b.face.Char(p, r, runeCells(r), x, 0, look)
		text = text[n:]
	}
	if err := b.picture(p, style.Align); err != nil && b.err == nil {
		b.err = err
	}
}
