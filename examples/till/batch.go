package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay"
)

func (a *app) batchCommand() *cobra.Command {
	var giveUp bool
	var operator string
	cmd := &cobra.Command{
		Use: "batch", Short: "Show the open batch at an acquirer, and what a person must look at", Args: noArgs,
		Long: `Show the open batch (批次), what must still reach the host, and what it refused.
--give-up ends a batch that can be settled no more, because the host is in
another one or has forgotten its settlement. Compare the items it prints with
the host's list first: they are not in any later settlement.

` + acquirerHelp,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if giveUp && operator == "" {
				return usagef("--give-up needs --operator, who has compared it with the host's list")
			}
			if err := shopText("--operator", operator, pos.MaxTextLen); err != nil {
				return err
			}
			return a.acquirer(cmd.Context(), func(ctx context.Context, t *unionpay.Terminal) error { return a.batch(ctx, t, giveUp, operator) })
		},
	}
	cmd.Flags().BoolVar(&giveUp, "give-up", false, "end the batch without settling it")
	cmd.Flags().StringVar(&operator, "operator", "", "`who` answers for giving it up")
	return cmd
}

// batchLine is the line of --json.
type batchLine struct {
	Batch    uint32          `json:"batch"`
	GivenUp  string          `json:"given_up_by,omitempty"`
	Items    []unionpay.Item `json:"items"`
	Notes    []unionpay.Note `json:"notes,omitempty"`
	Troubles []unionpay.Note `json:"troubles,omitempty"`
	Settling bool            `json:"settling,omitempty"`
}

func (a *app) batch(ctx context.Context, t *unionpay.Terminal, giveUp bool, operator string) error {
	st := t.State()
	line := batchLine{Batch: st.Batch, Items: st.Items, Notes: st.Notes, Troubles: st.Troubles, Settling: st.Settling != nil}
	if giveUp {
		if _, err := t.GiveUpBatch(ctx); err != nil {
			return err
		}
		line.GivenUp = operator
	}
	for i := range line.Items {
		line.Items[i].Sealed = nil
	}
	for _, notes := range [][]unionpay.Note{line.Notes, line.Troubles} {
		for i := range notes {
			notes[i].Sealed = nil
		}
	}
	if a.json {
		return a.object(line)
	}
	fmt.Fprintf(a.out, "%s %06d\n", a.word("batch.number"), line.Batch)
	for _, i := range line.Items {
		fmt.Fprintf(a.out, "  %06d  %-18s %12s  %s\n", i.STAN, i.Kind, pos.FromMinor(i.Amount, pos.CNY), i.RRN)
	}
	for _, n := range line.Notes {
		fmt.Fprintf(a.out, "  %s: %s %06d (%d)\n", a.word("batch.note"), n.Kind, n.STAN, n.Tries)
	}
	for _, n := range line.Troubles {
		fmt.Fprintf(a.out, "  %s: %s %06d %s\n", a.word("batch.trouble"), n.Kind, n.STAN, n.Refused)
	}
	if line.Settling {
		fmt.Fprintln(a.out, "  "+a.word("batch.settling"))
	}
	if giveUp {
		fmt.Fprintln(a.out, "  "+a.word("batch.givenup"))
	}
	return nil
}
