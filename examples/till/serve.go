package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/examples/till/register"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/rules"
	"github.com/openecr/openecr/transport/escpos"
)

// serveFlags are those of serve.
type serveFlags struct {
	addr, printer, profile, head string
	sim                          bool
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use: "serve", Short: "The register as a web page on this machine", Args: noArgs,
		Long: `The register as a web page, for browsers on this machine only: goods, scanning,
payment by card, code and cash, slips, refunds, and every doubt shown as what
it is. What is sold is kept in FILE.sales and FILE.goods beside the journal.

With --sim, terminals, acquirer, wallets and printer are simulated, with a panel
of faults and one that compares the books. Without --journal it then works in a
folder of its own, and prints where.

Otherwise give --tender as for charge, and --operators; the first operator is made by
  till operators --operators FILE set NAME --role supervisor`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.serve(cmd.Context(), f, cmd.Flags().Changed("journal"))
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.addr, "addr", "127.0.0.1:8080", "loopback `address` to listen on")
	fs.StringVar(&f.head, "head", "", "JSON `file` with the head of the slips, as for till print --shop")
	fs.BoolVar(&f.sim, "sim", false, "simulate everything around the till")
	a.printerFlags(cmd, &f.printer, &f.profile)
	return cmd
}

// serve opens everything, shows it, and closes it when ctx ends.
func (a *app) serve(ctx context.Context, f serveFlags, named bool) error {
	if err := register.Loopback(f.addr); err != nil {
		return usagef("--addr: %w", err)
	}
	if f.sim && !named {
		dir, err := os.MkdirTemp("", "till-serve-")
		if err != nil {
			return err
		}
		a.journalPath = filepath.Join(dir, "till.db")
		a.say("files are in %s; --journal FILE keeps them elsewhere", dir)
	}
	cfg, release, err := a.registerConfig(ctx, f)
	if err != nil {
		return err
	}
	defer release()
	l, err := net.Listen("tcp", f.addr)
	if err != nil {
		return usagef("--addr: %w", err)
	}
	if s, ok := cfg.Simulation.(*simulation); ok {
		s.kill = func() error { return restart("--journal", a.journalPath, "--addr", l.Addr().String()) }
	}
	defer l.Close()
	return a.serveShop(ctx, cfg, l)
}

// serveShop runs the register until ctx ends.
func (a *app) serveShop(ctx context.Context, cfg register.Config, l net.Listener) error {
	shop, err := register.Open(ctx, cfg)
	if err != nil {
		return err
	}
	srv, err := register.NewServer(shop, l.Addr())
	if err == nil {
		fmt.Fprintf(a.out, "register ready on http://%s\n", l.Addr())
		err = srv.Serve(ctx, l)
	}
	closed := make(chan error, 1)
	go func() { closed <- shop.Close() }()
	select {
	case e := <-closed:
		return errors.Join(err, e)
	case <-time.After(closePatience):
		return errors.Join(err, errors.New("a payment has no result yet; the journal knows of it, and the next start asks again"))
	}
}

// closePatience is how long a device that is taking money may take to say what is true.
const closePatience = 20 * time.Second

// registerConfig makes what the register needs, real or simulated.
func (a *app) registerConfig(ctx context.Context, f serveFlags) (cfg register.Config, release func(), err error) {
	cfg = register.Config{Sales: a.journalPath + ".sales", Goods: a.journalPath + ".goods", Currency: a.currencyOf(a.chosen),
		Till:   pos.Config{ID: a.tillID, Drivers: map[string]pos.Driver{}},
		Logger: slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	cfg.Till.Logger = cfg.Logger
	if cfg.Shop, err = a.readShop(f.head); err != nil {
		return cfg, nil, err
	}
	j, err := a.openJournal(ctx, false)
	if err != nil {
		return cfg, nil, err
	}
	cfg.Till.Journal = j
	closers := []func() error{j.Close}
	release = func() {
		for _, c := range closers {
			if err := c(); err != nil {
				a.say("till: closing: %v", err)
			}
		}
	}
	if f.sim {
		var s *simulation
		if s, err = newSimulation(a.journalPath + ".sim"); err == nil {
			closers = append(closers, s.close)
			err = a.simulate(&cfg, s)
		}
	} else {
		err = a.realConfig(&cfg, f)
	}
	if err == nil {
		err = a.registerRules(ctx, &cfg)
	}
	if err != nil {
		release()
		return cfg, nil, err
	}
	return cfg, release, nil
}

// realConfig opens what the command line names.
func (a *app) realConfig(cfg *register.Config, f serveFlags) (err error) {
	if a.ruling.operators == "" {
		return usagef("name the --operators file, or try --sim")
	}
	if cfg.Operators, err = operators.Open(a.ruling.operators); err != nil {
		return &usageError{err}
	}
	if len(cfg.Operators.Operators()) == 0 {
		return usagef("--operators %s: nobody is in it; till operators --operators %s set NAME --role supervisor", a.ruling.operators, a.ruling.operators)
	}
	for _, t := range a.tenders {
		t.book = cfg.Till.Journal
		d, err := t.open(nil)
		if err != nil {
			return notOpened(t.name, err)
		}
		cfg.Till.Drivers[t.name] = d
		cfg.Till.Times = longest(cfg.Till.Times, t.times)
		cfg.Tenders = append(cfg.Tenders, register.Tender{Name: t.name, English: t.name, Chinese: t.name, Scans: len(t.accepts()) > 0, Shows: t.wallet != nil})
	}
	cfg.Till.Route = a.router().Route
	if f.printer != "" {
		cfg.Printer, err = a.printerOf(f)
	}
	return err
}

// registerRules puts the shop's rules into the register, or, where everything is
// simulated and none are named, one that wants a second person for large refunds.
func (a *app) registerRules(ctx context.Context, cfg *register.Config) (err error) {
	file := (*rules.Config)(nil)
	switch {
	case a.ruling.rules != "":
		file, err = loadRules(a.ruling.rules)
	case cfg.Simulation != nil:
		file, err = rules.Parse([]byte(simRules))
	default:
		return nil
	}
	if err != nil {
		return err
	}
	o := rules.Options{Journal: cfg.Till.Journal, Book: cfg.Operators, Alerts: onScreen{a}}
	if file.Vouchers.Once {
		if o.TokenKey, err = rules.LoadKey(a.ruling.rules + ".key"); err != nil {
			return err
		}
	}
	r, err := rules.Open(ctx, file, o)
	if err != nil {
		return &usageError{err}
	}
	cfg.Till.Rules, cfg.Till.Calendar, cfg.Till.Shop = r, file.Business(), a.ruling.shop
	return nil
}

func (a *app) printerOf(f serveFlags) (*pagePrinter, error) {
	profile, err := a.profileOf(f.profile)
	if err != nil {
		return nil, err
	}
	dialer, err := printers().Parse(f.printer)
	if err != nil {
		return nil, usagef("--printer: %w", err)
	}
	return newPagePrinter(escpos.Config{Dialer: dialer, Profile: profile})
}
