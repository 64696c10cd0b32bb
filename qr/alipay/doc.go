/*
Package alipay is Alipay (支付宝) in person, the products of 当面付, over its open platform's
gateway with RSA2 signatures: [Host] is a wallet.Host, and package wallet makes a pos.Driver of it.

	key, err := wallet.ParseSigningKey(appPrivateKey)
	public, err := wallet.ParseVerifyKey(alipayPublicKey)
	host, err := alipay.New(alipay.Config{AppID: "2021...", Key: key, AlipayKey: public,
		SellerID: "2088...", NotifyURL: "https://shop.example/alipay"})
	driver, err := wallet.New(wallet.Config{Host: host})

With Certificates instead of AlipayKey it speaks certificate mode (证书模式).

# Words

	code pay        条码支付 alipay.trade.pay, scene bar_code; 刷脸付 security_code
	dynamic code    扫码支付 alipay.trade.precreate (预下单): the customer scans qr_code
	undo            撤销 alipay.trade.cancel within 24 h; after that 退款 or 关单 alipay.trade.close
	refund          退款 alipay.trade.refund, numbered by out_request_no
	out_trade_no    商户订单号, the attempt's id by WireNumber;  trade_no  支付宝交易号
	PID             商户号 seller_id, 2088...
	trade bill      业务明细 of the day, a zip of CSV in GBK

# What an answer proves

The signature is over the bytes of the inner object as they came, so they are never written
anew before they are checked. What is not signed, or does not name our order and amount, proves
nothing; the order is asked for then. Code 10003 means that the customer is still paying. A
refusal (40004) ends a payment only with a sub code known to be final. TRADE_CLOSED means that
nothing of an order is taken: it expired, was canceled or wholly given back; with a
send_pay_date it had been paid.

The signature covers neither the name of the answer nor a time. An answer is therefore believed
only with the fields that its call alone has, such as gmt_payment of a payment; that it is not
an old one, only TLS shows. Our own clock is checked by Alipay: a request it finds too old or
too early is wallet.ErrClock.

In certificate mode a certificate that Alipay begins to use is fetched, and believed if it was
issued under the configured root and has the subject of the configured one: every merchant's
certificate is issued under the same root.

# What is inferred, or known from one source

  - that the cancel of a shown code nobody has scanned keeps it from being paid (one report,
    and the manuals of Alipay's international gateway); it dies by time_expire in any case;
  - the sub codes after which a cancel is impossible, ACQ.TRADE_CANCEL_TIME_OUT among them;
  - that a repeated notification keeps notify_id and has a new notify_time;
  - that a certificate that follows another has its subject;
  - that bills show an undone payment as a refund without a request number;
  - refund_status REFUND_PROCESSING.

Sources: Alipay open platform documentation as quoted by its clients alipay-sdk-java,
alipay-easysdk and smartwalle/alipay v3.2.23, and go-pay/gopay v1.5.109.
*/
package alipay
