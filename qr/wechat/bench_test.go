package wechat_test

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wechat"
)

// BenchmarkCodePay is signed code-pay round trips against the simulated
// platform: two RSA signatures and two verifications each. Beside it, what the
// bare RSA of the same machine allows.
func BenchmarkCodePay(b *testing.B) {
	bank := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
	defer bank.Close()
	sim, err := qrtest.NewWeChat(bank, qrtest.WeChatConfig{Listen: qrtest.Listen{Plain: true}})
	if err != nil {
		b.Fatal(err)
	}
	defer sim.Close()
	cfg := sim.Client()
	cfg.Client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	host, err := wechat.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer host.Close()
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			i := n.Add(1)
			a, err := host.Pay(b.Context(), wallet.Order{Number: fmt.Sprintf("bench-%d", i), Amount: pos.FromMinor(100, pos.CNY)},
				pos.NewSecret(fmt.Appendf(nil, "13%016d", i)))
			if err != nil || a.State != wallet.Paid {
				b.Errorf("%+v %v", a, err)
				return
			}
		}
	})
	b.StopTimer()
	took := b.Elapsed() / time.Duration(max(b.N, 1))
	b.ReportMetric(1/took.Seconds(), "payments/s")
	b.ReportMetric(float64(took)/float64(bareRSA(b)), "x-bare-RSA")
}

// bareRSA is how long two signatures and two verifications take with all processors at work.
func bareRSA(b *testing.B) time.Duration {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	key, err := wallet.NewSigningKey(k)
	if err != nil {
		b.Fatal(err)
	}
	message := make([]byte, 500)
	const rounds = 200
	var wg sync.WaitGroup
	began := time.Now()
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for range 2 * rounds {
				sig, err := key.Sign(message)
				if err != nil || wallet.Verify(key.Public(), message, sig) != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(began) / time.Duration(rounds*runtime.GOMAXPROCS(0))
}
