package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
)

// takeFlags are those of charge and preauth.
type takeFlags struct {
	amount, currency, reference, due, given, attempt, operator, code string
	entry, token, bin                                                string
	confirm                                                          bool
}

func (a *app) chargeCommand() *cobra.Command {
	var f takeFlags
	cmd := &cobra.Command{
		Use: "charge --amount A", Short: "Take money on one tender", Args: noArgs,
		Long: `Take money on one tender.

Status 0 and no other says that the money is here. The approval then waits for
"till confirm", which belongs right after the register's own commit; until then
it shows in "recover" and "list". The same --attempt, or the same --reference
and amount while it lives or is paid, returns the first payment.

Ctrl-C asks the terminal to stop; what is printed then is what is true.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.take(cmd.Context(), pos.TypeCharge, f)
		},
	}
	a.commonTakeFlags(cmd, &f)
	cmd.Flags().StringVar(&f.due, "due", "", "whole `amount` of the sale when it is split over several tenders")
	cmd.Flags().StringVar(&f.given, "given", "", "cash handed over; change is worked out")
	cmd.Flags().StringVar(&f.code, "code", "", "`digits` of a payment code that was scanned, for tenders that take one; - reads a line from stdin")
	cmd.Flags().StringVar(&f.entry, "entry", "", "`how` the code came in: scanned or typed, for --rules that ask")
	a.codeFlags(cmd, &a.codes)
	cmd.Flags().BoolVar(&f.confirm, "confirm", false, "confirm in the same breath, for registers without a database")
	return cmd
}

func (a *app) preauthCommand() *cobra.Command {
	var f takeFlags
	cmd := &cobra.Command{
		Use: "preauth --amount A", Short: "Hold money; complete takes it, void releases it", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.take(cmd.Context(), pos.TypePreauth, f)
		},
	}
	a.commonTakeFlags(cmd, &f)
	return cmd
}

func (a *app) commonTakeFlags(cmd *cobra.Command, f *takeFlags) {
	fs := cmd.Flags()
	fs.StringVar(&f.amount, "amount", "", "`amount` in major units, such as 12.80")
	fs.StringVar(&f.currency, "currency", "", "ISO 4217 `code`; default is the tender's")
	fs.StringVar(&f.reference, "reference", "", "the shop's order `number`; several attempts may share it")
	fs.StringVar(&f.attempt, "attempt", "", "`id` that makes the command repeatable; default is a new one")
	fs.StringVar(&f.operator, "operator", "", "`who` stands at the till")
	fs.StringVar(&f.token, "token", "", "`text` that stands for card or payer, for --rules that count by it; never the number")
	fs.StringVar(&f.bin, "bin", "", "first six to eight `digits` of the card, for --rules that ask")
}

// scanned reads a payment code (付款码). It is as good as money and never repeated.
func (a *app) scanned(code string) (pos.Secret, error) {
	if code == "" {
		return pos.Secret{}, nil
	}
	if code == "-" {
		line, err := bufio.NewReader(io.LimitReader(a.in, maxCode+2)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return pos.Secret{}, usagef("--code: %w", err)
		}
		code = strings.TrimSpace(line)
	}
	if code == "" || len(code) > maxCode {
		return pos.Secret{}, usagef("--code has 1 to %d characters", maxCode)
	}
	return pos.NewSecret([]byte(code)), nil
}

// codeEntry says how a code came in; empty is nothing said.
func codeEntry(text string) (pos.CodeEntry, error) {
	switch e := pos.CodeEntry(text); e {
	case "", pos.EntryScanned, pos.EntryTyped:
		return e, nil
	}
	return "", usagef("--entry is %s or %s", pos.EntryScanned, pos.EntryTyped)
}

// maxBIN is how many digits an issuer has (ISO/IEC 7812-1).
const maxBIN = 8

// maxCode is the longest that a scanner reads and a wallet or platform makes: a link.
const maxCode = 512

// tenderOf finds the tender: the one named, the one whose code was scanned, or the only one.
func (a *app) tenderOf(code pos.Secret) (string, error) {
	if code.Len() == 0 {
		return a.choose()
	}
	routed, err := a.router().Route(code)
	switch {
	case err != nil:
		return "", usagef("--code: %w", err)
	case a.chosen != "" && a.chosen != routed:
		return "", usagef("--code: tender %q does not take this kind of code, %q does", a.chosen, routed)
	}
	return routed, nil
}

// request reads the flags; what is wrong with them is wrong use.
func (a *app) request(typ pos.Type, f takeFlags) (pos.ChargeRequest, error) {
	a.draft = pos.Attempt{ID: pos.AttemptID(f.attempt), Till: a.tillID, Reference: f.reference, Type: typ, Operator: f.operator}
	if err := errors.Join(attemptID(f.attempt), shopText("--reference", f.reference, pos.MaxReferenceLen), shopText("--operator", f.operator, pos.MaxTextLen),
		shopText("--token", f.token, pos.MaxTextLen), shopText("--bin", f.bin, maxBIN)); err != nil {
		a.draft = pos.Attempt{Till: a.tillID, Type: typ} // nothing of it is fit to be repeated
		return pos.ChargeRequest{}, err
	}
	if f.amount == "" {
		return pos.ChargeRequest{}, usagef("--amount is missing")
	}
	code, err := a.scanned(f.code)
	if err != nil {
		return pos.ChargeRequest{}, err
	}
	tender, err := a.tenderOf(code)
	if err != nil {
		return pos.ChargeRequest{}, err
	}
	a.draft.Tender = tender
	if typ == pos.TypeCharge {
		if err := a.checkCodeFlags(a.tender(tender), f.code); err != nil {
			return pos.ChargeRequest{}, err
		}
	}
	entry, err := codeEntry(f.entry)
	if err != nil {
		return pos.ChargeRequest{}, err
	}
	r := pos.ChargeRequest{Code: code, Tender: tender, Reference: f.reference, Attempt: pos.AttemptID(f.attempt), Operator: f.operator,
		Entry: entry, Token: f.token, BIN: f.bin}
	currency := pos.Currency(f.currency)
	if currency == "" {
		currency = a.currencyOf(tender)
	}
	for _, m := range []struct {
		flag, text string
		to         *pos.Money
	}{{"--amount", f.amount, &r.Amount}, {"--due", f.due, &r.Due}, {"--given", f.given, &r.Given}} {
		if m.text == "" {
			continue
		}
		if *m.to, err = parseAmount(m.flag, m.text, currency); err != nil {
			return r, err
		}
	}
	a.draft.Amount = r.Amount
	return r, covers(r)
}

// covers refuses a request that no money can fulfil.
func covers(r pos.ChargeRequest) error {
	less := func(a, b pos.Money) bool { cmp, err := a.Cmp(b); return err == nil && cmp < 0 }
	switch given, due := r.Given != (pos.Money{}), r.Due != (pos.Money{}); {
	case given && r.Tender != pos.Cash:
		return usagef("--given is for cash: nobody hands over more than the amount on %s", r.Tender)
	case given && less(r.Given, r.Amount):
		return usagef("--given %s does not cover the amount of %s", r.Given, r.Amount)
	case due && less(r.Due, r.Amount):
		return usagef("--due %s is less than the amount of %s", r.Due, r.Amount)
	}
	return nil
}

func (a *app) take(ctx context.Context, typ pos.Type, f takeFlags) error {
	r, err := a.request(typ, f)
	if err != nil {
		return err
	}
	till, done, err := a.openTill(ctx)
	if err != nil {
		return err
	}
	defer done()
	defer a.onStop(ctx)()
	var at pos.Attempt
	if typ == pos.TypePreauth {
		at, err = till.Preauthorize(ctx, pos.PreauthRequest(r))
	} else {
		at, err = till.Charge(ctx, r)
	}
	if err == nil && f.confirm {
		at, err = till.Confirm(context.WithoutCancel(ctx), at.ID, "")
	}
	return a.finish(at, err)
}

// onStop says what a signal does, until the returned function is called.
func (a *app) onStop(ctx context.Context) (over func() bool) {
	return context.AfterFunc(ctx, func() { a.say("  %s", a.word("aborting")) })
}
