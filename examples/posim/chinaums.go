package main

import (
	"github.com/openecr/openecr/qr/qrtest"
)

// The simulated application and merchant: the number of examples, nobody's.
const (
	umsKey      = "12345678901234567890123456789012"
	umsMerchant = "123456789900081"
	umsTerminal = "00810001"
)

func chinaumsKind() walletKind {
	return walletKind{
		name: "chinaums", title: "China UMS 银联商务", port: "127.0.0.1:8094", code: "6212345678901234567",
		serve: func(bank *qrtest.Bank, l qrtest.Listen, f walletFlags) (front, error) {
			return qrtest.NewChinaUMS(bank, qrtest.ChinaUMSConfig{Listen: l, AppID: umsKey, AppKey: umsKey, Merchant: umsMerchant, Terminal: umsTerminal, Notify: f.notify})
		},
		profile: func(f walletFlags) error {
			for name, key := range map[string]string{"app.key": umsKey, "notice.key": "1234567890123456"} {
				if err := writeNew(f.lab, name, []byte(key)); err != nil {
					return err
				}
			}
			return writeProfile(f.lab, "chinaums.json", map[string]any{"app_id": umsKey, "app_key": "app.key", "merchant": umsMerchant, "terminal": umsTerminal,
				"longitude": "+119.29129", "latitude": "+026.06359", "prefix": "1234", "notify_url": "https://shop.example/ums", "notice_key": "notice.key", "timing": labTiming})
		},
	}
}
