package pos

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Recovery is what a pass over unfinished attempts found.
type Recovery struct {
	// Settled attempts were unfinished before and are decided now.
	Settled []Attempt `json:"settled"`
	// Orphans are approved but were never confirmed: Confirm or Abandon each.
	// At most MaxOrphans, oldest first; More says that there are others.
	Orphans []Attempt `json:"orphans"`
	More    bool      `json:"more_orphans,omitempty"`
	// Unresolved attempts are still in doubt and block their device.
	Unresolved []Attempt `json:"unresolved"`
	// Manual attempts wait for a person: Resolve each.
	Manual []Attempt `json:"manual"`
}

// patience is how long a call goes on asking a peer.
type patience int

const (
	once              patience = iota // ask once
	patiently                         // ask until Times.AskAtMost
	throughQuarantine                 // and as long as waiting is all that is missing
)

// Recover goes once more over everything unfinished: it asks peers, tries
// undos again, and lists what waits for the register or a person. It runs at
// Open; call it again when a device is back.
//
// The error is ErrOutcomeUnknown while anything stays unresolved or manual,
// and nil when every attempt has ended.
func (t *Till) Recover(ctx context.Context) (Recovery, error) {
	const op = "recover"
	leave, err := t.enter()
	if err != nil {
		return Recovery{}, &Error{Op: op, Class: ErrClosed}
	}
	defer leave()
	r, err := t.recoverAll(ctx, throughQuarantine)
	if err != nil {
		return r, &Error{Op: op, Class: ErrOutcomeUnknown, Err: err}
	}
	for _, left := range [][]Attempt{r.Unresolved, r.Manual} {
		if len(left) > 0 {
			return r, &Error{Op: op, Class: ErrOutcomeUnknown, Attempt: left[0], Code: left[0].Code, Text: left[0].Text,
				Err: fmt.Errorf("%d attempts are not resolved", len(r.Unresolved)+len(r.Manual))}
		}
	}
	return r, nil
}

func (t *Till) recoverAll(ctx context.Context, p patience) (Recovery, error) {
	var r Recovery
	live, err := t.cfg.Journal.Find(ctx, Filter{States: LiveStates(), Limit: everything})
	if err != nil {
		return r, err
	}
	for _, a := range live {
		if !t.mine(a) {
			continue
		}
		if a.State != StateManual {
			a, _ = t.settleDoubt(ctx, a.ID, p)
		}
		switch {
		case a.State == StateManual:
			r.Manual = append(r.Manual, a)
		case a.State.Live():
			r.Unresolved = append(r.Unresolved, a)
		default:
			r.Settled = append(r.Settled, a)
		}
	}
	return r, t.orphans(ctx, &r)
}

// MaxOrphans bounds what one Recovery lists: more than a day of a busy lane.
const MaxOrphans = 1000

// orphans lists approvals nobody confirmed and nobody has taken back.
func (t *Till) orphans(ctx context.Context, r *Recovery) error {
	list, err := t.cfg.Journal.Find(ctx, Filter{States: []State{StateApproved},
		Types: []Type{TypeCharge, TypeCompletion, TypeRedeem, TypePreauth}, Limit: MaxOrphans + 1})
	if err != nil {
		return err
	}
	if r.More = len(list) > MaxOrphans; r.More {
		list = list[:MaxOrphans]
	}
	for _, a := range list {
		if !t.mine(a) {
			continue
		}
		var back *Error
		if err := t.standing(ctx, "recover", a); errors.As(err, &back) && back.Class == ErrConflict {
			continue // voided or wholly refunded
		}
		r.Orphans = append(r.Orphans, a)
	}
	return nil
}

// mine reports whether this Till answers for an attempt: its own, or one that
// an earlier run left on a tender this Till has a driver for.
func (t *Till) mine(a Attempt) bool {
	if a.Till == t.cfg.ID {
		return true
	}
	_, device, err := t.driver(a.Tender)
	return err == nil && a.Epoch < t.cfg.Journal.Epoch() && device == a.Device
}

// settleDoubt brings one unfinished attempt as far as it can. It returns the
// attempt as it stands, and whether it no longer blocks anything.
func (t *Till) settleDoubt(ctx context.Context, id AttemptID, p patience) (Attempt, bool) {
	a, err := t.cfg.Journal.Get(ctx, id)
	if err != nil {
		return Attempt{ID: id, State: StateUnknown}, false
	}
	release, ok := t.claim(id)
	if !ok {
		return a, false // a call of this Till is at work on it
	}
	defer release()
	a, err = t.advance(ctx, a, p)
	if err != nil {
		t.cfg.Logger.Warn("attempt stays unresolved", "attempt", id, "state", a.State, "err", err)
	}
	return a, !a.State.Live()
}

