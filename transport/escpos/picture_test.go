package escpos_test

import (
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/escpos"
	"github.com/openecr/openecr/transport/escpos/paper"
)

// logo is 320 by 160 grey pixels, light to dark and with an edge.
func logo() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 320, 160))
	for y := range 160 {
		for x := range 320 {
			v := uint8(x * 255 / 320)
			if (x/40+y/40)%2 == 0 {
				v = 255 - v
			}
			img.SetGray(x, y, color.Gray{Y: v})
		}
	}
	return img
}

func TestDitheringKeepsTheGrey(t *testing.T) {
	grey := image.NewUniform(color.Gray{Y: 0x40})
	img := image.NewGray(image.Rect(0, 0, 96, 96))
	for i := range img.Pix {
		img.Pix[i] = grey.C.(color.Gray).Y
	}
	count := func(d escpos.Dither) (black int) {
		sheet, err := paper.Draw(paper.Width80, build(t, profile(t, "generic-80"), func(b *escpos.Builder) {
			b.Image(img, escpos.ImageOptions{Dither: d})
		}))
		require.NoError(t, err)
		for y := range 96 {
			for x := range 96 {
				if sheet.Black(x, y) {
					black++
				}
			}
		}
		return black
	}
	require.InDelta(t, 96*96*3/4, count(escpos.FloydSteinberg), 96)
	require.Equal(t, 96*96, count(escpos.Threshold))
}

func TestAPictureHoldsNoRealTimeCommand(t *testing.T) {
	// Dots that are DLE DC4 1 0 1, open the drawer, and DLE EOT 1 in each row.
	img := image.NewGray(image.Rect(0, 0, 64, 30))
	for i := range img.Pix {
		img.Pix[i] = 0xFF
	}
	for y := range 30 {
		for i, c := range []byte{0x10, 0x14, 0x01, 0x00, 0x01, 0x10, 0x04, 0x01} {
			for bit := range 8 {
				if c&(0x80>>bit) != 0 {
					img.SetGray(i*8+bit, y, color.Gray{})
				}
			}
		}
	}
	got := string(build(t, profile(t, "generic-80"), func(b *escpos.Builder) {
		b.Image(img, escpos.ImageOptions{Dither: escpos.Threshold})
	}))
	for _, dle := range []string{"\x10\x04", "\x10\x05", "\x10\x14"} {
		require.NotContains(t, got, dle)
	}
	require.Contains(t, got, "\x18\x14\x01\x00\x01\x18\x04\x01")
}

