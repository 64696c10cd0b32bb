package emv

import "fmt"

// AIP is what a card can do in this transaction (application interchange profile,
// 应用交互特征).
type AIP uint16

// The bits of AIP, B3, C1; byte 2 is of the contactless kernels.
const (
	AIPXDA             AIP = 0x8000 // byte 1 bit 8
	AIPSDA             AIP = 0x4000 // byte 1 bit 7
	AIPDDA             AIP = 0x2000 // byte 1 bit 6
	AIPCVM             AIP = 0x1000 // byte 1 bit 5
	AIPTerminalRisk    AIP = 0x0800 // byte 1 bit 4
	AIPIssuerAuth      AIP = 0x0400 // byte 1 bit 3
	AIPOnDeviceCVM     AIP = 0x0200 // byte 1 bit 2
	AIPCDA             AIP = 0x0100 // byte 1 bit 1
	AIPEMVMode         AIP = 0x0080 // byte 2 bit 8
	AIPMobile          AIP = 0x0040 // byte 2 bit 7
	AIPContactless     AIP = 0x0020 // byte 2 bit 6
	AIPRelayResistance AIP = 0x0001 // byte 2 bit 1
)

var aipFlags = []flag{
	{uint64(AIPXDA), "XDA supported"},
	{uint64(AIPSDA), "SDA supported"},
	{uint64(AIPDDA), "DDA supported"},
	{uint64(AIPCVM), "cardholder verification supported"},
	{uint64(AIPTerminalRisk), "terminal risk management is to be performed"},
	{uint64(AIPIssuerAuth), "issuer authentication by EXTERNAL AUTHENTICATE supported"},
	{uint64(AIPOnDeviceCVM), "on-device cardholder verification supported"},
	{uint64(AIPCDA), "CDA supported"},
	{uint64(AIPEMVMode), "EMV mode supported (Mastercard contactless), or MSD supported (older Visa)"},
	{uint64(AIPMobile), "mobile handset"},
	{uint64(AIPContactless), "contactless transaction"},
	{uint64(AIPRelayResistance), "relay resistance protocol supported"},
}

// DecodeAIP reads the value of tag 82. Errors: ErrValue unless it has 2 bytes.
func DecodeAIP(value []byte) (AIP, error) {
	v, err := decodeBits(TagAIP, value, 2)
	return AIP(v), err
}

// Append appends the 2 bytes of the value.
func (a AIP) Append(dst []byte) []byte { return appendBits(dst, uint64(a), 2) }

// Describe names the bits that are set, reserved ones by their place.
func (a AIP) Describe() []string { return sayBits(uint64(a), 2, aipFlags) }

// String returns the value in hex digits.
func (a AIP) String() string { return fmt.Sprintf("%04X", uint64(a)) }

// AUC is where and for what a card may be used (application usage control).
type AUC uint16

// The bits of AUC, B3, C2.
const (
	AUCDomesticCash          AUC = 0x8000 // byte 1 bit 8
	AUCInternationalCash     AUC = 0x4000 // byte 1 bit 7
	AUCDomesticGoods         AUC = 0x2000 // byte 1 bit 6
	AUCInternationalGoods    AUC = 0x1000 // byte 1 bit 5
	AUCDomesticServices      AUC = 0x0800 // byte 1 bit 4
	AUCInternationalServices AUC = 0x0400 // byte 1 bit 3
	AUCATM                   AUC = 0x0200 // byte 1 bit 2
	AUCNonATM                AUC = 0x0100 // byte 1 bit 1
	AUCDomesticCashback      AUC = 0x0080 // byte 2 bit 8
	AUCInternationalCashback AUC = 0x0040 // byte 2 bit 7
)

var aucFlags = []flag{
	{uint64(AUCDomesticCash), "valid for domestic cash"},
	{uint64(AUCInternationalCash), "valid for international cash"},
	{uint64(AUCDomesticGoods), "valid for domestic goods"},
	{uint64(AUCInternationalGoods), "valid for international goods"},
	{uint64(AUCDomesticServices), "valid for domestic services"},
	{uint64(AUCInternationalServices), "valid for international services"},
	{uint64(AUCATM), "valid at ATMs"},
	{uint64(AUCNonATM), "valid at terminals other than ATMs"},
	{uint64(AUCDomesticCashback), "domestic cashback allowed"},
	{uint64(AUCInternationalCashback), "international cashback allowed"},
}

// DecodeAUC reads the value of tag 9F07. Errors: ErrValue unless it has 2 bytes.
func DecodeAUC(value []byte) (AUC, error) {
	v, err := decodeBits(TagAUC, value, 2)
	return AUC(v), err
}

// Append appends the 2 bytes of the value.
func (a AUC) Append(dst []byte) []byte { return appendBits(dst, uint64(a), 2) }

// Describe names the bits that are set, reserved ones by their place.
func (a AUC) Describe() []string { return sayBits(uint64(a), 2, aucFlags) }

// String returns the value in hex digits.
func (a AUC) String() string { return fmt.Sprintf("%04X", uint64(a)) }
