package cupproto_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
	"github.com/openecr/openecr/transport/frame"
)

// A sale with its MAC, as it leaves on the line.
func Example() {
	master, err := cupkey.NewKey(cupkey.DES, []byte("0123456789abcdef"))
	if err != nil {
		log.Fatal(err)
	}
	mak, err := cupkey.NewKey(cupkey.DES, []byte("8 bytes!"))
	if err != nil {
		log.Fatal(err)
	}
	pik := master
	wrapped, err := cupkey.AppendWorkingKeys(nil, cupkey.KeysTripleDES, master, pik, mak, cupkey.Key{})
	if err != nil {
		log.Fatal(err)
	}
	keys := cupkey.NewMemory(master, cupkey.Settings{})
	list, err := cupkey.ParseWorkingKeys(cupkey.KeysTripleDES, wrapped)
	if err != nil {
		log.Fatal(err)
	}
	if err := keys.Install(context.Background(), list); err != nil {
		log.Fatal(err)
	}

	m := cupproto.Request(cupproto.Sale)
	m.SetString(2, "6212345678901232")
	m.SetAmount(1280)
	m.SetSTAN(17)
	m.SetString(22, "012")
	m.SetString(41, "12345678")
	m.SetString(42, "123456789012345")
	m.SetF60(cupproto.F60{MessageType: "22", Batch: 1, Network: "000"})

	profile := cupproto.Profile{}
	body, err := profile.AppendBody(nil, &cupproto.Frame{TPDU: cupproto.TPDU{Destination: 6}, Header: cupproto.Header{SpecVersion: 31, Sub: 311300}, Message: m})
	if err != nil {
		log.Fatal(err)
	}
	input, err := cupproto.MACInput(body, profile)
	if err != nil {
		log.Fatal(err)
	}
	session, err := keys.Session(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	mac, err := session.MAC(input)
	if err != nil {
		log.Fatal(err)
	}
	if err := cupproto.SealMAC(body, mac[:]); err != nil {
		log.Fatal(err)
	}
	wire, err := frame.Length{}.AppendFrame(nil, body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(wire), "bytes")
	fmt.Println(m)
	// Output:
	// 89 bytes
	// cupproto.Message{0200 2=621234******1232 3=000000 4=000000001280 11=000017 22=012 25=00 41=12345678 42=123456789012345 49=156 60=22000001000 64=0000000000000000}
}

// A host that says no.
func ExampleLookupCode() {
	request := cupproto.Request(cupproto.Sale)
	request.SetAmount(1280)
	request.SetSTAN(17)
	reply := cupproto.Reply(request)
	reply.SetString(39, "51")

	if err := cupproto.Match(request, reply); err != nil {
		log.Fatal(err)
	}
	if code := reply.Text(39); !cupproto.Approved(code) {
		c := cupproto.LookupCode(code)
		fmt.Println(c.Code, c.Chinese, c.English)
		fmt.Println(c.Class)
	}
	// Output:
	// 51 余额不足 insufficient funds
	// C failed
}

// A message that breaks off is no message: nothing in it counts.
func ExampleProfile_ParseBody() {
	body := []byte{0x60, 0, 0, 0, 6, 0x60, 0x31, 0, 0x31, 0x13, 0, 0x02, 0x10, 0x10, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12}
	_, err := cupproto.Profile{}.ParseBody(body)
	fmt.Println(err)
	fmt.Println(errors.Is(err, cupproto.ErrTruncated))
	// Output:
	// cupproto: field 4 (交易金额 amount) at byte 21: it ends too early
	// true
}

// No answer came: the reversal that takes the sale back.
func ExampleReversal() {
	sale := cupproto.Request(cupproto.Sale)
	sale.SetAmount(1280)
	sale.SetSTAN(17)
	sale.SetString(35, "6212345678901232D30122019876543210987")
	fmt.Println(cupproto.Reversal(sale, cupproto.ReasonSilence))
	// Output:
	// cupproto.Message{0400 3=000000 4=000000001280 11=000017 25=00 39=98 49=156 60=22000000000 64=0000000000000000}
}
