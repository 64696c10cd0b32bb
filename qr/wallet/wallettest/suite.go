package wallettest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Harness connects TestHost to one platform.
type Harness struct {
	// Open starts the simulated platform over a bank, closed with the test, and returns how
	// to make a client of it: each call is the next process.
	Open func(t *testing.T, b *qrtest.Bank) func() (wallet.Host, error)
	// Code makes the n-th payment code of a customer.
	Code func(n int) string
	// Number is what the platform calls an order; nil: by the attempt's id.
	Number func(attempt string) string
	// Lacks are faults whose words the platform does not have.
	Lacks []qrtest.FaultName
	// NoShow is set for hosts that cannot show codes.
	NoShow bool
}

func (h Harness) number(a pos.Attempt) string {
	if h.Number == nil {
		return string(a.ID)
	}
	return h.Number(string(a.ID))
}

// Quick are the driver's intervals in tests.
var Quick = wallet.Timing{Poll: 4 * time.Millisecond, Limit: 80 * time.Millisecond, ReverseAfter: 20 * time.Millisecond, Show: 80 * time.Millisecond,
	Quarantine: 60 * time.Millisecond, Call: 2 * time.Second, Refund: 10 * time.Millisecond}

// times are the Till's intervals in tests.
var times = pos.Times{AskEvery: 5 * time.Millisecond, AskAtMost: 400 * time.Millisecond, Quarantine: 80 * time.Millisecond}

// Till is one register before one simulated platform.
type Till struct {
	*pos.Till
	Bank    *qrtest.Bank
	Journal *postest.MemoryJournal
	Driver  *wallet.Driver
	Steps   *Steps
	codes   atomic.Int64
	code    func(int) string
}

// Steps collects what was shown to people.
type Steps struct{ list []pos.Progress }

// Count is how often a step was reported.
func (s *Steps) Count(step pos.Step) (n int) {
	for _, p := range s.list {
		if p.Step == step {
			n++
		}
	}
	return n
}

