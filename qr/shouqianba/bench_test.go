package shouqianba_test

import (
	"bytes"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/shouqianba"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/require"
)

// BenchmarkPay is a signed code payment against the simulated platform on plain loopback HTTP, and, as bare/op, what the
// same socket takes for a POST of the same size that is not signed.
func BenchmarkPay(b *testing.B) {
	bank := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
	sim := open(b, bank, qrtest.ShouqianbaConfig{Listen: qrtest.Listen{Plain: true}})
	h, err := shouqianba.New(sim.Client())
	require.NoError(b, err)
	require.NoError(b, h.Ready(b.Context(), anOrder))
	var n atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			o := wallet.Order{Number: fmt.Sprintf("bench-%d", i), Amount: pos.FromMinor(100, pos.CNY)}
			a, err := h.Pay(b.Context(), o, pos.NewSecret(fmt.Appendf(nil, "13%016d", i)))
			if err != nil || a.State != wallet.Paid {
				b.Error(a.State, err)
				return
			}
		}
	})
	b.StopTimer()
	signed := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	bare := bareHTTP(b, sim.Client().Client, sim.URL()+"/upay/v2/pay", b.N)
	b.ReportMetric(1e9/signed, "payments/s")
	b.ReportMetric(signed/bare, "x-bare-HTTP")
}

// bareHTTP is how long one POST takes that the platform refuses at once, as many at a time.
func bareHTTP(b *testing.B, c *http.Client, url string, times int) float64 {
	body := bytes.Repeat([]byte("x"), 220)
	began := time.Now()
	var left atomic.Int64
	left.Store(int64(times))
	done := make(chan error, 2)
	for range cap(done) {
		go func() {
			for left.Add(-1) >= 0 {
				resp, err := c.Post(url, "application/json", bytes.NewReader(body))
				if err != nil {
					done <- err
					return
				}
				var buf bytes.Buffer
				_, err = buf.ReadFrom(resp.Body)
				resp.Body.Close()
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range cap(done) {
		require.NoError(b, <-done)
	}
	return float64(time.Since(began).Nanoseconds()) / float64(times)
}
