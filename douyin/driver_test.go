package douyin_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
)

// quick is the driver's patience in tests: fourteen tries without waiting for real.
var quick = douyin.Timing{Quarantine: 40 * time.Millisecond, Retry: func(n int) (time.Duration, bool) {
	_, more := douyin.RetryDelay(n)
	return time.Millisecond, more
}}

// times are the Till's.
var times = pos.Times{AskEvery: 5 * time.Millisecond, AskAtMost: 300 * time.Millisecond, Quarantine: 60 * time.Millisecond}

func driver(t testing.TB, cfg douyin.DriverConfig) *douyin.Driver {
	t.Helper()
	if cfg.Shop == "" {
		cfg.Shop = douyintest.Shop
	}
	if cfg.Timing.Retry == nil {
		cfg.Timing = quick
	}
	d, err := douyin.NewDriver(cfg)
	require.NoError(t, err)
	return d
}

// shop is a till before a simulated platform.
type counter struct {
	*pos.Till
	t       testing.TB
	p       *douyintest.Platform
	m       *douyin.Merchant
	journal *postest.MemoryJournal
	cfg     douyin.DriverConfig
	steps   []pos.Progress
}

func newCounter(t testing.TB, cfg douyintest.Config) *counter {
	t.Helper()
	s := &counter{t: t, p: platform(t, cfg), journal: postest.NewMemoryJournal()}
	s.m = merchant(t, s.p)
	s.open()
	return s
}

// open starts the till, as a new process would.
func (s *counter) open() {
	s.t.Helper()
	s.cfg.Merchant, s.cfg.Book = s.m, s.journal
	tail, err := pos.Open(s.t.Context(), pos.Config{ID: "lane", Journal: s.journal, Drivers: map[string]pos.Driver{"douyin": driver(s.t, s.cfg)}, Times: times,
		Progress: func(p pos.Progress) { s.steps = append(s.steps, p) }})
	require.NoError(s.t, err)
	s.Till = tail
	s.t.Cleanup(func() { tail.Close() })
}

// restart ends the process and starts the next one.
func (s *counter) restart() {
	s.t.Helper()
	require.NoError(s.t, s.Till.Close())
	s.journal = s.journal.Reopen()
	s.open()
}

func (s *counter) redeem(kind douyintest.Kind, reference string, uses ...pos.VoucherUse) (pos.Attempt, error) {
	return s.Redeem(context.Background(), pos.RedeemRequest{Reference: reference, Code: secret(s.p.Of(kind)[0].Code), Uses: uses})
}

// agree fails unless journal and platform hold the same.
func (s *counter) agree() {
	s.t.Helper()
	for _, p := range postest.Agree(context.Background(), s.journal, s.books()) {
		s.t.Error(p)
	}
}

// books is what the platform has booked since it began.
func (s *counter) books() int64 { return s.p.Net() }

// mend recovers until nothing is uncertain.
func (s *counter) mend() {
	s.t.Helper()
	for range 200 {
		if _, err := s.Recover(context.Background()); err == nil {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	s.t.Error("something stays unresolved")
}

func TestTheDriverPassesTheSuite(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 1, Slow: 30 * time.Millisecond})
	m := merchant(t, p)
	prepare(t, m, p.Of(douyintest.SetMeal)[0]) // connections are no leak
	postest.TestDriver(t, postest.Harness{
		Open: func(t *testing.T) pos.Driver { return driver(t, douyin.DriverConfig{Merchant: m}) },
		Net:  p.Net,
		Voucher: func(fen int64) pos.Secret {
			kind := douyintest.SetMeal
			if fen == 7000 {
				kind = douyintest.BranchOnly
			}
			return secret(p.Sell(kind).Code)
		},
		Currency: pos.CNY, Amount: 26895, Decline: 7000, Times: times, Slow: 20 * time.Millisecond,
		Lacks: []pos.Op{pos.OpCharge, pos.OpPreauth, pos.OpCompletion, pos.OpSettle, pos.OpRefund},
	})
}

func TestAVoucherIsSeenRedeemedAndUndone(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	r := s.p.Of(douyintest.SetMeal)[0]
	p, err := s.Preview(t.Context(), "", secret(r.Code))
	require.NoError(t, err)
	require.Len(t, p.Vouchers, 1)
	v := p.Vouchers[0]
	assert.Equal(t, "douyin", p.Platform)
	assert.Equal(t, r.Order, p.Order)
	assert.Equal(t, r.Certificate, v.ID)
	assert.Equal(t, []any{"双人火锅套餐", "set meal 团购", true, 1}, []any{v.Title, v.Kind, v.Usable, v.Uses})
	assert.Equal(t, []int64{26895, 19400, 26895}, []int64{v.Worth.Minor(), v.Price.Minor(), v.Receives.Minor()})
	assert.False(t, v.Expires.IsZero())

	a, err := s.redeem(douyintest.SetMeal, "order-1")
	require.NoError(t, err)
	assert.Equal(t, int64(26895), a.Approved.Minor())
	require.Len(t, a.Vouchers, 1)
	assert.Equal(t, pos.VoucherRedeemed, a.Vouchers[0].Verdict)
	assert.NotEmpty(t, a.Vouchers[0].Reference)
	assert.Equal(t, "****"+r.Code[11:], a.Card)
	assert.InDelta(t, time.Hour, time.Until(a.UndoUntil), float64(2*time.Minute))
	assert.Equal(t, 1, s.p.Calls("/goodlife/v1/fulfilment/certificate/verify/"))
	s.agree()

	back, err := s.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err)
	assert.Equal(t, pos.VoucherUndone, back.Vouchers[0].Verdict)
	assert.Zero(t, s.books())
	s.agree()
	noSecrets(t, s, r)
}

// noSecrets fails if a code can be read from the journal.
func noSecrets(t *testing.T, s *counter, list ...douyintest.Ready) {
	t.Helper()
	all, err := s.journal.Find(t.Context(), pos.Filter{})
	require.NoError(t, err)
	text, err := json.Marshal(all)
	require.NoError(t, err)
	for _, r := range list {
		for _, hidden := range []string{r.Code, r.Link, r.Data, douyintest.Secret, "clt."} {
			assert.False(t, contains(text, hidden), "the journal holds a secret")
		}
	}
}
