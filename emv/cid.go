package emv

import "fmt"

// Answer is the kind of a cryptogram, the upper two bits of the CID.
type Answer byte

// The kinds: AAC declines, TC approves, ARQC asks the issuer. 3 is reserved (once AAR).
const (
	AAC Answer = iota
	TC
	ARQC
)

// String says the kind and what it means.
func (a Answer) String() string {
	switch a {
	case AAC:
		return "AAC, declined"
	case TC:
		return "TC, approved"
	case ARQC:
		return "ARQC, ask the issuer"
	}
	return fmt.Sprintf("reserved (%d)", byte(a))
}

// CID says what a cryptogram is (cryptogram information data, 密文信息数据; tag
// 9F27, B3 6.5.5.4).
type CID byte

// DecodeCID reads the value of tag 9F27. Errors: ErrValue unless it has 1 byte.
func DecodeCID(value []byte) (CID, error) {
	v, err := decodeBits(TagCID, value, 1)
	return CID(v), err
}

// Answer is the kind of the cryptogram.
func (c CID) Answer() Answer { return Answer(c >> 6) }

// AdviceRequired reports whether the card wants an advice sent.
func (c CID) AdviceRequired() bool { return c&0x08 != 0 }

// Reason is why: 0 none, 1 service not allowed, 2 PIN try limit, 3 issuer
// authentication failed; others are reserved.
func (c CID) Reason() int { return int(c & 7) }

// Describe says it in words.
func (c CID) Describe() []string {
	out := []string{c.Answer().String()}
	if c&0x30 != 0 {
		out = append(out, fmt.Sprintf("payment system's bits: %d", c>>4&3))
	}
	if c.AdviceRequired() {
		out = append(out, "advice required")
	}
	reasons := [...]string{"", "service not allowed", "PIN try limit exceeded", "issuer authentication failed"}
	switch r := c.Reason(); {
	case r == 0:
	case r < len(reasons):
		out = append(out, "reason: "+reasons[r])
	default:
		out = append(out, fmt.Sprintf("reason: %d, which is reserved", r))
	}
	return out
}

// String returns the value in hex digits.
func (c CID) String() string { return fmt.Sprintf("%02X", byte(c)) }
