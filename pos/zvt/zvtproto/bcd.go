package zvtproto

import "fmt"

// appendBCD appends v as n bytes of packed BCD, high nibble first.
func appendBCD(dst []byte, v uint64, n int) ([]byte, error) {
	start := len(dst)
	for range n {
		dst = append(dst, 0)
	}
	rest := v
	for i := start + n - 1; i >= start; i-- {
		dst[i] = byte(rest%10) | byte(rest/10%10)<<4
		rest /= 100
	}
	if rest != 0 {
		return dst[:start], fmt.Errorf("zvtproto: %d does not fit %d digits: %w", v, 2*n, ErrRange)
	}
	return dst, nil
}

// parseBCD reads packed BCD of at most 9 bytes; every nibble must be a digit.
func parseBCD(b []byte) (uint64, bool) {
	if len(b) > 9 {
		return 0, false
	}
	var v uint64
	for _, c := range b {
		if c>>4 > 9 || c&15 > 9 {
			return 0, false
		}
		v = v*100 + uint64(c>>4)*10 + uint64(c&15)
	}
	return v, true
}

const hexDigits = "0123456789ABCDEF"

// appendNibbles appends the nibbles of b as upper case hexadecimal.
func appendNibbles(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// nibble is the value of one hexadecimal digit.
func nibble(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

// appendPacked appends hexadecimal digits two to a byte; an odd last digit
// is followed by a nibble F.
func appendPacked(dst []byte, digits string) ([]byte, bool) {
	for i := 0; i < len(digits); i += 2 {
		hi, ok := nibble(digits[i])
		lo := byte(0xF)
		if i+1 < len(digits) {
			var okLo bool
			lo, okLo = nibble(digits[i+1])
			ok = ok && okLo
		}
		if !ok {
			return dst, false
		}
		dst = append(dst, hi<<4|lo)
	}
	return dst, true
}
