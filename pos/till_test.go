package pos_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
)

func TestChargeEndsAsTheFaultSays(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault postest.Fault
		class error
		state pos.State
		books int64
	}{
		{"an approval is paid", postest.FaultNone, nil, pos.StateApproved, 1280},
		{"an error before the barrier sent nothing", postest.FaultBeforeSend, pos.ErrNotSent, pos.StateNotSent, 0},
		{"a counted zero after the barrier sent nothing", postest.FaultNotSent, pos.ErrNotSent, pos.StateNotSent, 0},
		{"a lost request is found to be nothing", postest.FaultLoseRequest, pos.ErrDeclined, pos.StateDeclined, 0},
		{"a lost answer is found to be paid", postest.FaultLoseAnswer, nil, pos.StateApproved, 1280},
		{"a garbled answer is found to be paid", postest.FaultGarble, nil, pos.StateApproved, 1280},
		{"a decline takes nothing", postest.FaultDecline, pos.ErrDeclined, pos.StateDeclined, 0},
		{"a cancel at the device takes nothing", postest.FaultCancel, pos.ErrCanceled, pos.StateCanceled, 0},
		{"a part is not enough", postest.FaultPartial, pos.ErrPartial, pos.StateApproved, 640},
		{"taken back by the peer takes nothing", postest.FaultAutoReverse, pos.ErrDeclined, pos.StateReversed, 0},
		{"what the device lacks is unsupported", postest.FaultUnsupported, pos.ErrUnsupported, pos.StateNotSent, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLane(t, c.fault)
			a, err := l.charge(1280, "order-1")
			if c.class == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.class)
			}
			require.Equal(t, c.state, a.State)
			require.Equal(t, c.books, l.peer.Net())
			l.agree()
			var e *pos.Error
			if errors.As(err, &e) {
				require.NotEmpty(t, e.Advice(pos.English))
				require.NotEmpty(t, e.Advice(pos.Chinese))
				require.Contains(t, e.Error(), "money moved: "+string(e.Moved()))
			}
		})
	}
}

func TestAnAmountThatWasNotAskedForIsNeverAnApproval(t *testing.T) {
	for _, fault := range []postest.Fault{postest.FaultOver, postest.FaultCurrency} {
		l := newLane(t, fault)
		a, err := l.charge(1280, "order-1")
		require.NotErrorIs(t, err, pos.ErrDeclined, "fault %s", fault)
		if fault == postest.FaultOver {
			require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
			require.Equal(t, pos.StateManual, a.State, "the peer insists on the amount: only a person can tell")
			require.Equal(t, pos.AlertAmount, a.Alerts[0].Kind)
		}
	}
}

func TestTheSameSaleAgainChargesNothing(t *testing.T) {
	l := newLane(t)
	first, err := l.charge(1280, "order-1")
	require.NoError(t, err)
	again, err := l.charge(1280, "order-1")
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	_, err = l.charge(1300, "order-1")
	require.ErrorIs(t, err, pos.ErrConflict)
	require.Equal(t, int64(1280), l.peer.Net())

	_, err = l.Void(t.Context(), pos.VoidRequest{Original: first.ID})
	require.NoError(t, err)
	anew, err := l.charge(1280, "order-1")
	require.NoError(t, err, "after a void the sale may be charged again")
	require.NotEqual(t, first.ID, anew.ID)
	l.agree()
}

func TestTheSameAttemptIDReturnsTheFirstPaymentAndOtherDetailsConflict(t *testing.T) {
	l := newLane(t, postest.FaultDecline)
	id := l.NewAttempt()
	r := pos.ChargeRequest{Amount: cny(1280), Reference: "order-1", Attempt: id}
	_, err := l.Charge(t.Context(), r)
	require.ErrorIs(t, err, pos.ErrDeclined)
	_, err = l.Charge(t.Context(), r)
	require.ErrorIs(t, err, pos.ErrDeclined, "the id is used up; the answer stays the same")
	require.Zero(t, l.peer.Net())
	r.Amount = cny(1)
	_, err = l.Charge(t.Context(), r)
	require.ErrorIs(t, err, pos.ErrConflict)
	l.agree()
}

