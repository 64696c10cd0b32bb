package douyin_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
)

// Whatever strikes a redemption, its error says what is true, and the same
// Verification ends in one redemption.
func TestEveryFaultOfARedemption(t *testing.T) {
	for _, c := range []struct {
		fault  string
		class  error // nil is a redemption
		reason douyin.Reason
		done   int
	}{
		{"lose-request", douyin.ErrDoubt, douyin.ConnectionLost, 0},
		{"lose-answer", douyin.ErrDoubt, douyin.ConnectionLost, 1},
		{"cut-answer", douyin.ErrDoubt, douyin.ConnectionLost, 1},
		{"http-500", douyin.ErrDoubt, douyin.PlatformBusy, 0},
		{"http-500-after", douyin.ErrDoubt, douyin.PlatformBusy, 1},
		{"http-429", douyin.ErrThrottled, douyin.TooFrequent, 0},
		{"html", douyin.ErrDoubt, douyin.NotUnderstood, 0},
		{"html-after", douyin.ErrDoubt, douyin.NotUnderstood, 1},
		{"redirect", douyin.ErrDoubt, douyin.NotUnderstood, 0},
		{"busy", douyin.ErrDoubt, douyin.PlatformBusy, 0},
		{"busy-after", douyin.ErrDoubt, douyin.PlatformBusy, 1},
		{"error-in-data", douyin.ErrInvalid, douyin.BadParameter, 0},
		{"unknown-code", douyin.ErrDoubt, douyin.ReasonOther, 0},
		{"huge", douyin.ErrDoubt, douyin.NotUnderstood, 1},
		{"token-expired", nil, 0, 1},
		{"slow", douyin.ErrDoubt, douyin.ConnectionLost, 1},
	} {
		t.Run(c.fault, func(t *testing.T) {
			p := platform(t, douyintest.Config{Seed: 30, Slow: 400 * time.Millisecond})
			cfg := config(t, p)
			cfg.Timeout = 200 * time.Millisecond
			if c.fault == "huge" {
				cfg.Timeout = 5 * time.Second
			}
			m := client(t, cfg).Merchant(douyintest.Account)
			ready := p.Of(douyintest.SetMeal)[0]
			v := chosen(t, prepare(t, m, ready))
			since := m.Client().Now()
			require.Empty(t, p.Inject(c.fault+"=/verify/"))
			_, err := m.Verify(t.Context(), v)
			require.Zero(t, p.Armed(), "it struck")
			if c.class == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.class)
				assert.Equal(t, c.reason, details(t, err).Reason, "%v", err)
				assert.Equal(t, c.class == douyin.ErrDoubt, details(t, err).Unknown())
			}
			require.Equal(t, c.done, p.Redeemed(ready.Certificate))
			asked, _ := m.Outcome(t.Context(), v, since)
			require.Equal(t, c.done, asked.Count(douyin.Redeemed))
			_, err = m.Verify(t.Context(), v)
			require.NoError(t, err)
			require.Equal(t, 1, p.Redeemed(ready.Certificate))
			require.Equal(t, int64(26895), p.Net())
		})
	}
}

func TestEveryFaultOfAnUndo(t *testing.T) {
	for fault, done := range map[string]bool{"lose-request": false, "lose-answer": true, "cut-answer": true, "http-500": false, "html-after": true, "busy-after": true} {
		t.Run(fault, func(t *testing.T) {
			p := platform(t, douyintest.Config{Seed: 31})
			m := merchant(t, p)
			got := prepare(t, m, p.Of(douyintest.SetMeal)[0])
			out, err := m.Verify(t.Context(), chosen(t, got))
			require.NoError(t, err)
			undo := douyin.Undo{Verify: out.Uses[0].Verify, Certificate: out.Uses[0].Certificate}
			p.Inject(fault + "=/cancel/")
			require.ErrorIs(t, m.Cancel(t.Context(), undo), douyin.ErrDoubt)
			state, err := m.UndoOutcome(t.Context(), douyin.CertificateQuery{Order: got.Order}, undo.Certificate, undo.Verify)
			require.NoError(t, err)
			require.Equal(t, done, state == douyin.Undone)
			if !done {
				require.NoError(t, m.Cancel(t.Context(), undo))
			}
			require.Zero(t, p.Net())
		})
	}
}

