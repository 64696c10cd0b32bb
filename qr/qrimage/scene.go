package qrimage

import (
	"errors"
	"fmt"
	"image"
	"strings"
	"unicode"

	"github.com/hajimehoshi/bitmapfont/v4"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// Place is what a kept code is for: each its own code, so that the shop sees where a
// payment came from.
type Place string

// Places.
const (
	Store Place = "store" // 商铺码: the counter
	Table Place = "table" // 桌码: one table
	Event Place = "event" // 活动码: a campaign
)

// titles stand above the code.
var titles = map[Place][2]string{
	Store: {"Scan to pay", "扫码付款"}, Table: {"Scan to order and pay", "扫码点单付款"}, Event: {"Scan to join", "扫码参加活动"},
}

// Scene is a code that is kept and hung up.
type Scene struct {
	Place Place
	Text  string // what the code holds, such as the wallet's link for this place
	// Caption stands below the code, such as the shop's name and "Table 7"; at most
	// MaxCaption lines. Long ones are cut with an ellipsis.
	Caption []string
	// Title stands above it; "" is the place's own, in Chinese with Chinese.
	Title   string
	Chinese bool
	// Logo is drawn black and white in the middle, on a white square of at most a
	// tenth of the code, which is then of level H. nil leaves it out, and the level M.
	Logo image.Image
}

// MaxCaption is how many lines fit below a code.
const MaxCaption = 4

// ErrScene: a scene contradicts itself; the message says how.
var ErrScene = errors.New("qrimage: scene cannot be drawn")

// Sizes of a scene, in modules unless it says dots.
const (
	logoShare  = 0.30 // side of the logo's square to that of the code: 9 % of the area
	textHeight = 16   // dots of the font
	margin     = 8    // dots above and below text
)

// Draw draws the scene for paper or a picture of so many dots, and checks that it
// can be read. Errors: ErrScene, ErrTooLong, ErrTooFine, ErrPicture.
func (s Scene) Draw(width int) (*Bitmap, error) {
	title, ok := titles[s.Place]
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: place %q is none of store, table and event", ErrScene, s.Place)
	case len(s.Caption) > MaxCaption:
		return nil, fmt.Errorf("%w: %d lines below the code; %d fit", ErrScene, len(s.Caption), MaxCaption)
	case width > MaxSide:
		return nil, fmt.Errorf("%w: %d dots wide; up to %d", ErrScene, width, MaxSide)
	}
	o := Options{Kept: true}
	if s.Logo != nil {
		o.Level = H
	}
	m, err := Encode(s.Text, o)
	if err != nil {
		return nil, err
	}
	dots, err := m.sceneDots(width)
	if err != nil {
		return nil, err
	}
	head := s.Title
	if head == "" {
		head = title[0]
		if s.Chinese {
			head = title[1]
		}
	}
	return s.compose(m, dots, width, head)
}

// sceneDots is paperDots without the upper limit: kept codes fill their width.
func (m *Matrix) sceneDots(width int) (int, error) {
	if _, err := m.paperDots(width); err != nil {
		return 0, err
	}
	return min(width/(m.Size+2*QuietZone), maxScale), nil
}

func (s Scene) compose(m *Matrix, dots, width int, head string) (*Bitmap, error) {
	code := m.Raster(dots)
	if s.Logo != nil {
		if err := s.logo(code, m.Size*dots); err != nil {
			return nil, err
		}
	}
	scale := max(1, width/288) // 12 characters of Chinese a line at the least
	line := textHeight*scale + margin
	out := newBitmap(width, line+margin+code.Height+line*len(s.Caption)+margin)
	writeLine(out, head, margin, scale)
	left, top := (width-code.Width)/2, line+margin
	for y := range code.Height {
		for x := range code.Width {
			if code.Black(x, y) {
				out.fill(left+x, top+y, 1, 1, true)
			}
		}
	}
	for i, caption := range s.Caption {
		writeLine(out, caption, top+code.Height+i*line, scale)
	}
	report, err := Check(out, CheckOptions{Want: s.Text})
	if err != nil {
		return nil, err
	}
	if !report.Ready {
		return nil, fmt.Errorf("%w: %s", ErrScene, strings.TrimSpace(report.Words("en")))
	}
	return out, nil
}

// logo draws the logo into the middle of a code of side dots.
func (s Scene) logo(code *Bitmap, side int) error {
	r := s.Logo.Bounds()
	if r.Empty() || r.Dx() > MaxSide || r.Dy() > MaxSide {
		return fmt.Errorf("%w: the logo is %d by %d pixels", ErrScene, r.Dx(), r.Dy())
	}
	box := int(float64(side) * logoShare)
	corner := (code.Width - box) / 2
	code.fill(corner, corner, box, box, false)
	inner := box * 4 / 5
	w, h := inner, inner*r.Dy()/r.Dx()
	if h > inner {
		w, h = inner*r.Dx()/r.Dy(), inner
	}
	for y := range h {
		for x := range w {
			at := s.Logo.At(r.Min.X+x*r.Dx()/w, r.Min.Y+y*r.Dy()/h)
			if lightness(at) < 0x80 {
				code.fill((code.Width-w)/2+x, (code.Height-h)/2+y, 1, 1, true)
			}
		}
	}
	return nil
}

// writeLine draws one centred line.
func writeLine(b *Bitmap, text string, top, scale int) {
	runes := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text))
	for advance(runes)*scale > b.Width && len(runes) > 1 {
		runes = append(runes[:len(runes)-2], '…')
	}
	x := max(0, (b.Width-advance(runes)*scale)/2)
	face := bitmapfont.FaceSC
	ascent := face.Metrics().Ascent.Ceil()
	for _, r := range runes {
		box, mask, from, _, ok := face.Glyph(fixed.P(0, ascent), r)
		if ok {
			for y := range box.Dy() {
				for gx := range box.Dx() {
					if _, _, _, a := mask.At(from.X+gx, from.Y+y).RGBA(); a >= 0x8000 {
						b.fill(x+(box.Min.X+gx)*scale, top+(box.Min.Y+y)*scale, scale, scale, true)
					}
				}
			}
		}
		w, _ := face.GlyphAdvance(r)
		x += w.Ceil() * scale
	}
}

func advance(runes []rune) int { return font.MeasureString(bitmapfont.FaceSC, string(runes)).Ceil() }
