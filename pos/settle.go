package pos

import (
	"context"
	"errors"
	"fmt"
)

// SettleRequest asks to close the day at a device (结算, Kassenschnitt).
type SettleRequest struct {
	Tender   string
	Currency Currency
	// CarryOver settles although attempts wait for a person; Operator answers
	// for it. Uncertain ones must be recovered or resolved all the same.
	CarryOver bool
	Operator  string
	Attempt   AttemptID // as in ChargeRequest
}

// Settlement compares what the journal and the peer counted since the last one.
type Settlement struct {
	Attempt Attempt `json:"settlement"`
	Journal Total   `json:"journal"`
	Peer    Total   `json:"peer"`
	// Difference is peer minus journal.
	Difference Money `json:"difference"`
	Equal      bool  `json:"equal"`
	// Orphans on the device are counted, but the register has not confirmed
	// them; after a settlement they can only be refunded.
	Orphans []Attempt `json:"orphans,omitempty"`
}

// Settle closes the day at the device behind a tender and compares its totals
// with the journal's, to the minor unit. It is journalled as an attempt, so a
// cut or crash in the middle is recovered like a payment.
//
// A nil error means the device has settled; look at Equal for the books.
// Errors: ErrConflict while attempts on the device have not ended (unless
// CarryOver), ErrUnsupported, and those of Charge.
func (t *Till) Settle(ctx context.Context, r SettleRequest) (Settlement, error) {
	const op = "settle"
	leave, err := t.enter()
	if err != nil {
		return Settlement{}, &Error{Op: op, Class: ErrClosed}
	}
	defer leave()
	if r.CarryOver && r.Operator == "" {
		return Settlement{}, &Error{Op: op, Class: ErrInvalid, Err: errors.New("carrying unfinished attempts over needs the operator's name")}
	}
	o, err := t.incoming(TypeSettle, ChargeRequest{Tender: r.Tender, Amount: FromMinor(0, r.Currency), Attempt: r.Attempt, Operator: r.Operator})
	if err == nil && o.driver == nil {
		err = fmt.Errorf("tender %q has no device to settle", r.Tender)
	}
	if err != nil {
		return Settlement{}, &Error{Op: op, Class: ErrInvalid, Err: err}
	}
	orphans, err := t.beforeSettle(ctx, o.intent.Device, r.CarryOver)
	if err != nil {
		return Settlement{}, refused(op, Attempt{}, err)
	}
	a, err := t.run(ctx, o)
	if a.Type != TypeSettle {
		return Settlement{Attempt: a}, err
	}
	s, countErr := t.compare(ctx, a)
	s.Orphans = orphans
	if err == nil && countErr != nil {
		err = &Error{Op: op, Class: ErrJournal, Attempt: a, Err: countErr}
	}
	return s, err
}

// beforeSettle refuses to close a day over attempts nobody has decided, after
// one try to decide them, and lists the orphans.
func (t *Till) beforeSettle(ctx context.Context, device string, carryOver bool) ([]Attempt, error) {
	open, err := t.cfg.Journal.Find(ctx, Filter{Device: device, States: LiveStates(), Limit: everything})
	if err != nil {
		return nil, err
	}
	var orphans []Attempt
	for _, a := range open {
		ended := !a.State.Live()
		if !ended && a.State != StateManual && t.mine(a) {
			a, ended = t.settleDoubt(ctx, a.ID, once)
		}
		if !ended && !carryOver {
			return nil, &Blocked{Class: ErrConflict, By: a, Why: "settle only after it is recovered or resolved, or carry it over by name"}
		}
	}
	var r Recovery
	err = t.orphans(ctx, &r)
	for _, a := range r.Orphans {
		if a.Device == device {
			orphans = append(orphans, a)
		}
	}
	return orphans, err
}

// compare counts both sides of a settlement.
func (t *Till) compare(ctx context.Context, a Attempt) (Settlement, error) {
	s := Settlement{Attempt: a, Peer: Total{Name: "peer", Amount: FromMinor(0, a.Amount.Currency())}}
	journal, err := t.sinceLast(ctx, a)
	if err != nil {
		return s, err
	}
	s.Journal = journal
	for _, l := range a.Totals {
		s.Peer.Count += l.Count
		if s.Peer.Amount, err = s.Peer.Amount.Add(l.Amount); err != nil {
			return s, err
		}
	}
	if s.Difference, err = s.Peer.Amount.Sub(journal.Amount); err != nil {
		return s, err
	}
	s.Equal = a.State.Paid() && s.Difference.IsZero()
	return s, nil
}

// sinceLast adds up what the journal knows of a device since its last settlement.
func (t *Till) sinceLast(ctx context.Context, settle Attempt) (Total, error) {
	total := Total{Name: "journal", Amount: FromMinor(0, settle.Amount.Currency())}
	paid := []State{StateApproved, StateConfirmed, StateForced}
	earlier, err := t.cfg.Journal.Find(ctx, Filter{Device: settle.Device, Types: []Type{TypeSettle}, States: paid, Newest: true, Limit: 2})
	if err != nil {
		return total, err
	}
	var after int64
	for _, e := range earlier {
		if e.ID != settle.ID && e.Seq < settle.Seq {
			after = e.Seq
			break
		}
	}
	list, err := t.cfg.Journal.Find(ctx, Filter{Device: settle.Device, States: paid, AfterSeq: after, Limit: MaxSettleAttempts})
	if err != nil {
		return total, err
	}
	for _, a := range list {
		switch {
		case a.Type.movesIn():
			total.Amount, err = total.Amount.Add(a.Approved)
		case a.Type.takesBack() && !t.releasesHold(ctx, a):
			total.Amount, err = total.Amount.Sub(a.Approved)
		default:
			continue
		}
		if err != nil {
			return total, err
		}
		total.Count++
	}
	return total, nil
}

// MaxSettleAttempts bounds one settlement: a terminal's own turnover store holds far fewer.
const MaxSettleAttempts = 1_000_000

// releasesHold reports whether a void only lets a pre-authorisation go, which moves no money.
func (t *Till) releasesHold(ctx context.Context, a Attempt) bool {
	orig, err := t.cfg.Journal.Get(ctx, a.Original)
	return err == nil && orig.Type == TypePreauth
}
