package douyin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// redeem looks at the codes, makes durable all that the redemption consists of,
// and sends one order after the other.
func (d *Driver) redeem(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	list, tail, err := d.gather(ctx, op, s)
	if err != nil {
		return refusedBefore(err), err
	}
	release, err := d.lock(ctx, op.Attempt, list)
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	began := d.began()
	for _, r := range list {
		r.plan.Began = began
	}
	h, err := d.handle(list, tail)
	if err != nil {
		return pos.Reply{}, err
	}
	if err := s.BeforeSend(ctx, h); err != nil {
		return pos.Reply{}, err
	}
	d.sentNow(op.Attempt)
	for i, r := range list {
		err = d.send(ctx, op.Attempt, r, s)
		if i == 0 && errors.Is(err, ErrNotSent) {
			return pos.Reply{Outcome: pos.OutcomeNotSent}, err
		}
		if err != nil {
			break // the orders behind it were not sent; asking tells
		}
	}
	r := d.reply(list, op.Amount)
	r.Card = tail
	return r, err
}

// refusedBefore keeps the platform's code and words of a code that was refused
// before anything was sent.
func refusedBefore(err error) pos.Reply {
	var e *Error
	if !errors.As(err, &e) {
		return pos.Reply{}
	}
	code, text := e.words()
	return pos.Reply{Code: code, Text: text}
}

// words are the platform's codes and its text with the reason.
func (e *Error) words() (code, text string) {
	var codes []string
	for _, c := range []int64{e.Code, e.Gateway, e.Sub} {
		if n := fmt.Sprint(c); c != 0 && (len(codes) == 0 || codes[len(codes)-1] != n) {
			codes = append(codes, n)
		}
	}
	for _, t := range []string{e.Text, e.SubText, e.GatewayText} {
		if text == "" {
			text = t
		}
	}
	return strings.Join(codes, "/"), said(text, e.Reason)
}

// began is the platform's time now; or ours, where that is earlier: one of the
// two may be wrong, and too early only widens a question about vouchers that
// were unused a moment ago.
func (d *Driver) began() Time {
	now, own := d.m.c.Now(), d.m.c.cfg.Clock()
	if own.Before(now) {
		now = own
	}
	return Time{now.Truncate(time.Millisecond)}
}

// gather prepares every code and chooses its vouchers.
func (d *Driver) gather(ctx context.Context, op pos.Operation, s pos.Session) (list []*redemption, tail string, err error) {
	s.Progress(pos.Progress{Step: pos.StepConnecting, Text: "asking the platform about the voucher", Chinese: "正在查询券信息"})
	var looks []*look
	var previews []pos.Preview
	for _, code := range append([]pos.Secret{op.Code}, op.Codes...) {
		l, err := d.takeLook(ctx, code)
		if err != nil {
			return nil, "", err
		}
		looks, previews = append(looks, l), append(previews, d.preview(l.prepared))
	}
	chosen, worth, err := pos.ChooseVouchers(previews, op.Uses)
	if err != nil {
		return nil, "", fmt.Errorf("douyin: %w", err)
	}
	if cmp, err := op.Amount.Cmp(worth); err != nil || cmp > 0 {
		return nil, "", fmt.Errorf("douyin: %w: the vouchers are worth %s, not %s", pos.ErrInvalid, worth, op.Amount)
	}
	for i, l := range looks {
		if len(chosen[i]) == 0 {
			continue
		}
		r, err := d.planned(l.prepared, chosen[i])
		if err != nil {
			return nil, "", err
		}
		list = append(list, r)
	}
	if len(looks) == 1 {
		tail = looks[0].tail
	}
	return list, tail, nil
}

