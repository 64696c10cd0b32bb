package pos

import (
	"context"
	"errors"
	"fmt"
)

// Confirm is the register's half of the handshake: call it right after the
// register's own commit, with the register's own order number. Until then an
// approval is an orphan. Confirming again with the same number changes nothing.
//
// Errors: ErrConflict if another number was confirmed, or the attempt holds no
// money (any more). ErrPartial: it is confirmed, but only a part is here.
func (t *Till) Confirm(ctx context.Context, id AttemptID, orderID string) (Attempt, error) {
	const op = "confirm"
	a, done, err := t.hold(ctx, op, id)
	if err != nil {
		return a, err
	}
	defer done()
	switch {
	case a.State == StateConfirmed && a.OrderID == orderID, a.State == StateForced:
		return a, nil
	case a.State != StateApproved:
		return a, &Error{Op: op, Class: ErrConflict, Attempt: a, Err: fmt.Errorf("attempt is %s, order %q", a.State, a.OrderID)}
	}
	if err := t.standing(ctx, op, a); err != nil {
		return a, err
	}
	next, err := t.append(ctx, Event{Kind: EventConfirm, Attempt: id, OrderID: orderID})
	if err != nil {
		return a, &Error{Op: op, Class: ErrOutcomeUnknown, Attempt: a, Err: err}
	}
	return next, told(op, next, nil)
}

// Abandon gives an attempt up: what is approved or in doubt is undone. Goods
// must not have been handed over. A nil error means no money of it is here:
// it was undone, or had never been taken.
//
// Errors: ErrConflict for a confirmed attempt (Void or Refund it) and for one
// that gives money back,
// ErrOutcomeUnknown while the undo has no answer or needs a person.
func (t *Till) Abandon(ctx context.Context, id AttemptID, reason string) (Attempt, error) {
	const op = "abandon"
	a, done, err := t.hold(ctx, op, id)
	if err != nil {
		return a, err
	}
	defer done()
	if reason == "" {
		reason = "abandoned by the register"
	}
	if a.State == StateApproved && !a.Orphan() {
		return a, &Error{Op: op, Class: ErrConflict, Attempt: a, Err: fmt.Errorf("a %s that is done cannot be undone", a.Type)}
	}
	d, _, err := t.driver(a.Tender)
	if err != nil {
		return a, &Error{Op: op, Class: ErrInvalid, Attempt: a, Err: err}
	}
	if a.State.Live() && a.State != StateManual {
		if !t.mine(a) {
			return a, &Error{Op: op, Class: ErrBusy, Attempt: a, Err: fmt.Errorf("till %s is at work on it", a.Till)}
		}
		a, err = t.advance(ctx, a, once)
	}
	wctx, cancel := t.orderlyUndo(ctx)
	defer cancel()
	switch a.State {
	case StateConfirmed, StateForced:
		return a, &Error{Op: op, Class: ErrConflict, Attempt: a, Err: errors.New("the register has confirmed it; void or refund it instead")}
	case StateApproved:
		if err := t.untouched(ctx, a); err != nil {
			return a, refused(op, a, err)
		}
		a, err = t.beginUndo(wctx, d, a, clip(reason, MaxTextLen))
	case StateUnknown:
		a, err = t.beginUndo(wctx, d, a, clip(reason, MaxTextLen))
	}
	if a.State.Live() || a.State == StateApproved {
		return a, &Error{Op: op, Class: ErrOutcomeUnknown, Attempt: a, Code: a.Code, Text: a.Text, Err: err}
	}
	return a, nil
}

// Printing counts one more piece of paper about an attempt, durably, before it
// is printed: call it, print, and put the number it returns on the slip. 1 is
// the original; every further one is a reprint (重印) and must say so. A power
// cut in between costs the original, never makes two of them.
//
// It changes nothing about the money, in whatever state the attempt is, and
// need not wait for it: the slip of an unknown outcome is printed while the
// till still asks. Errors: ErrNotFound, ErrInvalid for another kind of slip,
// ErrDenied where the Rules forbid a reprint,
// ErrJournal; the slip may then be printed all the same, as a reprint.
func (t *Till) Printing(ctx context.Context, id AttemptID, kind SlipKind, operator string) (copyNumber int, err error) {
	const op = "print"
	leave, err := t.enter()
	if err != nil {
		return 0, &Error{Op: op, Class: ErrClosed}
	}
	defer leave()
	a, err := t.cfg.Journal.Get(ctx, id)
	if err != nil {
		return 0, refused(op, a, err)
	}
	if !kind.known() {
		return 0, &Error{Op: op, Class: ErrInvalid, Attempt: a, Err: fmt.Errorf("%q is no kind of slip", string(kind))}
	}
	if a.Printed[kind] > 0 {
		if _, err := t.permit(ctx, ActionReprint, operator, &a); err != nil {
			return 0, err
		}
	}
	next, err := t.append(ctx, Event{Kind: EventPrinted, Attempt: id, Slip: kind, Operator: operator})
	if err != nil {
		return 0, refused(op, a, err)
	}
	return next.Printed[kind], nil
}

// untouched refuses to undo what a void or refund has already worked on.
func (t *Till) untouched(ctx context.Context, a Attempt) error {
	list, err := t.cfg.Journal.Find(ctx, Filter{Reference: a.Reference, Limit: everything})
	if err != nil {
		return err
	}
	for _, b := range list {
		if b.Original == a.ID && (b.State.Live() || b.State.Paid()) {
			return &Blocked{Class: ErrConflict, By: b, Why: "it was already voided, refunded or completed"}
		}
	}
	return nil
}

