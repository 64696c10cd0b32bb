package wallet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr"
)

// Config is what a Driver needs. Host must be given.
type Config struct {
	Host Host
	// Table tells payment codes apart; nil is qr.DefaultTable.
	Table qr.Table
	// Timing of the user-is-paying loop; zero fields take the defaults.
	Timing Timing
	// AwaitExpiry keeps a shown code that was given up in doubt until it has expired, when
	// the platform knows no order of it: for platforms that make the order only when the code
	// is scanned, as Alipay does, if their cancel cannot be trusted to end the code. The sale waits as long.
	AwaitExpiry bool
	// Known tells whether an order is one of ours; nil believes what is being
	// waited for only. A Journal's Get is enough.
	Known func(ctx context.Context, order string) bool
	// Heard is called for every notification after it was checked and confirmed
	// by query, from the goroutine that serves it. It must not keep it waiting:
	// platforms want an answer within five seconds.
	Heard func(Hearing)
}

// Driver is a wallet as a pos.Driver: one payment at a time, as a lane has one
// customer. A second caller gets pos.ErrBusy. Safe for concurrent use.
type Driver struct {
	cfg    Config
	opened time.Time

	busy chan struct{} // holds one token while an operation runs

	mu      sync.Mutex
	closed  bool
	sent    map[string]time.Time     // when this process sent an order's payment
	asked   map[string]time.Time     // since when this process asks for an order of an earlier one
	waiting map[string]chan struct{} // who wants to be woken by a notification
	heard   *once
}

var (
	_ pos.Driver     = (*Driver)(nil)
	_ pos.Identifier = (*Driver)(nil)
)

// New prepares a driver. Nothing is sent until it is used.
func New(cfg Config) (*Driver, error) {
	if cfg.Host == nil {
		return nil, fmt.Errorf("wallet: %w: a driver needs a Host", pos.ErrInvalid)
	}
	if cfg.Table == nil {
		cfg.Table = qr.DefaultTable()
	}
	if err := cfg.Table.Check(); err != nil {
		return nil, fmt.Errorf("wallet: %w: %w", pos.ErrInvalid, err)
	}
	cfg.Timing = cfg.Timing.withDefaults()
	return &Driver{cfg: cfg, opened: time.Now(), busy: make(chan struct{}, 1), sent: map[string]time.Time{},
		asked: map[string]time.Time{}, waiting: map[string]chan struct{}{}, heard: newOnce(maxHeard)}, nil
}

// Device names merchant and terminal at the platform.
func (d *Driver) Device() string { return d.cfg.Host.Device() }

// Host returns the platform the driver speaks to.
func (d *Driver) Host() Host { return d.cfg.Host }

// Close waits for a running operation and closes the host if it is an
// io.Closer. Closing twice is harmless.
func (d *Driver) Close() error {
	d.mu.Lock()
	first := !d.closed
	d.closed = true
	d.mu.Unlock()
	if !first {
		return nil
	}
	d.busy <- struct{}{}
	if c, ok := d.cfg.Host.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func (d *Driver) acquire() (release func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errors.New("wallet: the driver is closed")
	}
	select {
	case d.busy <- struct{}{}:
		return func() { <-d.busy }, nil
	default:
		return nil, fmt.Errorf("wallet: %w: another payment runs on %s", pos.ErrBusy, d.Device())
	}
}

// Settle is unsupported: wallets settle by themselves. See Biller.
func (d *Driver) Settle(context.Context, pos.Operation, pos.Session) (pos.Reply, error) {
	return pos.Reply{}, fmt.Errorf("wallet: %w: a wallet settles by itself; match its bill instead", pos.ErrUnsupported)
}

// Transact runs one payment, void, refund or undo. See pos.Driver for the rules.
// Errors before BeforeSend: pos.ErrBusy, pos.ErrInvalid, pos.ErrUnsupported,
// ErrCode, ErrClock, *Error of a host that is not ready.
func (d *Driver) Transact(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	release, err := d.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	if err := check(op); err != nil {
		return pos.Reply{}, err
	}
	switch op.Op {
	case pos.OpCharge:
		if op.Code.Len() > 0 {
			return d.pay(ctx, op, s)
		}
		return d.show(ctx, op, s)
	case pos.OpVoid:
		return d.void(ctx, op, s)
	case pos.OpRefund:
		return d.refund(ctx, op, s)
	}
	return d.reverse(ctx, op, s)
}

func check(op pos.Operation) error {
	switch op.Op {
	case pos.OpCharge:
	case pos.OpVoid, pos.OpRefund, pos.OpReversal:
		if op.Original == nil {
			return fmt.Errorf("wallet: %w: a %s needs its original", pos.ErrInvalid, op.Op)
		}
		if t := op.Original.Type; op.Op != pos.OpReversal && t != pos.TypeCharge {
			return fmt.Errorf("wallet: %w: a %s of a %s", pos.ErrUnsupported, op.Op, t)
		}
	default:
		return fmt.Errorf("wallet: %w: wallets have no %s", pos.ErrUnsupported, op.Op)
	}
	if op.Amount.Currency() != pos.CNY || op.Amount.Minor() <= 0 || op.Amount.Minor() > maxFen {
		return fmt.Errorf("wallet: %w: %s; want between 0.01 and 100000000.00 CNY", pos.ErrInvalid, op.Amount)
	}
	return nil
}

