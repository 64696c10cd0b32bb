package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/transport/escpos"
)

func (a *app) drawerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "drawer", Short: "Open the cash drawer at a printer", Args: aDrawerCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_ = cmd.Help()
			return usagef("say what: till drawer open")
		},
	}
	cmd.AddCommand(a.drawerOpenCommand())
	return cmd
}

func aDrawerCommand(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("a drawer can only be opened: till drawer open")
	}
	return nil
}

func (a *app) drawerOpenCommand() *cobra.Command {
	var printer, profile, sensor string
	var pin int
	cmd := &cobra.Command{
		Use: "open", Short: "Send the pulse that opens a drawer", Args: noArgs,
		Long: `Send the pulse that opens a drawer. With --sensor, status 0 says that the printer
has seen it open; without, that a printer that was ready has taken the pulse.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.openDrawer(cmd.Context(), printer, profile, sensor, pin)
		},
	}
	a.printerFlags(cmd, &printer, &profile)
	cmd.Flags().IntVar(&pin, "pin", 2, "`pin` of the connector: 2 (first drawer) or 5 (second)")
	cmd.Flags().StringVar(&sensor, "sensor", "", "`level` of the drawer's sensor while it is open: high or low, as it is wired")
	return cmd
}

func (a *app) openDrawer(ctx context.Context, printer, profile, sensor string, pin int) error {
	which := escpos.Pin2
	switch pin {
	case 2:
	case 5:
		which = escpos.Pin5
	default:
		return usagef("--pin is 2 or 5")
	}
	level, ok := map[string]escpos.DrawerLevel{"": escpos.LevelUnknown, "high": escpos.OpenIsHigh, "low": escpos.OpenIsLow}[sensor]
	if !ok {
		return usagef("--sensor is high or low")
	}
	p, err := a.openPrinter(printer, profile, level)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.OpenDrawer(ctx, which); err != nil {
		return &printError{err}
	}
	if a.json {
		return a.object(map[string]any{"printer": p.String(), "pin": pin, "seen_open": level != escpos.LevelUnknown})
	}
	said := "drawer.sent"
	if level != escpos.LevelUnknown {
		said = "drawer.open"
	}
	fmt.Fprintln(a.out, a.word(said))
	return nil
}
