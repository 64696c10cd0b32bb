package emv

import (
	"fmt"
	"strconv"
	"strings"
)

// meaning is how the words of a value are found.
type meaning uint8

const (
	_ meaning = iota
	meansNumber
	meansCount
	meansText
	meansYes
	meansAmount
	meansBinaryAmount
	meansCurrency
	meansCountry
	meansDate
	meansTime
	meansType
	meansAccount
	meansAID
	meansPriority
	meansKernel
	meansLog
	meansARC
	meansIssuerAuth
	meansServiceCode
	meansEntryMode
	meansSelection
	meansKeyExpiry
	meansKeyAlgorithm
	meansAIP
	meansAUC
	meansTVR
	meansTSI
	meansCVMList
	meansCVMResults
	meansCID
	meansIAD
	meansAFL
	meansDOL
	meansCapabilities
	meansAdditional
	meansTerminalType
	meansTTQ
	meansCTQ
	meansScriptResults
)

// Describe says a value in words, line by line: bits that are set, entries of a
// list, a date, an amount. It says nothing of what has no words beyond its
// digits, of unknown tags, and of values that must not be shown. rid decides
// between the schemes' meanings; 0 is none.
//
// Errors: ErrValue or a *SyntaxError if the value cannot be one of its tag.
func Describe(tag Tag, value []byte, rid RID) ([]string, error) {
	return describer{rid: rid}.describe(tag, value)
}

// describer knows what is around a value.
type describer struct {
	rid      RID
	currency int // ISO 4217 number of amounts, 0 if unknown
}

type wordy interface{ Describe() []string }

func (d describer) describe(tag Tag, value []byte) ([]string, error) {
	e, ok := LookupSized(tag, d.rid, len(value))
	if !ok || e.Secrecy != Plain || tag.Constructed() {
		return nil, nil
	}
	if words, err, done := d.bits(e.means, value); done {
		return words, err
	}
	if words, err, done := d.lists(e.means, value); done {
		return words, err
	}
	word, err := d.word(e, value)
	if word == "" || err != nil {
		return nil, err
	}
	return []string{word}, nil
}

// said is what a decoder returned.
func said[T wordy](v T, err error) ([]string, error, bool) {
	if err != nil {
		return nil, err, true
	}
	return v.Describe(), nil, true
}

func (d describer) bits(m meaning, value []byte) ([]string, error, bool) {
	switch m {
	case meansAIP:
		return said(DecodeAIP(value))
	case meansAUC:
		return said(DecodeAUC(value))
	case meansTVR:
		return said(DecodeTVR(value))
	case meansTSI:
		return said(DecodeTSI(value))
	case meansCapabilities:
		return said(DecodeTerminalCapabilities(value))
	case meansAdditional:
		return said(DecodeAdditionalCapabilities(value))
	case meansTTQ:
		return said(DecodeTTQ(value))
	case meansCTQ:
		return said(DecodeCTQ(value))
	}
	return nil, nil, false
}

func (d describer) lists(m meaning, value []byte) ([]string, error, bool) {
	switch m {
	case meansCVMList:
		return said(DecodeCVMList(value))
	case meansCVMResults:
		return said(DecodeCVMResults(value))
	case meansCID:
		return said(DecodeCID(value))
	case meansTerminalType:
		return said(DecodeTerminalType(value))
	case meansIAD:
		return said(DecodeIAD(value, d.rid))
	case meansAFL:
		return said(DecodeAFL(value))
	case meansDOL:
		return said(ParseDOL(value))
	case meansServiceCode:
		v, err := decodeDigits(value)
		return said(ServiceCode(v), err)
	case meansScriptResults:
		list, err := DecodeScriptResults(value)
		var words []string
		for _, r := range list {
			words = append(words, r.String())
		}
		return words, err, true
	}
	return nil, nil, false
}

// word says what one line can say.
func (d describer) word(e Entry, value []byte) (string, error) {
	switch e.means {
	case meansNumber, meansAmount, meansCurrency, meansCountry, meansType, meansAccount, meansEntryMode:
		v, err := decodeDigits(value)
		if err != nil {
			return "", fmt.Errorf("%w (tag %s)", err, e.Tag)
		}
		return d.number(e.means, v), nil
	case meansCount, meansBinaryAmount:
		return d.count(e, value)
	case meansDate:
		v, err := DecodeDate(value)
		if err != nil {
			return "", fmt.Errorf("%w (tag %s)", err, e.Tag)
		}
		return v.String(), nil
	case meansTime:
		return clock(value)
	case meansText:
		return quote(value), nil
	}
	return d.form(e.means, value), nil
}