func TestDoubtBlocksItsOwnSaleAndDeviceAndNothingElse(t *testing.T) {
	l := newLane(t, postest.FaultLoseAnswer)
	other := postest.NewFake()
	other.Name = "other terminal"
	l.Till.Close()
	l.peer.QueryErr = errors.New("no line")
	l.cfg.Drivers = map[string]pos.Driver{"card": &postest.Fake{Peer: l.peer}, "card2": other}
	till, err := pos.Open(t.Context(), l.cfg)
	require.NoError(t, err)
	defer till.Close()
	charge := func(tender, ref string) (pos.Attempt, error) {
		return till.Charge(t.Context(), pos.ChargeRequest{Tender: tender, Amount: cny(1280), Reference: ref})
	}
	doubted, err := charge("card", "order-1")
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	require.Equal(t, pos.StateUnknown, doubted.State)

	_, err = charge("card", "order-2")
	require.ErrorIs(t, err, pos.ErrBusy)
	require.ErrorContains(t, err, string(doubted.ID))
	_, err = charge("card2", "order-1")
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown, "the sale itself is in doubt, whatever the device")
	_, err = charge("card2", "order-2")
	require.NoError(t, err)

	l.peer.QueryErr = nil
	_, err = charge("card", "order-3")
	require.NoError(t, err, "the next charge settles the doubt first")
	a, err := l.journal.Get(t.Context(), doubted.ID)
	require.NoError(t, err)
	require.Equal(t, pos.StateApproved, a.State)
}

func TestSplitTenderNeverExceedsTheDue(t *testing.T) {
	l := newLane(t)
	part := func(tender string, minor int64, id pos.AttemptID) error {
		_, err := l.Charge(t.Context(), pos.ChargeRequest{Tender: tender, Amount: cny(minor), Due: cny(1000), Reference: "order-1", Attempt: id})
		return err
	}
	require.NoError(t, part("card", 400, ""))
	require.ErrorIs(t, part("card", 400, ""), pos.ErrConflict, "an equal part without an id may be a repeat")
	require.NoError(t, part("card", 400, "second-part"))
	require.ErrorIs(t, part("card", 201, ""), pos.ErrConflict)
	require.NoError(t, part(pos.Cash, 200, ""))
	require.ErrorIs(t, part(pos.Cash, 1, ""), pos.ErrConflict)
	_, err := l.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Amount: cny(1100), Due: cny(1000), Reference: "order-2"})
	require.ErrorIs(t, err, pos.ErrInvalid)
	require.Equal(t, int64(800), l.peer.Net())
}

func TestCashGivesChangeAndNothingElseMayExceed(t *testing.T) {
	l := newLane(t)
	a, err := l.Charge(t.Context(), pos.ChargeRequest{Tender: pos.Cash, Amount: cny(1280), Given: cny(2000), Reference: "order-1"})
	require.NoError(t, err)
	require.Equal(t, cny(720), a.Change)
	_, err = l.Charge(t.Context(), pos.ChargeRequest{Tender: pos.Cash, Amount: cny(1280), Given: cny(1000)})
	require.ErrorIs(t, err, pos.ErrInvalid)
	_, err = l.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Amount: cny(1280), Given: cny(2000)})
	require.ErrorIs(t, err, pos.ErrInvalid)
	_, err = l.Refund(t.Context(), pos.RefundRequest{Original: a.ID, Amount: cny(280)})
	require.NoError(t, err)
	_, err = l.Refund(t.Context(), pos.RefundRequest{Original: a.ID, Amount: cny(1001)})
	require.ErrorIs(t, err, pos.ErrConflict)
}

func TestNothingIsGivenBackTwice(t *testing.T) {
	l := newLane(t)
	a, err := l.charge(1000, "order-1")
	require.NoError(t, err)
	refund := func(minor int64, id pos.AttemptID) error {
		_, err := l.Refund(t.Context(), pos.RefundRequest{Original: a.ID, Amount: cny(minor), Attempt: id})
		return err
	}
	require.NoError(t, refund(300, ""))
	require.ErrorIs(t, refund(300, ""), pos.ErrConflict, "an equal refund without an id may be a repeat")
	require.NoError(t, refund(300, "again-on-purpose"))
	require.NoError(t, refund(300, "again-on-purpose"), "the same id is the same refund")
	require.ErrorIs(t, refund(401, ""), pos.ErrConflict)
	_, err = l.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.ErrorIs(t, err, pos.ErrConflict, "partly refunded: no void")
	require.NoError(t, refund(400, ""))
	require.Zero(t, l.peer.Net())
	l.agree()
}

