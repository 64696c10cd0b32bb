package wechat_test

import (
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wallet/wallettest"
	"github.com/openecr/openecr/qr/wechat"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAClockSixMinutesOffTakesNothing(t *testing.T) {
	for _, off := range []time.Duration{-6 * time.Minute, 6 * time.Minute} {
		bank := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
		defer bank.Close()
		sim, err := qrtest.NewWeChat(bank, qrtest.WeChatConfig{})
		require.NoError(t, err)
		defer sim.Close()
		cfg := sim.Client()
		cfg.Now = func() time.Time { return time.Now().Add(off) }
		h := wallettest.Harness{Open: func(*testing.T, *qrtest.Bank) func() (wallet.Host, error) {
			return func() (wallet.Host, error) { return wechat.New(cfg) }
		}, Code: harness(qrtest.WeChatConfig{}).Code}
		r := h.Till(t, bank, wallettest.Quick)
		a, err := r.Scan(t.Context(), 1280, "clock")
		require.ErrorIs(t, err, pos.ErrNotSent)
		require.ErrorIs(t, err, wallet.ErrClock)
		assert.Equal(t, pos.StateNotSent, a.State)
		assert.Zero(t, bank.Requests(qrtest.CallPay))
	}
}

func TestCertificatesRotateInMidFlight(t *testing.T) {
	bank := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
	defer bank.Close()
	sim, err := qrtest.NewWeChat(bank, qrtest.WeChatConfig{Certificates: true})
	require.NoError(t, err)
	defer sim.Close()
	cfg := sim.Client()
	skew := time.Duration(0)
	cfg.Now = func() time.Time { return time.Now().Add(skew) }
	h := wallettest.Harness{Open: func(*testing.T, *qrtest.Bank) func() (wallet.Host, error) {
		return func() (wallet.Host, error) { return wechat.New(cfg) }
	}, Code: harness(qrtest.WeChatConfig{}).Code}
	r := h.Till(t, bank, wallettest.Quick)
	_, err = r.Scan(t.Context(), 1280, "before")
	require.NoError(t, err)
	require.NoError(t, sim.Rotate())
	skew = 2 * time.Minute // certificates are not asked for more than once a minute
	a, err := r.Scan(t.Context(), 1280, "after")
	require.NoError(t, err)
	assert.Equal(t, pos.StateApproved, a.State)
	assert.Equal(t, 2, bank.Requests(qrtest.CallKeys))

	require.NoError(t, sim.Rotate())
	bank.Inject(qrtest.Fault{Name: qrtest.Broken500, On: qrtest.CallKeys}) // the new one cannot be had at first
	skew = 4 * time.Minute
	_, err = r.Scan(t.Context(), 1280, "later")
	require.NoError(t, err, "asked again, and then it could be verified")
	r.Agree(t)
}

func TestRateLimitsAndForgedSerialsAskForNoCertificates(t *testing.T) {
	bank := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
	defer bank.Close()
	sim, err := qrtest.NewWeChat(bank, qrtest.WeChatConfig{})
	require.NoError(t, err)
	defer sim.Close()
	cfg := sim.Client()
	cfg.PublicKeyID = "PUB_KEY_ID_0000000000000000000000000000000001" // not the one that signs
	host, err := wechat.New(cfg)
	require.NoError(t, err)
	for range 5 {
		_, err = host.Query(t.Context(), wallet.Order{Number: "some-order", Amount: pos.FromMinor(1, pos.CNY)})
		require.ErrorIs(t, err, wallet.ErrForged)
	}
	assert.Zero(t, bank.Requests(qrtest.CallKeys))
}
