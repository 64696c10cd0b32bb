package alipay_test

import (
	"context"
	"fmt"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
)

// A till takes an Alipay payment code, and gives a part back. Here against the simulator:
// with keys of the console instead of its Client, it is the real gateway.
func Example() {
	ctx := context.Background()
	bank := qrtest.NewBank(qrtest.BankConfig{})
	defer bank.Close()
	gateway, err := qrtest.NewAlipay(bank, qrtest.AlipayConfig{})
	if err != nil {
		panic(err)
	}
	defer gateway.Close()

	host, err := alipay.New(gateway.Client())
	if err != nil {
		panic(err)
	}
	driver, err := wallet.New(wallet.Config{Host: host})
	if err != nil {
		panic(err)
	}
	till, err := pos.Open(ctx, pos.Config{ID: "lane-3", Journal: postest.NewMemoryJournal(), Drivers: map[string]pos.Driver{"alipay": driver}})
	if err != nil {
		panic(err)
	}
	defer till.Close()

	paid, err := till.Charge(ctx, pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Code: pos.NewSecret([]byte("281234567890123456"))})
	fmt.Println(paid.State, paid.Approved, err)
	back, err := till.Refund(ctx, pos.RefundRequest{Original: paid.ID, Amount: pos.FromMinor(300, pos.CNY)})
	fmt.Println(back.State, back.Approved, err)
	poor, err := till.Charge(ctx, pos.ChargeRequest{Amount: pos.FromMinor(1251, pos.CNY), Code: pos.NewSecret([]byte("281234567890123457"))})
	fmt.Println(poor.State, poor.Code, err != nil)
	fmt.Println(bank.Net(), "fen at Alipay")
	// Output:
	// approved 12.80 CNY <nil>
	// approved 3.00 CNY <nil>
	// declined ACQ.BUYER_BALANCE_NOT_ENOUGH true
	// 980 fen at Alipay
}