func TestAVoidIsRepeatable(t *testing.T) {
	l := newLane(t, postest.FaultNone, postest.FaultLoseAnswer)
	a, err := l.charge(1000, "order-1")
	require.NoError(t, err)
	v, err := l.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err, "its lost answer was asked for")
	again, err := l.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err)
	require.Equal(t, v.ID, again.ID)
	require.Zero(t, l.peer.Net())
	l.agree()
}

func TestBadRequestsSendNothing(t *testing.T) {
	l := newLane(t)
	for _, r := range []pos.ChargeRequest{
		{Amount: cny(0)}, {Amount: cny(-1)}, {},
		{Amount: pos.FromMinor(5, "ABC")},
		{Amount: cny(5), Tender: "wechat"},
		{Amount: cny(5), Attempt: "has space"},
		{Amount: cny(5), Attempt: pos.AttemptID(strings.Repeat("x", pos.MaxIDLen+1))},
		{Amount: cny(5), Reference: strings.Repeat("x", pos.MaxReferenceLen+1)},
		{Amount: cny(5), Reference: "4111111111111111"},
		{Amount: cny(5), Due: pos.FromMinor(5, pos.EUR)},
	} {
		_, err := l.Charge(t.Context(), r)
		require.ErrorIs(t, err, pos.ErrInvalid, "%+v", r)
	}
	_, err := l.Void(t.Context(), pos.VoidRequest{Original: "nobody"})
	require.ErrorIs(t, err, pos.ErrNotFound)
	require.Empty(t, l.peer.Books())
}

func TestConfirmAndAbandon(t *testing.T) {
	l := newLane(t)
	a, err := l.charge(1000, "order-1")
	require.NoError(t, err)
	l.restart()
	require.Len(t, l.Recovered().Orphans, 1)
	c, err := l.Confirm(t.Context(), a.ID, "order-1")
	require.NoError(t, err)
	require.Equal(t, pos.StateConfirmed, c.State)
	_, err = l.Confirm(t.Context(), a.ID, "order-1")
	require.NoError(t, err)
	_, err = l.Confirm(t.Context(), a.ID, "order-2")
	require.ErrorIs(t, err, pos.ErrConflict)
	_, err = l.Abandon(t.Context(), a.ID, "")
	require.ErrorIs(t, err, pos.ErrConflict)

	b, err := l.charge(500, "order-2")
	require.NoError(t, err)
	b, err = l.Abandon(t.Context(), b.ID, "customer left")
	require.NoError(t, err)
	require.Equal(t, pos.StateReversed, b.State)
	b, err = l.Abandon(t.Context(), b.ID, "customer left")
	require.NoError(t, err, "abandoning what holds no money changes nothing")
	require.Equal(t, int64(1000), l.peer.Net())
	l.agree()
}

func TestAutoConfirmLeavesNoOrphan(t *testing.T) {
	l := newLane(t)
	l.Till.Close()
	l.cfg.AutoConfirm = true
	l.open()
	a, err := l.charge(1000, "order-1")
	require.NoError(t, err)
	require.Equal(t, pos.StateConfirmed, a.State)
}

