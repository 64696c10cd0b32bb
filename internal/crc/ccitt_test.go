package crc_test

import (
	"math/rand/v2"
	"testing"

	"github.com/openecr/openecr/internal/crc"
)

// bitwiseCCITT is the definition, one bit at a time.
func bitwiseCCITT(sum uint16, p []byte) uint16 {
	for _, b := range p {
		sum ^= uint16(b) << 8
		for range 8 {
			high := sum & 0x8000
			sum <<= 1
			if high != 0 {
				sum ^= 0x1021
			}
		}
	}
	return sum
}

func TestCCITTMatchesTheCatalogue(t *testing.T) {
	if got := crc.CCITT(crc.CCITTInit, "123456789"); got != 0x29B1 {
		t.Errorf("check value: got %04X, want 29B1", got)
	}
}

func TestCCITTMatchesItsDefinitionAtEveryLengthAndSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	data := make([]byte, 67)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	for n := range data {
		want := bitwiseCCITT(crc.CCITTInit, data[:n])
		if got := crc.CCITT(crc.CCITTInit, string(data[:n])); got != want {
			t.Fatalf("%d bytes: got %04X, want %04X", n, got, want)
		}
		if got := crc.CCITT(crc.CCITT(crc.CCITTInit, data[:n/3]), data[n/3:n]); got != want {
			t.Fatalf("%d bytes in two parts: got %04X, want %04X", n, got, want)
		}
	}
}

func BenchmarkCCITT(b *testing.B) {
	data := make([]byte, 1024)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		crc.CCITT(crc.CCITTInit, data)
	}
}
