package pos_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
)

// openTill opens a till on a simulated terminal whose payments meet the given faults.
func openTill(faults ...postest.Fault) *pos.Till {
	till, err := pos.Open(context.Background(), pos.Config{
		ID: "lane-3", Journal: postest.NewMemoryJournal(),
		Drivers: map[string]pos.Driver{"card": postest.NewFake(faults...)},
		Times:   pos.Times{AskEvery: time.Millisecond},
	})
	if err != nil {
		panic(err)
	}
	return till
}

func ExampleTill_Charge() {
	till := openTill()
	defer till.Close()
	ctx := context.Background()

	paid, err := till.Charge(ctx, pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Reference: "order-42"})
	if err != nil {
		fmt.Println(err)
		return
	}
	confirmed, err := till.Confirm(ctx, paid.ID, "order-42") // once your own sale is committed
	fmt.Println(paid.State, paid.Approved, "then", confirmed.State, err)
	// Output: approved 12.80 CNY then confirmed <nil>
}

func ExampleTill_Charge_declined() {
	till := openTill(postest.FaultDecline)
	defer till.Close()

	_, err := till.Charge(context.Background(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Reference: "order-42"})
	var e *pos.Error
	if errors.Is(err, pos.ErrDeclined) && errors.As(err, &e) {
		fmt.Println("money moved:", e.Moved(), "- the host said", e.Code)
		fmt.Println(e.Advice(pos.English))
		fmt.Println(e.Advice(pos.Chinese))
	}
	// Output:
	// money moved: no - the host said 05
	// Nothing was taken. Ask for another means of payment.
	// 交易被拒,未扣款。请更换支付方式。
}

// The terminal books the payment and its answer is lost: the till asks.
func ExampleTill_Charge_lostAnswer() {
	till := openTill(postest.FaultLoseAnswer)
	defer till.Close()

	paid, err := till.Charge(context.Background(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Reference: "order-42"})
	fmt.Println(paid.State, err)
	// The same sale again charges nothing and returns the first payment.
	again, err := till.Charge(context.Background(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Reference: "order-42"})
	fmt.Println(again.ID == paid.ID, err)
	// Output:
	// approved <nil>
	// true <nil>
}

func ExampleTill_Charge_cash() {
	till := openTill()
	defer till.Close()

	paid, err := till.Charge(context.Background(), pos.ChargeRequest{
		Tender: pos.Cash, Amount: pos.FromMinor(1280, pos.CNY), Given: pos.FromMinor(2000, pos.CNY), Reference: "order-42"})
	fmt.Println("change", paid.Change, err)
	// Output: change 7.20 CNY <nil>
}
