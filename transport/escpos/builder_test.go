package escpos_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/escpos"
)

func profile(t testing.TB, name string) escpos.Profile {
	p, ok := escpos.ProfileByName(name)
	require.True(t, ok)
	return p
}

func build(t testing.TB, p escpos.Profile, f func(*escpos.Builder)) []byte {
	b := escpos.NewBuilder(p)
	f(b)
	doc, err := b.Document()
	require.NoError(t, err)
	return doc.Bytes()
}

// body is what stands between initialisation and the end.
func body(t testing.TB, name string, f func(*escpos.Builder)) string {
	p := profile(t, name)
	head := build(t, p, func(*escpos.Builder) {})
	return string(build(t, p, f)[len(head):])
}

func TestTextBecomesTheseBytes(t *testing.T) {
	plain := escpos.Style{}
	for _, c := range []struct {
		name, profile string
		style         escpos.Style
		text, want    string
	}{
		{"ASCII is itself", "generic-80", plain, "Total 1.00", "Total 1.00\n"},
		{"a code page is chosen once", "generic-80", plain, "é¥", "\x1Bt\x00\x82\x9D\n"},
		{"another page when the first has it not", "epson-tm-t20", plain, "ã€", "\x1Bt\x02\xC6\x1Bt\x10\x80\n"},
		{"Chinese is GBK in Chinese mode", "chinese-58", plain, "中A", "\x1C&\xD6\xD0A\n"},
		{"a code page leaves Chinese mode", "chinese-58", plain, "中é", "\x1C&\xD6\xD0\x1C.\x1Bt\x00\x82\n"},
		{"typography becomes plain", "generic-80", plain, "“a—b”…", "\"a-b\".\n"},
		{"bold, double and centred", "generic-80", escpos.Style{Bold: true, Width: 2, Height: 3, Align: escpos.Center}, "x", "\x1Ba\x01\x1BE\x01\x1D!\x12x\n"},
		{"Chinese sizes for old and new firmware", "chinese-80", escpos.Style{Width: 2, Height: 2, Underline: true}, "中", "\x1B-\x01\x1C!\x8C\x1D!\x11\x1C&\xD6\xD0\n"},
		{"commands in a name are question marks", "chinese-80", plain, "a\x1B@\x1Dp\x1C.\x10\x14\x01\x00\x01b\n", "a?@?p?.?????b?\n"},
		{"bidi, zero width and broken UTF-8 too", "generic-80", plain, "a\u202Eb\u200Bc\xFFd\u0301", "a?b?c?d?\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, body(t, c.profile, func(b *escpos.Builder) { b.Text(c.style, c.text) }))
		})
	}
}

func TestCharactersThePrinterLacksAreDrawn(t *testing.T) {
	got := body(t, "generic-58", func(b *escpos.Builder) { b.Text(escpos.Style{}, "中文") })
	require.True(t, strings.HasPrefix(got, "\x1Dv0\x00\x06\x00\x18\x00"), "%q", got[:8])
	p := profile(t, "generic-58")
	p.NoPictures = true
	require.Contains(t, string(build(t, p, func(b *escpos.Builder) { b.Text(escpos.Style{}, "中文") })), "????\n")
}

func TestWrapNeverSplitsACharacter(t *testing.T) {
	for _, c := range []struct {
		text  string
		cells int
		want  []string
	}{
		{"", 10, []string{""}},
		{"fits as it is  ", 15, []string{"fits as it is  "}},
		{"two words", 5, []string{"two", "words"}},
		{"two words", 6, []string{"two", "words"}},
		{"abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"中文字符", 5, []string{"中文", "字符"}},
		{"中文abc字", 6, []string{"中文", "abc字"}},
		{"乌龙茶 500ml x 2", 8, []string{"乌龙茶", "500ml x", "2"}},
	} {
		require.Equal(t, c.want, escpos.Wrap(c.text, c.cells), "%q in %d", c.text, c.cells)
	}
	lines := escpos.Wrap(strings.Repeat("商", 8000), 32)
	require.Len(t, lines, escpos.MaxTextLines)
	require.Equal(t, escpos.CutMark, lines[escpos.MaxTextLines-1])
}

func TestColumns(t *testing.T) {
	require.Equal(t, []string{"乌龙茶       6.50", "500ml"}, escpos.Layout(17,
		escpos.Column{Text: "乌龙茶500ml"}, escpos.Column{Text: "6.50", Width: 7, Align: escpos.Right}))
	require.Equal(t, 9, escpos.CellWidth("中a文€字\x1B"))
	require.Equal(t, " 中 ", escpos.Pad("中", 4, escpos.Center))
	require.Equal(t, "中 ", escpos.Pad("中文", 3, escpos.Left))
}
