package zvtproto

import "fmt"

// BMP numbers a data field of an APDU (the documents' word is "bitmap").
//
// P15 chapter 13 for all constants.
type BMP byte

// The BMPs of PA00P015 rev 13.08, chapter 13.
const (
	BMPTimeout         BMP = 0x01
	BMPMaxStatusInfos  BMP = 0x02
	BMPServiceByte     BMP = 0x03
	BMPAmount          BMP = 0x04
	BMPPumpNumber      BMP = 0x05
	BMPTLV             BMP = 0x06
	BMPTrace           BMP = 0x0B
	BMPTime            BMP = 0x0C
	BMPDate            BMP = 0x0D
	BMPExpiry          BMP = 0x0E
	BMPCardSequence    BMP = 0x17
	BMPPaymentType     BMP = 0x19 // also status byte (06 00) and card type (06 C0)
	BMPPAN             BMP = 0x22
	BMPTrack2          BMP = 0x23
	BMPTrack3          BMP = 0x24
	BMPResultCode      BMP = 0x27
	BMPTerminalID      BMP = 0x29
	BMPVUNumber        BMP = 0x2A
	BMPTrack1          BMP = 0x2D
	BMPSyncChipData    BMP = 0x2E
	BMPOriginalTrace   BMP = 0x37
	BMPCVV             BMP = 0x3A
	BMPAuthorisationID BMP = 0x3B
	BMPAdditionalText  BMP = 0x3C
	BMPPassword        BMP = 0x3D
	BMPCurrency        BMP = 0x49
	BMPBlockedGoods    BMP = 0x4C
	BMPTotals          BMP = 0x60
	BMPImageRequestID  BMP = 0x70
	BMPImageSize       BMP = 0x71
	BMPImageMIME       BMP = 0x72
	BMPImageEncoding   BMP = 0x73
	BMPImageChunkCount BMP = 0x74
	BMPImageChunkIndex BMP = 0x75
	BMPReceiptNumber   BMP = 0x87
	BMPTurnoverNumber  BMP = 0x88
	BMPCardType        BMP = 0x8A
	BMPCardName        BMP = 0x8B
	BMPNetworkCardType BMP = 0x8C
	BMPChipReceipt     BMP = 0x92
	BMPGeldkarteRecord BMP = 0x9A
	BMPResultCodeAS    BMP = 0xA0
	BMPChipEFID        BMP = 0xA7
	BMPFullDate        BMP = 0xAA
	BMPEFInfo          BMP = 0xAF
	BMPAIDParameter    BMP = 0xBA
	BMPAlgorithmKey    BMP = 0xD0
	BMPPINData         BMP = 0xD1
	BMPCardOutput      BMP = 0xD2
	BMPDUKPTKeyID      BMP = 0xD3
	BMPMinInput        BMP = 0xE0
	BMPSecondText1     BMP = 0xE1 // up to E8
	BMPMaxInput        BMP = 0xE9
	BMPEcho            BMP = 0xEA
	BMPTextMAC         BMP = 0xEB
	BMPDisplaySeconds  BMP = 0xF0
	BMPText1           BMP = 0xF1 // up to F8
	BMPBeeps           BMP = 0xF9
	BMPCardReader      BMP = 0xFA
	BMPOKKey           BMP = 0xFB
	BMPDialogControl   BMP = 0xFC
	BMPDisplayDevice   BMP = 0xFD
)

// LengthClass says how the length of a field is found.
type LengthClass uint8

const (
	// LengthUnknown: not in the table.
	LengthUnknown LengthClass = iota
	// LengthFixed: Size bytes, no length on the wire.
	LengthFixed
	// LengthLLVAR: two bytes Fx Fy give 10x+y.
	LengthLLVAR
	// LengthLLLVAR: three bytes Fx Fy Fz give 100x+10y+z.
	LengthLLLVAR
	// LengthTLV: BER-like, see [TLV].
	LengthTLV
)

// String names the class.
func (c LengthClass) String() string {
	return [...]string{"unknown", "fixed", "LLVAR", "LLLVAR", "TLV"}[min(int(c), 4)]
}

// Longest values of the variable classes.
const (
	MaxLLVAR  = 99
	MaxLLLVAR = 999
)

