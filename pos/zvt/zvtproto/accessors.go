package zvtproto

import "bytes"

// number reads a BCD field; ok is false when it is absent or not digits.
func (f *Fields) number(b BMP) (uint64, bool) {
	v, ok := f.Value(b)
	if !ok {
		return 0, false
	}
	return parseBCD(v)
}

func (f *Fields) setNumber(b BMP, v uint64) error {
	value, err := appendBCD(nil, v, bmpTable[b].Size)
	if err != nil {
		return &FieldError{BMP: b, Offset: -1, Err: ErrRange}
	}
	f.Set(b, value)
	return nil
}

// byteOf reads a field of one byte.
func (f *Fields) byteOf(b BMP) (byte, bool) {
	v, ok := f.Value(b)
	if !ok || len(v) != 1 {
		return 0, false
	}
	return v[0], true
}

// Amount is BMP 04. Decoding refuses one that is not digits, so after it ok
// false means that there is none.
func (f *Fields) Amount() (Amount, bool) {
	v, ok := f.number(BMPAmount)
	return Amount(v), ok
}

// SetAmount sets BMP 04; ErrRange outside 0 to MaxAmount.
func (f *Fields) SetAmount(a Amount) error {
	v, err := AppendAmount(nil, a)
	if err == nil {
		f.Set(BMPAmount, v)
	}
	return err
}

// Currency is BMP 49; absent means EUR.
func (f *Fields) Currency() (Currency, bool) {
	v, ok := f.number(BMPCurrency)
	return Currency(v), ok
}

// SetCurrency sets BMP 49; ErrRange above 9999.
func (f *Fields) SetCurrency(c Currency) error { return f.setNumber(BMPCurrency, uint64(c)) }

// ResultCode is BMP 27.
func (f *Fields) ResultCode() (ResultCode, bool) {
	v, ok := f.byteOf(BMPResultCode)
	return ResultCode(v), ok
}

// SetResultCode sets BMP 27.
func (f *Fields) SetResultCode(c ResultCode) { f.Set(BMPResultCode, []byte{byte(c)}) }

// Trace is the trace number, BMP 0B, or tag 1F2B when the BMP is 000000
// (P15 chapter 13).
func (f *Fields) Trace() (uint64, bool) {
	v, ok := f.number(BMPTrace)
	if ok && v != 0 {
		return v, true
	}
	if long, found := f.tlvValue(TagLongTrace); found {
		if n, good := parseBCD(long); good {
			return n, true
		}
	}
	return v, ok
}

// SetTrace sets BMP 0B, or 000000 and tag 1F2B for more than six digits.
func (f *Fields) SetTrace(n uint64) error {
	if n <= 999_999 {
		return f.setNumber(BMPTrace, n)
	}
	size := 4
	for limit := uint64(99_999_999); n > limit && size < 9; size++ {
		limit = limit*100 + 99
	}
	long, err := appendBCD(nil, n, size)
	if err != nil {
		return &FieldError{BMP: BMPTrace, Offset: -1, Err: ErrRange}
	}
	if err := f.setTag(Primitive(TagLongTrace, long...)); err != nil {
		return err
	}
	return f.setNumber(BMPTrace, 0)
}

// OriginalTrace is BMP 37, the trace number of what was reversed.
func (f *Fields) OriginalTrace() (uint64, bool) { return f.number(BMPOriginalTrace) }

// SetOriginalTrace sets BMP 37; ErrRange above 999999.
func (f *Fields) SetOriginalTrace(n uint64) error { return f.setNumber(BMPOriginalTrace, n) }

// ReceiptNumber is BMP 87. ok is false when it is absent and for FFFF, which
// means none; Has tells the two apart.
func (f *Fields) ReceiptNumber() (uint16, bool) {
	v, ok := f.number(BMPReceiptNumber)
	return uint16(v), ok
}

// NoReceipt is the receipt number FFFF: there is none.
const NoReceipt uint16 = 0xFFFF

