package qr

// Profiles returns the schemes known here, a fresh copy each time. Order
// matters: the first that fits a template holds.
func Profiles() []Profile {
	return []Profile{
		{
			Name: "UnionPay", First: 15, Last: 16, Fixed: true, Source: "EMVCo MPM 1.1 table 3.3; samples of SGQR and Lao QR",
			Parts: []Part{
				{ID: 0, Name: "acquirer IIN", Form: Digits, Min: 8, Max: 8},
				{ID: 1, Name: "forwarding IIN", Form: Digits, Min: 8, Max: 8},
				{ID: 2, Name: "merchant ID", Form: ANS, Min: 15, Max: 15},
			},
		},
		{
			Name: "PromptPay", Country: "TH", First: 29, Last: 29, GUID: "A000000677010111", Currencies: []string{"764"},
			Source: "Thai QR Code Payment Standard", Any: []ID{1, 2, 3, 4},
			Parts: []Part{
				{ID: 1, Name: "mobile number", Form: Digits, Min: 13, Max: 13, Begins: "00"},
				{ID: 2, Name: "national or tax ID", Form: Digits, Min: 13, Max: 13},
				{ID: 3, Name: "e-wallet ID", Form: Digits, Min: 15, Max: 15},
				{ID: 4, Name: "bank account", Form: ANS, Min: 1, Max: 43},
			},
		},
		{
			Name: "PromptPay bill payment", Country: "TH", First: 30, Last: 30, GUID: "A000000677010112", Currencies: []string{"764"},
			Source: "Thai QR Code Payment Standard",
			Parts: []Part{
				{ID: 1, Name: "biller ID", Form: Digits, Min: 13, Max: 15, Required: true},
				{ID: 2, Name: "reference 1", Form: Alnum, Min: 1, Max: 20, Required: true},
				{ID: 3, Name: "reference 2", Form: Alnum, Min: 1, Max: 20},
			},
		},
		{
			Name: "PayNow", Country: "SG", First: 26, Last: 51, GUID: "SG.PAYNOW", Currencies: []string{"702"}, Source: "SGQR specification",
			Parts: []Part{
				{ID: 1, Name: "proxy type", Form: Digits, Min: 1, Max: 1, Required: true, OneOf: []string{"0", "2", "3"}},
				{ID: 2, Name: "proxy value", Form: ANS, Min: 1, Max: 25, Required: true},
				{ID: 3, Name: "amount can be changed", Form: Digits, Min: 1, Max: 1, Required: true, OneOf: []string{"0", "1"}},
				{ID: 4, Name: "expiry", Form: Digits, Min: 8, Max: 14},
			},
		},
		{
			Name: "SGQR", Country: "SG", First: 51, Last: 51, GUID: "SG.SGQR", Source: "SGQR specification",
			Parts: []Part{
				{ID: 1, Name: "SGQR ID", Form: ANS, Min: 12, Max: 13, Required: true},
				{ID: 2, Name: "version", Form: ANS, Min: 7, Max: 7, Required: true},
				{ID: 3, Name: "postal code", Form: Digits, Min: 6, Max: 6},
				{ID: 4, Name: "level", Form: ANS, Max: 3}, {ID: 5, Name: "unit", Form: ANS, Max: 5},
				{ID: 6, Name: "miscellaneous", Form: ANS, Max: 10},
				{ID: 7, Name: "version date", Form: Digits, Min: 8, Max: 8},
			},
		},
		{
			Name: "WeChat Pay in SGQR", First: 26, Last: 51, GUID: "COM.QQ.WEIXIN.PAY", Single: true, Source: "sample of the SGQR specification",
			Parts: []Part{{ID: 1, Name: "merchant ID", Form: ANS, Min: 1, Max: 99}},
		},
		{
			Name: "Alipay+ in SGQR", First: 26, Last: 51, GUID: "COM.ALIPAY*", Single: true, Source: "samples of SGQR codes",
			Parts: []Part{{ID: 1, Name: "merchant ID or link", Form: ANS, Min: 1, Max: 99}},
		},
		{
			Name: "DuitNow QR", Country: "MY", First: 26, Last: 26, GUID: "A0000006150001", Currencies: []string{"458"}, Source: "PayNet, DuitNow QR data objects",
			Parts: []Part{
				{ID: 1, Name: "acquirer ID", Form: Digits, Min: 6, Max: 6, Required: true},
				{ID: 2, Name: "merchant or QR ID", Form: ANS, Min: 1, Max: 50, Required: true},
			},
		},
		{
			Name: "QRIS", Country: "ID", First: 51, Last: 51, GUID: "ID.CO.QRIS.WWW", Currencies: []string{"360"}, Whole: true, Source: "samples of eight acquirers",
			Parts: []Part{
				{ID: 2, Name: "national merchant ID", Form: Alnum, Min: 15, Max: 15, Required: true, Begins: "ID"},
				{ID: 3, Name: "size of merchant", Form: ANS, Min: 3, Max: 3, Required: true, OneOf: merchantSizes()},
			},
		},
		{
			Name: "QRIS acquirer", Country: "ID", First: 26, Last: 45, GUID: "*.WWW", Currencies: []string{"360"}, Whole: true, Source: "samples of eight acquirers",
			Parts: []Part{
				{ID: 1, Name: "merchant PAN", Form: Digits, Min: 16, Max: 19, Required: true},
				{ID: 2, Name: "merchant ID", Form: ANS, Min: 1, Max: 15},
				{ID: 3, Name: "size of merchant", Form: ANS, Min: 3, Max: 3, OneOf: merchantSizes()},
			},
		},
		{
			Name: "PIX", Country: "BR", First: 26, Last: 51, GUID: "br.gov.bcb.pix", Currencies: []string{"986"}, Any: []ID{1, 25},
			Source: "Banco Central do Brasil, Manual de Padrões para Iniciação do Pix",
			Parts: []Part{
				{ID: 1, Name: "key", Form: ANS, Min: 1, Max: 77},
				{ID: 2, Name: "message", Form: Any, Min: 1, Max: 72},
				{ID: 25, Name: "link to the payload", Form: ANS, Min: 1, Max: 77},
			},
		},
		{
			Name: "VietQR", Country: "VN", First: 38, Last: 38, GUID: "A000000727", Currencies: []string{"704"}, Whole: true, Source: "NAPAS, VietQR format",
			Parts: []Part{
				{ID: 1, Name: "beneficiary", Form: ANS, Min: 1, Max: 99, Required: true, Parts: []Part{
					{ID: 0, Name: "bank", Form: Digits, Min: 6, Max: 6, Required: true},
					{ID: 1, Name: "account or card", Form: ANS, Min: 1, Max: 19, Required: true},
				}},
				{ID: 2, Name: "service", Form: ANS, Min: 1, Max: 10, OneOf: []string{"QRIBFTTA", "QRIBFTTC", "QRPUSH", "QRCASH"}},
			},
		},
		{
			Name: "FPS", Country: "HK", First: 26, Last: 26, GUID: "hk.com.hkicl", Currencies: []string{"344", "156"}, Any: []ID{2, 3, 4},
			Source: "Common QR Code Specification for Retail Payments in Hong Kong",
			Parts: []Part{
				{ID: 1, Name: "clearing code", Form: Digits, Min: 3, Max: 3},
				{ID: 2, Name: "FPS ID", Form: Digits, Min: 7, Max: 9},
				{ID: 3, Name: "mobile number", Form: ANS, Min: 5, Max: 34, Begins: "+"},
				{ID: 4, Name: "e-mail", Form: ANS, Min: 3, Max: 64},
				{ID: 5, Name: "timeout", Form: Digits, Min: 14, Max: 14},
			},
		},
		{
			Name: "KHQR person", Country: "KH", First: 29, Last: 29, GUID: "*@*", Currencies: []string{"116", "840"}, Source: "National Bank of Cambodia, KHQR 1.0",
			Parts: []Part{
				{ID: 0, Name: "Bakong account", Form: ANS, Min: 3, Max: 32, Required: true},
				{ID: 1, Name: "account information", Form: ANS, Min: 1, Max: 32},
				{ID: 2, Name: "bank", Form: Any, Min: 1, Max: 32},
			},
		},
		{
			Name: "KHQR merchant", Country: "KH", First: 30, Last: 30, GUID: "*@*", Currencies: []string{"116", "840"}, Source: "National Bank of Cambodia, KHQR 1.0",
			Parts: []Part{
				{ID: 0, Name: "Bakong account", Form: ANS, Min: 3, Max: 32, Required: true},
				{ID: 1, Name: "merchant ID", Form: ANS, Min: 1, Max: 32, Required: true},
				{ID: 2, Name: "acquiring bank", Form: Any, Min: 1, Max: 32, Required: true},
			},
		},
		{
			Name: "JPQR", Country: "JP", First: 26, Last: 26, GUID: "jp.or.paymentsjapan", Currencies: []string{"392"}, Single: true,
			Source: "mercari/go-emv-code, mpm/jpqr",
			Parts: []Part{
				{ID: 1, Name: "store ID 1", Form: Digits, Min: 13, Max: 13}, {ID: 2, Name: "store ID 2", Form: Digits, Min: 4, Max: 4},
				{ID: 3, Name: "store ID 3", Form: Digits, Min: 6, Max: 6}, {ID: 4, Name: "store ID 4", Form: Digits, Min: 6, Max: 6},
			},
		},
	}
}

// merchantSizes: micro, small, medium, large; the last three (regular, public
// service, public body) are inferred.
func merchantSizes() []string { return []string{"UMI", "UKE", "UME", "UBE", "URE", "PSO", "BLU"} }