// orderlyUndo bounds an undo by what asking may take, whatever the caller's ctx does.
func (t *Till) orderlyUndo(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), t.cfg.Times.AskAtMost+t.cfg.Times.Orderly)
}

// ResolveRequest is a person's word on an attempt that no machine can decide.
type ResolveRequest struct {
	Attempt  AttemptID
	Verdict  Verdict
	Operator string // who says so; required
	Reason   string // what was seen, and where; required
}

// Resolve records a person's verdict on an attempt in StateManual or
// StateUnknown. VerdictPaid makes it StateForced, which reports show apart;
// VerdictUndo lets the machine try the undo again.
//
// The error is that of the state reached: nil for paid, ErrDeclined for not
// paid or undone. Errors: ErrInvalid without operator, reason or a known
// verdict; ErrConflict in any other state; ErrDenied where the Rules forbid it.
func (t *Till) Resolve(ctx context.Context, r ResolveRequest) (Attempt, error) {
	const op = "resolve"
	a, done, err := t.hold(ctx, op, r.Attempt)
	if err != nil {
		return a, err
	}
	defer done()
	if a.State.Uncertain() && !t.mine(a) {
		return a, &Error{Op: op, Class: ErrBusy, Attempt: a, Err: fmt.Errorf("till %s answers for it", a.Till)}
	}
	if r.Operator == "" || r.Reason == "" {
		return a, &Error{Op: op, Class: ErrInvalid, Attempt: a, Err: errors.New("a verdict needs the operator's name and a reason")}
	}
	if _, err := t.permit(ctx, ActionForce, r.Operator, &a); err != nil {
		return a, err
	}
	next, err := t.append(ctx, Event{Kind: EventResolve, Attempt: a.ID, Verdict: r.Verdict, Operator: r.Operator, Reason: r.Reason})
	var bad *TransitionError
	switch {
	case errors.As(err, &bad):
		return a, &Error{Op: op, Class: ErrConflict, Attempt: a, Err: fmt.Errorf("verdict %q: %w", r.Verdict, err)}
	case err != nil:
		return a, refused(op, a, err)
	}
	if next.State == StateReversing {
		d, _, err := t.driver(next.Tender)
		if err != nil {
			return next, &Error{Op: op, Class: ErrOutcomeUnknown, Attempt: next, Err: err}
		}
		wctx, cancel := t.orderlyUndo(ctx)
		defer cancel()
		next, err = t.undo(wctx, d, next)
		return next, told(op, next, err)
	}
	return next, told(op, next, nil)
}

// Query tells what became of an attempt, asking the peer when the journal
// does not know. For an attempt that had ended without money the peer is asked
// too, if its answer can still be meant for it: should it now report success,
// that is kept as evidence with AlertLateApproval, and a person must decide.
//
// The error is that of the state: nil means the money is here, and has not
// been given back (ErrConflict then, ErrPartial for a part).
func (t *Till) Query(ctx context.Context, id AttemptID) (Attempt, error) {
	const op = "query"
	a, done, err := t.hold(ctx, op, id)
	if err != nil {
		return a, err
	}
	defer done()
	switch {
	case a.State.Paid():
		if err := t.standing(ctx, op, a); err != nil {
			return a, err
		}
	case a.State == StateManual, !a.State.Live():
		a = t.lateAnswer(ctx, a)
	case !t.mine(a):
		return a, &Error{Op: op, Class: ErrBusy, Attempt: a, Err: fmt.Errorf("till %s is at work on it", a.Till)}
	default:
		a, err = t.advance(ctx, a, throughQuarantine)
	}
	return a, told(op, a, err)
}

// lateAnswer asks about a closed attempt and keeps a contradiction as evidence.
func (t *Till) lateAnswer(ctx context.Context, a Attempt) Attempt {
	d, device, err := t.driver(a.Tender)
	if err != nil || d == nil || device != a.Device || len(a.Handle) == 0 {
		return a
	}
	if owned, err := t.superseded(ctx, d, a); err != nil || owned {
		return a
	}
	r, err := d.Query(ctx, a)
	if r = r.clean(); err != nil || r.Outcome != OutcomeApproved || a.knows(AlertLateApproval, r) {
		return a
	}
	return t.evidence(ctx, a, AlertLateApproval, r)
}

// knows reports whether the same evidence is already kept.
func (a Attempt) knows(kind AlertKind, r Reply) bool {
	for _, al := range a.Alerts {
		if al.Kind == kind && al.Receipt == r.Receipt && al.Approved == r.Approved {
			return true
		}
	}
	return false
}

// Find looks attempts up in the journal.
func (t *Till) Find(ctx context.Context, f Filter) ([]Attempt, error) {
	list, err := t.cfg.Journal.Find(ctx, f)
	if err != nil {
		return nil, &Error{Op: "find", Class: ErrJournal, Err: err}
	}
	return list, nil
}

// hold takes an attempt for one call.
func (t *Till) hold(ctx context.Context, op string, id AttemptID) (Attempt, func(), error) {
	leave, err := t.enter()
	if err != nil {
		return Attempt{}, nil, &Error{Op: op, Class: ErrClosed}
	}
	release, ok := t.claim(id)
	if !ok {
		leave()
		return Attempt{ID: id}, nil, &Error{Op: op, Class: ErrBusy, Attempt: Attempt{ID: id}, Err: errors.New("another call is at work on it")}
	}
	a, err := t.cfg.Journal.Get(ctx, id)
	if err != nil {
		release()
		leave()
		return Attempt{ID: id}, nil, refused(op, Attempt{ID: id}, err)
	}
	return a, func() { release(); leave() }, nil
}
