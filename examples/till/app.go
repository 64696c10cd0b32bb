package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/journal"
)

// app is one run of the program: its streams, its common flags, and what it
// opened on the way.
type app struct {
	in       io.Reader
	out, err io.Writer

	journalPath, tillID, language, traceFile string
	json                                     bool
	tenderFlags                              []string

	began   bool // an error before it is one of the command line
	tenders []*tender
	chosen  string // --tender NAME without a URL
	book    *journal.Journal
	draft   pos.Attempt // what is known of the attempt before there is one
	told    bool        // the failure was printed already
	machine machine     // whose ports are listed

	codes     codeFlags // where a code is shown that the customer scans
	ruling    ruleFlags
	lines     *bufio.Reader // what people type
	moneyless bool          // the command only looks
}

const help = `A cash register on the command line.

Tenders are given as name=URL, for example
  --tender card=zvt+tcp://10.0.0.8:20007
  --tender card=zvt+tls://10.0.0.8:20008
  --tender card='zvt+serial:///dev/ttyUSB0?baud=9600&currency=CNY'
  --tender card=zvt+usb://079b:0028/0815   (till ports shows what is plugged in)
  --tender card='unionpay+tcp://10.0.0.1:8583?profile=unionpay.json'   (see till signon --help)
  --tender wechat='wechat+https://api.mch.weixin.qq.com?profile=wechat.json'   (posim wechat --profile writes one)
  --tender douyin='douyin+https://open.douyin.com?profile=douyin.json'   (vouchers; posim douyin --profile writes one)
Options after the question mark:
  currency   of the terminal, default EUR
  password   of the register, six digits; never printed
  t3, t4     wait for a response, and for the next message, such as 5s
  t1, t2     of a serial line: inside a frame, and for its acknowledgement
  abort      wait for the end after asking the terminal to stop
  ask, wait  how often, and how long, a doubtful payment is asked for
  quarantine before "not found" is believed without proof
  charset    cp437 (default), utf8, latin1, latin9, ascii or 7bit
  plain      =1 for terminals that take frames without DLE and CRC over USB or serial
  noabort, release   =1 for terminals that cannot abort, or complete holds by release
Whatever is left goes to the medium: baud, parity, stop, timeout, pin, ...
A wallet's URL has ?profile=FILE only: wechat+https, wechatv2+https, alipay+https, shouqianba+https,
chinaums+https. A scanned --code finds its own tender among those given.
"cash" is built in.

Exit status:
  0   it is done: the money is here (charge, complete, query, confirm), or is
      back where it belongs (void, refund, abandon), or nothing is in doubt
  2   declined or canceled; nothing was taken
  3   outcome unknown: do not charge again; use recover, query or resolve
  4   nothing was sent: busy, denied, invalid, unsupported, not found, in
      conflict with the journal, journal locked, or the device is away
  64  wrong use: a flag, amount, name or address that cannot be right, such as
      an amount of 0, --given below it, a --reference that looks like a card
      number or has more than 64 characters, a bad id in --attempt or --till
  1   anything else: only a part was approved, books differ, damaged journal
With --json, stdout holds one JSON object a result; a failure is one too, with
the attempt's names and "error": {"class", "text", "money_moved", "advice"}.`

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use: "till", Short: "A cash register on the command line", Long: help,
		SilenceErrors: true, SilenceUsage: true, Args: aCommand,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if a.language != string(pos.English) && a.language != string(pos.Chinese) {
				return usagef("--lang is en or zh")
			}
			if err := laneID(a.tillID); err != nil {
				return err
			}
			return a.readTenders()
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return usagef("name a command")
		},
	}
	root.SetFlagErrorFunc(flagError)
	fs := root.PersistentFlags()
	fs.StringVar(&a.journalPath, "journal", "till.db", "journal `file`")
	fs.StringVar(&a.tillID, "till", "till-1", "`id` of this lane, 1 to 12 letters, digits or dashes")
	fs.StringArrayVar(&a.tenderFlags, "tender", nil, "`name=URL` of a means of payment, repeatable; name alone chooses one")
	fs.BoolVar(&a.json, "json", false, "print one JSON object a result on stdout")
	fs.StringVar(&a.language, "lang", "en", "`language` for people: en or zh")
	fs.StringVar(&a.ruling.operators, "operators", "", "`file` of who works here, see till operators; supervisors in it may agree to what nobody may do alone")
	fs.StringVar(&a.ruling.rules, "rules", "", "`file` of what the shop allows, see till rules")
	fs.StringVar(&a.ruling.shop, "shop", "", "`name` of the branch, for rules that hold in some only")
	fs.StringVar(&a.traceFile, "trace", "", "append a masked transcript of the conversation to this `file`; of terminals and acquirers, not of wallets and platforms")
	root.AddCommand(a.chargeCommand(), a.preauthCommand(), a.voidCommand(), a.refundCommand(), a.completeCommand(),
		a.queryCommand(), a.recoverCommand(), a.confirmCommand(), a.abandonCommand(), a.resolveCommand(),
		a.settleCommand(), a.signOnCommand(), a.signOffCommand(), a.echoCommand(), a.balanceCommand(), a.downloadCommand(), a.batchCommand(), a.keysCommand(),
		a.listCommand(), a.verifyCommand(), a.statusCommand(), a.portsCommand(), a.printCommand(), a.drawerCommand(), a.operatorsCommand(), a.rulesCommand(), a.billCommand(), a.activateCommand(), a.decodeCommand(), a.qrCommand(), a.previewCommand(), a.redeemCommand(), a.authorizeCommand(), a.reconcileCommand(), a.demoCommand(), a.serveCommand())
	root.AddCommand(a.reportCommand())
	return root
}