// Open makes a till, a driver and a platform; bank nil is a fresh one where
// everybody pays at once.
func (h Harness) Till(t *testing.T, bank *qrtest.Bank, timing wallet.Timing) *Till {
	t.Helper()
	if bank == nil {
		bank = qrtest.NewBank(qrtest.BankConfig{Quiet: true})
	}
	t.Cleanup(bank.Close)
	r := &Till{Bank: bank, Journal: postest.NewMemoryJournal(), code: h.Code, Steps: &Steps{}}
	host, err := h.Open(t, bank)()
	require.NoError(t, err)
	r.Driver, err = wallet.New(wallet.Config{Host: host, Timing: timing})
	require.NoError(t, err)
	r.Till, err = pos.Open(t.Context(), pos.Config{ID: "lane", Journal: r.Journal, Drivers: map[string]pos.Driver{"wallet": r.Driver}, Times: times,
		Progress: func(p pos.Progress) { r.Steps.list = append(r.Steps.list, p) }})
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

// Scan charges a customer's next payment code.
func (r *Till) Scan(ctx context.Context, fen int64, reference string) (pos.Attempt, error) {
	n := r.codes.Add(1)
	return r.Charge(ctx, pos.ChargeRequest{Amount: pos.FromMinor(fen, pos.CNY), Reference: reference, Code: pos.NewSecret([]byte(r.code(int(n))))})
}

// Show lets the customer scan.
func (r *Till) Show(ctx context.Context, fen int64, reference string) (pos.Attempt, error) {
	return r.Charge(ctx, pos.ChargeRequest{Amount: pos.FromMinor(fen, pos.CNY), Reference: reference})
}

// Agree fails unless journal and bank hold the same.
func (r *Till) Agree(t *testing.T) {
	t.Helper()
	for _, p := range postest.Agree(context.Background(), r.Journal, r.Bank.Net()) {
		t.Error(p)
	}
}

// Mend recovers until nothing is uncertain.
func (r *Till) Mend(t *testing.T) {
	t.Helper()
	for range 200 {
		if _, err := r.Recover(context.Background()); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("something stays unresolved")
}

// TestHost runs everything.
func TestHost(t *testing.T, h Harness) {
	t.Run("driver suite, codes scanned", func(t *testing.T) { h.suite(t, true) })
	t.Run("driver suite, codes shown", func(t *testing.T) {
		if !h.NoShow {
			h.suite(t, false)
		}
	})
	t.Run("every fault on every call", h.faults)
	t.Run("a password typed late: asked until paid, not undone", h.goldenLate)
	t.Run("a password never typed: undone, and a new code begins anew", h.goldenNever)
	t.Run("paid between the last question and the undo: given back", h.paysAtUndo)
	t.Run("canceled at the phone: declined", h.cancelsAtPhone)
	t.Run("canceled at the till: undone, not too early", h.cancelsAtTill)
	t.Run("codes: expired, used, of another wallet", h.codes)
	t.Run("a shown code that expires is closed", h.showExpires)
	t.Run("a refund that is slow, and one that breaks", h.refunds)
	t.Run("a refused undo calls a person", h.undoRefused)
}

// scanning puts a fresh payment code into every charge, for suites that know of none.
type scanning struct {
	*wallet.Driver
	next func() string
}

func (s scanning) Transact(ctx context.Context, op pos.Operation, ss pos.Session) (pos.Reply, error) {
	if op.Op == pos.OpCharge && op.Code.Len() == 0 {
		op.Code = pos.NewSecret([]byte(s.next()))
	}
	return s.Driver.Transact(ctx, op, ss)
}

func (h Harness) suite(t *testing.T, scanned bool) {
	bank := qrtest.NewBank(qrtest.BankConfig{Late: 30 * time.Millisecond, Scan: 5 * time.Millisecond})
	defer bank.Close()
	client := h.Open(t, bank)
	var n atomic.Int64
	host, err := client()
	require.NoError(t, err)
	_, err = host.Query(t.Context(), wallet.Order{Number: "warm-up-1", Amount: pos.FromMinor(1, pos.CNY)}) // connections are no leak
	require.NoError(t, err)
	postest.TestDriver(t, postest.Harness{
		Open: func(t *testing.T) pos.Driver {
			host, err := client()
			require.NoError(t, err)
			d, err := wallet.New(wallet.Config{Host: host, Timing: Quick})
			require.NoError(t, err)
			if scanned {
				return scanning{d, func() string { return h.Code(int(n.Add(1))) }}
			}
			return d
		},
		Net: bank.Net, Currency: pos.CNY, Amount: 1200, Decline: 1251, Times: times, Slow: 20 * time.Millisecond,
		Lacks: []pos.Op{pos.OpPreauth, pos.OpCompletion, pos.OpRedeem, pos.OpSettle},
	})
}

// lineFaults break what any front has; wordFaults need words of the platform.
var chargeFaults = []qrtest.FaultName{qrtest.LoseRequest, qrtest.LoseAnswer, qrtest.Busy429, qrtest.Broken500, qrtest.Applied500, qrtest.HTML, qrtest.Empty,
	qrtest.Forge, qrtest.Unsigned, qrtest.WrongAmount, qrtest.WrongMerchant, qrtest.WrongOrder, qrtest.ClockOff, qrtest.SystemError, qrtest.AppliedSystem}

func (h Harness) faults(t *testing.T) {
	for _, f := range chargeFaults {
		if slices.Contains(h.Lacks, f) {
			continue
		}
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			h.fault(t, f)
		})
	}
}

