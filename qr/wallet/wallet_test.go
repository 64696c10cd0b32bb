package wallet_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// told is a Host that answers what it is told: for what no platform does on its own.
type told struct {
	mu     sync.Mutex
	pay    func() (wallet.Answer, error)
	query  func(n int) (wallet.Answer, error)
	undo   func(n int) (wallet.Answer, error)
	asked  int
	undone int
	ready  error
}

func (h *told) Device() string    { return "told:1" }
func (h *told) Accepts() []string { return []string{"wechat"} }
func (h *told) Ready(context.Context, wallet.Order) error {
	return h.ready
}
func (h *told) Pay(context.Context, wallet.Order, pos.Secret) (wallet.Answer, error) { return h.pay() }
func (h *told) Show(context.Context, wallet.Order) (wallet.Answer, error)            { return h.pay() }
func (h *told) Query(context.Context, wallet.Order) (wallet.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	return h.query(h.asked)
}
func (h *told) Undo(context.Context, wallet.Order) (wallet.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.undone++
	return h.undo(h.undone)
}
func (h *told) Refund(context.Context, wallet.Refund) (wallet.Answer, error)      { return h.pay() }
func (h *told) QueryRefund(context.Context, wallet.Refund) (wallet.Answer, error) { return h.query(0) }

func answer(s wallet.State) (wallet.Answer, error) {
	return wallet.Answer{State: s, Amount: pos.FromMinor(1280, pos.CNY), Code: string(s)}, nil
}

var timing = wallet.Timing{Poll: 2 * time.Millisecond, Limit: 40 * time.Millisecond, ReverseAfter: 10 * time.Millisecond, Show: 30 * time.Millisecond,
	Quarantine: 60 * time.Millisecond, Call: time.Second, Refund: 5 * time.Millisecond}

func open(t *testing.T, h wallet.Host) *pos.Till {
	t.Helper()
	return openWith(t, h, timing)
}

func openWith(t *testing.T, h wallet.Host, timing wallet.Timing) *pos.Till {
	t.Helper()
	d, err := wallet.New(wallet.Config{Host: h, Timing: timing})
	require.NoError(t, err)
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: postest.NewMemoryJournal(), Drivers: map[string]pos.Driver{"wechat": d},
		Times: pos.Times{AskEvery: 2 * time.Millisecond, AskAtMost: 100 * time.Millisecond}, Route: wallet.Router{Tenders: map[string]string{"wechat": "wechat"}}.Route})
	require.NoError(t, err)
	t.Cleanup(func() { till.Close() })
	return till
}

func charge(t *testing.T, till *pos.Till) (pos.Attempt, error) {
	t.Helper()
	return till.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Code: pos.NewSecret([]byte("134567890123456789"))})
}

var errLine = errors.New("no line")

func TestNoSuchOrderIsNotBelievedAtOnce(t *testing.T) {
	began := time.Now()
	h := &told{
		pay:   func() (wallet.Answer, error) { return wallet.Answer{}, errLine },
		query: func(int) (wallet.Answer, error) { return wallet.Answer{State: wallet.Missing}, nil },
		undo:  func(int) (wallet.Answer, error) { return wallet.Answer{State: wallet.Missing}, nil },
	}
	a, err := charge(t, open(t, h))
	require.ErrorIs(t, err, pos.ErrDeclined)
	assert.Equal(t, pos.StateReversed, a.State)
	assert.Greater(t, h.undone, 1, "undone again and again until the quarantine is over")
	assert.GreaterOrEqual(t, time.Since(began), timing.Quarantine)
}

func TestAnOrderThatComesLateIsUndone(t *testing.T) {
	paid := false
	h := &told{
		pay: func() (wallet.Answer, error) { return wallet.Answer{}, errLine },
		query: func(int) (wallet.Answer, error) {
			if paid {
				return answer(wallet.Closed)
			}
			return wallet.Answer{State: wallet.Missing}, nil
		},
		undo: func(n int) (wallet.Answer, error) {
			if n == 3 { // the request that lingered has arrived, and this takes it back
				paid = true
				return answer(wallet.Closed)
			}
			return wallet.Answer{State: wallet.Missing}, nil
		},
	}
	slow := timing
	slow.Quarantine = 10 * time.Second
	_, err := charge(t, openWith(t, h, slow))
	require.ErrorIs(t, err, pos.ErrDeclined)
	assert.Equal(t, 3, h.undone)
}

func TestAnUndoThatIsNotConfirmedGoesOn(t *testing.T) {
	h := &told{
		pay:   func() (wallet.Answer, error) { return answer(wallet.Waiting) },
		query: func(int) (wallet.Answer, error) { return answer(wallet.Waiting) },
		undo:  func(int) (wallet.Answer, error) { return answer(wallet.Closed) },
	}
	till := open(t, h)
	a, err := charge(t, till)
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	assert.Equal(t, pos.StateReversing, a.State, "the platform says undone, and still says that the user is paying")
	h.mu.Lock()
	h.query = func(int) (wallet.Answer, error) { return answer(wallet.Closed) }
	h.mu.Unlock()
	_, err = till.Recover(t.Context())
	require.NoError(t, err)
}

func TestBeforeMoneyMovesNothingIsSent(t *testing.T) {
	h := &told{ready: fmt.Errorf("told: %w", wallet.ErrClock), pay: func() (wallet.Answer, error) { panic("sent") }}
	a, err := charge(t, open(t, h))
	require.ErrorIs(t, err, pos.ErrNotSent)
	require.ErrorIs(t, err, wallet.ErrClock)
	assert.Equal(t, pos.StateNotSent, a.State)
	h = &told{pay: func() (wallet.Answer, error) { return wallet.Answer{}, &wallet.Error{Unsent: true, Err: errLine} }}
	a, err = charge(t, open(t, h))
	require.ErrorIs(t, err, pos.ErrNotSent, "no connection was made")
	assert.Equal(t, pos.StateNotSent, a.State)
}

func TestAnOrderOthersGaveBackIsForAPerson(t *testing.T) {
	h := &told{
		pay:   func() (wallet.Answer, error) { return wallet.Answer{}, errLine },
		query: func(n int) (wallet.Answer, error) { return answer(wallet.Partly) },
		undo:  func(int) (wallet.Answer, error) { return answer(wallet.Refused) },
	}
	a, err := charge(t, open(t, h))
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	assert.Equal(t, pos.StateManual, a.State)
}

func TestRoutesAreNeverGuessed(t *testing.T) {
	r := wallet.Router{Tenders: map[string]string{"wechat": "we", "unionpay": "card"}}
	for code, want := range map[string]string{"134567890123456789": "we", "6212345678901234567": "card", "284567890123456789": "", "6901234567892": "", "hello": "", "": ""} {
		got, err := r.Route(pos.NewSecret([]byte(code)))
		assert.Equal(t, want, got, code)
		assert.Equal(t, want == "", err != nil, code)
		if err != nil {
			require.ErrorIs(t, err, pos.ErrInvalid)
			assert.False(t, code != "" && strings.Contains(err.Error(), code), "the code is money")
		}
	}
}

func TestADriverNeedsAHost(t *testing.T) {
	_, err := wallet.New(wallet.Config{})
	require.ErrorIs(t, err, pos.ErrInvalid)
	d, err := wallet.New(wallet.Config{Host: &told{}})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}")))
	assert.Equal(t, http.StatusNotFound, w.Code, "this host sends no notifications")
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	_, err = d.Transact(t.Context(), pos.Operation{Op: pos.OpCharge}, nil)
	require.Error(t, err)
}
