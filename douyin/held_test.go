package douyin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
)

// TestHeldAndThenRedeemed: the platform answers 1229, which is in the journal before
// anything else; the till dies, and the platform redeems it by itself.
func TestHeldAndThenRedeemed(t *testing.T) {
	for _, dies := range []bool{false, true} {
		s := newCounter(t, douyintest.Config{Seed: 1})
		s.cfg.Timing = douyin.Timing{Quarantine: 10 * time.Millisecond, Retry: func(n int) (time.Duration, bool) { return time.Millisecond, n < 3 }}
		s.restart()
		r := s.p.Of(douyintest.Held)[0]
		a, err := s.Redeem(t.Context(), pos.RedeemRequest{Reference: "one", Code: secret(r.Code)})
		require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
		require.Len(t, a.Vouchers, 1)
		assert.Equal(t, pos.VoucherPending, a.Vouchers[0].Verdict)
		assert.Equal(t, 1, s.p.Calls(verifyPath), "held is not sent again")
		if dies {
			s.restart()
		}
		for range 3 {
			_, err = s.Recover(t.Context())
			require.ErrorIs(t, err, pos.ErrOutcomeUnknown, "unused, and still held: never failed")
		}
		s.p.Review(r.Certificate, true)
		_, err = s.Recover(t.Context())
		require.NoError(t, err)
		s.agree()
	}
}

// After a void the same sale takes another voucher: it must count what it is worth.
func TestAnotherVoucherAfterAVoid(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	a, err := s.redeem(douyintest.CashVoucher, "one")
	require.NoError(t, err)
	_, err = s.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err)
	b, err := s.redeem(douyintest.SetMeal, "one")
	require.NoError(t, err)
	assert.Equal(t, int64(26895), b.Approved.Minor())
	s.agree()
}

// Another code under the same reference is not "redeemed".
func TestAnotherCodeForTheSameSale(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	_, err := s.redeem(douyintest.SetMeal, "one")
	require.NoError(t, err)
	other := s.p.Of(douyintest.SetMeal)[1]
	_, err = s.Redeem(t.Context(), pos.RedeemRequest{Reference: "one", Code: secret(other.Code)})
	assert.Equal(t, 0, s.p.Redeemed(other.Certificate))
	assert.Error(t, err, "told redeemed, and the platform never saw it")
	_, err = s.Redeem(t.Context(), pos.RedeemRequest{Reference: "one", Code: secret(other.Code), Amount: pos.FromMinor(26895, pos.CNY)})
	assert.Error(t, err, "told redeemed, and the platform never saw it (amount named)")
}

// TestARefundIsOfAWholeOrder: an application names the order only, so half of one is refused.
func TestARefundIsOfAWholeOrder(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	s.cfg.Refund = &douyin.RefundPolicy{Reasons: []int64{102}}
	s.restart()
	p, err := s.Preview(t.Context(), "", secret(s.p.Of(douyintest.Pair)[0].Code))
	require.NoError(t, err)
	a, err := s.redeem(douyintest.Pair, "one", pos.VoucherUse{Voucher: p.Vouchers[0].ID})
	require.NoError(t, err)
	s.p.Advance(61 * time.Minute)
	_, err = s.Refund(t.Context(), pos.RefundRequest{Original: a.ID, Amount: a.Approved})
	require.ErrorIs(t, err, pos.ErrUnsupported)
	s.agree()
}
