package douyin

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
)

// DriverConfig is what a Driver needs. Merchant and Shop must be given.
type DriverConfig struct {
	Merchant *Merchant
	// Shop (门店 poi_id) is where vouchers are redeemed and money is settled.
	Shop ID
	// Resolver follows scanned links; nil is the zero Resolver.
	Resolver *Resolver
	// Book is the till's journal, to read: which orders another lane has in
	// doubt, and which redemptions belong to other sales. Without it two lanes
	// are told apart by the platform's clock alone.
	Book Book
	// Seal encrypts what the journal keeps of a redemption in flight; nil keeps
	// the platform's own ciphertext, which is worth nothing without the app's token.
	Seal cipher.AEAD
	// Refund says how a refund is applied for once the hour of undoing is over;
	// nil leaves refunds to the platform's back office (来客).
	Refund *RefundPolicy
	// SeparateShops is for merchants whose shops settle separately: the platform
	// forbids cancel_token there.
	SeparateShops bool
	// Timing is the driver's patience; zero fields take the defaults.
	Timing Timing
}

// Book is the part of a pos.Journal that a Driver reads.
type Book interface {
	Find(ctx context.Context, f pos.Filter) ([]pos.Attempt, error)
}

// RefundPolicy is how the merchant applies for refunds; see RefundApplication.
type RefundPolicy struct {
	Reasons []int64
	// Fields are those the platform's page wants besides; nil is none.
	Fields func(pos.Operation) map[string]any
}

// Timing is how long a Driver is patient, on the monotonic clock.
type Timing struct {
	// Retry is the pause before repetition n of a redemption or undo without a
	// clear answer; nil is RetryDelay.
	Retry func(n int) (time.Duration, bool)
	// Quarantine since sending, before "not redeemed" lets an undo end; default 40 s:
	// the time-out of a call and half a minute in which a request may linger.
	Quarantine time.Duration
	// Fresh is how long a preview may be redeemed without looking again; default
	// 2 minutes. How long a verify_token lives is not published.
	Fresh time.Duration
}

// Defaults of Timing.
const (
	DefaultQuarantine = CallTimeout + 30*time.Second
	DefaultFresh      = 2 * time.Minute
	// reviewWindow is how long the platform may hold a voucher (1229: 48 hours), and one more.
	reviewWindow = 49 * time.Hour
)

func (t Timing) withDefaults() Timing {
	if t.Retry == nil {
		t.Retry = RetryDelay
	}
	if t.Quarantine <= 0 {
		t.Quarantine = DefaultQuarantine
	}
	if t.Fresh <= 0 {
		t.Fresh = DefaultFresh
	}
	return t
}

// Driver redeems vouchers for a pos.Till: one customer at a time, as a lane
// has one; a second caller gets pos.ErrBusy. Redemption, void (undo within the
// platform's window), refund and undo after a doubt are its operations. Safe for
// concurrent use.
type Driver struct {
	cfg    DriverConfig
	m      *Merchant
	opened time.Time

	busy chan struct{} // holds one token while an operation runs
	end  chan struct{} // closed by Close

	mu     sync.Mutex
	closed bool
	sent   map[string]time.Time // when this process sent, or first asked for, an attempt
	looked map[[32]byte]*look   // by digest of the code
}

var (
	_ pos.Driver     = (*Driver)(nil)
	_ pos.Previewer  = (*Driver)(nil)
	_ pos.Identifier = (*Driver)(nil)
	_ pos.Shared     = (*Driver)(nil)
)

// Platform is how this platform is named in previews and on receipts.
const Platform = "douyin"

// NewDriver checks cfg. It sends nothing.
func NewDriver(cfg DriverConfig) (*Driver, error) {
	if cfg.Merchant == nil || cfg.Shop == "" {
		return nil, fmt.Errorf("douyin: %w: a driver needs a Merchant and its Shop", pos.ErrInvalid)
	}
	if cfg.Resolver == nil {
		cfg.Resolver = new(Resolver)
	}
	cfg.Timing = cfg.Timing.withDefaults()
	return &Driver{cfg: cfg, m: cfg.Merchant, opened: time.Now(), busy: make(chan struct{}, 1), end: make(chan struct{}),
		sent: map[string]time.Time{}, looked: map[[32]byte]*look{}}, nil
}

// Device names platform, merchant and shop.
func (d *Driver) Device() string {
	return fmt.Sprintf("douyin://%s/%s/%s", d.m.c.base.Host, pos.KeepID(string(d.m.account)), pos.KeepID(string(d.cfg.Shop)))
}

