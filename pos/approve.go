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
	Original Attempt // the payment it is about
	Amount   Money   // of this request
	Sum      Money   // with everything given back of that payment before
	Limit    Money   // what one person may give back alone
	Operator string  // who asks
}

// consent asks a second person where the shop wants one: for refunds that
// together exceed Config.RefundLimit. It holds the claim on the original, so
// that two small refunds at once cannot slip through.
func (t *Till) consent(ctx context.Context, o *order) error {
	limit := t.cfg.RefundLimit
	if o.intent.Type != TypeRefund || limit == (Money{}) {
		return nil
	}
	sum, err := t.givenBack(ctx, *o)
	if err != nil {
		return err
	}
	if cmp, err := sum.Cmp(limit); err == nil && cmp <= 0 {
		return nil // another currency than the limit's is above it
	}
	by, err := t.cfg.Approver.Approve(ctx, Approval{Type: o.intent.Type, Original: *o.orig, Amount: o.intent.Amount,
		Sum: sum, Limit: limit, Operator: o.intent.Operator})
	switch {
	case err != nil:
		return fmt.Errorf("%s in sum is more than %s, which needs a second person: %w", sum, limit, err)
	case strings.TrimSpace(by) == "" || by == o.intent.Operator:
		return fmt.Errorf("%s in sum is more than %s: a second person must agree, not %q", sum, limit, by)
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
