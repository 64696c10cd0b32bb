package pos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Charge takes money on one tender and returns when its outcome is known and
// durable, or when everything that can be asked has been asked.
//
// A nil error means the money is here, in full. Otherwise errors.Is tells:
// ErrDeclined, ErrCanceled, ErrNotSent, ErrBusy, ErrInvalid, ErrDenied,
// ErrConflict, ErrUnsupported: nothing was taken. ErrPartial: a part was.
// ErrOutcomeUnknown: money may have moved; the attempt in *Error is the handle
// for Recover, Query, Abandon or Resolve.
//
// The same attempt id, or the same live or paid sale, again returns the first
// payment and charges nothing. Canceling ctx never means "not charged": before
// the money message it ends the attempt, after it the device is asked to stop
// and the call reports what is true.
func (t *Till) Charge(ctx context.Context, r ChargeRequest) (Attempt, error) {
	return t.take(ctx, TypeCharge, r)
}

// Preauthorize holds money (预授权); Complete takes it, Void releases it. Errors are those of Charge.
func (t *Till) Preauthorize(ctx context.Context, r PreauthRequest) (Attempt, error) {
	return t.take(ctx, TypePreauth, ChargeRequest(r))
}

func (t *Till) take(ctx context.Context, typ Type, r ChargeRequest) (Attempt, error) {
	leave, err := t.enter()
	if err != nil {
		return Attempt{}, &Error{Op: string(typ), Class: ErrClosed}
	}
	defer leave()
	o, err := t.incoming(typ, r)
	if err != nil {
		return Attempt{}, &Error{Op: o.name, Class: ErrInvalid, Err: err}
	}
	return t.run(ctx, o)
}

// Void takes an earlier attempt back before settlement (撤销, Storno), wholly.
// It is an attempt of its own. Errors are those of Charge; ErrDeclined often
// means it is already settled: Refund it.
func (t *Till) Void(ctx context.Context, r VoidRequest) (Attempt, error) {
	return t.follow(ctx, TypeVoid, FollowUpRequest(r))
}

// Refund gives money of an earlier attempt back (退货, Gutschrift), never more
// in sum than was taken. It is an attempt of its own. Errors are those of Charge.
func (t *Till) Refund(ctx context.Context, r RefundRequest) (Attempt, error) {
	return t.follow(ctx, TypeRefund, FollowUpRequest(r))
}

// Complete takes held money, wholly or in part, once. Errors are those of Charge.
func (t *Till) Complete(ctx context.Context, r CompletionRequest) (Attempt, error) {
	return t.follow(ctx, TypeCompletion, FollowUpRequest(r))
}

func (t *Till) follow(ctx context.Context, typ Type, r FollowUpRequest) (Attempt, error) {
	leave, err := t.enter()
	if err != nil {
		return Attempt{}, &Error{Op: string(typ), Class: ErrClosed}
	}
	defer leave()
	o, err := t.followUp(ctx, typ, r)
	if err != nil {
		return Attempt{}, refused(o.name, Attempt{}, err)
	}
	return t.run(ctx, o)
}

// run carries one order from its intent to a durable outcome.
func (t *Till) run(ctx context.Context, o order) (Attempt, error) {
	claims := []AttemptID{o.id}
	if o.orig != nil {
		claims = append(claims, o.orig.ID)
	}
	release, ok := t.claim(claims...)
	if !ok {
		return Attempt{}, &Error{Op: o.name, Class: ErrBusy, Err: fmt.Errorf("another call is at work on attempt %s", claims[len(claims)-1])}
	}
	defer release()
	if err := ctx.Err(); err != nil {
		return Attempt{}, &Error{Op: o.name, Class: ErrCanceled, Err: err}
	}
	if o.intent.Tender == Cash {
		return t.runCash(ctx, o)
	}
	intent := Event{Kind: EventIntent, Attempt: o.id, Intent: &o.intent}
	a, err := t.begin(ctx, &o, intent)
	if err != nil {
		if a, err = t.admitAgain(ctx, &o, intent, a, err); err != nil || a.State != StateIntent {
			return t.earlier(ctx, o, a, err)
		}
	}
	s := &session{till: t, attempt: a}
	transact := o.driver.Transact
	if o.intent.Type == TypeSettle {
		transact = o.driver.Settle
	}
	reply, err := transact(ctx, o.operation(), s)
	a, err = t.conclude(ctx, o.driver, s, reply, err)
	return a, told(o.name, a, err)
}

