package ink

import (
	"errors"

	"rsc.io/qr"
)

// QuietZone is the white frame a QR code needs, in modules (ISO/IEC 18004).
const QuietZone = 4

// ErrQR says that data does not fit a QR code, or not the paper.
var ErrQR = errors.New("the data does not fit a QR code on this paper")

// QRCode draws a code with modules of one dot and no quiet zone. level is 0 to 3
// for L, M, Q, H.
func QRCode(data string, level int) (*Bitmap, error) {
	code, err := qr.Encode(data, qr.Level(min(max(level, 0), 3)))
	if err != nil {
		return nil, errors.Join(ErrQR, err)
	}
	b := NewBitmap(code.Size, code.Size)
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				b.Set(x, y)
			}
		}
	}
	return b, nil
}

// QR draws a code with modules of whole dots: the size asked for, or the
// largest that fits if that is smaller or 0, quiet zone included. used is the
// size of a module.
func QR(data string, level, module, width int) (b *Bitmap, used int, err error) {
	code, err := QRCode(data, level)
	if err != nil {
		return nil, 0, err
	}
	side := code.Width + 2*QuietZone
	if fits := width / side; module <= 0 || module > fits {
		module = fits
	}
	if module == 0 {
		return nil, 0, ErrQR
	}
	b = NewBitmap(side*module, side*module)
	b.Draw(code, QuietZone*module, QuietZone*module, module, module)
	return b, module, nil
}
