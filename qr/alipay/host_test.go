package alipay_test

import (
	"fmt"
	"testing"

	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wallet/wallettest"
	"github.com/stretchr/testify/require"
)

func harness(cfg qrtest.AlipayConfig) wallettest.Harness {
	return wallettest.Harness{
		Open: func(t *testing.T, b *qrtest.Bank) func() (wallet.Host, error) {
			sim, err := qrtest.NewAlipay(b, cfg)
			require.NoError(t, err)
			t.Cleanup(func() { sim.Close() })
			return func() (wallet.Host, error) { return alipay.New(sim.Client()) }
		},
		Number: alipay.WireNumber,
		Code:   func(n int) string { return fmt.Sprintf("28%016d", n) },
		// Answers have no stamp that could be old, and a refund that was accepted has no word for breaking later.
		Lacks: []qrtest.FaultName{qrtest.ClockOff, qrtest.RefundFails},
	}
}

func TestHostWithPublicKey(t *testing.T) {
	wallettest.TestHost(t, harness(qrtest.AlipayConfig{AppAuthToken: "202600BBsimulated"}))
}

func TestHostWithCertificates(t *testing.T) {
	wallettest.TestHost(t, harness(qrtest.AlipayConfig{Certificates: true}))
}
