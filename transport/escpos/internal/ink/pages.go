package ink

import "golang.org/x/text/encoding/charmap"

// CodePage returns the table behind ESC t n, as far as makers agree: numbers up
// to 19 (hex 13). Anything else is nil.
func CodePage(n byte) *charmap.Charmap {
	switch n {
	case 0:
		return charmap.CodePage437
	case 2:
		return charmap.CodePage850
	case 3:
		return charmap.CodePage860
	case 0x10:
		return charmap.Windows1252
	case 0x11:
		return charmap.CodePage866
	case 0x12:
		return charmap.CodePage852
	case 0x13:
		return charmap.CodePage858
	}
	return nil
}
