package qrimage

import (
	"image"
	"image/color"
	"math"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

// gray is a picture as a scanner sees it, on white.
type gray struct {
	width, height int
	pix           []byte
}

func toGray(img image.Image) gray {
	r := img.Bounds()
	g := gray{r.Dx(), r.Dy(), make([]byte, r.Dx()*r.Dy())}
	for y := range g.height {
		for x := range g.width {
			g.pix[y*g.width+x] = lightness(img.At(r.Min.X+x, r.Min.Y+y))
		}
	}
	return g
}

func lightness(c color.Color) byte {
	if g, ok := c.(color.Gray); ok {
		return g.Y
	}
	r, g, b, a := c.RGBA()
	return byte(((uint64(r)*299+uint64(g)*587+uint64(b)*114)/1000 + 0xFFFF - uint64(a)) >> 8)
}

func (g gray) inverted() gray {
	out := gray{g.width, g.height, make([]byte, len(g.pix))}
	for i, v := range g.pix {
		out.pix[i] = 0xFF - v
	}
	return out
}

// at is a pixel; outside is ok false.
func (g gray) at(x, y int) (v byte, ok bool) {
	if x < 0 || y < 0 || x >= g.width || y >= g.height {
		return 0, false
	}
	return g.pix[y*g.width+x], true
}

// threshold is halfway between the darkest and the lightest hundredth.
func (g gray) threshold() byte {
	var count [256]int
	for _, v := range g.pix {
		count[v]++
	}
	few := len(g.pix)/100 + 1
	low, high := 0, 255
	for n := count[low]; n < few && low < 255; n += count[low] {
		low++
	}
	for n := count[high]; n < few && high > 0; n += count[high] {
		high--
	}
	return byte((low + high + 1) / 2)
}

// place is where a code lies in a picture: the outer corner of its first module,
// and the steps from module to module.
type place struct {
	x, y           float64
	rightX, rightY float64
	downX, downY   float64
	size           int // modules
}

// centre is the middle of a module, counted from the code's corner.
func (p place) centre(col, row int) (x, y int) {
	c, r := float64(col)+0.5, float64(row)+0.5
	return int(math.Floor(p.x + c*p.rightX + r*p.downX)), int(math.Floor(p.y + c*p.rightY + r*p.downY))
}

// module is the size of a module in pixels.
func (p place) module() float64 {
	return (math.Hypot(p.rightX, p.rightY) + math.Hypot(p.downX, p.downY)) / 2
}

// bounds of what is dark.
func (g gray) dark(limit byte) (r image.Rectangle) {
	r = image.Rectangle{Min: image.Pt(g.width, g.height)} // not image.Rect, which would turn it round
	for y := range g.height {
		for x, v := range g.pix[y*g.width : (y+1)*g.width] {
			if v < limit {
				r.Min = image.Pt(min(r.Min.X, x), min(r.Min.Y, y))
				r.Max = image.Pt(max(r.Max.X, x+1), max(r.Max.Y, y+1))
			}
		}
	}
	return r
}

// pure finds a code that is all there is in the picture, upright.
func (g gray) pure(limit byte) (place, bool) {
	r := g.dark(limit)
	if r.Empty() || r.Dx() < 21 {
		return place{}, false
	}
	run := 0
	for v, ok := g.at(r.Min.X+run, r.Min.Y); ok && v < limit; v, ok = g.at(r.Min.X+run, r.Min.Y) {
		run++ // the upper edge of the finder is seven modules
	}
	if run < 7 || abs(r.Dx()-r.Dy())*20 > r.Dx() {
		return place{}, false
	}
	size := int(math.Round(float64(r.Dx()) / (float64(run) / 7)))
	size = (size-17+2)/4*4 + 17
	if size < 21 || size > 177 {
		return place{}, false
	}
	return place{x: float64(r.Min.X), y: float64(r.Min.Y), rightX: float64(r.Dx()) / float64(size), downY: float64(r.Dy()) / float64(size), size: size}, true
}

func abs(n int) int { return max(n, -n) }

// sample reads the modules at a place.
func (g gray) sample(p place, limit byte) (*gozxing.BitMatrix, bool) {
	bits, err := gozxing.NewSquareBitMatrix(p.size)
	if err != nil {
		return nil, false
	}
	for row := range p.size {
		for col := range p.size {
			v, ok := g.at(p.centre(col, row))
			if !ok {
				return nil, false
			}
			if v < limit {
				bits.Set(col, row)
			}
		}
	}
	return bits, true
}

// detect searches the picture for the three finders.
func (g gray) detect() (bits *gozxing.BitMatrix, p place, ok bool) {
	defer func() {
		if recover() != nil { // gozxing v0.1.1 indexes out of range on some pictures
			ok = false
		}
	}()
	for _, binarize := range []func(gozxing.LuminanceSource) gozxing.Binarizer{gozxing.NewHybridBinarizer, gozxing.NewGlobalHistgramBinarizer} {
		bitmap, err := gozxing.NewBinaryBitmap(binarize(g.source()))
		if err != nil {
			continue
		}
		black, err := bitmap.GetBlackMatrix()
		if err != nil {
			continue
		}
		found, err := detector.NewDetector(black).Detect(map[gozxing.DecodeHintType]interface{}{gozxing.DecodeHintType_TRY_HARDER: true})
		if err != nil {
			continue
		}
		if _, ok := decode(found.GetBits()); !ok {
			continue
		}
		return found.GetBits(), placeOf(found.GetPoints(), found.GetBits().GetWidth()), true
	}
	return nil, place{}, false
}

func (g gray) source() gozxing.LuminanceSource {
	img := &image.Gray{Pix: g.pix, Stride: g.width, Rect: image.Rect(0, 0, g.width, g.height)}
	return gozxing.NewLuminanceSourceFromImage(img)
}

// placeOf takes the middles of the finders: bottom left, top left, top right.
func placeOf(points []gozxing.ResultPoint, size int) place {
	bl, tl, tr := points[0], points[1], points[2]
	steps := float64(size - 7)
	p := place{
		rightX: (tr.GetX() - tl.GetX()) / steps, rightY: (tr.GetY() - tl.GetY()) / steps,
		downX: (bl.GetX() - tl.GetX()) / steps, downY: (bl.GetY() - tl.GetY()) / steps, size: size,
	}
	p.x = tl.GetX() - 3.5*(p.rightX+p.downX)
	p.y = tl.GetY() - 3.5*(p.rightY+p.downY)
	return p
}

type decoded struct{ text, level string }

// decode reads modules. The decoder changes what it is given, so it gets a copy.
func decode(bits *gozxing.BitMatrix) (d decoded, ok bool) {
	defer func() {
		if recover() != nil { // gozxing v0.1.1 indexes out of range on some damaged codes
			ok = false
		}
	}()
	r, err := decoder.NewDecoder().DecodeWithoutHint(copyOf(bits))
	if err != nil {
		return decoded{}, false
	}
	return decoded{r.GetText(), r.GetECLevel()}, true
}

func copyOf(bits *gozxing.BitMatrix) *gozxing.BitMatrix {
	out, err := gozxing.NewSquareBitMatrix(bits.GetWidth())
	if err != nil {
		panic(err) // it was a matrix before
	}
	for y := range bits.GetHeight() {
		for x := range bits.GetWidth() {
			if bits.Get(x, y) {
				out.Set(x, y)
			}
		}
	}
	return out
}
