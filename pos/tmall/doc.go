// Package tmall redeems Taobao and Tmall e-tickets (淘宝/天猫电子凭证) over the
// open platform TOP, and reads the shop's trades and refunds for reconciliation.
//
//	client, err := tmall.New(tmall.Config{App: key, Secret: secret, Session: token})
//	driver, err := tmall.NewDriver(tmall.DriverConfig{Client: client, Issued: notices.Find, Seal: gcm, Book: journal})
//	till, err := pos.Open(ctx, pos.Config{ID: "till-1", Journal: journal, Drivers: map[string]pos.Driver{"tmall": driver}})
//	p, err := till.Preview(ctx, "", code)                                        // 验码前置确认
//	a, err := till.Redeem(ctx, pos.RedeemRequest{Reference: order, Code: code})  // 核销
//	if errors.Is(err, pos.ErrOutcomeUnknown) { till.Recover(ctx) }               // 核销日志
//	till.Void(ctx, pos.VoidRequest{Original: a.ID})                              // 冲正
//	for trade, err := range client.Trades(ctx, tmall.TradeQuery{From: from, To: to, Types: "eticket"}) { ... }
//	for refund, err := range client.Refunds(ctx, tmall.TradeQuery{From: from, To: to}) { ... }
//
// # Words
//
// E-ticket 电子凭证; code 码/核销码 (verify_code); redeem 核销 (consume); undo 冲正
// (reverse); serial 核销流水号 (serial_num); notice of issue 发码通知, with its
// token; trusted seller 信任卖家; code merchant 码商 (codemerchant_id); station
// 机具 (posid); trade 交易 (tid), sub-order 子订单 (oid); refund 退款; session 授权.
//
// # How doubt ends
//
// Every redemption has a serial of its own, made of the attempt. The platform's
// log (taobao.vmarket.eticket.oplogs.get) names it: nothing is sent twice, and
// what became of a redemption or its undo is read there. "Not in the log" is
// believed after a quarantine only.
//
// # What the shop must bring
//
// Order, token and worth of a ticket come with the notice of its issue, which
// the platform sends to the shop's server once; DriverConfig.Issued finds them.
// The platform tells no worth when a ticket is redeemed.
//
// # What is not certain
//
// From one source only, the platform's metadata as generated SDKs have it: every
// field of the e-ticket calls, the log among them, which no second source
// confirms. Inferred: that an undo stands in the log with op_type 2 under the
// serial it undoes; that the log's code is the scanned one; that several uses in
// one call are all or none; that half a minute is enough for the log to follow.
//
// Missing, because no source confirms it: the newer family
// taobao.eticket.merchant.ma.* (which ret_code says success is not published;
// Client.Call reaches it), the window of an undo (the platform judges), codes of
// refusals, limits of calls (Rate is ours), new codes after a redemption. A refund
// at the till is errors.ErrUnsupported: trades are refunded on the platform.
package tmall
