package zvtproto

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPrintLinesBecomeReceiptLines(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []string // data of 06 D1
		want []ReceiptLine
	}{
		{"a plain line", []string{"00 41 42"}, []ReceiptLine{{Text: "AB"}}},
		{"centred, double width and height, in CP437", []string{"70 8E"}, []ReceiptLine{{Text: "Ä", Centred: true, DoubleWidth: true, DoubleHeight: true}}},
		{"indented by 15", []string{"0F 41"}, []ReceiptLine{{Text: "A", Indent: 15}}},
		{"no text is one feed", []string{"00"}, []ReceiptLine{{}}},
		{"a feed of three", []string{"FF 03"}, make([]ReceiptLine, 3)},
		{"a feed without a count", []string{"FF"}, make([]ReceiptLine, 1)},
		{"a last line with text", []string{"81 41"}, []ReceiptLine{{Text: "A", Last: true}}},
		{"a last line without text ends the line before", []string{"40 41", "81"}, []ReceiptLine{{Text: "A", Centred: true, Last: true}}},
		{"two receipts", []string{"81 41", "FE 42"}, []ReceiptLine{{Text: "A", Last: true}, {Text: "B", Last: true}}},
		{"the reserved attribute 80 is a plain line", []string{"80 41"}, []ReceiptLine{{Text: "A"}}},
	} {
		var got []ReceiptLine
		for _, in := range c.in {
			var m PrintLine
			noError(t, m.DecodeData(hexBytes(t, in)))
			got = m.AppendLines(got, CharsetCP437)
		}
		equal(t, c.want, got, c.name)
	}
}

func TestTextBlocksBecomeReceiptLines(t *testing.T) {
	m, err := Parse(vectorNamed(t, "print_text"), ToRegister)
	noError(t, err)
	block := m.(*PrintText)
	equal(t, []ReceiptLine{
		{Text: "Beleg", Centred: true}, {Text: "12,80E"}, {},
		{Barcode: &Barcode{Type: BarcodeQRM, Content: "abc"}, Last: true},
	}, block.Lines(CharsetUTF8), "tag 14 of the block goes before the agreed set")
	kind, ok := block.Type()
	equal(t, true, ok && kind == ReceiptCustomer)
	info, ok := block.Info()
	equal(t, true, ok && info == ReceiptPositive|ReceiptMandatory)
}

func receiptLines(barcodes bool) *rapid.Generator[[]ReceiptLine] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ReceiptLine {
		l := ReceiptLine{
			Text:    rapid.StringMatching(`[ -~äöüÄÖÜß]{0,40}`).Draw(t, "text"),
			Centred: rapid.Bool().Draw(t, "centred"), DoubleWidth: rapid.Bool().Draw(t, "wide"),
			DoubleHeight: rapid.Bool().Draw(t, "high"), Indent: rapid.IntRange(0, 15).Draw(t, "indent"),
			Last: rapid.Bool().Draw(t, "last"),
		}
		if barcodes && rapid.Bool().Draw(t, "is barcode") {
			l.Text, l.Barcode = "", &Barcode{Type: BarcodeType(rapid.Byte().Draw(t, "type")), Content: "https://example.org/1"}
		}
		return l
	}), 0, 30)
}

func TestReceiptsSurviveBothForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cs := rapid.SampledFrom([]Charset{CharsetCP437, CharsetLatin1, CharsetUTF8}).Draw(t, "charset")
		want := receiptLines(false).Draw(t, "lines")
		messages, err := PrintLines(want, cs)
		if err != nil {
			t.Fatal(err)
		}
		got := []ReceiptLine{}
		for _, m := range messages {
			apdu, err := Encode(m)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse(apdu, ToRegister)
			if err != nil {
				t.Fatal(err)
			}
			got = again.(*PrintLine).AppendLines(got, cs)
		}
		same(t, want, got)

		withBarcodes := receiptLines(true).Draw(t, "block")
		block := &PrintText{}
		if err := block.SetLines(withBarcodes, cs); err != nil {
			t.Fatal(err)
		}
		if err := block.SetType(ReceiptCustomer); err != nil {
			t.Fatal(err)
		}
		apdu, err := Encode(block)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(apdu, ToRegister)
		if err != nil {
			t.Fatal(err)
		}
		same(t, withBarcodes, again.(*PrintText).Lines(CharsetCP437))
	})
}

func same(t *rapid.T, want, got []ReceiptLine) {
	if len(want) != len(got) {
		t.Fatalf("got %d lines, want %d", len(got), len(want))
	}
	for i := range want {
		w, g := want[i], got[i]
		if (w.Barcode == nil) != (g.Barcode == nil) || w.Barcode != nil && *w.Barcode != *g.Barcode {
			t.Fatalf("line %d: barcodes differ", i)
		}
		w.Barcode, g.Barcode = nil, nil
		if w != g {
			t.Fatalf("line %d: got %+v want %+v", i, g, w)
		}
	}
}

func TestReceiptsThatCannotBeSentAreRefused(t *testing.T) {
	for name, lines := range map[string][]ReceiptLine{
		"a character the set lacks": {{Text: "京"}}, "a barcode with text": {{Text: "x", Barcode: &Barcode{}}},
		"a barcode the set lacks": {{Barcode: &Barcode{Content: "京"}}},
	} {
		isError(t, (&PrintText{}).SetLines(lines, CharsetCP437), ErrFormat, name)
		_, err := PrintLines(lines, CharsetCP437)
		isError(t, err, ErrFormat, name)
	}
	isError(t, (&PrintText{}).SetLines([]ReceiptLine{{Indent: 16}}, CharsetCP437), ErrRange)
	_, err := PrintLines([]ReceiptLine{{Indent: -1}}, CharsetCP437)
	isError(t, err, ErrRange)
}

func TestDisplayTextsOfAnIntermediateStatus(t *testing.T) {
	m := &IntermediateStatus{Status: IntermediateSeeText, HasTimeout: true, TimeoutMinutes: 6}
	noError(t, m.SetTexts([]string{"Bitte", "Käse"}, CharsetLatin1))
	b, err := Encode(m)
	noError(t, err)
	got, err := Parse(b, ToRegister)
	noError(t, err)
	equal(t, m, got)
	equal(t, []string{"Bitte", "Käse"}, got.(*IntermediateStatus).Texts(CharsetLatin1))
	_, err = Encode(&IntermediateStatus{HasTimeout: true, TimeoutMinutes: 100})
	isError(t, err, ErrRange)
	_, err = Encode(&IntermediateStatus{HasTimeout: true, TimeoutMinutes: -1})
	isError(t, err, ErrRange)
}

func TestSixMinutesAndAContainerAreToldApart(t *testing.T) {
	for _, c := range []struct {
		name, data string
		minutes    int
		container  bool
	}{
		{"six minutes alone", "17 06", 6, false},
		{"an empty container alone", "17 06 00", -1, true},
		{"six minutes, then a container", "17 06 06 00", 6, true},
		{"a container of six bytes", "17 06 06 1F 73 03 00 00 01", -1, true},
		{"six minutes, then a container of six bytes", "17 06 06 06 1F 73 03 00 00 01", 6, true},
	} {
		var m IntermediateStatus
		noError(t, m.DecodeData(hexBytes(t, c.data)), c.name)
		equal(t, c.minutes >= 0, m.HasTimeout, c.name)
		equal(t, max(0, c.minutes), m.TimeoutMinutes, c.name)
		equal(t, c.container, m.Has(BMPTLV), c.name)
		out, err := m.AppendData(nil)
		noError(t, err)
		equal(t, hexBytes(t, c.data), out, c.name)
	}
}
