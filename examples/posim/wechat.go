package main

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"

	"github.com/openecr/openecr/qr/qrtest"
)

func wechatKind() walletKind {
	return walletKind{
		name: "wechat", title: "WeChat Pay, API v3, and v2 for code pay", port: "127.0.0.1:8091", code: "134567890123456789",
		serve: func(bank *qrtest.Bank, l qrtest.Listen, f walletFlags) (front, error) {
			merchant, err := keyIn(f.lab, "merchant-key.pem")
			if err != nil {
				return nil, err
			}
			platform, err := keyIn(f.lab, "platform-key.pem")
			if err != nil {
				return nil, err
			}
			return qrtest.NewWeChat(bank, qrtest.WeChatConfig{Listen: l, Merchant: merchant, Platform: platform, Notify: f.notify})
		},
		profile: writeWeChatProfile,
	}
}

// writeWeChatProfile writes keys and profiles of both APIs.
func writeWeChatProfile(f walletFlags) error {
	merchant, err := keyIn(f.lab, "merchant-key.pem")
	if err != nil {
		return err
	}
	platform, err := keyIn(f.lab, "platform-key.pem")
	if err != nil {
		return err
	}
	if err := writePublic(f.lab, "platform-public.pem", platform); err != nil {
		return err
	}
	cert, err := qrtest.Issue(&x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "simulated merchant"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0)}, merchant)
	if err != nil {
		return err
	}
	m := qrtest.SomeWeChat()
	for name, content := range map[string][]byte{"apiv3.key": []byte(m.APIv3Key), "apiv2.key": []byte(m.V2Key), "merchant-cert.pem": cert} {
		if err := writeNew(f.lab, name, content); err != nil {
			return err
		}
	}
	err = writeProfile(f.lab, "wechat.json", map[string]any{"appid": m.AppID, "mchid": m.MerchantID, "serial": m.Serial, "key_file": "merchant-key.pem",
		"apiv3_key": "apiv3.key", "public_key_id": m.PublicKeyID, "public_key_file": "platform-public.pem", "notify_url": "https://shop.example/wechat",
		"device": "till-1", "timing": labTiming})
	if err != nil {
		return err
	}
	return writeProfile(f.lab, "wechatv2.json", map[string]any{"appid": m.AppID, "mchid": m.MerchantID, "key": "apiv2.key", "cert_file": "merchant-cert.pem",
		"cert_key_file": "merchant-key.pem", "device": "till-1", "timing": labTiming})
}
