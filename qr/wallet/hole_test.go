package wallet_test

import (
	"context"
	"errors"
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

type fake struct {
	mu                                      sync.Mutex
	pay, show, query, undo, refund, qrefund func(n int) (wallet.Answer, error)
	n                                       map[string]int
}

func (f *fake) c(k string, g func(int) (wallet.Answer, error)) (wallet.Answer, error) {
	f.mu.Lock()
	if f.n == nil {
		f.n = map[string]int{}
	}
	f.n[k]++
	n := f.n[k]
	f.mu.Unlock()
	return g(n)
}
func (f *fake) Device() string    { return "fake" }
func (f *fake) Accepts() []string { return []string{"wechat"} }
func (f *fake) Pay(context.Context, wallet.Order, pos.Secret) (wallet.Answer, error) {
	return f.c("pay", f.pay)
}
func (f *fake) Show(context.Context, wallet.Order) (wallet.Answer, error) { return f.c("show", f.show) }
func (f *fake) Query(context.Context, wallet.Order) (wallet.Answer, error) {
	return f.c("query", f.query)
}
func (f *fake) Undo(context.Context, wallet.Order) (wallet.Answer, error) { return f.c("undo", f.undo) }
func (f *fake) Refund(context.Context, wallet.Refund) (wallet.Answer, error) {
	return f.c("refund", f.refund)
}
func (f *fake) QueryRefund(context.Context, wallet.Refund) (wallet.Answer, error) {
	return f.c("qrefund", f.qrefund)
}

var yuan = pos.FromMinor(1280, pos.CNY)
var quickT = wallet.Timing{Poll: 2 * time.Millisecond, Limit: 40 * time.Millisecond, ReverseAfter: 5 * time.Millisecond, Show: time.Second, Quarantine: 30 * time.Millisecond, Call: time.Second, Refund: 10 * time.Millisecond}

func openTill(t *testing.T, f *fake) *pos.Till {
	d, err := wallet.New(wallet.Config{Host: f, Timing: quickT})
	require.NoError(t, err)
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: postest.NewMemoryJournal(), Drivers: map[string]pos.Driver{"w": d},
		Times: pos.Times{AskEvery: 5 * time.Millisecond, AskAtMost: 100 * time.Millisecond, Quarantine: 50 * time.Millisecond}})
	require.NoError(t, err)
	t.Cleanup(func() { till.Close() })
	return till
}
func paid(int) (wallet.Answer, error) {
	return wallet.Answer{State: wallet.Paid, Amount: yuan, Trade: "T"}, nil
}

func code() pos.Secret { return pos.NewSecret([]byte("134567890123456789")) }

func TestAVoidWhoseAnswerWasLostIsNotDeclinedByTheRepeatsRefusal(t *testing.T) {
	f := &fake{pay: paid}
	f.query = func(int) (wallet.Answer, error) {
		if f.n["undo"] > 0 {
			return wallet.Answer{State: wallet.Closed, Amount: yuan}, nil
		}
		return paid(0)
	}
	f.undo = func(n int) (wallet.Answer, error) {
		if n == 1 {
			return wallet.Answer{}, errors.New("the answer was lost") // but it was done
		}
		return wallet.Answer{State: wallet.Refused, Code: "40005", Text: "too many calls"}, nil
	}
	till := openTill(t, f)
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: yuan, Code: code()})
	require.NoError(t, err)
	_, err = till.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err, "the money went back; the journal says it is still here")
}

func TestNoFormatErrors(t *testing.T) {
	f := &fake{pay: paid, query: paid, undo: func(int) (wallet.Answer, error) { return wallet.Answer{State: wallet.Closed}, nil }}
	f.refund = func(int) (wallet.Answer, error) { return wallet.Answer{Code: "X"}, nil }
	f.qrefund = func(int) (wallet.Answer, error) { return wallet.Answer{Code: "X"}, nil }
	f.show = func(int) (wallet.Answer, error) { return wallet.Answer{State: wallet.Waiting}, nil }
	till := openTill(t, f)
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: yuan, Code: code()})
	require.NoError(t, err)
	d, _ := wallet.New(wallet.Config{Host: f, Timing: quickT})
	_, err = d.Transact(t.Context(), pos.Operation{Op: pos.OpRefund, Attempt: "r-000001", Amount: yuan, Original: &a}, session{})
	assert.NotContains(t, err.Error(), "%!")
	_, err = d.Transact(t.Context(), pos.Operation{Op: pos.OpCharge, Attempt: "c-000001", Amount: yuan}, session{})
	assert.NotContains(t, err.Error(), "%!")
}

type session struct{}

func (session) BeforeSend(context.Context, pos.Handle) error { return nil }
func (session) Progress(pos.Progress)                        {}

func TestAnOrderThatWasMadeIsNotNotSent(t *testing.T) {
	f := &fake{}
	f.show = func(n int) (wallet.Answer, error) {
		if n == 1 {
			return wallet.Answer{}, &wallet.Error{Wallet: "x", Call: "show", Err: errors.New("EOF")} // made, the answer lost
		}
		return wallet.Answer{}, &wallet.Error{Wallet: "x", Call: "show", Unsent: true, Err: errors.New("connection refused")}
	}
	d, _ := wallet.New(wallet.Config{Host: f, Timing: quickT})
	r, err := d.Transact(t.Context(), pos.Operation{Op: pos.OpCharge, Attempt: "c-000001", Amount: yuan}, session{})
	assert.NotEqual(t, pos.OutcomeNotSent, r.Outcome, "%v", err)
	assert.ErrorIs(t, err, pos.ErrUndo)
}

