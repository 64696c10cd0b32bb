package frame

import "encoding/binary"

// xor folds p into one byte, eight at a time.
func xor(p []byte) byte {
	var wide uint64
	for len(p) >= 8 {
		wide ^= binary.LittleEndian.Uint64(p)
		p = p[8:]
	}
	wide ^= wide >> 32
	wide ^= wide >> 16
	wide ^= wide >> 8
	sum := byte(wide)
	for _, b := range p {
		sum ^= b
	}
	return sum
}
