package meituan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
)

// redeem looks at the codes, makes durable all that the redemption consists of,
// and sends one code after the other.
func (d *Driver) redeem(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	list, err := d.gather(ctx, op, s)
	if err != nil {
		return refusedBefore(err), err
	}
	release, err := d.lock(ctx, op.Attempt, list)
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	h, err := d.handle(op.Attempt, keyPlan, list)
	if err != nil {
		return pos.Reply{}, err
	}
	if err := s.BeforeSend(ctx, h); err != nil {
		return pos.Reply{}, err
	}
	d.sentNow(op.Attempt)
	err = d.sendAll(ctx, op.Attempt, list, s)
	if isUnsent(err) {
		return pos.Reply{Outcome: pos.OutcomeNotSent}, err
	}
	r, noteErr := d.reply(op.Attempt, list, op.Amount)
	return r, errors.Join(err, noteErr)
}

// refusedBefore keeps the platform's words of a code refused before anything was sent.
func refusedBefore(err error) pos.Reply {
	var e *Error
	if !errors.As(err, &e) {
		return pos.Reply{}
	}
	return pos.Reply{Code: e.Code, Text: e.Text}
}

// gather looks at every code and chooses its vouchers.
func (d *Driver) gather(ctx context.Context, op pos.Operation, s pos.Session) ([]*ticket, error) {
	s.Progress(pos.Progress{Step: pos.StepConnecting, Text: "asking the platform about the voucher", Chinese: "正在查询券信息"})
	codes := append([]pos.Secret{op.Code}, op.Codes...)
	if len(codes) > ticketsMax {
		return nil, fmt.Errorf("meituan: %w: %d codes at once, at most %d", pos.ErrInvalid, len(codes), ticketsMax)
	}
	var looks []look
	var previews []pos.Preview
	for _, code := range codes {
		l, err := d.takeLook(ctx, code)
		if err != nil {
			return nil, err
		}
		looks, previews = append(looks, l), append(previews, d.preview(l))
	}
	chosen, worth, err := pos.ChooseVouchers(previews, op.Uses)
	if err != nil {
		return nil, fmt.Errorf("meituan: %w", err)
	}
	if cmp, err := op.Amount.Cmp(worth); err != nil || cmp > 0 {
		return nil, fmt.Errorf("meituan: %w: the vouchers are worth %s, not %s", pos.ErrInvalid, worth, op.Amount)
	}
	var list []*ticket
	for i, l := range looks {
		for _, u := range chosen[i] {
			if u.Times < l.prepared.Least {
				return nil, fmt.Errorf("meituan: %w: %s is redeemed %d at once or more", pos.ErrInvalid, l.prepared.Title, l.prepared.Least)
			}
			list = append(list, l.ticket(u.Times))
		}
	}
	return list, nil
}

func (l look) ticket(times int) *ticket {
	p := l.prepared
	return &ticket{plan: plan{Began: l.at.UnixMilli(), Code: reveal(l.code), Tag: l.tag, Deal: p.Deal, Title: cut(p.Title, titleMax), Face: p.Face, Price: p.Price, Times: times}}
}

