package paper

import (
	"image"
	"image/color"
	"image/png"
	"io"
)

// ImageOptions say how a sheet is shown; the zero value is black on white with
// the margins paper has.
type ImageOptions struct {
	// Bare leaves the margins out: the picture is the printable dots.
	Bare bool
	// Torn lays the paper on grey, with the teeth of the cutter at its ends.
	Torn bool
}

// The picture around the dots.
const (
	margin     = 32 // dots beside the print: 4 mm
	ends       = 24 // above and below
	desk       = 16 // grey around torn paper
	tooth      = 6  // height of a tooth
	cutDash    = 8
	minPicture = 8
)

// The colours: white, black, the mark of a cut, the desk.
var palette = color.Palette{color.Gray{0xFF}, color.Gray{0x00}, color.Gray{0xB0}, color.Gray{0xD8}}

const (
	white = iota
	black
	mark
	grey
)

// Image draws the sheet, one pixel a dot. Cuts inside it are dashed.
func (s *Sheet) Image(opt ImageOptions) *image.Paletted {
	side, end, around := margin, ends, 0
	if opt.Bare {
		side, end = 0, 0
	}
	if opt.Torn {
		around = desk
	}
	width, height := s.Width+2*side, max(s.Height+2*end, minPicture)
	img := image.NewPaletted(image.Rect(0, 0, width+2*around, height+2*around), palette)
	if around > 0 {
		lay(img, around, width, height)
	}
	bits, stride := s.bits, (s.Width+7)/8
	for y := range s.Height {
		row := img.Pix[(y+end+around)*img.Stride+side+around:]
		for x := range s.Width {
			if bits[y*stride+x>>3]&(0x80>>(x&7)) != 0 {
				row[x] = black
			}
		}
	}
	for _, c := range s.Cuts {
		if c.Row > 0 && c.Row < s.Height {
			dash(img.Pix[(c.Row+end+around)*img.Stride+around:][:width])
		}
	}
	return img
}

func dash(row []uint8) {
	for x := range row {
		if x/cutDash%2 == 0 && row[x] == white {
			row[x] = mark
		}
	}
}

// lay puts the paper on the desk and cuts teeth into its ends.
func lay(img *image.Paletted, around, width, height int) {
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	for y := range height {
		row := img.Pix[(y+around)*img.Stride+around:][:width]
		for x := range row {
			depth := x % (2 * tooth)
			depth = min(depth, 2*tooth-depth)
			if y >= depth && height-1-y >= depth {
				row[x] = white
			}
		}
	}
}

// WritePNG writes the image, of two bits a pixel.
func (s *Sheet) WritePNG(w io.Writer, opt ImageOptions) error {
	return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, s.Image(opt))
}
