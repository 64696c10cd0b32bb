package cupproto

import (
	"bytes"
	"errors"
	"testing"
)

func seeds(f *testing.F) {
	for _, name := range goldens(f) {
		b := readGolden(f, name)
		f.Add(b)
		f.Add(b[(Profile{}).before():])
	}
	f.Add(unhexF("0200C000000000000000"))
	f.Add([]byte{})
}

func unhexF(s string) []byte {
	b, _ := appendDigits(nil, []byte(s), false, true)
	return b
}

// FuzzParseBody: no panic; what is read is written and read again the same; the walk
// of Describe agrees with the library's.
func FuzzParseBody(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range []Profile{{}, bare} {
			frame, err := p.ParseBody(b)
			var at *Error
			if err != nil && !errors.As(err, &at) {
				t.Fatalf("%T %v", err, err)
			}
			if _, start, early := p.readBefore(b); early == nil && len(b) <= MaxBody {
				_, m, fault := walk(nil, b, start)
				if (fault == nil) != (err == nil) || fault != nil && (fault.Field != at.Field || fault.Offset != at.Offset || fault.Err.Error() != at.Err.Error()) {
					t.Fatalf("walk says %v, ParseBody %v", fault, err)
				}
				if err == nil && !m.Equal(frame.Message) {
					t.Fatalf("walk reads %v, ParseBody %v", m, frame.Message)
				}
			}
			if err != nil {
				if at.Offset < 0 || at.Offset > len(b) {
					t.Fatalf("offset %d of %d bytes", at.Offset, len(b))
				}
				continue
			}
			again, err := p.AppendBody(nil, frame)
			if err != nil {
				t.Fatal(err)
			}
			if len(again) != len(b) && frame.TPDU.ID != 0 {
				t.Fatalf("%d bytes became %d", len(b), len(again))
			}
			if own, err := pack(domesticLayout(), frame.Message); err != nil || !bytes.Equal(own, again[p.before():]) {
				t.Fatalf("%v: the library packs %d bytes, pack %d, or others", err, len(again)-p.before(), len(own))
			}
			back, err := p.ParseBody(again)
			if err != nil || !back.Message.Equal(frame.Message) {
				t.Fatalf("%v: %v became %v", err, frame.Message, back)
			}
		}
	})
}

// FuzzDescribe: no panic, bounded output, and a masked body says no more when it
// is masked again.
func FuzzDescribe(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		text := Describe(b).String()
		if len(text) > 40*len(b)+16384 {
			t.Fatalf("%d bytes explained in %d", len(b), len(text))
		}
		was := bytes.Clone(b)
		masked := Mask(b)
		if !bytes.Equal(was, b) {
			t.Fatal("Mask changed what it was given")
		}
		if len(masked) > len(b) {
			t.Fatalf("%d bytes masked are %d", len(b), len(masked))
		}
	})
}

// FuzzParts: no panic; what is read is written and read again the same.
func FuzzParts(f *testing.F) {
	for _, name := range goldens(f) {
		frame, err := Profile{}.ParseBody(readGolden(f, name))
		if err != nil {
			f.Fatal(err)
		}
		for n, v := range frame.Message.all() {
			if n >= 44 {
				f.Add(v)
			}
		}
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		if p, err := ParseF60(v); err == nil {
			same(t, "60", v, p.Append)
		}
		if p, err := ParseF61(v); err == nil && len(v) > 6 {
			same(t, "61", v, p.Append)
		}
		if p, err := ParseTotals(v); err == nil {
			same(t, "totals", v, p.Append)
		}
		if p, err := ParseUpload(v); err == nil {
			if _, err := AppendUpload(nil, p); err != nil {
				t.Fatal(err)
			}
		}
		if p, err := ParseBalances(v); err == nil {
			if _, err := ParseBalances(v); err != nil {
				t.Fatal(err, p)
			}
		}
		if p, head, err := parseElements(v); err == nil && len(v) > 0 {
			same(t, "59", v, func(dst []byte) ([]byte, error) { return p.append(dst, head-tagLen) })
		}
		if p, err := ParseSignOnDevice(v); err == nil {
			same(t, "device", v, p.Append)
		}
		if p, err := ParseDownload(v); err == nil {
			same(t, "download", v, p.Append)
			keys, _ := ParseCAKeys(p.TLV)
			for _, k := range keys {
				_, _ = k.Append(nil)
			}
			aids, _ := ParseAIDs(p.TLV)
			for _, a := range aids {
				_, _ = a.Append(nil)
			}
		}
		if p, err := ParseParameters(v); err == nil {
			same(t, "parameters", v, func(dst []byte) ([]byte, error) { return AppendParameters(dst, p) })
		}
		if p, err := ParseF63(v); err == nil {
			_, _ = p.Append(nil)
		}
		_, _ = ParseF44(v).Append(nil)
		_, _ = ParseICUpload(v)
		_, _ = ParseQuery(v)
		for n := 2; n <= maxField; n++ {
			m := &Message{MTI: "0200"}
			m.Set(n, v)
			_ = m.shown(n, v)
			_ = m.parts(n, v)
			_ = m.meaning(n, v)
		}
	})
}

func same(t *testing.T, what string, v []byte, appendTo func([]byte) ([]byte, error)) {
	t.Helper()
	got, err := appendTo([]byte("x"))
	if err != nil {
		t.Fatalf("%s %q: %v", what, v, err)
	}
	if !bytes.Equal(got[1:], v) {
		t.Fatalf("%s: %q became %q", what, v, got[1:])
	}
}
