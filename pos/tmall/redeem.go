package tmall

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"

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
	err = d.sendAll(ctx, list)
	if isUnsent(err) {
		return pos.Reply{Outcome: pos.OutcomeNotSent}, err
	}
	return d.reply(list, op.Amount), err
}

// refusedBefore keeps the platform's words of a code refused before anything was sent.
func refusedBefore(err error) pos.Reply {
	var e *Error
	if !errors.As(err, &e) {
		return pos.Reply{}
	}
	code, text := e.words()
	return pos.Reply{Code: code, Text: text}
}

// gather looks at every code and chooses its vouchers.
func (d *Driver) gather(ctx context.Context, op pos.Operation, s pos.Session) ([]*ticket, error) {
	s.Progress(pos.Progress{Step: pos.StepConnecting, Text: "asking the platform about the voucher", Chinese: "正在查询券信息"})
	codes := append([]pos.Secret{op.Code}, op.Codes...)
	if len(codes) > ticketsMax {
		return nil, fmt.Errorf("tmall: %w: %d codes at once, at most %d", pos.ErrInvalid, len(codes), ticketsMax)
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
		return nil, fmt.Errorf("tmall: %w", err)
	}
	if cmp, err := op.Amount.Cmp(worth); err != nil || cmp > 0 {
		return nil, fmt.Errorf("tmall: %w: the vouchers are worth %s, not %s", pos.ErrInvalid, worth, op.Amount)
	}
	var list []*ticket
	for i, l := range looks {
		for _, u := range chosen[i] {
			list = append(list, l.ticket(serial(op.Attempt, i), u.Times))
		}
	}
	return list, nil
}

func (l look) ticket(serial string, times int) *ticket {
	return &ticket{plan: plan{Began: l.at.UnixMilli(), Code: reveal(l.code), Token: reveal(l.issued.Token), Order: l.issued.Order, Tag: l.tag,
		Title: cut(l.before.Title, titleMax), Worth: l.issued.Worth.Minor(), Price: l.issued.Price.Minor(), Times: times, Serial: serial}}
}

// serial names one code's redemption in an attempt. It is spelt in letters, so
// that nobody takes it for a card number.
func serial(id pos.AttemptID, i int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", id, i))
	return "openecr_" + letters.EncodeToString(sum[:20])
}

// lock keeps two lanes off one code: in this process by a lock, and by the
// journal where another attempt on the code has not ended.
func (d *Driver) lock(ctx context.Context, id pos.AttemptID, list []*ticket) (release func(), err error) {
	var keys []string
	mine := map[string]bool{}
	for _, t := range list {
		if mine[t.Tag] {
			return nil, fmt.Errorf("tmall: %w: one code twice", pos.ErrInvalid)
		}
		mine[t.Tag] = true
		keys = append(keys, d.c.base.Host+" "+t.Tag)
	}
	release, ok := inUse.take(keys)
	if !ok {
		return nil, fmt.Errorf("tmall: %w: another till is redeeming this code", pos.ErrBusy)
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
		return fmt.Errorf("tmall: which codes are in doubt cannot be read: %w", err)
	}
	for _, a := range live {
		for i := range ticketsMax {
			if tag := a.Handle[keyTag+strconv.Itoa(i)]; a.ID != id && mine[tag] {
				return fmt.Errorf("tmall: %w: attempt %s on till %s has this code, and is %s", pos.ErrBusy, a.ID, a.Till, a.State)
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
func (d *Driver) sendAll(ctx context.Context, list []*ticket) error {
	for i, t := range list {
		err := d.send(ctx, t)
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

// send redeems one code, once: whether a serial may be repeated is not
// published. Without a clear answer the log is asked, which knows the serial.
// nil says that the fate is known.
func (d *Driver) send(ctx context.Context, t *ticket) error {
	ctx = context.WithoutCancel(ctx)
	err := d.c.Consume(ctx, t.use(), d.cfg.Station)
	switch {
	case err == nil:
		t.fate = redeemed
		return nil
	case errors.Is(err, ErrNotSent):
		return unsent{err}
	}
	t.words(err)
	if askErr := d.ask(ctx, t); askErr != nil {
		return errors.Join(err, askErr)
	}
	switch {
	case t.fate == redeemed:
		return nil
	case d.definite(err):
		t.fate = refused
		return nil
	}
	t.fate = open // it may be on its way
	return err
}

// reply is a whole redemption in the Till's words. What is open leaves the outcome open.
func (d *Driver) reply(list []*ticket, asked pos.Money) pos.Reply {
	r := pos.Reply{Scheme: Platform, MerchantID: pos.KeepID(string(d.cfg.Station.Merchant)), TerminalID: pos.KeepID(d.cfg.Station.POS)}
	counts := map[fate]int{}
	var sum int64
	for _, t := range list {
		counts[t.fate]++
		r.Vouchers = append(r.Vouchers, t.verdicts()...)
		if t.fate == redeemed {
			sum += t.Worth * int64(t.Times)
			r.Receipt = t.Serial
		} else {
			r.Code, r.Text = t.code, t.text
		}
	}
	if len(list) == 1 {
		r.Card, r.RRN = tail(list[0].secret()), pos.KeepID(string(list[0].Order))
	}
	not := counts[refused] + counts[idle] + counts[undone]
	switch {
	case counts[open] > 0:
	case counts[redeemed] > 0 && not == 0:
		r.Outcome, r.Approved = pos.OutcomeApproved, asked
	case counts[redeemed] > 0:
		r.Outcome, r.Approved = pos.OutcomeApproved, pos.FromMinor(min(sum, asked.Minor()), asked.Currency())
	case counts[undone] == len(list):
		r.Outcome = pos.OutcomeReversed
	default:
		r.Outcome = pos.OutcomeDeclined
	}
	return r
}
