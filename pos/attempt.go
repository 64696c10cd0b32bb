package pos

import (
	"fmt"
	"time"
)

// AttemptID names one try on one tender, for ever. The Till makes it (see
// Till.NewAttempt), or the register brings its own: 1 to MaxIDLen characters
// of [0-9A-Za-z_-], so that it fits the shortest rail (a WeChat order number).
type AttemptID string

// Limits of what a request may carry.
const (
	// MaxIDLen is what the tightest rail takes as a key: 32 characters (WeChat out_trade_no).
	MaxIDLen = 32
	// MaxReferenceLen bounds the shop's order number; no rail shows more than 64.
	MaxReferenceLen = 64
	// MaxTextLen bounds every text a peer or a person adds to the journal, so
	// that one hostile terminal cannot fill the disk.
	MaxTextLen = 4096
	// MaxSlipLines bounds one receipt; a long fuel receipt has about 100 lines.
	MaxSlipLines = 500
	// MaxAlerts bounds the evidence one attempt carries, so that a talkative
	// peer cannot grow it for ever; the journal keeps every line all the same.
	MaxAlerts = 20
)

func (id AttemptID) check() error {
	if id == "" || len(id) > MaxIDLen {
		return fmt.Errorf("attempt id %q: want 1 to %d characters", MaskCardData(string(id)), MaxIDLen)
	}
	for _, c := range []byte(id) {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '_', c == '-':
		default:
			return fmt.Errorf("attempt id %q: only letters, digits, _ and - are allowed", MaskCardData(string(id)))
		}
	}
	return nil
}

// Type says what an attempt tries to do.
type Type string

// The types of attempt, with the field's own words.
const (
	TypeCharge     Type = "charge"     // sale, purchase 消费, Zahlung
	TypeVoid       Type = "void"       // taken back before settlement 撤销, Storno
	TypeRefund     Type = "refund"     // given back after it 退货/退款, Gutschrift
	TypePreauth    Type = "preauth"    // pre-authorisation, a hold 预授权, Reservierung
	TypeCompletion Type = "completion" // a hold is taken, in whole or part 预授权完成, Buchung einer Reservierung
	TypeRedeem     Type = "redeem"     // a voucher is used up 核销
	TypeSettle     Type = "settle"     // end of day 结算, Kassenschnitt
)

// movesIn reports whether success of the type brings money (or its worth) in.
func (t Type) movesIn() bool {
	return t == TypeCharge || t == TypeCompletion || t == TypeRedeem
}

// takesBack reports whether the type works on an earlier attempt and returns its money.
func (t Type) takesBack() bool { return t == TypeVoid || t == TypeRefund }

// State is where an attempt stands. The picture is in the package comment.
type State string

// The states of an attempt. Each is entered by exactly one durable event.
const (
	StateIntent    State = "intent"    // written down; nothing has been sent
	StateArmed     State = "armed"     // the money message may be leaving, or gone
	StateUnknown   State = "unknown"   // sent, but the answer is missing or cannot be believed
	StateReversing State = "reversing" // an undo was decided; it goes on until done or manual
	StateApproved  State = "approved"  // the money is here; the register has not confirmed yet
	StateConfirmed State = "confirmed" // approved, and the register has committed its own sale
	StateDeclined  State = "declined"  // the peer said no, or provably knows nothing of it
	StateCanceled  State = "canceled"  // given up by cashier or customer; nothing was taken
	StateNotSent   State = "not_sent"  // failed before the first byte that could move money
	StateDenied    State = "denied"    // a rule of the shop forbade it; nothing was begun, nothing sent
	StateReversed  State = "reversed"  // taken and put back, or undone before it was known
	StateManual    State = "manual"    // only a person can tell; see Till.Resolve
	StateForced    State = "forced"    // a person said it is paid, with name and reason
)

// Uncertain reports whether money may be moving: such an attempt blocks its device and its sale.
func (s State) Uncertain() bool {
	return s == StateArmed || s == StateUnknown || s == StateReversing
}

// Live reports whether the attempt has not ended: money of it may still move
// or be found, so its amount counts against the sale's due.
func (s State) Live() bool {
	return s == StateIntent || s.Uncertain() || s == StateManual
}

// Paid reports whether the money of the attempt is where it should be.
func (s State) Paid() bool {
	return s == StateApproved || s == StateConfirmed || s == StateForced
}

// Handle is what a driver must remember to ask a peer again about an attempt:
// a receipt number, a STAN, an order number. Small, and never card data.
type Handle map[string]string

