package pos

import (
	"fmt"
	"maps"
)

// Effect is what must or may happen next, as data.
type Effect string

// The effects of an event.
const (
	EffectSend   Effect = "send"   // exactly one money message may leave
	EffectAsk    Effect = "ask"    // only questions may leave
	EffectUndo   Effect = "undo"   // only the undo and its repeats may leave
	EffectTell   Effect = "tell"   // the register may be told: the money is here
	EffectReject Effect = "reject" // the register may be told: nothing was taken
	EffectPerson Effect = "person" // a person must be called
	EffectAlert  Effect = "alert"  // evidence contradicts what is closed
)

// TransitionError says an event does not fit the attempt's state. It is a bug
// or a tampered journal, never a peer's fault.
type TransitionError struct {
	Attempt AttemptID
	State   State
	Event   EventKind
}

// Error names the attempt, its state and the event.
func (e *TransitionError) Error() string {
	return fmt.Sprintf("attempt %s: event %q is not possible in state %q", e.Attempt, e.Event, e.State)
}

// Reduce is the state machine of one attempt: a pure function from a state and
// an event to the next state and what may be done in it. The zero Attempt is
// the state before the intent. Everything else in this package, and every
// journal, is built around it.
//
// The input is not changed. An impossible event returns *TransitionError and
// the attempt as it was.
func Reduce(a Attempt, e Event) (Attempt, []Effect, error) {
	next, effects, ok := transition(a, e)
	if !ok {
		return a, nil, &TransitionError{Attempt: e.Attempt, State: a.State, Event: e.Kind}
	}
	if next.Seq == 0 {
		next.Seq, next.Epoch, next.Created = e.Seq, e.Epoch, e.Time
	}
	next.Updated, next.Changed = e.Seq, e.Time
	return next, effects, nil
}

// Cash is the tender that needs no driver: the cashier's hands are the device.
const Cash = "cash"

func transition(a Attempt, e Event) (Attempt, []Effect, bool) {
	from := a.State
	switch e.Kind {
	case EventIntent:
		if from != "" || e.Intent == nil {
			return a, nil, false
		}
		return begin(e), nil, true
	case EventDenied:
		if from != "" || e.Intent == nil {
			return a, nil, false
		}
		a = begin(e)
		a.State, a.Reason = StateDenied, e.Reason
		return a, []Effect{EffectReject}, true
	case EventVoided:
		return a.voided(e), []Effect{EffectReject}, from == StateIntent && e.Reply != nil
	case EventArmed:
		a.State, a.Handle = StateArmed, merge(a.Handle, e.Handle)
		return a, []Effect{EffectSend}, from == StateIntent
	case EventDoubt:
		a.State, a.Reason = StateUnknown, e.Reason
		if e.Reply != nil {
			a = a.withWords(*e.Reply)
		}
		return a, []Effect{EffectAsk}, from == StateArmed || from == StateUnknown
	case EventOutcome:
		return a.decided(e)
	case EventUndo:
		a.State, a.Reason, a.Tries = StateReversing, e.Reason, e.Try
		a.Handle = merge(a.Handle, e.Handle)
		return a, []Effect{EffectUndo},
			from == StateUnknown || from == StateApproved || from == StateReversing || from == StateManual
	case EventUndone:
		a.State = StateReversed
		if e.Reply != nil {
			a = a.withWords(*e.Reply)
		}
		return a, []Effect{EffectReject}, from == StateReversing
	case EventConfirm:
		a.State, a.OrderID = StateConfirmed, e.OrderID
		return a, nil, from == StateApproved
	case EventSuspense:
		a.State, a.Reason = StateManual, e.Reason
		return a, []Effect{EffectPerson}, from == StateUnknown || from == StateReversing
	case EventResolve:
		return a.resolved(e)
	case EventEvidence:
		if a.closedWithoutMoney() && e.Alert == AlertLateApproval {
			a.State, a.Reason = StateManual, string(AlertLateApproval)
			return a.withEvidence(e), []Effect{EffectAlert, EffectPerson}, e.Reply != nil
		}
		return a.withEvidence(e), []Effect{EffectAlert}, from != "" && e.Reply != nil
	case EventPrinted:
		return a.withPrint(e.Slip), nil, from != "" && e.Slip.known()
	}
	return a, nil, false
}

func begin(e Event) Attempt {
	in := e.Intent
	return Attempt{
		ID: e.Attempt, State: StateIntent,
		Till: in.Till, Type: in.Type, Reference: in.Reference, Tender: in.Tender, Device: in.Device,
		Amount: in.Amount, Approved: FromMinor(0, in.Amount.Currency()),
		Due: in.Due, Given: in.Given, Original: in.Original, Operator: in.Operator, Approver: in.Approver, Digest: in.Digest,
		Rule: in.Rule, Token: in.Token, Uses: in.Uses, Asked: in.Asked,
	}
}

func (a Attempt) voided(e Event) Attempt {
	a.State, a.Reason = StateNotSent, e.Reason
	if e.Reply == nil {
		return a
	}
	if e.Reply.Outcome == OutcomeCanceled {
		a.State = StateCanceled
	}
	return a.withWords(*e.Reply)
}

