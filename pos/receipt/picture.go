package receipt

import (
	"fmt"
	"image"
	"image/color"

	"rsc.io/qr"
)

// MaxCode bounds the content of a QR code in bytes: beyond it the dots get too small for thermal paper.
const MaxCode = 1000

// quietZone is the white border a reader needs, in modules (ISO/IEC 18004, 5.3.8).
const quietZone = 4

// qrPicture draws a QR code, one dot a module, with its quiet zone.
func qrPicture(content string) (image.Image, error) {
	if len(content) > MaxCode {
		return nil, fmt.Errorf("receipt: a QR code of %d bytes; at most %d can be read from paper", len(content), MaxCode)
	}
	code, err := qr.Encode(content, qr.M)
	if err != nil {
		return nil, fmt.Errorf("receipt: QR code: %w", err)
	}
	side := code.Size + 2*quietZone
	m := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				m.SetColorIndex(x+quietZone, y+quietZone, 1)
			}
		}
	}
	return m, nil
}
