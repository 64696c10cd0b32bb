package postest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos"
)

// Fault names one thing that goes wrong in one operation of a Fake.
type Fault string

// The faults of a Fake. Each is used up by one operation.
const (
	FaultNone        Fault = ""
	FaultBeforeSend  Fault = "fail-before-send" // an error before BeforeSend
	FaultNotSent     Fault = "not-sent"         // after BeforeSend, but provably no byte left
	FaultLoseRequest Fault = "lose-request"     // after BeforeSend; the peer never hears of it
	FaultLoseAnswer  Fault = "lose-answer"      // the peer books it; the answer is lost
	FaultGarble      Fault = "garble-answer"    // the peer books it; the answer cannot be read
	FaultDecline     Fault = "decline"
	FaultCancel      Fault = "cancel"       // somebody presses stop at the device
	FaultPartial     Fault = "partial"      // half of the amount is approved, rounded up
	FaultOver        Fault = "over"         // one minor unit too much is approved
	FaultCurrency    Fault = "currency"     // another currency is approved
	FaultAutoReverse Fault = "auto-reverse" // booked and taken back by the peer
	FaultHang        Fault = "hang"         // no answer until the caller's ctx ends; then as lose-answer
	FaultLate        Fault = "late"         // booked only after the next Query, which says "not found"
	FaultUnsupported Fault = "unsupported"  // errors.ErrUnsupported
)

// ErrFault is the error of a Fake's lost messages.
var ErrFault = errors.New("postest: the line was cut")

// Booking is one line of a Peer's books.
type Booking struct {
	Attempt pos.AttemptID
	Kind    pos.Op
	Signed  int64 // minor units, negative where money goes back
}

// Peer is what a Fake speaks to: a host that keys everything by attempt id and
// keeps its own books. It outlives the Fakes, as a host outlives a register.
// Its fields may be set before use; its methods may be called concurrently.
type Peer struct {
	// Faults are used up in order, one for each Transact or Settle that is not a reversal.
	Faults []Fault
	// UndoFaults are used up in order by reversals.
	UndoFaults []Fault
	// NoQuery makes Query return errors.ErrUnsupported, as rails do that cannot be asked.
	NoQuery bool
	// QueryErr is returned by Query while it is not nil.
	QueryErr error
	// Pending is how many Queries answer "still working" first.
	Pending int
	// Weak makes "not found" a guess, not a proof.
	Weak bool
	// Delay is how long a Transact takes.
	Delay time.Duration
	// Currency, if set, is the only one the peer takes.
	Currency pos.Currency
	// Forgetful makes the peer answer queries as if it had never heard of anything.
	Forgetful bool

	mu       sync.Mutex
	bookings []Booking
	late     []Booking
	asked    int
}

// Net is the sum of the books in minor units.
func (p *Peer) Net() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum int64
	for _, b := range p.bookings {
		sum += b.Signed
	}
	return sum
}

// Books returns a copy of the books.
func (p *Peer) Books() []Booking {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.bookings)
}

// Asked returns how many Queries came.
func (p *Peer) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func next(list *[]Fault) Fault {
	if len(*list) == 0 {
		return FaultNone
	}
	f := (*list)[0]
	*list = (*list)[1:]
	return f
}

func (p *Peer) netOf(id pos.AttemptID) (sum int64, known bool) {
	for _, b := range p.bookings {
		if b.Attempt == id {
			sum, known = sum+b.Signed, true
		}
	}
	return sum, known
}

// Fake is a pos.Driver without a wire, for tests of registers and of pos itself.
type Fake struct {
	Peer *Peer
	// Name is the device; empty uses the tender's name.
	Name string

	busy   sync.Mutex
	closed atomic.Bool
}

var (
	_ pos.Driver     = (*Fake)(nil)
	_ pos.Identifier = (*Fake)(nil)
	_ pos.Previewer  = (*Fake)(nil)
)

// NewFake returns a driver with a peer of its own.
func NewFake(faults ...Fault) *Fake { return &Fake{Peer: &Peer{Faults: faults}} }

// Device names the peer.
func (f *Fake) Device() string {
	if f.Name == "" {
		return "fake"
	}
	return f.Name
}

