package cuptest

import (
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos/unionpay/cupproto"
)

// Entry is one line of the books. Amount is signed: what the merchant was given
// for it, in fen. Holds move nothing.
type Entry struct {
	Terminal string    `json:"terminal"`
	Batch    uint32    `json:"batch"`
	STAN     uint32    `json:"stan"`
	Kind     string    `json:"kind"` // as cupproto names it; "reversal", "tombstone", "batch"
	Amount   int64     `json:"amount"`
	Held     int64     `json:"held,omitempty"` // put on hold, or let go with a minus
	Card     string    `json:"card,omitempty"` // masked
	RRN      string    `json:"rrn,omitempty"`
	Auth     string    `json:"auth,omitempty"`
	Original uint32    `json:"original,omitempty"` // trace number
	Foreign  bool      `json:"foreign,omitempty"`
	Time     time.Time `json:"time"`
}

// transaction is what the host remembers of one trace number.
type transaction struct {
	kind     cupproto.TransactionKind
	pan      string // of this simulation's own cards
	code     string // scanned
	amount   int64  // approved
	rrn      string
	auth     string
	code39   string // as it was answered
	approved bool
	reversed bool
	undone   bool // voided, completed or wholly refunded
	refunded int64
	original *transaction
	foreign  bool
	// tomb stands for a reversal whose sale never came.
	tomb bool
}

func key(batch, stan uint32) string { return fmt.Sprintf("%06d/%06d", batch, stan) }

// book writes one line. An error means that it could not be kept.
func (h *Host) book(l *lane, m *cupproto.Message, kind string, t *transaction, amount, held int64) error {
	e := Entry{Terminal: l.number, Batch: l.batch, STAN: m.STAN(), Kind: kind, Amount: amount, Held: held, RRN: t.rrn, Auth: t.auth,
		Foreign: t.foreign, Time: time.Now().UTC()}
	if a := h.accounts[t.pan]; a != nil {
		e.Card = a.Number().String()
	}
	if f, err := m.F61(); err == nil {
		e.Original = f.STAN
	}
	if h.cfg.Remember != nil {
		if err := h.cfg.Remember(e); err != nil {
			return err
		}
	}
	h.books = append(h.books, e)
	h.log("%s: %s %06d/%06d %d.%02d %s", l.number, kind, e.Batch, e.STAN, amount/100, abs(amount)%100, e.Card)
	return nil
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// ErrMemory says that the lines given to Restore are not a host's books.
var ErrMemory = errors.New("cuptest: not the books of a host with these terminals and cards")

// Restore makes the host the one whose books these are, as after a restart:
// working keys are gone, so every terminal signs on again. Call it before Serve.
func (h *Host) Restore(lines []Entry) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range lines {
		l := h.lanes[e.Terminal]
		if l == nil {
			return fmt.Errorf("%w: terminal %s", ErrMemory, e.Terminal)
		}
		h.books = append(h.books, e)
		h.rrn++
		h.replay(l, e)
	}
	return nil
}

// replay does to the ledger what the line did.
func (h *Host) replay(l *lane, e Entry) {
	switch e.Kind {
	case "batch":
		l.batch, l.ledger = e.Batch, map[string]*transaction{}
		return
	case "tombstone":
		l.ledger[key(e.Batch, e.STAN)] = &transaction{tomb: true}
		return
	case "reversal":
		if t := l.ledger[key(e.Batch, e.STAN)]; t != nil {
			h.undo(t, e.Amount, e.Held)
		}
		return
	}
	t := &transaction{kind: cupproto.TransactionKind(e.Kind), amount: abs(e.Amount) + max(e.Held, 0), rrn: e.RRN, auth: e.Auth, approved: true, foreign: e.Foreign}
	for pan, a := range h.accounts {
		if a.Number().String() == e.Card {
			t.pan = pan
		}
	}
	if e.Original != 0 {
		if t.original = l.ledger[key(e.Batch, e.Original)]; t.original != nil {
			h.mark(t, true)
		}
	}
	l.ledger[key(e.Batch, e.STAN)] = t
	h.move(t, e.Amount, e.Held)
}

// move takes an amount from a card, or gives it back; held is put on hold.
func (h *Host) move(t *transaction, amount, held int64) {
	if a := h.accounts[t.pan]; a != nil {
		a.Balance -= amount + held
	}
}

// mark notes on the original what was done to it, or that it was taken back.
func (h *Host) mark(t *transaction, done bool) {
	o := t.original
	if o == nil {
		return
	}
	switch t.kind {
	case cupproto.Refund, cupproto.ScanRefund:
		if done {
			o.refunded += t.amount
		} else {
			o.refunded -= t.amount
		}
	default:
		o.undone = done
	}
}

// undo takes a transaction back; amount and held are what the undo moves.
func (h *Host) undo(t *transaction, amount, held int64) {
	t.reversed = true
	h.move(t, amount, held)
	h.mark(t, false)
}