// Shared says that a doubt about one voucher does not block the others.
func (d *Driver) Shared() bool { return true }

// Close stops waiting, waits for a running call and refuses new ones. Closing
// twice is harmless.
func (d *Driver) Close() error {
	d.mu.Lock()
	first := !d.closed
	d.closed = true
	d.mu.Unlock()
	if first {
		close(d.end)
		d.busy <- struct{}{}
	}
	return nil
}

var errClosed = errors.New("douyin: the driver is closed")

func (d *Driver) acquire() (release func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errClosed
	}
	select {
	case d.busy <- struct{}{}:
		return func() { <-d.busy }, nil
	default:
		return nil, fmt.Errorf("douyin: %w: another voucher is being redeemed on this till", pos.ErrBusy)
	}
}

// Settle is unsupported: the platform settles by itself. See Reconcile.
func (d *Driver) Settle(context.Context, pos.Operation, pos.Session) (pos.Reply, error) {
	return pos.Reply{}, fmt.Errorf("douyin: %w: the platform settles by itself; reconcile instead", pos.ErrUnsupported)
}

// Transact redeems, voids, refunds or undoes. See pos.Driver for the rules.
// Errors before BeforeSend: pos.ErrBusy, pos.ErrInvalid, pos.ErrUnsupported,
// pos.ErrDeclined (the platform refuses the code), or the *Error of a platform
// that cannot be reached.
func (d *Driver) Transact(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	release, err := d.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	if err := d.check(op); err != nil {
		return pos.Reply{}, err
	}
	if err := ctx.Err(); err != nil {
		return pos.Reply{}, err
	}
	switch op.Op {
	case pos.OpRedeem:
		return d.redeem(ctx, op, s)
	case pos.OpVoid:
		return d.void(ctx, op, s)
	case pos.OpRefund:
		return d.refund(ctx, op, s)
	}
	return d.reverse(ctx, op, s)
}

// noRefund says what to do where the till cannot.
const noRefund = "this till cannot apply for refunds: within the hour void it, later give the money back in the platform's back office (来客 > 订单 > 退款)"

func (d *Driver) check(op pos.Operation) error {
	switch op.Op {
	case pos.OpRedeem:
	case pos.OpVoid, pos.OpRefund, pos.OpReversal:
		if op.Original == nil {
			return fmt.Errorf("douyin: %w: a %s needs its original", pos.ErrInvalid, op.Op)
		}
		if op.Original.Type != pos.TypeRedeem {
			return fmt.Errorf("douyin: %w: a %s of a %s", pos.ErrUnsupported, op.Op, op.Original.Type)
		}
		if op.Op == pos.OpRefund && d.cfg.Refund == nil {
			return fmt.Errorf("douyin: %w: %s", pos.ErrUnsupported, noRefund)
		}
	default:
		return fmt.Errorf("douyin: %w: a voucher platform has no %s", pos.ErrUnsupported, op.Op)
	}
	if op.Amount.Currency() != pos.CNY || op.Amount.Minor() <= 0 {
		return fmt.Errorf("douyin: %w: %s; want yuan above zero", pos.ErrInvalid, op.Amount)
	}
	return nil
}

// pause waits, unless ctx or the driver ends first.
func (d *Driver) pause(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-d.end:
		return false
	case <-timer.C:
		return true
	}
}

// sentMax bounds what one driver remembers: days of a busy lane.
const sentMax = 10_000

// sentNow remembers when this process sent an attempt.
func (d *Driver) sentNow(id pos.AttemptID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.sent) >= sentMax {
		clear(d.sent)
	}
	d.sent[string(id)] = time.Now()
}

// since is how long ago an attempt was sent at least: one of an earlier process
// was sent before this one began.
func (d *Driver) since(id pos.AttemptID) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at, ok := d.sent[string(id)]; ok {
		return time.Since(at)
	}
	return time.Since(d.opened)
}

// orders are the orders being redeemed in this process: of two lanes only one
// may have an order, for the platform's memory cannot tell them apart.
var orders orderLocks

type orderLocks struct {
	mu   sync.Mutex
	held map[string]bool
}

// take takes all or none.
func (l *orderLocks) take(keys []string) (release func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		if l.held[k] {
			return nil, false
		}
	}
	if l.held == nil {
		l.held = map[string]bool{}
	}
	for _, k := range keys {
		l.held[k] = true
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, k := range keys {
			delete(l.held, k)
		}
	}, true
}
