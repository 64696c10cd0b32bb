package zvt_test

import (
	"context"
	"fmt"
	"net"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/zvt"
	"github.com/openecr/openecr/pos/zvt/zvttest"
	"github.com/openecr/openecr/transport/tcp"
)

// A payment over TCP on the simulated terminal, and one whose answer is lost.
func Example() {
	simulated := zvttest.New(zvttest.Config{Currency: pos.EUR})
	defer simulated.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go simulated.Serve(listener)

	terminal, err := zvt.New(zvt.Config{Dialer: &tcp.Dialer{Addr: listener.Addr().String()}, Currency: pos.EUR})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	till, err := pos.Open(ctx, pos.Config{ID: "lane-3", Journal: postest.NewMemoryJournal(),
		Drivers: map[string]pos.Driver{"card": terminal}})
	if err != nil {
		panic(err)
	}
	defer till.Close()

	paid, err := till.Charge(ctx, pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.EUR), Reference: "order-42"})
	fmt.Println(paid.Approved, "receipt", paid.Receipt, err)
	simulated.Inject("lose-answer")
	paid, err = till.Charge(ctx, pos.ChargeRequest{Amount: pos.FromMinor(500, pos.EUR), Reference: "order-43"})
	fmt.Println(paid.Approved, "receipt", paid.Receipt, err)
	fmt.Println("books hold", simulated.Net())
	// Output:
	// 12.80 EUR receipt 0001 <nil>
	// 5.00 EUR receipt 0002 <nil>
	// books hold 1780
}
