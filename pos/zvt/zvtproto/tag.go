package zvtproto

import (
	"fmt"
	"slices"
)

// Tag names a TLV object. The number is the tag's bytes read big-endian:
// 0x1F10 for 1F 10 (P15 chapter 9).
type Tag uint32

// Tags this package or its users name. Tags has them all.
const (
	TagReversalID       Tag = 0x01
	TagTextLine         Tag = 0x07
	TagReceiptNumber    Tag = 0x08
	TagAttribute        Tag = 0x09
	TagCommand          Tag = 0x0A
	TagMerchantDisplay  Tag = 0x10
	TagCustomerDisplay  Tag = 0x11
	TagPrinterWidth     Tag = 0x12
	TagExtraResult      Tag = 0x13
	TagCharset          Tag = 0x14
	TagLanguage         Tag = 0x15
	TagMaxAPDU          Tag = 0x1A // big-endian, unlike the length of an APDU
	TagDiagnosisType    Tag = 0x1B
	TagFileBlock        Tag = 0x1C
	TagFileID           Tag = 0x1D
	TagFileOffset       Tag = 0x1E
	TagPreAuthList      Tag = 0x23
	TagDisplayTexts     Tag = 0x24
	TagPrintTexts       Tag = 0x25
	TagCommands         Tag = 0x26
	TagCharsets         Tag = 0x27
	TagLanguages        Tag = 0x28
	TagFile             Tag = 0x2D
	TagTimestamp        Tag = 0x2E
	TagPaymentType      Tag = 0x2F
	TagCardTypeID       Tag = 0x41
	TagApplicationLabel Tag = 0x42
	TagAID              Tag = 0x43
	TagPreferredName    Tag = 0x44
	TagReceiptParam     Tag = 0x45
	TagEMVCustomer      Tag = 0x46
	TagEMVMerchant      Tag = 0x47
	TagNetworkCardType  Tag = 0x49
	TagUID              Tag = 0x4C
	TagApplication      Tag = 0x60
	TagCustomerReceipt  Tag = 0x66
	TagMerchantReceipt  Tag = 0x67
	TagBarcode          Tag = 0xE3
	TagDeviceInfo       Tag = 0xE4

	TagReceiptID         Tag = 0x1F01
	TagReceiptParameter  Tag = 0x1F04
	TagTransactionParam  Tag = 0x1F05
	TagReservationType   Tag = 0x1F06
	TagReceiptType       Tag = 0x1F07
	TagTrack1            Tag = 0x1F08
	TagTrack2            Tag = 0x1F09
	TagTrack3            Tag = 0x1F0A
	TagDate              Tag = 0x1F0E
	TagTime              Tag = 0x1F0F
	TagAuthentication    Tag = 0x1F10
	TagOnline            Tag = 0x1F11
	TagTechnology        Tag = 0x1F12
	TagCardToken         Tag = 0x1F14
	TagErrorCode         Tag = 0x1F16
	TagErrorText         Tag = 0x1F17
	TagUniqueID          Tag = 0x1F1F // receipt synchronisation
	TagEndOfDayMode      Tag = 0x1F26
	TagLongTrace         Tag = 0x1F2B
	TagBarcodeType       Tag = 0x1F2E
	TagBarcodeContent    Tag = 0x1F2F
	TagWorkstationID     Tag = 0x1F35
	TagTip               Tag = 0x1F36
	TagReceiptInfo       Tag = 0x1F37
	TagDeviceName        Tag = 0x1F40
	TagSoftware          Tag = 0x1F41
	TagSerialNumber      Tag = 0x1F42
	TagDeviceState       Tag = 0x1F43
	TagTerminalID        Tag = 0x1F44
	TagCardAPDUs         Tag = 0x1F46
	TagATQA              Tag = 0x1F4F // single source: EVerest captures
	TagSAK               Tag = 0x1F50 // single source: EVerest captures
	TagReferencePrefix   Tag = 0x1F62
	TagReferenceNumber   Tag = 0x1F63
	TagKnownTags         Tag = 0x1F71
	TagMessageSequence   Tag = 0x1F73
	TagLongPassword      Tag = 0x1F74
	TagFileName          Tag = 0x1F8000 // see the trap at TagFileNameShort
	TagFileMIME          Tag = 0x1F8100
	TagFileNameShort     Tag = 0x1F80 // as P15 prints it; its tag rule wants three bytes (inferred)
	TagFileMIMEShort     Tag = 0x1F81
	TagCoupon            Tag = 0xFF01
	TagLoyalty           Tag = 0xFF02
	TagParking           Tag = 0xFF03
	TagVoucher           Tag = 0xFF04
	TagValueAddedService Tag = 0xE8
)

