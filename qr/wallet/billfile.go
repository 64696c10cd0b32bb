package wallet

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/internal/billcsv"
)

// BillFile says what a bill looks like that somebody downloaded by hand: plain
// data, for platforms whose bill has no call (Shouqianba, China UMS) and whose
// console lets its owner choose the columns. Names are those of the file's header.
type BillFile struct {
	Header string `json:"header"` // the first column: it begins the header
	GBK    bool   `json:"gbk"`    // in GB18030; otherwise UTF-8
	Quote  string `json:"quote"`  // one character before each field, such as `; or empty
	Notes  string `json:"notes"`  // one character that begins lines of notes, such as #; or empty

	Time   string `json:"time"`
	Layout string `json:"layout"` // of Time, in Go's terms; empty is 2006-01-02 15:04:05, China's time
	Kind   string `json:"kind"`
	Order  string `json:"order"`
	Trade  string `json:"trade"`
	Refund string `json:"refund"`
	Amount string `json:"amount"` // yuan
	Fee    string `json:"fee"`    // yuan; optional

	// Kinds are the words of the column Kind. A word that is not here is an error, one
	// that is "" is passed over: attempts that moved nothing.
	Kinds map[string]LineKind `json:"kinds"`
}

// Read reads a bill. Lines are handed over in the file's order; it stops when each
// returns an error. Errors: ErrBill, pos.ErrInvalid for the description itself.
func (f BillFile) Read(r io.Reader, each func(BillLine) error) (BillSum, error) {
	sum := BillSum{In: pos.FromMinor(0, pos.CNY), Back: pos.FromMinor(0, pos.CNY)}
	if err := f.check(); err != nil {
		return sum, fmt.Errorf("wallet: %w: %w", pos.ErrInvalid, err)
	}
	b := billcsv.New(r, billcsv.Options{Header: f.Header, GBK: f.GBK, Quote: first(f.Quote), Comment: first(f.Notes)})
	for {
		row, err := b.Next()
		if err == io.EOF {
			return sum, nil
		}
		if err != nil {
			return sum, fmt.Errorf("wallet: %w: %w", ErrBill, err)
		}
		line, err := f.line(row)
		if err != nil {
			return sum, fmt.Errorf("wallet: %w: line %d: %w", ErrBill, row.Line, err)
		}
		if line.Kind == "" {
			continue
		}
		if err := sum.Add(line); err != nil {
			return sum, err
		}
		if err := each(line); err != nil {
			return sum, err
		}
	}
}

func first(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

func (f BillFile) check() error {
	switch {
	case f.Header == "" || f.Time == "" || f.Kind == "" || f.Order == "" || f.Amount == "":
		return errors.New("a bill's description names header, time, kind, order and amount")
	case len(f.Kinds) == 0 || len(f.Quote) > 1 || len(f.Notes) > 1:
		return errors.New("a bill's description names its kinds; quote and notes are one character")
	}
	for word, kind := range f.Kinds {
		if kind != "" && kind != LinePay && kind != LineRefund && kind != LineUndo {
			return fmt.Errorf("the kind %q of %q is none of pay, refund, undo", kind, word)
		}
	}
	return nil
}

func (f BillFile) line(row billcsv.Row) (BillLine, error) {
	for _, column := range []string{f.Time, f.Kind, f.Order, f.Amount} {
		if !row.Has(column) {
			return BillLine{}, fmt.Errorf("there is no column %q", column)
		}
	}
	kind, known := f.Kinds[row.Get(f.Kind)]
	if !known {
		return BillLine{}, fmt.Errorf("the kind %.40q is not described", row.Get(f.Kind))
	}
	l := BillLine{Number: row.Line, Kind: kind, Order: row.Get(f.Order), Trade: row.Get(f.Trade), Refund: row.Get(f.Refund), State: row.Get(f.Kind)}
	layout := f.Layout
	if layout == "" {
		layout = time.DateTime
	}
	var err error
	if l.Time, err = time.ParseInLocation(layout, row.Get(f.Time), China); err != nil {
		return l, fmt.Errorf("the time %.40q", row.Get(f.Time))
	}
	if l.Amount, err = billcsv.Yuan(row.Get(f.Amount)); err != nil {
		return l, err
	}
	l.Fee = pos.FromMinor(0, pos.CNY)
	if f.Fee != "" && row.Get(f.Fee) != "" {
		l.Fee, err = billcsv.Yuan(row.Get(f.Fee))
	}
	return l, err
}