// fault runs a charge, a void and a refund with one thing broken on each of their calls.
func (h Harness) fault(t *testing.T, name qrtest.FaultName) {
	r := h.Till(t, nil, Quick)
	_, err := r.Scan(t.Context(), 100, "first") // keys, line and clock are known to be good
	require.NoError(t, err)
	step := 0
	check := func(what string, a pos.Attempt, err error) {
		step++
		if err != nil && errors.Is(err, pos.ErrOutcomeUnknown) {
			r.Bank.Clear()
			r.Mend(t)
		}
		o, oerr := r.Bank.Order(h.number(a))
		if err == nil && a.Type == pos.TypeCharge && (oerr != nil || o.Holds() == 0) {
			t.Errorf("%s: told paid, but the platform holds nothing: %v", what, oerr)
		}
		r.Bank.Clear()
		r.Agree(t)
	}
	for _, on := range []qrtest.Call{qrtest.CallPay, qrtest.CallQuery, qrtest.CallShow} {
		for _, times := range []int{1, 3} {
			r.Bank.Inject(qrtest.Fault{Name: name, On: on, Times: times})
			if on == qrtest.CallQuery {
				r.Bank.Customers(qrtest.Late(10 * time.Millisecond)) // so that somebody asks
			}
			ref := fmt.Sprintf("%s-%s-%d", name, on, times)
			if on != qrtest.CallShow {
				a, err := r.Scan(t.Context(), 1200, ref)
				check(ref, a, err)
			} else if !h.NoShow {
				a, err := r.Show(t.Context(), 1200, ref)
				check(ref, a, err)
			}
		}
	}
	for _, on := range []qrtest.Call{qrtest.CallUndo, qrtest.CallRefund, qrtest.CallQueryRefund} {
		a, err := r.Scan(t.Context(), 1200, string(name)+"-"+string(on))
		require.NoError(t, err)
		r.Bank.Inject(qrtest.Fault{Name: name, On: on})
		switch on {
		case qrtest.CallUndo:
			a, err = r.Void(t.Context(), pos.VoidRequest{Original: a.ID})
		default:
			r.Bank.Inject(qrtest.Fault{Name: qrtest.RefundSlow})
			a, err = r.Refund(t.Context(), pos.RefundRequest{Original: a.ID, Amount: pos.FromMinor(500, pos.CNY)})
		}
		check(string(name)+" on "+string(on), a, err)
	}
	assert.Equal(t, 9-2*btoi(h.NoShow), step)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// slow leaves room between the moments of a conversation on a busy machine.
var slow = wallet.Timing{Poll: 40 * time.Millisecond, Limit: 900 * time.Millisecond, ReverseAfter: 200 * time.Millisecond, Show: 400 * time.Millisecond,
	Quarantine: 100 * time.Millisecond, Call: 2 * time.Second, Refund: 50 * time.Millisecond}

// goldenLate: the answer is lost, the payer types a password, a question finds
// it paid. No undo was sent.
func (h Harness) goldenLate(t *testing.T) {
	r := h.Till(t, nil, slow)
	r.Bank.Customers(qrtest.Late(150 * time.Millisecond))
	r.Bank.Inject(qrtest.Fault{Name: qrtest.LoseAnswer, On: qrtest.CallPay})
	a, err := r.Scan(t.Context(), 1280, "golden-2")
	require.NoError(t, err)
	assert.Equal(t, pos.StateApproved, a.State)
	assert.Zero(t, r.Bank.Requests(qrtest.CallUndo), "undone although it was paid")
	assert.Greater(t, r.Bank.Requests(qrtest.CallQuery), 1)
	_, err = r.Confirm(t.Context(), a.ID, "order")
	require.NoError(t, err)
	r.Agree(t)
}

// goldenNever: the payer never types; the undo says "again" once; the next
// code is a new order.
func (h Harness) goldenNever(t *testing.T) {
	r := h.Till(t, nil, slow)
	r.Bank.Customers(qrtest.Never(), qrtest.AtOnce())
	r.Bank.Inject(qrtest.Fault{Name: qrtest.UndoAgain, On: qrtest.CallUndo})
	a, err := r.Scan(t.Context(), 1280, "golden-3")
	require.ErrorIs(t, err, pos.ErrDeclined)
	assert.Equal(t, pos.StateReversed, a.State)
	if !slices.Contains(h.Lacks, qrtest.UndoAgain) {
		assert.Equal(t, 2, r.Bank.Requests(qrtest.CallUndo))
	}
	b, err := r.Scan(t.Context(), 1280, "golden-3")
	require.NoError(t, err)
	assert.NotEqual(t, a.ID, b.ID, "a new code, a new order number")
	r.Agree(t)
}

func (h Harness) paysAtUndo(t *testing.T) {
	for _, shown := range []bool{false, true} {
		if shown && h.NoShow {
			continue
		}
		r := h.Till(t, nil, slow)
		r.Bank.Customers(qrtest.AtUndo())
		charge := r.Scan
		if shown {
			charge = r.Show
		}
		a, err := charge(t.Context(), 1280, "too-late")
		require.ErrorIs(t, err, pos.ErrDeclined)
		assert.Equal(t, pos.StateReversed, a.State)
		o, err := r.Bank.Order(h.number(a))
		require.NoError(t, err)
		assert.True(t, o.WasPaid, "the customer did pay")
		assert.Zero(t, o.Holds(), "and got it back")
		r.Agree(t)
	}
}

func (h Harness) cancelsAtPhone(t *testing.T) {
	r := h.Till(t, nil, slow)
	r.Bank.Customers(qrtest.Cancels(50 * time.Millisecond))
	a, err := r.Scan(t.Context(), 1280, "no")
	require.ErrorIs(t, err, pos.ErrDeclined)
	assert.NotEmpty(t, a.Code)
	r.Agree(t)
}

func (h Harness) cancelsAtTill(t *testing.T) {
	r := h.Till(t, nil, slow)
	r.Bank.Customers(qrtest.Never())
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	began := time.Now()
	a, err := r.Scan(ctx, 1280, "left")
	require.ErrorIs(t, err, pos.ErrDeclined)
	assert.Equal(t, pos.StateReversed, a.State)
	assert.GreaterOrEqual(t, time.Since(began), slow.ReverseAfter, "undone too soon after the payment was sent")
	r.Agree(t)
}

func (h Harness) codes(t *testing.T) {
	r := h.Till(t, nil, Quick)
	r.Bank.Customers(qrtest.Expired())
	a, err := r.Scan(t.Context(), 1280, "expired")
	require.ErrorIs(t, err, pos.ErrDeclined)
	assert.NotEmpty(t, a.Code)

	used := pos.NewSecret([]byte(h.Code(700)))
	charge := func(ref string) (pos.Attempt, error) {
		return r.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Reference: ref, Code: used})
	}
	_, err = charge("used-1")
	require.NoError(t, err)
	_, err = charge("used-1")
	require.NoError(t, err, "the same sale again is the same payment")
	_, err = charge("used-2")
	require.ErrorIs(t, err, pos.ErrDeclined, "the same code for another sale")

	for _, code := range []string{"9120003004005006007", "6901234567892", "hello", "https://v.douyin.com/abc/"} {
		before := r.Bank.Requests(qrtest.CallPay)
		_, err = r.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Code: pos.NewSecret([]byte(code))})
		require.ErrorIs(t, err, pos.ErrInvalid, code)
		assert.NotContains(t, err.Error(), code, "the code is money")
		assert.Equal(t, before, r.Bank.Requests(qrtest.CallPay), "something was sent")
	}
	r.Agree(t)
}

