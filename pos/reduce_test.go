package pos_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
)

// events returns one of every event that could be tried, with every outcome and verdict.
func events() []pos.Event {
	const id = "a-1"
	intent := func(tender string) pos.Event {
		return pos.Event{Kind: pos.EventIntent, Attempt: id, Intent: &pos.Intent{Till: "t", Type: pos.TypeCharge,
			Reference: "r", Tender: tender, Amount: cny(100)}}
	}
	list := []pos.Event{
		intent("card"), intent(pos.Cash),
		{Kind: pos.EventVoided, Attempt: id, Reply: &pos.Reply{}},
		{Kind: pos.EventVoided, Attempt: id, Reply: &pos.Reply{Outcome: pos.OutcomeCanceled}},
		{Kind: pos.EventArmed, Attempt: id, Handle: pos.Handle{"k": "v"}},
		{Kind: pos.EventDoubt, Attempt: id, Reason: "cut"},
		{Kind: pos.EventUndo, Attempt: id, Reason: "x"},
		{Kind: pos.EventUndo, Attempt: id, Reason: "x", Try: 1},
		{Kind: pos.EventUndone, Attempt: id, Reply: &pos.Reply{}},
		{Kind: pos.EventConfirm, Attempt: id, OrderID: "o"},
		{Kind: pos.EventSuspense, Attempt: id, Reason: "x"},
		{Kind: pos.EventPrinted, Attempt: id, Slip: "poster"}, // no kind of slip
	}
	for _, o := range []pos.Outcome{pos.OutcomeUnknown, pos.OutcomeApproved, pos.OutcomeDeclined, pos.OutcomeCanceled,
		pos.OutcomeReversed, pos.OutcomeNotSent, pos.OutcomePending, pos.OutcomeNotFound} {
		list = append(list, pos.Event{Kind: pos.EventOutcome, Attempt: id, Reply: &pos.Reply{Outcome: o}})
	}
	for _, minor := range []int64{50, 101, -1} {
		list = append(list, pos.Event{Kind: pos.EventOutcome, Attempt: id, Reply: &pos.Reply{Outcome: pos.OutcomeApproved, Approved: cny(minor)}})
	}
	for _, v := range []pos.Verdict{pos.VerdictPaid, pos.VerdictNotPaid, pos.VerdictUndone, pos.VerdictUndo, "guess"} {
		list = append(list, pos.Event{Kind: pos.EventResolve, Attempt: id, Verdict: v, Operator: "maria", Reason: "seen"},
			pos.Event{Kind: pos.EventResolve, Attempt: id, Verdict: v})
	}
	return list
}

type edge struct {
	from  pos.State
	event pos.EventKind
	to    pos.State
}

// walk visits every state that can be reached and returns every arrow there is.
func walk(t *testing.T) map[edge]bool {
	edges := map[edge]bool{}
	seen := map[string]bool{}
	queue := []pos.Attempt{{}}
	for len(queue) > 0 {
		a := queue[0]
		queue = queue[1:]
		for _, e := range events() {
			before := fmt.Sprintf("%+v", a)
			next, _, err := pos.Reduce(a, e)
			require.Equal(t, before, fmt.Sprintf("%+v", a), "the input was changed by %s", e.Kind)
			if err != nil {
				require.Equal(t, a, next)
				continue
			}
			edges[edge{a.State, e.Kind, next.State}] = true
			key := fmt.Sprintf("%s %s %v %d", next.State, next.Tender, next.Approved, min(next.Tries, 1))
			if !seen[key] {
				seen[key] = true
				queue = append(queue, next)
			}
		}
	}
	return edges
}

func TestTheStateMachineHasExactlyTheseArrows(t *testing.T) {
	edges := walk(t)
	var got []string
	for e := range edges {
		got = append(got, fmt.Sprintf("%s --%s--> %s", e.from, e.event, e.to))
	}
	slices.Sort(got)
	want := []string{
		" --intent--> intent",
		"approved --confirm--> confirmed",
		"approved --undo--> reversing",
		"armed --doubt--> unknown",
		"armed --outcome--> approved", "armed --outcome--> canceled", "armed --outcome--> declined",
		"armed --outcome--> not_sent", "armed --outcome--> reversed",
		"intent --armed--> armed",
		"intent --outcome--> approved", "intent --outcome--> canceled", "intent --outcome--> declined", // cash alone
		"intent --outcome--> not_sent", "intent --outcome--> reversed",
		"intent --voided--> canceled", "intent --voided--> not_sent",
		"manual --resolve--> declined", "manual --resolve--> forced", "manual --resolve--> reversed", "manual --resolve--> reversing",
		"manual --undo--> reversing",
		"reversing --resolve--> reversed",
		"reversing --suspense--> manual",
		"reversing --undo--> reversing",
		"reversing --undone--> reversed",
		"unknown --doubt--> unknown",
		"unknown --outcome--> approved", "unknown --outcome--> canceled", "unknown --outcome--> declined",
		"unknown --outcome--> not_sent", "unknown --outcome--> reversed",
		"unknown --resolve--> declined", "unknown --resolve--> forced", "unknown --resolve--> reversed", "unknown --resolve--> reversing",
		"unknown --suspense--> manual",
		"unknown --undo--> reversing",
	}
	slices.Sort(want)
	require.Equal(t, want, got)
}