// lock keeps two lanes off one code: in this process by a lock, and by the
// journal where another attempt on the code has not ended.
func (d *Driver) lock(ctx context.Context, id pos.AttemptID, list []*ticket) (release func(), err error) {
	var keys []string
	mine := map[string]bool{}
	for _, t := range list {
		if mine[t.Tag] {
			return nil, fmt.Errorf("meituan: %w: one code twice", pos.ErrInvalid)
		}
		mine[t.Tag] = true
		keys = append(keys, d.shop.c.base.Host+" "+t.Tag)
	}
	release, ok := inUse.take(keys)
	if !ok {
		return nil, fmt.Errorf("meituan: %w: another till is redeeming this code", pos.ErrBusy)
	}
	if err := d.free(ctx, id, mine); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// free looks for an attempt in the journal that has a code in doubt.
func (d *Driver) free(ctx context.Context, id pos.AttemptID, mine map[string]bool) error {
	if d.cfg.Book == nil {
		return nil
	}
	live, err := d.cfg.Book.Find(ctx, pos.Filter{Device: d.Device(), States: pos.LiveStates()})
	if err != nil {
		return fmt.Errorf("meituan: which codes are in doubt cannot be read: %w", err)
	}
	for _, a := range live {
		for i := range ticketsMax {
			if tag := a.Handle[keyTag+strconv.Itoa(i)]; a.ID != id && mine[tag] {
				return fmt.Errorf("meituan: %w: attempt %s on till %s has this code, and is %s", pos.ErrBusy, a.ID, a.Till, a.State)
			}
		}
	}
	return nil
}

// unsent says that not one byte of a redemption or undo has left. A question
// that could not be asked afterwards is none of it.
type unsent struct{ error }

// Unwrap is the cause.
func (u unsent) Unwrap() error { return u.error }

func isUnsent(err error) bool {
	var u unsent
	return errors.As(err, &u)
}

// sendAll sends tickets until one stays in doubt. unsent says that nothing at
// all has left.
func (d *Driver) sendAll(ctx context.Context, id pos.AttemptID, list []*ticket, s pos.Session) error {
	for i, t := range list {
		err := d.send(ctx, id, i, t, s)
		switch {
		case err == nil:
		case isUnsent(err) && i > 0:
			t.fate, t.text = refused, "the platform could not be reached; nothing was sent (未发送)"
		default:
			return err // those behind it were not sent; asking tells
		}
	}
	return nil
}

// request is the idempotency key of one code of an attempt.
func request(id pos.AttemptID, i int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", id, i))
	return hex.EncodeToString(sum[:16])
}

// send redeems one code. nil says that its fate is known. Services retail is
// sent again with the same request id while nobody knows; dining has none, so
// that its record is asked and nothing repeated.
func (d *Driver) send(ctx context.Context, id pos.AttemptID, i int, t *ticket, s pos.Session) error {
	c := Consume{Code: t.secret(), Count: t.Times, Request: request(id, i)}
	heard := true // every answer so far was one
	for try := 0; ; try++ {
		list, err := d.shop.Consume(context.WithoutCancel(ctx), c, d.cfg.Accounts)
		heard = heard && answered(err)
		switch {
		case err == nil:
			t.took(list)
			return nil
		case errors.Is(err, ErrNotSent) && try == 0:
			return unsent{err}
		}
		if t.words(err); d.definite(err) && heard {
			t.fate = refused
			return nil
		}
		if d.shop.business == Dining {
			return d.afterDoubt(ctx, id, t, err)
		}
		if heard && try > 0 {
			return d.refusedTwice(ctx, t, err)
		}
		pause, more := d.cfg.Timing.Retry(try)
		if !more {
			return err
		}
		s.Progress(pos.Progress{Step: pos.StepAsking, Text: "no answer that can be believed; asking again", Chinese: "结果未明,正在查询"})
		if !d.pause(ctx, pause) {
			return errors.Join(err, ctx.Err())
		}
	}
}

// took notes a redemption the platform confirmed.
func (t *ticket) took(list []Consumed) {
	t.fate, t.codes = redeemed, nil
	for _, one := range list {
		t.codes = append(t.codes, reveal(one.Code.Secret))
	}
}

// refusedTwice decides about a redemption whose request id was refused again:
// had the platform done it, it would have said so. If the code is redeemed then,
// it is somebody else's doing; if it is not, a quarantine must show it.
func (d *Driver) refusedTwice(ctx context.Context, t *ticket, cause error) error {
	state, _, err := d.shop.Status(context.WithoutCancel(ctx), t.secret(), t.began())
	if err == nil && state == Used {
		t.fate = refused
		return nil
	}
	return errors.Join(cause, err)
}

// afterDoubt asks the platform's record about a redemption that cannot be
// repeated. nil says that the fate is known. A refusal is not followed by a
// guess: that the code is redeemed may be somebody else's doing.
func (d *Driver) afterDoubt(ctx context.Context, id pos.AttemptID, t *ticket, cause error) error {
	if answered(cause) {
		return cause
	}
	if err := d.ask(context.WithoutCancel(ctx), id, t); err != nil {
		return errors.Join(cause, err)
	}
	if t.fate == redeemed {
		return nil
	}
	t.fate = open // it may be on its way
	return cause
}

// reply is a whole redemption in the Till's words. What is open leaves the outcome open.
func (d *Driver) reply(id pos.AttemptID, list []*ticket, asked pos.Money) (pos.Reply, error) {
	r := pos.Reply{Scheme: Platform, MerchantID: d.shop.name}
	counts := map[fate]int{}
	var sum Yuan
	for _, t := range list {
		counts[t.fate]++
		r.Vouchers = append(r.Vouchers, t.verdicts(t.Times)...)
		if t.fate == redeemed {
			sum += t.Face * Yuan(t.Times)
		} else {
			r.Code, r.Text = t.code, t.text
		}
	}
	if len(list) == 1 {
		r.Card = tail(list[0].secret())
	}
	not := counts[refused] + counts[idle]
	switch {
	case counts[open] > 0:
	case counts[redeemed] > 0 && not == 0:
		r.Outcome, r.Approved = pos.OutcomeApproved, asked
	case counts[redeemed] > 0:
		r.Outcome, r.Approved = pos.OutcomeApproved, pos.FromMinor(min(int64(sum), asked.Minor()), asked.Currency())
	default:
		r.Outcome = pos.OutcomeDeclined
	}
	if r.Outcome == pos.OutcomeApproved && d.shop.business == Services {
		r.UndoUntil = list[0].began().Add(UndoWindow).Truncate(time.Second) // the redemption was later, not earlier
	}
	var err error
	r.Handle, err = d.noteCodes(id, list)
	return r, err
}
