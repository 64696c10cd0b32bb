package wallet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
)

// Query asks the platform what became of an attempt. It never moves money. See
// pos.Driver.
func (d *Driver) Query(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	release, err := d.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	switch a.Type {
	case pos.TypeCharge:
		return d.askCharge(ctx, a)
	case pos.TypeVoid:
		return d.askVoid(ctx, a)
	case pos.TypeRefund:
		return d.askRefund(ctx, a)
	}
	return pos.Reply{}, fmt.Errorf("wallet: %w: a %s is none of a wallet's", pos.ErrManual, a.Type)
}

func (d *Driver) askCharge(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	o := d.order(a)
	said, err := d.query(ctx, o)
	if errors.Is(err, ErrMismatch) {
		return pos.Reply{}, fmt.Errorf("wallet: %w: %w", pos.ErrManual, err)
	}
	if err != nil {
		return pos.Reply{}, err
	}
	switch said.State {
	case Paid, Refused, Closed:
		return reply(said), nil
	case Partly:
		return pos.Reply{}, fmt.Errorf("wallet: %w: the platform says it was paid and something given back: %s %s", pos.ErrManual, said.Code, said.Text)
	case Waiting:
		if d.asking(o.Number) < d.cfg.Timing.Limit {
			return pos.Reply{Outcome: pos.OutcomePending, Code: said.Code, Text: said.Text}, nil
		}
		return pos.Reply{}, fmt.Errorf("%w: the customer did not pay in time", pos.ErrUndo)
	case Missing:
		return pos.Reply{}, fmt.Errorf("%w: the platform knows nothing of it yet", pos.ErrUndo)
	}
	return pos.Reply{}, fmt.Errorf("wallet: the platform could not tell: %s %s", said.Code, said.Text)
}

// asking is how long this process has been asking for an order it did not send, or since it sent it.
func (d *Driver) asking(number string) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	since, ok := d.sent[number]
	if !ok {
		if since, ok = d.asked[number]; !ok {
			if len(d.asked) >= maxRemembered {
				clear(d.asked)
			}
			since = time.Now()
			d.asked[number] = since
		}
	}
	return time.Since(since)
}

// askVoid finds out whether a void has happened: then nothing is left of the order.
func (d *Driver) askVoid(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	said, err := d.query(ctx, d.original(a))
	if err != nil {
		return pos.Reply{}, err
	}
	switch said.State {
	case Closed:
		said.State, said.Amount = Paid, a.Amount
		return reply(said), nil
	case Paid, Refused:
		return pos.Reply{Outcome: pos.OutcomeNotFound, Code: said.Code, Text: said.Text}, nil
	case Partly:
		return pos.Reply{}, fmt.Errorf("wallet: %w: something was given back, perhaps by this void: %s %s", pos.ErrManual, said.Code, said.Text)
	}
	return pos.Reply{}, fmt.Errorf("wallet: the platform could not tell: %s %s", said.Code, said.Text)
}

// original is the order a void or refund works on, from its own handle.
func (d *Driver) original(a pos.Attempt) Order {
	o := d.order(a)
	o.Taken = true
	if a.Original != "" && a.Handle[keyOrder] == "" {
		o.Number = string(a.Original)
	}
	return o
}

func (d *Driver) askRefund(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	said, err := d.queryRefund(ctx, Refund{Number: string(a.ID), Amount: a.Amount, Order: d.original(a)})
	switch {
	case err != nil:
		return pos.Reply{}, err
	case said.State == Missing:
		return pos.Reply{Outcome: pos.OutcomeNotFound, Code: said.Code, Text: said.Text}, nil
	case said.State == Unknown:
		return pos.Reply{}, fmt.Errorf("wallet: the platform could not tell: %s %s", said.Code, said.Text)
	}
	return refunded(said)
}
