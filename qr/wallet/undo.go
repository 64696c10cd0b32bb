package wallet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
)

// reverse undoes an attempt whose money must not stay: after a doubt, or
// because the register abandoned it.
func (d *Driver) reverse(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	if op.Original.Type != pos.TypeCharge {
		return pos.Reply{}, fmt.Errorf("wallet: %w: a %s cannot be undone", pos.ErrUnsupported, op.Original.Type)
	}
	o := d.order(*op.Original)
	o.Taken = !op.Original.Approved.IsZero()
	if !o.Taken && !o.Shown {
		pause(ctx, d.cfg.Timing.ReverseAfter-d.since(o.Number))
	}
	if err := s.BeforeSend(ctx, o.handle()); err != nil {
		return pos.Reply{}, err
	}
	return d.undo(ctx, o)
}

// void takes a payment back that is known to have been made.
func (d *Driver) void(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	o := d.order(*op.Original)
	o.Taken = true
	if err := d.ready(ctx, o, s); err != nil {
		return pos.Reply{}, err
	}
	if err := s.BeforeSend(ctx, o.handle()); err != nil {
		return pos.Reply{}, err
	}
	return d.undo(ctx, o)
}

// undo asks the platform to undo an order until it says that nothing of it is
// left, and a question confirms that.
func (d *Driver) undo(ctx context.Context, o Order) (pos.Reply, error) {
	began, delay := time.Now(), d.cfg.Timing.Poll
	for {
		r, done, err := d.undoOnce(ctx, o)
		if done {
			return r, nil
		}
		if time.Since(began)+delay > d.cfg.Timing.Limit+d.cfg.Timing.Quarantine || !pause(ctx, delay) {
			return pos.Reply{}, errors.Join(errors.New("wallet: the undo has no answer that can be believed yet"), err)
		}
		delay = min(delay*3/2, maxDelay)
	}
}

// maxDelay ends the growth of the pause between two undos: five minutes are
// recommended at most, and a cashier waits.
const maxDelay = 30 * time.Second

func (d *Driver) undoOnce(ctx context.Context, o Order) (r pos.Reply, done bool, err error) {
	cctx, cancel := d.call(ctx)
	a, err := d.cfg.Host.Undo(cctx, o)
	cancel()
	switch {
	case err != nil:
		return pos.Reply{}, false, err
	case a.State == Refused:
		return reply(a), true, nil
	case a.State != Closed && a.State != Missing:
		return pos.Reply{}, false, fmt.Errorf("the platform says %s %s: ask again", a.Code, a.Text)
	}
	now, err := d.query(ctx, o)
	switch {
	case err != nil:
		return pos.Reply{}, false, err
	case now.State == Closed:
	case now.State == Partly && a.State == Closed: // undone, says the one answer; given back, the other
	case (now.State == Missing || now.State == Refused) && !o.Taken && d.since(o.Number) >= d.cfg.Timing.Quarantine:
	case now.State == Refused && !o.Taken && a.State == Closed:
	default:
		return pos.Reply{}, false, fmt.Errorf("undone, but the platform still says %q", now.State)
	}
	return pos.Reply{Outcome: pos.OutcomeApproved, Code: a.Code, Text: a.Text, RRN: a.Trade}, true, nil
}
