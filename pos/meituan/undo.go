package meituan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openecr/openecr/pos"
)

// one is one voucher to be taken back.
type one struct {
	t    *ticket
	code pos.Secret
	fate fate // redeemed while it stands, undone, or open
	err  *Error
}

// standing are the vouchers of a redemption that stand, by the journal's
// verdicts; where those do not tell, the platform is asked.
func (d *Driver) standing(ctx context.Context, a pos.Attempt) ([]*ticket, error) {
	list, err := d.recall(a.ID, keyPlan, a.Handle)
	if err != nil {
		return nil, err
	}
	at := 0
	for i, t := range list {
		known, err := d.readCodes(a.ID, a.Handle, i, t)
		if err != nil {
			return nil, err
		}
		verdict := pos.VoucherUnknown
		if at < len(a.Vouchers) {
			verdict = a.Vouchers[at].Verdict
		}
		at += t.Times
		switch {
		case verdict == pos.VoucherRedeemed && known:
			t.fate = redeemed
		case verdict == pos.VoucherRefused:
			t.fate = refused
		default:
			if err := d.ask(context.WithoutCancel(ctx), a.ID, t); err != nil {
				return nil, err
			}
		}
	}
	return slices.DeleteFunc(list, func(t *ticket) bool { return t.fate != redeemed }), nil
}

// each lists the single vouchers of tickets.
func each(list []*ticket) (all []*one) {
	for _, t := range list {
		for _, c := range t.codes {
			all = append(all, &one{t: t, code: pos.NewSecret([]byte(c)), fate: redeemed})
		}
	}
	return all
}

// void takes a redemption back that is known to stand.
func (d *Driver) void(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	list, err := d.standing(ctx, *op.Original)
	if err != nil {
		return pos.Reply{}, err
	}
	if len(list) == 0 {
		return pos.Reply{}, fmt.Errorf("meituan: %w: the platform has no redemption of this attempt", pos.ErrInvalid)
	}
	for _, t := range list {
		t.Codes = t.codes
	}
	h, err := d.handle(op.Attempt, keyUndo, list)
	if err != nil {
		return pos.Reply{}, err
	}
	if err := s.BeforeSend(ctx, h); err != nil {
		return pos.Reply{}, err
	}
	d.sentNow(op.Attempt)
	all := each(list)
	err = d.cancelAll(ctx, all, s)
	if isUnsent(err) && all[0].fate == redeemed {
		return pos.Reply{Outcome: pos.OutcomeNotSent}, err
	}
	return undoReply(all, op.Amount), err
}

// cancelAll takes back one voucher after the other and stops where nobody answers.
func (d *Driver) cancelAll(ctx context.Context, all []*one, s pos.Session) error {
	for i, o := range all {
		if err := d.cancel(ctx, o, s); err != nil {
			if i > 0 || !isUnsent(err) {
				o.fate = open
			}
			return err
		}
	}
	return nil
}

// cancel undoes one voucher, and repeats it while the platform has it as
// redeemed and gives no answer. nil says that its fate is known.
func (d *Driver) cancel(ctx context.Context, o *one, s pos.Session) error {
	for try := 0; ; try++ {
		err := d.shop.Cancel(context.WithoutCancel(ctx), o.code, o.t.Deal, d.cfg.Accounts)
		switch {
		case err == nil:
			o.fate = undone
			return nil
		case errors.Is(err, ErrNotSent) && try == 0:
			return unsent{err}
		}
		state, _, askErr := d.shop.Status(context.WithoutCancel(ctx), o.code, o.t.began())
		switch {
		case askErr == nil && state == Unused:
			o.fate = undone
			return nil
		case askErr == nil && state == Used && answered(err):
			errors.As(err, &o.err)
			return nil
		}
		pause, more := d.cfg.Timing.Retry(try)
		if !more {
			return errors.Join(err, askErr)
		}
		s.Progress(pos.Progress{Step: pos.StepUndoing, Text: "undoing has no clear answer; trying again", Chinese: "撤销结果未明,正在重试"})
		if !d.pause(ctx, pause) {
			return errors.Join(err, askErr, ctx.Err())
		}
	}
}

