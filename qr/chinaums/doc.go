/*
Package chinaums is the open platform of China UMS (银联商务): WeChat Pay, Alipay and UnionPay
(云闪付) through one acquirer. [Host] is a wallet.Host; package wallet makes a pos.Driver of it.

	host, err := chinaums.New(chinaums.Config{AppID: "...", AppKey: key, Merchant: "15 digits", Terminal: "8 digits",
		Longitude: "+119.29129", Latitude: "+026.06359",              // or IP: the rules want one (259号文)
		Prefix: "3194", NotifyURL: "https://shop.example/ums", NoticeKey: md5key}) // to show codes
	driver, err := wallet.New(wallet.Config{Host: host})

# Two families

	B scan C   /v4/poslink/transaction/pay, /v2/... voidpayment 撤销, refund 退货, query, query-refund: by merchantOrderId
	C scan B   /v1/netpay/bills/get-qrcode, query, refund, close-qrcode: by billNo and billDate

Order.Shown says which one an order belongs to, Order.Began its day in China (billDate,
oriTransDate). merchantOrderId is the attempt's id; billNo is the source number (来源编号) with the attempt's id, or with
a hash of it when the id is longer than 28 characters or has others than letters and digits; srcReserve then has the id.

# What an answer proves

Requests are signed with HMAC-SHA256 (OPEN-BODY-SIG) and stamped; a clock that is wrong is refused. Answers
are not signed: TLS alone says who speaks. Answers of the poslink family name the order only when they are
asked for it; what is named is compared, so is the amount. Notifications are signed with a key of their own, and
still only make the driver ask.

# What is inferred, or known from one source

  - poslink documents one errCode, 00. Every other decides nothing, and the order is asked for and undone, unless it is in
    the netpay list (NO_ORDER, BAD_SIGN, ...) or in Config.Refusals and Config.Missing, from the acquirer's own list;
  - queryResCode: 0 paid, 1 timed out, 2 voided, 3 refunded, 5 failed, FF unknown. 4 is reversed (已冲正) in four clients and
    partly refunded in one: a person looks at it. 1 and FF are asked again, and undone;
  - a question about refunds: 00 given, 1 and FF under way, anything else refused;
  - close-qrcode goes by qrCodeId in some clients and by billNo in others: both are sent, and get-qrcode names the qrCodeId;
    a closed bill is CLOSED afterwards;
  - refundAmount in the answer to a question about a bill; a bill wholly given back counts as undone. Refunds of a
    bill cannot be asked for one by one: QueryRefund knows the newest, if the answer names its refundOrderId and
    refundStatus, and whether nothing, or all at once, was given back; else it says nothing;
  - the paths' versions (v6 is about): Config.PayVersion, Config.Version.

OPEN-ACCESS-TOKEN is not supported, and there is no confirmed API for bills (对账文件 comes by SFTP or the merchant's
console), so Host is no wallet.Biller.

The official names are misspelt refundAmonunt and origialRetrievalRefNum. Sources: the open platform's Java examples and six public
clients of it (maczh/chinaums, majiameng/chinaums-php among them).
*/
package chinaums