func (h Harness) showExpires(t *testing.T) {
	if h.NoShow {
		t.Log("this platform shows no codes")
		return
	}
	r := h.Till(t, nil, slow)
	r.Bank.Customers(qrtest.Never(), qrtest.Late(80*time.Millisecond))
	a, err := r.Show(t.Context(), 1280, "nobody")
	require.ErrorIs(t, err, pos.ErrDeclined)
	assert.Equal(t, pos.StateReversed, a.State)
	assert.Equal(t, 1, r.Steps.Count(pos.StepScan))
	assert.Equal(t, 1, r.Steps.Count(pos.StepScanned))
	_, err = r.Show(t.Context(), 1280, "somebody")
	require.NoError(t, err)
	r.Agree(t)
}

func (h Harness) refunds(t *testing.T) {
	r := h.Till(t, nil, Quick)
	a, err := r.Scan(t.Context(), 3000, "refunds")
	require.NoError(t, err)
	refund := func(id string, fen int64) (pos.Attempt, error) {
		return r.Refund(t.Context(), pos.RefundRequest{Original: a.ID, Amount: pos.FromMinor(fen, pos.CNY), Attempt: pos.AttemptID(id)})
	}
	for _, id := range []string{"refund-000001", "refund-000002"} { // two equal parts are two refunds
		_, err = refund(id, 500)
		require.NoError(t, err)
	}
	_, err = refund("refund-000001", 500)
	require.NoError(t, err, "the same refund again is the same refund")
	assert.Equal(t, int64(2000), r.Bank.Net())
	if !slices.Contains(h.Lacks, qrtest.RefundSlow) {
		r.Bank.Inject(qrtest.Fault{Name: qrtest.RefundSlow})
		slow, err := refund("refund-000003", 700)
		require.NoError(t, err, "accepted is given")
		assert.NotEmpty(t, slow.Code)
	}
	_, err = refund("refund-000004", 9999)
	require.Error(t, err, "more than was taken")
	r.Agree(t)
	if !slices.Contains(h.Lacks, qrtest.RefundFails) {
		r.Bank.Inject(qrtest.Fault{Name: qrtest.RefundFails})
		_, err = refund("refund-000005", 100)
		require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
		require.ErrorIs(t, err, pos.ErrManual, "a person must see to it")
	}
}

func (h Harness) undoRefused(t *testing.T) {
	if slices.Contains(h.Lacks, qrtest.UndoRefused) {
		t.Log("this platform cannot refuse an undo")
		return
	}
	r := h.Till(t, nil, Quick)
	a, err := r.Scan(t.Context(), 1280, "old")
	require.NoError(t, err)
	r.Bank.Inject(qrtest.Fault{Name: qrtest.UndoRefused, On: qrtest.CallUndo, Times: 10})
	_, err = r.Abandon(t.Context(), a.ID, "customer left")
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	a, err = r.Journal.Get(t.Context(), a.ID)
	require.NoError(t, err)
	assert.Equal(t, pos.StateManual, a.State)
	assert.Equal(t, int64(1280), r.Bank.Net())
}
