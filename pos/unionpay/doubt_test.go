package unionpay_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/unionpay"
	"github.com/openecr/openecr/pos/unionpay/cuptest"
	"github.com/openecr/openecr/transport"
)

// meddler stands in the line and looks at the type of each request (MTI).
type meddler struct {
	transport.Dialer
	swallow atomic.Int64 // requests of this type never arrive
	lose    atomic.Int64 // the answer to this type is lost and the line with it
	code    string       // instead of an approval, for the next sick answers to type of
	of      int64
	sick    atomic.Int64
	acts    func(mti int64) // called before each request
}

// meddle puts one into the bench's line, before a terminal is opened.
func (b *bench) meddle() *meddler {
	m := &meddler{Dialer: b.cfg.Dialer}
	b.cfg.Dialer = m
	return m
}

type meddledConn struct {
	transport.Conn
	m   *meddler
	mti *atomic.Int64
}

func (m *meddler) Dial(ctx context.Context) (transport.Conn, error) {
	c, err := m.Dialer.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return meddledConn{c, m, new(atomic.Int64)}, nil
}

func (c meddledConn) Write(p []byte) (int, error) {
	mti := int64(binary.BigEndian.Uint16(p[13:])) // behind length, TPDU and header
	c.mti.Store(mti)
	if c.m.acts != nil {
		c.m.acts(mti)
	}
	if mti == c.m.swallow.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (c meddledConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch mti := c.mti.Load(); {
	case n > 0 && mti == c.m.lose.Load():
		c.Close()
		return 0, errCut
	case n > 0 && mti == c.m.of && c.m.sick.Load() > 0:
		if i := bytes.Index(p[:n], []byte("00"+cuptest.Terminal)); i >= 0 { // field 39 stands before 41
			copy(p[i:], c.m.code)
			c.m.sick.Add(-1)
		}
	}
	return n, err
}

// A host that wants a sign-on has not looked at the message: a refund or an
// advice that it booked before is asked for again, never written off.
func TestASignOnCodeSaysNothingOfTheFirstSending(t *testing.T) {
	for name, profile := range map[string]unionpay.Profile{
		"refund": {Unsigned: true, RefundsRepeat: true}, "advice": {Unsigned: true, CompletionAdvice: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, cuptest.Config{Unsigned: true}, profile)
			j := postest.NewMemoryJournal()
			till := b.till(t, j)
			var a pos.Attempt
			if name == "refund" {
				sale, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
				require.NoError(t, err)
				require.Empty(t, b.host.Inject("reboot"))
				a, err = till.Refund(t.Context(), pos.RefundRequest{Original: sale.ID, Amount: cny(1000)})
				require.NoError(t, err)
				require.EqualValues(t, 280, b.host.Net())
			} else {
				hold, err := till.Preauthorize(t.Context(), pos.PreauthRequest{Amount: cny(10000), Reference: "1"})
				require.NoError(t, err)
				require.Empty(t, b.host.Inject("reboot"))
				a, err = till.Complete(t.Context(), pos.CompletionRequest{Original: hold.ID, Amount: cny(8000)})
				require.NoError(t, err)
				require.EqualValues(t, 8000, b.host.Net())
			}
			require.Equal(t, pos.StateApproved, a.State)
			b.agree(t, j)
		})
	}
}

// 77 and the other codes of a host that did not decide leave a refund in doubt;
// once the host is in another batch a person must look.
func TestARefundOfAClosedBatchIsManual(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{RefundsRepeat: true})
	m := b.meddle()
	j := postest.NewMemoryJournal()
	times := quick
	times.AskAtMost = 200 * time.Millisecond
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: j, Drivers: map[string]pos.Driver{"card": b.open(t)}, Times: times})
	require.NoError(t, err)
	defer till.Close()
	sale, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
	require.NoError(t, err)
	m.lose.Store(0x0220)
	a, err := till.Refund(t.Context(), pos.RefundRequest{Original: sale.ID, Amount: cny(1000)})
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	other := b.cfg // the acquirer closes the batch: here through a copy of the terminal
	other.State = &unionpay.MemoryStore{}
	second, err := unionpay.New(other)
	require.NoError(t, err)
	closer, err := pos.Open(t.Context(), pos.Config{ID: "other", Journal: postest.NewMemoryJournal(), Drivers: map[string]pos.Driver{"card": second}, Times: times})
	require.NoError(t, err)
	_, err = closer.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
	require.NoError(t, err)
	require.NoError(t, closer.Close())
	m.lose.Store(0)
	_, _ = till.Recover(t.Context()) // what it says is in the journal too
	g, err := j.Get(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, pos.StateManual, g.State)
	require.EqualValues(t, 280, b.host.Net(), "the customer has the money, and nobody says otherwise")
}

