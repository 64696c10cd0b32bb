package wallet

import (
	"context"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
)

// refund gives a part, or all, of a payment back.
func (d *Driver) refund(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	r := Refund{Number: string(op.Attempt), Amount: op.Amount, Order: d.order(*op.Original)}
	if err := d.ready(ctx, r.Order, s); err != nil {
		return pos.Reply{}, err
	}
	if err := s.BeforeSend(ctx, r.Order.handle()); err != nil {
		return pos.Reply{}, err
	}
	d.sentAt(r.Number)
	cctx, cancel := d.call(ctx)
	a, err := d.cfg.Host.Refund(cctx, r)
	cancel()
	if unsent(err) {
		return pos.Reply{Outcome: pos.OutcomeNotSent}, err
	}
	began := time.Now()
	for {
		if a, err = fits(a, err, r.Amount); err == nil && (a.State == Unknown || a.State == Missing) {
			err = fmt.Errorf("the platform said %s %s", a.Code, a.Text)
		}
		if err != nil {
			return pos.Reply{}, fmt.Errorf("the refund has no answer that can be believed: %w", err)
		}
		late := time.Since(began) >= d.cfg.Timing.Refund
		if a.State != Waiting || late {
			return refunded(a)
		}
		s.Progress(pos.Progress{Step: pos.StepDevice, Code: a.Code, Text: "the refund is under way", Chinese: "退款处理中"})
		pause(ctx, min(d.cfg.Timing.Poll, d.cfg.Timing.Refund-time.Since(began)))
		if next, err := d.queryRefund(ctx, r); err == nil && next.State != Missing {
			a = next
		}
		if ctx.Err() != nil {
			return refunded(a)
		}
	}
}

// refunded turns an answer about a refund into a reply: accepted is given.
func refunded(a Answer) (pos.Reply, error) {
	switch a.State {
	case Waiting:
		a.State = Paid
	case Closed:
		a.State = Refused // the platform closed the refund: nothing was given
	case Failed:
		return pos.Reply{}, fmt.Errorf("wallet: %w: the platform accepted the refund and then could not deliver it: %s %s; see to it there (退款异常)", pos.ErrManual, a.Code, a.Text)
	}
	return reply(a), nil
}

func (d *Driver) queryRefund(ctx context.Context, r Refund) (Answer, error) {
	cctx, cancel := d.call(ctx)
	defer cancel()
	a, err := d.cfg.Host.QueryRefund(cctx, r)
	return fits(a, err, r.Amount)
}
