package qrimage_test

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/skip2/go-qrcode"
	"github.com/stretchr/testify/require"
	"rsc.io/qr"

	"github.com/openecr/openecr/qr/qrimage"
)

const hundred = "https://pay.example.com/c/0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ?amount=12.80"

// picture draws a code and lets a test spoil it.
func picture(t testing.TB, text string, o qrimage.Options, dots int) *image.Gray {
	m, err := qrimage.Encode(text, o)
	require.NoError(t, err)
	return toGray(m.Raster(dots))
}

func toGray(src image.Image) *image.Gray {
	g := image.NewGray(src.Bounds())
	for y := range g.Rect.Dy() {
		for x := range g.Rect.Dx() {
			g.Set(x, y, src.At(x, y))
		}
	}
	return g
}

func TestEveryCodeIsReadBackWhole(t *testing.T) {
	long := strings.Repeat("https://pay.example.com/x?a=1&b=中文", 30)
	for n := 1; n < 400; n += 7 {
		for l := qrimage.M; l <= qrimage.H; l++ {
			text := strings.ToValidUTF8(long[:n], "")
			m, err := qrimage.Encode(text, qrimage.Options{Level: l, Kept: n%5 == 0})
			require.NoError(t, err)
			got, ok, err := qrimage.Decode(m.Raster(2 + n%3))
			require.NoError(t, err)
			require.True(t, ok, "%d bytes, level %s", n, l)
			require.Equal(t, text, got)
		}
	}
	for _, text := range []string{"0123456789", "HTTPS://PAY.EXAMPLE.COM/A", "最佳运输"} {
		got, ok, err := qrimage.Decode(picture(t, text, qrimage.Options{Kept: true}, 4))
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, text, got)
	}
}

func TestWhatDoesNotFitIsAnError(t *testing.T) {
	_, err := qrimage.Encode("", qrimage.Options{})
	require.ErrorIs(t, err, qrimage.ErrEmpty)
	_, err = qrimage.Encode(strings.Repeat("x", 2331), qrimage.Options{})
	require.NoError(t, err, "the most that level M holds")
	_, err = qrimage.Encode(strings.Repeat("x", 2332), qrimage.Options{})
	require.ErrorIs(t, err, qrimage.ErrTooLong)
	_, err = qrimage.Encode("x", qrimage.Options{Level: 9})
	require.ErrorContains(t, err, "L, M, Q and H")
	m, err := qrimage.Encode(strings.Repeat("x", 600), qrimage.Options{})
	require.NoError(t, err)
	_, err = m.Paper(qrimage.Width58)
	require.ErrorIs(t, err, qrimage.ErrTooFine)
	_, err = m.Paper(qrimage.Width80)
	require.NoError(t, err)
}

func TestPaperHasWholeDots(t *testing.T) {
	m, err := qrimage.Encode(hundred, qrimage.Options{})
	require.NoError(t, err)
	require.Equal(t, 6, m.Version())
	for width, dots := range map[int]int{qrimage.Width58: 7, qrimage.Width80: 11} {
		b, err := m.Paper(width)
		require.NoError(t, err)
		require.Equal(t, (m.Size+2*qrimage.QuietZone)*dots, b.Width)
		require.Equal(t, b.Width, b.Height)
		for y := range b.Height {
			for x := range b.Width {
				require.Equal(t, m.Black(x/dots-qrimage.QuietZone, y/dots-qrimage.QuietZone), b.Black(x, y))
			}
		}
		r, err := qrimage.Check(b, qrimage.CheckOptions{DotsPerMM: 8, Want: hundred})
		require.NoError(t, err)
		require.True(t, r.Ready, "%s", r.Words("en"))
		require.Equal(t, float64(dots)/8, map[float64]float64{0.88: 0.875, 1.38: 1.375}[r.Module.Value])
	}
}

func TestTheFormsShowTheSameCode(t *testing.T) {
	m, err := qrimage.Encode(hundred, qrimage.Options{})
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, m.PNG(&b, 3))
	img, err := png.Decode(&b)
	require.NoError(t, err)
	text, ok, err := qrimage.Decode(img)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, hundred, text)

	b.Reset()
	require.NoError(t, m.SVG(&b, 40))
	require.Contains(t, b.String(), `width="40mm"`)
	black := 0
	for y := range m.Size {
		for x := range m.Size {
			if m.Black(x, y) && !m.Black(x-1, y) {
				black++
			}
		}
	}
	require.Equal(t, black+1, strings.Count(b.String(), "M"), "one stroke a run, and the ground")
	d := xml.NewDecoder(&b)
	for err = error(nil); err == nil; _, err = d.Token() {
	}
	require.Equal(t, io.EOF, err)

	for _, colours := range []bool{true, false} {
		b.Reset()
		require.NoError(t, m.Terminal(&b, colours))
		text, ok, err = qrimage.Decode(screen(b.String(), colours))
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, hundred, text)
	}
}

