package receipt

import (
	"bytes"

	"github.com/openecr/openecr/transport/escpos"
	"github.com/openecr/openecr/transport/escpos/paper"
)

// PNG draws the slip as the printer of the profile would print it: it is the
// bytes of ESCPOS on simulated paper. Errors: those of ESCPOS, and a slip
// longer than five metres.
func PNG(s Slip, profile escpos.Profile) ([]byte, error) {
	doc, err := ESCPOS(s, profile)
	if err != nil {
		return nil, err
	}
	sheet, err := paper.Draw(doc.Profile().Dots, doc.Bytes())
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = sheet.WritePNG(&out, paper.ImageOptions{})
	return out.Bytes(), err
}
