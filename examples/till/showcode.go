package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/transport/display"
)

// codeFlags say where a code is shown that the customer scans.
type codeFlags struct {
	show             bool
	printer, profile string
	display, model   string
}

func (a *app) codeFlags(cmd *cobra.Command, f *codeFlags) {
	fs := cmd.Flags()
	fs.BoolVar(&f.show, "show-code", false, "show a code that the customer scans, and wait until it is paid, canceled or expired")
	a.printerFlags(cmd, &f.printer, &f.profile)
	fs.StringVar(&f.display, "display", "", "`URL` of a customer display that shows the amount meanwhile")
	fs.StringVar(&f.model, "display-model", "cd5220", "cd5220, dm-d or led8")
}

// displayModels are the displays by name.
var displayModels = map[string]display.Model{"cd5220": display.CD5220, "dm-d": display.DMD, "led8": display.LED8}

// devicePatience bounds how long a printer or display may keep a payment waiting.
const devicePatience = 5 * time.Second

// presentCode draws the code on the terminal and, where asked for, on paper. A
// printer or display that fails delays nothing: the code is on the screen.
func (a *app) presentCode(p pos.Progress) {
	d, err := a.drawing(p.Code, qrFlags{level: "M", dots: 8})
	if err != nil {
		a.say("  %v", err)
		return
	}
	if err := d.terminal(a.err); err != nil {
		a.say("  %v", err)
	}
	a.say("  %s", p.Code)
	ctx, cancel := context.WithTimeout(context.Background(), devicePatience)
	defer cancel()
	if f := a.codes; f.printer != "" {
		if err := a.printQR(ctx, d, qrFlags{printer: f.printer, profile: f.profile}); err != nil {
			a.say("  %v", err)
		}
	}
	if err := a.displayAmount(ctx, a.draft.Amount); err != nil {
		a.say("  %v", err)
	}
}

// displayAmount shows the amount to the customer, or clears the display when it is zero.
func (a *app) displayAmount(ctx context.Context, amount pos.Money) error {
	if a.codes.display == "" {
		return nil
	}
	dialer, err := media.Parse(a.codes.display)
	if err != nil {
		return err
	}
	d, err := display.New(display.Config{Dialer: dialer, Model: displayModels[a.codes.model], Timeout: devicePatience})
	if err != nil {
		return err
	}
	defer d.Close()
	if amount.IsZero() {
		return d.Clear(ctx)
	}
	return d.ShowAmount(ctx, display.Total, amount.Digits())
}

// checkCodeFlags refuses what cannot be shown.
func (a *app) checkCodeFlags(t *tender, code string) error {
	f := a.codes
	switch {
	case code != "" && f.show:
		return usagef("--code is scanned by the shop, --show-code by the customer: give one")
	case f.show && (t == nil || t.wallet == nil):
		return usagef("--show-code belongs to a wallet, such as --tender wechat='wechat+https://HOST?profile=FILE'")
	case t != nil && t.wallet != nil && code == "" && !f.show:
		return usagef("give the customer's --code, or --show-code")
	case f.display != "" && displayModels[f.model] == 0:
		return usagef("--display-model is cd5220, dm-d or led8")
	}
	return nil
}
