package paper_test

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/escpos"
	"github.com/openecr/openecr/transport/escpos/paper"
)

var update = flag.Bool("update", false, "rewrite testdata")

// logo is a round mark with a gradient, so that dithering has work.
func logo() image.Image {
	img := image.NewGray(image.Rect(0, 0, 160, 80))
	for y := range 80 {
		for x := range 160 {
			dx, dy := x-80, (y-40)*2
			v := uint8(0xFF)
			if d := dx*dx + dy*dy; d < 78*78 {
				v = uint8(d * 0xE0 / (78 * 78))
			}
			img.SetGray(x, y, color.Gray{Y: v})
		}
	}
	return img
}

// slip is a slip with everything.
func slip(t testing.TB, profile string) *escpos.Document {
	p, ok := escpos.ProfileByName(profile)
	require.True(t, ok)
	b := escpos.NewBuilder(p)
	b.Image(logo(), escpos.ImageOptions{Align: escpos.Center})
	b.Text(escpos.Style{Bold: true, Width: 2, Height: 2, Align: escpos.Center}, "阳光超市")
	b.Text(escpos.Style{Align: escpos.Center}, "Copy 1 for the customer / 顾客联")
	b.Rule()
	b.Row(escpos.Style{Underline: true}, escpos.Column{Text: "商品 Item"}, escpos.Column{Text: "数量", Width: 5, Align: escpos.Right}, escpos.Column{Text: "金额", Width: 9, Align: escpos.Right})
	b.Row(escpos.Style{}, escpos.Column{Text: "乌龙茶 500ml 无糖 (大瓶装)"}, escpos.Column{Text: "2", Width: 5, Align: escpos.Right}, escpos.Column{Text: "13.00", Width: 9, Align: escpos.Right})
	b.Row(escpos.Style{}, escpos.Column{Text: "Crème brûlée, Größe 2"}, escpos.Column{Text: "1", Width: 5, Align: escpos.Right}, escpos.Column{Text: "28.50", Width: 9, Align: escpos.Right})
	b.Rule()
	b.Row(escpos.Style{Bold: true, Height: 2}, escpos.Column{Text: "合计 TOTAL"}, escpos.Column{Text: "¥ 41.50", Width: 12, Align: escpos.Right})
	b.Text(escpos.Style{Inverse: true, Align: escpos.Center}, " UnionPay **** 0128 ")
	b.Text(escpos.Style{}, "授权码 AUTH 123456   参考号 REF 000000042")
	b.Feed(1)
	b.Barcode(escpos.EAN13, "690123456789", escpos.BarcodeOptions{Align: escpos.Center})
	b.QR("https://example.com/r/42", escpos.QROptions{Align: escpos.Center})
	b.Text(escpos.Style{Align: escpos.Center}, "谢谢惠顾 Thank you")
	b.Drawer(escpos.Pin2)
	b.Cut(escpos.Partial)
	doc, err := b.Document()
	require.NoError(t, err)
	return doc
}

func golden(t *testing.T, name string, got []byte) {
	name = filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(name, got, 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "%s differs; look at it and run with -update", name)
}

func TestASlipLooksLikeThis(t *testing.T) {
	for _, c := range []struct {
		profile string
		width   int
	}{{"chinese-80", paper.Width80}, {"generic-80", paper.Width80}, {"chinese-58", paper.Width58}} {
		t.Run(c.profile, func(t *testing.T) {
			doc := slip(t, c.profile)
			golden(t, c.profile+".bin", doc.Bytes())
			sheet, err := paper.Draw(c.width, doc.Bytes())
			require.NoError(t, err)
			require.Zero(t, sheet.Unknown)
			require.Zero(t, sheet.Unfinished)
			var b bytes.Buffer
			require.NoError(t, sheet.WritePNG(&b, paper.ImageOptions{}))
			got, err := png.Decode(&b)
			require.NoError(t, err)
			// Pixels are compared, not files: compression may change with Go.
			b.Reset()
			require.NoError(t, png.Encode(&b, got))
			name := filepath.Join("testdata", c.profile+".png")
			if *update {
				require.NoError(t, os.WriteFile(name, b.Bytes(), 0o644))
			}
			f, err := os.Open(name)
			require.NoError(t, err)
			defer f.Close()
			want, err := png.Decode(f)
			require.NoError(t, err)
			require.Equal(t, want.Bounds(), got.Bounds())
			require.True(t, bytes.Equal(want.(*image.Paletted).Pix, got.(*image.Paletted).Pix), "the picture changed")
			golden(t, c.profile+".txt", []byte(sheet.Text()))
			require.Len(t, sheet.Pulses, 1)
		})
	}
}

