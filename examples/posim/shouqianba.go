package main

import (
	"github.com/openecr/openecr/qr/qrtest"
)

// The simulated vendor, merchant and application: nobody's.
const (
	sqbVendor    = "10000001"
	sqbVendorKey = "00112233445566778899aabbccddeeff"
	sqbApp       = "2026000000000001"
	sqbCode      = "12345678"
)

func shouqianbaKind() walletKind {
	return walletKind{
		name: "shouqianba", title: "Shouqianba 收钱吧", port: "127.0.0.1:8093", code: "134567890123456789",
		first: "\n  till activate --code " + sqbCode + " --tender shouqianba='shouqianba+http://127.0.0.1:8093?profile=/tmp/shouqianba/shouqianba.json'   (after each start: terminals live in memory)",
		serve: func(bank *qrtest.Bank, l qrtest.Listen, f walletFlags) (front, error) {
			return qrtest.NewShouqianba(bank, qrtest.ShouqianbaConfig{Listen: l, VendorSN: sqbVendor, VendorKey: sqbVendorKey, AppID: sqbApp, Code: sqbCode, Uses: 1000, Notify: f.notify})
		},
		profile: func(f walletFlags) error {
			if err := writeNew(f.lab, "vendor.key", []byte(sqbVendorKey)); err != nil {
				return err
			}
			return writeProfile(f.lab, "shouqianba.json", map[string]any{"terminal": "terminal.json", "device_id": "till-1", "operator": "till", "payway": "3",
				"vendor_sn": sqbVendor, "vendor_key": "vendor.key", "app_id": sqbApp, "timing": labTiming})
		},
	}
}
