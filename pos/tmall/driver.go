package tmall

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
)

// DriverConfig is what a Driver needs. Client, Issued and Seal must be given.
type DriverConfig struct {
	Client *Client
	// Station says who redeems; empty for a trusted seller (信任卖家).
	Station Station
	// Issued finds the ticket of a code among the notices of issue (发码通知) the
	// shop has kept. An unknown code is an error that wraps pos.ErrDeclined.
	Issued func(ctx context.Context, code pos.Secret) (Issued, error)
	// Seal (AES-256-GCM, say) encrypts the codes and tokens that the journal must
	// keep to ask after a crash. All tills that read one journal share it.
	Seal cipher.AEAD
	// Refusals are codes (sub_code, or code without one) of error_response with
	// which the platform refuses and does nothing. They are not published: add
	// those you know. "ret_code 0" is one by the platform's own word.
	Refusals []string
	// Book is the till's journal, to read: which codes another lane has in doubt.
	Book Book
	// Timing is the driver's patience; zero fields take the defaults.
	Timing Timing
}

// Book is the part of a pos.Journal that a Driver reads.
type Book interface {
	Find(ctx context.Context, f pos.Filter) ([]pos.Attempt, error)
}

// Timing is how long a Driver is patient, on the monotonic clock.
type Timing struct {
	// Quarantine since sending, before "not in the log" is believed; default 40 s.
	Quarantine time.Duration
	// Fresh is how long a preview may be redeemed without looking again; default 2 minutes.
	Fresh time.Duration
}

// Defaults of Timing.
const (
	DefaultQuarantine = CallTimeout + 30*time.Second
	DefaultFresh      = 2 * time.Minute
)

func (t Timing) withDefaults() Timing {
	if t.Quarantine <= 0 {
		t.Quarantine = DefaultQuarantine
	}
	if t.Fresh <= 0 {
		t.Fresh = DefaultFresh
	}
	return t
}

// Driver redeems one shop's e-tickets for a pos.Till, one customer at a time; a
// second caller gets pos.ErrBusy. Safe for concurrent use.
type Driver struct {
	cfg    DriverConfig
	c      *Client
	opened time.Time

	busy chan struct{} // holds one token while an operation runs
	end  chan struct{} // closed by Close

	mu     sync.Mutex
	closed bool
	sent   map[pos.AttemptID]time.Time // when this process sent an attempt
	looked map[string]look             // by tag
}

var (
	_ pos.Driver     = (*Driver)(nil)
	_ pos.Previewer  = (*Driver)(nil)
	_ pos.Identifier = (*Driver)(nil)
	_ pos.Shared     = (*Driver)(nil)
)

// Platform is how this platform is named in previews and on receipts.
const Platform = "tmall"

// NewDriver checks cfg. It sends nothing.
func NewDriver(cfg DriverConfig) (*Driver, error) {
	if cfg.Client == nil || cfg.Issued == nil || cfg.Seal == nil {
		return nil, fmt.Errorf("tmall: %w: a driver needs Client, Issued and Seal", pos.ErrInvalid)
	}
	cfg.Timing = cfg.Timing.withDefaults()
	return &Driver{cfg: cfg, c: cfg.Client, opened: time.Now(), busy: make(chan struct{}, 1), end: make(chan struct{}),
		sent: map[pos.AttemptID]time.Time{}, looked: map[string]look{}}, nil
}

// Device names platform, application and station.
func (d *Driver) Device() string {
	return fmt.Sprintf("%s/merchant/%s/pos/%s", d.c, pos.KeepID(string(d.cfg.Station.Merchant)), pos.KeepID(d.cfg.Station.POS))
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

var errClosed = errors.New("tmall: the driver is closed")

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
		return nil, fmt.Errorf("tmall: %w: another voucher is being redeemed on this till", pos.ErrBusy)
	}
}

// Settle is unsupported: the platform settles by itself. See Client.Logs.
func (d *Driver) Settle(context.Context, pos.Operation, pos.Session) (pos.Reply, error) {
	return pos.Reply{}, fmt.Errorf("tmall: %w: the platform settles by itself; reconcile instead", pos.ErrUnsupported)
}

// Transact redeems, voids or undoes. See pos.Driver for the rules. Errors before
// BeforeSend: pos.ErrBusy, pos.ErrInvalid, pos.ErrUnsupported, pos.ErrDeclined
// (the platform refuses the code), or the *Error of a platform out of reach.
func (d *Driver) Transact(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	release, err := d.acquire()
	if err != nil {
		return pos.Reply{}, err
	}
	defer release()
	if err := check(op); err != nil {
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
	}
	return d.reverse(ctx, op, s)
}

func check(op pos.Operation) error {
	switch op.Op {
	case pos.OpRedeem:
	case pos.OpVoid, pos.OpReversal:
		if op.Original == nil {
			return fmt.Errorf("tmall: %w: a %s needs its original", pos.ErrInvalid, op.Op)
		}
		if op.Original.Type != pos.TypeRedeem {
			return fmt.Errorf("tmall: %w: a %s of a %s", pos.ErrUnsupported, op.Op, op.Original.Type)
		}
	case pos.OpRefund:
		return fmt.Errorf("tmall: %w: give the money back in the platform's back office (卖家中心)", pos.ErrUnsupported)
	default:
		return fmt.Errorf("tmall: %w: a voucher platform has no %s", pos.ErrUnsupported, op.Op)
	}
	if op.Amount.Currency() != pos.CNY || op.Amount.Minor() <= 0 {
		return fmt.Errorf("tmall: %w: %s; want yuan above zero", pos.ErrInvalid, op.Amount)
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

func (d *Driver) sentNow(id pos.AttemptID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.sent) >= sentMax {
		clear(d.sent)
	}
	d.sent[id] = time.Now()
}

// since is how long ago an attempt was sent at least: one of an earlier process
// was sent before this one began.
func (d *Driver) since(id pos.AttemptID) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at, ok := d.sent[id]; ok {
		return time.Since(at)
	}
	return time.Since(d.opened)
}

// settled reports whether nothing of an attempt can be on its way any more.
func (d *Driver) settled(id pos.AttemptID) bool { return d.since(id) >= d.cfg.Timing.Quarantine }

// definite reports whether the platform is known to have done nothing.
func (d *Driver) definite(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Class != ErrRefused {
		return false
	}
	code, _ := e.words()
	return code == "ret_code 0" || slices.Contains(d.cfg.Refusals, code)
}

// inUse are the codes being redeemed in this process: of two lanes only one may have a code.
var inUse codeLocks

type codeLocks struct {
	mu   sync.Mutex
	held map[string]bool
}

// take takes all or none.
func (l *codeLocks) take(keys []string) (release func(), ok bool) {
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
