package zvtproto

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTotalsComeBackAsTheyWereSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want Totals
		receipts := rapid.OneOf(rapid.Uint16Range(0, 9999), rapid.Just(NoReceipt))
		want.FirstReceipt, want.LastReceipt = receipts.Draw(t, "first"), receipts.Draw(t, "last")
		for _, g := range want.groups() {
			*g = Total{Count: rapid.Byte().Draw(t, "count"), Sum: Amount(rapid.Int64Range(0, int64(MaxAmount)).Draw(t, "sum"))}
		}
		var f Fields
		if err := f.SetTotals(want); err != nil {
			t.Fatal(err)
		}
		got, ok, err := f.Totals()
		if err != nil || !ok || got != want {
			t.Fatalf("got %v %v %v, want %v", got, ok, err, want)
		}
	})
}

func TestTotalsThatAreNoneAreRefused(t *testing.T) {
	good, err := Totals{Visa: Total{1, 5}, Girocard: Total{2, 7}}.Append(nil)
	noError(t, err)
	equal(t, TotalsSize, len(good))
	parsed, err := ParseTotals(good)
	noError(t, err)
	count, sum := parsed.Sum()
	equal(t, 3, count)
	equal(t, Amount(12), sum)
	for n := range len(good) {
		_, err := ParseTotals(good[:n])
		isError(t, err, ErrFormat)
	}
	_, err = ParseTotals(append(good, 0))
	isError(t, err, ErrFormat)
	good[6] = 0xAA
	_, err = ParseTotals(good)
	isError(t, err, ErrFormat)
	for _, bad := range []Totals{{FirstReceipt: 10000}, {JCB: Total{Sum: -1}}, {JCB: Total{Sum: MaxAmount + 1}}} {
		_, err := bad.Append(nil)
		isError(t, err, ErrRange)
	}
	var f Fields
	_, ok, err := f.Totals()
	equal(t, true, !ok && err == nil)
	f.Set(BMPTotals, []byte{1})
	_, ok, err = f.Totals()
	isError(t, err, ErrFormat)
	equal(t, false, ok)
}

func TestEveryByteSurvivesEveryCharset(t *testing.T) {
	var all []byte
	for i := range 256 {
		all = append(all, byte(i))
	}
	for c := range 256 {
		cs := Charset(c)
		text := cs.Decode(all)
		equal(t, true, utf8.ValidString(text), cs)
		back, ok := cs.Append(nil, text)
		equal(t, true, ok, cs)
		equal(t, all, back, cs)
	}
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		back, ok := CharsetUTF8.Append(nil, CharsetUTF8.Decode(in))
		if !ok || string(back) != string(in) {
			t.Fatalf("got % X want % X", back, in)
		}
	})
}

func TestCharsetsHaveTheirCharacters(t *testing.T) {
	for _, c := range []struct {
		cs   Charset
		in   string
		want string
	}{
		{CharsetCP437, "8E 99 9A 84 94 81 E1", "ÄÖÜäöüß"},
		{Charset7Bit, "5B 5C 5D 7B 7C 7D 7E", "ÄÖÜäöüß"},
		{CharsetLatin1, "C4", "Ä"}, {CharsetLatin9, "A4", "€"}, {CharsetUTF8, "E2 82 AC", "€"}, {CharsetASCII, "5B", "["},
		{CharsetASCII, "81", "\uF781"}, {CharsetUTF8, "41 FF", "A\uF7FF"}, {Charset(0x0B), "C4", "\uF7C4"},
	} {
		equal(t, c.want, c.cs.Decode(hexBytes(t, c.in)), c.cs)
	}
	out, ok := Charset7Bit.Append(nil, "[")
	equal(t, true, !ok && string(out) == "?")
	for cs, want := range map[Charset]string{0: "ASCII", 1: "ISO 8859-1", 16: "ISO 8859-16", 0xFE: "UTF-8", 0xFF: "CP437",
		0x80: "7-bit ZVT", 0x42: "unknown character set 0x42"} {
		equal(t, want, cs.String())
	}
}

