package emv

import (
	"errors"
	"fmt"
)

// ErrValue: a value has not the length or the form of its tag; the message says
// which. The digits of a card are never in it.
var ErrValue = errors.New("emv: not a value of its tag")

// flag is one bit of a table and what it says.
type flag struct {
	mask uint64
	says string
}

// decodeBits reads a value of exactly size bytes, byte 1 leftmost.
func decodeBits(tag Tag, value []byte, size int) (uint64, error) {
	if len(value) != size {
		return 0, wrongLength(tag, len(value), size)
	}
	var v uint64
	for _, c := range value {
		v = v<<8 | uint64(c)
	}
	return v, nil
}

func wrongLength(tag Tag, got, want int) error {
	return fmt.Errorf("%w: tag %s has %s, where %d belong", ErrValue, tag, bytesOf(got), want)
}

func appendBits(dst []byte, v uint64, size int) []byte {
	for i := size - 1; i >= 0; i-- {
		dst = append(dst, byte(v>>(8*i)))
	}
	return dst
}

// sayBits names the bits that are set; those no table knows are named by place,
// so that nothing is lost.
func sayBits(v uint64, size int, table []flag) []string {
	var out []string
	for _, f := range table {
		if v&f.mask != 0 {
			out = append(out, f.says)
			v &^= f.mask
		}
	}
	for i := range 8 * size {
		if v&(1<<(8*size-1-i)) != 0 {
			out = append(out, fmt.Sprintf("byte %d bit %d is set, which is reserved", i/8+1, 8-i%8))
		}
	}
	return out
}