// A refund's repetition that a sick host refuses is asked for again.
func TestASickHostDecidesNothing(t *testing.T) {
	for _, code := range []string{"96", "90", "68", "98", "97"} {
		b := newBench(t, cuptest.Config{Unsigned: true}, unionpay.Profile{Unsigned: true, CompletionAdvice: true})
		m := b.meddle()
		m.of, m.code = 0x0220, code
		j := postest.NewMemoryJournal()
		till := b.till(t, j)
		hold, err := till.Preauthorize(t.Context(), pos.PreauthRequest{Amount: cny(10000), Reference: "1"})
		require.NoError(t, err)
		m.lose.Store(0x0220)
		var times atomic.Int64
		m.acts = func(mti int64) {
			if mti == 0x0220 && times.Add(1) == 2 {
				m.lose.Store(0)
			}
		}
		a, err := till.Complete(t.Context(), pos.CompletionRequest{Original: hold.ID, Amount: cny(8000)})
		require.NoError(t, err, code)
		require.Equal(t, pos.StateApproved, a.State, code)
		require.EqualValues(t, 8000, b.host.Net())
		b.agree(t, j)
	}
}

// A stored advice outlives a host that wants a sign-on first.
func TestAnAdviceOutlivesASignOnCode(t *testing.T) {
	b := newBench(t, cuptest.Config{Unsigned: true}, unionpay.Profile{Unsigned: true})
	j := postest.NewMemoryJournal()
	term := b.open(t)
	off := term.Offline(func(unionpay.Ask) (string, error) { return "123456", nil })
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: j, Drivers: map[string]pos.Driver{"card": term, "offline": off}, Times: quick})
	require.NoError(t, err)
	defer till.Close()
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Amount: cny(100), Reference: "1"})
	require.NoError(t, err)
	b.host.Reboot()
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Tender: "offline", Amount: cny(5000), Reference: "2"})
	require.NoError(t, err)
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Amount: cny(100), Reference: "3"})
	require.NoError(t, err)
	require.Empty(t, term.State().Notes)
	require.Empty(t, term.State().Troubles)
	s, err := till.Settle(t.Context(), pos.SettleRequest{Tender: "card", Currency: pos.CNY})
	require.NoError(t, err)
	require.True(t, s.Equal, "difference %s", s.Difference)
	require.EqualValues(t, 5200, b.host.Net())
}

// A signature the host never answers ends after three tries; an advice holds up
// the shop until a person has given it up by name.
func TestAMuteHostDoesNotLockTheTerminal(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	m := b.meddle()
	j := postest.NewMemoryJournal()
	term := b.open(t)
	off := term.Offline(func(unionpay.Ask) (string, error) { return "123456", nil })
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: j, Drivers: map[string]pos.Driver{"card": term, "offline": off}, Times: quick})
	require.NoError(t, err)
	defer till.Close()
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Amount: cny(100), Reference: "1"})
	require.NoError(t, err)
	m.swallow.Store(0x0820)
	require.NoError(t, term.Signature(t.Context(), a, make([]byte, 400)))
	for i := range 2 {
		_, err = till.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Amount: cny(100), Reference: fmt.Sprint("x", i)})
		require.ErrorIs(t, err, pos.ErrNotSent)
	}
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Amount: cny(100), Reference: "2"})
	require.NoError(t, err)
	require.Equal(t, "no answer", term.State().Troubles[0].Refused)

	m.swallow.Store(0x0220)
	advice, err := till.Charge(t.Context(), pos.ChargeRequest{Tender: "offline", Amount: cny(5000), Reference: "3"})
	require.NoError(t, err)
	for i := range 5 {
		_, err = till.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Amount: cny(100), Reference: fmt.Sprint("y", i)})
		require.ErrorIs(t, err, pos.ErrNotSent)
		require.ErrorContains(t, err, "advice "+advice.STAN)
	}
	require.ErrorIs(t, term.GiveUpNote(999_999), pos.ErrInvalid)
	require.NoError(t, term.GiveUpNote(term.State().Notes[0].STAN))
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Amount: cny(100), Reference: "4"})
	require.NoError(t, err)
	require.Equal(t, "given up", term.State().Troubles[1].Refused)
}

// lateDisk is a Store whose file has what it says it could not write: what a
// failed sync leaves behind.
type lateDisk struct {
	unionpay.Store
	path string // where the file is after the restart
	arm  bool
	bad  bool
}

var errDisk = errors.New("sync: input/output error")

func (d *lateDisk) Keep(c unionpay.Change) error {
	if d.bad {
		return errDisk
	}
	if !d.arm || c.Note == nil && c.Settling == nil {
		return d.Store.Keep(c)
	}
	d.bad = true
	b, err := os.ReadFile(d.path)
	if err == nil {
		err = os.WriteFile(d.path+".late", b, 0o600)
	}
	if err != nil {
		return err
	}
	late, err := unionpay.OpenFileStore(d.path + ".late")
	if err != nil {
		return err
	}
	return errors.Join(errDisk, late.Keep(c), late.Close())
}

