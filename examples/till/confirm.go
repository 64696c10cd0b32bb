package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
)

func (a *app) confirmCommand() *cobra.Command {
	var order string
	cmd := &cobra.Command{
		Use: "confirm ATTEMPT", Short: "The register's half of the handshake, right after its own commit", Args: attemptArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.confirm(cmd.Context(), pos.AttemptID(args[0]), order)
		},
	}
	cmd.Flags().StringVar(&order, "order", "", "the register's own order `number`")
	return cmd
}

func (a *app) confirm(ctx context.Context, id pos.AttemptID, order string) error {
	a.draft = pos.Attempt{ID: id}
	if err := shopText("--order", order, pos.MaxTextLen); err != nil {
		return err
	}
	till, done, err := a.openTill(ctx)
	if err != nil {
		return err
	}
	defer done()
	return a.finish(till.Confirm(ctx, id, order))
}