// TagInfo is one row of the table of tags.
type TagInfo struct {
	Tag      Tag
	Name     string
	Encoding Encoding
	// Secret values are masked wherever this package prints or masks.
	Secret bool
}

// Constructed says whether the object holds objects: bit 6 of the first
// byte (P15 chapter 9).
func (t Tag) Constructed() bool { return t.first()&0x20 != 0 }

func (t Tag) first() byte {
	for t > 0xFF {
		t >>= 8
	}
	return byte(t)
}

func (t Tag) append(dst []byte) []byte {
	for shift := 24; shift > 0; shift -= 8 {
		if t>>shift != 0 {
			dst = append(dst, byte(t>>shift))
		}
	}
	return append(dst, byte(t))
}

// valid says whether the number is a tag by the rule of P15 chapter 9.
func (t Tag) valid() bool {
	var buf [4]byte
	b := t.append(buf[:0])
	if isAmbiguousTag(b) && len(b) == 2 {
		return true
	}
	n, err := tagSize(b)
	return err == nil && n == len(b)
}

func (t Tag) row() (TagInfo, bool) {
	i, ok := slices.BinarySearchFunc(tagTable, t, func(i TagInfo, t Tag) int {
		return int(int64(i.Tag) - int64(t))
	})
	if !ok {
		return TagInfo{Tag: t}, false
	}
	return tagTable[i], true
}

func (t Tag) known() bool        { _, ok := t.row(); return ok }
func (t Tag) secret() bool       { i, _ := t.row(); return i.Secret }
func (t Tag) encoding() Encoding { i, _ := t.row(); return i.Encoding }

// Info looks the tag up. Unknown tags are no error: skip them.
func (t Tag) Info() (info TagInfo, ok bool) { return t.row() }

// Name is the English name, or "unknown tag".
func (t Tag) Name() string {
	if i, ok := t.row(); ok {
		return i.Name
	}
	return "unknown tag"
}

// String is the number in hexadecimal and the name.
func (t Tag) String() string { return fmt.Sprintf("%02X %s", uint32(t), t.Name()) }

// Tags returns the whole table, in order of number.
func Tags() []TagInfo { return slices.Clone(tagTable) }

