package meituan

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
)

// Query asks the platform what became of an attempt. Nothing is redeemed or
// undone by it.
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
	return pos.Reply{}, fmt.Errorf("meituan: %w: a %s is none of a voucher platform's", pos.ErrManual, a.Type)
}

func (d *Driver) askRedeem(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	if !a.State.Live() && d.cfg.Book == nil {
		return pos.Reply{}, errors.New("meituan: without the till's Book nobody can tell whether a later redemption is of another sale")
	}
	list, err := d.remembered(ctx, a)
	if err != nil {
		return pos.Reply{}, err
	}
	r, err := d.reply(a.ID, list, a.Amount)
	counts := map[fate]int{}
	for _, t := range list {
		counts[t.fate]++
	}
	switch {
	case counts[idle] > 0 && counts[redeemed] == 0:
		r.Outcome = pos.OutcomeNotFound // weak: it may be on its way
	case counts[idle] > 0 && !d.settled(a.ID):
		r.Outcome, r.Approved = pos.OutcomePending, pos.Money{}
	}
	return r, err
}

// remembered asks the platform about every code of a redemption, keeping what
// the platform had said before.
func (d *Driver) remembered(ctx context.Context, a pos.Attempt) ([]*ticket, error) {
	list, err := d.recall(a.ID, keyPlan, a.Handle)
	if err != nil {
		return nil, err
	}
	at := 0
	for i, t := range list {
		var before pos.VoucherVerdict
		if at < len(a.Vouchers) {
			before = a.Vouchers[at]
		}
		at += t.Times
		if err := d.recollect(ctx, a, i, t, before); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (d *Driver) recollect(ctx context.Context, a pos.Attempt, i int, t *ticket, before pos.VoucherVerdict) error {
	t.code, t.text = before.Code, before.Text
	known, err := d.readCodes(a.ID, a.Handle, i, t)
	switch {
	case err != nil:
		return err
	case before.Verdict == pos.VoucherRefused && a.State.Live():
		t.fate = refused
		return nil
	case before.Verdict == pos.VoucherRedeemed && a.State.Live() && known:
		t.fate = redeemed
		return nil
	}
	if err := d.ask(context.WithoutCancel(ctx), a.ID, t); err != nil {
		return err
	}
	if t.fate == redeemed && before.Verdict == pos.VoucherUnknown && before.Code != "" {
		return fmt.Errorf("meituan: %w: the platform refused it (%s %s), yet has it as redeemed: perhaps by another till; look in 开店宝", pos.ErrManual, before.Code, before.Text)
	}
	return nil
}

// ask finds out where a code stands: redeemed or idle, or an error.
func (d *Driver) ask(ctx context.Context, id pos.AttemptID, t *ticket) error {
	state, r, err := d.shop.Status(ctx, t.secret(), t.began())
	switch {
	case err != nil:
		return err
	case state == Unsure:
		return fmt.Errorf("meituan: the platform could not tell: %s", clean(r.State, nil))
	case state == Unused:
		t.fate = idle
		return nil
	}
	others, err := d.elsewhere(ctx, id, t)
	if err != nil {
		return err
	}
	if others || d.cfg.OwnAccount && r.Account != "" && r.Account != d.cfg.Accounts.ID {
		t.fate = idle
		return nil
	}
	if t.Times > 1 && len(t.codes) != t.Times {
		if err := d.companions(ctx, t, r); err != nil {
			return err
		}
	} else if t.Times == 1 {
		t.codes = []string{t.Code}
	}
	t.fate = redeemed
	return nil
}

// elsewhere reports whether the journal has the code redeemed by another attempt.
func (d *Driver) elsewhere(ctx context.Context, id pos.AttemptID, t *ticket) (bool, error) {
	if d.cfg.Book == nil {
		return false, nil
	}
	list, err := d.cfg.Book.Find(ctx, pos.Filter{Device: d.Device(), Types: []pos.Type{pos.TypeRedeem}, From: t.began().Add(-time.Hour)})
	if err != nil {
		return false, err
	}
	for _, a := range list {
		if a.ID == id || !a.State.Paid() {
			continue
		}
		for _, v := range a.Vouchers {
			if v.ID == t.Tag && v.Verdict == pos.VoucherRedeemed {
				return true, nil
			}
		}
	}
	return false, nil
}

// together is how far the times of vouchers redeemed by one call may lie apart.
const together = time.Second

// companions finds the further vouchers that one call redeemed: the platform
// names no link between them, so those of the same deal, account and second are
// taken, if they are exactly as many as were asked for.
func (d *Driver) companions(ctx context.Context, t *ticket, own Record) error {
	var codes []string
	if !own.Time.IsZero() {
		for r, err := range d.shop.Records(ctx, own.Time.Time, 0) {
			if err != nil {
				return err
			}
			if r.stands() == Used && r.like(own) {
				codes = append(codes, reveal(r.Code.Secret))
			}
		}
	}
	if len(codes) != t.Times {
		return fmt.Errorf("meituan: %w: of %s vouchers of one order the platform's list shows %d redeemed at that moment; look in 开店宝", pos.ErrManual, strconv.Itoa(t.Times), len(codes))
	}
	t.codes = codes
	return nil
}

func (r Record) like(own Record) bool {
	apart := r.Time.Sub(own.Time.Time).Abs()
	return r.Title == own.Title && r.Account == own.Account && !r.Time.IsZero() && apart <= together
}
