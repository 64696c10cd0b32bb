package ink

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"
)

func TestEveryIdeographOfGBKHasAGlyph(t *testing.T) {
	missing := NewBitmap(CellWidth, em)
	drawBox(missing)
	dec := simplifiedchinese.GBK.NewDecoder()
	count := 0
	for a := 0x81; a <= 0xFE; a++ {
		for b := 0x40; b <= 0xFE; b++ {
			out, err := dec.Bytes([]byte{byte(a), byte(b)})
			require.NoError(t, err)
			r := []rune(string(out))
			if len(r) != 1 || r[0] < 0x4E00 || r[0] > 0x9FFF {
				continue
			}
			count++
			require.NotEqual(t, missing.Bits, small(r[0], 2).Bits, "%c", r[0])
		}
	}
	require.Equal(t, 20902, count)
}

func TestAGlyphStaysInItsCell(t *testing.T) {
	var f Face
	for _, r := range "ÄÉÑgjpqy|_$中国﷽" {
		for cells := 1; cells <= 2; cells++ {
			b := NewBitmap(200, 100)
			w := f.Char(b, r, cells, 40, 30, Look{Width: 2, Height: 2, Underline: 2})
			require.Equal(t, cells*CellWidth*2, w)
			for y := range 100 {
				for x := range 200 {
					if b.Black(x, y) {
						require.True(t, x >= 40 && x < 40+w && y >= 30 && y < 30+2*CellHeight, "%c has a dot at %d,%d", r, x, y)
					}
				}
			}
		}
	}
	require.NotZero(t, f.Glyph('Ä', 1).Bits[0]|f.Glyph('Ä', 1).Bits[2]|f.Glyph('Ä', 1).Bits[4]|f.Glyph('Ä', 1).Bits[6], "the accent is there")
}

func TestAFaceForgets(t *testing.T) {
	var f Face
	for r := range rune(3 * maxGlyphs) {
		f.Glyph(r, 1)
		require.LessOrEqual(t, len(f.glyphs), maxGlyphs)
	}
}
