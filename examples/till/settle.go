package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
)

func (a *app) settleCommand() *cobra.Command {
	var r pos.SettleRequest
	cmd := &cobra.Command{
		Use: "settle", Short: "Close the day at a device and compare its totals with the journal's", Args: noArgs,
		Long: `Close the day at a device and compare its totals with the journal's, to the
minor unit. Status 0 says that the device has settled and the books are equal,
1 that it has settled and they differ.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.settle(cmd.Context(), r) },
	}
	fs := cmd.Flags()
	fs.BoolVar(&r.CarryOver, "carry-over", false, "settle although attempts wait for a person; needs --operator")
	fs.StringVar(&r.Operator, "operator", "", "`who` answers for it")
	return cmd
}

// settlement is the line of --json: the attempt, and both sides' counts.
type settlement struct {
	result
	Journal    pos.Total       `json:"journal"`
	Peer       pos.Total       `json:"peer"`
	Difference pos.Money       `json:"difference"` // peer minus journal
	Equal      bool            `json:"equal"`
	Orphans    []pos.AttemptID `json:"orphans,omitempty"` // counted, but not confirmed
}

func (a *app) settle(ctx context.Context, r pos.SettleRequest) error {
	a.draft = pos.Attempt{Till: a.tillID, Type: pos.TypeSettle, Operator: r.Operator}
	tender, err := a.choose()
	if err != nil {
		return err
	}
	if tender == pos.Cash {
		return usagef("cash has no device to settle")
	}
	if r.CarryOver && r.Operator == "" {
		return usagef("--carry-over needs --operator, who answers for it")
	}
	r.Tender, r.Currency = tender, a.currencyOf(tender)
	a.draft.Tender, a.draft.Amount = tender, pos.FromMinor(0, r.Currency)
	till, done, err := a.openTill(ctx)
	if err != nil {
		return err
	}
	defer done()
	defer a.onStop(ctx)()
	s, err := till.Settle(ctx, r)
	if err != nil {
		a.failure(err)
		return err
	}
	line := settlement{result: result{Attempt: s.Attempt}, Journal: s.Journal, Peer: s.Peer, Difference: s.Difference, Equal: s.Equal}
	for _, o := range s.Orphans {
		line.Orphans = append(line.Orphans, o.ID)
	}
	err = nil
	if !s.Equal {
		err = fmt.Errorf("the terminal counted %s, the journal %s", s.Peer.Amount, s.Journal.Amount)
		line.Error = &failure{Class: "books", Text: err.Error(), Moved: pos.MovedYes, Advice: a.word("advice.alert")}
	}
	a.told = true
	if a.json {
		if e := a.object(line); e != nil {
			return e
		}
		return err
	}
	a.showSettlement(line)
	return err
}

func (a *app) showSettlement(s settlement) {
	fmt.Fprint(a.out, a.describe(s.Attempt))
	fmt.Fprintf(a.out, "  %s %s (%d)\n  %s %s (%d)\n", padded(a.word("settle.journal"), 10), s.Journal.Amount, s.Journal.Count,
		padded(a.word("settle.peer"), 10), s.Peer.Amount, s.Peer.Count)
	for _, t := range s.Totals {
		fmt.Fprintf(a.out, "    %-16s %s (%d)\n", t.Name, t.Amount, t.Count)
	}
	if s.Equal {
		fmt.Fprintf(a.out, "  %s\n", a.word("settle.equal"))
	} else {
		fmt.Fprintf(a.out, "  %s %s\n", a.word("settle.differs"), s.Difference)
	}
	for _, id := range s.Orphans {
		fmt.Fprintf(a.out, "  %s: %s\n", a.word("settle.orphans"), id)
	}
	a.slips(s.Slips)
}
