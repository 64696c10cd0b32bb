package cupproto

import "fmt"

// Kind is what a field holds.
type Kind uint8

// Kinds of fields.
const (
	Digits Kind = iota + 1 // n: two digits a byte
	Track                  // z: as n, with A to F
	Text                   // an, ans: a byte a character; Chinese in GBK
	Bytes                  // b: anything
)

// Format is how a field travels. The zero value means that there is no such field.
type Format struct {
	Kind Kind
	// Max is the length in digits (n, z) or bytes: exact, or the largest if there is
	// a length prefix.
	Max int
	// Prefix is the number of digits of the length prefix: 0 for none, 2 (one byte,
	// LLVAR) or 3 (two bytes, LLLVAR).
	Prefix int
	// Right puts the filler of an odd number of digits at the beginning.
	Right bool
}

// check says whether the format can be.
func (f Format) check() error {
	limit := map[int]int{0: maxFixed, 2: 99, 3: 999}[f.Prefix]
	if limit == 0 || f.Kind == 0 || f.Kind > Bytes || f.Max < 1 || f.Max > limit {
		return malformed("a format of kind %d, length %d, prefix %d", f.Kind, f.Max, f.Prefix)
	}
	return nil
}

// maxFixed bounds fields without a prefix; the longest known has 16 bytes.
const maxFixed = 999

func (f Format) packed() bool { return f.Kind == Digits || f.Kind == Track }

func (f Format) unit() string {
	if f.packed() {
		return "digits"
	}
	return "bytes"
}

// size is how many bytes a value of count digits or bytes takes, without prefix.
func (f Format) size(count int) int {
	if f.packed() {
		return (count + 1) / 2
	}
	return count
}

// prefixSize is the number of bytes of the length prefix.
func (f Format) prefixSize() int { return (f.Prefix + 1) / 2 }

// append packs a value behind its length.
func (f Format) append(dst, value []byte) ([]byte, error) {
	switch {
	case f.Prefix == 0 && len(value) != f.Max:
		return dst, malformed("%d %s where there must be %d", len(value), f.unit(), f.Max)
	case len(value) > f.Max:
		return dst, tooLong(len(value), f.Max, f.unit())
	}
	if f.Prefix == 3 {
		dst = append(dst, byte(len(value)/100))
	}
	if f.Prefix > 0 {
		rest := len(value) % 100
		dst = append(dst, byte(rest/10<<4|rest%10))
	}
	if !f.packed() {
		return append(dst, value...), nil
	}
	dst, at := appendDigits(dst, value, f.Right, f.Kind == Track)
	if at >= 0 {
		return dst, malformed("character %d is no digit", at+1)
	}
	return dst, nil
}

// extent reads the length of the field data begins with: how many digits or bytes
// the value has, and how many bytes the field takes with its prefix. at is the
// byte that is wrong, when err is not nil.
func (f Format) extent(data []byte) (count, total, at int, err error) {
	n := f.prefixSize()
	if len(data) < n {
		return 0, 0, 0, ErrTruncated
	}
	count = f.Max
	if n > 0 {
		count = 0
		for i := range 2 * n {
			d := nibbleAt(data, i)
			if d > 9 {
				return 0, 0, i / 2, fmt.Errorf("%w: the length is no decimal number", ErrFormat)
			}
			count = 10*count + int(d)
		}
		if count > f.Max {
			return 0, 0, 0, tooLong(count, f.Max, f.unit())
		}
	}
	total = n + f.size(count)
	if len(data) < total {
		return 0, 0, 0, ErrTruncated
	}
	if f.packed() {
		if at := checkDigits(data[n:total], count, f.Right, f.Kind == Track); at >= 0 {
			return 0, 0, n + at, fmt.Errorf("%w: a nibble that is no digit", ErrFormat)
		}
	}
	return count, total, 0, nil
}

// appendValue appends the value of a field whose extent is known.
func (f Format) appendValue(dst, data []byte, count, total int) []byte {
	if f.packed() {
		return appendASCII(dst, data[f.prefixSize():total], count, f.Right)
	}
	return append(dst, data[f.prefixSize():total]...)
}
