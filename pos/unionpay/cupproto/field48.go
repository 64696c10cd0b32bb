package cupproto

import (
	"bytes"

	"github.com/openecr/openecr/emv"
)

// Results of a settlement, one of each part (对账应答代码).
const (
	ResultNone    = '0' // in a request
	ResultEqual   = '1' // 对账平
	ResultUnequal = '2' // 对账不平: upload the items
	ResultError   = '3' // 出错
)

// PartTotals are the sums of the domestic (内卡) or the foreign (外卡) cards. Debit is
// what came in: sales, completions, offline sales; credit what went back: refunds,
// voids. Amounts in fen, to 999999999999; counts to 999.
type PartTotals struct {
	DebitAmount  int64
	DebitCount   int
	CreditAmount int64
	CreditCount  int
	Result       byte // ResultNone ...; 0 is sent as '0'
}

// Totals is field 48 of a settlement (批结算).
type Totals struct{ Domestic, Foreign PartTotals }

// TotalsLen is the number of digits of Totals.
const TotalsLen = 62

// ParseTotals reads field 48 of a 0500 or 0510. Errors: *Error.
func ParseTotals(v []byte) (Totals, error) {
	r := reader{field: 48, v: v}
	t := Totals{Domestic: r.part(), Foreign: r.part()}
	if err := r.end(); err != nil {
		return Totals{}, err
	}
	return t, nil
}

func (r *reader) part() PartTotals {
	p := PartTotals{DebitAmount: r.number(12), DebitCount: int(r.number(3)), CreditAmount: r.number(12), CreditCount: int(r.number(3))}
	if s := r.digits(1); s != "" {
		p.Result = s[0]
	}
	return p
}

// Append appends the field. Errors: *Error.
func (t Totals) Append(dst []byte) ([]byte, error) {
	w := writer{field: 48}
	for _, p := range []PartTotals{t.Domestic, t.Foreign} {
		w.number("debit amount", p.DebitAmount, 12)
		w.number("debit count", int64(p.DebitCount), 3)
		w.number("credit amount", p.CreditAmount, 12)
		w.number("credit count", int64(p.CreditCount), 3)
		if p.Result == 0 {
			p.Result = ResultNone
		}
		w.digits("result", string([]byte{p.Result}), 1)
	}
	return w.done(dst)
}

// SetTotals sets field 48 of a settlement.
func (m *Message) SetTotals(t Totals) {
	v, err := t.Append(nil)
	m.set(48, v, err)
}

// Totals reads field 48 of a settlement. Errors: *Error, also when it is not there.
func (m *Message) Totals() (Totals, error) {
	v, _ := m.Get(48)
	return ParseTotals(v)
}

// MaxUploadItems is how many items one batch upload message holds.
const MaxUploadItems = 8

// Lengths in digits of an upload.
const (
	uploadCount = 2
	uploadItem  = 40
	uploadPAN   = 20
)

// UploadItem is one stripe transaction of a batch upload (批上送, 0320 with 60.3 201).
type UploadItem struct {
	Foreign bool // 卡类别: 00 domestic, 01 foreign
	STAN    uint32
	PAN     emv.PAN
	Amount  int64 // fen
}

// ParseUpload reads field 48 of a batch upload. A card number is right aligned and
// filled with zeros, so zeros in front of one are lost. Errors: *Error.
func ParseUpload(v []byte) ([]UploadItem, error) {
	r := reader{field: 48, v: v}
	count := int(r.number(uploadCount))
	if r.fault == nil && count > MaxUploadItems {
		r.at = 0
		r.fail(tooLong(count, MaxUploadItems, "items"))
	}
	var items []UploadItem
	for range count {
		kind, i := r.digits(2), UploadItem{STAN: uint32(r.number(6))}
		number := bytes.TrimLeft([]byte(r.digits(uploadPAN)), "0")
		i.Amount = r.number(12)
		if r.fault != nil {
			break
		}
		var err error
		if i.PAN, err = emv.ParsePAN(number); err != nil {
			r.at -= 12 + uploadPAN
			r.fail(malformed("no card number"))
			break
		}
		clear(number)
		i.Foreign = kind == "01"
		items = append(items, i)
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return items, nil
}

// AppendUpload appends field 48 of a batch upload. Errors: *Error, with ErrTooLong
// for more than MaxUploadItems.
func AppendUpload(dst []byte, items []UploadItem) ([]byte, error) {
	w := writer{field: 48}
	if len(items) > MaxUploadItems {
		w.fail("upload", tooLong(len(items), MaxUploadItems, "items"))
	}
	w.number("count", int64(len(items)), uploadCount)
	for _, i := range items {
		kind := "00"
		if i.Foreign {
			kind = "01"
		}
		w.digits("card kind", kind, 2)
		w.number("STAN", int64(i.STAN), 6)
		if i.PAN.IsZero() {
			w.fail("card number", malformed("there is none"))
		}
		for range uploadPAN - i.PAN.Len() {
			w.b = append(w.b, '0')
		}
		w.b = i.PAN.AppendDigits(w.b)
		w.number("amount", i.Amount, 12)
	}
	return w.done(dst)
}