func TestAnUndoIsNeverDropped(t *testing.T) {
	t.Run("no answer keeps it reversing until the next start", func(t *testing.T) {
		l := newLane(t)
		l.peer.UndoFaults = []postest.Fault{postest.FaultLoseRequest, postest.FaultLoseAnswer}
		a, err := l.charge(1000, "order-1")
		require.NoError(t, err)
		a, err = l.Abandon(t.Context(), a.ID, "wrong amount")
		require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
		require.Equal(t, pos.StateReversing, a.State)
		l.restart() // books it, loses the answer
		require.Len(t, l.Recovered().Unresolved, 1)
		l.restart()
		require.Len(t, l.Recovered().Settled, 1)
		require.Equal(t, 3, l.Recovered().Settled[0].Tries)
		l.agree()
	})
	t.Run("refusals call a person, whose verdict ends it", func(t *testing.T) {
		l := newLane(t)
		l.peer.UndoFaults = []postest.Fault{postest.FaultDecline, postest.FaultDecline, postest.FaultDecline}
		a, err := l.charge(1000, "order-1")
		require.NoError(t, err)
		a, err = l.Abandon(t.Context(), a.ID, "wrong amount")
		require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
		require.Equal(t, pos.StateManual, a.State)
		_, err = l.charge(1000, "order-1")
		require.ErrorIs(t, err, pos.ErrOutcomeUnknown, "a manual attempt keeps its sale locked")
		_, err = l.charge(700, "order-2")
		require.NoError(t, err, "but not the device")

		_, err = l.Resolve(t.Context(), pos.ResolveRequest{Attempt: a.ID, Verdict: pos.VerdictPaid})
		require.ErrorIs(t, err, pos.ErrInvalid, "without a name nobody has spoken")
		a, err = l.Resolve(t.Context(), pos.ResolveRequest{Attempt: a.ID, Verdict: pos.VerdictUndo, Operator: "maria", Reason: "terminal was rebooted"})
		require.ErrorIs(t, err, pos.ErrDeclined)
		require.Equal(t, pos.StateReversed, a.State)
		_, err = l.Resolve(t.Context(), pos.ResolveRequest{Attempt: a.ID, Verdict: pos.VerdictPaid, Operator: "maria", Reason: "x"})
		require.ErrorIs(t, err, pos.ErrConflict)
		l.agree()
	})
	t.Run("a rail that cannot be asked is undone first", func(t *testing.T) {
		l := newLane(t, postest.FaultLoseAnswer)
		l.peer.NoQuery = true
		a, err := l.charge(1000, "order-1")
		require.ErrorIs(t, err, pos.ErrDeclined)
		require.Equal(t, pos.StateReversed, a.State)
		l.agree()
	})
	t.Run("a device that cannot undo calls a person", func(t *testing.T) {
		l := newLane(t, postest.FaultLoseAnswer)
		l.peer.NoQuery = true
		l.peer.UndoFaults = []postest.Fault{postest.FaultUnsupported}
		a, err := l.charge(1000, "order-1")
		require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
		require.Equal(t, pos.StateManual, a.State)
		a, err = l.Resolve(t.Context(), pos.ResolveRequest{Attempt: a.ID, Verdict: pos.VerdictPaid, Operator: "maria", Reason: "seen on the host's list"})
		require.NoError(t, err)
		require.Equal(t, pos.StateForced, a.State)
		l.agree()
	})
}

func TestADriverThatCannotTellCallsAPersonAtOnce(t *testing.T) {
	l := newLane(t, postest.FaultLoseAnswer)
	l.peer.QueryErr = pos.ErrManual
	a, err := l.charge(1000, "order-1")
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	require.Equal(t, pos.StateManual, a.State)
	require.Equal(t, 1, l.peer.Asked())
}

func TestNotFoundIsBelievedOnlyWithProofOrAfterTheQuarantine(t *testing.T) {
	l := newLane(t, postest.FaultLate)
	l.peer.Weak = true
	l.Till.Close()
	l.cfg.Times.Quarantine = 1 << 40
	l.open()
	a, err := l.charge(1000, "order-1")
	require.NoError(t, err, "the request arrived late, and was found by asking again")
	require.Equal(t, pos.StateApproved, a.State)
	require.Greater(t, l.peer.Asked(), 1)
	l.agree()
}

// A status said "not found" and the attempt was closed; then the peer reports
// success. That is evidence and a matter for a person; the sale is neither
// marked paid nor free to be charged again.
func TestALateApprovalIsEvidenceAndAMatterForAPerson(t *testing.T) {
	l := newLane(t, postest.FaultLate)
	a, err := l.charge(1000, "order-1")
	require.ErrorIs(t, err, pos.ErrDeclined)
	require.Equal(t, pos.StateDeclined, a.State)
	for range 2 {
		a, err = l.Query(t.Context(), a.ID)
		require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
		require.Equal(t, pos.StateManual, a.State)
		require.Len(t, a.Alerts, 1, "kept once")
		require.Equal(t, pos.AlertLateApproval, a.Alerts[0].Kind)
		require.Equal(t, cny(1000), a.Alerts[0].Approved)
	}
	_, err = l.charge(1000, "order-1")
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	_, err = l.Charge(t.Context(), pos.ChargeRequest{Tender: pos.Cash, Amount: cny(1000), Reference: "order-1"})
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	r, err := l.Recover(t.Context())
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	require.Len(t, r.Manual, 1)
	a, err = l.Resolve(t.Context(), pos.ResolveRequest{Attempt: a.ID, Verdict: pos.VerdictUndo, Operator: "maria", Reason: "customer has gone"})
	require.ErrorIs(t, err, pos.ErrDeclined)
	require.Equal(t, pos.StateReversed, a.State)
	l.agree()
}

