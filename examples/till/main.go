// Till is the command line of a cash register: it charges, voids, refunds,
// recovers and settles on real or simulated payment devices, and keeps a
// journal that survives whatever breaks.
//
//	till demo
//	till charge --amount 12.80 --tender card=zvt+tcp://127.0.0.1:20007
//	till list --day 2026-11-22
//	till ports --watch
//	till decode zvt "06 01 07 04 00 00 00 00 12 80"
//
// Results go to stdout, everything else to stderr. The exit status says where
// the money is; see `till --help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks the device to stop; the second one ends the
	// program, which loses nothing: the journal knows what was begun.
	context.AfterFunc(ctx, stop)
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	status := a.run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}
