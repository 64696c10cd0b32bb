package emv

import "fmt"

// CVR is what the card found, bytes 2 to 4 of the card verification results of
// UnionPay (PBOC, 卡片验证结果) and of Visa's formats 0, 1 and 3; byte 1 is their
// length. Byte 2 begins with two fields of two bits, see Second and First.
type CVR uint32

// The bits of CVR, JR/T 0025; bits are counted in bytes 1 to 3 here, 2 to 4 there.
const (
	CVRIssuerAuthFailed      CVR = 0x080000 // byte 1 bit 4
	CVRPINDone               CVR = 0x040000 // byte 1 bit 3
	CVRPINFailed             CVR = 0x020000 // byte 1 bit 2
	CVRNoOnline              CVR = 0x010000 // byte 1 bit 1
	CVRLastOnlineIncomplete  CVR = 0x008000 // byte 2 bit 8
	CVRPINTryLimit           CVR = 0x004000 // byte 2 bit 7
	CVRVelocity              CVR = 0x002000 // byte 2 bit 6
	CVRNewCard               CVR = 0x001000 // byte 2 bit 5
	CVRLastIssuerAuthFailed  CVR = 0x000800 // byte 2 bit 4
	CVRLastIssuerAuthMissing CVR = 0x000400 // byte 2 bit 3
	CVRPINBlocked            CVR = 0x000200 // byte 2 bit 2
	CVRLastSDAFailed         CVR = 0x000100 // byte 2 bit 1
	CVRScriptFailed          CVR = 0x000008 // byte 3 bit 4
	CVRLastDDAFailed         CVR = 0x000004 // byte 3 bit 3
	CVRDDA                   CVR = 0x000002 // byte 3 bit 2
)

var cvrFlags = []flag{
	{uint64(CVRIssuerAuthFailed), "issuer authentication failed"},
	{uint64(CVRPINDone), "offline PIN verification performed"},
	{uint64(CVRPINFailed), "offline PIN verification failed"},
	{uint64(CVRNoOnline), "unable to go online"},
	{uint64(CVRLastOnlineIncomplete), "the last online transaction was not completed"},
	{uint64(CVRPINTryLimit), "PIN try limit exceeded"},
	{uint64(CVRVelocity), "velocity counters exceeded"},
	{uint64(CVRNewCard), "new card"},
	{uint64(CVRLastIssuerAuthFailed), "issuer authentication failed in the last online transaction"},
	{uint64(CVRLastIssuerAuthMissing), "issuer authentication was not performed after an online authorisation"},
	{uint64(CVRPINBlocked), "the application was blocked because of the PIN"},
	{uint64(CVRLastSDAFailed), "SDA failed in the last transaction"},
	{uint64(CVRScriptFailed), "an issuer script failed"},
	{uint64(CVRLastDDAFailed), "DDA failed in the last transaction"},
	{uint64(CVRDDA), "DDA was performed"},
}

// Append appends the 3 bytes of the value.
func (c CVR) Append(dst []byte) []byte { return appendBits(dst, uint64(c), 3) }

// Second is the card's answer to the second GENERATE AC; ARQC, which cannot be
// one, means that it was not asked.
func (c CVR) Second() Answer { return Answer(c >> 22 & 3) }

// First is the card's answer to the first GENERATE AC.
func (c CVR) First() Answer { return Answer(c >> 20 & 3) }

// Scripts is the number of issuer script commands the card has processed.
func (c CVR) Scripts() int { return int(c >> 4 & 0xF) }

// Describe names answers, bits that are set, and reserved bits by their place.
func (c CVR) Describe() []string {
	out := []string{"first cryptogram: " + c.First().String()}
	switch c.Second() {
	case ARQC:
		out = append(out, "second cryptogram: not requested")
	default:
		out = append(out, "second cryptogram: "+c.Second().String())
	}
	out = append(out, sayBits(uint64(c&^(0xF<<20|0xF<<4)), 3, cvrFlags)...)
	if n := c.Scripts(); n > 0 {
		out = append(out, fmt.Sprintf("issuer script commands processed: %d", n))
	}
	return out
}

// String returns the value in hex digits.
func (c CVR) String() string { return fmt.Sprintf("%06X", uint64(c)) }
