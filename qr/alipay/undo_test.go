package alipay_test

import (
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// simulated is a host before a fresh simulator.
func simulated(t *testing.T, cfg qrtest.AlipayConfig, change func(*alipay.Config)) (*alipay.Host, *qrtest.Bank, *qrtest.Alipay) {
	t.Helper()
	bank := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
	t.Cleanup(bank.Close)
	sim, err := qrtest.NewAlipay(bank, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close() })
	c := sim.Client()
	if change != nil {
		change(&c)
	}
	h, err := alipay.New(c)
	require.NoError(t, err)
	return h, bank, sim
}

func TestCancelOfAnUnknownOrderIsNoProof(t *testing.T) {
	h, bank, _ := simulated(t, qrtest.AlipayConfig{}, nil)
	a, err := h.Undo(t.Context(), anOrder)
	require.NoError(t, err)
	assert.Equal(t, wallet.Closed, a.State, "Alipay says success")
	a, err = h.Query(t.Context(), anOrder)
	require.NoError(t, err)
	assert.Equal(t, wallet.Missing, a.State)
	a, err = h.Pay(t.Context(), anOrder, aCode)
	require.NoError(t, err)
	assert.Equal(t, wallet.Paid, a.State, "and the payment that was under way still comes")
	assert.Equal(t, int64(1280), bank.Net())
}

func TestUndoAfterADay(t *testing.T) {
	for name, c := range map[string]struct {
		customer qrtest.Customer
		taken    bool
		call     qrtest.Call
	}{
		"known to be paid: refunded": {qrtest.AtOnce(), true, qrtest.CallRefund}, "found paid: refunded": {qrtest.AtOnce(), false, qrtest.CallRefund},
		"open: closed": {qrtest.Never(), false, qrtest.CallClose},
	} {
		t.Run(name, func(t *testing.T) {
			h, bank, _ := simulated(t, qrtest.AlipayConfig{}, nil)
			bank.Customers(c.customer)
			_, err := h.Pay(t.Context(), anOrder, aCode)
			require.NoError(t, err)
			o := anOrder
			o.Taken, o.Began = c.taken, time.Now().Add(-25*time.Hour)
			for range 2 { // again is the same undo
				a, err := h.Undo(t.Context(), o)
				require.NoError(t, err)
				assert.Equal(t, wallet.Closed, a.State)
			}
			assert.Zero(t, bank.Net())
			assert.Zero(t, bank.Requests(qrtest.CallUndo), "a cancel is for the first 24 hours")
			assert.NotZero(t, bank.Requests(c.call))
			if refunds := bank.Books()[0].Refunds; c.call == qrtest.CallRefund {
				require.Len(t, refunds, 1)
				assert.Equal(t, "lane_d3_d1_dU", refunds[0].Number)
			}
		})
	}
}

// TestCancelTooLate: Alipay counts the day otherwise than we do; the order decides then.
func TestCancelTooLate(t *testing.T) {
	ahead := time.Duration(0)
	clock := func() time.Time { return time.Now().Add(ahead) }
	bank := qrtest.NewBank(qrtest.BankConfig{Quiet: true, Now: clock})
	defer bank.Close()
	sim, err := qrtest.NewAlipay(bank, qrtest.AlipayConfig{})
	require.NoError(t, err)
	defer sim.Close()
	cfg := sim.Client()
	cfg.Now = clock
	h, err := alipay.New(cfg)
	require.NoError(t, err)
	_, err = h.Pay(t.Context(), anOrder, aCode)
	require.NoError(t, err)
	ahead = 25 * time.Hour
	o := anOrder
	o.Began = clock() // as the till has it
	a, err := h.Undo(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, wallet.Closed, a.State)
	assert.Equal(t, 1, bank.Requests(qrtest.CallUndo))
	assert.Equal(t, 1, bank.Requests(qrtest.CallRefund))
	assert.Zero(t, bank.Net())
}

func TestRetryFlag(t *testing.T) {
	for flag, want := range map[string]wallet.State{"Y": wallet.Waiting, "N": wallet.Closed, "": wallet.Unknown, "X": wallet.Unknown} {
		a, err := answering(t, signed(t, "alipay.trade.cancel", `{"code":"10000","out_trade_no":"lane-3-1","retry_flag":"`+flag+`","action":"refund"}`)).Undo(t.Context(), anOrder)
		assert.Equal(t, want, a.State, flag)
		assert.Equal(t, want == wallet.Unknown, err != nil, flag)
	}
}

func TestFaceCode(t *testing.T) {
	h, bank, _ := simulated(t, qrtest.AlipayConfig{}, nil)
	a, err := h.Pay(t.Context(), anOrder, pos.NewSecret([]byte("fp0123456789abcdef0123456789abcdef0")))
	require.NoError(t, err)
	assert.Equal(t, wallet.Paid, a.State, "%s", a.Code)
	assert.Equal(t, int64(1280), bank.Net())
}