// runCash records what the cashier's hands have done: one barrier, no doubt.
func (t *Till) runCash(ctx context.Context, o order) (Attempt, error) {
	events := []Event{
		{Kind: EventIntent, Attempt: o.id, Intent: &o.intent},
		{Kind: EventOutcome, Attempt: o.id, Reply: &Reply{Outcome: OutcomeApproved, Approved: o.intent.Amount}},
	}
	if t.cfg.AutoConfirm {
		events = append(events, Event{Kind: EventConfirm, Attempt: o.id})
	}
	a, err := t.begin(ctx, &o, events...)
	if err != nil {
		return t.earlier(ctx, o, a, err)
	}
	return a, nil
}

// admitAgain deals with an intent that was not admitted because its device is
// occupied by an old doubt: the doubt is settled if it can be, and the intent
// tried once more. A live attempt of another call is left alone.
func (t *Till) admitAgain(ctx context.Context, o *order, intent Event, a Attempt, err error) (Attempt, error) {
	var b *Blocked
	if !errors.As(err, &b) || !b.By.State.Uncertain() || b.By.ID == o.id {
		return a, err
	}
	if _, cleared := t.settleDoubt(ctx, b.By.ID, once); !cleared {
		return a, err
	}
	return t.begin(ctx, o, intent)
}

// earlier answers an order that was not begun: with the first payment if this
// is the same attempt or sale again, otherwise with the reason.
func (t *Till) earlier(ctx context.Context, o order, a Attempt, err error) (Attempt, error) {
	var b *Blocked
	if err == nil || !errors.As(err, &b) {
		return a, refused(o.name, a, err)
	}
	first, same := t.same(ctx, o, b)
	if !same {
		return b.By, refused(o.name, b.By, err)
	}
	if first.State.Uncertain() {
		if first.ID == o.id {
			first, _ = t.advance(ctx, first, patiently) // this call holds it
		} else {
			first, _ = t.settleDoubt(ctx, first.ID, patiently)
		}
	}
	if err := t.standing(ctx, o.name, first); err != nil {
		return first, err
	}
	return first, told(o.name, first, err)
}

// standing refuses to call money "here" that was given back, wholly or in
// part, or is just being given back.
func (t *Till) standing(ctx context.Context, op string, a Attempt) error {
	if !a.State.Paid() || a.Type.takesBack() || a.Type == TypeSettle {
		return nil
	}
	list, err := t.cfg.Journal.Find(ctx, Filter{Original: a.ID, Limit: everything})
	if err != nil {
		return &Error{Op: op, Class: ErrOutcomeUnknown, Attempt: a, Err: err}
	}
	left := a.Approved
	for _, b := range list {
		switch {
		case b.State.Live():
			return &Error{Op: op, Class: ErrOutcomeUnknown, Attempt: a, Err: &Blocked{Class: ErrOutcomeUnknown, By: b, Why: "it is being given back"}}
		case b.State.Paid() && b.Type.takesBack():
			if left, err = left.Sub(b.Approved); err != nil || left.Minor() <= 0 {
				return &Error{Op: op, Class: ErrConflict, Attempt: a, Err: errors.Join(err, &Blocked{Class: ErrConflict, By: b, Why: "it was given back"})}
			}
		}
	}
	if left != a.Approved {
		return &Error{Op: op, Class: ErrPartial, Attempt: a, Err: fmt.Errorf("%s of it is left, the rest was refunded", left)}
	}
	return nil
}