// maxFen is the most any of the platforms takes: Alipay's 100000000.00 yuan.
const maxFen = 100_000_000_00

// Keys of the handle.
const (
	keyWay   = "way"   // how the customer pays: code or shown
	keyOrder = "order" // out_trade_no
	keyTrade = "trade" // the platform's number
	keyBegan = "began" // when the order was made, in China's time
)

const (
	wayCode  = "code"
	wayShown = "shown"
)

// order is what a platform knows an attempt by.
func (d *Driver) order(a pos.Attempt) Order {
	number := a.Handle[keyOrder]
	if number == "" {
		number = string(a.ID)
	}
	o := Order{Number: number, Amount: a.Amount, Shown: a.Handle[keyWay] == wayShown, Trade: a.Handle[keyTrade],
		Reference: a.Reference, Expires: d.cfg.Timing.Show, Began: a.Created}
	if t, err := time.ParseInLocation(time.DateTime, a.Handle[keyBegan], China); err == nil {
		o.Began = t
	}
	return o
}

// China is the time zone of every wallet's days and stamps: UTC+8, no summer time.
var China = time.FixedZone("CST", 8*60*60)

// handle is what an attempt on this order must remember to ask again.
func (o Order) handle() pos.Handle {
	h := pos.Handle{keyWay: wayCode, keyOrder: o.Number, keyBegan: o.Began.In(China).Format(time.DateTime)}
	if o.Shown {
		h[keyWay] = wayShown
	}
	if o.Trade != "" {
		h[keyTrade] = o.Trade
	}
	return h
}

// begin makes the order of a charge.
func (d *Driver) begin(op pos.Operation, shown bool) Order {
	return Order{Number: string(op.Attempt), Amount: op.Amount, Shown: shown, Reference: op.Reference,
		Expires: d.cfg.Timing.Show, Began: time.Now()}
}

// call bounds one call of the host. Canceling the operation does not cut it
// off: what the platform says of money must be heard.
func (d *Driver) call(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), d.cfg.Timing.Call)
}

func (d *Driver) query(ctx context.Context, o Order) (Answer, error) {
	cctx, cancel := d.call(ctx)
	defer cancel()
	a, err := d.cfg.Host.Query(cctx, o)
	return pays(a, err, o.Amount)
}

// pays is fits for an answer about an order: what is paid names its amount.
func pays(a Answer, err error, want pos.Money) (Answer, error) {
	if err == nil && a.State == Paid && a.Amount == (pos.Money{}) {
		return Answer{}, fmt.Errorf("%w: it is paid, and no amount is named", ErrMismatch)
	}
	return fits(a, err, want)
}

// fits refuses an answer about another amount.
func fits(a Answer, err error, want pos.Money) (Answer, error) {
	if err != nil || a.Amount == (pos.Money{}) || a.Amount == want {
		return a, err
	}
	return Answer{}, fmt.Errorf("%w: it says %s, we asked for %s", ErrMismatch, a.Amount, want)
}

// ready lets the host look before money moves.
func (d *Driver) ready(ctx context.Context, o Order, s pos.Session) error {
	r, ok := d.cfg.Host.(Readier)
	if !ok {
		return ctx.Err()
	}
	s.Progress(pos.Progress{Step: pos.StepConnecting, Text: "connecting to the wallet", Chinese: "正在连接支付平台"})
	cctx, cancel := context.WithTimeout(ctx, d.cfg.Timing.Call)
	defer cancel()
	return r.Ready(cctx, o)
}

// classify finds out whether a code is one the host takes.
func (d *Driver) classify(code pos.Secret) error {
	var err error
	code.Use(func(b []byte) {
		c := qr.NewCode(string(b))
		defer c.Clear()
		var rule qr.Rule
		if rule, err = d.cfg.Table.Classify(c); err != nil {
			err = fmt.Errorf("wallet: %w: %w", pos.ErrInvalid, err)
		} else if rule.Kind != qr.Wallet || !slices.Contains(d.cfg.Host.Accepts(), rule.Name) {
			err = fmt.Errorf("wallet: %w: %w: it is %s", pos.ErrInvalid, ErrCode, rule.Title)
		}
	})
	return err
}

// sentAt remembers when this process sent an order's payment.
func (d *Driver) sentAt(number string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.sent) >= maxRemembered {
		clear(d.sent) // an order no longer here counts as sent when the driver was opened, or now if that is long ago
	}
	d.sent[number] = time.Now()
}

// maxRemembered bounds what one driver remembers of its own orders: days of a busy lane.
const maxRemembered = 10_000

// since is how long ago an order was sent at least: an order of an earlier
// process was sent before this one began.
func (d *Driver) since(number string) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at, ok := d.sent[number]; ok {
		return time.Since(at)
	}
	return time.Since(d.opened)
}
