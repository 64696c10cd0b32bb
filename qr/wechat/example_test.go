package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wechat"
)

// A customer shows a code, types a password late and pays; the next one never does.
func Example() {
	ctx := context.Background()
	bank := qrtest.NewBank(qrtest.BankConfig{})
	sim, err := qrtest.NewWeChat(bank, qrtest.WeChatConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sim.Close()

	host, err := wechat.New(sim.Client())
	if err != nil {
		fmt.Println(err)
		return
	}
	driver, err := wallet.New(wallet.Config{Host: host,
		Timing: wallet.Timing{Poll: 10 * time.Millisecond, Limit: 500 * time.Millisecond, ReverseAfter: 50 * time.Millisecond}})
	if err != nil {
		fmt.Println(err)
		return
	}
	till, err := pos.Open(ctx, pos.Config{ID: "lane-1", Journal: postest.NewMemoryJournal(), Drivers: map[string]pos.Driver{"wechat": driver},
		Route: wallet.Router{Tenders: map[string]string{"wechat": "wechat"}}.Route})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer till.Close()

	bank.Customers(qrtest.Late(50*time.Millisecond), qrtest.Never())
	for _, code := range []string{"134567890123456789", "101234567890123456"} {
		a, err := till.Charge(ctx, pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Code: pos.NewSecret([]byte(code))})
		fmt.Println(a.Tender, a.Amount, a.State, errors.Is(err, pos.ErrDeclined))
	}
	fmt.Println("the platform holds", pos.FromMinor(bank.Net(), pos.CNY))
	// Output:
	// wechat 12.80 CNY approved false
	// wechat 12.80 CNY reversed true
	// the platform holds 12.80 CNY
}
