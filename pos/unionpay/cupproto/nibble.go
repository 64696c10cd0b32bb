package cupproto

// appendDigits packs ASCII digits two a byte. Of an odd number the filler 0 stands
// at the end, or at the beginning if right. track admits A to F and =, which is D.
// The int is the position of the first character that does not belong, or -1.
func appendDigits(dst, digits []byte, right, track bool) ([]byte, int) {
	odd := len(digits) % 2
	var acc byte
	half := right && odd == 1 // the high nibble, 0, is there already
	for i, c := range digits {
		n, ok := nibbleOf(c, track)
		if !ok {
			return dst, i
		}
		if half {
			dst = append(dst, acc<<4|n)
			acc = 0
		} else {
			acc = n
		}
		half = !half
	}
	if half {
		dst = append(dst, acc<<4)
	}
	return dst, -1
}

func nibbleOf(c byte, track bool) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case !track:
		return 0, false
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c == '=':
		return 0xD, true
	}
	return 0, false
}

const nibbleDigits = "0123456789ABCDEF"

// checkDigits looks at count packed digits and their filler. The int is the byte
// of the first nibble that does not belong, or -1.
func checkDigits(packed []byte, count int, right, track bool) int {
	if track && count%2 == 0 {
		return -1
	}
	first, last := 0, count // half-open range of nibbles that are digits
	if count%2 == 1 {
		filler := len(packed)*2 - 1
		if right {
			first, last, filler = 1, count+1, 0
		}
		if f := nibbleAt(packed, filler); f != 0 && f != 0xF {
			return filler / 2
		}
	}
	if track {
		return -1
	}
	for i := first; i < last; i++ {
		if nibbleAt(packed, i) > 9 {
			return i / 2
		}
	}
	return -1
}

// appendASCII unpacks count digits that were checked.
func appendASCII(dst, packed []byte, count int, right bool) []byte {
	first := 0
	if right && count%2 == 1 {
		first = 1
	}
	for i := first; i < first+count; i++ {
		dst = append(dst, nibbleDigits[nibbleAt(packed, i)])
	}
	return dst
}

func nibbleAt(b []byte, at int) byte {
	if at%2 == 0 {
		return b[at/2] >> 4
	}
	return b[at/2] & 15
}

// isDigits reports whether all of s are digits.
func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