func TestWhatWasGivenBackIsNotCalledPaid(t *testing.T) {
	l := newLane(t)
	id := l.NewAttempt()
	r := pos.ChargeRequest{Amount: cny(1000), Reference: "order-1", Attempt: id}
	_, err := l.Charge(t.Context(), r)
	require.NoError(t, err)
	_, err = l.Refund(t.Context(), pos.RefundRequest{Original: id, Amount: cny(400)})
	require.NoError(t, err)
	_, err = l.Query(t.Context(), id)
	require.ErrorIs(t, err, pos.ErrPartial)
	_, err = l.Refund(t.Context(), pos.RefundRequest{Original: id, Amount: cny(600)})
	require.NoError(t, err)
	_, err = l.Query(t.Context(), id)
	require.ErrorIs(t, err, pos.ErrConflict)
	_, err = l.Charge(t.Context(), r)
	require.ErrorIs(t, err, pos.ErrConflict, "the same call again must not hand the goods over")
	_, err = l.Confirm(t.Context(), id, "order-1")
	require.ErrorIs(t, err, pos.ErrConflict)
	rec, err := l.Recover(t.Context())
	require.NoError(t, err)
	require.Empty(t, rec.Orphans)

	b, err := l.charge(500, "order-2")
	require.NoError(t, err)
	l.peer.Faults = []postest.Fault{postest.FaultLoseAnswer}
	l.peer.QueryErr = errors.New("no line")
	_, err = l.Void(t.Context(), pos.VoidRequest{Original: b.ID})
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	_, err = l.Query(t.Context(), b.ID)
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown, "it may be going back right now")
}

func TestAbandonAndRefundNeverBothGiveBack(t *testing.T) {
	for range 20 {
		l := newLane(t)
		a, err := l.charge(1000, "order-1")
		require.NoError(t, err)
		l.peer.Delay = 1e6
		cfg := l.cfg
		cfg.ID, cfg.Drivers = "lane-2", map[string]pos.Driver{"card": &postest.Fake{Peer: l.peer, Name: "fake"}}
		other, err := pos.Open(t.Context(), cfg)
		require.NoError(t, err)
		var wg sync.WaitGroup
		wg.Go(func() { l.Abandon(t.Context(), a.ID, "customer left") })
		wg.Go(func() { other.Refund(t.Context(), pos.RefundRequest{Original: a.ID}) })
		wg.Wait()
		other.Close()
		require.GreaterOrEqual(t, l.peer.Net(), int64(0))
		l.agree()
		l.Till.Close()
	}
}

func TestADoneRefundIsNoOrphanAndCannotBeAbandoned(t *testing.T) {
	l := newLane(t)
	a, err := l.charge(1000, "order-1")
	require.NoError(t, err)
	v, err := l.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err)
	_, err = l.Abandon(t.Context(), v.ID, "mistake")
	require.ErrorIs(t, err, pos.ErrConflict)
	l.restart()
	require.Empty(t, l.Recovered().Orphans)
	l.agree()
}

