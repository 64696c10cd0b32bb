package douyin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openecr/openecr/pos"
)

// Query asks the platform what became of an attempt. Nothing is redeemed or
// undone by it. What the platform holds for review stays pending for 49 hours.
func (d *Driver) Query(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	release, err := d.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	switch a.Type {
	case pos.TypeRedeem:
		return d.askRedeem(ctx, a)
	case pos.TypeVoid:
		return d.askVoid(ctx, a)
	case pos.TypeRefund:
		return d.askRefund(ctx, a)
	}
	return pos.Reply{}, fmt.Errorf("douyin: %w: a %s is none of a voucher platform's", pos.ErrManual, a.Type)
}

func (d *Driver) askRedeem(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	if !a.State.Live() && d.cfg.Book == nil {
		return pos.Reply{}, errors.New("douyin: without the till's Book nobody can tell whether a later redemption is of another sale")
	}
	list, err := d.remembered(ctx, a)
	if err != nil {
		return pos.Reply{}, err
	}
	r := d.reply(list, a.Amount)
	r.Card = a.Handle[keyTail]
	all := uses(list)
	count := func(v Verdict) int { return countUses(all, func(u use) bool { return u.Verdict == v }) }
	idle := countUses(all, func(u use) bool { return u.Verdict == Refused && u.Reason == NotRedeemed })
	switch {
	case count(Unknown) > 0:
		return pos.Reply{}, fmt.Errorf("douyin: the platform could not tell: %s %s", r.Code, r.Text)
	case count(Pending) > 0:
		r.Outcome = pos.OutcomePending
	case idle > 0 && count(Redeemed) == 0:
		r.Outcome = pos.OutcomeNotFound // weak: it may be on its way
	case idle > 0 && d.since(a.ID) < d.cfg.Timing.Quarantine:
		r.Outcome = pos.OutcomePending // one order arrived, another may be on its way
	}
	return r, nil
}

func countUses(all []use, fits func(use) bool) (n int) {
	for _, u := range all {
		if fits(u) {
			n++
		}
	}
	return n
}

// remembered asks the platform about every use of a redemption.
func (d *Driver) remembered(ctx context.Context, a pos.Attempt) ([]*redemption, error) {
	list, err := d.recall(a.Handle)
	if err != nil {
		return nil, err
	}
	at := 0
	for _, r := range list {
		out, err := d.outcome(ctx, a.ID, r)
		if out == nil {
			return nil, err
		}
		for i := range out.Uses {
			if at < len(a.Vouchers) {
				d.recollect(&out.Uses[i], a.Vouchers[at], r.plan)
			}
			at++
		}
		r.done = out
	}
	return list, nil
}

// recollect puts what the platform had said before beside what it says now:
// what it holds for review looks unused, and a refusal had its reason.
func (d *Driver) recollect(u *UseOutcome, before pos.VoucherVerdict, p plan) {
	if u.Verdict != Refused || u.Reason != NotRedeemed {
		return
	}
	switch before.Verdict {
	case pos.VoucherPending:
		if d.m.c.Now().Sub(p.Began.Time) < reviewWindow {
			u.Verdict, u.Reason, u.Text = Pending, HeldForReview, before.Text
		}
	case pos.VoucherRefused:
		u.Reason, u.Text = ReasonOther, before.Text
	}
}

// askVoid finds out whether an undo has happened.
func (d *Driver) askVoid(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	list, err := recallUndo(a.Handle)
	if err != nil {
		return pos.Reply{}, err
	}
	for i := range list {
		if list[i].state, err = d.m.UndoOutcome(context.WithoutCancel(ctx), CertificateQuery{Order: list[i].order}, list[i].item.Certificate, list[i].verify); err != nil {
			return pos.Reply{}, err
		}
	}
	r := undoReply(list, a.Amount)
	done := func(s UndoState) bool { return slices.ContainsFunc(list, func(u undo) bool { return u.state == s }) }
	switch {
	case done(UndoUnknown):
		return pos.Reply{}, errors.New("douyin: the platform could not tell whether it is undone")
	case !done(Undone):
		r.Outcome = pos.OutcomeNotFound
	case done(NotUndone) && d.since(a.ID) < d.cfg.Timing.Quarantine:
		r.Outcome = pos.OutcomePending
	}
	return r, nil
}

// askRefund looks for the application among the merchant's refunds, which lag
// by seconds, at worst minutes.
func (d *Driver) askRefund(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	order, began := ID(pos.PlainID(a.RRN)), time.Time{}
	if all, err := plans(a.Handle); err == nil {
		order, began = all[0].Order, all[0].Began.Time
	}
	if order == "" || began.IsZero() {
		return pos.Reply{}, fmt.Errorf("douyin: %w: the journal has no note of the refund", pos.ErrManual)
	}
	for one, err := range d.m.Refunds(context.WithoutCancel(ctx), began.Add(-clockGrain), time.Time{}) {
		if err != nil {
			return pos.Reply{}, err
		}
		if one.Order == order && (one.Amount == 0 || int64(one.Amount) == a.Amount.Minor()) {
			return pos.Reply{Outcome: pos.OutcomeApproved, Approved: a.Amount, Receipt: pos.KeepID(string(one.ID)), RRN: pos.KeepID(string(order))}, nil
		}
	}
	return pos.Reply{Outcome: pos.OutcomeNotFound}, nil
}