// number says a value in digits.
func (d describer) number(m meaning, v uint64) string {
	words := map[uint64]string{}
	switch m {
	case meansAmount:
		return money(v, d.currency)
	case meansCurrency:
		code, _, _ := currencyCode(int(v))
		return code
	case meansCountry:
		code, _ := countryCode(int(v))
		return code
	case meansType:
		words = map[uint64]string{0: "sale", 1: "cash", 9: "sale with cashback", 20: "refund", 30: "inquiry"}
	case meansAccount:
		words = map[uint64]string{0: "default", 10: "savings", 20: "cheque or debit", 30: "credit"}
	case meansEntryMode:
		words = map[uint64]string{1: "keyed", 2: "magnetic stripe", 5: "chip", 7: "contactless chip", 80: "magnetic stripe after the chip failed",
			90: "magnetic stripe", 91: "contactless magnetic stripe"}
	}
	return words[v]
}

// count says a binary number.
func (d describer) count(e Entry, value []byte) (string, error) {
	if len(value) > 8 {
		return "", fmt.Errorf("%w: tag %s has %d bytes", ErrValue, e.Tag, len(value))
	}
	var v uint64
	for _, c := range value {
		v = v<<8 | uint64(c)
	}
	if e.means == meansBinaryAmount {
		return money(v, d.currency), nil
	}
	return strconv.FormatUint(v, 10), nil
}

func clock(value []byte) (string, error) {
	v, err := decodeDigits(value)
	if err != nil || len(value) != 3 || v/10000 > 23 || v/100%100 > 59 || v%100 > 59 {
		return "", fmt.Errorf("%w: tag %s is not a time of day", ErrValue, TagTime)
	}
	return fmt.Sprintf("%02d:%02d:%02d", v/10000, v/100%100, v%100), nil
}

// quote shows text, with everything but ASCII as escapes.
func quote(value []byte) string {
	return strconv.QuoteToASCII(strings.TrimRight(string(value), "\x00 "))
}

// form says what is told by single bytes.
func (d describer) form(m meaning, value []byte) string {
	if m == meansAID {
		s := SchemeOfAID(value)
		if s == SchemeUnknown {
			return ""
		}
		return strings.TrimSpace(s.String() + " " + unionPayAIDs[fmt.Sprintf("%X", value)])
	}
	if len(value) == 0 {
		return ""
	}
	first := value[0]
	switch m {
	case meansARC:
		return arc(value)
	case meansIssuerAuth:
		if len(value) == 10 {
			return fmt.Sprintf("cryptogram %X, response code %s", value[:8], quote(value[8:]))
		}
	case meansPriority:
		s := "priority " + strconv.Itoa(int(first&0xF))
		if first&0x80 != 0 {
			s += ", only with the cardholder's confirmation"
		}
		return s
	case meansKernel:
		return map[byte]string{2: "Mastercard", 3: "Visa", 4: "American Express", 5: "JCB", 6: "Discover", 7: "UnionPay", 8: "common kernel", 0x2A: "girocard"}[first]
	case meansLog:
		if len(value) == 2 {
			return fmt.Sprintf("SFI %d, %d records", first, value[1])
		}
	case meansYes:
		return map[byte]string{0: "no", 1: "yes"}[first]
	case meansSelection:
		return map[byte]string{0: "partial match of the AID", 1: "exact match of the AID"}[first]
	case meansKeyAlgorithm:
		return map[byte]string{1: "RSA", 4: "SM2"}[first]
	case meansKeyExpiry:
		return keyExpiry(value)
	}
	return ""
}

// keyExpiry reads YYYYMMDD in BCD or, as some hosts have it (inferred), in ASCII.
func keyExpiry(value []byte) string {
	digits := fmt.Sprintf("%X", value)
	if len(value) == 8 {
		digits = string(value)
	}
	if len(digits) != 8 || !allDigits([]byte(digits)) {
		return ""
	}
	return digits[:4] + "-" + digits[4:6] + "-" + digits[6:]
}

// arc says response codes: the terminal's own, and those hosts use everywhere.
func arc(value []byte) string {
	words := map[string]string{
		"00": "approved", "01": "refer to the issuer", "05": "declined", "Y1": "approved offline", "Z1": "declined offline", "Y2": "approved after referral",
		"Z2": "declined after referral", "Y3": "approved offline, the host could not be reached", "Z3": "declined offline, the host could not be reached",
	}[string(value)]
	if words == "" {
		return quote(value)
	}
	return quote(value) + " " + words
}

// decodeDigits reads BCD of up to nine bytes. Errors: ErrValue.
func decodeDigits(value []byte) (uint64, error) {
	if len(value) > 9 {
		return 0, fmt.Errorf("%w: %d bytes of digits", ErrValue, len(value))
	}
	var v uint64
	for _, c := range value {
		if c>>4 > 9 || c&0xF > 9 {
			return 0, fmt.Errorf("%w: a nibble that is no digit", ErrValue)
		}
		v = v*100 + uint64(c>>4)*10 + uint64(c&0xF)
	}
	return v, nil
}
