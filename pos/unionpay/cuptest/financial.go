package cuptest

import (
	"strings"

	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

// financial books one transaction, or says why not.
func (h *Host) financial(r *request) *result {
	if t := r.lane.ledger[key(r.f60.Batch, r.STAN())]; t != nil {
		if t.tomb {
			return &result{code: "12"} // it was reversed before it came
		}
		if r.MTI == "0220" && t.code39 != "" { // an advice may be repeated: it is answered as the first time
			return &result{code: t.code39, t: t, set: func(m *cupproto.Message) {
				if t.approved {
					h.approve(r, m, t)
				}
			}}
		}
		return &result{code: "94"}
	}
	amount, ok := r.Amount()
	if !ok || amount <= 0 {
		return &result{code: "13"}
	}
	t := &transaction{kind: r.row.Kind, amount: amount}
	if code := h.check(r, t); code != "" {
		t.code39 = code
		r.lane.ledger[key(r.f60.Batch, r.STAN())] = t
		return &result{code: code}
	}
	code := "00"
	if h.takes(r.row.Kind) {
		if ending := Endings[amount%100]; ending != "" {
			r.lane.ledger[key(r.f60.Batch, r.STAN())] = t
			return &result{code: ending}
		}
		if amount%100 == HalfEnding && r.row.Kind == cupproto.Sale {
			code, t.amount = "10", amount/2
		}
	}
	t.rrn, t.auth, t.approved = h.newRRN(), h.newAuth(), true
	booked, held := h.moves(t)
	if err := h.book(r.lane, r.Message, string(t.kind), t, booked, held); err != nil {
		h.log("cannot book: %v", err)
		return &result{code: "96"}
	}
	t.code39 = code
	r.lane.ledger[key(r.f60.Batch, r.STAN())] = t
	h.move(t, booked, held)
	h.mark(t, true)
	return &result{code: code, t: t, set: func(m *cupproto.Message) { h.approve(r, m, t) }}
}

// acquirerID is who acquires here (受理方标识码).
const acquirerID = "00010000"

// takes reports whether a kind asks for new money.
func (h *Host) takes(kind cupproto.TransactionKind) bool {
	switch kind {
	case cupproto.Sale, cupproto.ScanSale, cupproto.Preauth:
		return true
	}
	return false
}

// approve fills in what an approval says.
func (h *Host) approve(r *request, m *cupproto.Message, t *transaction) {
	m.SetAmount(t.amount)
	m.SetString(32, acquirerID)
	m.SetString(38, t.auth)
	scheme := "CUP"
	if a := h.accounts[t.pan]; a != nil {
		scheme = a.Scheme
	}
	m.SetF63(cupproto.F63{Code: scheme, Issuer: "模拟发卡行"})
	if t.kind == cupproto.ScanSale {
		m.SetElements(cupproto.Elements{{Tag: cupproto.TagVoucher, Value: []byte("20" + t.rrn)}})
	}
}

// moves is what a transaction gives the merchant, and what it puts on hold.
func (h *Host) moves(t *transaction) (amount, held int64) {
	switch t.kind {
	case cupproto.Sale, cupproto.ScanSale, cupproto.OfflineSale:
		return t.amount, 0
	case cupproto.Void, cupproto.ScanVoid, cupproto.Refund, cupproto.ScanRefund:
		return -t.amount, 0
	case cupproto.Preauth:
		return 0, t.amount
	case cupproto.PreauthVoid:
		return 0, -t.original.amount
	case cupproto.Completion, cupproto.CompletionAdvice:
		return t.amount, -t.original.amount
	case cupproto.CompletionVoid:
		hold := int64(0)
		if o := t.original.original; o != nil {
			hold = o.amount
		}
		return -t.amount, hold
	}
	return 0, 0
}

// check finds card or code and original, and says why not; "" is fine.
func (h *Host) check(r *request, t *transaction) string {
	if code := h.whose(r, t); code != "" {
		return code
	}
	a := h.accounts[t.pan]
	if r.Has(61) && r.row.Kind != cupproto.OfflineSale {
		if code := h.related(r, t); code != "" {
			return code
		}
	}
	switch r.row.Kind {
	case cupproto.Sale, cupproto.Preauth:
		if t.amount > a.Balance {
			return "51"
		}
	case cupproto.Refund, cupproto.ScanRefund, cupproto.Void, cupproto.ScanVoid, cupproto.PreauthVoid, cupproto.Completion, cupproto.CompletionAdvice,
		cupproto.CompletionVoid:
		if t.original == nil {
			return "25"
		}
	}
	return ""
}

// whose finds who pays.
func (h *Host) whose(r *request, t *transaction) string {
	switch r.row.Kind {
	case cupproto.ScanSale:
		l, err := r.Elements()
		code, ok := l.Find(cupproto.TagPayCode)
		if err != nil || !ok {
			return "30"
		}
		if n := len(code); n < 19 || n > 20 || !strings.HasPrefix(string(code), "62") {
			return "14"
		}
		t.code = string(code)
		for _, l := range h.lanes {
			for _, o := range l.ledger {
				if o.code == t.code && o.approved && !o.reversed {
					return "22" // a code pays once
				}
			}
		}
		return ""
	case cupproto.ScanVoid, cupproto.ScanRefund:
		return ""
	}
	t.pan = h.pan(r)
	a := h.accounts[t.pan]
	if a == nil && r.Has(61) && t.pan == "" && r.row.Kind != cupproto.OfflineSale { // the original names the card
		return ""
	}
	if a == nil {
		return "14"
	}
	t.foreign = a.Foreign
	if expiry := r.Text(14); expiry != "" && expiry != a.Expiry {
		return "54"
	}
	if !h.pinFits(r, a) && h.takes(r.row.Kind) {
		return "55"
	}
	return ""
}

// related finds the original and checks what is asked of it.
func (h *Host) related(r *request, t *transaction) string {
	f61, err := r.F61()
	if err != nil {
		return "30"
	}
	o := r.lane.ledger[key(f61.Batch, f61.STAN)]
	if o == nil {
		for _, x := range r.lane.ledger {
			if rrn := r.Text(37); rrn != "" && x.rrn == rrn {
				o = x
			}
		}
	}
	if o == nil {
		return h.settledOriginal(r, t)
	}
	wants := map[cupproto.TransactionKind][]cupproto.TransactionKind{
		cupproto.Void: {cupproto.Sale}, cupproto.ScanVoid: {cupproto.ScanSale}, cupproto.Refund: {cupproto.Sale, cupproto.Completion, cupproto.CompletionAdvice},
		cupproto.ScanRefund: {cupproto.ScanSale}, cupproto.PreauthVoid: {cupproto.Preauth}, cupproto.Completion: {cupproto.Preauth},
		cupproto.CompletionAdvice: {cupproto.Preauth}, cupproto.CompletionVoid: {cupproto.Completion},
	}[r.row.Kind]
	fits := false
	for _, k := range wants {
		fits = fits || o.kind == k
	}
	t.pan, t.original, t.foreign = o.pan, o, o.foreign
	switch {
	case !fits || !o.approved || o.reversed:
		return "25"
	case o.undone:
		return "22"
	case r.row.Kind == cupproto.Refund || r.row.Kind == cupproto.ScanRefund:
		if t.amount+o.refunded > o.amount {
			return "64"
		}
	case r.row.Kind == cupproto.Completion || r.row.Kind == cupproto.CompletionAdvice:
		if t.amount > o.amount*115/100 { // 预授权完成 may exceed the hold by 15 %
			return "64"
		}
	case t.amount != o.amount:
		return "64"
	}
	return ""
}

// settledOriginal finds what an earlier batch held, by reference number: only a
// refund can be about it.
func (h *Host) settledOriginal(r *request, t *transaction) string {
	if r.row.Kind != cupproto.Refund && r.row.Kind != cupproto.ScanRefund {
		return "25"
	}
	var sold, back int64
	for _, e := range h.books {
		if e.Terminal != r.lane.number {
			continue
		}
		if e.RRN == r.Text(37) && e.Amount > 0 {
			sold += e.Amount
		}
		if e.Kind == string(r.row.Kind) && e.Original != 0 {
			if f, err := r.F61(); err == nil && e.Original == f.STAN {
				back -= e.Amount
			}
		}
	}
	if sold == 0 {
		return "25"
	}
	if back+t.amount > sold {
		return "64"
	}
	t.original = &transaction{kind: cupproto.Sale, amount: sold, approved: true}
	return ""
}

// reverse takes a transaction back, however often it is asked to.
func (h *Host) reverse(r *request) *result {
	k := key(r.f60.Batch, r.STAN())
	t := r.lane.ledger[k]
	switch {
	case t == nil:
		tomb := &transaction{tomb: true}
		if err := h.book(r.lane, r.Message, "tombstone", tomb, 0, 0); err != nil {
			return &result{code: "96"}
		}
		r.lane.ledger[k] = tomb
		return &result{code: "25"}
	case t.tomb, !t.approved:
		return &result{code: "25"}
	case t.reversed:
		return &result{code: "00", t: t}
	case t.undone:
		return &result{code: "12"}
	}
	amount, held := h.moves(t)
	if err := h.book(r.lane, r.Message, "reversal", t, -amount, -held); err != nil {
		return &result{code: "96"}
	}
	h.undo(t, -amount, -held)
	return &result{code: "00", t: t}
}