// Transact books the operation, or does what the next fault says.
func (f *Fake) Transact(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	if !f.busy.TryLock() {
		return pos.Reply{}, fmt.Errorf("postest: %w", pos.ErrBusy)
	}
	defer f.busy.Unlock()
	p := f.Peer
	if err := f.check(op); err != nil {
		return pos.Reply{}, err
	}
	p.mu.Lock()
	faults := &p.Faults
	if op.Op == pos.OpReversal {
		faults = &p.UndoFaults
	}
	fault := next(faults)
	delay := p.Delay
	p.mu.Unlock()
	switch fault {
	case FaultBeforeSend:
		return pos.Reply{}, ErrFault
	case FaultUnsupported:
		return pos.Reply{}, fmt.Errorf("postest: %w", pos.ErrUnsupported)
	}
	if err := s.BeforeSend(ctx, pos.Handle{"key": string(op.Attempt)}); err != nil {
		return pos.Reply{}, err
	}
	if delay > 0 {
		s.Progress(pos.Progress{Step: pos.StepDevice, Text: "working"})
		time.Sleep(delay)
	}
	if op.Op == pos.OpReversal {
		return f.reverse(op, fault)
	}
	if fault == FaultHang {
		<-ctx.Done()
	}
	return p.book(op, fault)
}

func (f *Fake) check(op pos.Operation) error {
	if f.closed.Load() {
		return errors.New("postest: the driver is closed")
	}
	switch op.Op {
	case pos.OpSettle:
		return nil
	case pos.OpCharge, pos.OpVoid, pos.OpRefund, pos.OpPreauth, pos.OpCompletion, pos.OpRedeem, pos.OpReversal:
	default:
		return fmt.Errorf("postest: %w: %s", pos.ErrUnsupported, op.Op)
	}
	if c := f.Peer.Currency; op.Amount.Minor() <= 0 || c != "" && op.Amount.Currency() != c {
		return fmt.Errorf("postest: %w: %s", pos.ErrInvalid, op.Amount)
	}
	return nil
}

// book enters the operation into the books as the fault allows.
func (p *Peer) book(op pos.Operation, fault Fault) (pos.Reply, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	amount := op.Amount
	r := pos.Reply{Outcome: pos.OutcomeApproved, Approved: amount, AuthCode: "A1B2C3", Code: "00",
		Receipt: fmt.Sprintf("%04d", len(p.bookings)+1), Card: "541333******0018"}
	if op.Op == pos.OpRedeem {
		r.Card, r.Vouchers = "", []pos.VoucherVerdict{{ID: "1", Title: "coffee for two", Verdict: pos.VoucherRedeemed, Amount: amount, Reference: r.Receipt}}
	}
	switch fault {
	case FaultNotSent:
		return pos.Reply{Outcome: pos.OutcomeNotSent}, ErrFault
	case FaultLoseRequest:
		return pos.Reply{}, ErrFault
	case FaultDecline:
		return pos.Reply{Outcome: pos.OutcomeDeclined, Code: "05", Text: "declined by the host"}, nil
	case FaultCancel:
		return pos.Reply{Outcome: pos.OutcomeCanceled, Code: "6C", Text: "aborted by key"}, nil
	case FaultPartial:
		r.Approved = pos.FromMinor((amount.Minor()+1)/2, amount.Currency())
	case FaultOver:
		r.Approved = pos.FromMinor(amount.Minor()+1, amount.Currency())
	case FaultCurrency:
		r.Approved = pos.FromMinor(amount.Minor(), "XCD")
	}
	b := Booking{Attempt: op.Attempt, Kind: op.Op, Signed: sign(op) * r.Approved.Minor()}
	switch fault {
	case FaultLate:
		p.late = append(p.late, b)
		return pos.Reply{}, ErrFault
	case FaultAutoReverse:
		p.bookings = append(p.bookings, b, Booking{Attempt: b.Attempt, Kind: pos.OpReversal, Signed: -b.Signed})
		return pos.Reply{}, ErrFault
	}
	p.bookings = append(p.bookings, b)
	switch fault {
	case FaultLoseAnswer, FaultHang:
		return pos.Reply{}, ErrFault
	case FaultGarble:
		return pos.Reply{}, nil
	}
	return r, nil
}