func TestResultTwoMeansUsedAsWell(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 32})
	m := merchant(t, p)
	ready := p.Of(douyintest.SetMeal)[0]
	a, b := chosen(t, prepare(t, m, ready)), chosen(t, prepare(t, m, ready))
	_, err := m.Verify(t.Context(), a)
	require.NoError(t, err)
	p.Inject("result-2")
	_, err = m.Verify(t.Context(), b)
	e := details(t, err)
	require.Equal(t, int64(2), e.Code)
	require.Equal(t, douyin.AlreadyUsed, e.Reason)
}

func TestNothingIsSentWhereNobodyListens(t *testing.T) {
	p := douyintest.New(douyintest.Config{Seed: 33})
	cfg := config(t, p)
	m := client(t, cfg).Merchant(douyintest.Account)
	v := chosen(t, prepare(t, m, p.Of(douyintest.SetMeal)[0]))
	p.Close()
	cfg.HTTP.Transport.(*http.Transport).CloseIdleConnections()
	_, err := m.Verify(t.Context(), v)
	require.ErrorIs(t, err, douyin.ErrNotSent)
	require.True(t, details(t, err).Definite())
}

func TestACanceledContextEndsACall(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 34, Slow: 2 * time.Second})
	m := merchant(t, p)
	ready := p.Of(douyintest.SetMeal)[0]
	v := chosen(t, prepare(t, m, ready))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := m.Verify(gone, v)
	require.ErrorIs(t, err, douyin.ErrNotSent)
	require.ErrorIs(t, err, context.Canceled)
	p.Inject("slow=/verify/")
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err = m.Verify(soon, v)
	require.Less(t, time.Since(start), time.Second)
	require.ErrorIs(t, err, douyin.ErrDoubt)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestThePlatformsLimitIsRecognised(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 35, Limits: map[string]int{string(douyin.ShopsEndpoint): 1}})
	m := merchant(t, p)
	var err error
	for range 5 {
		if _, _, e := m.Shops(t.Context(), douyin.ShopQuery{}); e != nil {
			err = e
		}
	}
	require.ErrorIs(t, err, douyin.ErrThrottled)
	require.True(t, details(t, err).Retryable())
}

func TestAClockThatIsWrong(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 36, Start: time.Now().Add(time.Hour)})
	cfg := config(t, p)
	m := client(t, cfg).Merchant(douyintest.Account)
	require.Zero(t, m.Client().Skew())
	got := prepare(t, m, p.Of(douyintest.SetMeal)[0])
	require.InDelta(t, time.Hour.Seconds(), m.Client().Skew().Seconds(), 3)
	since := m.Client().Now()
	v := chosen(t, got)
	p.Inject("lose-answer=/verify/")
	_, err := m.Verify(t.Context(), v)
	require.ErrorIs(t, err, douyin.ErrDoubt)
	out, err := m.Outcome(t.Context(), v, since)
	require.NoError(t, err, "our own clock would have said: an hour from now")
	require.Equal(t, douyin.Redeemed, out.Uses[0].Verdict)
	require.Equal(t, 1, p.TokenFetches())
	p.Inject("clock-off")
	_, err = m.Verify(t.Context(), v)
	require.NoError(t, err)
	require.InDelta(t, 2*time.Hour.Seconds(), m.Client().Skew().Seconds(), 3)
}

func TestARefundIsNeverRepeatedByItself(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 37})
	m := merchant(t, p)
	got := prepare(t, m, p.Of(douyintest.SetMeal)[0])
	_, err := m.Verify(t.Context(), chosen(t, got))
	require.NoError(t, err)
	p.Inject("token-expired=/refund/")
	_, err = m.ApplyRefund(t.Context(), douyin.RefundApplication{Order: got.Order, Reasons: []int64{102}})
	require.ErrorIs(t, err, douyin.ErrToken)
	require.Equal(t, 1, p.Calls(string(douyin.RefundEndpoint)))
	_, err = m.ApplyRefund(t.Context(), douyin.RefundApplication{Order: got.Order, Reasons: []int64{102}})
	require.NoError(t, err, "the next call has a new token")
}
