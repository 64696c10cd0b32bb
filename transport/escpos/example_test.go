package escpos_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/openecr/openecr/transport/escpos"
	"github.com/openecr/openecr/transport/escpos/escpostest"
	"github.com/openecr/openecr/transport/escpos/paper"
	"github.com/openecr/openecr/transport/tcp"
)

// exampleSlip is what the examples print.
func exampleSlip(p escpos.Profile) *escpos.Document {
	b := escpos.NewBuilder(p)
	b.Text(escpos.Style{Bold: true, Align: escpos.Center}, "阳光超市")
	b.Rule()
	b.Row(escpos.Style{}, escpos.Column{Text: "乌龙茶 500ml"}, escpos.Column{Text: "¥ 6.50", Width: 9, Align: escpos.Right})
	b.Cut(escpos.Partial)
	doc, err := b.Document()
	if err != nil {
		panic(err)
	}
	return doc
}

// A document is bytes; paper shows them without a printer.
func ExampleBuilder() {
	p, _ := escpos.ProfileByName("chinese-58")
	doc := exampleSlip(p)
	sheet, err := paper.Draw(paper.Width58, doc.Bytes())
	fmt.Print(sheet.Text(), err, "\n")
	// Output:
	//                     阳光超市
	// --------------------------------
	// 乌龙茶 500ml              ¥ 6.50
	// <nil>
}

// Printing goes on by itself after a new roll was put in.
func ExamplePrinter_Print() {
	sim := escpostest.New(escpostest.Config{Faults: []string{"paper-out=2"}})
	defer sim.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go sim.Serve(listener)

	p, _ := escpos.ProfileByName("chinese-80")
	printer, err := escpos.New(escpos.Config{
		Dialer: &tcp.Dialer{Addr: listener.Addr().String()}, Profile: p, Poll: 10 * time.Millisecond,
		Progress: func(p escpos.Progress) {
			if p.Waiting != nil {
				fmt.Println("cashier:", p.Waiting)
				sim.Refill()
			}
		},
	})
	if err != nil {
		panic(err)
	}
	defer printer.Close()
	err = printer.Print(context.Background(), exampleSlip(p))
	fmt.Println("printed:", err)
	fmt.Print(sim.Slips()[0].Text())
	// Output:
	// cashier: the printer is out of paper: put in a new roll
	// printed: <nil>
	//                     阳光超市
	// ------------------------------------------------
	// 乌龙茶 500ml                              ¥ 6.50
}

// A power cut in the middle of a slip is never taken for a printed slip.
func ExamplePrintError() {
	sim := escpostest.New(escpostest.Config{Faults: []string{"power-off=2"}})
	defer sim.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go sim.Serve(listener)

	p, _ := escpos.ProfileByName("chinese-80")
	printer, err := escpos.New(escpos.Config{Dialer: &tcp.Dialer{Addr: listener.Addr().String()}, Profile: p})
	if err != nil {
		panic(err)
	}
	defer printer.Close()
	err = printer.Print(context.Background(), exampleSlip(p))
	fmt.Println("print again, marked as a reprint:", errors.Is(err, escpos.ErrHalfPrinted))
	// Output:
	// print again, marked as a reprint: true
}
