package escpos_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/escpos"
	"github.com/openecr/openecr/transport/escpos/paper"
)

// requireOnlyText asserts that a stream holds text and nothing that came with it:
// each command in it is one the builder writes for text.
func requireOnlyText(t *testing.T, stream []byte) {
	t.Helper()
	chinese := false
	for len(stream) > 0 {
		if chinese && stream[0] >= 0x81 {
			require.GreaterOrEqual(t, len(stream), 2)
			require.GreaterOrEqual(t, stream[1], byte(0x40), "second byte of a pair")
			stream = stream[2:]
			continue
		}
		n := paper.Split(stream)
		require.Positive(t, n)
		cmd := stream[:n]
		stream = stream[n:]
		switch cmd[0] {
		case 0x0A:
		case 0x1B:
			require.Contains(t, "@R2tEa-", string(cmd[1]))
		case 0x1C:
			require.Contains(t, "&.!", string(cmd[1]))
			switch cmd[1] {
			case '&':
				chinese = true
			case '.':
				chinese = false
			}
		case 0x1D:
			require.Contains(t, "!Bv", string(cmd[1]))
		default:
			require.GreaterOrEqual(t, cmd[0], byte(0x20))
			require.NotEqual(t, byte(0x7F), cmd[0])
		}
	}
}

// hostile are names somebody will have.
var hostile = []string{
	"\x1B@\x1Bp\x00\x19\xFA", "\x1DV\x00", "\x10\x04\x01\x10\x14\x01\x00\x08", "\x1C.\x1C&", "a\nTOTAL 0.00\r\f\v\x00",
	"\u202E0.00 LATOT\u2066\u2069", "zero\u200B\u200D\uFEFFwidth", "e\u0301\u0301\u0301", "\xC3\x28\xFF\xFE", "\u0085\u009B\u2028",
	// Characters whose GBK has ASCII as its second byte: @ [ \ ] ^ _ ` { | }.
	"丂乕乗乚乛乢乣亄亅亇", "€¥£Ωж中あ한🙂\U00020000", strings.Repeat("商", 300), "﷽مرحبا",
}

func TestTextIsNeverACommand(t *testing.T) {
	for _, name := range []string{"generic-58", "chinese-58", "chinese-80", "epson-tm-t20"} {
		for _, text := range hostile {
			requireOnlyText(t, build(t, profile(t, name), func(b *escpos.Builder) {
				b.Text(escpos.Style{Bold: true}, text)
				b.Row(escpos.Style{Underline: true}, escpos.Column{Text: text}, escpos.Column{Text: text, Width: 8, Align: escpos.Right})
			}))
		}
	}
}

func TestASecondByteIsNoSeparator(t *testing.T) {
	// 亅 is 81 7C: "|" to whoever splits bytes.
	p := profile(t, "chinese-58")
	sheet, err := paper.Draw(paper.Width58, build(t, p, func(b *escpos.Builder) { b.Text(escpos.Style{}, "丂乗亅 | \\ @") }))
	require.NoError(t, err)
	require.Equal(t, "丂乗亅 | \\ @\n", sheet.Text())
}

func FuzzText(f *testing.F) {
	for i, text := range hostile {
		f.Add(text, i%2 == 0, byte(i), byte(i))
	}
	chinese, western := profile(f, "chinese-58"), profile(f, "epson-tm-t20")
	f.Fuzz(func(t *testing.T, text string, wide bool, size, width byte) {
		p := western
		if wide {
			p = chinese
		}
		style := escpos.Style{Width: int(size & 7), Height: int(size >> 4), Underline: size&8 != 0}
		stream := func() []byte {
			return build(t, p, func(b *escpos.Builder) {
				b.Text(style, text)
				b.Row(style, escpos.Column{Text: text, Weight: 2}, escpos.Column{Text: text, Width: int(width), Align: escpos.Right})
			})
		}
		first := stream()
		require.Equal(t, first, stream(), "the same document gives the same bytes")
		requireOnlyText(t, first)
		sheet, err := paper.Draw(p.Dots, first)
		require.NoError(t, err)
		require.Zero(t, sheet.Unknown+sheet.Unfinished+len(sheet.Cuts)+len(sheet.Pulses)+len(sheet.Codes))

		cells := max(2, int(width%60))
		lines := escpos.Wrap(text, cells)
		require.LessOrEqual(t, len(lines), escpos.MaxTextLines)
		for _, l := range lines {
			require.LessOrEqual(t, escpos.CellWidth(l), cells)
			require.Equal(t, l, escpos.Clean(l), "clean stays clean")
		}
		if len(lines) < escpos.MaxTextLines { // nothing but spaces is lost
			bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
			require.Equal(t, bare(escpos.Clean(text)), bare(strings.Join(lines, "")))
		}
		require.Equal(t, cells, escpos.CellWidth(escpos.Pad(text, cells, escpos.Align(size%3))))
		for _, l := range escpos.Layout(cells+10, escpos.Column{Text: text}, escpos.Column{Text: text, Width: int(width)}) {
			require.LessOrEqual(t, escpos.CellWidth(l), cells+10)
		}
	})
}