// same finds the attempt of which the order is a repeat, if there is one.
func (t *Till) same(ctx context.Context, o order, b *Blocked) (Attempt, bool) {
	if b.By.ID == o.id {
		return b.By, alike(b.By, o.intent)
	}
	if o.intent.Named {
		return Attempt{}, false // another id for the same sale is another try
	}
	sale, err := t.cfg.Journal.Find(ctx, Filter{Reference: o.intent.Reference, Limit: everything})
	if err != nil {
		return Attempt{}, false
	}
	given := map[AttemptID]bool{}
	for _, a := range sale {
		if a.Type.takesBack() && a.State.Paid() {
			given[a.Original] = true
		}
	}
	for _, a := range sale {
		whole := a.Due == (Money{}) || a.Due == a.Amount
		if alike(a, o.intent) && (a.State.Live() || a.State.Paid() && whole && !given[a.ID] && a.Type != TypeRefund) {
			return a, true
		}
	}
	return Attempt{}, false
}

// alike reports whether an attempt was begun by the same request.
func alike(a Attempt, in Intent) bool {
	return a.Type == in.Type && a.Tender == in.Tender && a.Reference == in.Reference &&
		a.Amount == in.Amount && a.Due == in.Due && a.Original == in.Original && a.Digest == in.Digest
}

