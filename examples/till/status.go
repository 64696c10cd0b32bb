package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Ask a terminal how it is; no money is involved and no journal needed", Args: noArgs,
		Long: "Ask a terminal how it is. Status 0 says ready, 1 not ready, 4 not reached.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context()) },
	}
}

// statusLine is the line of --json.
type statusLine struct {
	Tender string `json:"tender"`
	Device string `json:"device"`
	zvt.Status
}

func (a *app) status(ctx context.Context) error {
	name, err := a.choose()
	if err != nil {
		return err
	}
	a.draft = pos.Attempt{Tender: name}
	t := a.tender(name)
	if t == nil {
		return usagef("tender %q has no terminal", name)
	}
	if t.zvt == nil {
		return usagef("tender %q is no terminal; for an acquirer use: till echo", name)
	}
	trace, err := a.openTrace()
	if err != nil {
		return err
	}
	defer trace.close()
	terminal, err := t.terminal(trace)
	if err != nil {
		return usagef("--tender %s: %w", name, err)
	}
	defer terminal.Close()
	s, err := terminal.Status(ctx)
	if err != nil {
		class := pos.ErrNotSent
		if errors.Is(err, pos.ErrBusy) {
			class = pos.ErrBusy
		}
		return &pos.Error{Op: "status", Class: class, Err: err}
	}
	line := statusLine{Tender: name, Device: terminal.Device(), Status: s}
	if a.json {
		if err := a.object(line); err != nil {
			return err
		}
	} else {
		ready := a.word("status.ready")
		if !s.Ready {
			ready = a.word("status.not")
		}
		fmt.Fprintf(a.out, "%s: %s (%s %s) %s\n", line.Device, ready, s.Code, s.Text, s.Version)
	}
	if !s.Ready {
		a.told = true
		return errors.New("the terminal is not ready")
	}
	return nil
}
