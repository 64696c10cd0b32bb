package qrtest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// BankConfig is how a Bank behaves. The zero value is usable.
type BankConfig struct {
	Late  time.Duration    // of amounts that end in 61; default 8 s
	Scan  time.Duration    // until a shown code is scanned; default at once
	Open  time.Duration    // after which an unpaid code payment is closed by the platform; default never
	Now   func() time.Time // the platform's clock; default time.Now
	Quiet bool             // amounts decide nothing: everybody pays at once
	// Remember is called with an order whenever it has changed, before anybody is
	// told, and with what that adds to the books, if anything. When it fails the bank
	// answers nothing any more: it could not keep its word.
	Remember func(Order, *Booking) error
}

// Booking is one movement of money.
type Booking struct {
	Order  string    `json:"order"`
	Refund string    `json:"refund,omitempty"`
	Kind   string    `json:"kind"` // pay, refund, undo
	Fen    int64     `json:"fen"`  // what the merchant holds more
	Time   time.Time `json:"time"`
}

// Bank keeps what one merchant's customers did. Safe for concurrent use.
type Bank struct {
	cfg BankConfig

	mu        sync.Mutex
	orders    map[string]*Order
	list      []*Order
	codes     map[string]string // digest of a payment code -> the order it was used for
	customers []Customer
	faults    []Fault
	listeners []func(Event)
	timers    map[*time.Timer]struct{}
	serial    int
	requests  map[Call]int
	planted   []Planted
	closed    bool
	broken    error // what Remember said
}

// NewBank returns an empty one.
func NewBank(cfg BankConfig) *Bank {
	if cfg.Late <= 0 {
		cfg.Late = 8 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Bank{cfg: cfg, orders: map[string]*Order{}, codes: map[string]string{}, timers: map[*time.Timer]struct{}{}, requests: map[Call]int{}}
}

// Close stops customers who have not paid yet.
func (b *Bank) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for t := range b.timers {
		t.Stop()
	}
}

// Now is the platform's time.
func (b *Bank) Now() time.Time { return b.cfg.Now() }

// State of an order in the bank's own books.
type State string

// States of an order.
const (
	Open    State = "open"    // not paid yet
	Paid    State = "paid"    // also when a part was given back
	Closed  State = "closed"  // never paid, and cannot be any more
	Revoked State = "revoked" // undone 撤销: if it had been paid, the money is back
	Failed  State = "failed"  // the customer cannot pay
)

// Order is one payment in the books.
type Order struct {
	Number  string            `json:"number"` // out_trade_no
	Trade   string            `json:"trade"`  // the platform's own
	Kind    string            `json:"kind"`   // code or shown
	Amount  int64             `json:"fen"`
	State   State             `json:"state"`
	WasPaid bool              `json:"was_paid,omitempty"`
	Why     string            `json:"why,omitempty"` // of Failed: poor, expired, cancels
	Created time.Time         `json:"created"`
	PaidAt  time.Time         `json:"paid_at,omitzero"`
	Ended   time.Time         `json:"ended,omitzero"` // when it was revoked or closed
	Refunds []Refund          `json:"refunds,omitempty"`
	Extra   map[string]string `json:"extra,omitempty"` // what the front wants back in answers

	// Code is a digest of the payment code: a code pays once, also after a restart.
	Code string `json:"code,omitempty"`

	customer Customer
}

// digest stands for a payment code, which is money and is not kept.
func digest(code string) string {
	if code == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(code))
	return hex.EncodeToString(sum[:8])
}

// Refund is one part given back.
type Refund struct {
	Number string      `json:"number"` // out_refund_no
	Trade  string      `json:"trade"`  // the platform's own
	Amount int64       `json:"fen"`
	Time   time.Time   `json:"time"`
	State  RefundState `json:"state"`
}

// RefundState is how far a refund is.
type RefundState string

// States of a refund.
const (
	RefundDone    RefundState = "done"
	RefundPending RefundState = "pending" // accepted; the money counts as given back
	RefundBroken  RefundState = "broken"  // accepted, then failed at the customer's bank
)

// GivenBack is the sum of the refunds.
func (o *Order) GivenBack() int64 {
	var sum int64
	for _, r := range o.Refunds {
		sum += r.Amount
	}
	return sum
}

// Holds is what the merchant holds of the order.
func (o *Order) Holds() int64 {
	if o.State != Paid {
		return 0
	}
	return o.Amount - o.GivenBack()
}