func TestInvariantsOfTheStateMachine(t *testing.T) {
	edges := walk(t)
	states := map[pos.State]bool{}
	for e := range edges {
		states[e.to] = true
		if e.to == pos.StateArmed {
			require.Equal(t, pos.StateIntent, e.from, "one key, one money message")
		}
		if e.from == pos.StateReversing {
			require.NotEqual(t, pos.StateApproved, e.to, "an undo is one-way")
			require.NotEqual(t, pos.StateForced, e.to)
		}
		if !e.from.Live() && e.from != "" && e.from != pos.StateApproved && e.from != e.to {
			t.Errorf("closed state %s still moves to %s", e.from, e.to)
		}
	}
	for _, s := range []pos.State{pos.StateIntent, pos.StateArmed, pos.StateUnknown, pos.StateReversing, pos.StateApproved,
		pos.StateConfirmed, pos.StateDeclined, pos.StateCanceled, pos.StateNotSent, pos.StateReversed, pos.StateManual, pos.StateForced} {
		require.True(t, states[s], "state %s is never reached", s)
	}
	require.True(t, endsFrom(edges, pos.StateArmed), "every armed attempt can end")
}

// endsFrom reports whether every state reachable from s can reach a closed one.
func endsFrom(edges map[edge]bool, s pos.State) bool {
	closed := func(s pos.State) bool { return !s.Live() }
	reach := map[pos.State]bool{s: true}
	for range 20 {
		for e := range edges {
			if reach[e.from] {
				reach[e.to] = true
			}
		}
	}
	for from := range reach {
		ok := closed(from)
		for e := range edges {
			ok = ok || e.from == from && e.to != from
		}
		if !ok {
			return false
		}
	}
	return true
}

func TestEvidenceNeverMakesAnAttemptPaid(t *testing.T) {
	a := pos.Attempt{ID: "a-1", State: pos.StateDeclined, Amount: cny(100)}
	e := pos.Event{Kind: pos.EventEvidence, Attempt: "a-1", Alert: pos.AlertLateApproval, Seq: 9,
		Reply: &pos.Reply{Outcome: pos.OutcomeApproved, Approved: cny(100)}}
	b, effects, err := pos.Reduce(a, e)
	require.NoError(t, err)
	require.Equal(t, []pos.Effect{pos.EffectAlert, pos.EffectPerson}, effects)
	require.Equal(t, pos.StateManual, b.State, "a person must look")
	c, _, err := pos.Reduce(b, e)
	require.NoError(t, err)
	require.Len(t, b.Alerts, 1, "published attempts are never changed")
	require.Len(t, c.Alerts, 2)
}

func TestEffectsSayWhatMayHappen(t *testing.T) {
	a := pos.Attempt{}
	for _, c := range []struct {
		e    pos.Event
		want []pos.Effect
	}{
		{events()[0], nil},
		{pos.Event{Kind: pos.EventArmed, Attempt: "a-1"}, []pos.Effect{pos.EffectSend}},
		{pos.Event{Kind: pos.EventDoubt, Attempt: "a-1"}, []pos.Effect{pos.EffectAsk}},
		{pos.Event{Kind: pos.EventUndo, Attempt: "a-1"}, []pos.Effect{pos.EffectUndo}},
		{pos.Event{Kind: pos.EventSuspense, Attempt: "a-1"}, []pos.Effect{pos.EffectPerson}},
		{pos.Event{Kind: pos.EventResolve, Attempt: "a-1", Verdict: pos.VerdictPaid, Operator: "m", Reason: "r"}, []pos.Effect{pos.EffectTell}},
	} {
		next, effects, err := pos.Reduce(a, c.e)
		require.NoError(t, err)
		require.Equal(t, c.want, effects, "%s", c.e.Kind)
		a = next
	}
}

func TestPrintingChangesNothingButTheCount(t *testing.T) {
	seen := map[pos.State]bool{}
	queue := []pos.Attempt{{}}
	for len(queue) > 0 {
		a := queue[0]
		queue = queue[1:]
		next, effects, err := pos.Reduce(a, pos.Event{Kind: pos.EventPrinted, Attempt: a.ID, Slip: pos.SlipCustomer})
		if a.State == "" {
			require.Error(t, err, "no paper before there is an attempt")
		} else {
			require.NoError(t, err)
			require.Empty(t, effects)
			require.Equal(t, map[pos.SlipKind]int{pos.SlipCustomer: 1}, next.Printed)
			require.Nil(t, a.Printed, "the input was changed")
			again, _, err := pos.Reduce(next, pos.Event{Kind: pos.EventPrinted, Attempt: a.ID, Slip: pos.SlipCustomer})
			require.NoError(t, err)
			require.Equal(t, 2, again.Printed[pos.SlipCustomer])
			next.Printed, next.Updated, next.Changed = a.Printed, a.Updated, a.Changed
			require.Equal(t, a, next)
		}
		for _, e := range events() {
			if next, _, err := pos.Reduce(a, e); err == nil && !seen[next.State] {
				seen[next.State] = true
				queue = append(queue, next)
			}
		}
	}
	require.Len(t, seen, 12)
}
