package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The sample of EMVCo QRCPS-MPM, that of the Banco Central do Brasil, and codes of the field.
const (
	emvcoQR  = "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME91320016A0112233449988770708123456786304A13A"
	pixQR    = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D"
	vietQR   = "00020101021138510010A00000072701210006970407010797968680208QRIBFTTA53037045802VN62240820gen by sunary/vietqr6304BE74"
	customer = "hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MWETTwegAAAAZmZmUAhQcm9kdWN0MmJJWggSNFZ4kBI0WF8gDkNBUkRIT0xERVIvRU1WXy0IcnVlc2RlZW5kIZ8QBwYBCgMAAACfJghYT9OF+iNLzJ82AgABnzcEbVjvEw=="
)

func TestDecodeQRGolden(t *testing.T) {
	for _, c := range []struct {
		file   string
		args   []string
		status int
		says   string // on stderr
	}{
		{"qr-emvco.txt", []string{"qr", emvcoQR}, statusOK, ""},
		{"qr-emvco.json", []string{"qr", "--json", emvcoQR}, statusOK, ""},
		{"qr-pix.txt", []string{"qr", pixQR}, statusOK, ""},
		{"qr-vietqr-strict.txt", []string{"qr", vietQR}, statusOther, "object 52 (merchant category) at byte"},
		{"qr-vietqr.txt", []string{"qr", "--lenient", vietQR}, statusOK, "note: object 59 (merchant name)"},
		{"qr-crc.json", []string{"qr", "--json", pixQR[:len(pixQR)-1] + "E"}, statusOther, "object 63 (CRC) at byte 129"},
		{"qr-cut.txt", []string{"qr", "--lenient", pixQR[:100]}, statusOther, "object 59 (merchant name) at byte 89"},
		{"qr-link.txt", []string{"qr", "https://qr.alipay.com/abc"}, statusOther, "byte 0: this is no EMVCo payload"},
		{"cpm.txt", []string{"cpm", customer}, statusOK, ""},
		{"cpm.json", []string{"cpm", "--json", customer}, statusOK, ""},
		{"cpm-cut.txt", []string{"cpm", customer[:40]}, statusOther, "object 61 at byte"},
		{"cpm-base64.txt", []string{"cpm", "hQVD!"}, statusOther, "character 4"},
		{"paycode-wechat.txt", []string{"paycode", "134567890123456789"}, statusOK, ""},
		{"paycode-alipay.json", []string{"paycode", "--json", "28 4567 8901 2345 6789"}, statusOK, ""},
		{"paycode-single.txt", []string{"paycode", "0145678901234567890"}, statusOK, ""},
		{"paycode-unknown.json", []string{"paycode", "--json", "994567890123456789"}, statusOther, "no code of a known wallet"},
		{"paycode-letter.txt", []string{"paycode", "1345678901234567x9"}, statusOther, "no digit at byte 16"},
		{"paycode-product.txt", []string{"paycode", "6901234567892"}, statusOK, ""},
		{"paycode-check-digit.txt", []string{"paycode", "6901234567893"}, statusOther, "check digit"},
	} {
		t.Run(c.file, func(t *testing.T) {
			status, out, errs := alone(t, filepath.Join(t.TempDir(), "none.db"), append([]string{"decode"}, c.args...)...)
			require.Equal(t, c.status, status, "%s%s", out, errs)
			require.Contains(t, errs, c.says)
			for _, secret := range []string{"45678901234", "1234567890123458", "4567 8901", "CARDHOLDER"} {
				if c.args[0] != "qr" {
					require.NotContains(t, out+errs, secret)
				}
			}
			golden(t, filepath.Join("decode", c.file), out)
		})
	}
	for _, wrong := range [][]string{{"qr"}, {"cpm", ""}, {"paycode", "1", "2"}} {
		status, _, errs := alone(t, "none.db", append([]string{"decode"}, wrong...)...)
		require.Equal(t, statusUsage, status, errs)
	}
}
