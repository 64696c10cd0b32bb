package unionpay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
)

// Terminal is a UnionPay terminal in software: a pos.Driver that speaks to the
// acquirer's host itself. It does one thing at a time: a second caller gets
// pos.ErrBusy at once. Safe for concurrent use.
type Terminal struct {
	cfg  Config
	tpdu cupproto.TPDU
	link *transport.Link

	busy    chan struct{}          // holds one token while an operation runs
	reserve uint32                 // trace numbers up to it are kept as used; guarded by busy
	next    uint32                 // trace number; guarded by busy
	signOn  bool                   // the host or a key problem asks for one; guarded by busy
	asked   []cupproto.HostRequest // what the host wants besides; guarded by busy
	used    time.Time              // of the connection; guarded by busy

	mu     sync.Mutex
	closed bool
	echo   *echo // the echo test that holds the token, or nil
	stop   context.CancelFunc
	alive  sync.WaitGroup
}

var (
	_ pos.Driver     = (*Terminal)(nil)
	_ pos.Identifier = (*Terminal)(nil)
)

// New prepares a terminal. Nothing is sent until it is used; with a long
// connection and KeepAlive a goroutine sends echo tests until Close.
func New(cfg Config) (*Terminal, error) {
	cfg.Profile.fill()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	t := &Terminal{cfg: cfg, busy: make(chan struct{}, 1)}
	t.tpdu, _ = cupproto.ParseTPDU(cfg.Profile.TPDU) // checked
	t.next = cfg.State.State().STAN
	t.reserve = t.next
	t.link = transport.NewLink(transport.LinkConfig{Dialer: cfg.Dialer, Framing: frame.Length{}, MaxFrame: cupproto.LengthPrefix + cupproto.MaxBody, Tap: cfg.Tap})
	ctx, stop := context.WithCancel(context.Background())
	t.stop = stop
	if p := cfg.Profile; p.Long && p.KeepAlive > 0 {
		t.alive.Go(func() { t.keepAlive(ctx, time.Duration(p.KeepAlive)) })
	}
	return t, nil
}

// Device names the terminal: number and host.
func (t *Terminal) Device() string {
	return "unionpay:" + t.cfg.Terminal + "@" + t.cfg.Dialer.String()
}

// Close ends the connection, waits for a running operation and closes the
// state. Closing twice is harmless.
func (t *Terminal) Close() error {
	t.mu.Lock()
	first := !t.closed
	t.closed = true
	t.mu.Unlock()
	if !first {
		return nil
	}
	t.stop()
	err := t.link.Close()
	t.busy <- struct{}{}
	<-t.busy
	t.alive.Wait()
	if t.next != t.reserve && t.next != 0 { // give back the trace numbers nobody used
		err = errors.Join(err, t.cfg.State.Keep(Change{STAN: t.next}))
	}
	return errors.Join(err, t.cfg.State.Close())
}

// acquire takes the terminal for one operation, or says pos.ErrBusy.
func (t *Terminal) acquire() (release func(), err error) {
	select {
	case t.busy <- struct{}{}:
	default:
		if !t.interruptEcho() {
			return nil, errBusy
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		<-t.busy
		return nil, fmt.Errorf("unionpay: %w", transport.ErrClosed)
	}
	return func() { <-t.busy }, nil
}

var errBusy = fmt.Errorf("unionpay: %w: the terminal is at work on something else", pos.ErrBusy)

// echo is an echo test that gives way to a customer.
type echo struct {
	cancel context.CancelFunc
	done   chan struct{} // the token is back
}

// interruptEcho ends the echo test that holds the token, if that is what holds
// it, and takes the token unless somebody else was quicker.
func (t *Terminal) interruptEcho() bool {
	t.mu.Lock()
	e := t.echo
	t.mu.Unlock()
	if e == nil {
		return false
	}
	e.cancel()
	<-e.done
	select {
	case t.busy <- struct{}{}:
		return true
	default:
		return false
	}
}

// keepAlive tests an idle connection, so that its death is found before the
// next customer does.
func (t *Terminal) keepAlive(ctx context.Context, idle time.Duration) {
	tick := time.NewTicker(max(idle/2, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		select {
		case t.busy <- struct{}{}:
		default:
			continue
		}
		if t.link.Connected() && time.Since(t.used) >= idle {
			t.echoIdle(ctx)
		} else {
			<-t.busy
		}
	}
}

// echoIdle runs one echo test and gives the token back. A caller that wants the
// terminal cuts it short; by the time it has the token nothing touches the
// connection any more.
func (t *Terminal) echoIdle(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e := &echo{cancel, make(chan struct{})}
	defer close(e.done)
	dropped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { t.link.Drop(); close(dropped) })
	t.hold(e)
	err := t.doEcho(ctx)
	t.hold(nil)
	if !stop() {
		<-dropped
	} else if err != nil {
		t.link.Drop()
	}
	<-t.busy
}

func (t *Terminal) hold(e *echo) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.echo = e
}

// maxSTAN is where the trace number (流水号) wraps; 0 is none.
const maxSTAN = 999_999

// stanBlock is how many trace numbers are kept as used at once: one write for
// many transactions. A crash skips what is left of a block.
const stanBlock = 64

// stan takes the next trace number. It is never used again in this batch: the
// number is durable before it is handed out.
func (t *Terminal) stan() (uint32, error) {
	if t.next == t.reserve {
		to := min(t.next%maxSTAN+stanBlock, maxSTAN)
		if err := t.cfg.State.Keep(Change{STAN: to}); err != nil {
			return 0, err
		}
		t.reserve = to
	}
	t.next = t.next%maxSTAN + 1
	return t.next, nil
}
