package emv

import "fmt"

// TerminalCapabilities is what a terminal can read, verify and authenticate
// (终端性能).
type TerminalCapabilities uint32

// The bits of TerminalCapabilities, B4, A2; biometric, ECC and XDA bits came with EMV 4.4.
const (
	CapManualKey        TerminalCapabilities = 0x800000 // byte 1 bit 8
	CapMagstripe        TerminalCapabilities = 0x400000 // byte 1 bit 7
	CapContact          TerminalCapabilities = 0x200000 // byte 1 bit 6
	CapPlaintextPIN     TerminalCapabilities = 0x008000 // byte 2 bit 8
	CapOnlinePIN        TerminalCapabilities = 0x004000 // byte 2 bit 7
	CapSignature        TerminalCapabilities = 0x002000 // byte 2 bit 6
	CapEncipheredPIN    TerminalCapabilities = 0x001000 // byte 2 bit 5
	CapNoCVM            TerminalCapabilities = 0x000800 // byte 2 bit 4
	CapOnlineBiometric  TerminalCapabilities = 0x000400 // byte 2 bit 3
	CapOfflineBiometric TerminalCapabilities = 0x000200 // byte 2 bit 2
	CapEncipheredPINECC TerminalCapabilities = 0x000100 // byte 2 bit 1
	CapSDA              TerminalCapabilities = 0x000080 // byte 3 bit 8
	CapDDA              TerminalCapabilities = 0x000040 // byte 3 bit 7
	CapCardCapture      TerminalCapabilities = 0x000020 // byte 3 bit 6
	CapCDA              TerminalCapabilities = 0x000008 // byte 3 bit 4
	CapXDA              TerminalCapabilities = 0x000004 // byte 3 bit 3
)

var terminalCapabilitiesFlags = []flag{
	{uint64(CapManualKey), "manual key entry"},
	{uint64(CapMagstripe), "magnetic stripe"},
	{uint64(CapContact), "IC with contacts"},
	{uint64(CapPlaintextPIN), "plaintext PIN for the card"},
	{uint64(CapOnlinePIN), "enciphered PIN online"},
	{uint64(CapSignature), "signature"},
	{uint64(CapEncipheredPIN), "enciphered PIN offline (RSA)"},
	{uint64(CapNoCVM), "no CVM required"},
	{uint64(CapOnlineBiometric), "online biometric"},
	{uint64(CapOfflineBiometric), "offline biometric"},
	{uint64(CapEncipheredPINECC), "enciphered PIN offline (ECC)"},
	{uint64(CapSDA), "SDA"},
	{uint64(CapDDA), "DDA"},
	{uint64(CapCardCapture), "card capture"},
	{uint64(CapCDA), "CDA"},
	{uint64(CapXDA), "XDA"},
}

// DecodeTerminalCapabilities reads the value of tag 9F33. Errors: ErrValue unless it has 3 bytes.
func DecodeTerminalCapabilities(value []byte) (TerminalCapabilities, error) {
	v, err := decodeBits(TagTerminalCapabilities, value, 3)
	return TerminalCapabilities(v), err
}

// Append appends the 3 bytes of the value.
func (t TerminalCapabilities) Append(dst []byte) []byte { return appendBits(dst, uint64(t), 3) }

// Describe names the bits that are set, reserved ones by their place.
func (t TerminalCapabilities) Describe() []string {
	return sayBits(uint64(t), 3, terminalCapabilitiesFlags)
}

// String returns the value in hex digits.
func (t TerminalCapabilities) String() string { return fmt.Sprintf("%06X", uint64(t)) }

// AdditionalCapabilities is what a terminal sells, and its keys, printers and
// displays (附加终端性能).
type AdditionalCapabilities uint64