func TestPaidWithoutAnAmountProvesNothing(t *testing.T) {
	f := &fake{pay: func(int) (wallet.Answer, error) { return wallet.Answer{State: wallet.Paid}, nil }}
	f.query = f.pay
	f.undo = func(int) (wallet.Answer, error) { return wallet.Answer{}, errors.New("no") }
	till := openTill(t, f)
	_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: yuan, Code: code()})
	assert.Error(t, err)
}

// TestACodeThatCanStillBePaidIsNotReversed: a platform that makes the order only when the code is scanned.
func TestACodeThatCanStillBePaidIsNotReversed(t *testing.T) {
	f := &fake{show: func(int) (wallet.Answer, error) {
		return wallet.Answer{State: wallet.Waiting, Show: "https://x"}, nil
	}}
	f.query = func(int) (wallet.Answer, error) { return wallet.Answer{State: wallet.Missing}, nil }
	f.undo = func(int) (wallet.Answer, error) { return wallet.Answer{State: wallet.Closed}, nil }
	d, err := wallet.New(wallet.Config{Host: f, Timing: quickT, AwaitExpiry: true})
	require.NoError(t, err)
	till, err := pos.Open(t.Context(), pos.Config{ID: "t", Journal: postest.NewMemoryJournal(), Drivers: map[string]pos.Driver{"wechat": d},
		Times: pos.Times{AskEvery: 5 * time.Millisecond, AskAtMost: 5 * time.Second}})
	require.NoError(t, err)
	defer till.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	began := time.Now()
	a, err := till.Charge(ctx, pos.ChargeRequest{Amount: yuan})
	require.ErrorIs(t, err, pos.ErrDeclined)
	assert.Equal(t, pos.StateReversed, a.State)
	assert.GreaterOrEqual(t, time.Since(began), quickT.Show, "reversed while the code shown can still be scanned")
}

func TestAnUndoWithoutEndCallsAPerson(t *testing.T) {
	f := &fake{}
	f.pay = func(int) (wallet.Answer, error) { return wallet.Answer{}, errors.New("lost") }
	f.query = func(int) (wallet.Answer, error) {
		if f.n["undo"] == 0 {
			return wallet.Answer{State: wallet.Waiting, Amount: yuan}, nil
		}
		return paid(0) // the customer paid at last
	}
	f.undo = func(int) (wallet.Answer, error) {
		return wallet.Answer{State: wallet.Waiting, Code: "77", Text: "void not allowed"}, nil
	}
	till := openTill(t, f)
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: yuan, Code: code()})
	t.Log(a.State, err)
	for range 15 {
		r, err := till.Recover(t.Context())
		require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
		if len(r.Manual) > 0 {
			return
		}
	}
	_, err = till.Resolve(t.Context(), pos.ResolveRequest{Attempt: a.ID, Verdict: pos.VerdictPaid, Operator: "boss", Reason: "seen at the bank"})
	t.Fatalf("%d undos, %d starts, and nobody was called; resolve as paid: %v", f.n["undo"], 15, err)
}

type notifier struct {
	*fake
	notice wallet.Notice
}

func (n notifier) Notice(context.Context, http.Header, []byte) (wallet.Notice, error) {
	return n.notice, nil
}
func (n notifier) Acknowledge(w http.ResponseWriter, err error) {
	if err != nil {
		w.WriteHeader(500)
	}
}

func TestANoticeThatWasNotConfirmedIsWantedAgain(t *testing.T) {
	f := &fake{}
	f.query = func(n int) (wallet.Answer, error) {
		if n == 1 { // the books are behind the notification
			return wallet.Answer{State: wallet.Waiting, Amount: yuan}, nil
		}
		return paid(0)
	}
	var heard []wallet.Hearing
	h := notifier{f, wallet.Notice{ID: "n1", Order: "o1", Answer: wallet.Answer{State: wallet.Paid, Amount: yuan}}}
	d, err := wallet.New(wallet.Config{Host: h, Timing: quickT, Known: func(context.Context, string) bool { return true }, Heard: func(h wallet.Hearing) { heard = append(heard, h) }})
	require.NoError(t, err)
	for range 2 {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader("x")))
		t.Log(w.Code)
	}
	require.Len(t, heard, 2)
	assert.Equal(t, wallet.Paid, heard[1].Confirmed.State, "the repetition was not asked about")
}

func TestAStrangersNoticeIsNotAskedFor(t *testing.T) {
	f := &fake{query: paid}
	h := notifier{f, wallet.Notice{ID: "n1", Order: "stranger", Answer: wallet.Answer{State: wallet.Paid, Amount: yuan}}}
	d, _ := wallet.New(wallet.Config{Host: h, Timing: quickT, Known: func(context.Context, string) bool { return false }})
	d.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader("x")))
	assert.Zero(t, f.n["query"])
}
