/*
Package wechat is WeChat Pay (微信支付): [Host] speaks API v3, [HostV2] the older XML API
that many shops still have. Both are wallet.Hosts; package wallet makes a pos.Driver of them.

	key, err := wallet.ParseSigningKey(pem)
	host, err := wechat.New(wechat.Config{AppID: "wx...", MerchantID: "1900000001", Serial: "...",
		Key: key, APIv3Key: secret, PublicKeyID: "PUB_KEY_ID_...", PublicKey: public,
		NotifyURL: "https://shop.example/wechat"})
	driver, err := wallet.New(wallet.Config{Host: host})

# Words

	code pay        付款码支付 POST /v3/pay/transactions/codepay; v2 /pay/micropay
	dynamic code    Native 下单; v2 /pay/unifiedorder is not here
	undo            撤销 reverse of a code payment; 关单 close, or a full refund, of a native order
	out_trade_no    the attempt's id;  transaction_id  WeChat's number

# What an answer proves

Every answer is signed, also a refusal: by WeChat's public key, or by a platform
certificate. What is not signed, or stamped more than five minutes away from our clock,
proves nothing; the order is asked for then. Bills are not signed; their hash is.

# What is inferred, or known from one source

  - that v3 spells the refusals of code pay like v2, some with underscores: both are known here;
    any other code decides nothing and makes the driver ask;
  - that a paid order that was reversed is REVOKED; REFUND is taken for undone only right
    after the undo, or when our own refund is found;
  - recall=Y of v2 means: reverse again;
  - WeChat may refuse to close a native order in its first minutes; the undo is then repeated;
  - the hash of a bill is over the file unpacked.

Partner (服务商) merchants are not supported. Sources: WeChat Pay API v3 documentation and the
official client wechatpay-go v0.2.20; micropay 4011937125, refunds 4012552567.
*/
package wechat
