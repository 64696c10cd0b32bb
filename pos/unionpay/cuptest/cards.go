package cuptest

import (
	"github.com/openecr/openecr/emv"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
)

// Card is one that the simulated issuer has given out. The numbers are test
// numbers: nobody has such cards.
type Card struct {
	PAN     string
	PIN     string // empty: none is asked for
	Expiry  string // YYMM
	Service string // of track 2
	Balance int64  // fen
	Foreign bool   // not UnionPay's
	Scheme  string // field 63.1
}

// Cards are the cards there are.
func Cards() []Card {
	return []Card{
		{PAN: "6212345678901232", PIN: "123456", Expiry: "3012", Service: "620", Balance: 1_000_000_00, Scheme: "CUP"},
		{PAN: "6225880000000007", Expiry: "3106", Service: "220", Balance: 500_000_00, Scheme: "CUP"},
		{PAN: "6228480000000000019", PIN: "0000", Expiry: "2912", Service: "120", Balance: 100_00, Scheme: "CUP"},
		{PAN: "4111111111111111", Expiry: "3003", Service: "201", Balance: 300_000_00, Foreign: true, Scheme: "VIS"},
	}
}

// Track2 is the second track of the card.
func (c Card) Track2() emv.Track2 {
	t, err := emv.ParseTrack2([]byte(c.PAN + "D" + c.Expiry + c.Service + "00000000"))
	if err != nil {
		return emv.Track2{}
	}
	return t
}

// Number is the card number.
func (c Card) Number() emv.PAN {
	p, err := emv.ParsePAN([]byte(c.PAN))
	if err != nil {
		return emv.PAN{}
	}
	return p
}

// Code is the PIN; none is the zero value.
func (c Card) Code() cupkey.PIN {
	p, err := cupkey.NewPIN([]byte(c.PIN))
	if err != nil {
		return cupkey.PIN{}
	}
	return p
}

// Endings are the amounts, by their last two digits in fen, that are declined
// with the response code beside them.
var Endings = map[int64]string{
	5: "05", 51: "51", 54: "54", 57: "57", 61: "61", 91: "91", 96: "96",
}

// HalfEnding is the ending of amounts that are approved by half, with code 10.
const HalfEnding = 10
