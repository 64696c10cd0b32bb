package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
)

// listFlags choose attempts.
type listFlags struct {
	day, amount, currency, lastFour, reference string
	states                                     []string
	limit                                      int
}

func (a *app) listCommand() *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use: "list", Short: "Look attempts up by day, amount, card, reference or state", Args: noArgs,
		Long: "Look attempts up. Reads the journal without its lock, so it works beside a running register.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.list(cmd.Context(), f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.day, "day", "", "`date` such as 2026-11-22, in local time")
	fs.StringVar(&f.amount, "amount", "", "`amount` asked for, such as 12.80")
	fs.StringVar(&f.currency, "currency", "", "of --amount; default is the tender's, or any of the common ones")
	fs.StringVar(&f.lastFour, "last-four", "", "last four `digits` of the card")
	fs.StringVar(&f.reference, "reference", "", "the shop's order `number`")
	fs.StringArrayVar(&f.states, "state", nil, "`state`, repeatable: approved, confirmed, unknown, ...")
	fs.IntVar(&f.limit, "limit", 0, "at most this many, the newest")
	return cmd
}

func (a *app) list(ctx context.Context, f listFlags) error {
	filters, err := a.filters(f)
	if err != nil {
		return err
	}
	j, err := a.openJournal(ctx, true)
	if err != nil {
		return err
	}
	defer j.Close()
	if err := j.Poisoned(); err != nil {
		a.say("till: what could be read: %v", err)
	}
	var found []pos.Attempt
	for _, filter := range filters {
		list, err := findAll(ctx, j, filter)
		if err != nil {
			return err
		}
		found = append(found, list...)
	}
	slices.SortFunc(found, func(x, y pos.Attempt) int { return int(x.Seq - y.Seq) })
	if f.limit > 0 && len(found) > f.limit {
		found = found[len(found)-f.limit:]
	}
	if a.json {
		for _, at := range found {
			if err := a.object(result{Attempt: at}); err != nil {
				return err
			}
		}
		return nil
	}
	return a.table(found)
}

// findAll pages through all that match, or takes the newest up to the limit.
func findAll(ctx context.Context, j pos.Journal, f pos.Filter) ([]pos.Attempt, error) {
	if f.Limit > 0 {
		f.Newest = true
		return j.Find(ctx, f)
	}
	var all []pos.Attempt
	for {
		page, err := j.Find(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < pos.DefaultFindLimit {
			return all, nil
		}
		f.AfterSeq = page[len(page)-1].Seq
	}
}

// commonCurrencies are tried when an amount is looked up without a currency.
var commonCurrencies = []pos.Currency{pos.CNY, pos.EUR, pos.USD, pos.JPY, pos.HKD, pos.GBP, pos.CHF}

// filters makes one filter, or one for each currency an amount may be in.
func (a *app) filters(f listFlags) ([]pos.Filter, error) {
	base := pos.Filter{Reference: f.reference, LastFour: f.lastFour, Limit: f.limit, Tender: a.chosen}
	if f.limit < 0 {
		return nil, usagef("--limit is above zero")
	}
	if f.day != "" {
		day, err := time.ParseInLocation(time.DateOnly, f.day, time.Local)
		if err != nil {
			return nil, usagef("--day %q is not a date such as 2026-11-22", f.day)
		}
		base.From, base.To = day, day.AddDate(0, 0, 1)
	}
	if f.lastFour != "" && (len(f.lastFour) != 4 || strings.Trim(f.lastFour, "0123456789") != "") {
		return nil, usagef("--last-four wants four digits")
	}
	for _, s := range f.states {
		if !slices.Contains(allStates, pos.State(s)) {
			return nil, usagef("--state %q is none of %v", s, allStates)
		}
		base.States = append(base.States, pos.State(s))
	}
	if f.amount == "" {
		return []pos.Filter{base}, nil
	}
	currencies := commonCurrencies
	switch {
	case f.currency != "":
		currencies = []pos.Currency{pos.Currency(f.currency)}
	case len(a.tenders) > 0:
		currencies = []pos.Currency{a.currencyOf(a.chosen)}
	}
	var list []pos.Filter
	var bad error
	for _, c := range currencies {
		m, err := parseAmount("--amount", f.amount, c)
		if err != nil {
			bad = err
			continue
		}
		with := base
		with.Amount = m
		list = append(list, with)
	}
	if len(list) == 0 {
		return nil, bad
	}
	return list, nil
}

var allStates = []pos.State{pos.StateIntent, pos.StateArmed, pos.StateUnknown, pos.StateReversing, pos.StateApproved, pos.StateConfirmed,
	pos.StateDeclined, pos.StateCanceled, pos.StateNotSent, pos.StateDenied, pos.StateReversed, pos.StateManual, pos.StateForced}

// table prints attempts for people.
func (a *app) table(list []pos.Attempt) error {
	if len(list) == 0 {
		fmt.Fprintln(a.out, a.word("list.none"))
		return nil
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(a.word("list.head"), "|", "\t"))
	for _, at := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", at.Created.Local().Format(time.DateTime), a.word("type."+string(at.Type)),
			at.Amount, a.word("state."+string(at.State)), at.Card, at.Receipt, at.Reference, at.ID, a.openAdvice(at))
	}
	return w.Flush()
}
