package pos

import (
	"context"
	"time"
)

// Outcome is what a driver learned from its peer.
type Outcome string

// The outcomes. The zero value is the honest one: nothing is known.
const (
	OutcomeUnknown  Outcome = ""          // no answer that can be believed
	OutcomeApproved Outcome = "approved"  // the peer booked it; of a reversal: it is undone, or there was nothing to undo
	OutcomeDeclined Outcome = "declined"  // the peer answered and booked nothing
	OutcomeCanceled Outcome = "canceled"  // as declined, because somebody pressed stop
	OutcomeReversed Outcome = "reversed"  // the peer booked it and took it back itself
	OutcomeNotSent  Outcome = "not_sent"  // no byte left although BeforeSend had returned; only from the layer that counts
	OutcomePending  Outcome = "pending"   // of Query: the peer is still at it
	OutcomeNotFound Outcome = "not_found" // of Query: the peer knows nothing of it; weak unless Final
)

// Reply is a driver's answer. What the peer did not say stays empty.
type Reply struct {
	Outcome Outcome `json:"outcome,omitempty"`
	// Final makes OutcomeNotFound a proof: the peer acknowledged that nothing
	// of the attempt can arrive any more. Without it the Till waits out a quarantine.
	Final      bool             `json:"final,omitempty"`
	Approved   Money            `json:"approved,omitzero"`
	AuthCode   string           `json:"auth_code,omitempty"`
	RRN        string           `json:"rrn,omitempty"`
	STAN       string           `json:"stan,omitempty"`
	Receipt    string           `json:"receipt,omitempty"`
	Card       string           `json:"card,omitempty"` // masked by the driver
	Scheme     string           `json:"scheme,omitempty"`
	Entry      string           `json:"entry,omitempty"`
	TerminalID string           `json:"terminal_id,omitempty"`
	MerchantID string           `json:"merchant_id,omitempty"`
	Code       string           `json:"code,omitempty"` // the peer's own, verbatim
	Text       string           `json:"text,omitempty"`
	PeerTime   time.Time        `json:"peer_time,omitzero"`
	Chip       Chip             `json:"chip,omitzero"`
	Slips      []Slip           `json:"slips,omitempty"`
	Totals     []Total          `json:"totals,omitempty"`
	Vouchers   []VoucherVerdict `json:"vouchers,omitempty"`  // of a redemption or its undo, one for every use
	UndoUntil  time.Time        `json:"undo_until,omitzero"` // how long the peer takes a void, by its own word
	Handle     Handle           `json:"handle,omitempty"`    // added to the one given to BeforeSend
}

// Op says what a driver is to do. Charge, void, refund, pre-authorisation,
// completion and redemption carry the type's own name; the undo is the machine's act.
type Op string

// The operations of a driver.
const (
	OpCharge     = Op(TypeCharge)
	OpVoid       = Op(TypeVoid)
	OpRefund     = Op(TypeRefund)
	OpPreauth    = Op(TypePreauth)
	OpCompletion = Op(TypeCompletion)
	OpRedeem     = Op(TypeRedeem)
	OpSettle     = Op(TypeSettle)
	// OpReversal undoes Operation.Original after silence or abandonment 冲正.
	// Asking twice must be harmless: "already undone" is OutcomeApproved.
	OpReversal Op = "reversal"
)

// Operation is one order to a driver.
type Operation struct {
	Op        Op
	Attempt   AttemptID // the key of this attempt; of a reversal, the undone attempt's
	Reference string
	Amount    Money
	// Original is the attempt that a void, refund or completion works on, or
	// that a reversal undoes; nil otherwise.
	Original *Attempt
	// Code is what was scanned: a payment code or a voucher, Codes vouchers of
	// further orders. They must not be kept.
	Code  Secret
	Codes []Secret
	// Uses are the vouchers to redeem; none is the only usable one of each code.
	Uses []VoucherUse
}

