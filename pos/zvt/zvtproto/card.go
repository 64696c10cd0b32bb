package zvtproto

import "fmt"

// CardType is the ZVT card type id of BMP 8A and tag 41 (P15).
type CardType uint16

var cardTypes = map[CardType]string{
	2: "ec-card", 5: "girocard", 6: "Mastercard", 8: "American Express", 9: "ELV", 10: "Visa", 11: "Visa Electron",
	12: "Diners", 13: "V PAY", 14: "JCB", 30: "Geldkarte", 46: "Maestro", 47: "gift card", 69: "Postcard",
	87: "Bancontact", 89: "Payback Pay", 97: "Alipay", 107: "Alipay @POS 2", 111: "instant payment",
	127: "AirPlus", 196: "Dankort", 198: "UnionPay", 232: "Discover", 255: "see tag 41", 256: "MIFARE",
	260: "BlueCode",
}

// String is the name of the card scheme.
func (c CardType) String() string {
	if s, ok := cardTypes[c]; ok {
		return s
	}
	return fmt.Sprintf("unknown card type %d", uint16(c))
}

// PaymentType is BMP 19: in 06 01 what the register wants, in 04 0F what the
// terminal did (P15 chapters 2 and 3).
type PaymentType byte

// Payment types a register asks for: the high nibble.
const (
	PaymentELV             PaymentType = 0x00 // direct debit, offline
	PaymentGeldkarte       PaymentType = 0x10
	PaymentOnlineNoPIN     PaymentType = 0x20
	PaymentPIN             PaymentType = 0x30 // girocard TA7, with PIN
	PaymentTerminalDecides PaymentType = 0x40 // the normal one: without Geldkarte
	PaymentAnyGeldkarte    PaymentType = 0x50 // the terminal decides, with Geldkarte
)

// Flags of the low nibble a register adds.
const (
	PaymentUseReadCard  PaymentType = 0x02 // bit 1: use the card read before
	PaymentPrinterReady PaymentType = 0x04 // bit 2
	PaymentTippable     PaymentType = 0x08 // bit 3
)

// Payment types in a status-information.
const (
	PaidOffline     PaymentType = 0x40
	PaidCheckedOnly PaymentType = 0x50
	PaidOnline      PaymentType = 0x60
	PaidPIN         PaymentType = 0x70
)

// Requested says what the value means in a register's command.
func (p PaymentType) Requested() string {
	names := [...]string{"direct debit offline", "Geldkarte", "online without PIN", "PIN",
		"terminal decides", "terminal decides, with Geldkarte"}
	if int(p>>4) >= len(names) {
		return unknownCode(byte(p))
	}
	s := names[p>>4]
	for _, f := range []struct {
		bit  PaymentType
		name string
	}{{PaymentUseReadCard, ", use the card read before"}, {PaymentPrinterReady, ", printer ready"}, {PaymentTippable, ", tip possible"}} {
		if p&f.bit != 0 {
			s += f.name
		}
	}
	return s
}

// Reported says what the value means in a status-information.
func (p PaymentType) Reported() string {
	switch p {
	case PaidOffline:
		return "offline"
	case PaidCheckedOnly:
		return "card checked only"
	case PaidOnline:
		return "online"
	case PaidPIN:
		return "with PIN"
	}
	return unknownCode(byte(p))
}

// Authentication is tag 1F10: how the cardholder was verified (P15 chapter 9).
type Authentication byte

// Kinds of authentication.
const (
	AuthNone                Authentication = 0x00
	AuthSignature           Authentication = 0x01
	AuthOnlinePIN           Authentication = 0x02
	AuthOfflineEncryptedPIN Authentication = 0x03
	AuthOfflinePlainPIN     Authentication = 0x04
	AuthUnknown             Authentication = 0xFF
)

// String is the kind in English.
func (a Authentication) String() string {
	names := [...]string{"none", "signature", "online PIN", "offline encrypted PIN", "offline plain PIN",
		"offline encrypted PIN and signature", "offline plain PIN and signature", "online PIN and signature"}
	if int(a) < len(names) {
		return names[a]
	}
	if a == AuthUnknown {
		return "unknown to the terminal"
	}
	return unknownCode(byte(a))
}

// NeedsSignature says that the receipt must be signed.
func (a Authentication) NeedsSignature() bool {
	return a == AuthSignature || a >= 0x05 && a <= 0x07
}

// Technology is tag 1F12: how the card was read (P15 chapter 9).
type Technology byte

// Technologies.
const (
	TechnologyMagstripe Technology = 0x00
	TechnologyChip      Technology = 0x01
	TechnologyNFC       Technology = 0x02
)

// String is the technology in English.
func (t Technology) String() string {
	switch t {
	case TechnologyMagstripe:
		return "magnetic stripe"
	case TechnologyChip:
		return "chip"
	case TechnologyNFC:
		return "contactless"
	}
	return unknownCode(byte(t))
}

// Authentication reads tag 1F10 in tag 2F or beside it.
func (f *Fields) Authentication() (Authentication, bool) {
	v, ok := f.paymentTag(TagAuthentication)
	return Authentication(v), ok
}

// Online reads tag 1F11.
func (f *Fields) Online() (online, ok bool) {
	v, ok := f.paymentTag(TagOnline)
	return v == 1, ok
}

// Technology reads tag 1F12.
func (f *Fields) Technology() (Technology, bool) {
	v, ok := f.paymentTag(TagTechnology)
	return Technology(v), ok
}

func (f *Fields) paymentTag(tag Tag) (byte, bool) {
	t, ok := f.TLV()
	if !ok {
		return 0, false
	}
	v, ok := t.Value(TagPaymentType, tag)
	if !ok {
		v, ok = t.Value(tag)
	}
	if !ok || len(v) != 1 {
		return 0, false
	}
	return v[0], true
}
