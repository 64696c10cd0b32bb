package meituan_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/meituan"
	"github.com/openecr/openecr/pos/meituan/meituantest"
	"github.com/openecr/openecr/pos/postest"
)

// till is a register in front of a simulated platform.
func till(p *meituantest.Platform) *pos.Till {
	block, _ := aes.NewCipher(make([]byte, 32)) // a real key comes from the shop's own store
	seal, _ := cipher.NewGCM(block)
	client, err := meituan.New(meituan.Config{Developer: meituantest.Developer, SignKey: secret(meituantest.SignKey), BaseURL: p.URL(), Clock: p.Now})
	if err != nil {
		panic(err)
	}
	shop, err := client.Shop(meituan.Dining, "shop-1", secret(meituantest.DiningToken))
	if err != nil {
		panic(err)
	}
	journal := postest.NewMemoryJournal()
	driver, err := meituan.NewDriver(meituan.DriverConfig{Shop: shop, Seal: seal, Book: journal, Accounts: meituan.Accounts{ID: "till-1", Name: "收银一号"}})
	if err != nil {
		panic(err)
	}
	t, err := pos.Open(context.Background(), pos.Config{ID: "till-1", Journal: journal, Drivers: map[string]pos.Driver{"meituan": driver}})
	if err != nil {
		panic(err)
	}
	return t
}

// A voucher is redeemed although the answer was lost, and taken back.
func Example() {
	ctx := context.Background()
	p := meituantest.New(meituantest.Config{})
	defer p.Close()
	t := till(p)
	defer t.Close()
	p.Inject("lose-answer=msconsume")
	a, err := t.Redeem(ctx, pos.RedeemRequest{Reference: "order-1", Code: secret(p.Sell(meituantest.Dining, meituantest.SetMeal).Code)})
	fmt.Println(a.State, a.Approved, err)
	back, err := t.Void(ctx, pos.VoidRequest{Original: a.ID})
	fmt.Println(back.Vouchers[0].Verdict, p.Net(), err)
	_, err = t.Redeem(ctx, pos.RedeemRequest{Reference: "order-2", Code: secret(p.Sell(meituantest.Dining, meituantest.Expired).Code)})
	fmt.Println(errors.Is(err, pos.ErrDeclined))
	// Output:
	// approved 128.00 CNY <nil>
	// undone 0 <nil>
	// true
}
