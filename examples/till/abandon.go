package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
)

func (a *app) abandonCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "abandon ATTEMPT", Short: "Give an attempt up: what is approved or in doubt is undone", Args: attemptArg,
		Long: `Give an attempt up: what is approved or in doubt is undone. Goods must not have
been handed over. Status 0 says that no money of it is here.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.abandon(cmd.Context(), pos.AttemptID(args[0]), reason)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`why`, for the journal")
	return cmd
}

func (a *app) abandon(ctx context.Context, id pos.AttemptID, reason string) error {
	a.draft = pos.Attempt{ID: id}
	if err := shopText("--reason", reason, pos.MaxTextLen); err != nil {
		return err
	}
	till, done, err := a.openTill(ctx)
	if err != nil {
		return err
	}
	defer done()
	if _, _, err := a.original(ctx, id); err != nil {
		return err
	}
	return a.finish(till.Abandon(ctx, id, reason))
}
