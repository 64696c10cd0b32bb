package rules_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/rules"
)

func Example() {
	ctx := context.Background()
	cfg, err := rules.Parse([]byte(`{
		"version": 1, "calendar": {"zone": "Asia/Shanghai"}, "currencies": ["CNY"],
		"limits": [{"id": "payment", "per": "payment", "max": "5000.00 CNY"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	j := postest.NewMemoryJournal()
	r, err := rules.Open(ctx, cfg, rules.Options{Journal: j})
	if err != nil {
		fmt.Println(err)
		return
	}
	till, err := pos.Open(ctx, pos.Config{ID: "lane-3", Journal: j, Rules: r, Calendar: cfg.Business()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer till.Close()

	_, err = till.Charge(ctx, pos.ChargeRequest{Tender: pos.Cash, Amount: pos.FromMinor(500_001, pos.CNY), Reference: "order-42"})
	var e *pos.Error
	if errors.Is(err, pos.ErrDenied) && errors.As(err, &e) {
		fmt.Println(e.Attempt.Rule+":", e.Attempt.Reason)
		fmt.Println(e.Advice(pos.English))
		fmt.Println(e.Advice(pos.Chinese))
	}
	denied, _ := till.Find(ctx, pos.Filter{States: []pos.State{pos.StateDenied}})
	fmt.Println(len(denied), "denied today")
	// Output:
	// limit.payment: 5000.01 CNY is more than 5000.00 CNY in one payment
	// Check the amount, or take another tender.
	// 请核对金额,或更换支付方式。
	// 1 denied today
}
