package zvtproto

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestUnknownBMPTellsWhichAndWhere(t *testing.T) {
	for _, c := range []struct {
		name, apdu string
		dir        Direction
		bmp        BMP
		offset     int
	}{
		{"in a status-information", "04 0F 05 27 00 99 01 02", ToRegister, 0x99, 2},
		{"after a password", "06 30 06 00 00 00 03 00 FE", ToTerminal, 0xFE, 5},
		{"after a registration's currency", "06 00 07 00 00 00 BE 09 78 00", ToTerminal, 0x00, 6},
		{"first of all", "06 01 01 07", ToTerminal, 0x07, 0},
	} {
		m, err := Parse(hexBytes(t, c.apdu), c.dir)
		var unknown *UnknownBMPError
		if !errors.As(err, &unknown) || unknown.BMP != c.bmp || unknown.Offset != c.offset {
			t.Errorf("%s: got %v", c.name, err)
		}
		if m == nil {
			t.Errorf("%s: what was read before is lost", c.name)
		}
	}
	m, _ := Parse(hexBytes(t, "04 0F 05 27 00 99 01 02"), ToRegister)
	code, ok := m.(*StatusInformation).ResultCode()
	equal(t, true, ok && code == ResultOK)
	_, err := Encode(&Authorisation{Fields{List: []Field{{BMP: 0x99}}}})
	var unknown *UnknownBMPError
	equal(t, true, errors.As(err, &unknown))
}

func TestMalformedFieldsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, apdu string
		want       error
	}{
		{"an amount with a hexadecimal digit", "04 0F 07 04 00 00 00 00 0A 00", ErrFormat},
		{"a currency with a hexadecimal digit", "04 0F 03 49 0F 78", ErrFormat},
		{"an amount cut short", "04 0F 06 04 00 00 00 00 00", ErrTruncated},
		{"an LLVAR length without F nibbles", "04 0F 03 22 01 02", ErrFormat},
		{"an LLVAR length with digit A", "04 0F 03 22 F0 FA", ErrFormat},
		{"an LLVAR length cut short", "04 0F 02 22 F0", ErrTruncated},
		{"an LLLVAR value cut short", "04 0F 05 3C F0 F0 F2 41", ErrTruncated},
		{"a container with the invalid length 80", "04 0F 02 06 80", ErrFormat},
		{"a container with a reserved length", "04 0F 02 06 83", ErrFormat},
		{"a container longer than the data", "04 0F 03 06 05 1F", ErrTruncated},
		{"an object longer than its container", "04 0F 05 06 03 41 05 00", ErrTruncated},
		{"two amounts that differ", "04 0F 0E 04 00 00 00 00 00 01 04 00 00 00 00 00 02", ErrConflict},
		{"two results that differ", "04 0F 04 27 00 27 05", ErrConflict},
	} {
		_, err := Parse(hexBytes(t, c.apdu), ToRegister)
		isError(t, err, c.want, c.name)
		var field *FieldError
		equal(t, true, errors.As(err, &field), c.name)
	}
}

func TestRepeatsAreKeptAndTheFirstCounts(t *testing.T) {
	in := hexBytes(t, "04 0F 0C 27 00 27 00 0B 00 00 01 0B 00 00 02")
	m, err := Parse(in, ToRegister)
	noError(t, err)
	s := m.(*StatusInformation)
	equal(t, 4, len(s.List))
	trace, _ := s.Trace()
	equal(t, uint64(1), trace)
	out, err := Encode(s)
	noError(t, err)
	equal(t, in, out)
	noError(t, s.SetTrace(7))
	equal(t, 3, len(s.List), "Set removes repeats")
}

func TestApprovedNeedsAZeroResultAndNoCodeOfTheAuthorisationSystem(t *testing.T) {
	for apdu, want := range map[string]bool{
		"04 0F 02 27 00": true, "04 0F 04 27 00 A0 00": true, "04 0F 04 27 00 A0 A1": false,
		"04 0F 02 27 6C": false, "04 0F 00": false, "04 0F 07 04 00 00 00 00 00 01": false,
	} {
		m, err := Parse(hexBytes(t, apdu), ToRegister)
		noError(t, err, apdu)
		equal(t, want, m.(*StatusInformation).Approved(), apdu)
	}
}

func TestStatusInformationIsEncodedInTheOrderOfTheDocument(t *testing.T) {
	s := &StatusInformation{}
	noError(t, s.SetTLV(TLV{}))
	noError(t, s.SetCardName("Visa"))
	s.Add(BMPPumpNumber, []byte{1})
	noError(t, s.SetReceiptNumber(NoReceipt))
	noError(t, s.SetAmount(1))
	s.SetResultCode(0)
	b, err := Encode(s)
	noError(t, err)
	equal(t, "04 0F 18 27 00 04 00 00 00 00 00 01 87 FF FF 8B F0 F5 56 69 73 61 00 05 01 06 00", spacedHex(b))
	_, ok := s.ReceiptNumber()
	equal(t, false, ok, "FFFF is no receipt")
	equal(t, true, s.Has(BMPReceiptNumber))
}

