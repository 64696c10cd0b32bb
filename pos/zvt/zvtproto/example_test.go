package zvtproto_test

import (
	"errors"
	"fmt"

	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// A register asks for a payment and reads the result.
func Example() {
	sale := &zvtproto.Authorisation{}
	if err := sale.SetAmount(12345); err != nil {
		fmt.Println(err)
		return
	}
	_ = sale.SetCurrency(zvtproto.EUR)
	sale.SetPaymentType(zvtproto.PaymentTerminalDecides)
	request, err := zvtproto.Encode(sale)
	fmt.Printf("% X %v\n", request, err)

	answer := []byte{0x04, 0x0F, 0x0C, 0x27, 0x00, 0x04, 0, 0, 0, 1, 0x23, 0x45, 0x87, 0x03, 0x44}
	m, err := zvtproto.Parse(answer, zvtproto.ToRegister)
	if err != nil {
		fmt.Println(err)
		return
	}
	if result, ok := m.(*zvtproto.StatusInformation); ok {
		amount, _ := result.Amount()
		receipt, _ := result.ReceiptNumber()
		fmt.Println(result.Approved(), amount, receipt)
	}
	// Output:
	// 06 01 0C 04 00 00 00 01 23 45 49 09 78 19 40 <nil>
	// true 12345 344
}

// A decline is a status-information too, with its reason.
func ExampleStatusInformation_declined() {
	m, _ := zvtproto.Parse([]byte{0x04, 0x0F, 0x02, 0x27, 0x6C}, zvtproto.ToRegister)
	result := m.(*zvtproto.StatusInformation)
	code, _ := result.ResultCode()
	fmt.Println(result.Approved(), code, code.Chinese())
	// Output:
	// false aborted by timeout or key 超时或按键取消
}

// A message with a BMP nobody knows is answered 84 83 00.
func ExampleUnknownBMPError() {
	_, err := zvtproto.Parse([]byte{0x04, 0x0F, 0x04, 0x27, 0x00, 0x99, 0x01}, zvtproto.ToRegister)
	var unknown *zvtproto.UnknownBMPError
	if errors.As(err, &unknown) {
		fmt.Println(unknown)
		fmt.Printf("% X\n", zvtproto.AppendNegative(nil, zvtproto.CodeNotPossible))
	}
	// Output:
	// zvtproto: unknown BMP 99 at data byte 2
	// 84 83 00
}

// After a lost answer the register asks for the last result again.
func ExampleRepeatReceipt() {
	m := &zvtproto.RepeatReceipt{}
	m.Password = "000000"
	m.SetServiceByte(zvtproto.RepeatStatusInformation | zvtproto.RepeatNoPrint)
	b, _ := zvtproto.Encode(m)
	fmt.Printf("% X\n", b)
	fmt.Println(m)
	// Output:
	// 06 20 05 00 00 00 03 03
	// 06 20 repeat receipt password=[password] 03=03
}

func ExampleExplain() {
	apdu := []byte{0x06, 0x01, 0x12, 0x04, 0, 0, 0, 0, 0x12, 0x80,
		0x22, 0xF0, 0xF8, 0x41, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11}
	fmt.Print(zvtproto.Explain(apdu, zvtproto.DirectionUnknown))
	fmt.Printf("% X\n", zvtproto.Mask(apdu))
	// Output:
	// 06 01 authorisation, register to terminal (guessed), 18 data bytes
	//      3  BMP 04 amount: 12.80 EUR (1280 minor units), currency not named, EUR assumed
	//     10  BMP 22 card number (PAN or EF_ID): 411111******1111
	// 06 01 12 04 00 00 00 00 12 80 22 F0 F8 41 11 11 EE EE EE 11 11
}

func ExampleExplainSerial() {
	fmt.Print(zvtproto.ExplainSerial([]byte{0x10, 0x02, 0x80, 0x00, 0x00, 0x10, 0x03, 0xF5, 0x1F, 0x06}))
	// Output:
	// byte 0: frame, 9 bytes, 0 stuffed, CRC given F5 1F, computed F5 1F
	// 80 00 positive response, unknown direction, 0 data bytes
	// byte 9: ACK, 1 bytes
}

func ExamplePrintText_Lines() {
	m := &zvtproto.PrintText{}
	_ = m.SetLines([]zvtproto.ReceiptLine{{Text: "Beleg", Centred: true}, {Text: "12,80 EUR", Last: true}}, zvtproto.CharsetCP437)
	for _, l := range m.Lines(zvtproto.CharsetCP437) {
		fmt.Println(l.Text, l.Centred, l.Last)
	}
	// Output:
	// Beleg true false
	// 12,80 EUR false true
}