// screen is what a terminal shows of half blocks.
func screen(out string, colours bool) image.Image {
	lines := strings.Split(strings.TrimSuffix(strings.NewReplacer("\x1b[30;107m", "", "\x1b[0m", "").Replace(out), "\n"), "\n")
	g := image.NewGray(image.Rect(0, 0, len([]rune(lines[0]))*4, len(lines)*8))
	for row, line := range lines {
		for col, r := range []rune(line) {
			up, down := r == '▀' || r == '█', r == '▄' || r == '█'
			for i := range 32 {
				ink := up
				if i >= 16 {
					ink = down
				}
				if ink != colours {
					g.SetGray(col*4+i%4, row*8+i/4, color.Gray{Y: 0xFF})
				}
			}
		}
	}
	return g
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	clean := func() *image.Gray { return picture(t, hundred, qrimage.Options{}, 4) }
	edge := 4 * qrimage.QuietZone
	for _, c := range []struct {
		name     string
		img      image.Image
		o        qrimage.CheckOptions
		reason   string // "" is ready
		readable bool
	}{
		{"a clean code", clean(), qrimage.CheckOptions{}, "", true},
		{"no code at all", image.NewGray(image.Rect(0, 0, 100, 100)), qrimage.CheckOptions{}, "unreadable", false},
		{"a page of noise", noise(200), qrimage.CheckOptions{}, "unreadable", false},
		{"light on dark", mapped(clean(), func(v byte) byte { return 0xFF - v }), qrimage.CheckOptions{}, "inverted", true},
		{"pale print", mapped(clean(), func(v byte) byte { return 150 + byte(int(v)*105/255) }), qrimage.CheckOptions{}, "contrast", true},
		{"half the quiet zone", clean().SubImage(image.Rect(edge/2, edge/2, 1000, 1000)), qrimage.CheckOptions{}, "quiet-zone", true},
		{"no quiet zone", clean().SubImage(image.Rect(edge, edge, 196-edge, 196-edge)), qrimage.CheckOptions{}, "quiet-zone", true},
		{"a line beside the code", painted(clean(), image.Rect(0, 0, 4, 196), 0), qrimage.CheckOptions{}, "quiet-zone", true},
		{"one pixel a module", picture(t, hundred, qrimage.Options{}, 1), qrimage.CheckOptions{}, "module", true},
		{"two dots of a printer", picture(t, hundred, qrimage.Options{}, 2), qrimage.CheckOptions{DotsPerMM: 8}, "module", true},
		{"a stain in the middle", painted(clean(), image.Rect(74, 74, 118, 118), 0xFF), qrimage.CheckOptions{}, "damage", true},
		{"a stain too large", painted(clean(), image.Rect(58, 58, 150, 150), 0xFF), qrimage.CheckOptions{}, "unreadable", false},
		{"another text", clean(), qrimage.CheckOptions{Want: "https://example.com"}, "text", true},
		{"scaled to odd pixels", scaled(clean(), 311), qrimage.CheckOptions{}, "resampled", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := qrimage.Check(c.img, c.o)
			require.NoError(t, err)
			require.Equal(t, c.readable, r.Readable, r.Words("en"))
			if c.reason == "" {
				require.True(t, r.Ready, r.Words("en"))
				require.Empty(t, r.Reasons)
				require.Contains(t, r.Words("zh"), "可以使用")
				return
			}
			var codes []string
			for _, reason := range r.Reasons {
				codes = append(codes, reason.Code)
				require.Contains(t, r.Words("en"), reason.English)
				require.Contains(t, r.Words("zh"), reason.Chinese)
			}
			require.Contains(t, codes, c.reason)
			require.NotContains(t, r.Words("en")+r.Words("zh"), "%!")
			if c.reason != "resampled" {
				require.False(t, r.Ready)
			}
		})
	}
	_, err := qrimage.Check(image.NewGray(image.Rectangle{}), qrimage.CheckOptions{})
	require.ErrorIs(t, err, qrimage.ErrPicture)
	_, err = qrimage.Check(image.NewUniform(color.White), qrimage.CheckOptions{})
	require.ErrorIs(t, err, qrimage.ErrPicture)
}

func mapped(g *image.Gray, f func(byte) byte) *image.Gray {
	for i, v := range g.Pix {
		g.Pix[i] = f(v)
	}
	return g
}

func painted(g *image.Gray, r image.Rectangle, v byte) *image.Gray {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			g.SetGray(x, y, color.Gray{Y: v})
		}
	}
	return g
}

func scaled(g *image.Gray, side int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			out.SetGray(x, y, g.GrayAt(x*g.Rect.Dx()/side, y*g.Rect.Dy()/side))
		}
	}
	return out
}