func TestWhatCannotBePrintedIsAnError(t *testing.T) {
	few := profile(t, "generic-58")
	few.NoPictures = true
	for _, c := range []struct {
		name    string
		profile escpos.Profile
		do      func(*escpos.Builder)
		want    error
	}{
		{"wrong check digit", few, func(b *escpos.Builder) { b.Barcode(escpos.EAN13, "6901234567890", escpos.BarcodeOptions{}) }, escpos.ErrCode},
		{"letters in an EAN", few, func(b *escpos.Builder) { b.Barcode(escpos.EAN8, "12345A7", escpos.BarcodeOptions{}) }, escpos.ErrCode},
		{"odd ITF", few, func(b *escpos.Builder) { b.Barcode(escpos.ITF, "123", escpos.BarcodeOptions{}) }, escpos.ErrCode},
		{"a control character in Code 128", few, func(b *escpos.Builder) { b.Barcode(escpos.Code128, "a\x1Bb", escpos.BarcodeOptions{}) }, escpos.ErrCode},
		{"lower case in Code 39", few, func(b *escpos.Builder) { b.Barcode(escpos.Code39, "abc", escpos.BarcodeOptions{}) }, escpos.ErrCode},
		{"too wide a bar code", profile(t, "generic-58"), func(b *escpos.Builder) {
			b.Barcode(escpos.Code39, strings.Repeat("A", 20), escpos.BarcodeOptions{})
		}, escpos.ErrCode},
		{"too much for a QR code", profile(t, "generic-80"), func(b *escpos.Builder) { b.QR(strings.Repeat("x", 4000), escpos.QROptions{}) }, escpos.ErrCode},
		{"an empty QR code", profile(t, "generic-80"), func(b *escpos.Builder) { b.QR("", escpos.QROptions{}) }, escpos.ErrCode},
		{"a QR code without pictures", few, func(b *escpos.Builder) { b.QR("x", escpos.QROptions{}) }, errors.ErrUnsupported},
		{"an empty image", few, func(b *escpos.Builder) { b.Image(image.NewGray(image.Rectangle{}), escpos.ImageOptions{}) }, escpos.ErrImage},
		{"too high an image", few, func(b *escpos.Builder) { b.Image(image.NewGray(image.Rect(0, 0, 8, 5000)), escpos.ImageOptions{}) }, escpos.ErrImage},
		{"a drawer that is not there", few, func(b *escpos.Builder) { b.Drawer(escpos.Pin2) }, errors.ErrUnsupported},
		{"a roll of paper", few, func(b *escpos.Builder) {
			for range 1000 {
				b.Text(escpos.Style{}, strings.Repeat("x", 32*escpos.MaxTextLines))
			}
		}, escpos.ErrTooLong},
		{"no columns", escpos.Profile{}, func(*escpos.Builder) {}, escpos.ErrProfile},
		{"a code page without a table", escpos.Profile{Columns: 32, CodePages: []escpos.CodePage{{}}}, func(*escpos.Builder) {}, escpos.ErrProfile},
		{"more columns than dots", escpos.Profile{Columns: 48, Dots: 384}, func(*escpos.Builder) {}, escpos.ErrProfile},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := escpos.NewBuilder(c.profile)
			c.do(b)
			b.Text(escpos.Style{}, "the first error stays")
			_, err := b.Document()
			require.ErrorIs(t, err, c.want)
			require.True(t, strings.HasPrefix(err.Error(), "escpos: "), "%v", err)
		})
	}
}

// BenchmarkSlip builds a slip of 80 mm with logo and QR code as pictures.
func BenchmarkSlip(b *testing.B) {
	img, p := logo(), profile(b, "chinese-80")
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		s := escpos.NewBuilder(p)
		s.Image(img, escpos.ImageOptions{Align: escpos.Center})
		for range 20 {
			s.Row(escpos.Style{}, escpos.Column{Text: "乌龙茶 500ml 无糖"}, escpos.Column{Text: "¥ 6.50", Width: 9, Align: escpos.Right})
		}
		s.QR("https://example.com/r/42", escpos.QROptions{})
		s.Cut(escpos.Partial)
		doc, err := s.Document()
		if err != nil {
			b.Fatal(err)
		}
		n = len(doc.Bytes())
	}
	b.SetBytes(int64(n))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10e6, "x-of-10ms")
}

// BenchmarkSlipAsPictures draws every line, as for a printer without Chinese.
func BenchmarkSlipAsPictures(b *testing.B) {
	img, p := logo(), profile(b, "generic-80")
	b.ReportAllocs()
	for b.Loop() {
		s := escpos.NewBuilder(p)
		s.Image(img, escpos.ImageOptions{Align: escpos.Center})
		for range 40 {
			s.Row(escpos.Style{}, escpos.Column{Text: "乌龙茶 500ml 无糖"}, escpos.Column{Text: "¥ 6.50", Width: 9, Align: escpos.Right})
		}
		s.QR("https://example.com/r/42", escpos.QROptions{})
		if _, err := s.Document(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10e6, "x-of-10ms")
}

// BenchmarkText is a slip of plain lines.
func BenchmarkText(b *testing.B) {
	p := profile(b, "chinese-80")
	b.ReportAllocs()
	for b.Loop() {
		s := escpos.NewBuilder(p)
		for range 40 {
			s.Row(escpos.Style{}, escpos.Column{Text: "乌龙茶 500ml 无糖"}, escpos.Column{Text: "¥ 6.50", Width: 9, Align: escpos.Right})
		}
		if _, err := s.Document(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10e6, "x-of-10ms")
}
