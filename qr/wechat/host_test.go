package wechat_test

import (
	"fmt"
	"testing"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wallet/wallettest"
	"github.com/openecr/openecr/qr/wechat"
	"github.com/stretchr/testify/require"
)

func harness(cfg qrtest.WeChatConfig) wallettest.Harness {
	return wallettest.Harness{
		Open: func(t *testing.T, b *qrtest.Bank) func() (wallet.Host, error) {
			sim, err := qrtest.NewWeChat(b, cfg)
			require.NoError(t, err)
			t.Cleanup(func() { sim.Close() })
			return func() (wallet.Host, error) { return wechat.New(sim.Client()) }
		},
		Code: func(n int) string { return fmt.Sprintf("13%016d", n) },
	}
}

func TestHostWithPublicKey(t *testing.T) { wallettest.TestHost(t, harness(qrtest.WeChatConfig{})) }

func TestHostWithCertificates(t *testing.T) {
	wallettest.TestHost(t, harness(qrtest.WeChatConfig{Certificates: true}))
}

func TestHostV2(t *testing.T) {
	wallettest.TestHost(t, wallettest.Harness{
		Open: func(t *testing.T, b *qrtest.Bank) func() (wallet.Host, error) {
			sim, err := qrtest.NewWeChat(b, qrtest.WeChatConfig{})
			require.NoError(t, err)
			t.Cleanup(func() { sim.Close() })
			return func() (wallet.Host, error) {
				cfg, err := sim.ClientV2()
				require.NoError(t, err)
				return wechat.NewV2(cfg)
			}
		},
		Code:   func(n int) string { return fmt.Sprintf("13%016d", n) },
		NoShow: true,
		Lacks:  []qrtest.FaultName{qrtest.ClockOff}, // v2 stamps nothing
	})
}

// TestAReversedOrderMayBeCalledRefund: whether a paid order that was reversed is
// REVOKED or REFUND is known from one source only.
func TestAReversedOrderMayBeCalledRefund(t *testing.T) {
	r := harness(qrtest.WeChatConfig{ReversedIsRefund: true}).Till(t, nil, wallettest.Quick)
	a, err := r.Scan(t.Context(), 1200, "one")
	require.NoError(t, err)
	_, err = r.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err)
	a, err = r.Scan(t.Context(), 1300, "two")
	require.NoError(t, err)
	a, err = r.Abandon(t.Context(), a.ID, "customer left")
	require.NoError(t, err)
	require.Equal(t, pos.StateReversed, a.State)
	r.Bank.Customers(qrtest.AtUndo())
	a, err = r.Scan(t.Context(), 1400, "three")
	require.ErrorIs(t, err, pos.ErrDeclined)
	require.Equal(t, pos.StateReversed, a.State)
	r.Agree(t)
}
