package shouqianba_test

import (
	"context"
	"fmt"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/shouqianba"
	"github.com/openecr/openecr/qr/wallet"
)

func Example() {
	bank := qrtest.NewBank(qrtest.BankConfig{}) // a simulated Shouqianba
	defer bank.Close()
	sim, err := qrtest.NewShouqianba(bank, qrtest.ShouqianbaConfig{})
	if err != nil {
		panic(err)
	}
	defer sim.Close()

	store := &shouqianba.MemoryStore{} // a FileStore in a shop
	ctx := context.Background()
	if _, err := shouqianba.Activate(ctx, sim.Activation(store)); err != nil {
		panic(err)
	}
	cfg := sim.Client()
	cfg.Store = store
	host, err := shouqianba.New(cfg)
	if err != nil {
		panic(err)
	}
	order := wallet.Order{Number: "lane-1-0001", Amount: pos.FromMinor(1280, pos.CNY)}
	if err := host.Ready(ctx, order); err != nil { // checks in
		panic(err)
	}
	paid, err := host.Pay(ctx, order, pos.NewSecret([]byte("134567890123456789")))
	fmt.Println(paid.State, paid.Amount, paid.Scheme, err)
	broke := wallet.Order{Number: "lane-1-0002", Amount: pos.FromMinor(1251, pos.CNY)}
	declined, err := host.Pay(ctx, broke, pos.NewSecret([]byte("134567890123456780")))
	fmt.Println(declined.State, declined.Code, err)
	// Output:
	// paid 12.80 CNY wechat <nil>
	// refused INSUFFICIENT_FUND <nil>
}
