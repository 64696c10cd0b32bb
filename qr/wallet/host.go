package wallet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// Host is a platform in common terms. Each method makes one call, or the few
// that belong together, and returns within the host's own time limit; ctx can
// end it earlier. Methods may be called concurrently.
//
// A non-nil error means that nothing is known: no answer, or one that cannot be
// believed. What the platform itself said, also a refusal, is an Answer and no error.
type Host interface {
	// Device names merchant and terminal at the platform, without secrets.
	Device() string
	// Accepts are the names of the qr.Rule whose codes Pay can take.
	Accepts() []string
	// Pay charges a customer's payment code. The same order again must not
	// take money again.
	Pay(ctx context.Context, o Order, code pos.Secret) (Answer, error)
	// Show makes an order that the customer scans; Answer.Show is what to draw. The
	// same order again gives a code of the same order.
	Show(ctx context.Context, o Order) (Answer, error)
	// Query asks for an order.
	Query(ctx context.Context, o Order) (Answer, error)
	// Undo makes sure that nothing of an order is or will be taken: paid money
	// goes back, an open order is closed. Closed says it is so; Waiting and
	// errors that it must be asked again; Refused that the platform will not.
	Undo(ctx context.Context, o Order) (Answer, error)
	// Refund gives a part back. The same refund again gives it once.
	Refund(ctx context.Context, r Refund) (Answer, error)
	// QueryRefund asks for a refund: Paid when it was given.
	QueryRefund(ctx context.Context, r Refund) (Answer, error)
}

// Readier is implemented by hosts that can find out, before money moves,
// whether keys, clock and merchant are in order.
type Readier interface {
	// Ready asks something harmless about the order. An error says what to mend; nothing was sent.
	Ready(ctx context.Context, o Order) error
}

// Order is one payment as a platform knows it.
type Order struct {
	Number    string    // out_trade_no: the attempt's id
	Amount    pos.Money // all of it
	Shown     bool      // the customer scans; otherwise the shop
	Trade     string    // the platform's own number, if it is known
	Reference string    // the shop's order
	// Expires is how long a shown code may be paid.
	Expires time.Duration
	// Taken is set when the payment is known to have been made: of a void.
	Taken bool
	// Began is when the order was made, by the wall clock: some platforms want the day. Zero if unknown.
	Began time.Time
}

// Refund is one part given back.
type Refund struct {
	Number string // out_refund_no: the refund's attempt id
	Amount pos.Money
	Order  Order
}

// UndoNumber is the number of the refund by which a host undoes an order that it
// cannot revoke: the same each time, so that it is given once.
func UndoNumber(order string) string { return order + "-U" }

// State is what a platform says of an order or refund.
type State string

// The states. Zero says nothing.
const (
	Unknown State = ""
	Waiting State = "waiting" // the user is paying 用户支付中; of a refund: it is under way
	Paid    State = "paid"    // of a refund: it was given, or bindingly accepted
	Refused State = "refused" // the platform took nothing and will not
	Closed  State = "closed"  // undone, revoked or expired: nothing is taken, nothing can be
	Partly  State = "partly"  // paid, and something was given back by somebody
	Missing State = "missing" // the platform knows no such order: weak, see the package comment
	Failed  State = "failed"  // of a refund: it was accepted and then failed; a person must see to it (退款异常)
)

// Answer is what a platform said, verified as far as it can be.
type Answer struct {
	State  State
	Amount pos.Money // of the order or refund; zero if the platform did not say
	Trade  string    // the platform's own number
	Scheme string    // which wallet or bank, where an aggregator says
	Code   string    // the platform's own code, verbatim
	Text   string
	Time   time.Time // of the payment
	Show   string    // of Show: what the customer scans
}

// Errors of hosts and of this package. What they mean for the money is decided by
// when they come: before BeforeSend nothing was sent, after it nothing is known.
var (
	// ErrForged: the answer's signature does not hold, or is missing.
	ErrForged = errors.New("the answer is not signed by the platform")
	// ErrMismatch: the answer is about another merchant, order or amount.
	ErrMismatch = errors.New("the answer is about another payment")
	// ErrClock: the clock of this machine is wrong. Set it.
	ErrClock = errors.New("the clock of this machine differs from the platform's by more than five minutes: set it (请校准本机时间)")
	// ErrCode: the scanned code is none this wallet takes. Nothing was sent.
	ErrCode = errors.New("this code is not of this wallet (付款码不属于该支付方式)")
	// ErrStale: a notification came too late or twice.
	ErrStale = errors.New("the notification is too old, or was sent before")
)

// Error is how a call to a platform failed without a verdict.
type Error struct {
	Wallet string // "wechat"
	Call   string // "codepay"
	Status int    // of HTTP, 0 if there was no answer
	Code   string // the platform's own, verbatim
	Text   string
	// Unsent is set when no byte can have left: the connection was never made.
	Unsent bool
	Err    error
}

// Error names wallet and call, the platform's words and the cause.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Wallet, e.Call)
	if e.Status != 0 && e.Status/100 != 2 {
		fmt.Fprintf(&b, ": HTTP %d", e.Status)
	}
	if said := strings.TrimSpace(e.Code + " " + e.Text); said != "" {
		fmt.Fprintf(&b, ": the platform said %s", said)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func unsent(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Unsent
}

// ErrNoBill: the platform has no bill of that day (yet), or nothing happened.
var ErrNoBill = errors.New("there is no bill of that day, or not yet: it comes the next day after ten o'clock")

// ErrBill: the bill cannot be read, or its sums are not those of its lines.
var ErrBill = errors.New("the bill cannot be right")
