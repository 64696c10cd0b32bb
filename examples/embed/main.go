// Command embed takes one payment: the smallest register there is. It expects
// a ZVT terminal, real or simulated, on 127.0.0.1:20007:
//
//	go run ./examples/posim zvt --listen 127.0.0.1:20007
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/journal"
	"github.com/openecr/openecr/pos/zvt"
	"github.com/openecr/openecr/transport/tcp"
)

func main() {
	ctx := context.Background()
	j, err := journal.Open(ctx, journal.Config{Path: "till.db"})
	check(err)
	defer j.Close()
	terminal, err := zvt.New(zvt.Config{Dialer: &tcp.Dialer{Addr: "127.0.0.1:20007"}, Currency: pos.EUR})
	check(err)
	till, err := pos.Open(ctx, pos.Config{ID: "lane-1", Journal: j, Drivers: map[string]pos.Driver{"card": terminal}})
	check(err)
	defer till.Close()

	paid, err := till.Charge(ctx, pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.EUR), Reference: "order-42"})
	switch {
	case err == nil: // the money is here, in full, and on disk
		_, err = till.Confirm(ctx, paid.ID, "order-42") // once your own sale is committed
		check(err)
		fmt.Println("paid", paid.Approved, "with", paid.Card, "receipt", paid.Receipt)
	case errors.Is(err, pos.ErrOutcomeUnknown):
		log.Fatal("result not known yet: do not take another payment. ", err)
	default: // no goods: nothing was taken, or with pos.ErrPartial only a part
		log.Fatal(err)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
