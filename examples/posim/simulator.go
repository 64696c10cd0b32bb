package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/transporttest"
)

// simulator is one sub-command. What all of them share, the flags --listen,
// --seed, --fault, --books and the ready line, is here; a further simulator is
// one more file and one more line in simulators.
type simulator struct {
	name, short, long string
	faults            map[string]string // by name, with what each does
	faultsAre         string            // how they strike; empty is one money command each
	port              string            // default of --listen
	serial            bool              // it has --pty
	flags             func(*pflag.FlagSet)
	start             func(setup) (peer, error)
}

// simulators lists them all; there is no registration elsewhere.
func simulators() []simulator {
	return append([]simulator{
		zvtSimulator(),
		printerSimulator(),
		displaySimulator(),
		scannerSimulator(),
		unionpaySimulator(),
		douyinSimulator(),
	}, walletSimulators()...)
}

// setup is what the shared flags give a simulator.
type setup struct {
	seed   uint64
	faults []string
	// remember writes one entry of the simulator's memory, and the line of the
	// books that is its "booking", and syncs both.
	remember func(entry any) error
	// past are the entries of earlier runs on the same books.
	past []json.RawMessage
	// log takes a line for people.
	log func(string)
	// in is what people type.
	in io.Reader
	// print writes a line of the simulator's product to stdout.
	print func(string)
}

// peer is a running simulator. Serve ends when it is closed.
type peer interface {
	Serve(net.Listener) error
	Close() error
}

// serialPeer also serves a serial port.
type serialPeer interface {
	peer
	ServeSerial(transport.Dialer) error
}

// shared are the flags every simulator has.
type shared struct {
	listen, pty, books string
	seed               uint64
	faults             []string
	verbose            bool
}

func (s simulator) command(stdout, stderr io.Writer) *cobra.Command {
	var f shared
	cmd := &cobra.Command{Use: s.name, Short: s.short, Long: s.long + "\n\n" + s.faultList(), Args: cobra.NoArgs}
	fs := cmd.Flags()
	fs.StringVar(&f.listen, "listen", s.port, "TCP `address` to listen on; port 0 takes a free one")
	if s.serial {
		fs.StringVar(&f.pty, "pty", "", "make a serial port, reached by a symbolic link of this `name`, instead of listening (Linux)")
		cmd.MarkFlagsMutuallyExclusive("listen", "pty")
	}
	fs.Uint64Var(&f.seed, "seed", 1, "chooses cards and codes; the same seed repeats them")
	if len(s.faults) > 0 {
		fs.StringArrayVar(&f.faults, "fault", nil, "a `name` of the list above; repeatable, in order")
	}
	fs.StringVar(&f.books, "books", "", "`file` to which each booking is appended and synced before it is acknowledged, one JSON object a line;\n"+
		"with FILE"+memorySuffix+" beside it, it is what a restarted simulator remembers")
	fs.BoolVar(&f.verbose, "verbose", false, "show on stderr what the simulator's display shows")
	s.flags(fs)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if fs.Changed("pty") && f.pty == "" {
			return fmt.Errorf("%w: --pty wants the name of a link", errUsage)
		}
		return s.run(cmd.Context(), f, cmd.InOrStdin(), stdout, stderr)
	}
	return cmd
}

func (s simulator) faultList() string {
	names := make([]string, 0, len(s.faults))
	for name := range s.faults {
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	var b strings.Builder
	are := s.faultsAre
	if are == "" {
		are = "each used up by one money command"
	}
	b.WriteString("Faults, " + are + ":\n")
	for _, name := range names {
		fmt.Fprintf(&b, "  %-16s %s\n", name, s.faults[name])
	}
	return b.String()
}

// unknownFault is an error that lists what there is.
func (s simulator) unknownFault(names []string) error {
	return fmt.Errorf("%w: unknown fault %s\n%s", errUsage, strings.Join(names, ", "), s.faultList())
}

// errFaults are names the simulator does not know.
type errFaults []string

func (e errFaults) Error() string { return "unknown faults " + strings.Join(e, ", ") }

// run serves until ctx ends.
func (s simulator) run(ctx context.Context, f shared, stdin io.Reader, stdout, stderr io.Writer) error {
	books, err := openBooks(f.books)
	if err != nil {
		return err
	}
	defer books.close()
	var out sync.Mutex
	print := func(line string) error {
		out.Lock()
		defer out.Unlock()
		_, err := fmt.Fprintln(stdout, line)
		return err
	}
	set := setup{seed: f.seed, faults: f.faults, remember: books.write, past: books.past, log: func(string) {},
		print: func(line string) { _ = print(line) }, in: stdin}
	if f.verbose {
		set.log = func(line string) { fmt.Fprintln(stderr, line) }
	}
	p, err := s.start(set)
	var unknown errFaults
	if errors.As(err, &unknown) {
		return s.unknownFault(unknown)
	} else if err != nil {
		return err
	}
	where, serve, err := listen(f, p)
	if err != nil {
		p.Close()
		return err
	}
	served := make(chan error, 1)
	go func() { served <- serve() }()
	if err := print(s.name + " simulator ready on " + where); err != nil {
		p.Close()
		<-served
		return err
	}
	select {
	case <-ctx.Done():
		p.Close()
		<-served
		return nil
	case err := <-served:
		p.Close()
		return fmt.Errorf("serving ended: %w", err)
	}
}

// listen opens the socket or port; where names it as clients reach it.
func listen(f shared, p peer) (where string, serve func() error, err error) {
	if f.pty == "" {
		l, err := net.Listen("tcp", f.listen)
		if err != nil {
			return "", nil, err
		}
		return l.Addr().String(), func() error { return p.Serve(l) }, nil
	}
	sp, ok := p.(serialPeer)
	if !ok {
		return "", nil, fmt.Errorf("%w: this simulator has no serial port", errUsage)
	}
	pty, err := transporttest.OpenPTY(f.pty)
	if err != nil {
		return "", nil, err
	}
	return pty.Path, func() error {
		defer pty.Close()
		return sp.ServeSerial(pty.Dialer())
	}, nil
}