// decided applies an outcome. An amount that was not asked for decides nothing:
// the Till must doubt such a reply, so the transition is refused here.
func (a Attempt) decided(e Event) (Attempt, []Effect, bool) {
	byHand := a.State == StateIntent && a.Tender == Cash
	if e.Reply == nil || !(byHand || a.State == StateArmed || a.State == StateUnknown) {
		return a, nil, false
	}
	r := *e.Reply
	switch r.Outcome {
	case OutcomeApproved:
		if !r.Fits(a.Type, a.Amount) {
			return a, nil, false
		}
		a.State, a.Approved = StateApproved, r.Approved
		if r.Approved == (Money{}) {
			a.Approved = a.Amount
		}
		if !a.Given.IsZero() {
			a.Change = FromMinor(a.Given.Minor()-a.Amount.Minor(), a.Amount.Currency())
		}
		return a.withWords(r), []Effect{EffectTell}, true
	case OutcomeDeclined, OutcomeNotFound:
		a.State = StateDeclined
	case OutcomeCanceled:
		a.State = StateCanceled
	case OutcomeReversed:
		a.State = StateReversed
	case OutcomeNotSent:
		a.State = StateNotSent
	default:
		return a, nil, false
	}
	if r.Outcome == OutcomeNotFound {
		a.Reason = string(OutcomeNotFound)
	}
	return a.withWords(r), []Effect{EffectReject}, true
}

// Fits reports whether the approved amount of the reply is one that the
// request allows: nothing said (all of it), or up to the amount in the same
// currency. A settlement reports whatever the peer counted.
func (r Reply) Fits(t Type, asked Money) bool {
	if t == TypeSettle || r.Approved == (Money{}) {
		return true
	}
	cmp, err := r.Approved.Cmp(asked)
	return err == nil && cmp <= 0 && r.Approved.Minor() > 0
}

// resolved applies a person's verdict.
func (a Attempt) resolved(e Event) (Attempt, []Effect, bool) {
	from := a.State
	a.Reason, a.Operator = e.Reason, e.Operator
	ok := e.Operator != "" && e.Reason != "" && (from == StateManual || from == StateUnknown)
	switch e.Verdict {
	case VerdictPaid:
		a.State, a.Approved = StateForced, a.Amount
		return a, []Effect{EffectTell}, ok
	case VerdictNotPaid:
		a.State = StateDeclined
		return a, []Effect{EffectReject}, ok
	case VerdictUndone:
		a.State = StateReversed
		return a, []Effect{EffectReject}, ok || from == StateReversing && e.Operator != ""
	case VerdictUndo:
		a.State, a.Tries = StateReversing, 0
		return a, []Effect{EffectUndo}, ok
	}
	return a, nil, false
}

func (a Attempt) closedWithoutMoney() bool {
	switch a.State {
	case StateDeclined, StateCanceled, StateNotSent, StateReversed:
		return true
	}
	return false
}

func (a Attempt) withEvidence(e Event) Attempt {
	if e.Reply == nil || len(a.Alerts) >= MaxAlerts {
		return a
	}
	r := e.Reply
	// A fresh slice: published attempts are never changed.
	a.Alerts = append(a.Alerts[:len(a.Alerts):len(a.Alerts)], Alert{
		Kind: e.Alert, Approved: r.Approved, Receipt: r.Receipt, Code: r.Code, Text: r.Text, Seq: e.Seq,
	})
	return a
}

// withPrint counts one more piece of paper. The state stays what it is.
func (a Attempt) withPrint(kind SlipKind) Attempt {
	printed := make(map[SlipKind]int, len(a.Printed)+1)
	maps.Copy(printed, a.Printed)
	printed[kind]++
	a.Printed = printed
	return a
}

// withWords keeps what the peer said. What it did not say leaves what is known.
func (a Attempt) withWords(r Reply) Attempt {
	set := func(dst *string, v string) {
		if v != "" {
			*dst = v
		}
	}
	set(&a.AuthCode, r.AuthCode)
	set(&a.RRN, r.RRN)
	set(&a.STAN, r.STAN)
	set(&a.Receipt, r.Receipt)
	set(&a.Card, r.Card)
	set(&a.Scheme, r.Scheme)
	set(&a.Entry, r.Entry)
	set(&a.TerminalID, r.TerminalID)
	set(&a.MerchantID, r.MerchantID)
	set(&a.Code, r.Code)
	set(&a.Text, r.Text)
	if !r.PeerTime.IsZero() {
		a.PeerTime = r.PeerTime
	}
	if r.Chip != (Chip{}) {
		a.Chip = r.Chip
	}
	if len(r.Slips) > 0 {
		a.Slips = r.Slips
	}
	if len(r.Totals) > 0 {
		a.Totals = r.Totals
	}
	if len(r.Vouchers) > 0 {
		a.Vouchers = r.Vouchers
	}
	if !r.UndoUntil.IsZero() {
		a.UndoUntil = r.UndoUntil
	}
	a.Handle = merge(a.Handle, r.Handle)
	return a
}

// merge returns a handle with both; more wins. Neither input is changed.
func merge(base, more Handle) Handle {
	if len(more) == 0 {
		return base
	}
	h := make(Handle, len(base)+len(more))
	maps.Copy(h, base)
	maps.Copy(h, more)
	return h
}
