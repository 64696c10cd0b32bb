package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
)

func (a *app) queryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "query ATTEMPT", Short: "Tell what became of an attempt, asking the device if the journal does not know", Args: attemptArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.query(cmd.Context(), pos.AttemptID(args[0]))
		},
	}
}

func (a *app) query(ctx context.Context, id pos.AttemptID) error {
	a.draft = pos.Attempt{ID: id}
	till, done, err := a.openTill(ctx)
	if err != nil {
		return err
	}
	defer done()
	if at, err := a.book.Get(ctx, id); err == nil && at.State.Live() && at.State != pos.StateManual {
		if err := a.needs(at); err != nil {
			return err
		}
	}
	return a.finish(till.Query(ctx, id))
}