// Attempt is what the journal knows of one try: a value, safe to copy and read
// concurrently (its maps and slices are never changed once published). Its JSON
// names are part of the interface and stay.
type Attempt struct {
	ID        AttemptID `json:"attempt"`
	Till      string    `json:"till"`
	Reference string    `json:"reference"` // the shop's order; several attempts may share it
	Tender    string    `json:"tender"`
	Device    string    `json:"device,omitempty"` // the terminal or host behind the tender
	Type      Type      `json:"type"`
	State     State     `json:"state"`

	Amount   Money `json:"amount"`          // asked for
	Approved Money `json:"approved"`        // what really moved; less than Amount in a partial approval
	Due      Money `json:"due,omitzero"`    // of the whole sale, when it is split
	Given    Money `json:"given,omitzero"`  // cash handed over
	Change   Money `json:"change,omitzero"` // cash handed back

	Original AttemptID `json:"original,omitempty"` // of a void, refund or completion
	Operator string    `json:"operator,omitempty"`
	Digest   string    `json:"digest,omitempty"`   // of a redemption: knows its codes again
	Approver string    `json:"approver,omitempty"` // the second person who agreed, where one was needed
	Rule     string    `json:"rule,omitempty"`     // the rule that forbade it, wanted the second person, or warned
	Token    string    `json:"token,omitempty"`    // stands for card, payer or voucher where rules count by it
	Uses     int       `json:"uses,omitempty"`     // vouchers used up
	Asked    AttemptID `json:"asked,omitempty"`    // of a denial: the id of the request, which may be asked again
	OrderID  string    `json:"order_id,omitempty"` // the register's own, given with Confirm

	AuthCode   string    `json:"auth_code"`
	RRN        string    `json:"rrn"` // retrieval reference number 参考号
	STAN       string    `json:"stan"`
	Receipt    string    `json:"receipt"`
	Card       string    `json:"card"` // masked: first six and last four at most
	Scheme     string    `json:"scheme,omitempty"`
	Entry      string    `json:"entry,omitempty"`
	TerminalID string    `json:"terminal_id,omitempty"`
	MerchantID string    `json:"merchant_id,omitempty"`
	Code       string    `json:"code"` // the peer's own result code, verbatim
	Text       string    `json:"text"` // the peer's own words
	PeerTime   time.Time `json:"peer_time,omitzero"`

	Reason string  `json:"reason,omitempty"` // why it is in doubt, undone, manual or forced
	Tries  int     `json:"undo_tries,omitempty"`
	Handle Handle  `json:"handle,omitempty"`
	Chip   Chip    `json:"chip,omitzero"`
	Slips  []Slip  `json:"slips,omitempty"`
	Totals []Total `json:"totals,omitempty"` // of a settlement
	Alerts []Alert `json:"alerts,omitempty"` // evidence that contradicts a closed state

	Vouchers  []VoucherVerdict `json:"vouchers,omitempty"`  // of a redemption or its undo, one for every use
	UndoUntil time.Time        `json:"undo_until,omitzero"` // how long the peer takes a void, by its own word

	Printed map[SlipKind]int `json:"printed,omitempty"` // pieces of paper, see Till.Printing

	Seq     int64     `json:"seq"`     // journal sequence of the intent
	Updated int64     `json:"updated"` // journal sequence of the last event
	Epoch   int64     `json:"epoch"`   // of the intent; see Journal.Epoch
	Created time.Time `json:"created"` // wall clock, a label only
	Changed time.Time `json:"changed"`
}

// Orphan reports whether the attempt brought money (or a hold) that the
// register never confirmed: Confirm it once the sale is committed, or Abandon
// it. What gives money back needs no confirmation.
func (a Attempt) Orphan() bool {
	return a.State == StateApproved && (a.Type.movesIn() || a.Type == TypePreauth)
}

// LastFour returns the last four digits of the masked card number, if there are any.
func (a Attempt) LastFour() string {
	if n := len(a.Card); n >= 4 && allDigits(a.Card[n-4:]) {
		return a.Card[n-4:]
	}
	return ""
}

// Slip is one receipt as the terminal gave it: plain lines, ready to print.
type Slip struct {
	Kind  SlipKind `json:"kind"`
	Lines []string `json:"lines"`
}

// SlipKind says whom a slip is for.
type SlipKind string

// The kinds of slip a terminal hands out.
const (
	SlipCustomer SlipKind = "customer"
	SlipMerchant SlipKind = "merchant"
	SlipAdmin    SlipKind = "admin" // end of day, diagnosis
)

func (k SlipKind) known() bool { return k == SlipCustomer || k == SlipMerchant || k == SlipAdmin }

// Chip is what the slip of a chip card must show (EMV), as hex digits but for
// the label. Nothing in it identifies the cardholder.
type Chip struct {
	AID        string `json:"aid,omitempty"`        // application identifier, tag 4F or 84
	Label      string `json:"label,omitempty"`      // application label, tag 50, or preferred name 9F12
	Cryptogram string `json:"cryptogram,omitempty"` // tag 9F26: TC, or ARQC where the card made no more
	TVR        string `json:"tvr,omitempty"`        // terminal verification results, tag 95
	TSI        string `json:"tsi,omitempty"`        // transaction status information, tag 9B
	ATC        string `json:"atc,omitempty"`        // application transaction counter, tag 9F36
	CVM        string `json:"cvm,omitempty"`        // cardholder verification results, tag 9F34
}

// fields lists the texts of the chip.
func (c *Chip) fields() []*string {
	return []*string{&c.AID, &c.Label, &c.Cryptogram, &c.TVR, &c.TSI, &c.ATC, &c.CVM}
}

// Total is one line of a settlement: what the peer counted under a name (a card scheme).
type Total struct {
	Name   string `json:"name"`
	Count  int    `json:"count"`
	Amount Money  `json:"amount"`
}

// AlertKind names a contradiction between a closed attempt and later evidence.
type AlertKind string

// The alerts the Till raises itself.
const (
	// AlertLateApproval: the peer reports success for an attempt that was
	// already closed without money. It becomes StateManual, never paid by
	// itself: a person lets it be undone or takes it as paid.
	AlertLateApproval AlertKind = "LATE_APPROVAL"
	// AlertAmount: the peer reports another amount than was asked for.
	AlertAmount AlertKind = "AMOUNT"
	// AlertStray: a reply that matches no live attempt.
	AlertStray AlertKind = "STRAY_REPLY"
)

// Alert is evidence that did not fit, kept for a person.
type Alert struct {
	Kind     AlertKind `json:"kind"`
	Approved Money     `json:"approved,omitzero"`
	Receipt  string    `json:"receipt,omitempty"`
	Code     string    `json:"code,omitempty"`
	Text     string    `json:"text,omitempty"`
	Seq      int64     `json:"seq"`
}