// Encoding says how the bytes of a value are to be read.
type Encoding uint8

// Encodings of BMPs and TLV objects.
const (
	EncodingBinary Encoding = iota
	EncodingBCD
	EncodingAmount
	EncodingCurrency
	EncodingASCII
	EncodingText // the character set agreed at registration
	EncodingPAN
	EncodingTrack
	EncodingTime // HHMMSS
	EncodingDate // MMDD, YYMMDD or YYYYMMDD by its size
	EncodingTLV
	EncodingTotals
	EncodingResult
	EncodingCardType
	EncodingPaymentType
	EncodingBits
	EncodingContainer // constructed TLV object
)

// String names the encoding.
func (e Encoding) String() string {
	names := [...]string{"binary", "BCD", "amount", "currency", "ASCII", "text", "card number", "track",
		"time HHMMSS", "date", "TLV", "totals", "result code", "card type", "payment type", "bits", "container"}
	if int(e) < len(names) {
		return names[e]
	}
	return fmt.Sprintf("unknown encoding %d", uint8(e))
}

// BMPInfo is one row of the table of BMPs.
type BMPInfo struct {
	BMP      BMP
	Class    LengthClass
	Size     int // of LengthFixed
	Encoding Encoding
	// Secret values are masked wherever this package prints or masks.
	Secret bool
	Name   string
}

// Info looks the BMP up; ok is false for one not in the table, whose length
// nobody can know.
func (b BMP) Info() (info BMPInfo, ok bool) {
	info = bmpTable[b]
	info.BMP = b
	return info, info.Class != LengthUnknown
}

// Name is the English name, or "unknown BMP".
func (b BMP) Name() string {
	if n := bmpTable[b].Name; n != "" {
		return n
	}
	return "unknown BMP"
}

// String is number and name.
func (b BMP) String() string { return fmt.Sprintf("BMP %02X %s", byte(b), b.Name()) }

func fixed(size int, e Encoding, name string) BMPInfo {
	return BMPInfo{Class: LengthFixed, Size: size, Encoding: e, Name: name}
}

func llvar(e Encoding, name string) BMPInfo {
	return BMPInfo{Class: LengthLLVAR, Encoding: e, Name: name}
}

func lllvar(e Encoding, name string) BMPInfo {
	return BMPInfo{Class: LengthLLLVAR, Encoding: e, Name: name}
}

func secret(i BMPInfo) BMPInfo {
	i.Secret = true
	return i
}

