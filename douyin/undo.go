package douyin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
)

// undo is one redemption to be taken back.
type undo struct {
	order  ID
	item   item
	n      int
	verify ID
	state  UndoState
	err    *Error // why it stands
}

// undoHandle writes what is to be taken back, so that a later question finds it.
func undoHandle(list []undo, began Time) pos.Handle {
	var all []plan
	for _, u := range list {
		if len(all) == 0 || all[len(all)-1].Order != u.order {
			all = append(all, plan{Began: began, Order: u.order})
		}
		p := &all[len(all)-1]
		if n := len(p.Tickets); n == 0 || p.Tickets[n-1].Certificate != u.item.Certificate {
			p.Tickets = append(p.Tickets, item{Certificate: u.item.Certificate, Title: u.item.Title, Card: u.item.Card})
		}
		it := &p.Tickets[len(p.Tickets)-1]
		it.Worth, it.Price, it.Verify = append(it.Worth, u.item.Worth[u.n]), append(it.Price, u.item.Price[u.n]), append(it.Verify, u.verify)
	}
	h := pos.Handle{}
	for i, p := range all {
		h["undo"+strconv.Itoa(i)] = p.text()
	}
	return h
}

func recallUndo(h pos.Handle) (list []undo, err error) {
	for i := 0; ; i++ {
		text, ok := h["undo"+strconv.Itoa(i)]
		if !ok {
			break
		}
		p, err := parsePlan(text)
		if err != nil {
			return nil, err
		}
		for _, it := range p.Tickets {
			for n, v := range it.Verify {
				list = append(list, undo{order: p.Order, item: it, n: n, verify: v})
			}
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("douyin: %w: the journal has no note of what was to be undone", pos.ErrManual)
	}
	return list, nil
}

// undos are the redemptions of an attempt that stand.
func undos(list []*redemption) (out []undo) {
	for _, u := range uses(list) {
		if u.Verdict == Redeemed {
			out = append(out, undo{order: u.order, item: *u.item, n: u.n, verify: u.Verify})
		}
	}
	return out
}

// settledUses takes the redemptions of an attempt from its verdicts; false if
// they do not name them all.
func (d *Driver) settledUses(a pos.Attempt) (list []*redemption, ok bool, err error) {
	if list, err = d.recall(a.Handle); err != nil {
		return nil, false, err
	}
	at := 0
	for _, r := range list {
		r.done = &Verified{}
		for _, it := range r.plan.Tickets {
			for range it.Worth {
				if at >= len(a.Vouchers) || a.Vouchers[at].Verdict != pos.VoucherRedeemed && a.Vouchers[at].Verdict != pos.VoucherRefused {
					return list, false, nil
				}
				o := UseOutcome{Certificate: it.Certificate, Verdict: Refused}
				if v := a.Vouchers[at]; v.Verdict == pos.VoucherRedeemed {
					o.Verdict, o.Verify = Redeemed, ID(pos.PlainID(v.Reference))
				}
				r.done.Uses, at = append(r.done.Uses, o), at+1
			}
		}
	}
	return list, true, nil
}

// void takes a redemption back that is known to stand.
func (d *Driver) void(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	list, known, err := d.settledUses(*op.Original)
	if err == nil && !known { // a person said it is redeemed
		list, err = d.remembered(ctx, *op.Original)
	}
	if err != nil {
		return pos.Reply{}, err
	}
	back := undos(list)
	if len(back) == 0 {
		return pos.Reply{}, fmt.Errorf("douyin: %w: the platform has no redemption of this attempt", pos.ErrInvalid)
	}
	if err := s.BeforeSend(ctx, undoHandle(back, d.began())); err != nil {
		return pos.Reply{}, err
	}
	d.sentNow(op.Attempt)
	err = d.cancelAll(ctx, op.Attempt, back, s)
	r := undoReply(back, op.Amount)
	if back[0].state == UndoUnknown && len(back) == countUndos(back, UndoUnknown) && errors.Is(err, ErrNotSent) {
		r.Outcome = pos.OutcomeNotSent
	}
	if r.Outcome == pos.OutcomeDeclined {
		err = errors.Join(err, errors.New(d.tooLate(back)))
	}
	return r, err
}

// tooLate says what to do about a redemption that the platform will not undo.
func (d *Driver) tooLate(list []undo) string {
	for _, u := range list {
		if u.err != nil && u.err.Reason == UndoWindowClosed {
			if d.cfg.Refund != nil {
				return "the hour of undoing is over: refund it (till refund)"
			}
			return "the hour of undoing is over: give the money back in the platform's back office (来客 > 订单 > 退款)"
		}
	}
	return "the platform does not undo it: see what it says, and ask its support with the log id if that does not help"
}

func countUndos(list []undo, s UndoState) (n int) {
	for _, u := range list {
		if u.state == s {
			n++
		}
	}
	return n
}

// cancelAll takes back one voucher after the other; the uses of a times-card
// together, all or none. It stops where the platform does not answer.
func (d *Driver) cancelAll(ctx context.Context, id pos.AttemptID, list []undo, s pos.Session) error {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].item.Card && list[n].item.Certificate == list[0].item.Certificate {
			n++
		}
		if err := d.cancel(ctx, id, list[:n], s); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// cancel undoes one voucher, and repeats it while nobody knows: what is undone
// cannot be undone again. nil says that every state is known.
func (d *Driver) cancel(ctx context.Context, id pos.AttemptID, list []undo, s pos.Session) error {
	request, doubt := d.request(id, list), false
	for try := 0; ; try++ {
		err := d.m.Cancel(context.WithoutCancel(ctx), request)
		var e *Error
		errors.As(err, &e)
		switch {
		case err == nil:
			setUndo(list, Undone, nil)
			return nil
		case errors.Is(err, ErrNotSent) && !doubt && try == 0:
			return err
		case errors.Is(err, ErrThrottled), errors.Is(err, ErrNotSent):
		case !doubt && e != nil && e.Definite():
			setUndo(list, NotUndone, e)
			return nil
		default:
			doubt = true
			if d.undone(ctx, list, e) {
				return nil
			}
		}
		pause, more := d.cfg.Timing.Retry(try)
		if !more {
			return err
		}
		s.Progress(pos.Progress{Step: pos.StepUndoing, Text: "undoing has no clear answer; trying again", Chinese: "撤销结果未明,正在重试"})
		if !d.pause(ctx, pause) {
			return errors.Join(err, ctx.Err())
		}
	}
}

// undone asks after an undo in doubt. A refusal is believed only if the
// redemption still stands.
func (d *Driver) undone(ctx context.Context, list []undo, e *Error) bool {
	for i := range list {
		u := &list[i]
		state, err := d.m.UndoOutcome(context.WithoutCancel(ctx), CertificateQuery{Order: u.order}, u.item.Certificate, u.verify)
		if err != nil {
			return false
		}
		u.state = state
	}
	if countUndos(list, Undone) == len(list) {
		return true
	}
	refused := e != nil && e.Definite() && e.Class != ErrNotSent && e.Class != ErrThrottled
	if refused && countUndos(list, NotUndone) == len(list) {
		setUndo(list, NotUndone, e)
		return true
	}
	setUndo(list, UndoUnknown, nil)
	return false
}

func setUndo(list []undo, s UndoState, e *Error) {
	for i := range list {
		list[i].state, list[i].err = s, e
	}
}

// request is the undo of one voucher. Its cancel_token is made of the attempt,
// so that the same undo is the same after a restart.
func (d *Driver) request(id pos.AttemptID, list []undo) Undo {
	first := list[0]
	if len(list) > 1 {
		b := &UndoBatch{Order: first.order}
		for _, u := range list {
			b.Verify = append(b.Verify, u.verify)
		}
		return Undo{Batch: b}
	}
	u := Undo{Verify: first.verify, Certificate: first.item.Certificate}
	if first.item.Card && !d.cfg.SeparateShops {
		sum := sha256.Sum256([]byte(string(id) + " " + string(first.verify)))
		u.CancelToken = hex.EncodeToString(sum[:16])
	}
	return u
}

// undoReply is an undo in the Till's words.
func undoReply(list []undo, asked pos.Money) pos.Reply {
	r := pos.Reply{Scheme: Platform}
	var sum Fen
	for _, u := range list {
		v := pos.VoucherVerdict{ID: pos.KeepID(string(u.item.Certificate)), Title: u.item.Title, Amount: u.item.Worth[u.n].Money(),
			Price: u.item.Price[u.n].Money(), Reference: pos.KeepID(string(u.verify)), Verdict: pos.VoucherUnknown}
		switch u.state {
		case Undone:
			v.Verdict = pos.VoucherUndone
			sum += u.item.Worth[u.n]
		case NotUndone:
			v.Verdict = pos.VoucherRedeemed
			if u.err != nil {
				v.Code, v.Text = u.err.words()
				r.Code, r.Text = v.Code, v.Text
			}
		}
		r.Vouchers = append(r.Vouchers, v)
	}
	if len(list) > 0 {
		r.RRN, r.Receipt = pos.KeepID(string(list[0].order)), pos.KeepID(string(list[0].verify))
	}
	switch undone := countUndos(list, Undone); {
	case countUndos(list, UndoUnknown) > 0:
	case undone == len(list):
		r.Outcome, r.Approved = pos.OutcomeApproved, asked
	case undone > 0:
		r.Outcome, r.Approved = pos.OutcomeApproved, pos.FromMinor(min(int64(sum), asked.Minor()), asked.Currency())
	default:
		r.Outcome = pos.OutcomeDeclined
	}
	return r
}

// reverse undoes an attempt that must not stay: after a doubt, or because the
// register abandoned it. What the platform still holds for review cannot be
// undone yet, and nothing is called undone while the request may be on its way.
func (d *Driver) reverse(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	if len(op.Original.Handle) == 0 {
		return pos.Reply{}, fmt.Errorf("douyin: %w: the journal has no note of what was sent", pos.ErrManual)
	}
	if err := s.BeforeSend(ctx, nil); err != nil {
		return pos.Reply{}, err
	}
	back, err := d.toReverse(ctx, *op.Original)
	if err != nil {
		return pos.Reply{}, err
	}
	if err := d.cancelAll(ctx, op.Attempt, back, s); err != nil {
		return pos.Reply{}, err
	}
	if stands := slices.IndexFunc(back, func(u undo) bool { return u.state != Undone }); stands >= 0 {
		return d.stands(back, back[stands].err)
	}
	r := undoReply(back, op.Amount)
	r.Outcome, r.Approved = pos.OutcomeApproved, pos.Money{}
	return r, nil
}

// stands is the answer to an undo that was refused: a person must be called
// where the platform's time for it is over; else the Till tries again a few times.
func (d *Driver) stands(back []undo, e *Error) (pos.Reply, error) {
	r := pos.Reply{Outcome: pos.OutcomeDeclined}
	if e == nil {
		return r, nil
	}
	r.Code, r.Text = e.words()
	if e.Reason != UndoWindowClosed {
		return r, nil
	}
	return r, fmt.Errorf("%w: %d of %d redemptions stand: %s %s: %s", pos.ErrManual, len(back)-countUndos(back, Undone), len(back), r.Code, r.Text, d.tooLate(back))
}

// toReverse finds the redemptions of an attempt.
func (d *Driver) toReverse(ctx context.Context, a pos.Attempt) ([]undo, error) {
	list, known, err := d.settledUses(a)
	if err != nil {
		return nil, err
	}
	if known && !a.Approved.IsZero() {
		return undos(list), nil
	}
	if left := d.cfg.Timing.Quarantine - d.since(a.ID); left > 0 && !d.pause(ctx, min(left, quarantineMax)) {
		return nil, errors.New("douyin: the undo waits until nothing can be on its way any more")
	}
	if list, err = d.remembered(ctx, a); err != nil {
		return nil, err
	}
	for _, u := range uses(list) {
		switch u.Verdict {
		case Pending:
			return nil, fmt.Errorf("%w: it is undone when its review ends in a redemption", &Error{Endpoint: CancelEndpoint, Class: ErrPending, Reason: HeldForReview})
		case Unknown:
			return nil, errors.New("douyin: the platform could not tell what there is to undo")
		}
	}
	return undos(list), nil
}

// quarantineMax keeps one undo shorter than the time a Till gives it; what is
// left is waited for by the next one.
const quarantineMax = 45 * time.Second

// refund applies for the customer's money back, once the platform takes no undo any more.
func (d *Driver) refund(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	list, err := d.recall(op.Original.Handle)
	if err != nil {
		return pos.Reply{}, err
	}
	if len(list) != 1 || op.Amount != op.Original.Approved {
		return pos.Reply{}, fmt.Errorf("douyin: %w: only a whole redemption of one order is refunded from here; for a part use the back office (来客)", pos.ErrUnsupported)
	}
	p := list[0].plan
	if err := d.wholeOrder(ctx, p); err != nil {
		return pos.Reply{}, err
	}
	p.Began = d.began()
	if err := s.BeforeSend(ctx, pos.Handle{keyPlan + "0": p.text()}); err != nil {
		return pos.Reply{}, err
	}
	d.sentNow(op.Attempt)
	a := RefundApplication{Order: p.Order, Reasons: d.cfg.Refund.Reasons}
	if d.cfg.Refund.Fields != nil {
		a.Fields = d.cfg.Refund.Fields(op)
	}
	_, err = d.m.ApplyRefund(context.WithoutCancel(ctx), a)
	r := pos.Reply{Scheme: Platform, RRN: pos.KeepID(string(p.Order))}
	var e *Error
	switch {
	case err == nil:
		r.Outcome, r.Approved, r.Text = pos.OutcomeApproved, op.Amount, "the platform took the application for a refund (已提交退款申请)"
		return r, nil
	case errors.Is(err, ErrNotSent):
		r.Outcome = pos.OutcomeNotSent
	case errors.As(err, &e) && e.Definite():
		r.Outcome = pos.OutcomeDeclined
		r.Code, r.Text = e.words()
		return r, nil
	}
	return r, err
}

// wholeOrder refuses to apply for the refund of an order of which the redemption had
// only some vouchers: without fields that name them the platform takes all of it.
func (d *Driver) wholeOrder(ctx context.Context, p plan) error {
	if d.cfg.Refund.Fields != nil {
		return nil
	}
	all, err := d.m.Certificates(ctx, CertificateQuery{Order: p.Order})
	if err != nil {
		return err
	}
	for _, c := range all {
		if !slices.ContainsFunc(p.Tickets, func(i item) bool { return i.Certificate == c.ID }) {
			return fmt.Errorf("douyin: %w: the order has further vouchers, and an application would be for all of them; use the back office (来客)", pos.ErrUnsupported)
		}
	}
	return nil
}