// The bits of AdditionalCapabilities, B4, A3.
const (
	AddCash              AdditionalCapabilities = 0x8000000000 // byte 1 bit 8
	AddGoods             AdditionalCapabilities = 0x4000000000 // byte 1 bit 7
	AddServices          AdditionalCapabilities = 0x2000000000 // byte 1 bit 6
	AddCashback          AdditionalCapabilities = 0x1000000000 // byte 1 bit 5
	AddInquiry           AdditionalCapabilities = 0x0800000000 // byte 1 bit 4
	AddTransfer          AdditionalCapabilities = 0x0400000000 // byte 1 bit 3
	AddPayment           AdditionalCapabilities = 0x0200000000 // byte 1 bit 2
	AddAdministrative    AdditionalCapabilities = 0x0100000000 // byte 1 bit 1
	AddCashDeposit       AdditionalCapabilities = 0x0080000000 // byte 2 bit 8
	AddNumericKeys       AdditionalCapabilities = 0x0000800000 // byte 3 bit 8
	AddAlphaKeys         AdditionalCapabilities = 0x0000400000 // byte 3 bit 7
	AddCommandKeys       AdditionalCapabilities = 0x0000200000 // byte 3 bit 6
	AddFunctionKeys      AdditionalCapabilities = 0x0000100000 // byte 3 bit 5
	AddPrintAttendant    AdditionalCapabilities = 0x0000008000 // byte 4 bit 8
	AddPrintCardholder   AdditionalCapabilities = 0x0000004000 // byte 4 bit 7
	AddDisplayAttendant  AdditionalCapabilities = 0x0000002000 // byte 4 bit 6
	AddDisplayCardholder AdditionalCapabilities = 0x0000001000 // byte 4 bit 5
	AddCodeTable10       AdditionalCapabilities = 0x0000000200 // byte 4 bit 2
	AddCodeTable9        AdditionalCapabilities = 0x0000000100 // byte 4 bit 1
	AddCodeTable8        AdditionalCapabilities = 0x0000000080 // byte 5 bit 8
	AddCodeTable7        AdditionalCapabilities = 0x0000000040 // byte 5 bit 7
	AddCodeTable6        AdditionalCapabilities = 0x0000000020 // byte 5 bit 6
	AddCodeTable5        AdditionalCapabilities = 0x0000000010 // byte 5 bit 5
	AddCodeTable4        AdditionalCapabilities = 0x0000000008 // byte 5 bit 4
	AddCodeTable3        AdditionalCapabilities = 0x0000000004 // byte 5 bit 3
	AddCodeTable2        AdditionalCapabilities = 0x0000000002 // byte 5 bit 2
	AddCodeTable1        AdditionalCapabilities = 0x0000000001 // byte 5 bit 1
)

var additionalCapabilitiesFlags = []flag{
	{uint64(AddCash), "cash"},
	{uint64(AddGoods), "goods"},
	{uint64(AddServices), "services"},
	{uint64(AddCashback), "cashback"},
	{uint64(AddInquiry), "inquiry"},
	{uint64(AddTransfer), "transfer"},
	{uint64(AddPayment), "payment"},
	{uint64(AddAdministrative), "administrative"},
	{uint64(AddCashDeposit), "cash deposit"},
	{uint64(AddNumericKeys), "numeric keys"},
	{uint64(AddAlphaKeys), "alphabetic and special keys"},
	{uint64(AddCommandKeys), "command keys"},
	{uint64(AddFunctionKeys), "function keys"},
	{uint64(AddPrintAttendant), "prints for the attendant"},
	{uint64(AddPrintCardholder), "prints for the cardholder"},
	{uint64(AddDisplayAttendant), "displays to the attendant"},
	{uint64(AddDisplayCardholder), "displays to the cardholder"},
	{uint64(AddCodeTable10), "code table 10"},
	{uint64(AddCodeTable9), "code table 9"},
	{uint64(AddCodeTable8), "code table 8"},
	{uint64(AddCodeTable7), "code table 7"},
	{uint64(AddCodeTable6), "code table 6"},
	{uint64(AddCodeTable5), "code table 5"},
	{uint64(AddCodeTable4), "code table 4"},
	{uint64(AddCodeTable3), "code table 3"},
	{uint64(AddCodeTable2), "code table 2"},
	{uint64(AddCodeTable1), "code table 1"},
}

// DecodeAdditionalCapabilities reads the value of tag 9F40. Errors: ErrValue unless it has 5 bytes.
func DecodeAdditionalCapabilities(value []byte) (AdditionalCapabilities, error) {
	v, err := decodeBits(TagAdditionalCapabilities, value, 5)
	return AdditionalCapabilities(v), err
}

// Append appends the 5 bytes of the value.
func (a AdditionalCapabilities) Append(dst []byte) []byte { return appendBits(dst, uint64(a), 5) }

// Describe names the bits that are set, reserved ones by their place.
func (a AdditionalCapabilities) Describe() []string {
	return sayBits(uint64(a), 5, additionalCapabilitiesFlags)
}

// String returns the value in hex digits.
func (a AdditionalCapabilities) String() string { return fmt.Sprintf("%010X", uint64(a)) }