func (o *Order) clone() Order {
	c := *o
	c.Refunds = slices.Clone(o.Refunds)
	return c
}

// Event is something that happened to an order; fronts make notifications of it.
type Event struct {
	Order  Order
	Refund *Refund // nil: it was paid
}

// Errors of the bank; fronts say them in their own words.
var (
	ErrNoOrder  = errors.New("no such order")
	ErrUsed     = errors.New("the number is taken by another order")
	ErrCodeUsed = errors.New("the payment code was used before")
	ErrExpired  = errors.New("the payment code has expired")
	ErrBalance  = errors.New("not enough money")
	ErrPaid     = errors.New("the order is paid")
	ErrClosed   = errors.New("the order is closed")
	ErrTooMuch  = errors.New("more than is left of it")
	ErrNoRefund = errors.New("no such refund")
)

// Net is what the merchant holds, in fen.
func (b *Bank) Net() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var sum int64
	for _, o := range b.list {
		sum += o.Holds()
	}
	return sum
}

// Books returns a copy of all orders, oldest first.
func (b *Bank) Books() []Order {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Order, 0, len(b.list))
	for _, o := range b.list {
		out = append(out, o.clone())
	}
	return out
}

// Order returns one order.
func (b *Bank) Order(number string) (Order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.orders[number]
	if !ok {
		return Order{}, ErrNoOrder
	}
	return o.clone(), nil
}

// Find returns the order of a platform's number.
func (b *Bank) Find(trade string) (Order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.list {
		if o.Trade == trade {
			return o.clone(), nil
		}
	}
	return Order{}, ErrNoOrder
}

// New is what a front asks for.
type New struct {
	Number string
	Amount int64
	Code   string // empty: the customer scans
	Trade  string // prefix of the platform's number
	Life   time.Duration
	Extra  map[string]string
}

// Pay makes an order of a payment code, or finds the one of that number. It
// returns the order as it stands then.
func (b *Bank) Pay(n New) (Order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o, ok := b.orders[n.Number]; ok {
		if o.Amount != n.Amount || o.Code != digest(n.Code) {
			return o.clone(), ErrUsed
		}
		return o.clone(), nil
	}
	if _, used := b.codes[digest(n.Code)]; used {
		return Order{}, ErrCodeUsed
	}
	c := b.nextCustomer(n.Amount)
	if c.does == expired {
		return Order{}, ErrExpired
	}
	b.codes[digest(n.Code)] = n.Number
	o := b.add(n, "code", c)
	b.act(o)
	return o.clone(), nil
}

// Show makes an order that a customer scans, or finds it.
func (b *Bank) Show(n New) (Order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o, ok := b.orders[n.Number]; ok {
		switch {
		case o.Amount != n.Amount:
			return o.clone(), ErrUsed
		case o.State == Paid:
			return o.clone(), ErrPaid
		case o.State != Open:
			return o.clone(), ErrClosed
		}
		return o.clone(), nil
	}
	o := b.add(n, "shown", b.nextCustomer(n.Amount))
	if b.cfg.Scan > 0 {
		b.later(b.cfg.Scan, func() { b.act(o) })
	} else {
		b.act(o)
	}
	return o.clone(), nil
}

// tradeLen is the length of a wallet's own number, as WeChat and Alipay have it.
const tradeLen = 28

func (b *Bank) add(n New, kind string, c Customer) *Order {
	b.serial++
	now := b.Now()
	o := &Order{Number: n.Number, Trade: n.Trade + now.Format("20060102150405") + fmt.Sprintf("%0*d", max(8, tradeLen-14-len(n.Trade)), b.serial), Kind: kind, Amount: n.Amount,
		State: Open, Created: now, Extra: n.Extra, customer: c, Code: digest(n.Code)}
	b.orders[n.Number], b.list = o, append(b.list, o)
	b.remember(o, nil)
	life := n.Life
	if kind == "code" {
		life = b.cfg.Open
	}
	if life > 0 {
		b.later(life, func() { b.end(o, Closed) })
	}
	return o
}

// later runs f under the lock after d, unless the bank is closed first.
func (b *Bank) later(d time.Duration, f func()) {
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.timers, t)
		if !b.closed {
			f()
		}
	})
	b.timers[t] = struct{}{}
}

