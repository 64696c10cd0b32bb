/*
Package shouqianba is Shouqianba (收钱吧, Upay 2.0): one account for WeChat Pay, Alipay,
UnionPay and others. [Host] is a wallet.Host; package wallet makes a pos.Driver of it.

	store := shouqianba.FileStore{Path: "terminal.json"}
	_, err := shouqianba.Activate(ctx, shouqianba.Activation{VendorSN: "...", VendorKey: key, AppID: "...",
		Code: "8 digits of the shop", DeviceID: "lane-3", Store: store})        // once in a terminal's life
	host, err := shouqianba.New(shouqianba.Config{Store: store, DeviceID: "lane-3", Operator: "till", Payway: "3"})
	driver, err := wallet.New(wallet.Config{Host: host, Timing: wallet.Timing{Show: 4 * time.Minute}})

# The terminal's key

Activation (激活) gives the terminal its number and key. Check-in (签到) gives a new key, which the
host asks for before the first payment of a day, and writes down before it uses it. The platform
accepts the newest key and the one before: an answer that was lost, or a process that died before
it wrote the key down, costs nothing once. When two answers in a row are lost the terminal is locked
out; Shouqianba's support, or a new activation, helps then.

# Words

	vendor         服务商 vendor_sn, vendor_key: sign the activation only
	terminal       终端 terminal_sn, terminal_key: sign everything else
	order          商户订单号 client_sn: the attempt's id;  sn is Shouqianba's number
	code pay       B扫C /upay/v2/pay;  dynamic code  C扫B /upay/v2/precreate (预下单)
	undo           自动撤单 /upay/v2/cancel after a doubt; 手动撤单 /upay/v2/revoke of a payment known to be made,
	               whole, on the same day, not after a refund
	refund         退款 /upay/v2/refund, three months;  refund_request_no is made of the attempt's id

# What an answer proves

Requests are signed, answers and notifications are not: TLS alone says who speaks, so never give
Config.Client a transport that trusts more than the public authorities. Three layers must agree:
result_code of the transport, biz_response.result_code of the call, and order_status with status of
the order. An answer that names another terminal, order or amount proves nothing, and neither does any
code that is in no table here. Notifications are hints: the driver asks.

# What is inferred, or known from one source

  - answers to questions carry client_tsn (client_sn, a hyphen, refund_request_no) of the newest
    movement, as those to refunds do: only the newest refund of an order can be asked for by it.
    Of an older one QueryRefund says nothing, unless the order is untouched, or given back wholly by it;
  - status IN_PROG of a refund; REFUND_FAIL; UPAY_ORDER_NOT_EXIST beside ..._EXISTS;
  - a shown code lives four minutes (older pages: 90 seconds), counted by the platform;
  - precreate of a known client_sn gives no second code: the host answers with an error then;
  - a key of yesterday may be refused (ILLEGAL_SIGN): the host checks in and asks again, except for payments.

# Bills

No API for bills (对账单) is documented, so Host is no wallet.Biller. Export the day's transactions
from the merchant's console (商户后台), which has sn and client_sn, and match that.

Sources: WoSai/shouqianba-doc (zh-cn/api: sign, interface, annex, Q&A; en/api), read in its stored versions.
*/
package shouqianba
