package alipay_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
)

// BenchmarkCodePay measures signed payments over HTTPS, and how many of them the bare RSA work
// of both sides would allow: x-rsa is the whole in units of it.
func BenchmarkCodePay(b *testing.B) {
	bank := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
	defer bank.Close()
	sim, err := qrtest.NewAlipay(bank, qrtest.AlipayConfig{})
	if err != nil {
		b.Fatal(err)
	}
	defer sim.Close()
	cfg := sim.Client()
	cfg.NotifyURL = ""
	h, err := alipay.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	bare := bareRSA(b)
	n := 0
	for b.Loop() {
		n++
		o := wallet.Order{Number: fmt.Sprintf("bench-%d", n), Amount: pos.FromMinor(1280, pos.CNY)}
		a, err := h.Pay(b.Context(), o, pos.NewSecret(fmt.Appendf(nil, "28%016d", n)))
		if err != nil || a.State != wallet.Paid {
			b.Fatal(a, err)
		}
	}
	each := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(float64(time.Second)/float64(each), "pay/s")
	b.ReportMetric(float64(each)/float64(bare), "x-rsa")
}

// bareRSA is the time of what a payment signs and verifies on both sides, and of nothing else.
func bareRSA(b *testing.B) time.Duration {
	const rounds = 100
	request, answer := make([]byte, 700), make([]byte, 400)
	k := keys()
	began := time.Now()
	for range rounds {
		for i, message := range [][]byte{request, answer} {
			sig, err := k[i].Sign(message)
			if err == nil {
				err = wallet.Verify(k[i].Public(), message, sig)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	return time.Since(began) / rounds
}