func TestUnknownCodesSurviveAndSayTheirNumber(t *testing.T) {
	for want, got := range map[string]string{
		"unknown code 0xD7":              ResultCode(0xD7).String(),
		"host or network code 51":        ResultCode(0x33).String(),
		"wrong PIN":                      ResultCode(0x37).String(),
		"超时或按键取消":                        ResultAborted.Chinese(),
		"主机或网络代码 51":                     ResultCode(0x33).Chinese(),
		"代码 0xD7":                        ResultCode(0xD7).Chinese(),
		"unknown code 0x99":              TerminalState(0x99).String(),
		"ready":                          StateReady.String(),
		"unknown code 0x99 ":             Intermediate(0x99).String() + " ",
		"insert card":                    IntermediateInsertCard.String(),
		"declined, please remove card":   Intermediate(0x5D).String(),
		"已拒绝，请取卡":                        Intermediate(0x5D).Chinese(),
		"状态 0x99":                        Intermediate(0x99).Chinese(),
		"unknown card type 999":          CardType(999).String(),
		"BlueCode":                       CardType(260).String(),
		"CNY":                            Currency(156).String(),
		"004":                            Currency(4).String(),
		"terminal decides, tip possible": (PaymentTerminalDecides | PaymentTippable).Requested(),
		"with PIN":                       PaidPIN.Reported(),
		"unknown code 0xF0":              PaymentType(0xF0).Requested(),
		"online PIN and signature":       Authentication(7).String(),
		"contactless":                    TechnologyNFC.String(),
		"QR code, level H":               BarcodeQRH.String(),
		"STOP":                           KeyStop.String(),
		"115200 baud":                    Baud115200.String(),
		"0F A1 unknown command":          Command(0x0FA1).String(),
		"84 6C negative response":        Command(0x846C).String(),
		"84 00 positive response":        CmdNegative.String(),
	} {
		equal(t, want, got)
	}
	for c := range 256 {
		for _, s := range []string{ResultCode(c).String(), ResultCode(c).Chinese(), Intermediate(c).String(), Intermediate(c).Chinese(),
			TerminalState(c).String(), Attribute(c).String(), Config(c).String(), Key(c).String(), BaudRate(c).String(),
			ReceiptType(c).String(), ReceiptInfo(c).String(), BarcodeType(c).String(), Authentication(c).String(), Technology(c).String(),
			PaymentType(c).Requested(), PaymentType(c).Reported(), BMP(c).String(), Encoding(c).String(), LengthClass(c).String()} {
			equal(t, true, s != "" && utf8.ValidString(s), c)
		}
	}
	code, ok := CurrencyByAlpha("CHF")
	equal(t, true, ok && code == 756)
	m, err := Parse(hexBytes(t, "0F A1 02 00 01"), ToTerminal)
	noError(t, err)
	equal(t, Command(0x0FA1), m.Command())
}

func TestEveryCommandHasAMessageOfItsOwn(t *testing.T) {
	seen := map[Command]bool{}
	for _, r := range commandTable {
		if seen[r.cmd] {
			t.Errorf("%v is twice in the table", r.cmd)
		}
		seen[r.cmd] = true
		m := r.make()
		if c := m.Command(); c != r.cmd && r.cmd != CmdNegative {
			t.Errorf("%T is %v, in the table as %v", m, c, r.cmd)
		}
		if r.name == "" {
			t.Errorf("%v has no name", r.cmd)
		}
	}
}

func TestTheSameControlFieldIsToldApartByDirection(t *testing.T) {
	m, err := Parse(hexBytes(t, "04 01 00"), ToTerminal)
	noError(t, err)
	if _, ok := m.(*Unknown); !ok {
		t.Errorf("a register never sends 04 01, got %T", m)
	}
	m, err = Parse(hexBytes(t, "04 01 00"), ToRegister)
	noError(t, err)
	if _, ok := m.(*SetTime); !ok {
		t.Errorf("got %T", m)
	}
	for _, dir := range []Direction{ToTerminal, ToRegister, DirectionUnknown} {
		m, err = Parse(hexBytes(t, "06 D1 01 00"), dir)
		noError(t, err)
		if _, ok := m.(*PrintLine); !ok {
			t.Errorf("got %T", m)
		}
	}
	m, err = Parse(hexBytes(t, "84 00 00"), ToRegister)
	noError(t, err)
	if p, ok := m.(*PositiveResponse); !ok || !p.Alternative {
		t.Errorf("84 00 is positive, got %T", m)
	}
	out, err := Encode(m)
	noError(t, err)
	equal(t, "84 00 00", spacedHex(out))
}

func TestTheTwoFormsOfACompletionAreToldApart(t *testing.T) {
	for in, report := range map[string]bool{
		"": false, "19 00": false, "06 00": false, "27 00": false, "0C 10 20 30": false, "AA 26 11 22": false,
		"00": true, "DC": true, "F0 F0 F0 00": true, "F0 F0 F1 41 00 06 00": true, "00 06 00": true, "51 06 00": true,
	} {
		m, err := Parse(append([]byte{0x06, 0x0F, byte(len(hexBytes(t, in)))}, hexBytes(t, in)...), ToRegister)
		noError(t, err, in)
		_, got := m.(*StatusReport)
		equal(t, report, got, in)
	}
}