// advance does what an unfinished attempt's state asks for. An attempt of
// another lane that is open in this process is left to that lane, which may be
// at work on it right now.
func (t *Till) advance(ctx context.Context, a Attempt, p patience) (Attempt, error) {
	if !t.mine(a) {
		return a, fmt.Errorf("attempt %s belongs to till %s, which is open", a.ID, a.Till)
	}
	wctx, cancel := t.orderly(ctx)
	defer cancel()
	var err error
	switch a.State {
	case StateIntent:
		return t.write(wctx, a, Event{Kind: EventVoided, Attempt: a.ID, Reply: &Reply{}, Reason: string(DoubtCrash)})
	case StateArmed:
		if a, err = t.write(wctx, a, Event{Kind: EventDoubt, Attempt: a.ID, Reason: string(DoubtCrash)}); err != nil {
			return a, err
		}
	}
	d, device, err := t.driver(a.Tender)
	if err != nil {
		return a, err
	}
	if device != a.Device {
		return a, fmt.Errorf("tender %q now speaks to %s, but the attempt ran on %s", a.Tender, device, a.Device)
	}
	switch a.State {
	case StateUnknown:
		return t.inquire(ctx, d, a, p)
	case StateReversing:
		return t.undo(ctx, d, a)
	}
	return a, nil
}

// write appends one event and returns the attempt as it stands, also on error.
func (t *Till) write(ctx context.Context, a Attempt, e Event) (Attempt, error) {
	next, err := t.append(ctx, e)
	if err != nil {
		return a, err
	}
	return next, nil
}

