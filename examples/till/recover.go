package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
)

func (a *app) recoverCommand() *cobra.Command {
	return &cobra.Command{
		Use: "recover", Short: "Go over everything unfinished: ask devices, try undos again, list what waits", Args: noArgs,
		Long: `Go over everything unfinished: ask devices, try undos again, and list what waits
for the register or a person. Run it after a crash or when a device is back.

Status 0 says that no attempt is in doubt. Orphans (approved, never confirmed)
are listed: confirm or abandon each. With --json each attempt is one object with
"found": settled, orphan, unresolved or manual.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.recover(cmd.Context()) },
	}
}

func (a *app) recover(ctx context.Context) error {
	till, done, err := a.openTill(ctx)
	if err != nil {
		return err
	}
	defer done()
	r, err := till.Recover(ctx)
	orphan := map[pos.AttemptID]bool{}
	for _, at := range r.Orphans {
		orphan[at.ID] = true
	}
	count := 0
	for _, group := range []struct {
		found string
		list  []pos.Attempt
		err   error
	}{
		{"settled", append(till.Recovered().Settled, r.Settled...), nil},
		{"orphan", r.Orphans, nil}, {"unresolved", r.Unresolved, err}, {"manual", r.Manual, err},
	} {
		for _, at := range group.list {
			if group.found == "settled" && orphan[at.ID] {
				continue // it is told as an orphan
			}
			count++
			if err := a.found(group.found, at, group.err); err != nil {
				return err
			}
		}
	}
	switch {
	case err != nil && len(r.Unresolved)+len(r.Manual) == 0:
		return err
	case err != nil:
		a.told = true
		a.say("*** %s ***", a.word("screen.unknown"))
		return err
	case count == 0 && !a.json:
		fmt.Fprintln(a.out, a.word("recover.none"))
	}
	return nil
}

// found prints one attempt that recovery came upon.
func (a *app) found(how string, at pos.Attempt, cause error) error {
	if a.json {
		r := result{Attempt: at, Found: how}
		if cause != nil {
			r.Error = failed(at, &pos.Error{Op: "recover", Class: pos.ErrOutcomeUnknown, Attempt: at, Code: at.Code, Text: at.Text}, a.lang()).Error
		}
		return a.object(r)
	}
	_, err := fmt.Fprintf(a.out, "%s\n%s", a.word("recover."+how), a.describe(at))
	return err
}
