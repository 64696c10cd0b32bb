package pos

import (
	"context"
	"errors"
	"fmt"
)

// ChargeRequest asks for money.
type ChargeRequest struct {
	// Tender names the means of payment; empty takes the only driver there is,
	// or the one to which Config.Route sends Code.
	Tender string
	// Amount to take on this tender, above zero.
	Amount Money
	// Reference is the shop's order number; several attempts may share it.
	// Empty takes the attempt's id, and then nothing guards against a second charge but the id.
	Reference string
	// Due is the whole sum of the order when it is split over several
	// tenders; zero means Amount is all of it. Nothing may exceed it.
	Due Money
	// Given is the cash handed over; zero means exactly Amount. Only for cash.
	Given Money
	// Attempt makes the call repeatable: the same id again returns the first
	// payment. Empty lets the Till make one. See NewAttempt.
	Attempt AttemptID
	// Operator is whoever stands at the till.
	Operator string
	// Code is a scanned payment code, for tenders that take one.
	Code Secret
	// Entry says how Code came in, for Rules that ask.
	Entry CodeEntry
	// Token stands for the card or payer, for Rules that count by it: always
	// the same for the same one, and never the number itself.
	Token string
	// BIN is the first six to eight digits of the card, for Rules that ask.
	BIN string
}

// PreauthRequest asks to hold money (pre-authorisation 预授权).
type PreauthRequest ChargeRequest

// FollowUpRequest asks for something on an earlier attempt.
type FollowUpRequest struct {
	// Original is the attempt to work on.
	Original AttemptID
	// Amount to give back or complete; zero takes all of the original. A void always takes all.
	Amount Money
	// Attempt and Operator are as in ChargeRequest.
	Attempt  AttemptID
	Operator string
}

// VoidRequest asks to take an attempt back before settlement.
type VoidRequest FollowUpRequest

// RefundRequest asks to give money back.
type RefundRequest FollowUpRequest

// CompletionRequest asks to take held money (预授权完成).
type CompletionRequest FollowUpRequest

// order is one operation on its way through the Till.
type order struct {
	name   string // for errors
	id     AttemptID
	intent Intent
	driver Driver
	orig   *Attempt
	code   Secret
	codes  []Secret
	uses   []VoucherUse
	entry  CodeEntry
	bin    string
}

func (o order) operation() Operation {
	return Operation{Op: Op(o.intent.Type), Attempt: o.id, Reference: o.intent.Reference,
		Amount: o.intent.Amount, Original: o.orig, Code: o.code, Codes: o.codes, Uses: o.uses}
}

// incoming makes the order of a charge, pre-authorisation or redemption.
func (t *Till) incoming(typ Type, r ChargeRequest) (order, error) {
	o := order{name: string(typ), id: r.Attempt, code: r.Code, entry: r.Entry, bin: r.BIN, intent: Intent{
		Till: t.cfg.ID, Type: typ, Reference: r.Reference, Tender: r.Tender, Amount: r.Amount,
		Due: r.Due, Given: r.Given, Operator: r.Operator, Named: r.Attempt != "",
		Token: r.Token,
	}}
	var err error
	if o.intent.Tender, err = t.tenderOf(r); err != nil {
		return o, err
	}
	t.name(&o)
	if err := checkCash(o.intent); err != nil {
		return o, err
	}
	if r.Due != (Money{}) {
		if cmp, err := r.Due.Cmp(r.Amount); err != nil || cmp < 0 {
			return o, fmt.Errorf("the amount %s exceeds the due %s", r.Amount, r.Due)
		}
	}
	return o, t.equip(&o)
}

// tenderOf is the tender named, the only one, or the one its code belongs to.
func (t *Till) tenderOf(r ChargeRequest) (string, error) {
	if r.Tender == "" && len(t.cfg.Drivers) == 1 {
		for name := range t.cfg.Drivers {
			return name, nil
		}
	}
	if r.Tender == "" && r.Code.Len() > 0 && t.cfg.Route != nil {
		return t.cfg.Route(r.Code)
	}
	return r.Tender, nil
}

// checkCash guards what only cash may do: hand over more than is due.
func checkCash(in Intent) error {
	if in.Given == (Money{}) {
		return nil
	}
	if in.Tender != Cash || in.Type != TypeCharge {
		return errors.New("only cash can be handed over for more than its amount")
	}
	if cmp, err := in.Given.Cmp(in.Amount); err != nil || cmp < 0 {
		return fmt.Errorf("%s handed over does not cover %s", in.Given, in.Amount)
	}
	return nil
}

// followUp makes the order of a void, refund or completion.
func (t *Till) followUp(ctx context.Context, typ Type, r FollowUpRequest) (order, error) {
	o := order{name: string(typ), id: r.Attempt}
	orig, err := t.cfg.Journal.Get(ctx, r.Original)
	if err != nil {
		return o, err
	}
	amount := r.Amount
	if amount == (Money{}) || typ == TypeVoid {
		amount = orig.Approved
	}
	o.orig = &orig
	o.intent = Intent{
		Till: t.cfg.ID, Type: typ, Reference: orig.Reference, Tender: orig.Tender, Amount: amount,
		Original: orig.ID, Operator: r.Operator, Named: r.Attempt != "",
	}
	t.name(&o)
	if !orig.State.Paid() {
		return o, &Blocked{Class: ErrConflict, By: orig, Why: "the original holds no money"}
	}
	return o, t.equip(&o)
}

// name gives the order its attempt id and, failing all else, its reference.
func (t *Till) name(o *order) {
	if o.id == "" {
		o.id = t.NewAttempt()
	}
	if o.intent.Reference == "" {
		o.intent.Reference = string(o.id)
	}
}

// equip finds the driver and checks the whole intent before anything is written.
func (t *Till) equip(o *order) error {
	d, device, err := t.driver(o.intent.Tender)
	if err != nil {
		return err
	}
	o.driver, o.intent.Device = d, device
	if s, ok := d.(Shared); ok {
		o.intent.Shared = s.Shared()
	}
	return CheckEvent(Event{Kind: EventIntent, Attempt: o.id, Intent: &o.intent})
}
