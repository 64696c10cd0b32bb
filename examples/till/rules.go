package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
	_ "time/tzdata" // registers run on systems that have no time zones of their own

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/rules"
)

// ruleFlags say what is allowed, and who may agree to more.
type ruleFlags struct{ rules, operators, shop string }

func (a *app) rulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rules", Short: "Look at a file of rules before it is in force", Args: aRulesCommand,
		Long: `Look at a file of rules before it is in force: limits, hours, who may do what,
when a second person must agree. With --rules FILE every other command obeys it.
The key that makes voucher codes known again is kept beside it, in FILE.key.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return usagef("say what: till rules check FILE, or till rules dry-run")
		},
	}
	check := &cobra.Command{
		Use: "check FILE", Short: "Say whether the file can be used, and if not, which rule is wrong", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.checkRules(args[0]) },
	}
	dry := &cobra.Command{
		Use: "dry-run --rules FILE --journal FILE", Short: "Say what of an old journal would have been denied, or asked about", Args: noArgs,
		Long: `Judge every attempt of a journal as if the file had been in force then. Nothing
is changed or sent, and a register may be at work on the journal meanwhile.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.dryRun(cmd.Context()) },
	}
	cmd.AddCommand(check, dry)
	return cmd
}

func aRulesCommand(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("rules can be checked and tried: till rules check FILE, till rules dry-run")
	}
	return nil
}

// loadRules reads a file; what is wrong with it is wrong use.
func loadRules(path string) (*rules.Config, error) {
	cfg, err := rules.Load(path)
	if err != nil {
		return nil, fileError("--rules", path, err)
	}
	return cfg, nil
}

func (a *app) checkRules(path string) error {
	cfg, err := loadRules(path)
	if err != nil {
		return err
	}
	if a.json {
		return a.object(cfg)
	}
	fmt.Fprintln(a.out, a.word("rules.good"), cfg.Revision)
	return nil
}

func (a *app) dryRun(ctx context.Context) error {
	if a.ruling.rules == "" {
		return usagef("name the --rules file")
	}
	cfg, err := loadRules(a.ruling.rules)
	if err != nil {
		return err
	}
	book, err := a.staff()
	if err != nil {
		return err
	}
	j, err := a.openJournal(ctx, true)
	if err != nil {
		return err
	}
	defer j.Close()
	report, err := rules.DryRun(ctx, cfg, rules.Options{Journal: j, Book: book}, a.ruling.shop)
	if err != nil {
		return err
	}
	if a.json {
		return a.object(report)
	}
	a.showReport(report)
	return nil
}

func (a *app) showReport(r *rules.Report) {
	fmt.Fprintf(a.out, a.word("rules.sum")+"\n", r.Judged, r.Denied, r.Asked, r.Alerts)
	for _, id := range slices.Sorted(maps.Keys(r.ByRule)) {
		fmt.Fprintf(a.out, "  %-28s %d\n", id, r.ByRule[id])
	}
	for _, f := range r.Findings {
		text := f.Ruling.Text
		if a.lang() == pos.Chinese {
			text = f.Ruling.Chinese
		}
		fmt.Fprintf(a.out, "%s  %s  %s %s  %s  %s: %s\n", f.Time.Local().Format(time.DateTime), f.Attempt, a.word("type."+string(f.Type)), f.Amount,
			a.word("act."+string(f.Ruling.Act)), f.Ruling.Rule, text)
	}
	if len(r.Findings) == 0 {
		fmt.Fprintln(a.out, a.word("rules.none"))
	}
}

// underRules puts the shop's rules, and who may agree to more, into the till's configuration.
func (a *app) underRules(ctx context.Context, cfg *pos.Config) error {
	cfg.Shop = a.ruling.shop
	book, err := a.staff()
	if err != nil {
		return err
	}
	if book != nil {
		cfg.Approver = operators.Approver{Book: book, Ask: a.askSecondPerson}
	}
	if a.ruling.rules == "" {
		return nil
	}
	file, err := loadRules(a.ruling.rules)
	if err != nil {
		return err
	}
	o := rules.Options{Journal: cfg.Journal, Book: book, Alerts: onScreen{a}}
	if file.Vouchers.Once {
		if o.TokenKey, err = rules.LoadKey(a.ruling.rules + ".key"); err != nil {
			return err
		}
	}
	r, err := rules.Open(ctx, file, o)
	if err != nil {
		return &usageError{err}
	}
	cfg.Rules, cfg.Calendar = r, file.Business()
	return nil
}

// onScreen shows alerts to whoever stands there.
type onScreen struct{ a *app }

func (s onScreen) Alert(al rules.Alert) {
	text := al.Text
	if s.a.lang() == pos.Chinese {
		text = al.Chinese
	}
	fmt.Fprintf(s.a.err, "  "+s.a.word("alert.rule")+"\n", text, al.Rule)
}

var _ rules.Sink = onScreen{}
