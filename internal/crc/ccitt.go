package crc

// ccittPoly is x^16+x^12+x^5+1, most significant bit first.
const ccittPoly = 0x1021

// ccitt[k][b] is the sum of byte b followed by k zero bytes.
var ccitt = func() (t [slices][256]uint16) {
	for b := range 256 {
		sum := uint16(b) << 8
		for range 8 {
			if sum&0x8000 != 0 {
				sum = sum<<1 ^ ccittPoly
			} else {
				sum <<= 1
			}
		}
		t[0][b] = sum
	}
	for k := 1; k < slices; k++ {
		for b := range 256 {
			prev := t[k-1][b]
			t[k][b] = prev<<8 ^ t[0][byte(prev>>8)]
		}
	}
	return t
}()

// CCITTInit begins a CRC-16/CCITT-FALSE.
const CCITTInit = 0xFFFF

// CCITT continues a CRC-16/CCITT-FALSE (not reflected, no final xor) over p.
// Begin with CCITTInit. EMVCo QR codes end with it (QRCPS-MPM 1.1, 4.7.3).
func CCITT[T string | []byte](sum uint16, p T) uint16 {
	for len(p) >= slices {
		sum = ccitt[7][byte(sum>>8)^p[0]] ^ ccitt[6][byte(sum)^p[1]] ^
			ccitt[5][p[2]] ^ ccitt[4][p[3]] ^ ccitt[3][p[4]] ^
			ccitt[2][p[5]] ^ ccitt[1][p[6]] ^ ccitt[0][p[7]]
		p = p[slices:]
	}
	for i := range len(p) {
		sum = sum<<8 ^ ccitt[0][byte(sum>>8)^p[i]]
	}
	return sum
}
