package wallet

import (
	"context"
	"time"

	"github.com/openecr/openecr/pos"
)

// Biller is implemented by hosts that give the day's bill (对账单). It comes on the
// next day, after ten o'clock.
type Biller interface {
	// Bill downloads the trade bill of a day in China and hands over its lines in
	// the bill's own order. It stops when each returns an error, and returns that.
	// Errors: ErrNoBill, *Error, ErrForged when the file's hash is wrong, ErrBill.
	Bill(ctx context.Context, day time.Time, each func(BillLine) error) (BillSum, error)
}

// LineKind is what a line of a bill is about.
type LineKind string

// Kinds of line.
const (
	LinePay    LineKind = "pay"    // money came in
	LineRefund LineKind = "refund" // money was given back
	LineUndo   LineKind = "undo"   // a payment was revoked 撤销
)

// BillLine is one line of a bill in common terms. Amounts are never negative:
// Kind says which way the money went.
type BillLine struct {
	Number int       `json:"line"` // in the file, from 1
	Kind   LineKind  `json:"kind"`
	Time   time.Time `json:"time"`
	Order  string    `json:"order"`            // out_trade_no
	Trade  string    `json:"trade"`            // the platform's own number
	Refund string    `json:"refund,omitempty"` // out_refund_no
	Amount pos.Money `json:"amount"`
	Fee    pos.Money `json:"fee"` // rounded to a fen; the files have more decimals
	State  string    `json:"state,omitempty"`
}

// BillSum is a bill's own summary.
type BillSum struct {
	Lines int       `json:"lines"`
	In    pos.Money `json:"in"`   // payments
	Back  pos.Money `json:"back"` // refunds and undos
}

// Net is what a line adds to the merchant's money, in fen.
func (l BillLine) Net() int64 {
	if l.Kind == LinePay {
		return l.Amount.Minor()
	}
	return -l.Amount.Minor()
}

// Add counts a line in. It fails when the sum does not fit.
func (s *BillSum) Add(l BillLine) (err error) {
	s.Lines++
	if l.Kind == LinePay {
		s.In, err = s.In.Add(l.Amount)
	} else {
		s.Back, err = s.Back.Add(l.Amount)
	}
	return err
}
