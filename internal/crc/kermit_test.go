package crc_test

import (
	"math/rand/v2"
	"testing"

	"github.com/openecr/openecr/internal/crc"
)

// bitwise is the definition, one bit at a time.
func bitwise(sum uint16, p []byte) uint16 {
	for _, b := range p {
		sum ^= uint16(b)
		for range 8 {
			low := sum & 1
			sum >>= 1
			if low != 0 {
				sum ^= 0x8408
			}
		}
	}
	return sum
}

func TestKermitMatchesTheCatalogue(t *testing.T) {
	if got := crc.Kermit(0, []byte("123456789")); got != 0x2189 {
		t.Errorf("check value: got %04X, want 2189", got)
	}
}

func TestKermitMatchesItsDefinitionAtEveryLengthAndSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 67)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	for n := range data {
		want := bitwise(0, data[:n])
		if got := crc.Kermit(0, data[:n]); got != want {
			t.Fatalf("%d bytes: got %04X, want %04X", n, got, want)
		}
		if got := crc.Kermit(crc.Kermit(0, data[:n/3]), data[n/3:n]); got != want {
			t.Fatalf("%d bytes in two parts: got %04X, want %04X", n, got, want)
		}
	}
}

func BenchmarkKermit(b *testing.B) {
	data := make([]byte, 1024)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		crc.Kermit(0, data)
	}
	b.ReportMetric(float64(len(data))*float64(b.N)/b.Elapsed().Seconds()/300e6, "x-300MB/s") // what framing must reach
}
