// Package meituan redeems Meituan and Dianping vouchers (美团/大众点评团购核销)
// over the platform's new gateway, for restaurants and for services retail.
//
//	client, err := meituan.New(meituan.Config{Developer: id, SignKey: key})
//	shop, err := client.Shop(meituan.Dining, "shop-1", appAuthToken)
//	driver, err := meituan.NewDriver(meituan.DriverConfig{Shop: shop, Seal: gcm, Book: journal,
//		Accounts: meituan.Accounts{ID: "till-1", Name: "收银一号"}})
//	till, err := pos.Open(ctx, pos.Config{ID: "till-1", Journal: journal, Drivers: map[string]pos.Driver{"meituan": driver}})
//	p, err := till.Preview(ctx, "", code)                                        // 验券准备
//	a, err := till.Redeem(ctx, pos.RedeemRequest{Reference: order, Code: code})  // 验券
//	if errors.Is(err, pos.ErrOutcomeUnknown) { till.Recover(ctx) }               // 已验券码查询
//	till.Void(ctx, pos.VoidRequest{Original: a.ID})                              // 撤销验券
//	for record, err := range shop.Records(ctx, day, 0) { ... }                   // 验券记录
//
// # Words
//
// Voucher 券/团购券; code 券码 (dining couponCode, services receiptCode); prepare
// 验券准备/输码验券校验; redeem 验券/核销; undo 撤销验券; set meal 套餐; cash voucher
// 代金券; deal 项目/套餐 (dealId); bulk deal 量贩; group purchase 拼团; universal
// voucher 通兑; times-card 次卡; dining 到店餐饮 (businessId 1); services retail
// 服务零售/到综 (businessId 58); shop token appAuthToken 一店一token; sign key
// signKey; back office 开店宝.
//
// # How doubt ends
//
// Services retail takes a request id, made of the attempt: a redemption without
// a clear answer is sent again with it. Dining has none, so nothing is repeated:
// the platform's record decides (Shop.Status). A code is Used if the record has
// it, Unused if Prepare takes it as unused or the lists of its days do not have
// it, and "not redeemed" is believed only after a quarantine. If the platform
// said no, with a code that is not in DriverConfig.Refusals, and then has the
// code as redeemed, that may be another till's doing: a person must look.
//
// The platform knows a redemption by nothing but its code, so the journal keeps
// codes, sealed (DriverConfig.Seal). Give all lanes of a shop one journal and
// pass it as Book: a till elsewhere that redeems the same code in the same
// seconds cannot be told from this one by dining.
//
// # What is not certain
//
// From one source only, the platform's generated SDKs: every field name, the
// states 已使用 and 未使用, refundStatus, and that the undo of services retail
// ends after 10 minutes. Dining's window is not published; the platform judges.
//
// Inferred: that the scanned code is among the vouchers a call redeems, all or
// none; that vouchers of one call carry times within a second of each other in
// the list; that amounts without a currency are yuan; that a date alone as the
// end of validity includes that day; what a Prepared.Face counts in a sale. That
// verifyAccount is Accounts.ID is off unless OwnAccount says so.
//
// Missing, because no source confirms it: codes of refusals, limits of calls
// (Rate is ours), authorisation (the appAuthToken of a shop is got by other
// means), scanned QR codes that are not the code itself, batch calls, refunds and
// their audit, times-cards (shown, not redeemed), the old 北极星 gateway
// (openapi.dianping.com), which is being shut. A refund is errors.ErrUnsupported.
package meituan
