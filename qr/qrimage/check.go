package qrimage

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"github.com/makiuchi-d/gozxing"
)

// MaxSide bounds a picture that is checked, in pixels: a page at 600 dpi.
const MaxSide = 8192

// MaxPixels bounds its memory: a photograph of 32 megapixels.
const MaxPixels = 32 << 20

// ErrPicture: the picture is empty or too large.
var ErrPicture = errors.New("qrimage: picture cannot be checked")

// CheckOptions say what is known of the picture; the zero value knows nothing.
type CheckOptions struct {
	// DotsPerMM is how fine the picture will be printed; 0 judges pixels alone. A
	// thermal head has 8.
	DotsPerMM float64
	// Want is the text it should hold; "" is any.
	Want string
}

// Grade is 4 (excellent) to 0 (fails), as in ISO/IEC 15415.
type Grade int

// Enough is the grade a code needs before it is used: 3 is the first whole one
// above the 2.5 that print works to.
const Enough Grade = 3

// Part is what was measured of one property.
type Part struct {
	Grade Grade   `json:"grade"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// Reason is why a code is not ready, or a warning.
type Reason struct {
	Code    string `json:"code"`
	English string `json:"en"`
	Chinese string `json:"zh"`
}

// Report is what Check found.
type Report struct {
	Readable bool     `json:"readable"` // an app would read it
	Ready    bool     `json:"ready"`    // it may be used: every grade is Enough
	Grade    Grade    `json:"grade"`    // the least of all
	Text     string   `json:"text,omitempty"`
	Version  int      `json:"version,omitempty"`
	Level    string   `json:"level,omitempty"`
	Modules  int      `json:"modules,omitempty"`
	Pure     bool     `json:"pure"`     // the code fills the picture
	Inverted bool     `json:"inverted"` // light on dark
	Contrast Part     `json:"contrast"`
	Module   Part     `json:"module"`
	Quiet    Part     `json:"quiet_zone"`
	Damage   Part     `json:"damage_margin"`
	Reasons  []Reason `json:"reasons,omitempty"`
}

// Check decodes a picture and measures it. Errors: ErrPicture. A picture in which
// no code is found is a Report that is not Readable, not an error.
func Check(img image.Image, o CheckOptions) (Report, error) {
	size := img.Bounds().Size()
	if size.X <= 0 || size.Y <= 0 || size.X > MaxSide || size.Y > MaxSide || size.X*size.Y > MaxPixels {
		return Report{}, fmt.Errorf("%w: %d by %d pixels; up to %d a side and %d in all", ErrPicture, size.X, size.Y, MaxSide, MaxPixels)
	}
	c := checker{g: toGray(img)}
	if !c.find() {
		if c.g = c.g.inverted(); !c.find() {
			c.reason("unreadable", "No QR code can be read in this picture: take a sharper one, upright, with all of the code and its white frame.",
				"图片中无法识别二维码:请重新拍摄或导出,保证清晰、端正、完整并留白边。")
			return c.r, nil
		}
		c.r.Inverted = true
		c.reason("inverted", "The code is light on dark, which many apps do not read: print it dark on light.", "二维码为反白(深底浅码),很多应用无法识别:请改为浅底深码。")
	}
	c.measure(o)
	return c.r, nil
}

type checker struct {
	g     gray
	limit byte
	p     place
	bits  *gozxing.BitMatrix
	r     Report
}

// find decodes: pure first, then among other things, then askew.
func (c *checker) find() bool {
	c.limit = c.g.threshold()
	var d decoded
	ok := false
	if c.p, ok = c.g.pure(c.limit); ok {
		if c.bits, ok = c.g.sample(c.p, c.limit); ok {
			d, ok = decode(c.bits)
		}
	}
	c.r.Pure = ok
	if !ok {
		if c.bits, c.p, ok = c.g.upright(c.limit); !ok {
			if c.bits, c.p, ok = c.g.detect(); !ok {
				return false
			}
		}
		d, _ = decode(c.bits)
	}
	c.r.Readable, c.r.Text, c.r.Level = true, d.text, d.level
	c.r.Modules, c.r.Version = c.p.size, (c.p.size-17)/4
	return true
}

func (c *checker) reason(code, english, chinese string) {
	c.r.Reasons = append(c.r.Reasons, Reason{code, english, chinese})
}

func (c *checker) measure(o CheckOptions) {
	c.contrast()
	c.module(o)
	c.quiet()
	c.damage()
	c.r.Grade = min(c.r.Contrast.Grade, c.r.Module.Grade, c.r.Quiet.Grade, c.r.Damage.Grade)
	c.r.Ready = c.r.Grade >= Enough && !c.r.Inverted
	if o.Want != "" && o.Want != c.r.Text {
		c.r.Ready = false
		c.reason("text", "The code holds another text than it should.", "二维码内容与预期不符。")
	}
}

// grade finds the first limit that a value reaches; limits fall from grade 4.
func grade(value float64, limits [4]float64) Grade {
	for i, limit := range limits {
		if value >= limit {
			return Grade(4 - i)
		}
	}
	return 0
}

// contrast is between the middle dark and the middle light module, in percent
// (ISO/IEC 15415, symbol contrast; inferred).
func (c *checker) contrast() {
	var dark, light []byte
	for row := range c.p.size {
		for col := range c.p.size {
			v, ok := c.g.at(c.p.centre(col, row))
			switch {
			case !ok:
			case c.bits.Get(col, row):
				dark = append(dark, v)
			default:
				light = append(light, v)
			}
		}
	}
	c.r.Contrast.Unit = "%"
	if len(dark) > 0 && len(light) > 0 {
		slices.Sort(dark)
		slices.Sort(light)
		c.r.Contrast.Value = round(max(0, float64(light[len(light)/2])-float64(dark[len(dark)/2])) / 2.55)
	}
	c.r.Contrast.Grade = grade(c.r.Contrast.Value, [4]float64{70, 55, 40, 20})
	if c.r.Contrast.Grade < Enough {
		c.reason("contrast", fmt.Sprintf("Contrast is %.0f %%, at least 55 %% is needed: print darker, on white, without colours behind the code.", c.r.Contrast.Value),
			fmt.Sprintf("对比度仅 %.0f%%,至少需要 55%%:请加深打印、使用白底,避免彩色背景。", c.r.Contrast.Value))
	}
}

func round(v float64) float64 { return math.Round(v*10) / 10 }

// module judges the size of a module, in millimetres where that is known.
func (c *checker) module(o CheckOptions) {
	pixels := c.p.module()
	c.r.Module = Part{Value: round(pixels), Unit: "pixels", Grade: grade(pixels+0.05, [4]float64{4, 3, 2, 1})}
	if o.DotsPerMM > 0 {
		mm := pixels / o.DotsPerMM
		c.r.Module = Part{Value: math.Round(mm*100) / 100, Unit: "mm", Grade: grade(mm+0.005, [4]float64{0.5, 0.38, 0.25, 0.17})}
	}
	if c.r.Module.Grade < Enough {
		c.reason("module", fmt.Sprintf("A module is %g %s; 0.5 mm, or 4 pixels, reads well: make the code larger or its text shorter.", c.r.Module.Value, c.r.Module.Unit),
			fmt.Sprintf("码点大小 %g %s,建议不小于 0.5 毫米或 4 像素:请放大二维码或缩短内容。", c.r.Module.Value, c.r.Module.Unit))
	}
	if c.r.Pure && math.Abs(pixels-math.Round(pixels)) > 0.02 {
		c.reason("resampled", "Modules are not whole pixels: the picture was scaled. Draw it anew at the size it is used.", "码点不是整像素,图片被缩放过:请按使用尺寸重新生成。")
	}
}

// quiet counts clean modules around the code, up to four. The end of the
// picture ends the zone: what lies beyond is not known.
func (c *checker) quiet() {
	clean := 0
	for ; clean < QuietZone && c.clean(clean+1); clean++ {
	}
	c.r.Quiet = Part{Value: float64(clean), Unit: "modules", Grade: [...]Grade{0, 0, 1, 2, 4}[clean]}
	if c.r.Quiet.Grade < 4 {
		c.reason("quiet-zone", fmt.Sprintf("The white frame is %d modules wide; four are needed: nothing may stand closer to the code.", clean),
			fmt.Sprintf("白边仅 %d 个码点宽,需要 4 个:二维码四周不得有文字或图案。", clean))
	}
}

// clean reports whether the ring at a distance is light.
func (c *checker) clean(distance int) bool {
	low, high := -distance, c.p.size-1+distance
	for i := low; i <= high; i++ {
		for _, at := range [][2]int{{i, low}, {i, high}, {low, i}, {high, i}} {
			if v, ok := c.g.at(c.p.centre(at[0], at[1])); !ok || v < c.limit {
				return false
			}
		}
	}
	return true
}

// damage finds the largest white square that leaves the code readable wherever
// it lies, in percent of the code's area.
func (c *checker) damage() {
	n := c.p.size
	side := 0
	for low, high := 1, n/2; low <= high; {
		if mid := (low + high) / 2; c.survives(mid) {
			side, low = mid, mid+1
		} else {
			high = mid - 1
		}
	}
	area := 100 * float64(side*side) / float64(n*n)
	c.r.Damage = Part{Value: round(area), Unit: "%", Grade: grade(area, [4]float64{7, 4, 2, 0.5})}
	if c.r.Damage.Grade < Enough {
		c.reason("damage", fmt.Sprintf("A stain of more than %.1f %% of the area makes it unreadable: it is damaged, its logo is too large or its level too low; make it anew at level M, with a logo H.", area),
			fmt.Sprintf("污损超过面积的 %.1f%% 即无法识别:码图已损坏、标志过大或纠错等级过低;请以 M 级(含标志用 H 级)重新生成。", area))
	}
}

// survives pastes a square in the middle, and where no finder is.
func (c *checker) survives(side int) bool {
	n := c.p.size
	far := n - side
	for _, at := range [][2]int{{far / 2, far / 2}, {far, far}, {far, far / 2}, {far / 2, far}} {
		bits := copyOf(c.bits)
		for y := at[1]; y < at[1]+side; y++ {
			for x := at[0]; x < at[0]+side; x++ {
				bits.Unset(x, y)
			}
		}
		if d, ok := decode(bits); !ok || d.text != c.r.Text {
			return false
		}
	}
	return true
}

// Words says the report in lines for people: English, or Chinese with "zh".
func (r Report) Words(lang string) string {
	var b strings.Builder
	zh := lang == "zh"
	say := func(english, chinese string, args ...any) {
		if zh {
			english = chinese
		}
		fmt.Fprintf(&b, english+"\n", args...)
	}
	switch {
	case r.Ready:
		say("ready: grade %d of 4", "可以使用:等级 %d(满分 4)", r.Grade)
	case r.Readable:
		say("NOT READY, though it was read: grade %d of 4", "不可使用(虽可识别):等级 %d(满分 4)", r.Grade)
	default:
		say("NOT READABLE", "无法识别")
	}
	if r.Readable {
		say("  version %d, level %s, %d modules", "  版本 %d,纠错等级 %s,%d 个码点", r.Version, r.Level, r.Modules)
		for _, p := range []struct {
			en, zh string
			part   Part
		}{{"contrast", "对比度", r.Contrast}, {"module size", "码点大小", r.Module}, {"quiet zone", "白边", r.Quiet}, {"damage margin", "容污余量", r.Damage}} {
			say("  %-14s %g %s, grade %[4]d", "  %[5]s %[2]g %[3]s,等级 %[4]d", p.en, p.part.Value, p.part.Unit, p.part.Grade, p.zh)
		}
	}
	for _, reason := range r.Reasons {
		say("  - %[1]s", "  - %[2]s", reason.English, reason.Chinese)
	}
	return b.String()
}

// Decode reads the code in a picture, dark on light or light on dark. ok is
// false when there is none. Errors: ErrPicture.
func Decode(img image.Image) (text string, ok bool, err error) {
	size := img.Bounds().Size()
	if size.X <= 0 || size.Y <= 0 || size.X > MaxSide || size.Y > MaxSide || size.X*size.Y > MaxPixels {
		return "", false, fmt.Errorf("%w: %d by %d pixels", ErrPicture, size.X, size.Y)
	}
	c := checker{g: toGray(img)}
	if c.find() {
		return c.r.Text, true, nil
	}
	c.g = c.g.inverted()
	ok = c.find()
	return c.r.Text, ok, nil
}