func TestCopiesDoNotShareChanges(t *testing.T) {
	a := StatusInformation{}
	a.SetResultCode(0)
	noError(t, a.SetAmount(1))
	b := a
	noError(t, a.SetAmount(2))
	b.SetResultCode(5)
	b.Add(BMPPumpNumber, []byte{1})
	a.Add(BMPPumpNumber, []byte{2})
	amount, _ := b.Amount()
	code, _ := a.ResultCode()
	pump, _ := b.Value(BMPPumpNumber)
	equal(t, Amount(1), amount)
	equal(t, ResultOK, code)
	equal(t, []byte{1}, pump)
}

func TestDecodingKeepsNothingOfTheCallersBytes(t *testing.T) {
	for _, v := range vectors(t) {
		in := bytes.Clone(v.apdu)
		m, err := Parse(in, v.dir)
		noError(t, err)
		for i := range in {
			in[i] ^= 0xFF
		}
		out, err := Encode(m)
		noError(t, err)
		equal(t, v.apdu, out, v.name)
	}
}

func TestLargestLegalFieldsAndOneMore(t *testing.T) {
	for _, c := range []struct {
		bmp BMP
		max int
	}{{BMPTrack2, MaxLLVAR}, {BMPAdditionalText, MaxLLLVAR}, {BMPTLV, 0}} {
		var f Fields
		if c.bmp == BMPTLV {
			noError(t, f.SetTLV(TLV{Objects: []Object{{Tag: TagEMVCustomer, Value: make([]byte, 0xFFF0)}}}))
			_, err := f.AppendData(nil)
			noError(t, err)
			isError(t, f.SetTLV(TLV{Objects: []Object{{Tag: TagEMVCustomer, Value: make([]byte, 0x10000)}}}), ErrTooLong)
			continue
		}
		f.Set(c.bmp, make([]byte, c.max))
		b, err := f.AppendData(nil)
		noError(t, err)
		var g Fields
		noError(t, g.DecodeData(b))
		equal(t, f, g)
		f.Set(c.bmp, make([]byte, c.max+1))
		_, err = f.AppendData(nil)
		isError(t, err, ErrTooLong)
	}
	var f Fields
	for range MaxFields {
		f.List = append(f.List, Field{BMP: BMPPumpNumber, Value: []byte{1}})
	}
	b, err := f.AppendData(nil)
	noError(t, err)
	noError(t, f.DecodeData(b))
	isError(t, f.DecodeData(append(b, byte(BMPPumpNumber), 1)), ErrTooLong)
	f.List = append(f.List, f.List[0])
	_, err = f.AppendData(nil)
	isError(t, err, ErrTooLong)
	_, err = (&StatusInformation{f}).AppendData(nil)
	isError(t, err, ErrTooLong)
	f.List = []Field{{BMP: BMPAmount, Value: []byte{1}}}
	_, err = f.AppendData(nil)
	isError(t, err, ErrFormat)
}

func TestNumbersOutOfRangeAreRefused(t *testing.T) {
	var f Fields
	for name, err := range map[string]error{
		"negative amount": f.SetAmount(-1), "13 digits": f.SetAmount(MaxAmount + 1), "currency": f.SetCurrency(10000),
		"receipt": f.SetReceiptNumber(10000), "trace": f.SetTrace(1e18), "turnover": f.SetTurnoverNumber(1e6),
		"expiry month": f.SetExpiry(29, 13), "original trace": f.SetOriginalTrace(1e6), "sequence": f.SetSequenceID(1e6),
		"year": f.SetFullDate(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)), "zero receipt": f.SetLastReceiptBytes([]byte{0, 0}),
	} {
		isError(t, err, ErrRange, name)
	}
	for name, err := range map[string]error{
		"card number": f.SetPAN("4111x"), "CVV": f.SetCVV("12"), "CVV letters": f.SetCVV("12a"), "track": f.SetTrack2("4111="),
		"terminal id": f.SetTerminalID("1234"), "VU number": f.SetVUNumber("京"), "text": f.SetText(BMPText1, "京", CharsetCP437),
	} {
		isError(t, err, ErrFormat, name)
	}
	isError(t, f.SetVUNumber(strings.Repeat("1", 16)), ErrTooLong)
	isError(t, f.SetCardName(strings.Repeat("x", 99)), ErrTooLong)
	equal(t, 0, len(f.List), "a refused value sets nothing")
	for _, p := range []Password{"", "12345", "1234567", "12345g"} {
		_, err := Encode(&EndOfDay{Protected{Password: p}})
		isError(t, err, ErrFormat)
	}
}

func TestEveryFieldComesBackAsItWasSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f Fields
		amount := Amount(rapid.Int64Range(0, int64(MaxAmount)).Draw(t, "amount"))
		currency := Currency(rapid.Uint16Range(1, 9999).Draw(t, "currency"))
		trace := rapid.Uint64Range(1, 999_999_999_999).Draw(t, "trace")
		receipt := rapid.Uint16Range(0, 9999).Draw(t, "receipt")
		pan := PAN(rapid.StringMatching(`[0-9]{6}[0-9*]{2,9}[0-9]{4}`).Draw(t, "pan"))
		track := Track(rapid.StringMatching(`[0-9]{12,19}D[0-9]{7,12}`).Draw(t, "track"))
		card := CardType(rapid.Uint16().Draw(t, "card"))
		name := rapid.StringMatching(`[A-Za-zäöüß ]{0,40}`).Draw(t, "name")
		when := time.Unix(rapid.Int64Range(946684800, 4102444799).Draw(t, "time"), 0).UTC()
		for _, err := range []error{f.SetAmount(amount), f.SetCurrency(currency), f.SetTrace(trace), f.SetReceiptNumber(receipt),
			f.SetPAN(pan), f.SetTrack2(track), f.SetCardType(card), f.SetCardName(name), f.SetTime(when), f.SetFullDate(when),
			f.SetVUNumber("123 45"), f.SetAuthorisationID("AB1"), f.SetTerminalID("00012345"), f.SetCVV("123"), f.SetExpiry(29, 12)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		b, err := Encode(&StatusInformation{f})
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(b, ToRegister)
		if err != nil {
			t.Fatal(err)
		}
		g := m.(*StatusInformation)
		is := func(ok bool, what string) {
			if !ok {
				t.Fatalf("%s differs: %v", what, g)
			}
		}
		a, ok := g.Amount()
		is(ok && a == amount, "amount")
		c, ok := g.Currency()
		is(ok && c == currency, "currency")
		n, ok := g.Trace()
		is(ok && n == trace, "trace")
		r, ok := g.ReceiptNumber()
		is(ok && r == receipt, "receipt")
		p, ok := g.PAN()
		is(ok && p == pan, "card number")
		tr, ok := g.Track2()
		is(ok && tr == track, "track")
		ct, ok := g.CardType()
		is(ok && ct == card || card == 0xFF, "card type")
		cn, ok := g.CardName()
		is(ok && cn == name, "card name")
		at, ok := g.DateTime(when, time.UTC)
		is(ok && at.Equal(when), "time")
		vu, _ := g.VUNumber()
		auth, _ := g.AuthorisationID()
		tid, _ := g.TerminalID()
		cvv, _ := g.CVV()
		year, month, _ := g.Expiry()
		is(vu == "123 45" && auth == "AB1" && tid == "00012345" && cvv == "123" && year == 29 && month == 12, "texts")
	})
}

func TestADateWithoutAYearGetsTheNearestOne(t *testing.T) {
	var f Fields
	noError(t, f.SetDate(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)))
	noError(t, f.SetTime(time.Date(2026, 12, 31, 23, 59, 58, 0, time.UTC)))
	got, ok := f.DateTime(time.Date(2027, 1, 1, 0, 0, 5, 0, time.UTC), time.UTC)
	equal(t, true, ok)
	equal(t, time.Date(2026, 12, 31, 23, 59, 58, 0, time.UTC), got)
	for _, bad := range [][]byte{{0, 0}, {0x13, 0x01}, {0x02, 0x30}, {0xFF, 0xFF}} {
		f.Set(BMPDate, bad)
		if _, ok := f.DateTime(got, time.UTC); ok {
			t.Errorf("% X is taken for a date", bad)
		}
	}
	f.Set(BMPDate, []byte{0x02, 0x29})
	_, ok = f.DateTime(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.UTC)
	equal(t, false, ok, "no leap year near")
}

func TestTheTableOfBMPsIsComplete(t *testing.T) {
	want := map[BMP]LengthClass{0x01: LengthFixed, 0x06: LengthTLV, 0x22: LengthLLVAR, 0x24: LengthLLLVAR, 0x2D: LengthLLVAR,
		0x60: LengthLLLVAR, 0x92: LengthLLLVAR, 0xA7: LengthLLVAR, 0xE8: LengthLLVAR, 0xF8: LengthLLVAR, 0xFD: LengthFixed}
	for b, class := range want {
		info, ok := b.Info()
		equal(t, true, ok && info.Class == class && info.Name != "", b)
	}
	equal(t, 76, len(BMPs()))
	for _, b := range []BMP{0x22, 0x23, 0x24, 0x2D, 0x3A, 0x3D, 0xD1} {
		info, _ := b.Info()
		equal(t, true, info.Secret, b)
	}
	_, ok := BMP(0x99).Info()
	equal(t, false, ok)
}
