package emv

import "fmt"

// TTQ is what a contactless terminal can do and asks for (terminal transaction
// qualifiers, 终端交易属性) with Visa, UnionPay and Discover. The bits of byte 2 are
// computed for each transaction.
type TTQ uint32

// The bits of TTQ, C-3 and C-7; JR/T 0025 for PBOC.
const (
	TTQMagstripe         TTQ = 0x80000000 // byte 1 bit 8
	TTQContactlessVSDC   TTQ = 0x40000000 // byte 1 bit 7
	TTQEMVMode           TTQ = 0x20000000 // byte 1 bit 6
	TTQContact           TTQ = 0x10000000 // byte 1 bit 5
	TTQOfflineOnly       TTQ = 0x08000000 // byte 1 bit 4
	TTQOnlinePIN         TTQ = 0x04000000 // byte 1 bit 3
	TTQSignature         TTQ = 0x02000000 // byte 1 bit 2
	TTQODAForOnline      TTQ = 0x01000000 // byte 1 bit 1
	TTQOnlineRequired    TTQ = 0x00800000 // byte 2 bit 8
	TTQCVMRequired       TTQ = 0x00400000 // byte 2 bit 7
	TTQOfflinePIN        TTQ = 0x00200000 // byte 2 bit 6
	TTQFastMode          TTQ = 0x00080000 // byte 2 bit 4
	TTQTransit           TTQ = 0x00040000 // byte 2 bit 3
	TTQIssuerUpdate      TTQ = 0x00008000 // byte 3 bit 8
	TTQDeviceCVM         TTQ = 0x00004000 // byte 3 bit 7
	TTQDeviceCVMTransit  TTQ = 0x00002000 // byte 3 bit 6
	TTQDeviceCVMRequired TTQ = 0x00000800 // byte 3 bit 4
	TTQFDDA1             TTQ = 0x00000080 // byte 4 bit 8
)

var ttqFlags = []flag{
	{uint64(TTQMagstripe), "magnetic stripe mode"},
	{uint64(TTQContactlessVSDC), "contactless VSDC, or full contactless PBOC (older)"},
	{uint64(TTQEMVMode), "EMV mode (qVSDC, qPBOC)"},
	{uint64(TTQContact), "EMV with contacts"},
	{uint64(TTQOfflineOnly), "offline-only reader"},
	{uint64(TTQOnlinePIN), "online PIN"},
	{uint64(TTQSignature), "signature"},
	{uint64(TTQODAForOnline), "offline data authentication for online authorisations"},
	{uint64(TTQOnlineRequired), "online cryptogram required"},
	{uint64(TTQCVMRequired), "CVM required"},
	{uint64(TTQOfflinePIN), "offline PIN (contact)"},
	{uint64(TTQFastMode), "fast mode"},
	{uint64(TTQTransit), "transit"},
	{uint64(TTQIssuerUpdate), "issuer update processing"},
	{uint64(TTQDeviceCVM), "CVM on the consumer device"},
	{uint64(TTQDeviceCVMTransit), "CVM on the consumer device, transit"},
	{uint64(TTQDeviceCVMRequired), "CVM on the consumer device required"},
	{uint64(TTQFDDA1), "fDDA version 1.0"},
}

// DecodeTTQ reads the value of tag 9F66. Errors: ErrValue unless it has 4 bytes.
func DecodeTTQ(value []byte) (TTQ, error) {
	v, err := decodeBits(TagTTQ, value, 4)
	return TTQ(v), err
}

// Append appends the 4 bytes of the value.
func (t TTQ) Append(dst []byte) []byte { return appendBits(dst, uint64(t), 4) }

// Describe names the bits that are set, reserved ones by their place.
func (t TTQ) Describe() []string { return sayBits(uint64(t), 4, ttqFlags) }

// String returns the value in hex digits.
func (t TTQ) String() string { return fmt.Sprintf("%08X", uint64(t)) }

// CTQ is what a contactless card asks for (card transaction qualifiers, 卡片交易属性).
type CTQ uint16

// The bits of CTQ, C-3 and C-7.
const (
	CTQOnlinePIN         CTQ = 0x8000 // byte 1 bit 8
	CTQSignature         CTQ = 0x4000 // byte 1 bit 7
	CTQOnlineIfODAFails  CTQ = 0x2000 // byte 1 bit 6
	CTQSwitchIfODAFails  CTQ = 0x1000 // byte 1 bit 5
	CTQOnlineIfExpired   CTQ = 0x0800 // byte 1 bit 4
	CTQSwitchForCash     CTQ = 0x0400 // byte 1 bit 3
	CTQSwitchForCashback CTQ = 0x0200 // byte 1 bit 2
	CTQNotAtATM          CTQ = 0x0100 // byte 1 bit 1
	CTQDeviceCVMDone     CTQ = 0x0080 // byte 2 bit 8
	CTQIssuerUpdate      CTQ = 0x0040 // byte 2 bit 7
)

var ctqFlags = []flag{
	{uint64(CTQOnlinePIN), "online PIN required"},
	{uint64(CTQSignature), "signature required"},
	{uint64(CTQOnlineIfODAFails), "go online if offline data authentication fails and the reader can"},
	{uint64(CTQSwitchIfODAFails), "switch interface if offline data authentication fails and there are contacts"},
	{uint64(CTQOnlineIfExpired), "go online if the application has expired"},
	{uint64(CTQSwitchForCash), "switch interface for cash"},
	{uint64(CTQSwitchForCashback), "switch interface for cashback"},
	{uint64(CTQNotAtATM), "not valid for contactless ATM transactions"},
	{uint64(CTQDeviceCVMDone), "CVM was performed on the consumer device"},
	{uint64(CTQIssuerUpdate), "issuer update supported"},
}

// DecodeCTQ reads the value of tag 9F6C. Errors: ErrValue unless it has 2 bytes.
func DecodeCTQ(value []byte) (CTQ, error) {
	v, err := decodeBits(TagCTQ, value, 2)
	return CTQ(v), err
}

// Append appends the 2 bytes of the value.
func (c CTQ) Append(dst []byte) []byte { return appendBits(dst, uint64(c), 2) }

// Describe names the bits that are set, reserved ones by their place.
func (c CTQ) Describe() []string { return sayBits(uint64(c), 2, ctqFlags) }

// String returns the value in hex digits.
func (c CTQ) String() string { return fmt.Sprintf("%04X", uint64(c)) }
