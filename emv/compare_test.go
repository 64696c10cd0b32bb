// moov-io/iso8583 v0.26.0 does not compile where int has 32 bits.
//go:build !386 && !arm && !mips && !mipsle && !wasm

package emv_test

import (
	"testing"
	"time"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
	"github.com/moov-io/iso8583/sort"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

// composite is the same field in the library that packs our ISO 8583, with just
// the tags of the message and the plainest kind of field.
func composite(l emv.Objects) *field.Composite {
	spec := &field.Spec{
		Length: 255, Pref: prefix.Binary.LL,
		Tag:       &field.TagSpec{Enc: encoding.BerTLVTag, Sort: sort.StringsByHex},
		Subfields: map[string]field.Field{},
	}
	for _, o := range l {
		spec.Subfields[o.Tag.String()] = field.NewBinary(&field.Spec{Enc: encoding.Binary, Pref: prefix.BerTLV})
	}
	return field.NewComposite(spec)
}

func TestTheOtherDecoderReadsTheSame(t *testing.T) {
	c := composite(sale(t))
	require.NoError(t, c.SetBytes(unhex(t, unionPaySale)))
	require.Len(t, c.GetSubfields(), 20)
	for _, o := range sale(t) {
		b, err := c.GetSubfields()[o.Tag.String()].Bytes()
		require.NoError(t, err)
		require.Equal(t, o.Value, b, o.Tag)
	}
}

// BenchmarkField55 decodes a UnionPay sale's field 55, and compares with
// moov-io/iso8583 on the same bytes in the same run: x-faster is the ratio.
func BenchmarkField55(b *testing.B) {
	data := unhex(b, unionPaySale)
	buf := make(emv.Objects, 0, 32)
	other := composite(sale(b))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	b.ResetTimer()
	start := time.Now()
	for range b.N {
		if _, err := emv.AppendParse(buf[:0], data, emv.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	ours := time.Since(start)
	b.StopTimer()
	theirRuns := min(b.N, 20000) // enough for a mean, and it would take half a minute
	start = time.Now()
	for range theirRuns {
		if err := other.SetBytes(data); err != nil {
			b.Fatal(err)
		}
	}
	theirs := time.Since(start)
	b.ReportMetric(float64(theirs)/float64(theirRuns)/(float64(max(ours, 1))/float64(b.N)), "x-faster")
}
