package pos

import (
	"context"
	"errors"
	"fmt"
)

// Hear takes what a peer says of an attempt outside of any call: a wallet's
// notification, once it was confirmed by a query (see wallet.Hearing). It never makes
// anything paid by itself:
//
//   - an attempt in doubt is asked for again, once;
//   - an approval of an attempt that was closed without money is kept as evidence
//     and calls a person (late approval): the attempt becomes manual;
//   - anything else changes nothing.
//
// It returns the attempt as it stands. Errors: ErrNotFound, ErrOutcomeUnknown
// while it is in doubt or waits for a person, ErrClosed.
func (t *Till) Hear(ctx context.Context, id AttemptID, r Reply) (Attempt, error) {
	const op = "hear"
	leave, err := t.enter()
	if err != nil {
		return Attempt{}, &Error{Op: op, Class: ErrClosed}
	}
	defer leave()
	a, err := t.cfg.Journal.Get(ctx, id)
	if err != nil {
		return Attempt{}, refused(op, Attempt{}, err)
	}
	switch {
	case a.State == StateUnknown || a.State == StateReversing:
		a, _ = t.settleDoubt(ctx, id, once)
	case a.closedWithoutMoney() && r.Outcome == OutcomeApproved:
		a, err = t.lateApproval(ctx, a, r)
	}
	if err == nil && (a.State.Uncertain() || a.State == StateManual) {
		err = errors.New("it is not decided")
	}
	if err != nil {
		return a, &Error{Op: op, Class: ErrOutcomeUnknown, Attempt: a, Code: a.Code, Text: a.Text, Err: err}
	}
	return a, nil
}

// lateApproval keeps an approval that contradicts a closed attempt.
func (t *Till) lateApproval(ctx context.Context, a Attempt, r Reply) (Attempt, error) {
	release, ok := t.claim(a.ID)
	if !ok {
		return a, fmt.Errorf("another call is at work on attempt %s", a.ID)
	}
	defer release()
	wctx, cancel := t.orderly(ctx)
	defer cancel()
	r = r.clean()
	return t.write(wctx, a, Event{Kind: EventEvidence, Attempt: a.ID, Alert: AlertLateApproval, Reply: &r})
}