func TestVendingAnswers(t *testing.T) {
	m, err := NewPartialIssue(500)
	noError(t, err)
	b, err := Encode(m)
	noError(t, err)
	equal(t, "84 9D 07 04 00 00 00 00 05 00", spacedHex(b))
	f, err := m.Fields()
	noError(t, err)
	a, ok := f.Amount()
	equal(t, true, ok && a == 500)
	_, err = NewPartialIssue(-1)
	isError(t, err, ErrRange)
	equal(t, "80 00 00", spacedHex(AppendPositive(nil)))
	equal(t, "84 9C 00", spacedHex(AppendNegative(nil, CodeNotIssuedYet)))
	b, err = Encode(NewOpenPreAuthQuery())
	noError(t, err)
	equal(t, "06 23 03 87 FF FF", spacedHex(b))
}

func TestARefusedCurrencyIsNamed(t *testing.T) {
	m, err := Parse(vectorNamed(t, "wrong_currency"), ToRegister)
	noError(t, err)
	c, ok := m.(*NegativeResponse).WrongCurrency()
	equal(t, true, ok && c == EUR)
	_, ok = (&NegativeResponse{Code: 0x83}).WrongCurrency()
	equal(t, false, ok)
}

func TestReceiptSynchronisation(t *testing.T) {
	a := &Authorisation{}
	_, _, ok := a.LastReceipt()
	equal(t, false, ok)
	noError(t, a.SetLastReceiptBytes(nil))
	_, fresh, ok := a.LastReceipt()
	equal(t, true, fresh && ok)
	noError(t, a.SetLastReceiptBytes([]byte{0x03, 0x44}))
	n, fresh, ok := a.LastReceipt()
	equal(t, true, ok && !fresh && n == 344)
	tlv, _ := a.TLV()
	equal(t, 1, len(tlv.Objects))
}

func TestMessageSequenceWrapsToOne(t *testing.T) {
	equal(t, SequenceID(1), SequenceID(0).Next())
	equal(t, SequenceID(1), MaxSequenceID.Next())
	m := &PositiveResponse{}
	f := Fields{}
	noError(t, f.SetSequenceID(999999))
	data, err := f.AppendData(nil)
	noError(t, err)
	m.Data = data
	b, err := Encode(m)
	noError(t, err)
	equal(t, "80 00 08 06 06 1F 73 03 99 99 99", spacedHex(b))
	parsed, err := Parse(b, ToRegister)
	noError(t, err)
	g, err := parsed.(*PositiveResponse).Fields()
	noError(t, err)
	s, ok := g.SequenceID()
	equal(t, true, ok && s == MaxSequenceID)
}

func TestCommandsWithoutDataCarryTheSequenceToo(t *testing.T) {
	for _, m := range []interface {
		Message
		SetSequenceID(SequenceID) error
	}{&LogOff{}, &ResetTerminal{}, &SelfTest{}, &PrintSystemConfiguration{}, &ServiceMode{}, &Completion{}} {
		noError(t, m.SetSequenceID(7))
		b, err := Encode(m)
		noError(t, err)
		got, err := Parse(b, DirectionUnknown)
		noError(t, err)
		equal(t, m, got)
	}
}

func TestCapabilitiesComeBack(t *testing.T) {
	want := Capabilities{Commands: []Command{CmdPrintText, CmdInputRequest}, PrinterWidth: 42, MaxAPDU: 65535, Charset: CharsetUTF8, HasCharset: true}
	tlv, err := want.TLV()
	noError(t, err)
	got := ParseCapabilities(tlv)
	equal(t, want, got)
	equal(t, true, got.Takes(CmdPrintText) && !got.Takes(CmdMenuRequest))
	for _, bad := range []Capabilities{{PrinterWidth: 100}, {PrinterWidth: -1}, {MaxAPDU: 65536}, {MaxAPDU: -1}} {
		_, err := bad.TLV()
		isError(t, err, ErrRange)
	}
}

func TestCardholderVerificationIsFoundInAndBesideTag2F(t *testing.T) {
	for _, tlv := range []TLV{
		{Objects: []Object{Constructed(TagPaymentType, Primitive(TagAuthentication, 1), Primitive(TagOnline, 1), Primitive(TagTechnology, 2))}},
		{Objects: []Object{Primitive(TagAuthentication, 1), Primitive(TagOnline, 1), Primitive(TagTechnology, 2)}},
	} {
		s := &StatusInformation{}
		noError(t, s.SetTLV(tlv))
		a, ok := s.Authentication()
		equal(t, true, ok && a == AuthSignature && a.NeedsSignature())
		online, ok := s.Online()
		equal(t, true, ok && online)
		tech, ok := s.Technology()
		equal(t, true, ok && tech == TechnologyNFC)
	}
}
