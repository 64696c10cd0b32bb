// Posim runs the simulators of this project as a program: payment terminals
// and hosts that speak the real protocol on a real socket or serial port, keep
// their own books, and fail on purpose when asked.
//
//	posim zvt --listen 127.0.0.1:20007
//	posim zvt --pty /tmp/terminal --fault lose-answer --books books.jsonl
//	posim printer --listen 127.0.0.1:9100 --png slips --fault paper-out=7
//
// With --books it remembers: killed and started again on the same file it is the
// same terminal, and has taken back what was not acknowledged. Without, each
// start makes another terminal, with another number.
//
// When it is ready it prints one line, which ends with the address or port it
// got. SIGTERM or SIGINT ends it with status 0; 64 is wrong use, 1 anything else.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit statuses; 64 is EX_USAGE of sysexits.h.
const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = 64
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// errUsage marks an error that is the user's.
var errUsage = errors.New("wrong use")

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	began := false // an error before it is one of the command line
	root := &cobra.Command{
		Use:           "posim",
		Short:         "Simulated payment terminals and hosts",
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return fmt.Errorf("%w: name a simulator", errUsage)
		},
	}
	for _, s := range simulators() {
		cmd := s.command(stdout, stderr)
		do := cmd.RunE
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			began = true
			return do(cmd, args)
		}
		root.AddCommand(cmd)
	}
	root.InitDefaultHelpFlag() // before arguments are split, or it would swallow the next one
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return statusOK
	case !began || errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "posim: %v\n", err)
		return statusUsage
	}
	fmt.Fprintf(stderr, "posim: %v\n", err)
	return statusFailed
}
