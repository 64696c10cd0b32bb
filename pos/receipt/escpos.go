package receipt

import (
	"errors"
	"strings"

	"github.com/openecr/openecr/transport/escpos"
)

// ESCPOS renders the slip for a printer, with the cut at its end.
//
// Errors: those of the profile, a QR code that holds too much, a slip longer
// than a printer takes.
func ESCPOS(s Slip, profile escpos.Profile) (*escpos.Document, error) {
	b := escpos.NewBuilder(profile)
	for _, block := range s.Blocks {
		if err := printBlock(b, block); err != nil {
			return nil, err
		}
	}
	b.Cut(escpos.Partial)
	return b.Document()
}

func printBlock(b *escpos.Builder, block Block) error {
	switch v := block.(type) {
	case Paragraph:
		b.Text(style(v), v.Content)
	case Pair:
		st := style(Paragraph{Size: v.Size, Bold: v.Bold})
		for _, l := range pairLines(v, b.Columns(st)) {
			b.Text(st, l)
		}
	case Verbatim:
		for _, l := range v.Lines {
			b.Text(escpos.Style{}, l)
		}
	case Rule:
		if v.Double {
			b.Text(escpos.Style{}, strings.Repeat("=", b.Columns(escpos.Style{})))
		} else {
			b.Rule()
		}
	case Gap:
		b.Feed(v.Lines)
	case QR:
		if len(v.Content) > MaxCode {
			return errors.New("receipt: a QR code of more than 1000 bytes cannot be read from paper")
		}
		b.QR(v.Content, escpos.QROptions{Level: escpos.M, Align: escpos.Center})
		if v.Caption != "" {
			b.Text(escpos.Style{Align: escpos.Center}, v.Caption)
		}
	case Barcode:
		b.Barcode(escpos.Code128, v.Content, escpos.BarcodeOptions{Align: escpos.Center})
	case Logo:
		b.Image(v.Picture, escpos.ImageOptions{Align: escpos.Center})
	default:
		return errors.New("receipt: a block of a kind that ESC/POS does not know")
	}
	return nil
}

func style(t Paragraph) escpos.Style {
	s := escpos.Style{Bold: t.Bold, Inverse: t.Inverse, Align: escpos.Align(t.Align)}
	if t.Size >= Tall {
		s.Height = 2
	}
	if t.Size == Large {
		s.Width = 2
	}
	return s
}
