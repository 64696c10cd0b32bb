package pos_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
)

// day is work that passes every kind of barrier.
type day struct {
	name string
	peer func() *postest.Peer
	run  func(ctx context.Context, till *pos.Till, told func(pos.Attempt, error))
}

func days() []day {
	charge := func(ctx context.Context, till *pos.Till) (pos.Attempt, error) {
		return till.Charge(ctx, pos.ChargeRequest{Amount: cny(1280), Reference: "order-1"})
	}
	chargeOnly := func(ctx context.Context, till *pos.Till, told func(pos.Attempt, error)) { told(charge(ctx, till)) }
	abandon := func(ctx context.Context, till *pos.Till, told func(pos.Attempt, error)) {
		a, err := charge(ctx, till)
		if told(a, err); err == nil {
			told(till.Abandon(ctx, a.ID, "wrong"))
		}
	}
	peer := func(faults, undo []postest.Fault, noQuery bool) func() *postest.Peer {
		return func() *postest.Peer {
			return &postest.Peer{Faults: slices.Clone(faults), UndoFaults: slices.Clone(undo), NoQuery: noQuery}
		}
	}
	one := func(f ...postest.Fault) []postest.Fault { return f }
	list := []day{
		{"confirm", peer(nil, nil, false), func(ctx context.Context, till *pos.Till, told func(pos.Attempt, error)) {
			a, err := charge(ctx, till)
			if told(a, err); err == nil {
				told(till.Confirm(ctx, a.ID, "o-1"))
			}
		}},
		{"abandon", peer(nil, nil, false), abandon},
		{"abandon, undo answer lost", peer(nil, one(postest.FaultLoseAnswer), false), abandon},
		{"undo refused, then resolved", peer(nil, one(postest.FaultDecline, postest.FaultDecline, postest.FaultDecline), false),
			func(ctx context.Context, till *pos.Till, told func(pos.Attempt, error)) {
				a, err := charge(ctx, till)
				if told(a, err); err != nil {
					return
				}
				if a, err = till.Abandon(ctx, a.ID, "wrong"); a.State == pos.StateManual {
					told(a, err)
					told(till.Resolve(ctx, pos.ResolveRequest{Attempt: a.ID, Verdict: pos.VerdictUndo, Operator: "maria", Reason: "try again"}))
				}
			}},
		{"void and refund", peer(nil, nil, false), func(ctx context.Context, till *pos.Till, told func(pos.Attempt, error)) {
			a, err := charge(ctx, till)
			if told(a, err); err != nil {
				return
			}
			told(till.Refund(ctx, pos.RefundRequest{Original: a.ID, Amount: cny(280)}))
		}},
		{"late approval", peer(one(postest.FaultLate), nil, false), func(ctx context.Context, till *pos.Till, told func(pos.Attempt, error)) {
			a, err := charge(ctx, till)
			if told(a, err); a.ID != "" {
				told(till.Query(ctx, a.ID))
			}
		}},
	}
	for _, f := range []postest.Fault{postest.FaultBeforeSend, postest.FaultNotSent, postest.FaultLoseRequest, postest.FaultLoseAnswer,
		postest.FaultGarble, postest.FaultDecline, postest.FaultCancel, postest.FaultPartial, postest.FaultAutoReverse} {
		list = append(list, day{string(f), peer(one(f), nil, false), chargeOnly})
	}
	return append(list, day{"lose-answer without query", peer(one(postest.FaultLoseAnswer), nil, true), chargeOnly})
}

// live runs one day with the given barriers and reports what went wrong.
func live(t *testing.T, d day, killAt int, after bool, lose ...pos.EventKind) (problems []string, died bool) {
	t.Helper()
	ctx := t.Context()
	peer := d.peer()
	durable := postest.NewMemoryJournal()
	b := postest.NewBarriers(durable)
	b.KillAt, b.After, b.Lose = killAt, after, lose
	open := func(j pos.Journal, wrap bool) *pos.Till {
		var drv pos.Driver = &postest.Fake{Peer: peer}
		if wrap {
			drv = &postest.Witness{Driver: drv, Barriers: b}
		}
		till, err := pos.Open(ctx, pos.Config{ID: "lane-1", Journal: j, Drivers: map[string]pos.Driver{"card": drv}, Times: quick})
		require.NoError(t, err)
		return till
	}
	till := open(b, true)
	d.run(ctx, till, func(a pos.Attempt, err error) {
		if b.Dead() && err == nil {
			problems = append(problems, fmt.Sprintf("the money was told to be here by a dead process: %s", a.State))
		}
		b.Told(a, err)
	})
	till.Close()
	if len(lose) > 0 {
		return b.Problems(), false
	}
	problems = append(problems, b.Problems()...)
	next := durable.Reopen()
	after2 := open(next, false)
	defer after2.Close()
	for range 5 { // undos with lost answers need another start
		if _, err := after2.Recover(ctx); err == nil || !errors.Is(err, pos.ErrOutcomeUnknown) {
			break
		}
	}
	if d.name != "late approval" {
		problems = append(problems, postest.Agree(ctx, next, peer.Net())...)
	}
	return problems, b.Dead()
}

func TestADayKilledOnBothSidesOfEveryBarrierAgrees(t *testing.T) {
	rounds := 0
	for _, d := range days() {
		for at := 1; ; at++ {
			died := false
			for _, after := range []bool{false, true} {
				problems, dead := live(t, d, at, after)
				require.Empty(t, manualApart(problems), "%s, killed at barrier %d, after=%v", d.name, at, after)
				died = died || dead
				rounds++
			}
			if !died {
				break
			}
		}
	}
	t.Logf("%d deaths survived", rounds)
	require.Greater(t, rounds, 100)
}

// manualApart drops the notes on attempts that rightly wait for a person.
func manualApart(problems []string) (rest []string) {
	manual := false
	for _, p := range problems {
		if strings.Contains(p, "is manual") {
			manual = true
		} else {
			rest = append(rest, p)
		}
	}
	if manual { // then the sums need not agree: that is what the person is for
		return nil
	}
	return rest
}

// Every barrier is needed: with any one kind of them lost, something is told
// or sent that is not durable, and the suite sees it.
func TestEveryBarrierIsNeeded(t *testing.T) {
	for _, kind := range []pos.EventKind{pos.EventIntent, pos.EventVoided, pos.EventArmed, pos.EventDoubt, pos.EventOutcome,
		pos.EventUndo, pos.EventUndone, pos.EventConfirm, pos.EventSuspense, pos.EventResolve, pos.EventEvidence} {
		var found []string
		for _, d := range days() {
			problems, _ := live(t, d, 0, false, kind)
			found = append(found, problems...)
		}
		require.NotEmpty(t, found, "nothing noticed that %q events were lost", kind)
	}
	for _, d := range days() {
		problems, _ := live(t, d, 0, false, "none of them")
		require.Empty(t, problems, "with every barrier in place: %s", d.name)
	}
}
