package wallet

import (
	"context"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
)

// pay charges a scanned code.
func (d *Driver) pay(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	if err := d.classify(op.Code); err != nil {
		return pos.Reply{}, err
	}
	o := d.begin(op, false)
	if err := d.ready(ctx, o, s); err != nil {
		return pos.Reply{}, err
	}
	if err := s.BeforeSend(ctx, o.handle()); err != nil {
		return pos.Reply{}, err
	}
	d.sentAt(o.Number)
	cctx, cancel := d.call(ctx)
	a, err := d.cfg.Host.Pay(cctx, o, op.Code)
	cancel()
	if unsent(err) {
		return pos.Reply{Outcome: pos.OutcomeNotSent}, err
	}
	a, err = fits(a, err, o.Amount)
	if r, ok := decided(a, err); ok {
		return r, nil
	}
	d.tell(s, a, err)
	return d.wait(ctx, o, d.cfg.Timing.Limit, s)
}

// show makes a code for the customer to scan, and waits until it is paid,
// expires or is canceled.
func (d *Driver) show(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	o := d.begin(op, true)
	if err := d.ready(ctx, o, s); err != nil {
		return pos.Reply{}, err
	}
	if err := s.BeforeSend(ctx, o.handle()); err != nil {
		return pos.Reply{}, err
	}
	d.sentAt(o.Number)
	a, err := d.present(ctx, o)
	if unsent(err) {
		return pos.Reply{Outcome: pos.OutcomeNotSent}, err
	}
	if a.State == Refused {
		return reply(a), nil
	}
	if err == nil && a.Show == "" {
		err = fmt.Errorf("the platform said %s %s", a.Code, a.Text)
	}
	if err != nil {
		return pos.Reply{}, fmt.Errorf("%w: no code came to show: %w", pos.ErrUndo, err)
	}
	s.Progress(pos.Progress{Step: pos.StepScan, Code: a.Show,
		Text:    fmt.Sprintf("let the customer scan and pay %s within %s", o.Amount, o.Expires.Round(time.Second)),
		Chinese: fmt.Sprintf("请顾客扫码支付 %s", o.Amount)})
	defer s.Progress(pos.Progress{Step: pos.StepScanned, Text: "take the code away", Chinese: "收起二维码"})
	return d.wait(ctx, o, o.Expires, s)
}

// presentTries: nothing can be paid before the code is shown, so asking for it again is harmless.
const presentTries = 3

func (d *Driver) present(ctx context.Context, o Order) (a Answer, err error) {
	for try := range presentTries {
		if try > 0 && !pause(ctx, d.cfg.Timing.Poll) {
			break
		}
		cctx, cancel := d.call(ctx)
		a, err = d.cfg.Host.Show(cctx, o)
		cancel()
		if err == nil || try == 0 && unsent(err) {
			return a, err
		}
	}
	return a, err
}

// wait asks until the order is decided, patience is over or ctx ends. Then it
// asks a last time and leaves the rest to the undo.
func (d *Driver) wait(ctx context.Context, o Order, limit time.Duration, s pos.Session) (pos.Reply, error) {
	wake, leave := d.wake(o.Number)
	defer leave()
	began, stop := time.Now(), ctx.Done()
	for {
		last := time.Since(began) >= limit || stop == nil && (o.Shown || d.since(o.Number) >= d.cfg.Timing.ReverseAfter)
		a, err := d.query(ctx, o)
		if r, ok := decided(a, err); ok {
			return r, nil
		}
		if last {
			return pos.Reply{}, d.giveUp(ctx, a, err)
		}
		d.tell(s, a, err)
		select {
		case <-wake:
		case <-time.After(min(d.cfg.Timing.Poll, limit-time.Since(began))):
		case <-stop:
			stop = nil // said once; the last question follows
			s.Progress(pos.Progress{Step: pos.StepAborting, Text: "giving up; asking a last time", Chinese: "正在取消,最后查询一次"})
		}
	}
}

// giveUp says why the payment is to be undone.
func (d *Driver) giveUp(ctx context.Context, a Answer, err error) error {
	why := "the customer did not pay in time"
	switch {
	case ctx.Err() != nil:
		why = "canceled at the till"
	case a.State == Missing:
		why = "the platform knows nothing of it yet"
	case err != nil:
		why = "the platform does not answer"
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", pos.ErrUndo, why, err)
	}
	return fmt.Errorf("%w: %s", pos.ErrUndo, why)
}

// tell shows people what the platform said in between.
func (d *Driver) tell(s pos.Session, a Answer, err error) {
	p := pos.Progress{Step: pos.StepDevice, Code: a.Code, Text: "waiting for the customer to pay", Chinese: "等待顾客支付"}
	if err != nil {
		p = pos.Progress{Step: pos.StepAsking, Text: "no answer that can be believed; asking again", Chinese: "结果未明,正在查询"}
	}
	s.Progress(p)
}

// decided turns an answer that ends a payment into a reply.
func decided(a Answer, err error) (pos.Reply, bool) {
	if err != nil {
		return pos.Reply{}, false
	}
	switch a.State {
	case Paid, Refused, Closed:
		return reply(a), true
	}
	return pos.Reply{}, false
}

// reply is an answer about a payment in the Till's terms.
func reply(a Answer) pos.Reply {
	r := pos.Reply{RRN: a.Trade, Scheme: a.Scheme, Code: a.Code, Text: a.Text, PeerTime: a.Time, Entry: "qr"}
	if a.Trade != "" {
		r.Handle = pos.Handle{keyTrade: a.Trade}
	}
	switch a.State {
	case Paid:
		r.Outcome, r.Approved = pos.OutcomeApproved, a.Amount
	case Refused:
		r.Outcome = pos.OutcomeDeclined
	case Closed:
		r.Outcome = pos.OutcomeReversed
	}
	return r
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
