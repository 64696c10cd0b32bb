package zvtproto

import (
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Charset is the code of a character set in tag 14 (P15 chapter 9); tag 27 in
// a registration asks for one. Some terminals always send UTF-8 or Latin-1
// whatever was agreed (single source: Portalum.Zvt readme), so the register
// may need to be told.
type Charset byte

// Character sets. 01 to 10 hex are ISO 8859-1 to ISO 8859-16.
const (
	CharsetASCII    Charset = 0x00
	CharsetLatin1   Charset = 0x01
	CharsetISO88592 Charset = 0x02
	CharsetLatin9   Charset = 0x0F
	CharsetUTF8     Charset = 0xFE
	// CharsetCP437 is the default, the "8-bit ZVT character set".
	CharsetCP437 Charset = 0xFF
	// Charset7Bit is the 7-bit ZVT set: ASCII with German letters at
	// 5B-5D and 7B-7E. It has no code in tag 14; 80 is this package's own
	// and must not be sent.
	Charset7Bit Charset = 0x80
)

// Undecodable is the first of 256 private-use characters that stand for
// bytes the character set has no meaning for: Decode turns the byte 81 into
// U+F781 and Append turns it back, so that nothing is lost.
const Undecodable rune = 0xF700

// sevenBit are the characters in which the 7-bit ZVT set differs from ASCII
// (P15).
var sevenBit = map[byte]rune{0x5B: 'Ä', 0x5C: 'Ö', 0x5D: 'Ü', 0x7B: 'ä', 0x7C: 'ö', 0x7D: 'ü', 0x7E: 'ß'}

// iso8859 are the sets golang.org/x/text has; 8859-11 and -12 are not among
// them.
var iso8859 = [17]*charmap.Charmap{1: charmap.ISO8859_1, 2: charmap.ISO8859_2, 3: charmap.ISO8859_3,
	4: charmap.ISO8859_4, 5: charmap.ISO8859_5, 6: charmap.ISO8859_6, 7: charmap.ISO8859_7, 8: charmap.ISO8859_8,
	9: charmap.ISO8859_9, 10: charmap.ISO8859_10, 13: charmap.ISO8859_13, 14: charmap.ISO8859_14,
	15: charmap.ISO8859_15, 16: charmap.ISO8859_16}

func (c Charset) charmap() *charmap.Charmap {
	if c == CharsetCP437 {
		return charmap.CodePage437
	}
	if int(c) < len(iso8859) {
		return iso8859[c]
	}
	return nil
}

// String names the set.
func (c Charset) String() string {
	switch {
	case c == CharsetASCII:
		return "ASCII"
	case c == CharsetUTF8:
		return "UTF-8"
	case c == CharsetCP437:
		return "CP437"
	case c == Charset7Bit:
		return "7-bit ZVT"
	case c >= 1 && c <= 16:
		return fmt.Sprintf("ISO 8859-%d", byte(c))
	}
	return fmt.Sprintf("unknown character set 0x%02X", byte(c))
}

// Decode turns bytes into text. It never fails: see [Undecodable]. An unknown
// set is read as ASCII.
func (c Charset) Decode(b []byte) string {
	out := make([]byte, 0, len(b)+len(b)/4)
	if c == CharsetUTF8 {
		for len(b) > 0 {
			r, size := utf8.DecodeRune(b)
			if r == utf8.RuneError && size <= 1 || r >= Undecodable && r <= Undecodable+0xFF {
				r, size = Undecodable+rune(b[0]), 1
			}
			out, b = utf8.AppendRune(out, r), b[size:]
		}
		return string(out)
	}
	cm := c.charmap()
	for _, v := range b {
		out = utf8.AppendRune(out, c.runeOf(v, cm))
	}
	return string(out)
}

func (c Charset) runeOf(v byte, cm *charmap.Charmap) rune {
	r := utf8.RuneError
	switch {
	case c == Charset7Bit && v < 0x80:
		r = rune(v)
		if other, ok := sevenBit[v]; ok {
			r = other
		}
	case cm != nil:
		r = cm.DecodeByte(v)
	case v < 0x80:
		r = rune(v)
	}
	if r == utf8.RuneError {
		return Undecodable + rune(v)
	}
	return r
}

// Append appends text in the character set. ok is false when a character is
// not in the set; '?' then stands for it.
func (c Charset) Append(dst []byte, s string) (out []byte, ok bool) {
	ok = true
	cm := c.charmap()
	for _, r := range s {
		if r >= Undecodable && r <= Undecodable+0xFF {
			dst = append(dst, byte(r-Undecodable))
			continue
		}
		if c == CharsetUTF8 {
			dst = utf8.AppendRune(dst, r)
			continue
		}
		v, found := c.byteOf(r, cm)
		if !found {
			v, ok = '?', false
		}
		dst = append(dst, v)
	}
	return dst, ok
}

func (c Charset) byteOf(r rune, cm *charmap.Charmap) (byte, bool) {
	if c == Charset7Bit {
		for v, other := range sevenBit {
			if other == r {
				return v, true
			}
		}
		if r >= 0x80 {
			return 0, false
		}
		_, taken := sevenBit[byte(r)]
		return byte(r), !taken
	}
	if cm != nil {
		return cm.EncodeRune(r)
	}
	return byte(r), r < 0x80
}

// Digits a card number may have; ISO/IEC 7812.
const (
	minPANDigits = 13
	maxPANDigits = 19
)

// maskText replaces, in place, the middle digits of everything in a text that
// looks like a whole card number: 13 to 19 digits, spaces or hyphens between
// them allowed, with a right Luhn digit. Merchant receipts may print one.
func maskText(b []byte) []byte {
	for i := 0; i < len(b); {
		if b[i] < '0' || b[i] > '9' {
			i++
			continue
		}
		digits, end := digitRun(b, i)
		if n := len(digits); n >= minPANDigits && n <= maxPANDigits && luhn(b, digits) {
			for _, at := range digits[6 : n-4] {
				b[at] = '*'
			}
		}
		i = end
	}
	return b
}

// digitRun finds the places of the digits from b[i] on; one space or hyphen
// may stand between two of them.
func digitRun(b []byte, i int) (digits []int, end int) {
	for end = i; end < len(b); end++ {
		switch c := b[end]; {
		case c >= '0' && c <= '9':
			digits = append(digits, end)
		case (c == ' ' || c == '-') && end+1 < len(b) && b[end+1] >= '0' && b[end+1] <= '9':
		default:
			return digits, end
		}
	}
	return digits, end
}

func luhn(b []byte, digits []int) bool {
	sum := 0
	for i, at := range digits {
		d := int(b[at] - '0')
		if (len(digits)-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// maskDigits does the same, in place, for a card number packed two digits to
// a byte.
func maskDigits(b []byte) []byte {
	digits := appendNibbles(nil, b)
	for i := 0; i < len(digits); {
		end := i
		for end < len(digits) && digits[end] <= '9' {
			end++
		}
		if n := end - i; n >= minPANDigits && n <= maxPANDigits {
			places := make([]int, n)
			for k := range places {
				places[k] = i + k
			}
			if luhn(digits, places) {
				for at := i + 6; at < end-4; at++ {
					setNibble(b, at, 0xE)
				}
			}
		}
		i = end + 1
	}
	return b
}

// setNibble replaces one half of a byte, counted from the first high one.
func setNibble(b []byte, at int, v byte) {
	if at%2 == 0 {
		b[at/2] = b[at/2]&0x0F | v<<4
	} else {
		b[at/2] = b[at/2]&0xF0 | v
	}
}
