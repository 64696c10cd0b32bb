package tmall

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openecr/openecr/pos"
)

// Query asks the platform's log what became of an attempt. Nothing is redeemed
// or undone by it.
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
	}
	return pos.Reply{}, fmt.Errorf("tmall: %w: a %s is none of a voucher platform's", pos.ErrManual, a.Type)
}

// clockGrain is how wrong the till's clock may be beside the platform's, which
// refuses calls that are 10 minutes off.
const clockGrain = 15 * time.Minute

// ask finds a redemption in the log by its serial: redeemed, undone or idle.
func (d *Driver) ask(ctx context.Context, t *ticket) error {
	t.fate = idle
	now := d.c.cfg.Clock()
	for l, err := range d.c.Logs(ctx, t.secret(), t.began().Add(-clockGrain), now.Add(clockGrain), d.cfg.Station) {
		switch {
		case err != nil:
			t.fate = open
			return err
		case l.Serial != t.Serial:
		case l.Act == ActReverse:
			t.fate = undone
			return nil
		case l.Act == ActConsume:
			t.fate = redeemed // unless a later line takes it back
		}
	}
	return nil
}

// remembered asks the log about every code of an attempt.
func (d *Driver) remembered(ctx context.Context, a pos.Attempt, key string) ([]*ticket, error) {
	list, err := d.recall(a.ID, key, a.Handle)
	if err != nil {
		return nil, err
	}
	at := 0
	for _, t := range list {
		if err := d.ask(context.WithoutCancel(ctx), t); err != nil {
			return nil, err
		}
		if at < len(a.Vouchers) {
			before := a.Vouchers[at]
			t.code, t.text = before.Code, before.Text
			if t.fate == idle && before.Verdict == pos.VoucherRefused {
				t.fate = refused
			}
		}
		at += t.Times
	}
	return list, nil
}

func count(list []*ticket, f fate) (n int) {
	for _, t := range list {
		if t.fate == f {
			n++
		}
	}
	return n
}

func (d *Driver) askRedeem(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	list, err := d.remembered(ctx, a, keyPlan)
	if err != nil {
		return pos.Reply{}, err
	}
	r := d.reply(list, a.Amount)
	switch {
	case count(list, idle) > 0 && count(list, redeemed) == 0:
		r.Outcome = pos.OutcomeNotFound // weak: it may be on its way
	case count(list, idle) > 0 && !d.settled(a.ID):
		r.Outcome, r.Approved = pos.OutcomePending, pos.Money{}
	}
	return r, nil
}

// askVoid finds out whether an undo has happened.
func (d *Driver) askVoid(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	list, err := d.remembered(ctx, a, keyUndo)
	if err != nil {
		return pos.Reply{}, err
	}
	r := undoReply(list, a.Amount)
	switch stand := count(list, redeemed); {
	case stand == len(list):
		r.Outcome = pos.OutcomeNotFound // weak: the undo may be on its way
	case stand > 0 && !d.settled(a.ID):
		r.Outcome, r.Approved = pos.OutcomePending, pos.Money{}
	}
	return r, nil
}

// standing are the codes of a redemption that stand, by the log.
func (d *Driver) standing(ctx context.Context, a pos.Attempt) ([]*ticket, error) {
	list, err := d.remembered(ctx, a, keyPlan)
	return slices.DeleteFunc(list, func(t *ticket) bool { return t.fate != redeemed }), err
}

// void takes a redemption back (冲正).
func (d *Driver) void(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	list, err := d.standing(ctx, *op.Original)
	if err != nil {
		return pos.Reply{}, err
	}
	if len(list) == 0 {
		return pos.Reply{}, fmt.Errorf("tmall: %w: the platform has no redemption of this attempt", pos.ErrInvalid)
	}
	h, err := d.handle(op.Attempt, keyUndo, list)
	if err != nil {
		return pos.Reply{}, err
	}
	if err := s.BeforeSend(ctx, h); err != nil {
		return pos.Reply{}, err
	}
	d.sentNow(op.Attempt)
	err = d.reverseAll(ctx, list)
	if isUnsent(err) && list[0].fate == redeemed {
		return pos.Reply{Outcome: pos.OutcomeNotSent}, err
	}
	return undoReply(list, op.Amount), err
}

// reverseAll takes back one code after the other and stops where nobody answers.
func (d *Driver) reverseAll(ctx context.Context, list []*ticket) error {
	for i, t := range list {
		if err := d.takeBack(ctx, t); err != nil {
			if i > 0 || !isUnsent(err) {
				t.fate = open
			}
			return err
		}
	}
	return nil
}

// takeBack reverses one serial, which can be done only once, and asks the log
// if the answer is not clear. nil says that its fate is known.
func (d *Driver) takeBack(ctx context.Context, t *ticket) error {
	ctx = context.WithoutCancel(ctx)
	err := d.c.Reverse(ctx, t.use(), d.cfg.Station)
	switch {
	case err == nil:
		t.fate = undone
		return nil
	case errors.Is(err, ErrNotSent):
		return unsent{err}
	}
	t.words(err)
	askErr := d.ask(ctx, t)
	if askErr == nil && (t.fate == undone || t.fate == redeemed && errors.Is(err, ErrRefused)) {
		return nil
	}
	return errors.Join(err, askErr)
}

// undoReply is an undo in the Till's words.
func undoReply(list []*ticket, asked pos.Money) pos.Reply {
	r := pos.Reply{Scheme: Platform}
	var sum int64
	for _, t := range list {
		r.Vouchers = append(r.Vouchers, t.verdicts()...)
		if t.fate == undone {
			sum += t.Worth * int64(t.Times)
		} else {
			r.Code, r.Text = t.code, t.text
		}
	}
	switch back := count(list, undone); {
	case count(list, open)+count(list, idle) > 0:
	case back == len(list):
		r.Outcome, r.Approved = pos.OutcomeApproved, asked
	case back > 0:
		r.Outcome, r.Approved = pos.OutcomeApproved, pos.FromMinor(min(sum, asked.Minor()), asked.Currency())
	default:
		r.Outcome = pos.OutcomeDeclined
	}
	return r
}

// quarantineMax keeps one undo shorter than the time a Till gives it; what is
// left is waited for by the next one.
const quarantineMax = 45 * time.Second

// reverse undoes an attempt that must not stay: after a doubt, or because the
// register abandoned it. Nothing is called undone while it may be on its way.
func (d *Driver) reverse(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	a := *op.Original
	if len(a.Handle) == 0 {
		return pos.Reply{}, fmt.Errorf("tmall: %w: the journal has no note of what was sent", pos.ErrManual)
	}
	if err := s.BeforeSend(ctx, nil); err != nil {
		return pos.Reply{}, err
	}
	if a.Approved.IsZero() {
		if left := d.cfg.Timing.Quarantine - d.since(a.ID); left > 0 && !d.pause(ctx, min(left, quarantineMax)) {
			return pos.Reply{}, errors.New("tmall: the undo waits until nothing can be on its way any more")
		}
	}
	list, err := d.standing(ctx, a)
	if err != nil {
		return pos.Reply{}, err
	}
	if err := d.reverseAll(ctx, list); err != nil {
		return pos.Reply{}, err
	}
	r := undoReply(list, op.Amount)
	if count(list, undone) < len(list) {
		return pos.Reply{Code: r.Code, Text: r.Text}, fmt.Errorf("tmall: %w: the platform does not undo it: %s %s; give the money back in its back office (卖家中心)", pos.ErrManual, r.Code, r.Text)
	}
	r.Outcome, r.Approved = pos.OutcomeApproved, pos.Money{}
	return r, nil
}