// inquire asks the peer about a doubtful attempt until it is decided or
// patience ends. The caller's ctx no longer stops it: money is at stake, and
// the asking is bounded by Times.AskAtMost.
func (t *Till) inquire(ctx context.Context, d Driver, a Attempt, p patience) (Attempt, error) {
	limit := t.cfg.Times.AskAtMost
	if p == throughQuarantine {
		limit += t.cfg.Times.Quarantine
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	asking := time.Now()
	for {
		next, err := t.inquireOnce(ctx, d, a)
		if !next.State.Live() || next.State == StateManual || p == once || errors.Is(err, ErrJournal) {
			return next, err
		}
		if a = next; !errors.Is(err, errQuarantine) && time.Since(asking) >= t.cfg.Times.AskAtMost {
			return a, err
		}
		select {
		case <-ctx.Done():
			return a, errors.Join(err, ctx.Err())
		case <-time.After(t.cfg.Times.AskEvery):
		}
	}
}

// inquireOnce asks once, or, where an undo was decided already, goes on with that.
func (t *Till) inquireOnce(ctx context.Context, d Driver, a Attempt) (Attempt, error) {
	if a.State == StateReversing {
		return t.undo(ctx, d, a)
	}
	t.progress(Progress{Attempt: a.ID, Step: StepAsking, Text: "asking what became of it", Chinese: "正在查询交易结果"})
	r, err := d.Query(ctx, a)
	return t.judge(ctx, d, a, r.clean(), err)
}

// judge applies one answer to a question about a doubtful attempt.
func (t *Till) judge(ctx context.Context, d Driver, a Attempt, r Reply, err error) (Attempt, error) {
	wctx, cancel := t.orderly(ctx)
	defer cancel()
	switch {
	case errors.Is(err, ErrUnsupported):
		// The rail cannot be asked: undo at once, before anything else is sent.
		return t.beginUndo(wctx, d, a, "the rail cannot be asked")
	case errors.Is(err, ErrUndo):
		return t.beginUndo(wctx, d, a, clip(MaskCardData(err.Error()), MaxTextLen))
	case errors.Is(err, ErrManual):
		manual, werr := t.write(wctx, a, Event{Kind: EventSuspense, Attempt: a.ID, Reason: clip(MaskCardData(err.Error()), MaxTextLen)})
		return manual, errors.Join(err, werr)
	case err != nil:
		return a, err
	case decides(r) && r.Fits(a.Type, a.Amount):
		return t.settled(wctx, a, r)
	case r.Outcome == OutcomeApproved:
		t.evidence(wctx, a, AlertAmount, r)
		return t.write(wctx, a, Event{Kind: EventSuspense, Attempt: a.ID,
			Reason: fmt.Sprintf("the peer says %s was approved, not %s", r.Approved, a.Amount)})
	case r.Outcome == OutcomeNotFound && (r.Final || t.quarantined(a.ID)):
		return t.settled(wctx, a, r)
	case r.Outcome == OutcomeNotFound:
		return a, errQuarantine
	case r.Outcome == OutcomePending:
		return a, errors.New("the peer is still working on it")
	}
	return a, errors.New("the peer could not tell")
}

var errQuarantine = errors.New("the peer knows nothing of it yet; that is believed only after a quarantine")

// superseded reports whether another attempt has run on the device since, on
// a peer that can tell of its last booking only.
func (t *Till) superseded(ctx context.Context, d Driver, a Attempt) (bool, error) {
	if l, ok := d.(LastOnly); !ok || !l.LastOnly() {
		return false, nil
	}
	later, err := t.cfg.Journal.Find(ctx, Filter{Device: a.Device, AfterSeq: a.Seq, Limit: 1,
		States: []State{StateArmed, StateUnknown, StateReversing, StateManual, StateApproved, StateConfirmed,
			StateForced, StateDeclined, StateCanceled, StateReversed}})
	return len(later) > 0, err
}

// quarantined reports whether a doubt is old enough, on this process's
// monotonic clock, for "not found" to be believed.
func (t *Till) quarantined(id AttemptID) bool {
	desks.mu.Lock()
	defer desks.mu.Unlock()
	since, ok := t.desk.doubted[id]
	if !ok {
		since = time.Now()
		t.desk.doubted[id] = since
	}
	return time.Since(since) >= t.cfg.Times.Quarantine
}

// beginUndo decides, durably, that an attempt is undone, and starts on it.
func (t *Till) beginUndo(ctx context.Context, d Driver, a Attempt, reason string) (Attempt, error) {
	a, err := t.write(ctx, a, Event{Kind: EventUndo, Attempt: a.ID, Reason: reason, Try: 0})
	if err != nil {
		return a, err
	}
	return t.undo(ctx, d, a)
}

// undo sends the reversal of an attempt and repeats it when it is refused, up
// to Times.UndoTries. No answer leaves it reversing, for the next Recover;
// refusals without end, or a device that cannot undo, call a person. It is never dropped.
func (t *Till) undo(ctx context.Context, d Driver, a Attempt) (Attempt, error) {
	if d == nil { // cash: the person who abandons it gives it back
		return t.write(ctx, a, Event{Kind: EventUndone, Attempt: a.ID, Reply: &Reply{Outcome: OutcomeApproved}})
	}
	if a.Receipt == "" {
		if owned, err := t.superseded(ctx, d, a); err != nil || owned {
			return t.write(ctx, a, Event{Kind: EventSuspense, Attempt: a.ID,
				Reason: "others have paid on the device since, and it can tell of its last payment only: undo it there by hand"})
		}
	}
	for {
		t.progress(Progress{Attempt: a.ID, Step: StepUndoing, Text: "undoing", Chinese: "正在撤销"})
		s := &undoSession{session{till: t, attempt: a}}
		orig := a
		r, err := d.Transact(context.WithoutCancel(ctx), Operation{Op: OpReversal, Attempt: a.ID,
			Reference: a.Reference, Amount: undoAmount(a), Original: &orig}, s)
		a, r = s.attempt, r.clean()
		switch {
		case err == nil && (r.Outcome == OutcomeApproved || r.Outcome == OutcomeNotFound || r.Outcome == OutcomeReversed):
			return t.write(ctx, a, Event{Kind: EventUndone, Attempt: a.ID, Reply: &r})
		case errors.Is(err, ErrUnsupported), errors.Is(err, ErrManual):
			return t.write(ctx, a, Event{Kind: EventSuspense, Attempt: a.ID, Reason: clip("cannot be undone by machine: "+MaskCardData(err.Error()), MaxTextLen)})
		case r.Outcome != OutcomeDeclined:
			return a, errors.Join(errors.New("the undo has no answer yet"), err)
		case a.Tries >= t.cfg.Times.UndoTries:
			return t.write(ctx, a, Event{Kind: EventSuspense, Attempt: a.ID,
				Reason: clip(fmt.Sprintf("the undo was refused %d times: %s %s", a.Tries, r.Code, r.Text), MaxTextLen)})
		}
	}
}

// undoAmount is what a reversal takes back: what was approved, or all that was asked for.
func undoAmount(a Attempt) Money {
	if a.Approved.IsZero() {
		return a.Amount
	}
	return a.Approved
}

// undoSession is the Session of a reversal: its barrier counts the try.
type undoSession struct{ session }

// BeforeSend makes the try durable before the undo leaves.
func (s *undoSession) BeforeSend(ctx context.Context, h Handle) error {
	if s.armed {
		return errors.New("pos: BeforeSend called twice in one operation")
	}
	a, err := s.till.append(ctx, Event{Kind: EventUndo, Attempt: s.attempt.ID,
		Reason: s.attempt.Reason, Try: s.attempt.Tries + 1, Handle: h})
	if err != nil {
		return err
	}
	s.attempt, s.armed = a, true
	return nil
}