// sign says which way an operation moves money.
func sign(op pos.Operation) int64 {
	switch op.Op {
	case pos.OpVoid, pos.OpRefund:
		if op.Original != nil && op.Original.Type == pos.TypePreauth {
			return 0
		}
		return -1
	case pos.OpPreauth, pos.OpSettle:
		return 0
	}
	return 1
}

func (f *Fake) reverse(op pos.Operation, fault Fault) (pos.Reply, error) {
	p := f.Peer
	p.mu.Lock()
	defer p.mu.Unlock()
	switch fault {
	case FaultDecline:
		return pos.Reply{Outcome: pos.OutcomeDeclined, Code: "B5", Text: "reversal not possible"}, nil
	case FaultLoseRequest:
		return pos.Reply{}, ErrFault
	}
	if net, _ := p.netOf(op.Attempt); net != 0 {
		p.bookings = append(p.bookings, Booking{Attempt: op.Attempt, Kind: pos.OpReversal, Signed: -net})
	}
	if fault == FaultLoseAnswer {
		return pos.Reply{}, ErrFault
	}
	return pos.Reply{Outcome: pos.OutcomeApproved}, nil
}

// Query answers from the books.
func (f *Fake) Query(_ context.Context, a pos.Attempt) (pos.Reply, error) {
	p := f.Peer
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	switch {
	case p.NoQuery:
		return pos.Reply{}, fmt.Errorf("postest: %w", pos.ErrUnsupported)
	case p.QueryErr != nil:
		return pos.Reply{}, p.QueryErr
	case p.Pending > 0:
		p.Pending--
		return pos.Reply{Outcome: pos.OutcomePending}, nil
	}
	net, known := p.netOf(a.ID)
	p.bookings, p.late = append(p.bookings, p.late...), nil
	if !known || p.Forgetful {
		return pos.Reply{Outcome: pos.OutcomeNotFound, Final: !p.Weak}, nil
	}
	if a.Type == pos.TypeSettle {
		return p.totals(a.Amount.Currency()), nil
	}
	if net == 0 && p.reversed(a.ID) {
		return pos.Reply{Outcome: pos.OutcomeReversed, Code: "6C"}, nil
	}
	if net < 0 {
		net = -net
	}
	if net == 0 {
		net = a.Amount.Minor()
	}
	return pos.Reply{Outcome: pos.OutcomeApproved, Approved: pos.FromMinor(net, a.Amount.Currency()), Receipt: "0001", Code: "00"}, nil
}

func (p *Peer) reversed(id pos.AttemptID) bool {
	return slices.ContainsFunc(p.bookings, func(b Booking) bool { return b.Attempt == id && b.Kind == pos.OpReversal })
}

func (p *Peer) totals(c pos.Currency) pos.Reply {
	t := pos.Total{Name: "all", Amount: pos.FromMinor(0, c)}
	for i := len(p.bookings) - 1; i >= 0; i-- {
		if b := p.bookings[i]; b.Kind != pos.OpSettle {
			t.Count++
			t.Amount = pos.FromMinor(t.Amount.Minor()+b.Signed, c)
		}
	}
	return pos.Reply{Outcome: pos.OutcomeApproved, Approved: pos.FromMinor(0, c), Totals: []pos.Total{t}}
}

// Settle reports the sum of the books.
func (f *Fake) Settle(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	r, err := f.Transact(ctx, op, s)
	if err != nil || r.Outcome != pos.OutcomeApproved {
		return r, err
	}
	f.Peer.mu.Lock()
	defer f.Peer.mu.Unlock()
	return f.Peer.totals(op.Amount.Currency()), nil
}

// Preview looks at any code: one voucher, worth fifty yuan.
func (f *Fake) Preview(context.Context, pos.Secret) (pos.Preview, error) {
	return pos.Preview{Platform: "fake", Order: "7", Vouchers: []pos.Voucher{{ID: "1", Title: "coffee for two",
		Worth: pos.FromMinor(5000, pos.CNY), Uses: 1, Usable: true}}}, nil
}

// Close waits for a running operation. Closing twice is harmless.
func (f *Fake) Close() error {
	f.closed.Store(true)
	f.busy.Lock()
	defer f.busy.Unlock()
	return nil
}
