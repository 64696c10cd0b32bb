package wechat_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wallet/wallettest"
	"github.com/openecr/openecr/qr/wechat"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ear collects what a driver heard.
type ear struct {
	mu   sync.Mutex
	list []wallet.Hearing
}

func (e *ear) hear(h wallet.Hearing) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, h)
}

func (e *ear) heard() []wallet.Hearing {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]wallet.Hearing(nil), e.list...)
}

// wait waits until n were heard.
func (e *ear) wait(t *testing.T, n int) []wallet.Hearing {
	t.Helper()
	require.Eventually(t, func() bool { return len(e.heard()) >= n }, 5*time.Second, 2*time.Millisecond)
	return e.heard()
}

// shop is a till that takes notifications.
type shop struct {
	till *pos.Till
	bank *qrtest.Bank
	j    *postest.MemoryJournal
	ear  *ear
}

func newShop(t *testing.T, timing wallet.Timing) *shop {
	s := &shop{bank: qrtest.NewBank(qrtest.BankConfig{Quiet: true}), j: postest.NewMemoryJournal(), ear: &ear{}}
	t.Cleanup(s.bank.Close)
	var driver *wallet.Driver
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { driver.ServeHTTP(w, r) }))
	t.Cleanup(web.Close)
	sim, err := qrtest.NewWeChat(s.bank, qrtest.WeChatConfig{Notify: web.URL})
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close() })
	host, err := wechat.New(sim.Client())
	require.NoError(t, err)
	driver, err = wallet.New(wallet.Config{Host: host, Timing: timing, Heard: s.ear.hear, Known: func(ctx context.Context, order string) bool {
		_, err := s.j.Get(ctx, pos.AttemptID(order))
		return err == nil
	}})
	require.NoError(t, err)
	s.till, err = pos.Open(t.Context(), pos.Config{ID: "lane", Journal: s.j, Drivers: map[string]pos.Driver{"wechat": driver}})
	require.NoError(t, err)
	t.Cleanup(func() { s.till.Close() })
	return s
}

func (s *shop) show(t *testing.T, fen int64) (pos.Attempt, error) {
	return s.till.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(fen, pos.CNY)})
}

// patient polls so rarely that only a notification can be what ends the waiting.
var patient = wallet.Timing{Poll: 20 * time.Second, Limit: time.Minute, Show: time.Minute, Call: 2 * time.Second}

func TestANotificationEndsTheWaiting(t *testing.T) {
	s := newShop(t, patient)
	s.bank.Customers(qrtest.Late(50 * time.Millisecond))
	began := time.Now()
	a, err := s.show(t, 1280)
	require.NoError(t, err)
	assert.Less(t, time.Since(began), 10*time.Second)
	h := s.ear.wait(t, 1)[0]
	require.NoError(t, h.Err)
	assert.True(t, h.Known)
	assert.Equal(t, string(a.ID), h.Notice.Order)
	assert.Equal(t, wallet.Paid, h.Confirmed.State)
}

func TestNotificationsThatProveNothing(t *testing.T) {
	for fault, want := range map[qrtest.FaultName]error{qrtest.NoticeForged: wallet.ErrForged, qrtest.NoticeOld: wallet.ErrStale, qrtest.NoticeWrong: wallet.ErrMismatch} {
		t.Run(string(fault), func(t *testing.T) {
			s := newShop(t, wallettest.Quick)
			s.bank.Inject(qrtest.Fault{Name: fault, On: qrtest.CallNotice})
			_, err := s.show(t, 1280)
			require.NoError(t, err, "polling finds it")
			list := s.ear.wait(t, 2) // the platform sends again what is not acknowledged
			require.ErrorIs(t, list[0].Err, want)
			assert.Equal(t, wallet.Unknown, list[0].Confirmed.State)
			require.NoError(t, list[1].Err)
			for _, p := range postest.Agree(t.Context(), s.j, s.bank.Net()) {
				t.Error(p)
			}
		})
	}
}

func TestNotificationsLostDoubledAndLate(t *testing.T) {
	s := newShop(t, wallettest.Quick)
	s.bank.Inject(qrtest.Fault{Name: qrtest.NoticeLost, On: qrtest.CallNotice}, qrtest.Fault{Name: qrtest.NoticeTwice, On: qrtest.CallNotice},
		qrtest.Fault{Name: qrtest.NoticeLate, On: qrtest.CallNotice, After: 100 * time.Millisecond})
	for range 3 {
		_, err := s.show(t, 1280)
		require.NoError(t, err)
	}
	list := s.ear.wait(t, 3)
	again := 0
	for _, h := range list {
		require.NoError(t, h.Err)
		if h.Again {
			again++
		}
	}
	assert.Equal(t, 1, again, "the doubled one was known the second time")
	for _, p := range postest.Agree(t.Context(), s.j, s.bank.Net()) {
		t.Error(p)
	}
}

func TestANotificationForAnOrderWeNeverMade(t *testing.T) {
	s := newShop(t, wallettest.Quick)
	_, err := s.bank.Show(qrtest.New{Number: "somebody-elses", Amount: 500, Trade: "42000", Extra: map[string]string{"front": "wechat", "notify": "https://shop.example/wechat"}})
	require.NoError(t, err)
	h := s.ear.wait(t, 1)[0]
	assert.False(t, h.Known)
	assert.Equal(t, wallet.Paid, h.Notice.Answer.State)
	assert.Equal(t, wallet.Unknown, h.Confirmed.State, "a stranger's order costs no question")
	list, err := s.j.Find(t.Context(), pos.Filter{})
	require.NoError(t, err)
	assert.Empty(t, list)
}

func TestARefundThatBreaksIsHeardOf(t *testing.T) {
	s := newShop(t, wallettest.Quick)
	a, err := s.show(t, 1280)
	require.NoError(t, err)
	s.ear.wait(t, 1)
	s.bank.Inject(qrtest.Fault{Name: qrtest.RefundFails})
	_, err = s.till.Refund(t.Context(), pos.RefundRequest{Original: a.ID, Amount: pos.FromMinor(100, pos.CNY)})
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	h := s.ear.wait(t, 2)[1]
	require.NoError(t, h.Err)
	assert.NotEmpty(t, h.Notice.Refund)
	assert.Equal(t, wallet.Failed, h.Confirmed.State)
}

// TestNotificationsOutOfOrder: the refund's comes before the payment's.
func TestNotificationsOutOfOrder(t *testing.T) {
	s := newShop(t, wallettest.Quick)
	s.bank.Inject(qrtest.Fault{Name: qrtest.NoticeLate, On: qrtest.CallNotice, After: 150 * time.Millisecond})
	a, err := s.show(t, 1280)
	require.NoError(t, err)
	_, err = s.till.Refund(t.Context(), pos.RefundRequest{Original: a.ID, Amount: pos.FromMinor(280, pos.CNY)})
	require.NoError(t, err)
	list := s.ear.wait(t, 2)
	assert.NotEmpty(t, list[0].Notice.Refund, "the refund's is first")
	assert.Empty(t, list[1].Notice.Refund)
	assert.Equal(t, wallet.Partly, list[1].Confirmed.State, "and the late one is held against what is true now")
	now, err := s.j.Get(t.Context(), a.ID)
	require.NoError(t, err)
	assert.Equal(t, pos.StateApproved, now.State)
	for _, p := range postest.Agree(t.Context(), s.j, s.bank.Net()) {
		t.Error(p)
	}
}
