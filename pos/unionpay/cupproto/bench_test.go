//go:build !386 && !arm && !mips && !mipsle

package cupproto

import (
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
	"github.com/stretchr/testify/require"
)

// stockSpec is the profile as the library can say it with what it brings along:
// its BCD, LBCD and BCD prefixes. It cannot carry a track with D, so track 2 has digits.
func stockSpec() *iso8583.MessageSpec {
	s := &iso8583.MessageSpec{Name: "stock", Fields: map[int]field.Field{
		1: field.NewBitmap(&field.Spec{Length: 8, Enc: encoding.Binary, Pref: prefix.Binary.Fixed, DisableAutoExpand: true}),
	}}
	for n, e := range domestic {
		f := e.format
		if f.Kind == 0 {
			continue
		}
		spec := &field.Spec{Length: f.Max, Description: e.english, Enc: encoding.Binary, Pref: prefix.Binary.Fixed}
		if f.packed() {
			spec.Enc, spec.Pref = encoding.LBCD, prefix.BCD.Fixed
			if f.Right || f.Max%2 == 0 && f.Prefix == 0 {
				spec.Enc = encoding.BCD
			}
		}
		switch f.Prefix {
		case 2:
			spec.Pref = prefix.BCD.LL
		case 3:
			spec.Pref = prefix.BCD.LLL
		}
		if f.Kind == Bytes {
			s.Fields[n] = field.NewBinary(spec)
		} else {
			s.Fields[n] = field.NewString(spec)
		}
	}
	return s
}

// chipSale is a sale with a chip, 20 fields, that both can say.
func chipSale(t testing.TB) *Message {
	m := sample(t, Sale)
	m.Del(36, 59)
	m.SetString(35, "621234567890123213012201987654321098")
	m.SetString(37, "112210153001")
	m.SetF61(F61{Batch: 12, STAN: 16, Date: "1122"})
	require.Len(t, m.Fields(), 20)
	return m
}

func stockMessage(t testing.TB, spec *iso8583.MessageSpec, m *Message) *iso8583.Message {
	out := iso8583.NewMessage(spec)
	out.MTI(m.MTI)
	for n, v := range m.all() {
		if err := out.BinaryField(n, v); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// compare runs both in turns, so that what else the machine does slows both, and
// reports how many times as long stock takes.
func compare(b *testing.B, stock, own func()) {
	b.Helper()
	var forStock, forOwn time.Duration
	for b.Loop() {
		start := time.Now()
		stock()
		middle := time.Now()
		own()
		forStock += middle.Sub(start)
		forOwn += time.Since(middle)
	}
	b.ReportMetric(float64(forStock)/float64(forOwn), "times-faster")
	b.ReportMetric(float64(forStock.Nanoseconds())/float64(b.N), "stock-ns/op")
	b.ReportMetric(float64(forOwn.Nanoseconds())/float64(b.N), "own-ns/op")
}

func TestTheLibrarysOwnSpecPacksTheSame(t *testing.T) {
	m := chipSale(t)
	want, err := stockMessage(t, stockSpec(), m).Pack()
	require.NoError(t, err)
	got, err := bare.AppendBody(nil, &Frame{Message: m})
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func BenchmarkPackAgainstStock(b *testing.B) {
	m, spec := chipSale(b), stockSpec()
	buf := make([]byte, 0, 512)
	compare(b, func() {
		if _, err := stockMessage(b, spec, m).Pack(); err != nil {
			b.Fatal(err)
		}
	}, func() {
		if _, err := bare.AppendBody(buf, &Frame{Message: m}); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkUnpackAgainstStock(b *testing.B) {
	m, spec := chipSale(b), stockSpec()
	packed, err := bare.AppendBody(nil, &Frame{Message: m})
	require.NoError(b, err)
	compare(b, func() {
		if err := iso8583.NewMessage(spec).Unpack(packed); err != nil {
			b.Fatal(err)
		}
	}, func() {
		if _, err := bare.ParseBody(packed); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkPack(b *testing.B) {
	f := sampleFrame(chipSale(b))
	buf := make([]byte, 0, 512)
	b.SetBytes(int64(len(body(b, f.Message))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Profile{}).AppendBody(buf, f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnpack(b *testing.B) {
	packed := body(b, chipSale(b))
	b.SetBytes(int64(len(packed)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Profile{}).ParseBody(packed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMask(b *testing.B) {
	packed := body(b, chipSale(b))
	b.SetBytes(int64(len(packed)))
	b.ReportAllocs()
	for b.Loop() {
		Mask(packed)
	}
}

func BenchmarkDescribe(b *testing.B) {
	packed := body(b, chipSale(b))
	b.SetBytes(int64(len(packed)))
	b.ReportAllocs()
	for b.Loop() {
		Describe(packed)
	}
}
