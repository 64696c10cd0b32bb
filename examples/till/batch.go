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
	var drop uint32
	var operator string
	cmd := &cobra.Command{
		Use: "batch", Short: "Show the open batch at an acquirer, and what a person must look at", Args: noArgs,
		Long: `Show the open batch (批次), what must still reach the host, and what it refused.
--give-up ends a batch that can be settled no more, because the host is in
another one or has forgotten its settlement. Compare the items it prints with
the host's list first: they are not in any later settlement.
--drop-note ends one stored message, by its trace number, that the host never
answers and that holds up every sale: tell the acquirer what is in it.

` + acquirerHelp,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case giveUp && drop != 0:
				return usagef("--give-up or --drop-note: one at a time")
			case giveUp && operator == "":
				return usagef("--give-up needs --operator, who has compared it with the host's list")
			case drop != 0 && operator == "":
				return usagef("--drop-note needs --operator, who has told the acquirer")
			}
			if err := shopText("--operator", operator, pos.MaxTextLen); err != nil {
				return err
			}
			switch {
			case giveUp:
				return a.acquirer(cmd.Context(), func(ctx context.Context, t *unionpay.Terminal) error { return a.giveUp(ctx, t, operator) })
			case drop != 0:
				return a.acquirer(cmd.Context(), func(_ context.Context, t *unionpay.Terminal) error { return a.dropNote(t, drop, operator) })
			}
			return a.terminal(cmd.Context(), func(_ context.Context, t *unionpay.Terminal) error { return a.batch(t) })
		},
	}
	cmd.Flags().BoolVar(&giveUp, "give-up", false, "end the batch without settling it")
	cmd.Flags().Uint32Var(&drop, "drop-note", 0, "end the stored message of this `trace` number")
	cmd.Flags().StringVar(&operator, "operator", "", "`who` answers for giving it up")
	return cmd
}

// batchLine is the line of --json.
type batchLine struct {
	Batch    uint32          `json:"batch"`
	Items    []unionpay.Item `json:"items"`
	Notes    []unionpay.Note `json:"notes,omitempty"`
	Troubles []unionpay.Note `json:"troubles,omitempty"`
	Settling bool            `json:"settling,omitempty"`
}

// givenUp is the second line of --json, once it is done.
type givenUp struct {
	Batch uint32 `json:"given_up_batch,omitempty"`
	Note  uint32 `json:"given_up_note,omitempty"`
	By    string `json:"given_up_by"`
}

// giveUp prints the list before anything of it is gone: it is all that remains.
func (a *app) giveUp(ctx context.Context, t *unionpay.Terminal, operator string) error {
	batch := t.State().Batch
	if err := a.batch(t); err != nil {
		return err
	}
	if _, err := t.GiveUpBatch(ctx); err != nil {
		return err
	}
	return a.gaveUp(givenUp{Batch: batch, By: operator}, "batch.givenup")
}

func (a *app) dropNote(t *unionpay.Terminal, stan uint32, operator string) error {
	if err := a.batch(t); err != nil {
		return err
	}
	if err := t.GiveUpNote(stan); err != nil {
		return err
	}
	return a.gaveUp(givenUp{Note: stan, By: operator}, "batch.dropped")
}

func (a *app) gaveUp(done givenUp, word string) error {
	if a.json {
		return a.object(done)
	}
	fmt.Fprintln(a.out, "  "+a.word(word))
	return nil
}

func (a *app) batch(t *unionpay.Terminal) error {
	st := t.State()
	line := batchLine{Batch: st.Batch, Items: st.Items, Notes: st.Notes, Troubles: st.Troubles, Settling: st.Settling != nil}
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
	return nil
}
