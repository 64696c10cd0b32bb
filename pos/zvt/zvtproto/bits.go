package zvtproto

import (
	"fmt"
	"strings"
)

// bitName names one bit, or a few, of a byte.
type bitName struct {
	bit  byte
	name string
}

// describeBits lists the names of the bits that are set.
func describeBits(v byte, names []bitName, none string) string {
	var parts []string
	for _, n := range names {
		if v&n.bit == n.bit {
			parts = append(parts, n.name)
			v &^= n.bit
		}
	}
	if v != 0 {
		parts = append(parts, fmt.Sprintf("unknown bits %02X", v))
	}
	if len(parts) == 0 {
		return none
	}
	return strings.Join(parts, ", ")
}

// String lists what the configuration asks for.
func (c Config) String() string {
	return describeBits(byte(c), []bitName{
		{byte(ConfigPrintPayment), "register prints payment receipts"},
		{byte(ConfigPrintAdmin), "register prints administration receipts"},
		{byte(ConfigIntermediateStatus), "intermediate status wanted"},
		{byte(ConfigNoPaymentAtPT), "no payment at the terminal"},
		{byte(ConfigNoAdminAtPT), "no administration at the terminal"},
		{byte(ConfigPrintLines), "print through 06 D1 and 06 D3"},
	}, "nothing")
}

func describeStatusByte(v byte) string {
	return describeBits(v, []bitName{
		{RegistrationInitNeeded, "initialisation needed"},
		{RegistrationDiagnosisNeeded, "diagnosis needed"},
		{RegistrationOPTNeeded, "OPT action needed"},
		{RegistrationFillingStation, "filling station mode"},
		{RegistrationVending, "vending mode"},
	}, "nothing needed")
}

// String lists the attributes.
func (a Attribute) String() string {
	switch {
	case a == AttributeReserved:
		return "reserved"
	case a == AttributeFeed:
		return "feed (in a text block: end of receipt)"
	case a.LastLine():
		return "end of receipt"
	}
	s := describeBits(byte(a&^AttributeIndent), []bitName{
		{byte(AttributeCentred), "centred"},
		{byte(AttributeDoubleWidth), "double width"},
		{byte(AttributeDoubleHeight), "double height"},
	}, "normal")
	if indent := a & AttributeIndent; indent != 0 {
		s += fmt.Sprintf(", indented %d", indent)
	}
	return s
}

// String lists the bits.
func (i ReceiptInfo) String() string {
	return describeBits(byte(i), []bitName{
		{byte(ReceiptPositive), "positive result"},
		{byte(ReceiptSignatureLine), "has a signature line"},
		{byte(ReceiptNegative), "negative result"},
		{byte(ReceiptMandatory), "must be printed"},
	}, "nothing")
}

// String is the speed.
func (r BaudRate) String() string {
	switch r {
	case Baud9600:
		return "9600 baud"
	case Baud19200:
		return "19200 baud"
	case Baud57600:
		return "57600 baud"
	case Baud115200:
		return "115200 baud"
	}
	return unknownCode(byte(r))
}

// String names the kind of code.
func (t BarcodeType) String() string {
	switch t {
	case BarcodeUPCA:
		return "UPC-A"
	case BarcodeEAN128:
		return "EAN-128"
	case BarcodeQRL, BarcodeQRM, BarcodeQRQ, BarcodeQRH:
		return "QR code, level " + "LMQH"[t-BarcodeQRL:t-BarcodeQRL+1]
	}
	return fmt.Sprintf("barcode type %d", byte(t))
}

// String names the key.
func (k Key) String() string {
	names := map[Key]string{KeyOK: "OK", KeyClear: "C", KeyStop: "STOP", KeyF1: "F1", KeyF2: "F2", KeyF3: "F3",
		KeyF4: "F4", KeyDown: "down", KeyF: "F", KeyUp: "up", KeyTimeout: "timeout", KeyCard: "card inserted"}
	if s, ok := names[k]; ok {
		return s
	}
	return unknownCode(byte(k))
}
