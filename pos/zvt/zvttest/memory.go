package zvttest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// Entry is one thing a terminal does not forget when its power is cut. It goes
// to Config.Remember before the next byte leaves; Restore reads entries back.
// Written as JSON it holds no full card number: the terminal knows none.
type Entry struct {
	Event EntryEvent `json:"event"`
	Time  time.Time  `json:"time"`
	// Of a terminal: what must not change under a register.
	TerminalID string       `json:"terminal_id,omitempty"`
	Currency   pos.Currency `json:"currency,omitempty"`
	// Trace names the record the entry is about; of a day end it is its own.
	Trace uint64 `json:"trace,omitempty"`
	// Of a result: what it was, what it worked on, and what the register is told.
	Kind     pos.Op `json:"kind,omitempty"`
	Receipt  uint16 `json:"receipt,omitempty"`
	Original uint64 `json:"original,omitempty"` // trace of the record a void or completion works on
	Minor    int64  `json:"minor,omitempty"`
	Scheme   string `json:"scheme,omitempty"` // name of the card
	Auth     string `json:"auth,omitempty"`
	// Info is the status-information in hexadecimal; 06 20 says it again.
	Info string `json:"info,omitempty"`
	// Booking is the line of the books that belongs to the entry, if any does.
	Booking *Booking `json:"booking,omitempty"`
}

// EntryEvent says what an Entry is about.
type EntryEvent string

// The events of a terminal's memory.
const (
	EventTerminal EntryEvent = "terminal"   // a new terminal begins to remember
	EventApproved EntryEvent = "approved"   // booked, and not yet final
	EventDeclined EntryEvent = "declined"   // numbered, with no money
	EventFinal    EntryEvent = "final"      // the register has acknowledged everything
	EventBack     EntryEvent = "taken_back" // the register has not
	EventDayEnd   EntryEvent = "day_end"    // the turnover store is empty again
)

// ErrMemory says that the entries given to Restore are not a terminal's memory.
var ErrMemory = errors.New("zvttest: this is not the memory of this terminal")

// remember passes an entry on. Called with t.mu held.
func (t *Terminal) remember(e Entry) error {
	if t.cfg.Remember == nil {
		return nil
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	return t.cfg.Remember(e)
}

// entry is what is remembered of a record.
func (r *record) entry(event EntryEvent) (Entry, error) {
	info, err := zvtproto.Encode(r.info)
	e := Entry{Event: event, Time: r.at, Trace: r.trace, Kind: r.kind, Receipt: r.receipt, Minor: r.amount,
		Scheme: r.card.Name, Auth: r.auth, Info: hex.EncodeToString(info)}
	if r.original != nil {
		e.Original = r.original.trace
	}
	return e, err
}

// Restore makes the terminal the one whose entries these are, as after a power
// cut: receipt and trace numbers, the turnover store since the last day end,
// the last result and the terminal's number are what they were. A payment whose
// receipts the register had not acknowledged is taken back and the reversal
// booked (PA00P015 A11). Call it before Serve. Without entries it begins a
// memory and remembers the terminal's number.
//
// Errors: ErrMemory for entries of a terminal of another currency, or that
// make no sense; those of Config.Remember and Config.Book.
func (t *Terminal) Restore(memory []Entry) error {
	t.mu.Lock()
	if len(memory) == 0 {
		defer t.mu.Unlock()
		return t.remember(Entry{Event: EventTerminal, TerminalID: t.cfg.TerminalID, Currency: t.cfg.Currency})
	}
	open := map[uint64]*record{}
	for i, e := range memory {
		if err := t.replay(e, open); err != nil {
			t.mu.Unlock()
			return fmt.Errorf("%w: entry %d (%s): %w", ErrMemory, i+1, e.Event, err)
		}
	}
	t.rng = rand.New(rand.NewPCG(t.cfg.Seed, randomStream+t.trace)) // not the numbers of before again
	t.mu.Unlock()
	for _, r := range open {
		if err := t.takeBack(r); err != nil {
			return err
		}
		t.show("power failed: the last payment was taken back")
	}
	return nil
}

// replay applies one entry. Called with t.mu held; open are approvals that are
// neither final nor taken back.
func (t *Terminal) replay(e Entry, open map[uint64]*record) error {
	if e.Booking != nil {
		t.books = append(t.books, *e.Booking)
	}
	switch e.Event {
	case EventTerminal:
		if e.Currency != t.cfg.Currency {
			return fmt.Errorf("it books in %s, not in %s", e.Currency, t.cfg.Currency)
		}
		t.cfg.TerminalID = e.TerminalID
		return nil
	case EventApproved, EventDeclined:
		r, err := t.recordOf(e)
		if err != nil {
			return err
		}
		if e.Event == EventApproved {
			t.enter(r)
			open[r.trace] = r
		}
		t.receipt, t.trace, t.last = r.receipt, r.trace, r
		return nil
	case EventFinal, EventBack:
		r := t.byTrace(e.Trace)
		if r == nil {
			return fmt.Errorf("no record has the trace number %06d", e.Trace)
		}
		delete(open, e.Trace)
		if e.Event == EventBack {
			r.undo()
		}
		return nil
	case EventDayEnd:
		info, err := infoOf(e)
		t.records, t.dayEnd, t.trace = nil, info, e.Trace
		return err
	}
	return errors.New("no such event")
}

// recordOf makes the record of an entry.
func (t *Terminal) recordOf(e Entry) (*record, error) {
	info, err := infoOf(e)
	if err != nil {
		return nil, err
	}
	r := &record{kind: e.Kind, receipt: e.Receipt, trace: e.Trace, amount: e.Minor, auth: e.Auth, info: info, at: e.Time}
	for _, c := range Cards {
		if c.Name == e.Scheme {
			r.card = c
		}
	}
	if e.Original != 0 {
		if r.original = t.byTrace(e.Original); r.original == nil && e.Event == EventApproved {
			return nil, fmt.Errorf("no record has the trace number %06d", e.Original)
		}
	}
	return r, nil
}

func infoOf(e Entry) (*zvtproto.StatusInformation, error) {
	apdu, err := hex.DecodeString(e.Info)
	if err != nil {
		return nil, err
	}
	si := &zvtproto.StatusInformation{}
	return si, zvtproto.Decode(apdu, si)
}

// byTrace finds a record of the turnover store, the newest first. Called with t.mu held.
func (t *Terminal) byTrace(trace uint64) *record {
	for i := len(t.records) - 1; i >= 0; i-- {
		if t.records[i].trace == trace {
			return t.records[i]
		}
	}
	return nil
}
