package emv_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

func TestDecodingIntoASliceAllocatesNothing(t *testing.T) {
	data := unhex(t, unionPaySale)
	buf := make(emv.Objects, 0, 32)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		l, err := emv.AppendParse(buf[:0], data, emv.Options{})
		if err != nil || len(l) != 20 {
			t.Fatal(err)
		}
		tvr, _ := l.Find(emv.TagTVR)
		if _, err := emv.DecodeTVR(tvr); err != nil {
			t.Fatal(err)
		}
	}))
}

func BenchmarkExplain(b *testing.B) {
	data := unhex(b, unionPaySale)
	b.ReportAllocs()
	for range b.N {
		_ = emv.Explain(data, emv.Options{}, 0).String()
	}
}

func BenchmarkLookup(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		if _, ok := emv.Lookup(emv.TagTVR, emv.RIDUnionPay); !ok {
			b.Fatal("not found")
		}
	}
}