// undoReply is an undo in the Till's words.
func undoReply(all []*one, asked pos.Money) pos.Reply {
	r := pos.Reply{Scheme: Platform}
	var sum Yuan
	counts := map[fate]int{}
	for _, o := range all {
		counts[o.fate]++
		o.t.fate = o.fate
		v := o.t.verdicts(1)[0]
		if o.err != nil {
			v.Code, v.Text = o.err.Code, o.err.Text
			r.Code, r.Text = v.Code, v.Text
		}
		if o.fate == undone {
			sum += o.t.Face
		}
		r.Vouchers = append(r.Vouchers, v)
	}
	switch {
	case counts[open] > 0:
	case counts[redeemed] == 0:
		r.Outcome, r.Approved = pos.OutcomeApproved, asked
	case counts[undone] > 0:
		r.Outcome, r.Approved = pos.OutcomeApproved, pos.FromMinor(min(int64(sum), asked.Minor()), asked.Currency())
	default:
		r.Outcome = pos.OutcomeDeclined
	}
	return r
}

// askVoid finds out whether an undo has happened.
func (d *Driver) askVoid(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	list, err := d.recall(a.ID, keyUndo, a.Handle)
	if err != nil {
		return pos.Reply{}, err
	}
	for _, t := range list {
		t.codes = t.Codes
	}
	all := each(list)
	stand := 0
	for _, o := range all {
		state, _, err := d.shop.Status(context.WithoutCancel(ctx), o.code, o.t.began())
		switch {
		case err != nil:
			return pos.Reply{}, err
		case state == Unused:
			o.fate = undone
		case state == Used:
			stand++
		default:
			return pos.Reply{}, errors.New("meituan: the platform could not tell whether it is undone")
		}
	}
	r := undoReply(all, a.Amount)
	switch {
	case stand == len(all):
		r.Outcome = pos.OutcomeNotFound // weak: the undo may be on its way
	case stand > 0 && !d.settled(a.ID):
		r.Outcome, r.Approved = pos.OutcomePending, pos.Money{}
	}
	return r, nil
}

// quarantineMax keeps one undo shorter than the time a Till gives it; what is
// left is waited for by the next one.
const quarantineMax = 45 * time.Second

// reverse undoes an attempt that must not stay: after a doubt, or because the
// register abandoned it. Nothing is called undone while it may be on its way.
func (d *Driver) reverse(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	a := *op.Original
	if len(a.Handle) == 0 {
		return pos.Reply{}, fmt.Errorf("meituan: %w: the journal has no note of what was sent", pos.ErrManual)
	}
	if err := s.BeforeSend(ctx, nil); err != nil {
		return pos.Reply{}, err
	}
	if a.Approved.IsZero() {
		if left := d.cfg.Timing.Quarantine - d.since(a.ID); left > 0 && !d.pause(ctx, min(left, quarantineMax)) {
			return pos.Reply{}, errors.New("meituan: the undo waits until nothing can be on its way any more")
		}
	}
	list, err := d.standing(ctx, a)
	if err != nil {
		return pos.Reply{}, err
	}
	all := each(list)
	if err := d.cancelAll(ctx, all, s); err != nil {
		return pos.Reply{}, err
	}
	r := undoReply(all, op.Amount)
	if i := slices.IndexFunc(all, func(o *one) bool { return o.fate != undone }); i >= 0 {
		return pos.Reply{Code: r.Code, Text: r.Text}, fmt.Errorf("meituan: %w: the platform does not undo it: %s %s; give the money back in 开店宝", pos.ErrManual, r.Code, r.Text)
	}
	r.Outcome, r.Approved = pos.OutcomeApproved, pos.Money{}
	return r, nil
}
