package scanner_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/openecr/openecr/transport/scanner"
	"github.com/openecr/openecr/transport/scanner/scannertest"
	"github.com/openecr/openecr/transport/transporttest"
)

// A scanner on a cable: an article, a payment code, and a code whose cable was
// pulled out half way.
func ExampleReader() {
	ctx := context.Background()
	near, far := transporttest.Pipe()
	r := scanner.NewReader(near, scanner.Config{Source: "counter"})
	defer r.Close()

	s := scannertest.New(scannertest.Config{AIM: true})
	s.Scan(ctx, far, scannertest.Symbol{Kind: scanner.EAN, Data: "4006381333931"})
	s.Scan(ctx, far, scannertest.Symbol{Kind: scanner.QR, Data: "134567890123456789"})
	s.Inject("cut")
	s.Scan(ctx, far, scannertest.Symbol{Kind: scanner.QR, Data: "134567890123456789"})

	for {
		scan, err := r.Next(ctx)
		if errors.Is(err, scanner.ErrDamaged) {
			fmt.Println(err)
			return // a register would ask to scan again, and go on
		}
		fmt.Println(scan)
	}
	// Output:
	// EAN/UPC from counter: 4006381333931
	// QR from counter: 18 digits ***
	// scanner counter: damaged scan: the line stopped half way
}

func ExampleParseGS1() {
	list, err := scanner.ParseGS1([]byte("01040063813339313103001250" + "10AB-1\x1d" + "17301231"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range list {
		fmt.Printf("(%s) %s: %s\n", e.AI, e.Title, e.Decimal())
	}
	// Output:
	// (01) GTIN: 04006381333931
	// (3103) NET WEIGHT (kg): 001.250
	// (10) BATCH/LOT: AB-1
	// (17) EXPIRY: 301231
}
