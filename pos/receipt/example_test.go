package receipt_test

import (
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/receipt"
)

func ExampleShop_Payment() {
	shop := receipt.Shop{Name: "Corner Shop", Zone: time.UTC}
	a := pos.Attempt{ID: "till-1-7", Type: pos.TypeCharge, State: pos.StateApproved, Tender: "card", Scheme: "Visa", Card: "411111******1111",
		Amount: pos.FromMinor(1280, pos.EUR), Approved: pos.FromMinor(1280, pos.EUR), AuthCode: "A12345",
		PeerTime: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)}
	slip, err := shop.Payment(a, receipt.Copy{Kind: pos.SlipCustomer, Number: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(receipt.Text(slip, 32))
	// Output:
	//           Corner Shop
	// ================================
	//             PAYMENT
	//          customer copy
	//               PAID
	// --------------------------------
	// Tender                      Card
	// Scheme                      Visa
	// Card            411111******1111
	// Approval                  A12345
	// Time         2026-03-14 12:00:00
	// Attempt                 till-1-7
	// --------------------------------
	// AMOUNT                 12.80 EUR
}

func ExampleShop_Payment_doubt() {
	shop := receipt.Shop{Lang: pos.Chinese, Zone: time.UTC}
	a := pos.Attempt{ID: "till-1-8", Type: pos.TypeCharge, State: pos.StateUnknown, Tender: "wechat", Reason: "timeout",
		Amount: pos.FromMinor(1280, pos.CNY), Reference: "order-43", Created: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)}
	slip, err := shop.Payment(a, receipt.Copy{Kind: pos.SlipCustomer, Number: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(receipt.Text(slip, 32))
	// Output:
	//               消费
	//              顾客联
	//         *** 结果未明 ***
	//    请勿重复收款,请勿交付商品
	//       系统正在查询交易结果
	// 原因                    应答超时
	// --------------------------------
	// 付款方式                微信支付
	// 日期时间     2026-03-14 12:00:00
	// 订单号                  order-43
	// 交易编号                till-1-8
	// --------------------------------
	// 应收                   12.80 CNY
}
