package qr_test

import (
	"errors"
	"fmt"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr"
)

// A code for one payment, and what a till reads back.
func ExampleMerchant_Encode() {
	m := qr.Merchant{
		Initiation: qr.Dynamic,
		Accounts: []qr.Field{{ID: 26, Fields: []qr.Field{
			{ID: 0, Value: "SG.PAYNOW"}, {ID: 1, Value: "2"}, {ID: 2, Value: "201403121W"}, {ID: 3, Value: "0"},
		}}},
		Amount:  pos.FromMinor(1280, "SGD"),
		Country: "SG", Name: "Corner Shop", City: "Singapore",
		Additional: []qr.Field{{ID: qr.IDBillNumber, Value: "order-42"}},
	}
	text, err := m.Encode(qr.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(text)
	p, _ := qr.Parse(text, qr.Options{})
	amount, _ := p.Amount()
	fmt.Println(amount, p.Value(qr.IDAdditional, qr.IDBillNumber))
	// Output:
	// 00020101021226370009SG.PAYNOW010120210201403121W03010520400005303702540512.805802SG5911Corner Shop6009Singapore62120108order-4263049DED
	// 12.80 SGD order-42
}

// A payload that cannot be trusted is an error that says where.
func ExampleParse() {
	const spoilt = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3E"
	_, err := qr.Parse(spoilt, qr.Options{})
	fmt.Println(errors.Is(err, qr.ErrCRC))
	fmt.Println(err)
	// Output:
	// true
	// qr: object 63 (CRC) at byte 129: the checksum is wrong: scan again, and do not pay a code that stays wrong: it says 1D3E, the text gives 1D3D
}

// Whose is what the scanner read? Nobody's is an error, never a guess.
func ExampleTable_Classify() {
	table := qr.DefaultTable()
	for _, scanned := range []string{"134567890123456789", "284567890123456789", "6901234567892", "994567890123456789"} {
		code := qr.NewCode(scanned)
		rule, err := table.Classify(code)
		if err != nil {
			fmt.Println(code, err)
			continue
		}
		fmt.Println(code, rule.Kind, rule.Name)
	}
	// Output:
	// 13************6789 wallet wechat
	// 28************6789 wallet alipay
	// 69*******7892 product ean-13
	// 99************6789 qr: this is no code of a known wallet, voucher platform or product (18 digits)
}
