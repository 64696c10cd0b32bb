package zvttest

import (
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// Booking is one line of the terminal's own books; its JSON is the line every
// simulator of the project writes.
type Booking struct {
	Time        time.Time    `json:"time"`
	Kind        string       `json:"kind"` // charge, void, refund, reversal
	SignedMinor int64        `json:"signed_minor"`
	Currency    pos.Currency `json:"currency"`
	Receipt     string       `json:"receipt"`
	Reference   string       `json:"reference"` // ZVT carries no shop reference; always empty
	Trace       string       `json:"trace"`
}

// Books returns a copy of the books.
func (t *Terminal) Books() []Booking {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Booking(nil), t.books...)
}

// Net is the sum of the books in minor units.
func (t *Terminal) Net() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var sum int64
	for _, b := range t.books {
		sum += b.SignedMinor
	}
	return sum
}

// sign says which way a kind of record moves money.
func (r *record) sign() int64 {
	switch r.kind {
	case pos.OpCharge, pos.OpCompletion:
		return 1
	case pos.OpVoid:
		if r.original.kind == pos.OpPreauth {
			return 0
		}
		return -1
	case pos.OpRefund:
		return -1
	}
	return 0
}

// book remembers an entry, with the line of the books it moves money by. Called with t.mu held.
func (t *Terminal) book(r *record, e Entry, kind string, signed int64) error {
	if signed == 0 {
		return t.remember(e) // a hold moves no money
	}
	b := Booking{Time: time.Now(), Kind: kind, SignedMinor: signed, Currency: t.cfg.Currency,
		Receipt: fmt.Sprintf("%04d", r.receipt), Trace: fmt.Sprintf("%06d", r.trace)}
	e.Booking = &b
	if err := t.remember(e); err != nil {
		return err
	}
	if t.cfg.Book != nil {
		if err := t.cfg.Book(b); err != nil {
			return err
		}
	}
	t.books = append(t.books, b)
	return nil
}

// commit books an approved record and applies it to what it works on.
func (t *Terminal) commit(r *record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	kind := string(r.kind)
	if r.kind == pos.OpCompletion {
		kind = string(pos.OpCharge)
	}
	e, err := r.entry(EventApproved)
	if err != nil {
		return err
	}
	if err := t.book(r, e, kind, r.sign()*r.amount); err != nil {
		return err
	}
	t.enter(r)
	return nil
}

// enter puts an approved record into the turnover store. Called with t.mu held.
func (t *Terminal) enter(r *record) {
	t.records = append(t.records, r)
	if r.original != nil {
		if r.original.kind == pos.OpPreauth {
			r.original.done = true
		} else {
			r.original.voided = true
		}
	}
}

// declined notes a record that took no money.
func (t *Terminal) declined(r *record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, err := r.entry(EventDeclined)
	if err != nil {
		return err
	}
	return t.remember(e)
}

// final notes that the register has acknowledged a record with all its receipts.
func (t *Terminal) final(r *record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.remember(Entry{Event: EventFinal, Trace: r.trace})
}

// takeBack reverses a record that the register never acknowledged. When the
// books cannot be written, the money stays as booked.
func (t *Terminal) takeBack(r *record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.takenBack {
		return nil
	}
	if err := t.book(r, Entry{Event: EventBack, Trace: r.trace}, "reversal", -r.sign()*r.amount); err != nil {
		return err
	}
	r.undo()
	return nil
}

// undo marks a record as taken back; 06 20 says so from now on.
func (r *record) undo() {
	r.takenBack = true
	if r.original != nil {
		r.original.voided, r.original.done = false, false
	}
	info := &zvtproto.StatusInformation{Fields: r.info.Clone()}
	info.SetResultCode(zvtproto.ResultAborted)
	r.info = info
}

// number numbers a new record. Called with t.mu held.
func (t *Terminal) number(r *record) {
	t.receipt = t.receipt%9999 + 1
	t.trace = t.trace%999999 + 1
	r.receipt, r.trace, r.at = t.receipt, t.trace, time.Now()
	t.last = r
}

// find looks a receipt up, the newest first.
func (t *Terminal) find(receipt uint16) *record {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.records) - 1; i >= 0; i-- {
		if t.records[i].receipt == receipt {
			return t.records[i]
		}
	}
	return nil
}
