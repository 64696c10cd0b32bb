package chinaums_test

import (
	"fmt"
	"testing"

	"github.com/openecr/openecr/qr/chinaums"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wallet/wallettest"
	"github.com/stretchr/testify/require"
)

func TestHost(t *testing.T) {
	wallettest.TestHost(t, wallettest.Harness{
		Open: func(t *testing.T, b *qrtest.Bank) func() (wallet.Host, error) {
			sim := open(t, b, qrtest.ChinaUMSConfig{})
			return func() (wallet.Host, error) { return chinaums.New(sim.Client()) }
		},
		Code: func(n int) string { return fmt.Sprintf("13%016d", n) },
		// Answers bear no signature and no time, so there is none to forge, to leave out or to be late. Refunds that break
		// are refused in the answer to the question, not accepted first.
		Lacks: []qrtest.FaultName{qrtest.Forge, qrtest.Unsigned, qrtest.ClockOff, qrtest.RefundFails},
	})
}

func open(t testing.TB, b *qrtest.Bank, cfg qrtest.ChinaUMSConfig) *qrtest.ChinaUMS {
	t.Helper()
	sim, err := qrtest.NewChinaUMS(b, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close() })
	return sim
}
