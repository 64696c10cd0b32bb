package postest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
)

// Harness connects TestDriver to one kind of driver and its simulated peer.
type Harness struct {
	// Open makes a driver for the peer, which outlives it: a later Open is the
	// next process. It may be called while an earlier driver is still open
	// only after that one was closed.
	Open func(t *testing.T) pos.Driver
	// Net is what the peer's own books say is here, in minor units.
	Net func() int64
	// Currency of all amounts.
	Currency pos.Currency
	// Amount is approved by the peer; Decline, if not 0, is an amount it declines.
	Amount, Decline int64
	// Times of the Tills the suite opens; keep AskEvery and Quarantine short.
	Times pos.Times
	// Lacks are operations the driver does not have; it must say so properly.
	Lacks []pos.Op
	// Voucher makes the suite redeem instead of charge: each call puts a new
	// voucher on sale that is worth the amount, and returns its code. The driver
	// then lacks OpCharge.
	Voucher func(minor int64) pos.Secret
	// Slow is how long a payment takes at the peer; the suite cuts within it. Zero is 50 ms.
	Slow time.Duration
}

// TestDriver is what every driver passes. It runs payments of every kind
// against the peer, kills the register on both sides of every barrier and in
// the middle of conversations, and compares journal and books each time.
func TestDriver(t *testing.T, h Harness) {
	t.Helper()
	if h.Slow == 0 {
		h.Slow = 50 * time.Millisecond
	}
	goroutines := runtime.NumGoroutine()
	t.Run("a day of payments agrees with the books", h.day)
	t.Run("a decline takes nothing", h.decline)
	t.Run("BeforeSend is called once, with a handle, and obeyed", h.beforeSend)
	t.Run("wrong amounts are refused before anything is sent", h.badAmounts)
	t.Run("what the device lacks is unsupported before anything is sent", h.unsupported)
	t.Run("a second caller is told busy", h.busy)
	t.Run("canceling before the barrier returns at once", h.cancelBefore)
	t.Run("canceling after the barrier ends and tells the truth", h.cancelAfter)
	t.Run("killed on both sides of every barrier", h.killEveryBarrier)
	t.Run("cut in the middle of conversations", h.cutAnywhere)
	t.Run("closing twice is harmless", h.closeTwice)
	waitGoroutines(t, goroutines)
}

