package escpos

import (
	"fmt"

	"github.com/openecr/openecr/transport/escpos/internal/ink"
)

// Symbology is a kind of bar code.
type Symbology int

// Bar codes. EAN takes 12 or 7 digits and adds the check digit, or 13 or 8 and
// verifies it; ITF wants an even number of digits; Code 128 takes ASCII.
const (
	EAN13 Symbology = iota
	EAN8
	Code39
	ITF
	Code128
)

func (s Symbology) ink() ink.Symbology {
	switch s {
	case EAN13:
		return ink.EAN13
	case EAN8:
		return ink.EAN8
	case Code39:
		return ink.Code39
	case ITF:
		return ink.ITF
	case Code128:
		return ink.Code128
	}
	return 0
}

// BarcodeOptions are the looks of a bar code; the zero value is 80 dots high,
// as wide as fits up to 3 dots a module, with its text below.
type BarcodeOptions struct {
	Module int // dots of a narrow bar, 2 to 6; 0 takes what fits
	Height int // dots, up to 255
	NoText bool
	Align  Align
}

const (
	minModule, maxModule = 2, 6
	barHeight            = 80
	// barQuiet is the white on either side, in modules (ISO/IEC 15417 asks for ten).
	barQuiet = 10
)

// Barcode prints a bar code. Errors: ErrCode, when the data is wrong or the
// code is wider than the paper.
func (b *Builder) Barcode(s Symbology, data string, opt BarcodeOptions) {
	if b.err != nil {
		return
	}
	native, err := ink.Native(s.ink(), data)
	if err == nil {
		err = b.barcode(s, native, opt)
	}
	if err != nil {
		b.err = fmt.Errorf("%w: %w", ErrCode, err)
	}
}

func (b *Builder) barcode(s Symbology, native []byte, opt BarcodeOptions) error {
	modules, err := ink.Bars(s.ink(), native)
	if err != nil {
		return err
	}
	total := 2 * barQuiet
	for _, m := range modules {
		total += int(m)
	}
	module := opt.Module
	if module == 0 {
		module = min(3, b.profile.Dots/total)
	}
	if module < minModule || module > maxModule || module*total > b.profile.Dots {
		return fmt.Errorf("%d modules with the white beside them are too wide for %d dots", total, b.profile.Dots)
	}
	height := opt.Height
	if height <= 0 {
		height = barHeight
	}
	height = min(height, 255)
	text := string(native)
	if s == Code128 {
		text = ink.Text128(native)
	}
	if command := nativeBars(s, native, module, height); b.profile.NativeBarcodes && !realTime(command) {
		b.setStyle(Style{Align: opt.Align}.normal())
		b.out = append(b.out, command...)
		b.end()
	} else if err := b.picture(ink.DrawBars(modules, module, height), opt.Align); err != nil {
		return err
	}
	if !opt.NoText {
		b.Text(Style{Align: opt.Align}, text)
	}
	return nil
}

// nativeBars writes GS k, form B, with the text left to us: the same on every printer.
func nativeBars(s Symbology, native []byte, module, height int) []byte {
	out := []byte{0x1D, 0x68, byte(height), 0x1D, 0x77, byte(module), 0x1D, 0x48, 0x00,
		0x1D, 0x6B, byte(s.ink()), byte(len(native))}
	return append(out, native...)
}

// Level is the error correction of a QR code.
type Level int

// Levels; the zero value, M, suits paper that is carried in pockets.
const (
	M Level = iota
	L
	Q
	H
)

func (l Level) index() int {
	switch l {
	case L:
		return 0
	case Q:
		return 2
	case H:
		return 3
	}
	return 1
}

// QROptions are the looks of a QR code; the zero value has level M and modules
// of 6 dots, or what fits.
type QROptions struct {
	Level  Level
	Module int // dots of a module, 1 to 16; 0 means 6. Smaller where that does not fit
	Align  Align
}

// defaultModule keeps short codes from filling the whole width.
const (
	defaultModule = 6
	maxQRModule   = 16
)

// QR prints a QR code with its quiet zone. A Module too large for the paper is
// made smaller. Errors: ErrCode.
func (b *Builder) QR(data string, opt QROptions) {
	if b.err != nil {
		return
	}
	module := opt.Module
	if module <= 0 {
		module = defaultModule
	}
	bitmap, used, err := ink.QR(data, opt.Level.index(), min(module, maxQRModule), b.profile.Dots)
	if err != nil || data == "" {
		b.err = fmt.Errorf("%w: QR code of %d bytes: %w", ErrCode, len(data), ink.ErrQR)
		return
	}
	if command := nativeQR(data, opt.Level, used); b.profile.NativeQR && !realTime(command) {
		b.setStyle(Style{Align: opt.Align}.normal())
		b.out = append(b.out, command...)
		b.end()
		return
	}
	if err := b.picture(bitmap, opt.Align); err != nil {
		b.err = fmt.Errorf("%w: %w", ErrCode, err)
	}
}

// nativeQR writes GS ( k for model 2. The printer leaves the quiet zone to us:
// a line above and below.
func nativeQR(data string, level Level, module int) []byte {
	n := len(data) + 3
	out := []byte{0x1B, 0x64, 1,
		0x1D, 0x28, 0x6B, 4, 0, 0x31, 0x41, 0x32, 0,
		0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x43, byte(module),
		0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x45, byte(0x30 + level.index()),
		0x1D, 0x28, 0x6B, byte(n), byte(n >> 8), 0x31, 0x50, 0x30}
	out = append(out, data...)
	return append(out, 0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x51, 0x30, 0x1B, 0x64, 1)
}

// realTime reports whether bytes hold what a printer takes out of the stream
// wherever it stands: DLE EOT, DLE ENQ, DLE DC4. One of them could open the
// drawer or clear the buffer.
func realTime(p []byte) bool {
	for i := 1; i < len(p); i++ {
		if p[i-1] == 0x10 && (p[i] == 0x04 || p[i] == 0x05 || p[i] == 0x14) {
			return true
		}
	}
	return false
}