// A write that failed may have reached the disk: nothing is said not to have
// happened until the state has been read again.
func TestAFailedWriteThatReachedTheDisk(t *testing.T) {
	for _, what := range []string{"offline", "settle"} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t, cuptest.Config{}, unionpay.Profile{})
			path := filepath.Join(t.TempDir(), "s")
			file, err := unionpay.OpenFileStore(path)
			require.NoError(t, err)
			disk := &lateDisk{Store: file, path: path}
			b.cfg.State = disk
			j := postest.NewMemoryJournal()
			times := quick
			times.AskAtMost = 100 * time.Millisecond
			begin := func() (*pos.Till, *unionpay.Terminal) {
				term := b.open(t)
				off := term.Offline(func(unionpay.Ask) (string, error) { return "123456", nil })
				till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: j, Drivers: map[string]pos.Driver{"card": term, "offline": off}, Times: times})
				require.NoError(t, err)
				return till, term
			}
			till, term := begin()
			_, err = till.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Amount: cny(100), Reference: "1"})
			require.NoError(t, err)
			disk.arm = true
			if what == "offline" {
				_, err = till.Charge(t.Context(), pos.ChargeRequest{Tender: "offline", Amount: cny(5000), Reference: "2"})
				require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
			} else {
				_, err = till.Settle(t.Context(), pos.SettleRequest{Tender: "card", Currency: pos.CNY})
				require.Error(t, err)
			}
			require.ErrorIs(t, till.Close(), errDisk)
			require.NoError(t, term.Close())
			late, err := unionpay.OpenFileStore(path + ".late")
			require.NoError(t, err)
			b.cfg.State = late
			till, _ = begin()
			defer till.Close()
			_, err = till.Recover(t.Context())
			require.NoError(t, err)
			_, err = till.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Amount: cny(100), Reference: "3"})
			require.NoError(t, err)
			b.agree(t, j)
			s, err := till.Settle(t.Context(), pos.SettleRequest{Tender: "card", Currency: pos.CNY})
			require.NoError(t, err)
			require.True(t, s.Equal, "difference %s", s.Difference)
		})
	}
}

// A settlement whose attempt a person has ended is finished by the next one.
func TestTheNextSettlementFinishesTheOneBefore(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	m := b.meddle()
	j := postest.NewMemoryJournal()
	times := quick
	times.AskAtMost = 100 * time.Millisecond
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: j, Drivers: map[string]pos.Driver{"card": b.open(t)}, Times: times})
	require.NoError(t, err)
	defer till.Close()
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "1"})
	require.NoError(t, err)
	m.lose.Store(0x0500)
	s, err := till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
	require.Error(t, err)
	_, err = till.Resolve(t.Context(), pos.ResolveRequest{Attempt: s.Attempt.ID, Verdict: pos.VerdictNotPaid, Operator: "anna", Reason: "seen"})
	require.ErrorIs(t, err, pos.ErrDeclined)
	m.lose.Store(0)
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "2"})
	require.ErrorIs(t, err, unionpay.ErrSettling)
	s, err = till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
	require.NoError(t, err)
	require.Equal(t, pos.StateApproved, s.Attempt.State)
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "3"})
	require.NoError(t, err)
	require.EqualValues(t, 2, b.state.State().Batch)
	b.agree(t, j)
}

// A host that is not well for a moment gets every item all the same; one that
// stays so keeps the settlement open, and loses no item.
func TestAnItemIsNotGivenUpForASickHost(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	m := b.meddle()
	m.of, m.code = 0x0320, "96"
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	for i := range 20 {
		_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: fmt.Sprint(i)})
		require.NoError(t, err)
	}
	require.Empty(t, b.host.Inject("unbalanced"))
	m.sick.Store(7) // more than the tries of one go: the Till asks on
	s, err := till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
	require.NoError(t, err)
	require.Equal(t, pos.StateApproved, s.Attempt.State)
	require.Zero(t, m.sick.Load())
	require.Empty(t, b.state.State().Troubles)
	require.Len(t, b.state.State().Settled.Uploaded, 20)
}

// The host took the end message, its answer was lost, and the next batch has
// begun there: the settlement is done.
func TestAnotherBatchAfterTheEndIsTheEnd(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	m := b.meddle()
	m.of, m.code = 0x0320, "77"
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "1"})
	require.NoError(t, err)
	m.sick.Store(1000) // the totals agree: the end is the only 0320
	_, err = till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
	require.NoError(t, err)
	require.EqualValues(t, 2, b.state.State().Batch)
	m.sick.Store(0)
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "2"})
	require.NoError(t, err)
	b.agree(t, j)
}

// A sick host's answer to a reversal does not end it, whatever else does.
func TestASickHostReversesNothing(t *testing.T) {
	for _, any := range []bool{false, true} {
		for _, code := range []string{"96", "90", "68", "98"} {
			b := newBench(t, cuptest.Config{Unsigned: true}, unionpay.Profile{Unsigned: true, AnyCloses: any})
			m := b.meddle()
			var reversals atomic.Int64
			m.acts = func(mti int64) {
				if mti == 0x0400 {
					reversals.Add(1)
				}
			}
			m.of, m.code = 0x0400, code
			m.sick.Store(2)
			require.Empty(t, b.host.Inject("lose-answer"))
			j := postest.NewMemoryJournal()
			a, err := b.till(t, j).Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
			require.Error(t, err)
			require.Equal(t, pos.StateReversed, a.State, "%s, any closes: %v", code, any)
			require.EqualValues(t, 3, reversals.Load(), "two sick answers, then one that counts")
			b.agree(t, j)
		}
	}
}