// planned makes the redemption of one order.
func (d *Driver) planned(p *Prepared, chosen []pos.VoucherUse) (*redemption, error) {
	r := &redemption{plan: plan{Order: p.Order}}
	var wanted []Use
	for _, u := range chosen {
		c := p.certificate(ID(u.Voucher))
		it := item{Certificate: c.ID, Title: cut(c.SKU.Title, titleMax), Card: c.TimesCard != nil}
		for n := range u.Times {
			a := c.amountOf(n)
			it.Worth, it.Price = append(it.Worth, a.Original), append(it.Price, a.Pay)
		}
		r.plan.Tickets = append(r.plan.Tickets, it)
		wanted = append(wanted, Use{Certificate: c.ID, Times: u.Times})
	}
	v, err := p.Verification(d.cfg.Shop, wanted...)
	if err != nil {
		return nil, beforeSend(err)
	}
	r.v = v
	return r, nil
}

func cut(text string, limit int) string {
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "")
	}
	return text
}

// lock keeps two lanes off one order: in this process by a lock, and by the
// journal where another attempt on the order has not ended.
func (d *Driver) lock(ctx context.Context, id pos.AttemptID, list []*redemption) (release func(), err error) {
	var keys []string
	mine := map[ID]bool{}
	for _, r := range list {
		if mine[r.plan.Order] {
			return nil, fmt.Errorf("douyin: %w: two codes of one order; name its vouchers instead", pos.ErrInvalid)
		}
		mine[r.plan.Order] = true
		keys = append(keys, d.m.c.base.Host+" "+string(r.plan.Order))
	}
	release, ok := orders.take(keys)
	if !ok {
		return nil, fmt.Errorf("douyin: %w: another till is redeeming this order", pos.ErrBusy)
	}
	if err := d.free(ctx, id, mine); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// free looks for an attempt in the journal that has the order in doubt.
func (d *Driver) free(ctx context.Context, id pos.AttemptID, mine map[ID]bool) error {
	if d.cfg.Book == nil {
		return nil
	}
	live, err := d.cfg.Book.Find(ctx, pos.Filter{Device: d.Device(), States: pos.LiveStates()})
	if err != nil {
		return fmt.Errorf("douyin: which orders are in doubt cannot be read: %w", err)
	}
	for _, a := range live {
		all, err := plans(a.Handle)
		if a.ID == id || err != nil {
			continue // nothing of it was sent
		}
		for _, p := range all {
			if mine[p.Order] {
				return fmt.Errorf("douyin: %w: attempt %s on till %s has this order, and is %s", pos.ErrBusy, a.ID, a.Till, a.State)
			}
		}
	}
	return nil
}

// others are redemptions that belong to other sales of this journal.
func (d *Driver) others(ctx context.Context, id pos.AttemptID, p plan) ([]ID, error) {
	if d.cfg.Book == nil {
		return nil, nil
	}
	list, err := d.cfg.Book.Find(ctx, pos.Filter{Device: d.Device(), Types: []pos.Type{pos.TypeRedeem}, From: p.Began.Add(-othersBefore)})
	if err != nil {
		return nil, err
	}
	var ids []ID
	for _, a := range list {
		if a.ID == id {
			continue
		}
		for _, v := range a.Vouchers {
			if v.Reference != "" {
				ids = append(ids, ID(pos.PlainID(v.Reference)))
			}
		}
	}
	return ids, nil
}

// othersBefore is how wrong the till's clock may be beside the platform's.
const othersBefore = 26 * time.Hour

// send redeems one order, again and again with the same token while nobody
// knows, and leaves in r.done what became of it. nil says that every use is
// decided; ErrNotSent that nothing left at all.
func (d *Driver) send(ctx context.Context, id pos.AttemptID, r *redemption, s pos.Session) error {
	doubt := false
	for try := 0; ; try++ {
		out, err := d.m.Verify(context.WithoutCancel(ctx), r.v)
		if !doubt && errors.Is(err, ErrNotSent) {
			return err
		}
		// After 1229 the platform may have redeemed it by itself: 1208 is then our own doing.
		doubt = doubt || errors.Is(err, ErrDoubt) || errors.Is(err, ErrPending)
		decided, err := d.weigh(ctx, id, r, out, err, doubt)
		if decided {
			return nil
		}
		if errors.Is(err, ErrPending) && r.done != nil && r.done.Count(Unknown) == 0 {
			s.Progress(waiting(err))
			return err // what the platform holds is noted in the journal before anything else, and asked for
		}
		pause, more := d.cfg.Timing.Retry(try)
		if !more {
			return err
		}
		s.Progress(waiting(err))
		if !d.pause(ctx, pause) {
			return errors.Join(err, ctx.Err())
		}
	}
}

func waiting(err error) pos.Progress {
	if errors.Is(err, ErrPending) {
		return pos.Progress{Step: pos.StepDevice, Code: "1229", Text: "the platform is reviewing the voucher; NOT redeemed yet", Chinese: "平台审核中,尚未核销,请勿交付"}
	}
	return pos.Progress{Step: pos.StepAsking, Text: "no answer that can be believed; asking again", Chinese: "结果未明,正在查询"}
}

// weigh takes one answer to a redemption. Of the first try it is believed as it
// is. After a doubt only a success is: a refusal says nothing about the request
// before it, and 1208 may be our own doing, so the platform's memory decides.
func (d *Driver) weigh(ctx context.Context, id pos.AttemptID, r *redemption, out *Verified, err error, doubt bool) (decided bool, _ error) {
	if out != nil {
		r.done = out
	}
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrThrottled), errors.Is(err, ErrNotSent):
		return false, err // no work was done
	case !doubt && !errors.Is(err, ErrPending):
		if out == nil {
			r.refused(err)
		}
		return true, nil
	}
	asked, askErr := d.outcome(ctx, id, r)
	if asked == nil {
		return false, errors.Join(err, askErr)
	}
	if out == nil { // no use was answered
		out = &Verified{Uses: make([]UseOutcome, len(asked.Uses))}
	}
	r.done = merge(out, asked, doubt)
	if r.done.Count(Unknown)+r.done.Count(Pending) == 0 {
		return true, nil
	}
	return false, err
}

