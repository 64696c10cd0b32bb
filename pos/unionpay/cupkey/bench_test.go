package cupkey

import (
	"testing"
	"time"
)

// A message of 256 bytes must be authenticated within 10 microseconds: the
// figure is how often that fits into the limit.
func BenchmarkMAC256(b *testing.B) {
	message := make([]byte, 256)
	for _, c := range []struct {
		name string
		alg  MACAlgorithm
		key  Key
	}{
		{"ECB-DES", MACECB, key(b, DES, "0123456789ABCDEF")},
		{"ECB-TDES", MACECB, key(b, DES, "0123456789ABCDEFFEDCBA9876543210")},
		{"ECB-SM4", MACECB, key(b, SM4, "0123456789ABCDEFFEDCBA9876543210")},
		{"X9.19", MACX919, key(b, DES, "0123456789ABCDEFFEDCBA9876543210")},
		{"CMAC-AES", MACCMAC, key(b, AES, "0123456789ABCDEFFEDCBA9876543210")},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if _, err := MAC(c.alg, c.key, message); err != nil {
					b.Fatal(err)
				}
			}
			const limit = 10 * time.Microsecond
			b.ReportMetric(float64(limit)*float64(b.N)/float64(b.Elapsed()), "x-under-10us")
		})
	}
}