func TestAnAttemptBehindManyOrphansIsRecovered(t *testing.T) {
	j, peer := postest.NewMemoryJournal(), &postest.Peer{}
	append1 := func(events ...pos.Event) {
		t.Helper()
		_, err := j.Append(t.Context(), events...)
		require.NoError(t, err)
	}
	for i := range pos.DefaultFindLimit + 1 {
		id := pos.AttemptID(fmt.Sprintf("old-%d", i))
		append1(pos.Event{Kind: pos.EventIntent, Attempt: id, Intent: &pos.Intent{Till: "lane-1", Type: pos.TypeCharge,
			Reference: string(id), Tender: pos.Cash, Amount: cny(1)}},
			pos.Event{Kind: pos.EventOutcome, Attempt: id, Reply: &pos.Reply{Outcome: pos.OutcomeApproved}})
	}
	append1(pos.Event{Kind: pos.EventIntent, Attempt: "doubt", Intent: &pos.Intent{Till: "lane-1", Type: pos.TypeCharge,
		Reference: "r", Tender: "card", Device: "fake", Amount: cny(5)}}, pos.Event{Kind: pos.EventArmed, Attempt: "doubt"})
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane-1", Journal: j.Reopen(), Times: quick,
		Drivers: map[string]pos.Driver{"card": &postest.Fake{Peer: peer}}})
	require.NoError(t, err)
	defer till.Close()
	require.Len(t, till.Recovered().Settled, 1)
	require.Len(t, till.Recovered().Orphans, pos.MaxOrphans)
	require.True(t, till.Recovered().More)
}

// lastOnly is a driver whose peer can tell of its last booking only.
type lastOnly struct{ *postest.Fake }

func (lastOnly) LastOnly() bool { return true }

func TestALastBookingIsNeverTakenForAnOlderAttempts(t *testing.T) {
	l := newLane(t, postest.FaultLate)
	l.Till.Close()
	l.cfg.Drivers = map[string]pos.Driver{"card": lastOnly{&postest.Fake{Peer: l.peer}}}
	till, err := pos.Open(t.Context(), l.cfg)
	require.NoError(t, err)
	defer till.Close()
	charge := func(ref string) (pos.Attempt, error) {
		return till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: ref})
	}
	a, err := charge("order-1")
	require.ErrorIs(t, err, pos.ErrDeclined)
	_, err = charge("order-2")
	require.NoError(t, err)
	asked := l.peer.Asked()
	a, err = till.Query(t.Context(), a.ID)
	require.ErrorIs(t, err, pos.ErrDeclined)
	require.Empty(t, a.Alerts, "the peer would have told of order-2")
	require.Equal(t, asked, l.peer.Asked())
}

func TestWhateverAPeerSaysCanBeKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringN(0, 9000, 9000), rapid.Just("4111111111111111=25121011"), rapid.StringMatching(`[0-9 ]{10,40}`))
		r := pos.Reply{Outcome: pos.OutcomeApproved, Approved: cny(100), AuthCode: text.Draw(t, "auth"), Text: text.Draw(t, "text"), Card: text.Draw(t, "card"),
			Handle: rapid.MapOfN(text, text, 0, 40).Draw(t, "handle"),
			Slips:  []pos.Slip{{Kind: pos.SlipKind(text.Draw(t, "kind")), Lines: rapid.SliceOfN(text, 0, 900).Draw(t, "lines")}},
			Totals: []pos.Total{{Name: text.Draw(t, "name"), Amount: cny(1)}}}
		till, err := pos.Open(context.Background(), pos.Config{ID: "lane-1", Journal: postest.NewMemoryJournal(), Times: quick,
			Drivers: map[string]pos.Driver{"card": saying{postest.NewFake(), r}}})
		if err != nil {
			t.Fatal(err)
		}
		defer till.Close()
		if a, err := till.Charge(context.Background(), pos.ChargeRequest{Amount: cny(100)}); err != nil {
			t.Fatalf("%v, state %s", err, a.State)
		}
	})
}

// saying is a driver that answers one thing.
type saying struct {
	*postest.Fake
	r pos.Reply
}

func (s saying) Transact(ctx context.Context, _ pos.Operation, session pos.Session) (pos.Reply, error) {
	if err := session.BeforeSend(ctx, pos.Handle{"k": "v"}); err != nil {
		return pos.Reply{}, err
	}
	return s.r, nil
}

