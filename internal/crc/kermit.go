// Package crc computes the checksums of serial protocols that the standard
// library lacks, at the speed of memory rather than of a bit loop.
package crc

// kermitPoly is x^16+x^12+x^5+1 reflected. PA00P016 rev. 04 writes the
// polynomial out and calls the sum XModem; the catalogue name of the reflected
// form it means is CRC-16/KERMIT.
const kermitPoly = 0x8408

// slices is how many bytes one round of table look-ups covers.
const slices = 8

// kermit[k][b] is the sum of byte b followed by k zero bytes.
var kermit = func() (t [slices][256]uint16) {
	for b := range 256 {
		sum := uint16(b)
		for range 8 {
			if sum&1 != 0 {
				sum = sum>>1 ^ kermitPoly
			} else {
				sum >>= 1
			}
		}
		t[0][b] = sum
	}
	for k := 1; k < slices; k++ {
		for b := range 256 {
			prev := t[k-1][b]
			t[k][b] = prev>>8 ^ t[0][byte(prev)]
		}
	}
	return t
}()

// Kermit continues a CRC-16/KERMIT (init 0000, reflected, no final xor) over p.
// Begin with 0. The serial lines of ZVT send the low byte first.
func Kermit(sum uint16, p []byte) uint16 {
	for len(p) >= slices {
		q := p[:slices:slices]
		sum = kermit[7][byte(sum)^q[0]] ^ kermit[6][byte(sum>>8)^q[1]] ^
			kermit[5][q[2]] ^ kermit[4][q[3]] ^ kermit[3][q[4]] ^
			kermit[2][q[5]] ^ kermit[1][q[6]] ^ kermit[0][q[7]]
		p = p[slices:]
	}
	for _, b := range p {
		sum = sum>>8 ^ kermit[0][byte(sum)^b]
	}
	return sum
}
