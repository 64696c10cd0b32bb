package report_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/journal"
	"github.com/openecr/openecr/pos/report"
)

// A day is closed: one sale, then the Z.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	j, err := journal.Open(ctx, journal.Config{Path: filepath.Join(dir, "till.db"), MinFree: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()
	till, err := pos.Open(ctx, pos.Config{ID: "lane-1", Journal: j})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer till.Close()
	book, err := report.New(report.Config{Journal: j, Zone: time.UTC})
	if err != nil {
		fmt.Println(err)
		return
	}

	p, err := till.Charge(ctx, pos.ChargeRequest{Tender: pos.Cash, Amount: pos.FromMinor(1280, pos.CNY), Reference: "order-42", Operator: "anna"})
	fmt.Println(p.Approved, err)
	_, err = book.Z(ctx, report.ZRequest{Operator: "anna"})
	fmt.Println("not yet:", errors.Is(err, report.ErrOpen)) // the register has not confirmed the sale
	_, err = till.Confirm(ctx, p.ID, "R-1")
	fmt.Println("confirmed", err)
	z, err := book.Z(ctx, report.ZRequest{Operator: "anna"})
	fmt.Println("Z", z.Number, err)
	for _, l := range z.Tenders {
		fmt.Println(l.Key, l.Sales.Count, l.Money(l.Net))
	}
	// Output:
	// 12.80 CNY <nil>
	// not yet: true
	// confirmed <nil>
	// Z 1 <nil>
	// cash 1 12.80 CNY
}
