package emv_test

import (
	"encoding/hex"
	"fmt"

	"github.com/openecr/openecr/emv"
)

// Why did the host decline? Field 55 in words; the card number is masked.
func ExampleExplain() {
	field55, err := hex.DecodeString("9F2701809505000080800082027C009F02060000000012805F2A0201565A086212345678901265")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(emv.Explain(field55, emv.Options{}, emv.RIDUnionPay))
	// Output:
	//      0  9F27 cryptogram information data: 80, ARQC, ask the issuer
	//      4  95 terminal verification results: 0000808000
	//           cardholder verification failed
	//           floor limit exceeded
	//     11  82 application interchange profile: 7C00
	//           SDA supported
	//           DDA supported
	//           cardholder verification supported
	//           terminal risk management is to be performed
	//           issuer authentication by EXTERNAL AUTHENTICATE supported
	//     15  9F02 amount, authorised: 000000001280, 12.80 CNY
	//     24  5F2A transaction currency code: 0156, CNY
	//     29  5A application PAN: 621234******1265
}

// What a card asks for, and what it is told.
func ExampleDOL_Build() {
	d, err := emv.ParseDOL([]byte{0x9F, 0x02, 0x06, 0x9A, 0x03, 0x9F, 0x37, 0x04})
	if err != nil {
		fmt.Println(err)
		return
	}
	known := map[emv.Tag][]byte{emv.TagAmount: {0x12, 0x80}, emv.TagDate: {0x26, 0x11, 0x22}, emv.TagUnpredictableNumber: {1, 2, 3, 4}}
	data, err := d.Build(nil, emv.RIDUnionPay, func(t emv.Tag) ([]byte, bool) { v, ok := known[t]; return v, ok })
	fmt.Printf("%X %v\n", data, err)
	// Output: 00000000128026112201020304 <nil>
}
