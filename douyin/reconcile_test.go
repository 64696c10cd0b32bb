package douyin_test

import (
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/reconcile"
)

func (s *counter) attempts() iter.Seq2[pos.Attempt, error] {
	list, err := s.journal.Find(s.t.Context(), pos.Filter{})
	return func(yield func(pos.Attempt, error) bool) {
		for _, a := range list {
			if !yield(a, err) {
				return
			}
		}
	}
}

func (s *counter) reconcile() reconcile.Report {
	s.t.Helper()
	now := s.m.Client().Now()
	r, err := s.m.Reconcile(s.t.Context(), s.attempts(), douyintest.Shop, now.Add(-4*time.Hour), now.Add(time.Minute))
	require.NoError(s.t, err)
	return r
}

func TestTheJournalAgreesWithHistoryAndLedger(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	_, err := s.redeem(douyintest.SetMeal, "stays")
	require.NoError(t, err)
	card, err := s.redeem(douyintest.TimesCard, "card", pos.VoucherUse{Voucher: s.p.Of(douyintest.TimesCard)[0].Certificate, Times: 2})
	require.NoError(t, err)
	back, err := s.redeem(douyintest.CashVoucher, "goes back")
	require.NoError(t, err)
	_, err = s.Void(t.Context(), pos.VoidRequest{Original: back.ID})
	require.NoError(t, err)
	r := s.reconcile()
	assert.True(t, r.Equal(), "%+v", r.Findings)
	assert.Equal(t, 3, r.Matched)
	assert.Equal(t, 1, r.Undone)

	// Somebody redeems and undoes with the merchant's app, and an hour passes.
	other := s.p.Of(douyintest.SetMeal)[5]
	_, err = s.m.Verify(t.Context(), chosen(t, prepare(t, s.m, other)))
	require.NoError(t, err)
	require.NoError(t, s.m.Cancel(t.Context(), douyin.Undo{Verify: douyin.ID(card.Vouchers[0].Reference), Certificate: douyin.ID(card.Vouchers[0].ID)}))
	s.p.Advance(3 * time.Hour)
	_, err = s.m.Certificates(t.Context(), douyin.CertificateQuery{Order: douyin.ID(other.Order)})
	require.NoError(t, err)
	r = s.reconcile()
	assert.Equal(t, map[reconcile.Kind]int{reconcile.OnlyThere: 1, reconcile.UndoneThere: 1}, r.Counts)
}

func TestCheckup(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	for _, step := range driver(t, s.cfg).Checkup(t.Context()) {
		assert.True(t, step.OK, "%+v", step)
	}
	cfg := s.cfg
	cfg.Shop = "7400000000000000099"
	list := driver(t, cfg).Checkup(t.Context())
	assert.False(t, list[2].OK)
	cfg = s.cfg
	cfg.Merchant = client(t, config(t, s.p)).Merchant(douyintest.Unauthorised)
	list = driver(t, cfg).Checkup(t.Context())
	last := list[len(list)-1]
	assert.False(t, last.OK)
	assert.Contains(t, last.Found, "2119005")
	assert.Contains(t, last.ActZH, "服务应用授权")
	wrong := config(t, s.p)
	wrong.Secret = secret("not-the-secret")
	cfg.Merchant = client(t, wrong).Merchant(douyintest.Account)
	list = driver(t, cfg).Checkup(t.Context())
	require.Len(t, list, 1)
	assert.Contains(t, list[0].Found, "10013")
	assert.NotContains(t, list[0].Found, "not-the-secret")
}