// SetReceiptNumber sets BMP 87, FFFF for NoReceipt; else ErrRange above 9999.
func (f *Fields) SetReceiptNumber(n uint16) error {
	if n == NoReceipt {
		f.Set(BMPReceiptNumber, []byte{0xFF, 0xFF})
		return nil
	}
	return f.setNumber(BMPReceiptNumber, uint64(n))
}

// TurnoverNumber is BMP 88.
func (f *Fields) TurnoverNumber() (uint64, bool) { return f.number(BMPTurnoverNumber) }

// SetTurnoverNumber sets BMP 88; ErrRange above 999999.
func (f *Fields) SetTurnoverNumber(n uint64) error { return f.setNumber(BMPTurnoverNumber, n) }

// TerminalID is BMP 29, eight digits.
func (f *Fields) TerminalID() (string, bool) {
	v, ok := f.Value(BMPTerminalID)
	return string(appendNibbles(nil, v)), ok
}

// SetTerminalID sets BMP 29 from eight digits.
func (f *Fields) SetTerminalID(digits string) error {
	v, ok := appendPacked(nil, digits)
	if !ok || len(digits) != 8 {
		return &FieldError{BMP: BMPTerminalID, Offset: -1, Err: ErrFormat}
	}
	f.Set(BMPTerminalID, v)
	return nil
}

// VUNumber is BMP 2A, the merchant's contract number, without its padding.
func (f *Fields) VUNumber() (string, bool) { return f.padded(BMPVUNumber, " \x00") }

// SetVUNumber sets BMP 2A, padded with spaces; at most 15 bytes.
func (f *Fields) SetVUNumber(s string) error { return f.setPadded(BMPVUNumber, s, ' ') }

// AuthorisationID is BMP 3B, the approval code, without its padding.
func (f *Fields) AuthorisationID() (string, bool) { return f.padded(BMPAuthorisationID, "\x00 ") }

// SetAuthorisationID sets BMP 3B, padded with zero bytes; at most 8 bytes.
func (f *Fields) SetAuthorisationID(s string) error { return f.setPadded(BMPAuthorisationID, s, 0) }

func (f *Fields) padded(b BMP, cut string) (string, bool) {
	v, ok := f.Value(b)
	return CharsetCP437.Decode(bytes.TrimRight(v, cut)), ok
}

func (f *Fields) setPadded(b BMP, s string, pad byte) error {
	v, ok := CharsetCP437.Append(nil, s)
	size := bmpTable[b].Size
	if !ok {
		return &FieldError{BMP: b, Offset: -1, Err: ErrFormat}
	}
	if len(v) > size {
		return &FieldError{BMP: b, Offset: -1, Err: ErrTooLong}
	}
	f.Set(b, append(v, bytes.Repeat([]byte{pad}, size-len(v))...))
	return nil
}

// CardName is BMP 8B up to its zero byte.
func (f *Fields) CardName() (string, bool) {
	v, ok := f.Value(BMPCardName)
	v, _, _ = bytes.Cut(v, []byte{0})
	return CharsetCP437.Decode(v), ok
}

// SetCardName sets BMP 8B with the zero byte that ends it; at most 98 bytes.
func (f *Fields) SetCardName(s string) error { return f.setText(BMPCardName, s+"\x00", CharsetCP437) }

// Text is a text field (BMP 3C, F1 to F8, E1 to E8) in the character set.
func (f *Fields) Text(b BMP, cs Charset) (string, bool) {
	v, ok := f.Value(b)
	return cs.Decode(v), ok
}

// SetText sets a text field; ErrFormat for a character the set lacks,
// ErrTooLong beyond the field.
func (f *Fields) SetText(b BMP, s string, cs Charset) error { return f.setText(b, s, cs) }

func (f *Fields) setText(b BMP, s string, cs Charset) error {
	v, ok := cs.Append(nil, s)
	if !ok {
		return &FieldError{BMP: b, Offset: -1, Err: ErrFormat}
	}
	limit := MaxLLVAR
	if bmpTable[b].Class == LengthLLLVAR {
		limit = MaxLLLVAR
	}
	if len(v) > limit {
		return &FieldError{BMP: b, Offset: -1, Err: ErrTooLong}
	}
	f.Set(b, v)
	return nil
}

