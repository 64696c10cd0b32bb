package pos

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Approver asks a second person (双人复核) for consent, by PIN, card or however
// the shop does it.
type Approver interface {
	// Approve returns who agreed: never the operator who asked. An error that
	// is ErrCanceled, or ctx's, means nobody was there; any other is a refusal.
	Approve(ctx context.Context, a Approval) (by string, err error)
}

// Approval is what the second person is asked.
type Approval struct {
	Type     Type
	Original Attempt // the attempt it is about, if there is one
	Amount   Money   // of this request
	Operator string  // who asks
	Rule     string  // the rule that wants a second person
	Who      string  // whose consent it wants, such as a role
	Text     string  // what the rule found
	Chinese  string
}

// consent asks the second person.
func (t *Till) consent(ctx context.Context, o *order, r Ruling) error {
	if t.cfg.Approver == nil {
		return errors.New("a second person must agree, and this register cannot ask one")
	}
	a := Approval{Type: o.intent.Type, Amount: o.intent.Amount, Operator: o.intent.Operator,
		Rule: r.Rule, Who: r.Who, Text: r.Text, Chinese: r.Chinese}
	if o.orig != nil {
		a.Original = *o.orig
	}
	by, err := t.cfg.Approver.Approve(ctx, a)
	switch {
	case err != nil:
		return fmt.Errorf("a second person must agree: %w", err)
	case strings.TrimSpace(by) == "" || by == o.intent.Operator:
		return fmt.Errorf("a second person must agree, not %q", by)
	}
	o.intent.Approver = by
	return nil
}

// givenBack is what would be given back of the original with this order,
// counting what is under way.
func (t *Till) givenBack(ctx context.Context, o order) (Money, error) {
	sum := o.intent.Amount
	sale, err := t.cfg.Journal.Find(ctx, Filter{Reference: o.intent.Reference, Types: []Type{TypeRefund}, Limit: everything})
	if err != nil {
		return sum, fmt.Errorf("%w: %w", ErrJournal, err)
	}
	for _, a := range sale {
		if a.Original != o.orig.ID || a.ID == o.id || !a.State.Live() && !a.State.Paid() {
			continue
		}
		back := a.Amount
		if a.State.Paid() {
			back = a.Approved
		}
		if sum, err = sum.Add(back); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func classOfConsent(err error) error {
	switch {
	case errors.Is(err, ErrJournal):
		return ErrNotSent
	case errors.Is(err, ErrCanceled), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ErrCanceled
	}
	return ErrDenied
}
