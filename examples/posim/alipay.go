package main

import (
	"github.com/openecr/openecr/qr/qrtest"
)

func alipayKind() walletKind {
	return walletKind{
		name: "alipay", title: "Alipay's gateway, RSA2", port: "127.0.0.1:8092", code: "284567890123456789",
		serve: func(bank *qrtest.Bank, l qrtest.Listen, f walletFlags) (front, error) {
			merchant, err := keyIn(f.lab, "merchant-key.pem")
			if err != nil {
				return nil, err
			}
			platform, err := keyIn(f.lab, "platform-key.pem")
			if err != nil {
				return nil, err
			}
			return qrtest.NewAlipay(bank, qrtest.AlipayConfig{Listen: l, Merchant: merchant, Platform: platform, Notify: f.notify})
		},
		profile: func(f walletFlags) error {
			if _, err := keyIn(f.lab, "merchant-key.pem"); err != nil {
				return err
			}
			platform, err := keyIn(f.lab, "platform-key.pem")
			if err != nil {
				return err
			}
			if err := writePublic(f.lab, "platform-public.pem", platform); err != nil {
				return err
			}
			app, seller := qrtest.SomeAlipay()
			return writeProfile(f.lab, "alipay.json", map[string]any{"app_id": app, "seller_id": seller, "key_file": "merchant-key.pem",
				"alipay_key_file": "platform-public.pem", "notify_url": "https://shop.example/alipay", "terminal_id": "till-1", "timing": labTiming})
		},
	}
}
