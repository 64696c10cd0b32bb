package pos

import (
	"time"
)

// EventKind names a durable fact about an attempt.
type EventKind string

// The events, each a barrier: what it says is on disk before the next act.
const (
	EventIntent   EventKind = "intent"   // Intent: an attempt exists; nothing sent
	EventDenied   EventKind = "denied"   // Intent, Reason: a rule forbade what would have been one; the attempt ends with it
	EventVoided   EventKind = "voided"   // Reply, Reason: it ended before anything was sent
	EventArmed    EventKind = "armed"    // Handle: the money message may leave now
	EventDoubt    EventKind = "doubt"    // Reason, Reply: the answer is missing or cannot be believed; of vouchers, what is known so far
	EventOutcome  EventKind = "outcome"  // Reply: what the peer said, and it decides
	EventUndo     EventKind = "undo"     // Reason, Try: an undo is decided (try 0) or about to be sent (1, 2, ...)
	EventUndone   EventKind = "undone"   // Reply: the undo is done, or there was nothing to undo
	EventConfirm  EventKind = "confirm"  // OrderID: the register committed its own sale
	EventSuspense EventKind = "suspense" // Reason: only a person can tell
	EventResolve  EventKind = "resolve"  // Verdict, Operator, Reason: a person told
	EventEvidence EventKind = "evidence" // Alert, Reply: an answer that decides nothing
	EventPrinted  EventKind = "printed"  // Slip, Operator: one more piece of paper is about to be printed
)

// DoubtReason says why an answer is missing.
type DoubtReason string

// The reasons of doubt.
const (
	DoubtTimeout DoubtReason = "timeout"
	DoubtCut     DoubtReason = "cut"
	DoubtGarbled DoubtReason = "garbled"
	DoubtCrash   DoubtReason = "crash"
	DoubtCancel  DoubtReason = "cancel"
	DoubtAmount  DoubtReason = "amount" // the peer answered with another amount
	DoubtJournal DoubtReason = "journal"
)

// Verdict is a person's word on a manual attempt.
type Verdict string

// The verdicts. VerdictPaid makes the attempt StateForced, which reports show apart.
const (
	VerdictPaid    Verdict = "paid"     // the money is here: seen on the terminal or the bank's side
	VerdictNotPaid Verdict = "not_paid" // nothing was taken
	VerdictUndone  Verdict = "undone"   // it was taken and has been given back
	VerdictUndo    Verdict = "undo"     // let the machine try the undo again
)

// Intent is what is written down before anything else happens.
type Intent struct {
	Till      string    `json:"till"`
	Type      Type      `json:"type"`
	Reference string    `json:"reference"`
	Tender    string    `json:"tender"`
	Device    string    `json:"device,omitempty"`
	Amount    Money     `json:"amount"`
	Due       Money     `json:"due,omitzero"`
	Given     Money     `json:"given,omitzero"`
	Original  AttemptID `json:"original,omitempty"`
	Operator  string    `json:"operator,omitempty"`
	Approver  string    `json:"approver,omitempty"` // the second person who agreed
	Rule      string    `json:"rule,omitempty"`     // that had a say: that wanted the second person, warned, or forbade it
	Token     string    `json:"token,omitempty"`    // stands for card, payer or voucher
	Uses      int       `json:"uses,omitempty"`     // vouchers used up
	Asked     AttemptID `json:"asked,omitempty"`    // of EventDenied: the id of the request, which stays free
	// Digest knows the vouchers of a redemption again, in this sale only: too short to
	// find a code by. See RedeemRequest.
	Digest string `json:"digest,omitempty"`
	// Named is set when the register brought the attempt id itself: then a
	// second equal part of a split sale is meant, not a repeat.
	Named bool `json:"named,omitempty"`
	// Shared is set when Device is a platform that others may use meanwhile.
	Shared bool `json:"shared,omitempty"`
}

// Event is one durable fact. Which fields count depends on Kind.
type Event struct {
	Kind     EventKind `json:"kind"`
	Attempt  AttemptID `json:"attempt,omitempty"`
	Time     time.Time `json:"time"` // wall clock, a label only; order is Seq
	Intent   *Intent   `json:"intent,omitempty"`
	Handle   Handle    `json:"handle,omitempty"`
	Reply    *Reply    `json:"reply,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Try      int       `json:"try,omitempty"`
	Verdict  Verdict   `json:"verdict,omitempty"`
	Operator string    `json:"operator,omitempty"`
	OrderID  string    `json:"order_id,omitempty"`
	Alert    AlertKind `json:"alert,omitempty"`
	Slip     SlipKind  `json:"slip,omitempty"`

	// Seq and Epoch are set by the journal when the event is kept: its sequence
	// number without gaps, and how often the journal had been opened.
	Seq   int64 `json:"-"`
	Epoch int64 `json:"-"`
}

// Closing reports whether the event tells the end of something begun. A
// journal on a full disk must still find room for it (its reserve), while
// what only begins something, or only counts paper, is refused.
func (k EventKind) Closing() bool {
	return k != EventIntent && k != EventDenied && k != EventArmed && k != EventPrinted
}
