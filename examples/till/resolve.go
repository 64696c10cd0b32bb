package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
)

func (a *app) resolveCommand() *cobra.Command {
	var verdict, operator, reason string
	cmd := &cobra.Command{
		Use:   "resolve ATTEMPT --verdict paid|not_paid|undone|undo --operator O --reason R",
		Short: "Record a person's word on an attempt that no machine can decide", Args: attemptArg,
		Long: `Record a person's word on an attempt that no machine can decide.
  paid      the money is here: seen on the terminal or at the bank   (status 0)
  not_paid  nothing was taken                                        (status 2)
  undone    it was taken and has been given back                     (status 2)
  undo      let the machine try the undo again; needs --tender`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resolve(cmd.Context(), pos.ResolveRequest{Attempt: pos.AttemptID(args[0]),
				Verdict: pos.Verdict(verdict), Operator: operator, Reason: reason})
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&verdict, "verdict", "", "paid, not_paid, undone or undo")
	fs.StringVar(&operator, "operator", "", "`who` says so")
	fs.StringVar(&reason, "reason", "", "`what` was seen, and where")
	return cmd
}

var verdicts = []pos.Verdict{pos.VerdictPaid, pos.VerdictNotPaid, pos.VerdictUndone, pos.VerdictUndo}

func (a *app) resolve(ctx context.Context, r pos.ResolveRequest) error {
	a.draft = pos.Attempt{ID: r.Attempt, Operator: r.Operator}
	switch {
	case !slices.Contains(verdicts, r.Verdict):
		return usagef("--verdict is paid, not_paid, undone or undo")
	case r.Operator == "" || r.Reason == "":
		return usagef("a verdict needs --operator and --reason")
	}
	if err := errors.Join(shopText("--operator", r.Operator, pos.MaxTextLen), shopText("--reason", r.Reason, pos.MaxTextLen)); err != nil {
		a.draft.Operator = ""
		return err
	}
	till, done, err := a.openTill(ctx)
	if err != nil {
		return err
	}
	defer done()
	if r.Verdict == pos.VerdictUndo {
		if _, _, err := a.original(ctx, r.Attempt); err != nil {
			return err
		}
	}
	return a.finish(till.Resolve(ctx, r))
}
