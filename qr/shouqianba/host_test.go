package shouqianba_test

import (
	"fmt"
	"testing"

	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/shouqianba"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wallet/wallettest"
	"github.com/stretchr/testify/require"
)

func TestHost(t *testing.T) {
	wallettest.TestHost(t, wallettest.Harness{
		Open: func(t *testing.T, b *qrtest.Bank) func() (wallet.Host, error) {
			sim := open(t, b, qrtest.ShouqianbaConfig{})
			return func() (wallet.Host, error) { return shouqianba.New(sim.Client()) }
		},
		Code: func(n int) string { return fmt.Sprintf("13%016d", n) },
		// Answers bear no signature and no time, so there is none to forge, to leave out or to be late.
		Lacks: []qrtest.FaultName{qrtest.Forge, qrtest.Unsigned, qrtest.ClockOff},
	})
}

func open(t testing.TB, b *qrtest.Bank, cfg qrtest.ShouqianbaConfig) *qrtest.Shouqianba {
	t.Helper()
	sim, err := qrtest.NewShouqianba(b, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close() })
	return sim
}
