package douyin_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
)

// simulated is a merchant at a simulated platform.
func simulated(p *douyintest.Platform) *douyin.Merchant {
	client, err := douyin.New(douyin.Config{App: douyintest.App, Secret: pos.NewSecret([]byte(douyintest.Secret)), BaseURL: p.URL()})
	if err != nil {
		panic(err)
	}
	return client.Merchant(douyintest.Account)
}

// prepared asks for the first voucher of a kind.
func prepared(ctx context.Context, p *douyintest.Platform, m *douyin.Merchant, kind douyintest.Kind) *douyin.Verification {
	typed := pos.NewSecret([]byte(p.Of(kind)[0].Code))
	got, err := m.Prepare(ctx, douyin.PrepareRequest{Code: typed, Shop: douyintest.Shop})
	if err != nil {
		panic(err)
	}
	for _, c := range got.Certificates {
		fmt.Println(c.SKU.Title, c.Amount.Pay.Money(), c.Status)
	}
	v, err := got.Verification(douyintest.Shop)
	if err != nil {
		panic(err)
	}
	return v
}

// A voucher is redeemed.
func ExampleMerchant_Verify() {
	ctx := context.Background()
	p := douyintest.New(douyintest.Config{Seed: 1})
	defer p.Close()
	m := simulated(p)
	v := prepared(ctx, p, m, douyintest.SetMeal)
	if _, err := v.Handle(nil); err != nil { // to the journal, before anything is sent
		panic(err)
	}
	out, err := m.Verify(ctx, v)
	fmt.Println(out.Uses[0].Verdict, err)
	fmt.Println("the platform's books:", pos.FromMinor(p.Net(), pos.CNY))
	// Output:
	// 双人火锅套餐 194.00 CNY unused
	// redeemed <nil>
	// the platform's books: 268.95 CNY
}

// A voucher is refused, for a reason a cashier can read.
func ExampleMerchant_Verify_refused() {
	ctx := context.Background()
	p := douyintest.New(douyintest.Config{Seed: 1})
	defer p.Close()
	m := simulated(p)
	_, err := m.Verify(ctx, prepared(ctx, p, m, douyintest.BranchOnly))
	var e *douyin.Error
	fmt.Println(errors.As(err, &e), e.Definite(), e.Reason, e.Code)
	// Output:
	// 分店套餐 70.00 CNY unused
	// true true not valid in this shop 3000002
}

// The answer is lost; the platform is asked, and the same redemption sent again
// stays one.
func ExampleMerchant_Outcome() {
	ctx := context.Background()
	p := douyintest.New(douyintest.Config{Seed: 1})
	defer p.Close()
	m := simulated(p)
	v := prepared(ctx, p, m, douyintest.CashVoucher)
	started := m.Client().Now()
	p.Inject("lose-answer=verify")
	_, err := m.Verify(ctx, v)
	fmt.Println(errors.Is(err, douyin.ErrDoubt))
	out, err := m.Outcome(ctx, v, started)
	fmt.Println(out.Uses[0].Verdict, err)
	_, err = m.Verify(ctx, v)
	fmt.Println(err, p.Redeemed(p.Of(douyintest.CashVoucher)[0].Certificate))
	// Output:
	// 100元代金券 88.00 CNY unused
	// true
	// redeemed <nil>
	// <nil> 1
}

// A till takes a voucher for a part of a bill. Without an amount it counts what
// it is worth.
func ExampleDriver() {
	ctx := context.Background()
	p := douyintest.New(douyintest.Config{Seed: 1})
	defer p.Close()
	journal := postest.NewMemoryJournal()
	driver, err := douyin.NewDriver(douyin.DriverConfig{Merchant: simulated(p), Shop: douyintest.Shop, Book: journal})
	if err != nil {
		panic(err)
	}
	till, err := pos.Open(ctx, pos.Config{ID: "lane-1", Journal: journal, Drivers: map[string]pos.Driver{"douyin": driver}})
	if err != nil {
		panic(err)
	}
	defer till.Close()
	paid, err := till.Redeem(ctx, pos.RedeemRequest{Reference: "order-42", Due: pos.FromMinor(30000, pos.CNY),
		Code: pos.NewSecret([]byte(p.Of(douyintest.SetMeal)[0].Code))})
	fmt.Println(paid.Approved, err)
	for _, v := range paid.Vouchers {
		fmt.Println(v.Verdict, v.Title, v.Amount, "paid by the customer:", v.Price)
	}
	// Output:
	// 268.95 CNY <nil>
	// redeemed 双人火锅套餐 268.95 CNY paid by the customer: 194.00 CNY
}