func TestCancelingBeforeTheBarrierEndsTheAttemptAndAfterItTellsTheTruth(t *testing.T) {
	l := newLane(t, postest.FaultHang)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.Charge(ctx, pos.ChargeRequest{Amount: cny(1000), Reference: "order-0"})
	require.ErrorIs(t, err, pos.ErrCanceled)

	ctx, cancel = context.WithCancel(t.Context())
	l.Till.Close()
	l.cfg.Progress = func(p pos.Progress) {
		if p.Step == pos.StepSent {
			cancel()
		}
	}
	l.open()
	a, err := l.Charge(ctx, pos.ChargeRequest{Amount: cny(1000), Reference: "order-1"})
	require.NoError(t, err, "the cancel came too late: it was paid, and the call says so")
	require.Equal(t, pos.StateApproved, a.State)
	l.agree()
}

func TestSettleComparesBothSidesAndRefusesOpenAttempts(t *testing.T) {
	l := newLane(t)
	_, err := l.charge(1000, "order-1")
	require.NoError(t, err)
	s, err := l.Settle(t.Context(), pos.SettleRequest{Tender: "card", Currency: pos.CNY})
	require.NoError(t, err)
	require.True(t, s.Equal)
	require.Equal(t, cny(1000), s.Journal.Amount)
	require.Len(t, s.Orphans, 1)

	l.peer.Faults = []postest.Fault{postest.FaultLoseAnswer}
	l.peer.QueryErr = errors.New("no line")
	_, err = l.charge(500, "order-2")
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	_, err = l.Settle(t.Context(), pos.SettleRequest{Tender: "card", Currency: pos.CNY})
	require.ErrorIs(t, err, pos.ErrConflict)
	_, err = l.Settle(t.Context(), pos.SettleRequest{Tender: pos.Cash, Currency: pos.CNY})
	require.ErrorIs(t, err, pos.ErrInvalid)
}

func TestTwoLanesOnOneTerminal(t *testing.T) {
	j, peer := postest.NewMemoryJournal(), &postest.Peer{Delay: 1e7}
	fake := &postest.Fake{Peer: peer}
	var wg sync.WaitGroup
	var mu sync.Mutex
	paid, busy := 0, 0
	for _, id := range []string{"lane-1", "lane-2", "lane-3"} {
		till, err := pos.Open(t.Context(), pos.Config{ID: id, Journal: j, Drivers: map[string]pos.Driver{"card": fake}, Times: quick})
		require.NoError(t, err)
		wg.Go(func() {
			_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: id})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				paid++
			case errors.Is(err, pos.ErrBusy):
				busy++
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, paid)
	require.Equal(t, 2, busy)
	require.Equal(t, int64(100), peer.Net())
}

func TestALaneLeavesTheRunningPaymentOfAnotherAlone(t *testing.T) {
	l := newLane(t, postest.FaultHang)
	ctx, cancel := context.WithCancel(t.Context())
	armed, done := make(chan pos.AttemptID, 1), make(chan error, 1)
	l.Till.Close()
	l.cfg.Progress = func(p pos.Progress) {
		if p.Step == pos.StepSent {
			armed <- p.Attempt
		}
	}
	l.open()
	go func() {
		_, err := l.Charge(ctx, pos.ChargeRequest{Amount: cny(100), Reference: "order-1"})
		done <- err
	}()
	id := <-armed
	cfg := l.cfg
	_, err := pos.Open(t.Context(), cfg)
	require.ErrorIs(t, err, pos.ErrConflict, "one name, one till")
	cfg.ID, cfg.Drivers = "lane-2", map[string]pos.Driver{"card": &postest.Fake{Peer: l.peer}}
	other, err := pos.Open(t.Context(), cfg)
	require.NoError(t, err)
	defer other.Close()
	for name, call := range map[string]func() error{
		"charge": func() error {
			_, err := other.Charge(ctx, pos.ChargeRequest{Amount: cny(5), Reference: "order-2"})
			return err
		},
		"query":   func() error { _, err := other.Query(ctx, id); return err },
		"abandon": func() error { _, err := other.Abandon(ctx, id, "x"); return err },
	} {
		require.ErrorIs(t, call(), pos.ErrBusy, name)
	}
	_, err = other.Recover(ctx)
	require.NoError(t, err)
	cancel()
	require.NoError(t, <-done)
	l.agree()
}

func TestManyCallersOfOneSaleChargeItOnce(t *testing.T) {
	l := newLane(t)
	l.peer.Delay = 1e6
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { l.charge(1000, "order-1") })
	}
	wg.Wait()
	require.Equal(t, int64(1000), l.peer.Net())
	l.agree()
}

