// Package douyintest is Douyin's open platform on loopback sockets: tokens,
// vouchers, redemptions, undo, queries, ledgers, webhooks and SPI calls, with
// books of its own. The real platform has no sandbox for vouchers. It takes no
// *testing.T, so tests and programs use it alike.
//
//	p := douyintest.New(douyintest.Config{Seed: 1})
//	defer p.Close()
//	client, err := douyin.New(douyin.Config{App: douyintest.App, Secret: pos.NewSecret([]byte(douyintest.Secret)), BaseURL: p.URL()})
//	merchant := client.Merchant(douyintest.Account)
//	p.Inject("lose-answer=verify")
//	for _, r := range p.Ready() {
//		fmt.Println(r.Kind, r.Code, r.Link, r.Pay)
//	}
//	...
//	fmt.Println(p.Net(), p.Books())
//
// # How it works inside
//
//	socket -> fault? -> token? merchant? too often? -> one function for each call -> fault? -> envelope
//	                                                     |
//	                                                   vouchers and their uses, books
//
// It is written against the same documents as package douyin and shares no code
// with it. URL is plain http; TLSURL with HTTPClient is https, and Dial stands in
// for v.douyin.com and the other hosts.
//
// # What it decides by itself
//
// The kinds of voucher on the shelf are the constants of Kind; Sell adds more.
// The same verify_token with the same codes is answered the same; a new one on
// a used voucher gets 1208. A redemption can be undone for an hour of the
// platform's clock, which Advance moves, and has a ledger after it. What the
// documents leave open it answers so: vouchers before or after their time 1250,
// a second undo 3000001 without a sub code. Numbers and tokens depend on Seed
// alone, except for the TLS key.
package douyintest