// merge puts the platform's memory beside its last answer. What it remembers as
// ours is redeemed, though of a use that was refused only after a doubt. "Not
// redeemed" is believed where the last answer refused that very use: nothing
// can be on its way behind an answer.
func merge(answered, asked *Verified, doubt bool) *Verified {
	out := &Verified{LogID: answered.LogID}
	for i, a := range answered.Uses {
		q := UseOutcome{}
		if i < len(asked.Uses) {
			q = asked.Uses[i]
		}
		refused := a.Verdict == Refused || a.Verdict == Used
		switch {
		case a.Verdict == Redeemed, refused && !doubt:
		case q.Verdict == Redeemed:
			a = q
		case refused && q.Verdict == Unknown:
			a.Verdict = Unknown
		case a.Verdict == Unknown && (q.Verdict == Used || q.Reason == Refunded):
			a = q
		}
		out.Uses = append(out.Uses, a)
	}
	return out
}

// refused is a whole request that the platform did not take.
func (r *redemption) refused(err error) {
	reason, code, text := NotUnderstood, int64(0), err.Error()
	var e *Error
	if errors.As(err, &e) {
		reason, code, text = e.Reason, e.Code, e.Text
		for _, c := range []int64{e.Gateway, e.Sub} {
			if code == 0 {
				code = c
			}
		}
	}
	r.done = &Verified{}
	for _, u := range r.v.Uses {
		for range u.times() {
			r.done.Uses = append(r.done.Uses, UseOutcome{Certificate: u.Certificate, Verdict: Refused, Reason: reason, Code: code, Text: text})
		}
	}
}

// outcome asks the platform's memory. It is nil only if it could not be asked.
func (d *Driver) outcome(ctx context.Context, id pos.AttemptID, r *redemption) (*Verified, error) {
	ctx = context.WithoutCancel(ctx)
	others, err := d.others(ctx, id, r.plan)
	if err != nil {
		return nil, err
	}
	return d.m.Outcome(ctx, r.v, r.plan.Began.Time, others...)
}
