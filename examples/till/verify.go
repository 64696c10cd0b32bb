package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos/journal"
)

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Check the whole journal: every record is there and unchanged", Args: noArgs,
		Long: "Check the hash chain over every record of the journal, and every attempt against it. Status 1 names the first record that is wrong.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.verify(cmd.Context()) },
	}
}

func (a *app) verify(ctx context.Context) error {
	j, err := a.openJournal(ctx, true)
	if err != nil {
		return err
	}
	defer j.Close()
	records, err := a.verifyJournal(ctx, j)
	if err != nil {
		return err
	}
	if a.json {
		return a.object(map[string]any{"verified": true, "records": records, "journal": a.journalPath})
	}
	fmt.Fprintf(a.out, "%s (%d)\n", a.word("verify.ok"), records)
	return nil
}

// verifyJournal checks everything, shows how far it is, and counts the records.
func (a *app) verifyJournal(ctx context.Context, j *journal.Journal) (records int64, err error) {
	if err := j.Poisoned(); err != nil {
		return 0, err // where a damaged journal ends being sound
	}
	shown := int64(-1)
	err = j.Verify(ctx, func(done, total int64) {
		if percent := done * 100 / max(total, 1); percent/10 != shown/10 || shown < 0 {
			shown = percent
			a.say("  %s %d%%", a.word("verify.step"), percent)
		}
	})
	if err != nil {
		return 0, err
	}
	err = j.Records(ctx, 1, func(r journal.Record) error {
		records = r.Seq
		return nil
	})
	return records, err
}