// PAN is BMP 22: the card number, or an EF_ID.
func (f *Fields) PAN() (PAN, bool) {
	v, ok := f.Value(BMPPAN)
	return parsePAN(v), ok
}

// SetPAN sets BMP 22: digits, '*' for a masked one, 'D' for a separator.
func (f *Fields) SetPAN(p PAN) error {
	v, err := appendPAN(nil, p)
	if err != nil {
		return &FieldError{BMP: BMPPAN, Offset: -1, Err: ErrFormat}
	}
	f.Set(BMPPAN, v)
	return nil
}

// Track2 is BMP 23 as digits, 'D' for the separator, 'E' for a masked digit.
func (f *Fields) Track2() (Track, bool) { return f.packedTrack(BMPTrack2) }

// Track3 is BMP 24, like Track2.
func (f *Fields) Track3() (Track, bool) { return f.packedTrack(BMPTrack3) }

// Track1 is BMP 2D as characters.
func (f *Fields) Track1() (Track, bool) {
	v, ok := f.Value(BMPTrack1)
	return Track(v), ok
}

func (f *Fields) packedTrack(b BMP) (Track, bool) {
	v, ok := f.Value(b)
	return Track(bytes.TrimRight(appendNibbles(nil, v), "F")), ok
}

// SetTrack2 sets BMP 23.
func (f *Fields) SetTrack2(t Track) error { return f.setTrack(BMPTrack2, t) }

// SetTrack3 sets BMP 24.
func (f *Fields) SetTrack3(t Track) error { return f.setTrack(BMPTrack3, t) }

// SetTrack1 sets BMP 2D.
func (f *Fields) SetTrack1(t Track) { f.Set(BMPTrack1, []byte(t)) }

func (f *Fields) setTrack(b BMP, t Track) error {
	v, ok := appendPacked(nil, string(t))
	if !ok {
		return &FieldError{BMP: b, Offset: -1, Err: ErrFormat}
	}
	f.Set(b, v)
	return nil
}

// CVV is BMP 3A without its padding.
func (f *Fields) CVV() (CVV, bool) {
	v, ok := f.Value(BMPCVV)
	return CVV(bytes.TrimRight(appendNibbles(nil, v), "F")), ok
}

// SetCVV sets BMP 3A from three or four digits.
func (f *Fields) SetCVV(c CVV) error {
	bad := &FieldError{BMP: BMPCVV, Offset: -1, Err: ErrFormat}
	if len(c) != 3 && len(c) != 4 {
		return bad
	}
	for i := range len(c) {
		if c[i] < '0' || c[i] > '9' {
			return bad
		}
	}
	v, _ := appendPacked(nil, string(c))
	f.Set(BMPCVV, v)
	return nil
}

// Expiry is BMP 0E: the year's last two digits and the month.
func (f *Fields) Expiry() (year, month int, ok bool) {
	v, ok := f.number(BMPExpiry)
	year, month = int(v/100), int(v%100)
	return year, month, ok && month >= 1 && month <= 12
}

// SetExpiry sets BMP 0E from the year's last two digits and the month.
func (f *Fields) SetExpiry(year, month int) error {
	if year < 0 || year > 99 || month < 1 || month > 12 {
		return &FieldError{BMP: BMPExpiry, Offset: -1, Err: ErrRange}
	}
	return f.setNumber(BMPExpiry, uint64(year*100+month))
}

// CardSequence is BMP 17.
func (f *Fields) CardSequence() (uint64, bool) { return f.number(BMPCardSequence) }

// SetCardSequence sets BMP 17; ErrRange above 9999.
func (f *Fields) SetCardSequence(n uint64) error { return f.setNumber(BMPCardSequence, n) }