// run executes a command line and returns the exit status.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.command()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.err) // help is for people
	root.SetErr(a.err)
	root.InitDefaultHelpFlag() // before arguments are split, or it would swallow the next one
	a.mark(root)
	if slices.Contains(args, "--help") || slices.Contains(args, "-h") || len(args) > 0 && (args[0] == "help" || args[0] == "completion") {
		root.SetOut(a.out)
	}
	cmd, err := root.ExecuteContextC(ctx)
	a.moneyless = moneyless(cmd)
	if err == nil {
		return statusOK
	}
	if !a.began {
		a.json = a.json || slices.Contains(args, "--json")
		if !errors.As(err, new(*usageError)) {
			err = &usageError{err}
		}
	}
	if !a.told {
		a.failure(err)
	}
	return statusOf(err)
}

// moneyless says that a command only looks, so that its failures need not say
// where the money is.
func moneyless(cmd *cobra.Command) bool {
	for ; cmd != nil; cmd = cmd.Parent() {
		switch cmd.Name() {
		case "decode", "qr", "list", "verify", "ports", "print", "drawer", "keys", "signon", "signoff", "echo", "balance", "download", "batch", "operators", "rules", "bill", "activate", "report", "preview", "authorize", "reconcile", "help", "completion":
			return true
		}
	}
	return false
}

// mark notes when a command itself begins; what fails before that is wrong use.
func (a *app) mark(cmd *cobra.Command) {
	if do := cmd.RunE; do != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.began = true
			return do(cmd, args)
		}
	}
	for _, c := range cmd.Commands() {
		a.mark(c)
	}
}

func (a *app) lang() pos.Lang { return pos.Lang(a.language) }

// say prints a line for people on stderr.
func (a *app) say(format string, args ...any) { fmt.Fprintf(a.err, format+"\n", args...) }

// attemptArg wants exactly one attempt.
func attemptArg(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("give one attempt, as charge and list name it")
	}
	return nil
}

// openTill opens journal and till, tells what an earlier run left, and returns
// what closes both.
func (a *app) openTill(ctx context.Context) (*pos.Till, func(), error) {
	j, err := a.openJournal(ctx, false)
	if err != nil {
		return nil, nil, err
	}
	a.book = j
	cfg := pos.Config{ID: a.tillID, Journal: j, Drivers: map[string]pos.Driver{},
		Logger: slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))} // why a doubt stays
	shown, hush := a.watch()
	cfg.Progress = shown
	if err := a.underRules(ctx, &cfg); err != nil {
		hush()
		j.Close()
		return nil, nil, err
	}
	trace, err := a.openTrace()
	if err != nil {
		j.Close()
		return nil, nil, err
	}
	undo := func() {
		hush()
		for _, d := range cfg.Drivers {
			d.Close()
		}
		j.Close()
		trace.close()
	}
	for _, t := range a.tenders {
		t.book = j
		d, err := t.open(trace)
		if err != nil {
			undo()
			return nil, nil, notOpened(t.name, err)
		}
		cfg.Drivers[t.name] = d
		cfg.Times = longest(cfg.Times, t.times)
	}
	till, err := pos.Open(ctx, cfg)
	if err != nil {
		undo()
		return nil, nil, err
	}
	a.tellRecovered(till.Recovered())
	return till, func() {
		hush()
		if err := errors.Join(till.Close(), j.Close(), trace.close()); err != nil {
			a.say("till: closing: %v", err)
		}
	}, nil
}

// openJournal opens the journal. Reading needs no lock, so it works beside a
// register that is charging.
func (a *app) openJournal(ctx context.Context, readOnly bool) (*journal.Journal, error) {
	if readOnly {
		if _, err := os.Stat(a.journalPath); err != nil {
			return nil, fileError("--journal", a.journalPath, err)
		}
	}
	j, err := journal.Open(ctx, journal.Config{Path: a.journalPath, ReadOnly: readOnly, Notify: func(n journal.Notice) {
		if n.Kind != journal.NoticeView {
			a.say("journal: %s: %s", n.Kind, strings.TrimSpace(fmt.Sprint(n.Text, " ", errText(n.Err))))
		}
	}})
	if err == nil || readOnly {
		return j, err
	}
	return nil, &pos.Error{Op: "open till", Class: pos.ErrNotSent, Err: err}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