// tagTable is P15 chapter 9, in order of number. Secret beyond the tracks and
// the long password: commands to and from a card and data passed through to
// the host, which may hold either.
var tagTable = []TagInfo{
	{Tag: 0x01, Name: "reversal id", Encoding: EncodingBinary},
	{Tag: 0x07, Name: "text line", Encoding: EncodingText},
	{Tag: 0x08, Name: "receipt number", Encoding: EncodingBCD},
	{Tag: 0x09, Name: "line attribute", Encoding: EncodingBits},
	{Tag: 0x0A, Name: "command", Encoding: EncodingBinary},
	{Tag: 0x0B, Name: "info field 1", Encoding: EncodingASCII},
	{Tag: 0x0C, Name: "info field 2", Encoding: EncodingASCII},
	{Tag: 0x10, Name: "merchant display size", Encoding: EncodingBCD},
	{Tag: 0x11, Name: "customer display size", Encoding: EncodingBCD},
	{Tag: 0x12, Name: "printer width", Encoding: EncodingBCD},
	{Tag: 0x13, Name: "extra result code", Encoding: EncodingASCII},
	{Tag: 0x14, Name: "character set", Encoding: EncodingBinary},
	{Tag: 0x15, Name: "language", Encoding: EncodingASCII},
	{Tag: 0x1A, Name: "maximum APDU size", Encoding: EncodingBinary},
	{Tag: 0x1B, Name: "diagnosis type", Encoding: EncodingBinary},
	{Tag: 0x1C, Name: "file block", Encoding: EncodingBinary},
	{Tag: 0x1D, Name: "file id", Encoding: EncodingBinary},
	{Tag: 0x1E, Name: "file offset", Encoding: EncodingBinary},
	{Tag: 0x20, Name: "fleet data", Encoding: EncodingContainer},
	{Tag: 0x21, Name: "permitted goods", Encoding: EncodingContainer},
	{Tag: 0x22, Name: "blocked goods", Encoding: EncodingContainer},
	{Tag: 0x23, Name: "open pre-authorisations", Encoding: EncodingContainer},
	{Tag: 0x24, Name: "display texts", Encoding: EncodingContainer},
	{Tag: 0x25, Name: "print texts", Encoding: EncodingContainer},
	{Tag: 0x26, Name: "permitted commands", Encoding: EncodingContainer},
	{Tag: 0x27, Name: "character sets", Encoding: EncodingContainer},
	{Tag: 0x28, Name: "languages", Encoding: EncodingContainer},
	{Tag: 0x29, Name: "menus shown by the register", Encoding: EncodingContainer},
	{Tag: 0x2A, Name: "menus shown by the terminal", Encoding: EncodingContainer},
	{Tag: 0x2B, Name: "menu", Encoding: EncodingContainer},
	{Tag: 0x2C, Name: "menu item", Encoding: EncodingContainer},
	{Tag: 0x2D, Name: "file", Encoding: EncodingContainer},
	{Tag: 0x2E, Name: "timestamp", Encoding: EncodingContainer},
	{Tag: 0x2F, Name: "payment type", Encoding: EncodingContainer},
	{Tag: 0x30, Name: "card accept or deny", Encoding: EncodingContainer},
	{Tag: 0x31, Name: "amount information", Encoding: EncodingContainer},
	{Tag: 0x32, Name: "input", Encoding: EncodingContainer},
	{Tag: 0x34, Name: "terminal date and time", Encoding: EncodingContainer},
	{Tag: 0x35, Name: "reboot time", Encoding: EncodingContainer},
	{Tag: 0x40, Name: "EMV configuration", Encoding: EncodingBits},
	{Tag: 0x41, Name: "ZVT card type id", Encoding: EncodingCardType},
	{Tag: 0x42, Name: "application label", Encoding: EncodingASCII},
	{Tag: 0x43, Name: "application id (AID)", Encoding: EncodingBinary},
	{Tag: 0x44, Name: "application preferred name", Encoding: EncodingASCII},
	{Tag: 0x45, Name: "receipt parameter", Encoding: EncodingBCD},
	{Tag: 0x46, Name: "EMV print data, customer", Encoding: EncodingText},
	{Tag: 0x47, Name: "EMV print data, merchant", Encoding: EncodingText},
	{Tag: 0x48, Name: "application priority", Encoding: EncodingBinary},
	{Tag: 0x49, Name: "network card type", Encoding: EncodingBinary},
	{Tag: 0x4A, Name: "product display", Encoding: EncodingBinary},
	{Tag: 0x4B, Name: "issuer country", Encoding: EncodingBinary},
	{Tag: 0x4C, Name: "card UID", Encoding: EncodingBinary},
	{Tag: 0x60, Name: "application", Encoding: EncodingContainer},
	{Tag: 0x61, Name: "applications on magstripe", Encoding: EncodingContainer},
	{Tag: 0x62, Name: "applications on chip", Encoding: EncodingContainer},
	{Tag: 0x63, Name: "prepaid", Encoding: EncodingContainer},
	{Tag: 0x64, Name: "header", Encoding: EncodingContainer},
	{Tag: 0x65, Name: "advertising", Encoding: EncodingContainer},
	{Tag: 0x66, Name: "customer receipt", Encoding: EncodingContainer},
	{Tag: 0x67, Name: "merchant receipt", Encoding: EncodingContainer},
	{Tag: 0x68, Name: "outcome text", Encoding: EncodingContainer},
	{Tag: 0x69, Name: "reference transaction", Encoding: EncodingContainer},
	{Tag: 0xC1, Name: "bonus type", Encoding: EncodingASCII},
	{Tag: 0xC2, Name: "bonus points 1", Encoding: EncodingBCD},
	{Tag: 0xC3, Name: "bonus points 2", Encoding: EncodingBCD},
	{Tag: 0xC4, Name: "ECR transaction number", Encoding: EncodingBCD},
	{Tag: 0xE1, Name: "bonus", Encoding: EncodingContainer},
	{Tag: 0xE2, Name: "dynamic currency conversion", Encoding: EncodingContainer},
	{Tag: 0xE3, Name: "barcode", Encoding: EncodingContainer},
	{Tag: 0xE4, Name: "device information", Encoding: EncodingContainer},
	{Tag: 0xE6, Name: "card type", Encoding: EncodingContainer},
	{Tag: 0xE8, Name: "value added services", Encoding: EncodingContainer},
	{Tag: 0xE9, Name: "reference number", Encoding: EncodingContainer},
	{Tag: 0x1F00, Name: "total length", Encoding: EncodingBinary},
	{Tag: 0x1F01, Name: "receipt id", Encoding: EncodingBinary},
	{Tag: 0x1F02, Name: "from TA number", Encoding: EncodingBinary},
	{Tag: 0x1F03, Name: "to TA number", Encoding: EncodingBinary},
	{Tag: 0x1F04, Name: "receipt parameter", Encoding: EncodingBits},
	{Tag: 0x1F05, Name: "transaction parameter", Encoding: EncodingBits},
	{Tag: 0x1F06, Name: "reservation type", Encoding: EncodingBinary},
	{Tag: 0x1F07, Name: "receipt type", Encoding: EncodingBinary},
	{Tag: 0x1F08, Name: "track 1", Encoding: EncodingTrack, Secret: true},
	{Tag: 0x1F09, Name: "track 2", Encoding: EncodingTrack, Secret: true},
	{Tag: 0x1F0A, Name: "track 3", Encoding: EncodingTrack, Secret: true},
	{Tag: 0x1F0B, Name: "maximum pre-authorisation amount", Encoding: EncodingAmount},
	{Tag: 0x1F0D, Name: "host passthrough", Encoding: EncodingBinary, Secret: true},
	{Tag: 0x1F0E, Name: "date", Encoding: EncodingDate},
	{Tag: 0x1F0F, Name: "time", Encoding: EncodingTime},
	{Tag: 0x1F10, Name: "cardholder authentication", Encoding: EncodingBinary},
	{Tag: 0x1F11, Name: "online flag", Encoding: EncodingBinary},
	{Tag: 0x1F12, Name: "card technology", Encoding: EncodingBinary},
	{Tag: 0x1F13, Name: "function asked of the register", Encoding: EncodingBinary},
	{Tag: 0x1F14, Name: "card id token", Encoding: EncodingBinary},
	{Tag: 0x1F15, Name: "read control", Encoding: EncodingBinary},
	{Tag: 0x1F16, Name: "extended error code", Encoding: EncodingBinary},
	{Tag: 0x1F17, Name: "extended error text", Encoding: EncodingText},
	{Tag: 0x1F18, Name: "card insertion ends the display", Encoding: EncodingBinary},
	{Tag: 0x1F19, Name: "accept or deny", Encoding: EncodingBinary},
	{Tag: 0x1F1A, Name: "card number pattern", Encoding: EncodingBCD, Secret: true},
	{Tag: 0x1F1B, Name: "DCC information", Encoding: EncodingBinary},
	{Tag: 0x1F1C, Name: "DCC information", Encoding: EncodingBinary},
	{Tag: 0x1F1D, Name: "amount information", Encoding: EncodingBinary},
	{Tag: 0x1F1E, Name: "amount information", Encoding: EncodingBinary},
	{Tag: 0x1F1F, Name: "unique transaction id", Encoding: EncodingBinary},
	{Tag: 0x1F20, Name: "amount information", Encoding: EncodingBinary},
	{Tag: 0x1F21, Name: "amount information", Encoding: EncodingBinary},
	{Tag: 0x1F22, Name: "DCC information", Encoding: EncodingBinary},
	{Tag: 0x1F23, Name: "DCC information", Encoding: EncodingBinary},
	{Tag: 0x1F24, Name: "DCC information", Encoding: EncodingBinary},
	{Tag: 0x1F25, Name: "cashback amount", Encoding: EncodingAmount},
	{Tag: 0x1F26, Name: "end-of-day mode", Encoding: EncodingBinary},
	{Tag: 0x1F2B, Name: "long trace number", Encoding: EncodingBCD},
	{Tag: 0x1F2D, Name: "card input type", Encoding: EncodingBinary},
	{Tag: 0x1F2E, Name: "barcode type", Encoding: EncodingBinary},
	{Tag: 0x1F2F, Name: "barcode content", Encoding: EncodingText},
	{Tag: 0x1F30, Name: "electronic purse load", Encoding: EncodingBinary},
	{Tag: 0x1F32, Name: "SMID", Encoding: EncodingBinary},
	{Tag: 0x1F35, Name: "register workstation id", Encoding: EncodingBCD},
	{Tag: 0x1F36, Name: "tip amount", Encoding: EncodingAmount},
	{Tag: 0x1F37, Name: "receipt information", Encoding: EncodingBits},
	{Tag: 0x1F38, Name: "input mode", Encoding: EncodingBinary},
	{Tag: 0x1F39, Name: "input timeout", Encoding: EncodingBinary},
	{Tag: 0x1F3A, Name: "input result", Encoding: EncodingBinary, Secret: true},
	{Tag: 0x1F3B, Name: "tippable", Encoding: EncodingBits},
	{Tag: 0x1F3F, Name: "balance", Encoding: EncodingBinary},
	{Tag: 0x1F40, Name: "device name", Encoding: EncodingASCII},
	{Tag: 0x1F41, Name: "software version", Encoding: EncodingASCII},
	{Tag: 0x1F42, Name: "serial number", Encoding: EncodingASCII},
	{Tag: 0x1F43, Name: "device state", Encoding: EncodingBinary},
	{Tag: 0x1F44, Name: "terminal id", Encoding: EncodingBCD},
	{Tag: 0x1F45, Name: "card ATS", Encoding: EncodingBinary},
	{Tag: 0x1F46, Name: "card APDUs", Encoding: EncodingBinary, Secret: true},
	{Tag: 0x1F4C, Name: "card type", Encoding: EncodingBinary},
	{Tag: 0x1F4D, Name: "card subtype", Encoding: EncodingBinary},
	{Tag: 0x1F4F, Name: "card ATQA", Encoding: EncodingBinary},
	{Tag: 0x1F50, Name: "card SAK", Encoding: EncodingBinary},
	{Tag: 0x1F5B, Name: "card poll timeout", Encoding: EncodingBinary},
	{Tag: 0x1F60, Name: "allowed card technologies", Encoding: EncodingBits},
	{Tag: 0x1F62, Name: "reference prefix", Encoding: EncodingASCII},
	{Tag: 0x1F63, Name: "reference number", Encoding: EncodingASCII},
	{Tag: 0x1F65, Name: "value added service operations", Encoding: EncodingBits},
	{Tag: 0x1F6A, Name: "remaining amount", Encoding: EncodingAmount},
	{Tag: 0x1F6B, Name: "age check", Encoding: EncodingBinary},
	{Tag: 0x1F6C, Name: "age check", Encoding: EncodingBinary},
	{Tag: 0x1F6D, Name: "card poll mode", Encoding: EncodingBinary},
	{Tag: 0x1F70, Name: "partial approval capable", Encoding: EncodingBinary},
	{Tag: 0x1F71, Name: "tags the terminal understands", Encoding: EncodingBinary},
	{Tag: 0x1F73, Name: "message sequence id", Encoding: EncodingBCD},
	{Tag: 0x1F74, Name: "long password", Encoding: EncodingBCD, Secret: true},
	{Tag: 0x1F80, Name: "file name", Encoding: EncodingASCII},
	{Tag: 0x1F81, Name: "file MIME type", Encoding: EncodingASCII},
	{Tag: 0xFF01, Name: "coupon", Encoding: EncodingContainer},
	{Tag: 0xFF02, Name: "loyalty", Encoding: EncodingContainer},
	{Tag: 0xFF03, Name: "parking", Encoding: EncodingContainer},
	{Tag: 0xFF04, Name: "voucher", Encoding: EncodingContainer},
	{Tag: 0x1F8000, Name: "file name", Encoding: EncodingASCII},
	{Tag: 0x1F8100, Name: "file MIME type", Encoding: EncodingASCII},
}
