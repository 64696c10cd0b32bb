package zvt

import (
	"context"
	"fmt"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// Settle runs End-of-Day 06 50 (Kassenschnitt). Reply.Totals are the
// terminal's, by card scheme (BMP 60). The rules of Transact hold.
func (t *Terminal) Settle(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	release, err := t.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	if op.Amount.Currency() != t.cfg.Currency {
		return pos.Reply{}, fmt.Errorf("zvt: %w: settling %s on a terminal registered for %s", pos.ErrInvalid, op.Amount.Currency(), t.cfg.Currency)
	}
	before, err := t.lastBooking(ctx, lastEndOfDay)
	if err != nil {
		return pos.Reply{}, err
	}
	h := before.handle(lastEndOfDay)
	t.note(h)
	m := &zvtproto.EndOfDay{}
	m.Password = t.cfg.Password
	if err := s.BeforeSend(ctx, h); err != nil {
		return pos.Reply{}, err
	}
	end, err := t.converse(context.WithoutCancel(ctx), m, s.Progress)
	if err != nil {
		t.drop()
		return pos.Reply{}, err
	}
	if !end.completed {
		code := end.code
		return pos.Reply{Outcome: pos.OutcomeDeclined, Code: codeText(code), Text: code.String()}, nil
	}
	if end.result == nil {
		return pos.Reply{}, fmt.Errorf("zvt: the end of day completed without totals")
	}
	r, err := t.settlement(end.result)
	if err != nil {
		t.drop()
		return pos.Reply{}, err
	}
	r.Slips = end.slips.done()
	return r, nil
}

// settlement reads the status-information of an end of day.
func (t *Terminal) settlement(si *zvtproto.StatusInformation) (pos.Reply, error) {
	r := t.reply(si)
	if r.Outcome = pos.OutcomeApproved; !si.Approved() {
		r.Outcome = pos.OutcomeDeclined
		return r, nil
	}
	r.Approved = pos.FromMinor(0, t.cfg.Currency) // a settlement takes nothing
	totals, ok, err := si.Totals()
	if err != nil {
		return pos.Reply{}, fmt.Errorf("zvt: totals of the end of day: %w", err)
	}
	if !ok {
		return r, nil
	}
	for _, l := range []struct {
		name  string
		total zvtproto.Total
	}{{"girocard", totals.Girocard}, {"JCB", totals.JCB}, {"Mastercard", totals.Mastercard}, {"American Express", totals.Amex},
		{"Visa", totals.Visa}, {"Diners", totals.Diners}, {"others", totals.Others}} {
		if l.total != (zvtproto.Total{}) {
			r.Totals = append(r.Totals, pos.Total{Name: l.name, Count: int(l.total.Count),
				Amount: pos.FromMinor(int64(l.total.Sum), t.cfg.Currency)})
		}
	}
	return r, nil
}