// PaymentType is BMP 19 of a payment or its result.
func (f *Fields) PaymentType() (PaymentType, bool) {
	v, ok := f.byteOf(BMPPaymentType)
	return PaymentType(v), ok
}

// SetPaymentType sets BMP 19.
func (f *Fields) SetPaymentType(p PaymentType) { f.Set(BMPPaymentType, []byte{byte(p)}) }

// StatusByte is BMP 19 in the completion of a registration.
func (f *Fields) StatusByte() (byte, bool) { return f.byteOf(BMPPaymentType) }

// SetStatusByte sets BMP 19.
func (f *Fields) SetStatusByte(v byte) { f.Set(BMPPaymentType, []byte{v}) }

// ServiceByte is BMP 03.
func (f *Fields) ServiceByte() (byte, bool) { return f.byteOf(BMPServiceByte) }

// SetServiceByte sets BMP 03.
func (f *Fields) SetServiceByte(v byte) { f.Set(BMPServiceByte, []byte{v}) }

// TimeoutSeconds is BMP 01, the time for issuing goods.
func (f *Fields) TimeoutSeconds() (byte, bool) { return f.byteOf(BMPTimeout) }

// SetTimeoutSeconds sets BMP 01.
func (f *Fields) SetTimeoutSeconds(s byte) { f.Set(BMPTimeout, []byte{s}) }

// MaxStatusInfos is BMP 02, how often the terminal asks whether goods are
// issued.
func (f *Fields) MaxStatusInfos() (byte, bool) { return f.byteOf(BMPMaxStatusInfos) }

// SetMaxStatusInfos sets BMP 02.
func (f *Fields) SetMaxStatusInfos(n byte) { f.Set(BMPMaxStatusInfos, []byte{n}) }

// CardType is the ZVT card type: BMP 8A, or tag 41 when that is FF.
func (f *Fields) CardType() (CardType, bool) {
	v, ok := f.byteOf(BMPCardType)
	if v == 0xFF || !ok {
		if long, found := f.tlvValue(TagCardTypeID); found && len(long) > 0 && len(long) <= 2 {
			return CardType(bigEndian(long)), true
		}
	}
	return CardType(v), ok
}

// SetCardType sets BMP 8A, and tag 41 for an id above 254.
func (f *Fields) SetCardType(c CardType) error {
	if c < 0xFF {
		f.Set(BMPCardType, []byte{byte(c)})
		return nil
	}
	if err := f.setTag(Primitive(TagCardTypeID, byte(c>>8), byte(c))); err != nil {
		return err
	}
	f.Set(BMPCardType, []byte{0xFF})
	return nil
}

// ResultCodeAS is BMP A0, the authorisation system's code.
func (f *Fields) ResultCodeAS() (byte, bool) { return f.byteOf(BMPResultCodeAS) }

// TLV reads BMP 06. ok is false without one; then and after an error t is
// empty. Decoding has checked it already.
func (f *Fields) TLV() (t TLV, ok bool) {
	v, ok := f.Value(BMPTLV)
	if !ok {
		return TLV{}, false
	}
	t, err := ParseTLV(v)
	if err != nil {
		return TLV{}, false
	}
	return t, true
}

// SetTLV sets BMP 06. An empty container is sent as 06 00.
func (f *Fields) SetTLV(t TLV) error {
	v, err := t.Append(nil)
	if err == nil {
		f.Set(BMPTLV, v)
	}
	return err
}

func (f *Fields) tlvValue(path ...Tag) ([]byte, bool) {
	t, ok := f.TLV()
	if !ok {
		return nil, false
	}
	return t.Value(path...)
}

// setTag sets one object in the container, which is made when absent.
func (f *Fields) setTag(o Object) error {
	t, ok := f.TLV()
	if !ok && f.Has(BMPTLV) {
		return &FieldError{BMP: BMPTLV, Offset: -1, Err: ErrFormat}
	}
	t.Set(o)
	return f.SetTLV(t)
}

func bigEndian(b []byte) (v uint64) {
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}