// waitGoroutines fails if the suite left goroutines behind.
func waitGoroutines(t *testing.T, want int) {
	t.Helper()
	for range 100 {
		if runtime.NumGoroutine() <= want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines are left, %d were there before:\n%s", runtime.NumGoroutine(), want, buf[:runtime.Stack(buf, true)])
}

func (h Harness) money(minor int64) pos.Money { return pos.FromMinor(minor, h.Currency) }

// till opens a Till over a journal with a fresh driver.
func (h Harness) till(t *testing.T, j pos.Journal, wrap func(pos.Driver) pos.Driver) *pos.Till {
	t.Helper()
	d := h.Open(t)
	if wrap != nil {
		d = wrap(d)
	}
	till, err := pos.Open(t.Context(), pos.Config{ID: "suite", Journal: j, Drivers: map[string]pos.Driver{"card": d}, Times: h.Times,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		d.Close()
		t.Fatalf("opening the till: %v", err)
	}
	t.Cleanup(func() { till.Close() })
	return till
}

func (h Harness) lacks(op pos.Op) bool {
	for _, l := range h.Lacks {
		if l == op {
			return true
		}
	}
	return false
}

// agree fails unless journal and books hold the same since before.
func (h Harness) agree(t *testing.T, j pos.Journal, before int64, what string) {
	t.Helper()
	for _, p := range Agree(context.Background(), j, h.Net()-before) {
		t.Errorf("%s: %s", what, p)
	}
}

// take charges, or redeems a new voucher.
func (h Harness) take(ctx context.Context, till *pos.Till, minor int64, reference string) (pos.Attempt, error) {
	var code pos.Secret
	if h.Voucher != nil {
		code = h.Voucher(minor)
	}
	return h.takeWith(ctx, till, minor, reference, code)
}

// takeWith is take with a voucher that may have been seen before.
func (h Harness) takeWith(ctx context.Context, till *pos.Till, minor int64, reference string, code pos.Secret) (pos.Attempt, error) {
	if h.Voucher != nil {
		return till.Redeem(ctx, pos.RedeemRequest{Amount: h.money(minor), Reference: reference, Code: code})
	}
	return till.Charge(ctx, pos.ChargeRequest{Amount: h.money(minor), Reference: reference})
}

func (h Harness) day(t *testing.T) {
	j, before := NewMemoryJournal(), h.Net()
	till := h.till(t, j, nil)
	ctx := t.Context()
	charge := func(ref string) pos.Attempt {
		a, err := h.take(ctx, till, h.Amount, ref)
		if err != nil {
			t.Fatalf("charge %s: %v", ref, err)
		}
		return a
	}
	first, second := charge("day-1"), charge("day-2")
	var third pos.Secret
	if h.Voucher != nil {
		third = h.Voucher(h.Amount)
	}
	if _, err := h.takeWith(ctx, till, h.Amount, "day-3", third); err != nil {
		t.Fatalf("charge day-3: %v", err)
	}
	if a, err := h.takeWith(ctx, till, h.Amount, "day-3", third); err != nil || h.Net()-before != 3*h.Amount {
		t.Errorf("charging the same sale again: %v, %v; books %d", a.State, err, h.Net()-before)
	}
	if !h.lacks(pos.OpVoid) {
		if _, err := till.Void(ctx, pos.VoidRequest{Original: first.ID}); err != nil {
			t.Errorf("void: %v", err)
		}
	}
	if !h.lacks(pos.OpRefund) {
		if _, err := till.Refund(ctx, pos.RefundRequest{Original: second.ID, Amount: h.money(h.Amount / 2)}); err != nil {
			t.Errorf("refund: %v", err)
		}
	}
	if !h.lacks(pos.OpPreauth) {
		h.hold(t, till)
	}
	h.agree(t, j, before, "after the day")
	if !h.lacks(pos.OpSettle) {
		s, err := till.Settle(ctx, pos.SettleRequest{Currency: h.Currency})
		if err != nil {
			t.Errorf("settle: %v", err)
		}
		if s.Journal.Amount.Minor() != h.Net()-before {
			t.Errorf("the settlement counted %s in the journal, the books hold %d", s.Journal.Amount, h.Net()-before)
		}
	}
}

// hold takes a pre-authorisation and completes half of it, then holds and releases.
func (h Harness) hold(t *testing.T, till *pos.Till) {
	hold, err := till.Preauthorize(t.Context(), pos.PreauthRequest{Amount: h.money(h.Amount), Reference: "hold-1"})
	if err != nil {
		t.Fatalf("pre-authorisation: %v", err)
	}
	if _, err := till.Complete(t.Context(), pos.CompletionRequest{Original: hold.ID, Amount: h.money(h.Amount / 2)}); err != nil {
		t.Errorf("completion: %v", err)
	}
	hold, err = till.Preauthorize(t.Context(), pos.PreauthRequest{Amount: h.money(h.Amount), Reference: "hold-2"})
	if err != nil {
		t.Fatalf("second pre-authorisation: %v", err)
	}
	if _, err := till.Void(t.Context(), pos.VoidRequest{Original: hold.ID}); err != nil {
		t.Errorf("releasing the hold: %v", err)
	}
}

func (h Harness) decline(t *testing.T) {
	if h.Decline == 0 {
		return
	}
	j, before := NewMemoryJournal(), h.Net()
	a, err := h.take(t.Context(), h.till(t, j, nil), h.Decline, "")
	if !errors.Is(err, pos.ErrDeclined) || a.State != pos.StateDeclined || a.Code == "" {
		t.Errorf("got %v, state %s, code %q; want a decline with the peer's code", err, a.State, a.Code)
	}
	h.agree(t, j, before, "after a decline")
}

// probe is a Session that records what a driver does.
type probe struct {
	calls   int
	handle  pos.Handle
	refuse  error
	onArmed func()
}

func (p *probe) BeforeSend(ctx context.Context, h pos.Handle) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.calls++
	p.handle = h
	if p.refuse == nil && p.onArmed != nil {
		p.onArmed()
	}
	return p.refuse
}

func (p *probe) Progress(pos.Progress) {}

func (h Harness) operation(id string, minor int64) pos.Operation {
	op := pos.Operation{Op: pos.OpCharge, Attempt: pos.AttemptID(id), Reference: id, Amount: h.money(minor)}
	if h.Voucher != nil {
		op.Op, op.Code = pos.OpRedeem, h.Voucher(minor)
	}
	return op
}

func (h Harness) beforeSend(t *testing.T) {
	d, before := h.Open(t), h.Net()
	defer d.Close()
	refused := errors.New("the barrier did not hold")
	s := &probe{refuse: refused}
	if _, err := d.Transact(t.Context(), h.operation("suite-probe-1", h.Amount), s); !errors.Is(err, refused) || s.calls != 1 {
		t.Errorf("with a barrier that fails: %d calls, %v; want one call and its error", s.calls, err)
	}
	if h.Net() != before {
		t.Errorf("money moved although BeforeSend failed: books changed by %d", h.Net()-before)
	}
	s = &probe{}
	r, err := d.Transact(t.Context(), h.operation("suite-probe-2", h.Amount), s)
	if err != nil || r.Outcome != pos.OutcomeApproved || s.calls != 1 || len(s.handle) == 0 {
		t.Errorf("got %v %q, %d calls, handle %v; want one call with a handle and an approval", err, r.Outcome, s.calls, s.handle)
	}
	for k, v := range s.handle {
		if pos.HoldsCardData(k + " " + v) {
			t.Errorf("the handle holds card data under %q", k)
		}
	}
	if got := h.Net() - before; got != h.Amount {
		t.Errorf("books changed by %d, want %d", got, h.Amount)
	}
}

func (h Harness) badAmounts(t *testing.T) {
	d, before := h.Open(t), h.Net()
	defer d.Close()
	other := pos.Currency("XAF")
	for _, amount := range []pos.Money{h.money(0), h.money(-5), pos.FromMinor(h.Amount, other)} {
		s := &probe{}
		op := h.operation("suite-bad", h.Amount)
		op.Amount = amount
		if _, err := d.Transact(t.Context(), op, s); !errors.Is(err, pos.ErrInvalid) || s.calls != 0 {
			t.Errorf("%s: %d calls of BeforeSend, %v; want none and ErrInvalid", amount, s.calls, err)
		}
	}
	if h.Net() != before {
		t.Error("money moved on a wrong amount")
	}
}

// taking is the type of what the suite takes money by.
func (h Harness) taking() pos.Type {
	if h.Voucher != nil {
		return pos.TypeRedeem
	}
	return pos.TypeCharge
}

func (h Harness) unsupported(t *testing.T) {
	d := h.Open(t)
	defer d.Close()
	for _, op := range append([]pos.Op{"juggle"}, h.Lacks...) {
		o := h.operation("suite-lack", h.Amount)
		o.Op = op
		o.Original = &pos.Attempt{ID: "suite-orig", Type: h.taking(), State: pos.StateApproved, Amount: o.Amount, Approved: o.Amount, Receipt: "0001"}
		s := &probe{}
		transact := d.Transact
		if op == pos.OpSettle {
			transact = d.Settle
		}
		if _, err := transact(t.Context(), o, s); !errors.Is(err, pos.ErrUnsupported) || s.calls != 0 {
			t.Errorf("%s: %d calls of BeforeSend, %v; want none and ErrUnsupported", op, s.calls, err)
		}
	}
}

func (h Harness) busy(t *testing.T) {
	d := h.Open(t)
	defer d.Close()
	first := &probe{}
	first.onArmed = func() {
		second := &probe{}
		if _, err := d.Transact(t.Context(), h.operation("suite-busy-2", h.Amount), second); !errors.Is(err, pos.ErrBusy) || second.calls != 0 {
			t.Errorf("while another runs: %d calls of BeforeSend, %v; want none and ErrBusy", second.calls, err)
		}
	}
	if _, err := d.Transact(t.Context(), h.operation("suite-busy-1", h.Amount), first); err != nil {
		t.Errorf("the first caller: %v", err)
	}
}

func (h Harness) cancelBefore(t *testing.T) {
	d, before := h.Open(t), h.Net()
	defer d.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &probe{}
	if _, err := d.Transact(ctx, h.operation("suite-cancel-1", h.Amount), s); err == nil || s.calls != 0 && h.Net() != before {
		t.Errorf("got %v after %d calls of BeforeSend; want an error and nothing sent", err, s.calls)
	}
	if h.Net() != before {
		t.Error("money moved after a cancel before the barrier")
	}
}

func (h Harness) cancelAfter(t *testing.T) {
	j, before := NewMemoryJournal(), h.Net()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	till := h.till(t, j, func(d pos.Driver) pos.Driver { return &onArmed{d, cancel} })
	done := make(chan error, 1)
	go func() {
		_, err := h.take(ctx, till, h.Amount, "cancel")
		done <- err
	}()
	select {
	case err := <-done:
		t.Logf("the call returned: %v", err)
	case <-time.After(cancelLimit):
		t.Fatalf("the call did not end within %v of its cancel", cancelLimit)
	}
	h.settleAll(t, j)
	h.agree(t, j, before, "after a cancel in the middle")
}

// cancelLimit is far above any sound driver's abort wait in a test.
const cancelLimit = 60 * time.Second

// onArmed calls f as soon as an operation has passed its barrier.
type onArmed struct {
	pos.Driver
	f func()
}

func (o *onArmed) Device() string {
	if id, ok := o.Driver.(pos.Identifier); ok {
		return id.Device()
	}
	return "card"
}

func (o *onArmed) Transact(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	return o.Driver.Transact(ctx, op, armedSession{s, o.f})
}

func (o *onArmed) Settle(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	return o.Driver.Settle(ctx, op, armedSession{s, o.f})
}

type armedSession struct {
	pos.Session
	f func()
}

func (s armedSession) BeforeSend(ctx context.Context, h pos.Handle) error {
	if err := s.Session.BeforeSend(ctx, h); err != nil {
		return err
	}
	s.f()
	return nil
}

// settleAll recovers until nothing is uncertain, as a register would.
func (h Harness) settleAll(t *testing.T, j *MemoryJournal) {
	t.Helper()
	next := j.Reopen()
	till := h.till(t, next, nil)
	defer till.Close()
	deadline := time.Now().Add(cancelLimit)
	for {
		r, err := till.Recover(t.Context())
		if err == nil {
			return
		}
		if len(r.Manual) > 0 || time.Now().After(deadline) {
			t.Errorf("not recovered: %v", err)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// script is one kind of work that is killed at every barrier.
type script struct {
	name  string
	needs []pos.Op
	run   func(till *pos.Till, ctx context.Context) error
}

func (h Harness) scripts() []script {
	charge := func(till *pos.Till, ctx context.Context) (pos.Attempt, error) {
		return h.take(ctx, till, h.Amount, "kill")
	}
	return []script{
		{"charge and confirm", nil, func(till *pos.Till, ctx context.Context) error {
			a, err := charge(till, ctx)
			if err == nil {
				_, err = till.Confirm(ctx, a.ID, "order")
			}
			return err
		}},
		{"charge and void", []pos.Op{pos.OpVoid}, func(till *pos.Till, ctx context.Context) error {
			a, err := charge(till, ctx)
			if err == nil {
				_, err = till.Void(ctx, pos.VoidRequest{Original: a.ID})
			}
			return err
		}},
		{"charge and refund", []pos.Op{pos.OpRefund}, func(till *pos.Till, ctx context.Context) error {
			a, err := charge(till, ctx)
			if err == nil {
				_, err = till.Refund(ctx, pos.RefundRequest{Original: a.ID, Amount: h.money(h.Amount / 2)})
			}
			return err
		}},
		{"charge and abandon", []pos.Op{pos.OpReversal}, func(till *pos.Till, ctx context.Context) error {
			a, err := charge(till, ctx)
			if err == nil {
				_, err = till.Abandon(ctx, a.ID, "customer left")
			}
			return err
		}},
		{"hold and complete", []pos.Op{pos.OpPreauth, pos.OpCompletion}, func(till *pos.Till, ctx context.Context) error {
			a, err := till.Preauthorize(ctx, pos.PreauthRequest{Amount: h.money(h.Amount), Reference: "kill"})
			if err == nil {
				_, err = till.Complete(ctx, pos.CompletionRequest{Original: a.ID, Amount: h.money(h.Amount / 2)})
			}
			return err
		}},
		{"charge and settle", []pos.Op{pos.OpSettle}, func(till *pos.Till, ctx context.Context) error {
			_, err := charge(till, ctx)
			if err == nil {
				_, err = till.Settle(ctx, pos.SettleRequest{Currency: h.Currency})
			}
			return err
		}},
	}
}

func (h Harness) killEveryBarrier(t *testing.T) {
	for _, s := range h.scripts() {
		if h.lacksAny(s.needs) {
			continue
		}
		for at := 1; ; at++ {
			finished := false
			for _, after := range []bool{false, true} {
				name := fmt.Sprintf("%s, killed at barrier %d, after=%v", s.name, at, after)
				finished = h.kill(t, name, s, at, after)
			}
			if finished {
				break
			}
		}
	}
}

func (h Harness) lacksAny(ops []pos.Op) bool {
	for _, op := range ops {
		if h.lacks(op) {
			return true
		}
	}
	return false
}

// kill runs a script until the journal dies at one barrier, restarts, recovers
// and compares. It reports whether the script had fewer barriers.
func (h Harness) kill(t *testing.T, name string, s script, at int, after bool) (finished bool) {
	durable, before := NewMemoryJournal(), h.Net()
	b := NewBarriers(durable)
	b.KillAt, b.After = at, after
	till := h.till(t, b, func(d pos.Driver) pos.Driver { return &Witness{Driver: d, Barriers: b} })
	err := s.run(till, t.Context())
	if b.Dead() && err == nil {
		t.Errorf("%s: the call said the money is here although the process had died", name)
	}
	till.Close()
	h.settleAll(t, durable)
	h.agree(t, durable, before, name)
	for _, p := range b.Problems() {
		t.Errorf("%s: %s", name, p)
	}
	return !b.Dead()
}

// cuts is how many moments of a conversation cutAnywhere tries.
const cuts = 25

func (h Harness) cutAnywhere(t *testing.T) {
	for i := range cuts {
		j, before := NewMemoryJournal(), h.Net()
		d := h.Open(t)
		cut := &onArmed{d, func() {
			time.AfterFunc(h.Slow*time.Duration(i)/cuts, func() { d.Close() })
		}}
		till, err := pos.Open(t.Context(), pos.Config{ID: "suite", Journal: j, Drivers: map[string]pos.Driver{"card": cut},
			Times: pos.Times{AskEvery: time.Millisecond, AskAtMost: time.Millisecond}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.take(t.Context(), till, h.Amount, "cut")
		till.Close()
		h.settleAll(t, j)
		h.agree(t, j, before, fmt.Sprintf("cut %d of %d (%v)", i, cuts, err))
	}
}

func (h Harness) closeTwice(t *testing.T) {
	d := h.Open(t)
	if err := d.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if _, err := d.Transact(t.Context(), h.operation("suite-closed", h.Amount), &probe{}); err == nil {
		t.Error("a closed driver still works")
	}
}
