package chinaums_test

import (
	"context"
	"fmt"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/chinaums"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
)

func Example() {
	bank := qrtest.NewBank(qrtest.BankConfig{}) // a simulated China UMS
	defer bank.Close()
	sim, err := qrtest.NewChinaUMS(bank, qrtest.ChinaUMSConfig{})
	if err != nil {
		panic(err)
	}
	defer sim.Close()
	host, err := chinaums.New(sim.Client())
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	order := wallet.Order{Number: "lane-1-0001", Amount: pos.FromMinor(1280, pos.CNY)}
	paid, err := host.Pay(ctx, order, pos.NewSecret([]byte("134567890123456789")))
	fmt.Println(paid.State, paid.Amount, paid.Scheme, err)
	undone, err := host.Undo(ctx, order)
	fmt.Println(undone.State, undone.Code, err)
	// Output:
	// paid 12.80 CNY wechat <nil>
	// closed 00 <nil>
}
