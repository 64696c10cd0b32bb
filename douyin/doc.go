// Package douyin speaks to Douyin's open platform (抖音开放平台, 生活服务) in the
// platform's own words: group-buy vouchers (团购券) are prepared, redeemed,
// queried and undone; shops, products, orders, redemption history, ledgers and
// refunds are read; webhooks and SPI calls are taken; scanned links are resolved.
//
//	client, err := douyin.New(douyin.Config{App: "aw…", Secret: secret, Tokens: &douyin.FileTokens{Dir: "/var/lib/till"}})
//	merchant := client.Merchant("7300000000000000011")
//	scanned, err := new(douyin.Resolver).Resolve(ctx, textOfTheQRCode)
//	prepared, err := merchant.Prepare(ctx, scanned.Request(shop))
//	v, err := prepared.Verification(shop)                // everything the redemption consists of
//	handle, err := v.Handle(nil)                         // make it durable before the next line
//	outcome, err := merchant.Verify(ctx, v)              // nil: every voucher is redeemed
//	if errors.Is(err, douyin.ErrDoubt) {
//		outcome, err = merchant.Outcome(ctx, v, started) // or the same v again: it stays one redemption
//	}
//
// For a till all of that is one [Driver]: a pos.Driver that looks at codes
// (Preview), redeems, undoes and asks. Merchant.Reconcile holds a journal against
// the platform's history and ledger, Driver.Checkup looks whether the platform
// has granted what is needed.
//
//	d, err := douyin.NewDriver(douyin.DriverConfig{Merchant: merchant, Shop: shop, Book: journal})
//	till, err := pos.Open(ctx, pos.Config{ID: "lane-3", Journal: journal, Drivers: map[string]pos.Driver{"douyin": d}})
//	paid, err := till.Redeem(ctx, pos.RedeemRequest{Reference: "order-42", Code: scanned})
//
// What stands where:
//
//	  till                    customer's QR code         the platform, calling
//	    |                            |                          |
//	  Driver                          |                          |
//	    |                            |                          |
//	Merchant  ---------------    Resolver                 Webhook, SPI
//	    |      account, shop     short link               signature, age, repetition
//	  Client   token, limits, envelope, errors
//	    |
//	TokenStore  one fetch for all tills of an app
//
// # Words
//
//	certificate  券          a voucher, or a card of several uses (times-card 次卡)
//	prepare      验券准备    ask what a code stands for; changes nothing
//	verify       验券 核销   redeem; verify_id is this one redemption
//	cancel       撤销核销    undo, for an hour at most; then apply for a refund (退款)
//	merchant     商家        its root account (来客 根账户) goes with every call
//	shop         门店        poi_id; money is settled by shop
//	ledger       账单        what a redemption earns, an hour later
//	third-party  三方码      the merchant's own codes, issued on the platform's request
//	SPI          SPI         calls the platform makes to the merchant
//
// # What an error means
//
// The platform answers HTTP 200 to almost everything and has codes in three
// layers: data.error_code, extra.error_code and extra.sub_error_code, and a result
// for each voucher. Error carries all of them, verbatim, with the log id. Its
// class says what it means for the voucher:
//
//	nil             done, wholly
//	ErrNotSent      nothing left this machine
//	ErrInvalid, ErrRefused, ErrPermission, ErrToken, ErrThrottled   the platform did nothing
//	ErrPartial      some vouchers are redeemed, each has its Verdict
//	ErrPending      the platform goes on by itself (1229, cross-order): never failed
//	ErrDoubt        nobody knows: HTML, a cut line, HTTP 5xx, busy, a code that is not published
//
// 1208 and 2 mean "already used". On the first try that is somebody else; after a
// doubt it may be ourselves, and Outcome decides by shop and time. A token the
// platform refuses is fetched anew and the call repeated once, but only where a
// repetition is harmless: never ApplyRefund.
//
// # What the Driver decides
//
// Everything a redemption consists of is in the journal before it is sent. Without
// a clear answer the very same Verification is sent again (RetryDelay). Of a first
// try every answer is believed; after a doubt only a success is, and of a refusal,
// 1208 included, the platform's memory decides: redeemed in our shop, not before
// we began, not another sale's (DriverConfig.Book). "Not redeemed" is believed
// after a refusal of that very voucher, or after the Till's quarantine. 1229 stays
// unknown for 49 hours; it locks its own sale and order, not the till. Uses of
// several orders are sent order by order, each with its own token, because what a
// cross-order redemption (BatchVerify) does not redeem at once stays pending.
//
// Voucher.Worth and the verdicts' amounts are original_amount: the price before
// anybody's subsidy. A process that dies between a 1229 and its note in the
// journal asks as if it had heard nothing: should the platform redeem later,
// Till.Query and Reconcile find it. A platform whose announced time is ahead of
// the times it books by, on a till whose clock is ahead as well, is not understood.
//
// Two tills of one shop with journals of their own cannot see each other: when one dies
// with a request that never arrived, and the customer's code is redeemed by the other
// at that moment, the first takes that redemption for its own. Lanes that share a
// journal share a Book, and are told apart. Every answer lost of a voucher that is held for
// review leaves it unused to every question: when the platform redeems it later, Reconcile
// finds it. A void that took back a part cannot be followed by another; the rest
// goes back at the platform.
//
// # Secrets
//
// Secrets, tokens, codes and raw answers are pos.Secret or Hidden: no verb, no
// JSON and no log shows them, and no error has them. The platform's own texts are
// cut, and long numbers in them masked. Verification.Handle is the one deliberate
// way out, for a journal.
//
// # What is not certain
//
// Known from one source only: states of vouchers and kinds (Status, Kind), types
// of verification, the signature of AuthorizeURL and its 24 hours, rates of order
// queries, the webhook of an authorisation, what the shop platform (抖店) answers,
// nesting of products, names of fields of after-sales, that repeating a
// verify_token answers 0 and not 1208.
//
// Inferred: states of history records, that an undone redemption leaves its
// voucher's list, results of the SPI for refund applications, the name of the
// merchant's order number in the SPI before orders, how the answer to a
// cross-order redemption is nested, the body that acknowledges a webhook,
// that week days of a voucher count from Monday as 1,
// freshness of five minutes, DefaultRate where the platform publishes no rate,
// that HTTP 429 did no work.
//
// Not built, because the documents at hand do not say how: names of voucher and
// amount in a refund application and of the certificates in an audit (Fields
// takes them), third-party codes in the Driver (NewThirdParty redeems them
// without a till's journal), decryption of fields in SPI calls, orders of mini-programs
// (ScanMiniProgram is recognised), offline times of third-party codes
// (code_with_time_list), scenic spots, user tokens, bills by trade.
package douyin