func TestAClosedTillRefuses(t *testing.T) {
	l := newLane(t)
	require.NoError(t, l.Till.Close())
	require.NoError(t, l.Till.Close())
	_, err := l.charge(1000, "order-1")
	require.ErrorIs(t, err, pos.ErrClosed)
}

func TestPreviewAndRedeem(t *testing.T) {
	l := newLane(t)
	p, err := l.Preview(t.Context(), "card", pos.NewSecret([]byte("VOUCHER-1")))
	require.NoError(t, err)
	require.True(t, p.Vouchers[0].Usable)
	a, err := l.Redeem(t.Context(), pos.RedeemRequest{Amount: cny(5000), Reference: "order-1", Code: pos.NewSecret([]byte("VOUCHER-1"))})
	require.NoError(t, err)
	require.Equal(t, pos.TypeRedeem, a.Type)
	_, err = l.Preview(t.Context(), pos.Cash, pos.Secret{})
	require.ErrorIs(t, err, pos.ErrUnsupported)
	l.agree()
}

func TestHoldsAreCompletedOrReleasedOnce(t *testing.T) {
	l := newLane(t)
	hold, err := l.Preauthorize(t.Context(), pos.PreauthRequest{Amount: cny(1000), Reference: "room-7"})
	require.NoError(t, err)
	require.Zero(t, l.peer.Net())
	_, err = l.charge(1000, "room-7")
	require.ErrorIs(t, err, pos.ErrConflict, "the sale is held already")
	_, err = l.Complete(t.Context(), pos.CompletionRequest{Original: hold.ID, Amount: cny(1001)})
	require.ErrorIs(t, err, pos.ErrConflict)
	done, err := l.Complete(t.Context(), pos.CompletionRequest{Original: hold.ID, Amount: cny(800)})
	require.NoError(t, err)
	_, err = l.Void(t.Context(), pos.VoidRequest{Original: hold.ID})
	require.ErrorIs(t, err, pos.ErrConflict)
	_, err = l.Refund(t.Context(), pos.RefundRequest{Original: done.ID, Amount: cny(100)})
	require.NoError(t, err)
	require.Equal(t, int64(700), l.peer.Net())
	l.agree()
}

func TestPaperIsCountedAndSurvivesARestart(t *testing.T) {
	l := newLane(t)
	a, err := l.charge(1000, "order-1")
	require.NoError(t, err)
	count := func(kind pos.SlipKind) int {
		n, err := l.Printing(t.Context(), a.ID, kind, "anna")
		require.NoError(t, err)
		return n
	}
	require.Equal(t, 1, count(pos.SlipCustomer))
	require.Equal(t, 1, count(pos.SlipMerchant), "each copy has its own count")
	require.NoError(t, l.Till.Close())
	l.open()
	require.Equal(t, 2, count(pos.SlipCustomer), "the original was printed before the restart")
	_, err = l.Printing(t.Context(), "nobody", pos.SlipCustomer, "")
	require.ErrorIs(t, err, pos.ErrNotFound)
	_, err = l.Printing(t.Context(), a.ID, "poster", "")
	require.ErrorIs(t, err, pos.ErrInvalid)
	now, err := l.Find(t.Context(), pos.Filter{Reference: "order-1"})
	require.NoError(t, err)
	require.Equal(t, pos.StateApproved, now[0].State, "paper never changes the money")
	l.agree()
}

// A rail that cannot be asked, and a line that is away: the undo is decided
// once, tried again and again, and the journal does not grow meanwhile.
func TestAnUndoWithoutALineIsDecidedOnce(t *testing.T) {
	l := newLane(t, postest.FaultLoseAnswer)
	l.peer.NoQuery = true
	for range 10_000 {
		l.peer.UndoFaults = append(l.peer.UndoFaults, postest.FaultBeforeSend)
	}
	a, err := l.charge(1000, "order-1")
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	require.Equal(t, pos.StateReversing, a.State)
	require.LessOrEqual(t, a.Updated-a.Seq, int64(3), "intent, armed, doubt, undo")
	l.peer.UndoFaults = nil
	_, err = l.Recover(t.Context())
	require.NoError(t, err)
	require.Zero(t, l.peer.Net())
	l.agree()
}