// refused makes the error of an order that was never begun.
func refused(op string, a Attempt, err error) error {
	class := ErrNotSent
	for _, c := range []error{ErrOutcomeUnknown, ErrBusy, ErrConflict, ErrNotFound, ErrInvalid, ErrCanceled} {
		if errors.Is(err, c) {
			class = c
			break
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		class = ErrCanceled
	}
	var d *Denial
	if errors.As(err, &d) {
		class = d.Class
	}
	return &Error{Op: op, Class: class, Attempt: a, Err: err}
}

// told is the error for an attempt that was begun: its state decides, except
// that a journal which could not write the outcome makes everything unknown.
func told(op string, a Attempt, cause error) error {
	class := classOf(a)
	if errors.Is(cause, ErrJournal) && a.State != StateNotSent && a.State != StateIntent {
		class = ErrOutcomeUnknown
	}
	if class == nil {
		return nil
	}
	if class == ErrNotSent && cause != nil {
		class = classOfDriver(cause)
	}
	return &Error{Op: op, Class: class, Attempt: a, Code: a.Code, Text: a.Text, Err: cause}
}

// classOfDriver sorts a driver's error from before the money message.
func classOfDriver(err error) error {
	for _, c := range []error{ErrBusy, ErrInvalid, ErrUnsupported, ErrDenied, ErrDeclined, ErrConflict, ErrCanceled} {
		if errors.Is(err, c) {
			return c
		}
	}
	if errors.Is(err, context.Canceled) {
		return ErrCanceled
	}
	return ErrNotSent
}

// conclude turns what a driver returned into durable state, and goes on asking
// if the outcome is in doubt. The returned error explains a state that is not
// "money here"; it wraps ErrJournal if the state could not be written.
func (t *Till) conclude(ctx context.Context, d Driver, s *session, r Reply, cause error) (Attempt, error) {
	wctx, cancel := t.orderly(ctx)
	defer cancel()
	a := s.attempt
	r = r.clean()
	if !s.armed {
		return t.neverSent(wctx, a, r, cause)
	}
	if decides(r) && r.Fits(a.Type, a.Amount) {
		done, err := t.settled(wctx, a, r)
		if err != nil {
			return a, err
		}
		return done, cause
	}
	if r.Outcome == OutcomeApproved {
		t.evidence(wctx, a, AlertAmount, r)
		cause = errors.Join(cause, fmt.Errorf("the peer approved %s instead of %s", r.Approved, a.Amount))
	}
	doubted, err := t.append(wctx, Event{Kind: EventDoubt, Attempt: a.ID, Reason: string(doubtOf(ctx, r, cause)), Reply: r.sofar()})
	if err != nil {
		return a, err
	}
	t.progress(Progress{Attempt: a.ID, Step: StepDoubt, Text: "no answer that can be believed; asking", Chinese: "结果未明,正在查询"})
	if errors.Is(cause, ErrUndo) { // the driver has asked already
		after, err := t.judge(ctx, d, doubted, Reply{}, cause)
		if !after.State.Live() || after.State == StateManual || errors.Is(err, ErrJournal) {
			return after, errors.Join(cause, err)
		}
		doubted = after
	}
	after, err := t.inquire(ctx, d, doubted, patiently)
	return after, errors.Join(cause, err)
}

// sofar is what is known of vouchers while the whole is in doubt: some may be
// redeemed, others held by the platform, and asking later must know of it.
func (r Reply) sofar() *Reply {
	if len(r.Vouchers) == 0 {
		return nil
	}
	return &Reply{Code: r.Code, Text: r.Text, Vouchers: r.Vouchers}
}

// neverSent closes an attempt whose driver never passed BeforeSend.
func (t *Till) neverSent(ctx context.Context, a Attempt, r Reply, cause error) (Attempt, error) {
	if cause == nil {
		cause = errors.New("the driver returned without sending anything")
	}
	if errors.Is(cause, context.Canceled) || errors.Is(cause, ErrCanceled) {
		r.Outcome = OutcomeCanceled
	}
	done, err := t.append(ctx, Event{Kind: EventVoided, Attempt: a.ID, Reply: &r, Reason: clip(MaskCardData(cause.Error()), MaxTextLen)})
	if err != nil {
		return a, errors.Join(cause, err)
	}
	return done, cause
}

// decides reports whether a reply ends an attempt.
func decides(r Reply) bool {
	switch r.Outcome {
	case OutcomeApproved, OutcomeDeclined, OutcomeCanceled, OutcomeReversed, OutcomeNotSent:
		return true
	}
	return false
}

// settled writes an outcome, with the confirmation in the same breath if the register wants that.
func (t *Till) settled(ctx context.Context, a Attempt, r Reply) (Attempt, error) {
	events := []Event{{Kind: EventOutcome, Attempt: a.ID, Reply: &r}}
	full := r.Approved == (Money{}) || r.Approved == a.Amount || a.Type == TypeSettle
	if r.Outcome == OutcomeApproved && full && t.cfg.AutoConfirm {
		events = append(events, Event{Kind: EventConfirm, Attempt: a.ID})
	}
	done, err := t.append(ctx, events...)
	var late *TransitionError
	if errors.As(err, &late) {
		return t.overtaken(ctx, a, r, err)
	}
	if err != nil {
		return a, err
	}
	t.progress(Progress{Attempt: a.ID, Step: StepOutcome, Code: done.Code, Text: string(done.State)})
	return done, nil
}

// overtaken deals with an answer to an attempt that somebody decided
// meanwhile: an undo under way goes on, a closed state stays closed, and an
// approval that contradicts it is kept as evidence.
func (t *Till) overtaken(ctx context.Context, a Attempt, r Reply, cause error) (Attempt, error) {
	now, err := t.cfg.Journal.Get(ctx, a.ID)
	if err != nil {
		return a, errors.Join(cause, err)
	}
	if r.Outcome == OutcomeApproved && !now.State.Paid() {
		now = t.evidence(ctx, now, AlertLateApproval, r)
	}
	return now, nil
}

// evidence keeps an answer that decides nothing.
func (t *Till) evidence(ctx context.Context, a Attempt, kind AlertKind, r Reply) Attempt {
	kept, err := t.append(ctx, Event{Kind: EventEvidence, Attempt: a.ID, Alert: kind, Reply: &r})
	if err != nil {
		t.cfg.Logger.Error("evidence could not be kept", "attempt", a.ID, "alert", kind, "err", err)
		return a
	}
	return kept
}

// doubtOf names why an answer is missing.
func doubtOf(ctx context.Context, r Reply, cause error) DoubtReason {
	switch {
	case r.Outcome == OutcomeApproved:
		return DoubtAmount
	case ctx.Err() != nil:
		return DoubtCancel
	case cause == nil:
		return DoubtGarbled
	case errors.Is(cause, context.DeadlineExceeded), isTimeout(cause):
		return DoubtTimeout
	}
	return DoubtCut
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// session is the Session of one operation.
type session struct {
	till    *Till
	attempt Attempt
	armed   bool
	strays  int // kept as evidence so far
}

// BeforeSend is the barrier in front of the money message.
func (s *session) BeforeSend(ctx context.Context, h Handle) error {
	if s.armed {
		return errors.New("pos: BeforeSend called twice in one operation")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	a, err := s.till.append(ctx, Event{Kind: EventArmed, Attempt: s.attempt.ID, Handle: h})
	if err != nil {
		return err
	}
	s.attempt, s.armed = a, true
	s.Progress(Progress{Step: StepSent, Text: "sent to the device", Chinese: "已发送至设备"})
	return nil
}

// Progress shows people what happens. A stray reply is kept as evidence.
func (s *session) Progress(p Progress) {
	if p.Attempt == "" {
		p.Attempt = s.attempt.ID
	}
	p.Text, p.Chinese = MaskCardData(p.Text), MaskCardData(p.Chinese)
	if p.Step == StepStray {
		if s.strays++; s.strays > MaxAlerts {
			return
		}
		ctx, cancel := s.till.orderly(context.Background())
		defer cancel()
		s.till.evidence(ctx, s.attempt, AlertStray, Reply{Code: clip(p.Code, maxWordLen), Text: clip(p.Text, maxWordLen)})
	}
	s.till.progress(p)
}

// clean masks card data in whatever a peer sent and cuts it to the journal's
// limits: what a peer says must never be why its answer cannot be kept.
func (r Reply) clean() Reply {
	for _, s := range []*string{&r.AuthCode, &r.RRN, &r.STAN, &r.Receipt, &r.Card, &r.Scheme, &r.Entry,
		&r.TerminalID, &r.MerchantID, &r.Code, &r.Text} {
		*s = clip(MaskCardData(*s), maxWordLen)
	}
	for _, s := range r.Chip.fields() {
		*s = clip(MaskCardData(*s), maxWordLen)
	}
	r.Handle = r.Handle.clean()
	r.Totals = slices.Clone(r.Totals[:min(len(r.Totals), maxTotals)])
	for i := range r.Totals {
		r.Totals[i].Name = clip(MaskCardData(r.Totals[i].Name), maxWordLen)
	}
	slips, room := make([]Slip, 0, min(len(r.Slips), maxSlips)), MaxSlipBytes
	for _, s := range r.Slips[:min(len(r.Slips), maxSlips)] {
		lines := make([]string, 0, min(len(s.Lines), MaxSlipLines))
		for _, l := range s.Lines {
			if l = clip(MaskCardData(l), maxWordLen); len(lines) < MaxSlipLines && len(l)+1 <= room {
				room -= len(l) + 1
				lines = append(lines, l)
			}
		}
		slips = append(slips, Slip{Kind: SlipKind(clip(MaskCardData(string(s.Kind)), maxWordLen)), Lines: lines})
	}
	r.Slips = slips
	r.Vouchers = cleanVouchers(r.Vouchers)
	return r
}

// clean bounds and masks a handle a driver gave.
func (h Handle) clean() Handle {
	if len(h) == 0 {
		return nil
	}
	out := make(Handle, min(len(h), maxHandleKeys))
	for _, k := range slices.Sorted(maps.Keys(h)) {
		if len(out) < maxHandleKeys {
			out[clip(MaskCardData(k), maxWordLen)] = clip(MaskCardData(h[k]), maxWordLen)
		}
	}
	return out
}

// Bounds of what a peer may add; together they stay below MaxEventLen.
const (
	// MaxSlipBytes bounds the receipts of one attempt in the journal.
	MaxSlipBytes = 40 << 10
	// maxWordLen bounds one thing a peer says: the longest known is a host's sentence.
	maxWordLen = 256
	// maxHandleKeys: the richest rail needs about ten.
	maxHandleKeys = 16
	// maxTotals: one line for each card scheme there is.
	maxTotals = 20
	// maxSlips: merchant's, customer's, and a few of administration.
	maxSlips = 8
)

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}
