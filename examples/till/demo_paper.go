package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/receipt"
	"github.com/openecr/openecr/transport/escpos"
	"github.com/openecr/openecr/transport/escpos/escpostest"
	"github.com/openecr/openecr/transport/escpos/paper"
	"github.com/openecr/openecr/transport/tcp"
)

// slipPrinter is the simulated receipt printer of the demo, and the register's end of it.
type slipPrinter struct {
	sim     *escpostest.Printer
	profile escpos.Profile
	out     *escpos.Printer
	waiting chan error // what the printer complains of
	served  chan struct{}
}

func newSlipPrinter(profile escpos.Profile) (*slipPrinter, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &slipPrinter{sim: escpostest.New(escpostest.Config{Width: profile.Dots}), profile: profile,
		waiting: make(chan error, 100), served: make(chan struct{})}
	go func() {
		defer close(p.served)
		_ = p.sim.Serve(l)
	}()
	p.out, err = escpos.New(escpos.Config{Dialer: &tcp.Dialer{Addr: l.Addr().String()}, Profile: profile, Progress: func(g escpos.Progress) {
		if g.Waiting != nil {
			select {
			case p.waiting <- g.Waiting:
			default:
			}
		}
	}})
	return p, err
}

func (p *slipPrinter) stop() {
	if p.out != nil {
		p.out.Close()
	}
	p.sim.Close()
	<-p.served
}

// demoShop is the head of the demo's slips.
func (d *demo) demoShop() receipt.Shop {
	return receipt.Shop{Name: d.pick("OpenECR Corner Shop", "OpenECR 便利店"), Lines: []string{d.pick("A demonstration: no money moves", "演示:不发生真实资金往来")},
		Footer: []string{d.pick("Thank you", "谢谢惠顾")}, Lang: d.lang()}
}

// printSlip prints the customer's slip of an attempt and shows the paper.
func (d *demo) printSlip(at pos.Attempt) error {
	number, err := d.till.Printing(d.ctx, at.ID, pos.SlipCustomer, "")
	if err != nil {
		return err
	}
	slip, err := d.demoShop().Payment(at, receipt.Copy{Kind: pos.SlipCustomer, Number: number, Test: true})
	if err != nil {
		return err
	}
	doc, err := receipt.ESCPOS(slip, d.printer.profile)
	if err != nil {
		return err
	}
	if err := d.printer.out.Print(d.ctx, doc); err != nil {
		return err
	}
	slips := d.printer.sim.Slips()
	return d.showPaper(len(slips), slips[len(slips)-1])
}

// showPaper shows what came out of the printer, and keeps it as a picture.
func (d *demo) showPaper(number int, s *paper.Sheet) error {
	for _, l := range strings.Split(strings.Trim(s.Text(), "\n"), "\n") {
		d.tell("%s", "%s", strings.TrimRight("| "+l, " "))
	}
	if d.pictures == "" {
		return nil
	}
	f, err := os.Create(filepath.Join(d.pictures, fmt.Sprintf("slip-%d-%s.png", number, d.lang())))
	if err != nil {
		return err
	}
	return errors.Join(s.WritePNG(f, paper.ImageOptions{}), f.Close())
}

// paperOut lets the paper end in the middle of a slip.
func (d *demo) paperOut() error {
	d.step("The paper ends in the middle of a slip; the payment stands, and the slip comes out whole", "打印到一半缺纸:收款不受影响,换纸后小票完整打出")
	d.printer.sim.Inject("paper-out=6")
	printed := make(chan error, 1)
	go func() { printed <- d.printSlip(d.lost) }()
	select {
	case <-d.ctx.Done():
		<-printed
		return d.ctx.Err()
	case err := <-printed:
		return fmt.Errorf("the paper did not end: %w", err)
	case complaint := <-d.printer.waiting:
		if err := want(complaint, escpos.ErrPaperOut); err != nil {
			return err
		}
		d.tell("... %v", "... %v", complaint)
		d.printer.sim.Refill()
	}
	return <-printed
}
