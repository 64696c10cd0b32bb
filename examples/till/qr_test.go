package main

import (
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/qr/qrimage"
	"github.com/openecr/openecr/transport/escpos/escpostest"
	"github.com/openecr/openecr/transport/escpos/paper"
)

const shopLink = "https://pay.example.com/s/1?table=7"

func TestCodesAreMadeCheckedAndRead(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "code.png")
	drawing := filepath.Join(dir, "code.svg")
	journal := filepath.Join(dir, "none.db")
	status, _, errs := alone(t, journal, "qr", "make", shopLink, "--png", file, "--svg", drawing)
	require.Equal(t, statusOK, status, errs)
	status, out, errs := alone(t, journal, "qr", "check", file, "--want", shopLink)
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, "ready: grade")
	status, out, errs = alone(t, journal, "qr", "decode", file)
	require.Equal(t, statusOK, status, errs)
	require.Equal(t, shopLink+"\n", out)
	svg, err := os.ReadFile(drawing)
	require.NoError(t, err)
	require.Contains(t, string(svg), "<svg")
	status, out, errs = alone(t, journal, "qr", "make", "x")
	require.Equal(t, statusOK, status, errs)
	golden(t, "qr-terminal.txt", out)
}

func TestScenesAreMadeWithCaptionAndLogo(t *testing.T) {
	dir := t.TempDir()
	logo, file := filepath.Join(dir, "logo.png"), filepath.Join(dir, "table.png")
	f, err := os.Create(logo)
	require.NoError(t, err)
	require.NoError(t, png.Encode(f, testLogo()))
	require.NoError(t, f.Close())
	status, out, errs := alone(t, "none.db", "qr", "make", shopLink, "--scene", "table", "--caption", "阳光超市", "--caption", "7 号桌", "--logo", logo, "--png", file, "--lang", "zh", "--json")
	require.Equal(t, statusOK, status, errs)
	require.Contains(t, out, `"level":"H"`)
	status, out, errs = alone(t, "none.db", "qr", "check", file, "--json", "--want", shopLink)
	require.Equal(t, statusOK, status, errs)
	var r qrimage.Report
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.True(t, r.Ready)
	require.Equal(t, "H", r.Level)
}

func TestACodeThatIsNotReadyIsAnErrorWithReasons(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "bad.png")
	m, err := qrimage.Encode(shopLink, qrimage.Options{})
	require.NoError(t, err)
	b := m.Raster(4)
	pale := image.NewGray(image.Rect(8, 8, b.Width-8, b.Height-8)) // half the quiet zone, and grey
	for y := range b.Height {
		for x := range b.Width {
			if !b.Black(x, y) {
				pale.SetGray(x, y, color.Gray{Y: 0xFF})
			} else {
				pale.SetGray(x, y, color.Gray{Y: 160})
			}
		}
	}
	f, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, png.Encode(f, pale))
	require.NoError(t, f.Close())
	status, out, errs := alone(t, "none.db", "qr", "check", file)
	require.Equal(t, statusOther, status)
	require.Contains(t, out, "NOT READY")
	require.Contains(t, errs, "print darker")
	require.Contains(t, errs, "white frame")
	status, out, errs = alone(t, "none.db", "qr", "check", file, "--json", "--lang", "zh")
	require.Equal(t, statusOther, status)
	require.Contains(t, out, `"ready":false`)
	require.Contains(t, errs, "白边")

	blank := filepath.Join(dir, "blank.png")
	f, err = os.Create(blank)
	require.NoError(t, err)
	require.NoError(t, png.Encode(f, image.NewGray(image.Rect(0, 0, 50, 50))))
	require.NoError(t, f.Close())
	for _, verb := range []string{"check", "decode"} {
		status, _, errs = alone(t, "none.db", "qr", verb, blank)
		require.Equal(t, statusOther, status)
		require.Contains(t, errs, "No QR code can be read"[3:])
	}
}

func TestAPaymentCodeInAPictureStaysMasked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "code.png")
	status, _, errs := alone(t, "none.db", "qr", "make", "134567890123456789", "--png", file)
	require.Equal(t, statusOK, status, errs)
	_, out, errs := alone(t, "none.db", "qr", "decode", file)
	require.Equal(t, "13************6789\n", out, errs)
}

func TestCodesArePrintedByWholeDots(t *testing.T) {
	p, url := simPrinter(t, escpostest.Config{})
	for _, args := range [][]string{{"qr", "make", shopLink}, {"qr", "make", shopLink, "--scene", "store", "--caption", "Corner Shop"}} {
		status, _, errs := alone(t, "none.db", append(args, "--printer", url, "--profile", "generic-80")...)
		require.Equal(t, statusOK, status, errs)
	}
	slips := p.Slips()
	require.Len(t, slips, 2)
	for _, s := range slips {
		text, ok, err := qrimage.Decode(s.Image(paper.ImageOptions{}))
		require.NoError(t, err)
		require.True(t, ok, "the printed code is read")
		require.Equal(t, shopLink, text)
	}
}

func TestWrongUseOfCodesIsToldApart(t *testing.T) {
	for _, wrong := range [][]string{{"qr"}, {"qr", "print"}, {"qr", "make"}, {"qr", "check"}, {"qr", "check", "/nowhere.png"}, {"qr", "make", "x", "--level", "Z"},
		{"qr", "make", "x", "--caption", "y"}, {"qr", "make", "x", "--scene", "table", "--svg", "y.svg"}, {"qr", "make", "x", "--dots", "0"}, {"qr", "make", "x", "--scene", "table", "--width", "1"}} {
		status, _, errs := alone(t, "none.db", wrong...)
		require.Equal(t, statusUsage, status, "%v: %s", wrong, errs)
	}
	status, _, errs := alone(t, "none.db", "qr", "make", pixQR[:len(pixQR)-1]+"0")
	require.Equal(t, statusOther, status)
	require.Contains(t, errs, "object 63")
}