func (b *Bank) paid(o *Order) {
	if o.State != Open {
		return
	}
	o.State, o.WasPaid, o.PaidAt = Paid, true, b.Now()
	b.remember(o, &Booking{Order: o.Number, Kind: "pay", Fen: o.Amount, Time: o.PaidAt})
	b.tell(Event{Order: o.clone()})
}

func (b *Bank) end(o *Order, s State) {
	if o.State == Open {
		o.State, o.Ended = s, b.Now()
		b.remember(o, nil)
	}
}

func (b *Bank) remember(o *Order, booked *Booking) {
	if b.cfg.Remember == nil || b.broken != nil {
		return
	}
	b.broken = b.cfg.Remember(o.clone(), booked)
}

// Restore takes back what an earlier bank remembered, the last word on each
// order, in the order in which they began. Customers who had not paid are gone. It is called before anything else.
func (b *Bank) Restore(list []Order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range list {
		o := list[i].clone()
		o.customer = Never()
		b.serial += 1 + len(o.Refunds)
		b.orders[o.Number], b.list = &o, append(b.list, &o)
		if o.Code != "" {
			b.codes[o.Code] = o.Number
		}
	}
}

// tell lets the fronts know; they must not call back under the lock.
func (b *Bank) tell(e Event) {
	for _, l := range b.listeners {
		go l(e)
	}
}

// Revoke undoes an order: paid money goes back, an open one is closed (撤销).
func (b *Bank) Revoke(number string) (Order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.orders[number]
	if !ok {
		return Order{}, ErrNoOrder
	}
	b.lastMoment(o)
	if o.State == Paid && len(o.Refunds) > 0 {
		return o.clone(), ErrPaid
	}
	if o.State == Open || o.State == Paid || o.State == Failed {
		var booked *Booking
		if o.State == Paid {
			booked = &Booking{Order: o.Number, Kind: "undo", Fen: -o.Amount, Time: b.Now()}
		}
		o.State, o.Ended = Revoked, b.Now()
		b.remember(o, booked)
	}
	return o.clone(), nil
}

// CloseOrder closes an order that is not paid (关单).
func (b *Bank) CloseOrder(number string) (Order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.orders[number]
	if !ok {
		return Order{}, ErrNoOrder
	}
	b.lastMoment(o)
	if o.State == Paid {
		return o.clone(), ErrPaid
	}
	b.end(o, Closed)
	return o.clone(), nil
}

// lastMoment lets the customer pay who does it just before the undo.
func (b *Bank) lastMoment(o *Order) {
	if o.customer.does == atUndo {
		b.paid(o)
	}
}

// Refund gives a part back; the same number again gives it once.
func (b *Bank) Refund(number, refund string, amount int64) (Order, Refund, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.orders[number]
	if !ok {
		return Order{}, Refund{}, ErrNoOrder
	}
	for _, r := range o.Refunds {
		if r.Number == refund {
			if r.Amount != amount {
				return o.clone(), r, ErrUsed
			}
			return o.clone(), r, nil
		}
	}
	switch {
	case o.State != Paid:
		return o.clone(), Refund{}, ErrClosed
	case amount <= 0 || amount > o.Amount-o.GivenBack():
		return o.clone(), Refund{}, ErrTooMuch
	}
	b.serial++
	r := Refund{Number: refund, Trade: "50" + b.Now().Format("20060102150405") + fmt.Sprintf("%08d", b.serial), Amount: amount, Time: b.Now(), State: RefundDone}
	if b.take(Fault{Name: RefundSlow}) {
		r.State = RefundPending
	} else if b.take(Fault{Name: RefundFails}) {
		r.State = RefundBroken
	}
	o.Refunds = append(o.Refunds, r)
	b.remember(o, &Booking{Order: o.Number, Refund: r.Number, Kind: "refund", Fen: -r.Amount, Time: r.Time})
	b.tell(Event{Order: o.clone(), Refund: &r})
	return o.clone(), r, nil
}

// FindRefund returns a refund and its order.
func (b *Bank) FindRefund(refund string) (Order, Refund, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.list {
		for _, r := range o.Refunds {
			if r.Number == refund {
				return o.clone(), r, nil
			}
		}
	}
	return Order{}, Refund{}, ErrNoRefund
}

// Listen calls f for every payment and refund, each in a goroutine of its own.
func (b *Bank) Listen(f func(Event)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners = append(b.listeners, f)
}
