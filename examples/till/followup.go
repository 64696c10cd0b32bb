package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
)

// followFlags are those of void, refund and complete.
type followFlags struct{ amount, attempt, operator, code string }

func (a *app) voidCommand() *cobra.Command {
	return a.followCommand(pos.TypeVoid, "void ATTEMPT", "Take an attempt back before settlement, wholly",
		func(ctx context.Context, t *pos.Till, r pos.FollowUpRequest) (pos.Attempt, error) {
			return t.Void(ctx, pos.VoidRequest(r))
		})
}

func (a *app) refundCommand() *cobra.Command {
	return a.followCommand(pos.TypeRefund, "refund ATTEMPT", "Give money of an attempt back, never more than was taken",
		func(ctx context.Context, t *pos.Till, r pos.FollowUpRequest) (pos.Attempt, error) {
			return t.Refund(ctx, pos.RefundRequest(r))
		})
}

func (a *app) completeCommand() *cobra.Command {
	return a.followCommand(pos.TypeCompletion, "complete ATTEMPT", "Take held money, wholly or in part, once",
		func(ctx context.Context, t *pos.Till, r pos.FollowUpRequest) (pos.Attempt, error) {
			return t.Complete(ctx, pos.CompletionRequest(r))
		})
}

func (a *app) followCommand(typ pos.Type, use, short string, do func(context.Context, *pos.Till, pos.FollowUpRequest) (pos.Attempt, error)) *cobra.Command {
	var f followFlags
	cmd := &cobra.Command{
		Use: use, Short: short, Args: func(cmd *cobra.Command, args []string) error {
			if f.code != "" && len(args) == 0 {
				return nil
			}
			return attemptArg(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.code != "" && len(args) == 0 {
				id, err := a.redeemedBy(cmd.Context(), f.code)
				if err != nil {
					return err
				}
				args = []string{string(id)}
			}
			return a.follow(cmd.Context(), typ, pos.AttemptID(args[0]), f, do)
		},
	}
	fs := cmd.Flags()
	if typ == pos.TypeVoid {
		fs.StringVar(&f.code, "code", "", "voucher `code` instead of ATTEMPT: takes back the redemption of it; - reads a line from stdin")
	} else {
		fs.StringVar(&f.amount, "amount", "", "`amount`; default is all of it")
	}
	fs.StringVar(&f.attempt, "attempt", "", "`id` that makes the command repeatable; default is a new one")
	fs.StringVar(&f.operator, "operator", "", "`who` stands at the till")
	return cmd
}

func (a *app) follow(ctx context.Context, typ pos.Type, original pos.AttemptID, f followFlags,
	do func(context.Context, *pos.Till, pos.FollowUpRequest) (pos.Attempt, error)) error {
	a.draft = pos.Attempt{ID: pos.AttemptID(f.attempt), Till: a.tillID, Type: typ, Original: original, Operator: f.operator}
	if err := errors.Join(attemptID(f.attempt), shopText("--operator", f.operator, pos.MaxTextLen)); err != nil {
		a.draft = pos.Attempt{Till: a.tillID, Type: typ, Original: original}
		return err
	}
	if f.amount != "" {
		if _, err := parseAmount("--amount", f.amount, widest); err != nil {
			return err
		}
	}
	till, done, err := a.openTill(ctx)
	if err != nil {
		return err
	}
	defer done()
	r := pos.FollowUpRequest{Original: original, Attempt: pos.AttemptID(f.attempt), Operator: f.operator}
	orig, found, err := a.original(ctx, original)
	if err != nil {
		return err
	}
	if found {
		a.draft.Reference, a.draft.Tender, a.draft.Amount = orig.Reference, orig.Tender, orig.Approved
	}
	if f.amount != "" && found {
		if r.Amount, err = parseAmount("--amount", f.amount, orig.Amount.Currency()); err != nil {
			return err
		}
		a.draft.Amount = r.Amount
	}
	defer a.onStop(ctx)()
	return a.finish(do(ctx, till, r))
}

// widest has as many decimals as any currency: with it an amount is looked at
// before its currency is known.
const widest pos.Currency = "KWD"

// original looks the attempt to work on up, and checks that its tender is
// given. That there is no such attempt is left for the Till to say.
func (a *app) original(ctx context.Context, id pos.AttemptID) (at pos.Attempt, found bool, err error) {
	at, err = a.book.Get(ctx, id)
	switch {
	case errors.Is(err, pos.ErrNotFound):
		return pos.Attempt{}, false, nil
	case err != nil:
		return pos.Attempt{}, false, &pos.Error{Op: "look up", Class: pos.ErrNotSent, Err: err}
	}
	return at, true, a.needs(at)
}

// needs refuses to go on without the tender of an attempt.
func (a *app) needs(at pos.Attempt) error {
	if at.Tender == pos.Cash || a.tender(at.Tender) != nil {
		return nil
	}
	return usagef("attempt %s was made on tender %q (%s): give --tender %s=URL", at.ID, at.Tender, at.Device, at.Tender)
}

// redeemedBy finds the redemption of a voucher code, which no journal holds.
func (a *app) redeemedBy(ctx context.Context, text string) (pos.AttemptID, error) {
	code, err := a.scanned(text)
	if err != nil {
		return "", err
	}
	j, err := a.openJournal(ctx, true)
	if err != nil {
		return "", err
	}
	defer j.Close()
	list, err := j.Find(ctx, pos.Filter{Types: []pos.Type{pos.TypeRedeem}, States: []pos.State{pos.StateApproved, pos.StateConfirmed}, Limit: maxBillAttempts})
	if err != nil {
		return "", err
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Digest == pos.VoucherDigest(list[i].Reference, code) {
			return list[i].ID, nil
		}
	}
	return "", &pos.Error{Op: "void", Class: pos.ErrNotFound, Err: errors.New("no redemption of this code is in the journal")}
}