// read looks at a sheet as a scanner does.
func read(t *testing.T, sheet *paper.Sheet, r gozxing.Reader) string {
	bmp, err := gozxing.NewBinaryBitmapFromImage(sheet.Image(paper.ImageOptions{}))
	require.NoError(t, err)
	got, err := r.Decode(bmp, map[gozxing.DecodeHintType]interface{}{gozxing.DecodeHintType_TRY_HARDER: true})
	require.NoError(t, err)
	return got.GetText()
}

func TestCodesCanBeReadBack(t *testing.T) {
	for _, c := range []struct {
		name string
		code func(*escpos.Builder)
		read gozxing.Reader
		want string
	}{
		{"QR", func(b *escpos.Builder) { b.QR("https://example.com/r/42?x=中文", escpos.QROptions{}) }, qrcode.NewQRCodeReader(), "https://example.com/r/42?x=中文"},
		{"QR with a DLE in it", func(b *escpos.Builder) {
			b.QR("a\x10\x14\x01\x00\x01z", escpos.QROptions{Level: escpos.H})
		}, qrcode.NewQRCodeReader(), "a\x10\x14\x01\x00\x01z"},
		{"EAN-13", func(b *escpos.Builder) { b.Barcode(escpos.EAN13, "690123456789", escpos.BarcodeOptions{}) }, oned.NewEAN13Reader(), "6901234567892"},
		{"EAN-8", func(b *escpos.Builder) { b.Barcode(escpos.EAN8, "9638507", escpos.BarcodeOptions{}) }, oned.NewEAN8Reader(), "96385074"},
		{"Code 39", func(b *escpos.Builder) { b.Barcode(escpos.Code39, "AB-12/$X", escpos.BarcodeOptions{}) }, oned.NewCode39Reader(), "AB-12/$X"},
		{"ITF", func(b *escpos.Builder) { b.Barcode(escpos.ITF, "00123456789012", escpos.BarcodeOptions{}) }, oned.NewITFReader(), "00123456789012"},
		{"Code 128 with letters", func(b *escpos.Builder) { b.Barcode(escpos.Code128, "Ab{1}~42", escpos.BarcodeOptions{}) }, oned.NewCode128Reader(), "Ab{1}~42"},
		{"Code 128 with digits", func(b *escpos.Builder) {
			b.Barcode(escpos.Code128, "28763443825664394X7", escpos.BarcodeOptions{})
		}, oned.NewCode128Reader(), "28763443825664394X7"},
	} {
		for _, native := range []string{"epson-tm-t20", "generic-80"} {
			t.Run(c.name+" "+native, func(t *testing.T) {
				p, _ := escpos.ProfileByName(native)
				b := escpos.NewBuilder(p)
				c.code(b)
				doc, err := b.Document()
				require.NoError(t, err)
				sheet, err := paper.Draw(paper.Width80, doc.Bytes())
				require.NoError(t, err)
				require.Zero(t, sheet.Unknown)
				require.Equal(t, c.want, read(t, sheet, c.read))
				drawn := native == "epson-tm-t20" && !strings.Contains(c.want, "\x10")
				require.Equal(t, drawn, len(sheet.Codes) == 1, "the printer draws it by itself")
			})
		}
	}
}
