package receipt

import (
	"fmt"
	"strings"

	"github.com/openecr/openecr/transport/escpos"
)

// Columns of a text slip: MinColumns is a paper of 58 mm in the large size.
const (
	MinColumns = 16
	MaxColumns = 200
)

// Text renders the slip as lines of at most columns cells, where a Chinese
// character takes two; columns outside MinColumns to MaxColumns are brought
// inside. Sizes and emphasis are lost, but what is inverse stands between
// asterisks; pictures are left out, and codes show their content.
func Text(s Slip, columns int) string {
	t := texter{columns: min(max(columns, MinColumns), MaxColumns)}
	for _, b := range s.Blocks {
		t.block(b)
	}
	return t.out.String()
}

type texter struct {
	columns int
	out     strings.Builder
}

func (t *texter) line(s string) {
	t.out.WriteString(strings.TrimRight(s, " "))
	t.out.WriteByte('\n')
}

func (t *texter) block(b Block) {
	switch b := b.(type) {
	case Paragraph:
		t.text(b)
	case Pair:
		for _, l := range pairLines(b, t.columns) {
			t.line(l)
		}
	case Verbatim:
		for _, l := range b.Lines {
			t.text(Paragraph{Content: l})
		}
	case Rule:
		mark := "-"
		if b.Double {
			mark = "="
		}
		t.line(strings.Repeat(mark, t.columns))
	case Gap:
		t.out.WriteString(strings.Repeat("\n", max(b.Lines, 0)))
	case QR:
		t.text(Paragraph{Content: fmt.Sprintf("[QR] %s", plain(b.Content, MaxCode)), Align: Center})
		t.text(Paragraph{Content: b.Caption, Align: Center})
	case Barcode:
		t.text(Paragraph{Content: plain(b.Content, MaxText), Align: Center})
	case Logo:
	}
}

func (t *texter) text(b Paragraph) {
	if b.Inverse {
		b.Content = "*** " + strings.TrimSpace(b.Content) + " ***"
	}
	for _, l := range escpos.Wrap(b.Content, t.columns) {
		t.line(escpos.Pad(l, t.columns, escpos.Align(b.Align)))
	}
}

// pairLines sets label and value at both ends of a line, or one below the
// other where they do not fit.
func pairLines(p Pair, columns int) []string {
	if room := columns - escpos.CellWidth(p.Value); escpos.CellWidth(p.Label) < room {
		return []string{escpos.Pad(p.Label, room, escpos.Left) + p.Value}
	}
	lines := escpos.Wrap(p.Label, columns)
	for _, l := range escpos.Wrap(p.Value, columns) {
		lines = append(lines, escpos.Pad(l, columns, escpos.Right))
	}
	return lines
}
