package tmall_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/tmall"
	"github.com/openecr/openecr/pos/tmall/tmalltest"
)

// till is a register in front of a simulated platform.
func till(p *tmalltest.Platform) *pos.Till {
	block, _ := aes.NewCipher(make([]byte, 32)) // a real key comes from the shop's own store
	seal, _ := cipher.NewGCM(block)
	client, err := tmall.New(tmall.Config{App: tmalltest.App, Secret: secret(tmalltest.Secret), Session: secret(tmalltest.Session), BaseURL: p.URL(), Clock: p.Now})
	if err != nil {
		panic(err)
	}
	journal := postest.NewMemoryJournal()
	driver, err := tmall.NewDriver(tmall.DriverConfig{Client: client, Issued: issued(p), Seal: seal, Book: journal})
	if err != nil {
		panic(err)
	}
	t, err := pos.Open(context.Background(), pos.Config{ID: "till-1", Journal: journal, Drivers: map[string]pos.Driver{"tmall": driver}})
	if err != nil {
		panic(err)
	}
	return t
}

// A ticket is redeemed although the answer was lost, and taken back.
func Example() {
	ctx := context.Background()
	p := tmalltest.New(tmalltest.Config{})
	defer p.Close()
	t := till(p)
	defer t.Close()
	p.Inject("lose-answer=eticket.consume")
	a, err := t.Redeem(ctx, pos.RedeemRequest{Reference: "order-1", Code: secret(p.Issue(tmalltest.Single).Code)})
	fmt.Println(a.State, a.Approved, err)
	back, err := t.Void(ctx, pos.VoidRequest{Original: a.ID})
	fmt.Println(back.Vouchers[0].Verdict, p.Net(), err)
	_, err = t.Redeem(ctx, pos.RedeemRequest{Reference: "order-2", Code: secret(p.Issue(tmalltest.WrongShop).Code)})
	fmt.Println(errors.Is(err, pos.ErrDeclined))
	// Output:
	// approved 66.00 CNY <nil>
	// undone 0 <nil>
	// true
}
