package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/journal"
	"github.com/openecr/openecr/qr/wallet"
)

func (a *app) demoCommand() *cobra.Command {
	var pictures string
	cmd := &cobra.Command{
		Use: "demo", Short: "A day at a till against simulated terminals, an acquirer and a printer; needs nothing", Args: noArgs,
		Long: `A day at a till against two simulated terminals, one on a serial line and one
on TCP, an acquirer's host, two wallets and a receipt printer: what goes well, what goes wrong, and where the money is in the end.
Status 0 says that the journal and all their books agree to the cent.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), pictures) },
	}
	cmd.Flags().StringVar(&pictures, "png", "", "keep the printed slips as pictures in this `folder`")
	return cmd
}

// demoLimit bounds the whole demo.
const demoLimit = time.Minute

func (a *app) demo(ctx context.Context, pictures string) error {
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "till-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d := &demo{app: a, ctx: ctx, path: filepath.Join(dir, "till.db"), currency: pos.EUR, pictures: pictures}
	if a.lang() == pos.Chinese {
		d.currency = pos.CNY
	}
	defer d.stop()
	for _, step := range []func() error{
		d.start, d.charge, d.decline, d.cancelCard, d.loseAnswer, d.paperOut, d.pullCable, d.die, d.direct, d.wallets, d.vouchers, d.takeBack, d.settleAll, d.verifyAll, d.compare,
	} {
		if err := step(); err != nil {
			return fmt.Errorf("demo, step %d: %w", d.number, err)
		}
	}
	return nil
}

// demo is one run: a till, its journal, and a terminal on each line.
type demo struct {
	*app
	ctx      context.Context
	path     string
	currency pos.Currency
	pictures string // folder
	number   int

	counter, desk *device // on the serial line, on TCP
	printer       *slipPrinter
	bank          *acquirer
	phones        *walletHouse
	journal       *journal.Journal
	till          *pos.Till

	first, lost pos.Attempt                       // taken back in the end
	onStep      func(p pos.Progress) (quiet bool) // of the running payment
}

// step begins a numbered part, t goes on in it. Both take English and Chinese.
func (d *demo) step(en, zh string, args ...any) {
	d.number++
	fmt.Fprintf(d.out, "\n%d. %s\n", d.number, fmt.Sprintf(d.pick(en, zh), args...))
}

func (d *demo) tell(en, zh string, args ...any) {
	fmt.Fprintf(d.out, "   %s\n", fmt.Sprintf(d.pick(en, zh), args...))
}

func (d *demo) pick(en, zh string) string {
	if d.lang() == pos.Chinese {
		return zh
	}
	return en
}

func (d *demo) money(text string) pos.Money {
	m, err := pos.ParseMoney(text, d.currency)
	if err != nil {
		panic(err) // the demo's own amounts
	}
	return m
}

// openShop opens journal and till, as a register does when it starts.
func (d *demo) openShop() (err error) {
	if d.journal, err = journal.Open(d.ctx, journal.Config{Path: d.path}); err != nil {
		return err
	}
	drivers := map[string]pos.Driver{}
	for _, dev := range []*device{d.counter, d.desk} {
		if drivers[dev.tender], err = dev.driver(); err != nil {
			return err
		}
	}
	if drivers[acquirerTender], err = d.bank.driver(); err != nil {
		return err
	}
	if err := d.phones.open(drivers); err != nil {
		return err
	}
	route := wallet.Router{Tenders: map[string]string{"wechat": wechatTender, "alipay": alipayTender, "unionpay": acquirerTender}}
	d.till, err = pos.Open(d.ctx, pos.Config{ID: "demo", Route: route.Route, Journal: d.journal, Drivers: drivers, Progress: d.show, Times: demoTimes})
	return err
}

func (d *demo) closeShop() error {
	var errs []error
	if d.till != nil {
		errs = append(errs, d.till.Close())
	}
	if d.journal != nil {
		errs = append(errs, d.journal.Close())
	}
	d.till, d.journal = nil, nil
	return errors.Join(errs...)
}

func (d *demo) stop() {
	d.closeShop()
	for _, dev := range []*device{d.counter, d.desk} {
		if dev != nil {
			dev.stop()
		}
	}
	if d.printer != nil {
		d.printer.stop()
	}
	if d.bank != nil {
		d.bank.stop()
	}
	if d.phones != nil {
		d.phones.stop()
	}
}

// show prints what the device and the Till say while a payment runs.
func (d *demo) show(p pos.Progress) {
	if d.onStep != nil && d.onStep(p) {
		return
	}
	switch p.Step {
	case pos.StepConnecting, pos.StepOutcome, pos.StepStray:
		return
	}
	d.tell("  ... %s", "  ... %s", d.pick(p.Text, p.Chinese))
}

// take charges and says what came of it.
func (d *demo) take(dev *device, reference, amount string) (pos.Attempt, error) {
	d.tell("%s: charge %s for %s", "%s:收款 %s(%s)", d.pick(dev.name[0], dev.name[1]), d.money(amount), reference)
	at, err := d.till.Charge(d.ctx, pos.ChargeRequest{Tender: dev.tender, Amount: d.money(amount), Reference: reference})
	d.result(at, err)
	return at, err
}

// result prints one line: where the money is.
func (d *demo) result(at pos.Attempt, err error) {
	var e *pos.Error
	switch {
	case err == nil && at.Receipt == "":
		d.tell("=> %s: %s", "=> %s:%s", d.word("state."+string(at.State)), at.Tender)
	case err == nil:
		d.tell("=> %s, %s, receipt %s", "=> %s,%s,凭证号 %s", d.word("state."+string(at.State)), joined(at.Scheme, at.Card), at.Receipt)
	case errors.As(err, &e):
		name, _ := classOf(err)
		d.tell("=> %s", "=> %s", joined(d.word("class."+name), e.Code, e.Text))
		d.tell("   %s", "   %s", e.Advice(d.lang()))
	default:
		d.tell("=> %v", "=> %v", err)
	}
}

// sold is the register's half: the sale is in its own books, so confirm it.
func (d *demo) sold(at pos.Attempt) error {
	_, err := d.till.Confirm(d.ctx, at.ID, at.Reference)
	return err
}

// want fails the demo when a call did not end as the story has it.
func want(err, class error) error {
	if class == nil || errors.Is(err, class) {
		if class == nil {
			return err
		}
		return nil
	}
	return fmt.Errorf("got %v, want %v", err, class)
}