func noise(side int) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, side, side))
	n := uint32(1)
	for i := range g.Pix {
		n = n*1664525 + 1013904223
		g.Pix[i] = byte(n >> 24)
	}
	return g
}

func TestScenesCanBeRead(t *testing.T) {
	logo := image.NewGray(image.Rect(0, 0, 60, 30))
	for _, c := range []struct {
		name  string
		s     qrimage.Scene
		level string
	}{
		{"store", qrimage.Scene{Place: qrimage.Store, Text: "https://pay.example.com/s/1", Caption: []string{"阳光超市 Sunshine", "1 号店"}, Chinese: true}, "M"},
		{"table with logo", qrimage.Scene{Place: qrimage.Table, Text: "https://pay.example.com/s/1?table=7", Caption: []string{"Table 7"}, Logo: logo}, "H"},
		{"event with a long caption", qrimage.Scene{Place: qrimage.Event, Text: "https://pay.example.com/e/9", Caption: []string{strings.Repeat("long ", 60)}}, "M"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, width := range []int{qrimage.Width58, qrimage.Width80, 1000} {
				b, err := c.s.Draw(width)
				require.NoError(t, err)
				require.Equal(t, width, b.Width)
				r, err := qrimage.Check(b, qrimage.CheckOptions{Want: c.s.Text})
				require.NoError(t, err)
				require.True(t, r.Ready, r.Words("en"))
				require.Equal(t, c.level, r.Level)
			}
		})
	}
	for _, s := range []qrimage.Scene{{Place: "x", Text: "x"}, {Place: qrimage.Store, Text: "x", Caption: make([]string, 5)}} {
		_, err := s.Draw(qrimage.Width80)
		require.ErrorIs(t, err, qrimage.ErrScene)
	}
	_, err := qrimage.Scene{Place: qrimage.Store}.Draw(qrimage.Width80)
	require.ErrorIs(t, err, qrimage.ErrEmpty)
	_, err = qrimage.Scene{Place: qrimage.Store, Text: "x"}.Draw(50)
	require.ErrorIs(t, err, qrimage.ErrTooFine)
}

// Captioned codes of every size are found again, those the decoder's own search
// loses among them.
func TestCaptionedCodesAreFound(t *testing.T) {
	text := strings.Repeat("https://pay.example.com/x?", 10)
	for n := 20; n < 220; n += 6 {
		b, err := qrimage.Scene{Place: qrimage.Store, Text: text[:n], Caption: []string{"阳光超市"}}.Draw(qrimage.Width80)
		require.NoError(t, err, n)
		got, ok, err := qrimage.Decode(b)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, text[:n], got)
	}
}

func FuzzCheck(f *testing.F) {
	var b bytes.Buffer
	m, err := qrimage.Encode("seed", qrimage.Options{})
	require.NoError(f, err)
	require.NoError(f, m.PNG(&b, 1))
	f.Add(m.Raster(1).Bits, uint8(32))
	f.Add([]byte{0xFF, 0, 0x55}, uint8(1))
	f.Fuzz(func(t *testing.T, dots []byte, width uint8) {
		stride := int(width)/8 + 1
		rows := min(len(dots)/stride, 200)
		if rows == 0 {
			return
		}
		img := &qrimage.Bitmap{Width: stride * 8, Height: rows, Stride: stride, Bits: dots}
		r, err := qrimage.Check(img, qrimage.CheckOptions{DotsPerMM: 8})
		if err != nil {
			t.Fatal(err)
		}
		if r.Ready && !r.Readable {
			t.Fatal("ready, but not readable")
		}
	})
}

// BenchmarkPaper draws 100 characters at level M for 80 mm, and compares with
// skip2/go-qrcode's encoding to its bitmap, and rsc.io/qr's to PNG, in the same run.
func BenchmarkPaper(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		m, err := qrimage.Encode(hundred[:100], qrimage.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.Paper(qrimage.Width80); err != nil {
			b.Fatal(err)
		}
	}
	ours := float64(b.Elapsed()) / float64(b.N)
	const theirRuns = 200
	begin := time.Now()
	for range theirRuns {
		c, err := qrcode.New(hundred[:100], qrcode.Medium)
		if err != nil {
			b.Fatal(err)
		}
		c.Bitmap()
	}
	b.ReportMetric(float64(time.Since(begin))/theirRuns/ours, "x-faster-than-skip2")
	begin = time.Now()
	for range theirRuns {
		c, err := qr.Encode(hundred[:100], qr.M)
		if err != nil {
			b.Fatal(err)
		}
		c.PNG()
	}
	b.ReportMetric(float64(time.Since(begin))/theirRuns/ours, "x-faster-than-rsc-png")
}

func BenchmarkCheck(b *testing.B) {
	img := picture(b, hundred, qrimage.Options{}, 4)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := qrimage.Check(img, qrimage.CheckOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
