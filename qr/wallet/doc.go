/*
Package wallet is the one driver behind every wallet and aggregator: it takes
a payment code (付款码, the shop scans the customer) or shows one (the customer
scans the shop), and lets no yuan go missing. A platform is a [Host]: a few calls in
its own words; qr/wechat, qr/alipay, qr/shouqianba and qr/chinaums are four.

	host, err := wechat.New(wechat.Config{ ... })
	pay, err := wallet.New(wallet.Config{Host: host})
	till, err := pos.Open(ctx, pos.Config{ID: "lane-3", Journal: j,
		Drivers: map[string]pos.Driver{"wechat": pay},
		Route:   wallet.Router{Tenders: map[string]string{"wechat": "wechat"}}.Route})

	till.Charge(ctx, pos.ChargeRequest{Amount: yuan, Code: scanned})      // code pay 付款码支付
	till.Charge(ctx, pos.ChargeRequest{Amount: yuan, Tender: "wechat"})   // dynamic code 动态码

# One payment

	Charge ── BeforeSend ── pay ──> paid                                    approved
	                         │      refused                                 declined
	                         │      user is paying (输密码), no answer, error
	                         v
	                 ask every Poll ──> paid | refused | closed             decided
	                         │
	                         v Limit is over, or the cashier cancels
	                 ask a last time ──> paid | refused | closed            decided
	                         │
	                         v pos.ErrUndo: the Till writes the undo down, at once
	                 undo (撤销, reverse, cancel, close), not before ReverseAfter
	                         │
	                         v and asked again until the platform says it is gone
	                      reversed                  (or refused: a person)

A payment that arrives between the last question and the undo is given back by
the undo: the sale was told "not paid". An undo is never dropped: the Till repeats
it at every start until it is done.

# What an answer proves

An answer counts only if its signature holds (where the platform signs), and it
names our merchant, our order and our amount. "Order not found" proves nothing: the
request may still be on its way. So it is undone as well, and believed only when
Quarantine has passed since it was sent. Errors without a signature prove
nothing either. A notification is a hint: it makes the driver ask. What it then
hears goes to the Till, so that a payment that arrives after everything was
closed calls a person instead of being lost:

	wallet.Config{Host: host, Heard: func(h wallet.Hearing) {
		if h.Known && h.Err == nil {
			till.Hear(ctx, h.Attempt(), h.Reply())
		}
	}}

# Words

	order          the platform's out_trade_no (商户订单号): the attempt's id
	trade          the platform's own number (微信订单号, 支付宝交易号)
	code pay       付款码支付, micropay, B scan C, consumer presented
	dynamic code   动态码, native, precreate, C scan B, merchant presented
	undo           撤销 reverse, cancel; 关单 close

A refund counts as given when the platform has accepted it: it may take days to
reach a bank card (PROCESSING). Reply.Code then keeps the platform's word.

Wallets settle by themselves on the next day, so Settle, pre-authorisation and
redemption are unsupported; see [Biller] for the day's bill.
*/
package wallet