// Driver speaks to one kind of terminal, host or platform. Methods may be
// called concurrently; a driver whose device does one thing at a time answers
// ErrBusy to the second caller, before BeforeSend.
//
// What the device cannot do returns an error for which errors.Is(err,
// ErrUnsupported) holds, before BeforeSend. Every implementation passes
// postest.TestDriver.
type Driver interface {
	// Transact carries out one operation. It must call s.BeforeSend exactly
	// once, before the first byte that can move money, and send nothing of the
	// kind unless that returned nil. The Reply counts even when err is not nil:
	//
	//   - an error before BeforeSend means nothing was sent;
	//   - an error after it means the outcome is unknown, unless Reply.Outcome says more;
	//   - an error that wraps ErrUndo after it means that asking is over: undo.
	//
	// When ctx ends before BeforeSend, Transact returns at once. After it, the
	// device is asked to abort and Transact reports, within a bounded time, what is true.
	Transact(ctx context.Context, op Operation, s Session) (Reply, error)

	// Query asks the peer what became of an attempt whose outcome is unknown.
	// It never moves money. ErrUnsupported says the rail cannot be asked, so
	// the Till undoes instead; ErrUndo that the peer was asked long enough and
	// the attempt must be undone; ErrManual that only a person can tell. Any
	// other error leaves everything as it is.
	Query(ctx context.Context, a Attempt) (Reply, error)

	// Settle closes the day at the peer, with Reply.Totals as the peer counted.
	// The rules of Transact hold.
	Settle(ctx context.Context, op Operation, s Session) (Reply, error)

	// Close ends connections and goroutines and returns when they have ended.
	// Closing twice is harmless.
	Close() error
}

// Session is the driver's line back to the Till for one operation.
type Session interface {
	// BeforeSend makes durable that the money message is about to leave, with
	// the handle needed to ask again. When it returns nil the driver may send;
	// when it returns an error the driver must not, and returns that error.
	BeforeSend(ctx context.Context, h Handle) error
	// Progress shows people what the device is doing. It never blocks for long.
	Progress(p Progress)
}

// Identifier is implemented by drivers that know which device they speak to, so
// that two lanes on one device block each other. Without it the tender's name serves.
type Identifier interface {
	// Device returns a stable name without secrets, such as "zvt+tcp://10.0.0.8:20007".
	Device() string
}

// LastOnly is implemented by drivers whose peer can tell of its last booking
// only. As soon as another attempt has run on the device, such a peer's answer
// is about that one: the Till then neither asks nor undoes by asking, and a
// person must look.
type LastOnly interface {
	// LastOnly reports whether that is so.
	LastOnly() bool
}

// Shared is implemented by drivers of a platform rather than of a device: a doubt
// about one attempt then keeps its own sale locked, but not the next customer.
// The driver itself must keep two attempts off one voucher.
type Shared interface {
	// Shared reports whether that is so.
	Shared() bool
}

// Progress is one thing worth showing while a payment runs.
type Progress struct {
	Attempt AttemptID `json:"attempt"`
	Step    Step      `json:"step"`
	Code    string    `json:"code,omitempty"` // the device's own, verbatim
	Text    string    `json:"text"`           // English
	Chinese string    `json:"text_zh,omitempty"`
}

// Step is the kind of a Progress.
type Step string

// The steps a Till or driver reports.
const (
	StepConnecting Step = "connecting"
	StepSent       Step = "sent"     // BeforeSend passed
	StepDevice     Step = "device"   // the device says what it is doing
	StepScan       Step = "scan"     // show Code as a QR code: the customer scans it to pay
	StepScanned    Step = "scanned"  // take that code away again
	StepDoubt      Step = "doubt"    // the answer is missing; asking begins
	StepAsking     Step = "asking"   // the peer is being asked what became of it
	StepUndoing    Step = "undoing"  // an undo is under way
	StepAborting   Step = "aborting" // the device was asked to stop
	StepOutcome    Step = "outcome"  // the state is durable
	StepStray      Step = "stray"    // a reply that belongs to nothing; kept as evidence
)
