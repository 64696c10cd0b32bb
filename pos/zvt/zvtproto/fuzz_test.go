package zvtproto

import (
	"bytes"
	"testing"
)

func seed(f *testing.F, dataOnly bool) {
	f.Helper()
	for _, v := range vectors(f) {
		if dataOnly {
			a, err := ParseAPDU(v.apdu)
			noError(f, err)
			f.Add(a.Data)
		} else {
			f.Add(v.apdu)
		}
	}
}

func FuzzStream(f *testing.F) {
	seed(f, false)
	f.Fuzz(func(t *testing.T, b []byte) {
		rest := b
		for len(rest) > 0 {
			payload, size, err := Stream{}.Split(rest)
			if size == 0 {
				equal(t, nil, err)
				return
			}
			if size > len(rest) || len(payload) > MaxAPDU {
				t.Fatalf("size %d of %d bytes", size, len(rest))
			}
			if err == nil {
				again, err := Stream{}.AppendFrame(nil, payload)
				noError(t, err)
				equal(t, payload, again)
			}
			rest = rest[size:]
		}
	})
}

// fuzzParse: what Parse accepts is stable under encoding, Explain agrees with
// it, Mask keeps the length.
func fuzzParse(f *testing.F, dir Direction) {
	seed(f, false)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		e := Explain(b, dir)
		_ = e.String()
		masked := Mask(b)
		equal(t, len(b), len(masked))
		equal(t, before, b)
		m, err := Parse(b, dir)
		if (err == nil) != (e.Err() == nil) {
			if _, unknown := m.(*Unknown); !unknown {
				t.Fatalf("% X: Parse says %v, Explain %v", b, err, e.Err())
			}
		}
		if err != nil {
			return
		}
		_ = messageString(m)
		first, err := Encode(m)
		noError(t, err)
		again, err := Parse(first, dir)
		noError(t, err)
		second, err := Encode(again)
		noError(t, err)
		if !bytes.Equal(first, second) {
			t.Fatalf("% X became % X and then % X", b, first, second)
		}
	})
}

func FuzzParseToTerminal(f *testing.F) { fuzzParse(f, ToTerminal) }
func FuzzParseToRegister(f *testing.F) { fuzzParse(f, ToRegister) }

func FuzzFields(f *testing.F) {
	seed(f, true)
	f.Fuzz(func(t *testing.T, b []byte) {
		var g Fields
		if g.DecodeData(b) != nil {
			return
		}
		first, err := g.AppendData(nil)
		noError(t, err)
		var h Fields
		noError(t, h.DecodeData(first))
		equal(t, g.List, h.List)
		a, hasAmount := g.Amount()
		if hasAmount && (a < 0 || a > MaxAmount) {
			t.Fatalf("amount %d", a)
		}
		if hasAmount != g.Has(BMPAmount) {
			t.Fatal("an amount that is there cannot be read")
		}
		g.PAN()
		g.Trace()
		g.CardType()
		g.CardName()
		g.Expiry()
		g.LastReceipt()
		g.SequenceID()
		g.Authentication()
	})
}

func FuzzTLV(f *testing.F) {
	for _, v := range vectors(f) {
		m, err := Parse(v.apdu, v.dir)
		noError(f, err)
		if s, ok := m.(interface{ Value(BMP) ([]byte, bool) }); ok {
			if tlv, ok := s.Value(BMPTLV); ok {
				f.Add(tlv)
			}
		}
	}
	f.Add([]byte{0x1F, 0x80, 0x05, 'a', '.', 't', 'x', 't'})
	f.Fuzz(func(t *testing.T, b []byte) {
		tlv, err := ParseTLV(b)
		equal(t, err == nil, checkTLV(b) == nil)
		if err != nil {
			return
		}
		_ = tlv.String()
		first, err := tlv.Append(nil)
		if len(b) > MaxTLVSize {
			return
		}
		noError(t, err)
		again, err := ParseTLV(first)
		noError(t, err)
		second, err := again.Append(nil)
		noError(t, err)
		if !bytes.Equal(first, second) {
			t.Fatalf("% X became % X and then % X", b, first, second)
		}
	})
}

func FuzzTotals(f *testing.F) {
	b, err := Totals{FirstReceipt: 1, LastReceipt: NoReceipt, Visa: Total{1, 2}}.Append(nil)
	noError(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		totals, err := ParseTotals(b)
		if err != nil {
			return
		}
		again, err := totals.Append(nil)
		noError(t, err)
		equal(t, b, again)
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte("Bäckerei"), byte(CharsetUTF8))
	f.Add([]byte{0x8E, 0x81}, byte(CharsetCP437))
	f.Fuzz(func(t *testing.T, b []byte, cs byte) {
		text := Charset(cs).Decode(b)
		again, ok := Charset(cs).Append(nil, text)
		if !ok || !bytes.Equal(b, again) {
			t.Fatalf("%v: % X became %q and then % X", Charset(cs), b, text, again)
		}
		equal(t, len(b), len(maskText(bytes.Clone(b))))
		equal(t, len(b), len(maskDigits(bytes.Clone(b))))
	})
}

func FuzzReceipt(f *testing.F) {
	seed(f, true)
	f.Fuzz(func(t *testing.T, b []byte) {
		var line PrintLine
		if line.DecodeData(b) == nil {
			lines := line.AppendLines(nil, CharsetCP437)
			messages, err := PrintLines(lines, CharsetCP437)
			noError(t, err)
			var again []ReceiptLine
			for _, m := range messages {
				again = m.AppendLines(again, CharsetCP437)
			}
			equal(t, lines, again)
		}
		var block PrintText
		if block.DecodeData(b) != nil {
			return
		}
		lines := block.Lines(CharsetCP437)
		var other PrintText
		cs, ok := block.Charset()
		if !ok {
			cs = CharsetCP437
		}
		if other.SetLines(lines, cs) != nil {
			return // too long once styles are spelled out
		}
		equal(t, lines, other.Lines(CharsetCP437))
	})
}

func FuzzExplainSerial(f *testing.F) {
	f.Add([]byte{0x10, 0x02, 0x80, 0x00, 0x00, 0x10, 0x03, 0xF5, 0x1F, 0x06})
	f.Fuzz(func(t *testing.T, b []byte) {
		e := ExplainSerial(b)
		_ = e.String()
		total := 0
		for _, p := range e.Parts {
			equal(t, total, p.Offset)
			total += p.Size
		}
		equal(t, len(b), total)
	})
}