// bmpTable is P15 chapter 13. Besides the tracks, the card number, the CVV
// and the password also those chip records are secret that repeat the card
// number (EF_ID, EF_Info, Geldkarte), and PIN data.
var bmpTable = [256]BMPInfo{
	0x01: fixed(1, EncodingBinary, "timeout in seconds"),
	0x02: fixed(1, EncodingBinary, "maximum number of status-informations"),
	0x03: fixed(1, EncodingBits, "service byte"),
	0x04: fixed(6, EncodingAmount, "amount"),
	0x05: fixed(1, EncodingBinary, "pump number"),
	0x06: {Class: LengthTLV, Encoding: EncodingTLV, Name: "TLV container"},
	0x0B: fixed(3, EncodingBCD, "trace number"),
	0x0C: fixed(3, EncodingTime, "time"),
	0x0D: fixed(2, EncodingDate, "date"),
	0x0E: fixed(2, EncodingBCD, "expiry date YYMM"),
	0x17: fixed(2, EncodingBCD, "card sequence number"),
	0x19: fixed(1, EncodingPaymentType, "payment type, status byte or card type"),
	0x22: secret(llvar(EncodingPAN, "card number (PAN or EF_ID)")),
	0x23: secret(llvar(EncodingTrack, "track 2")),
	0x24: secret(lllvar(EncodingTrack, "track 3")),
	0x27: fixed(1, EncodingResult, "result code"),
	0x29: fixed(4, EncodingBCD, "terminal id"),
	0x2A: fixed(15, EncodingASCII, "VU (contract) number"),
	0x2D: secret(llvar(EncodingTrack, "track 1")),
	0x2E: secret(lllvar(EncodingBinary, "synchronous chip data")),
	0x37: fixed(3, EncodingBCD, "original trace number"),
	0x3A: secret(fixed(2, EncodingBCD, "card verification value")),
	0x3B: fixed(8, EncodingASCII, "authorisation attribute"),
	0x3C: lllvar(EncodingText, "additional data or text"),
	0x3D: secret(fixed(3, EncodingBCD, "password")),
	0x49: fixed(2, EncodingCurrency, "currency"),
	0x4C: llvar(EncodingBCD, "blocked goods groups"),
	0x60: lllvar(EncodingTotals, "individual totals"),
	0x70: fixed(4, EncodingBinary, "image request id"),
	0x71: fixed(4, EncodingBinary, "image total size"),
	0x72: fixed(1, EncodingBinary, "image MIME type"),
	0x73: fixed(1, EncodingBinary, "image encoding"),
	0x74: fixed(1, EncodingBinary, "image chunk count"),
	0x75: fixed(1, EncodingBinary, "image chunk index"),
	0x87: fixed(2, EncodingBCD, "receipt number"),
	0x88: fixed(3, EncodingBCD, "turnover record number"),
	0x8A: fixed(1, EncodingCardType, "ZVT card type"),
	0x8B: llvar(EncodingText, "card name"),
	0x8C: fixed(1, EncodingBinary, "network operator card type"),
	// Inferred: P15 6.4 names BMP 92 and gives no length class; LLLVAR is
	// taken from BMP 9A, its neighbour of the same kind.
	0x92: secret(lllvar(EncodingBinary, "chip receipt data")),
	0x9A: secret(lllvar(EncodingBinary, "Geldkarte record")),
	0xA0: fixed(1, EncodingBinary, "result code of the authorisation system"),
	0xA7: secret(llvar(EncodingBinary, "chip data EF_ID")),
	0xAA: fixed(3, EncodingDate, "date with year"),
	0xAF: secret(lllvar(EncodingBinary, "EF_Info")),
	0xBA: fixed(5, EncodingBinary, "AID parameter"),
	0xD0: fixed(1, EncodingBinary, "algorithm key"),
	0xD1: secret(llvar(EncodingBinary, "card offset or PIN data")),
	0xD2: fixed(1, EncodingBinary, "card output direction"),
	0xD3: fixed(1, EncodingBinary, "DUKPT key id"),
	0xE0: fixed(1, EncodingBinary, "minimum input length"),
	0xE1: llvar(EncodingText, "second text line 1"),
	0xE2: llvar(EncodingText, "second text line 2"),
	0xE3: llvar(EncodingText, "second text line 3"),
	0xE4: llvar(EncodingText, "second text line 4"),
	0xE5: llvar(EncodingText, "second text line 5"),
	0xE6: llvar(EncodingText, "second text line 6"),
	0xE7: llvar(EncodingText, "second text line 7"),
	0xE8: llvar(EncodingText, "second text line 8"),
	0xE9: fixed(1, EncodingBinary, "maximum input length"),
	0xEA: fixed(1, EncodingBinary, "echo"),
	0xEB: fixed(8, EncodingBinary, "MAC over the texts"),
	0xF0: fixed(1, EncodingBinary, "display time in seconds"),
	0xF1: llvar(EncodingText, "text line 1"),
	0xF2: llvar(EncodingText, "text line 2"),
	0xF3: llvar(EncodingText, "text line 3"),
	0xF4: llvar(EncodingText, "text line 4"),
	0xF5: llvar(EncodingText, "text line 5"),
	0xF6: llvar(EncodingText, "text line 6"),
	0xF7: llvar(EncodingText, "text line 7"),
	0xF8: llvar(EncodingText, "text line 8"),
	0xF9: fixed(1, EncodingBinary, "number of beeps"),
	0xFA: fixed(1, EncodingBinary, "card reader activation"),
	0xFB: fixed(1, EncodingBinary, "OK key needed"),
	0xFC: fixed(1, EncodingBits, "dialog control"),
	0xFD: fixed(1, EncodingBinary, "display device"),
}

// BMPs returns the whole table, in order of number.
func BMPs() []BMPInfo {
	var out []BMPInfo
	for i := range bmpTable {
		if info, ok := BMP(i).Info(); ok {
			out = append(out, info)
		}
	}
	return out
}
