package transport

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// DefaultMaxFrame bounds a received frame, framing included, when LinkConfig
// does not: the largest APDU of ZVT (65,540 bytes) fully stuffed still fits.
const DefaultMaxFrame = 132 << 10

// Acks is the acknowledgement of a line where each frame is answered by one
// bare byte. The defaults are those of ZVT on RS-232 (PA00P016 rev. 04).
//
// The sender of a frame waits for the byte. NAK, or silence for T2, makes it
// repeat the frame, at most Repeats times, then Send fails with ErrNak or
// ErrNoAck and the connection is dropped. The receiver answers ACK as soon as
// a frame is complete and valid, before anybody looks at it, and NAK to one
// that is damaged or stops for T1 between two bytes.
//
// Two decisions where the document is silent:
//
//   - A frame equal to the one received before it, with no Send of ours
//     completed in between, is the peer repeating because our ACK was lost. It
//     is acknowledged again and not delivered again (EventRepeat in the Tap,
//     Stats.Repeats), unless DeliverRepeats is set. Only frames within the
//     peer's own repetition time count, twice T2.
//   - A new frame that arrives while we wait for an ACK is acknowledged and
//     kept for Receive. The peer would not answer what it did not get, so if
//     neither ACK nor NAK follows it within half a second, the frame counts as
//     acknowledged: repeating it could make a terminal take a payment twice.
type Acks struct {
	ACK, NAK       byte          // 0 means 06 and 15
	T1             time.Duration // longest gap inside a frame; 0 means 200 ms
	T2             time.Duration // wait for ACK or NAK; 0 means 5 s
	Repeats        int           // sends after the first; 0 means 2, negative none
	DeliverRepeats bool          // hand repeated frames to Receive as well
}

// answerGrace is how long a lost ACK may still turn up after its answer has.
const answerGrace = 500 * time.Millisecond

func (a *Acks) withDefaults() *Acks {
	if a == nil {
		return nil
	}
	full := *a
	if full.ACK == 0 && full.NAK == 0 {
		full.ACK, full.NAK = 0x06, 0x15
	}
	if full.T1 <= 0 {
		full.T1 = 200 * time.Millisecond
	}
	if full.T2 <= 0 {
		full.T2 = 5 * time.Second
	}
	switch {
	case full.Repeats == 0:
		full.Repeats = 2
	case full.Repeats < 0:
		full.Repeats = 0
	}
	return &full
}

// LinkConfig says how a Link is made. Dialer and Framing are required.
type LinkConfig struct {
	Dialer  Dialer
	Framing Framing
	// Acks is the line discipline; nil means frames are not acknowledged.
	Acks *Acks
	// MaxFrame bounds one received frame, framing included, in bytes;
	// 0 means DefaultMaxFrame.
	MaxFrame int
	// Tap records the conversation; nil records nothing.
	Tap *Tap
	// Backoff paces Redial.
	Backoff Backoff
}

// Link carries frames over one connection at a time and makes a new one when
// asked after the old one failed.
//
// All methods are safe for concurrent use. One Send and one Receive may be in
// progress together, so a second goroutine can send an abort while the first
// waits for the result; further Sends wait their turn. On a link with Acks
// somebody must be in Receive for the peer's frames to be acknowledged.
//
// Every error is a *LinkError. After a medium failure, a frame sent in part,
// ErrNak or ErrNoAck the connection is gone and Connect dials afresh; frames
// received before are still handed out by Receive. After a context ended or
// ErrDamaged it stays; after ErrDamaged, Drop it where the framing has no mark
// by which to find the next frame.
type Link struct {
	cfg  LinkConfig
	acks *Acks

	life    context.Context // ends with Close
	endLife context.CancelFunc
	dialing chan struct{} // one token: who dials

	mu    sync.Mutex
	sess  *session // nil before the first Connect and after Drop
	stats Stats
}

// Stats counts what passed a link since it was made.
type Stats struct {
	Connects       int // connections made
	FramesSent     int // Sends that succeeded
	FramesReceived int // frames delivered or waiting
	Resent         int // repetitions we sent
	Repeats        int // repetitions of the peer, not delivered
	Damaged        int // stretches of bytes that were no frame
}

// NewLink prepares a link. It does not connect. It panics without Dialer or
// Framing, which is a fault of the program and not of the line.
func NewLink(cfg LinkConfig) *Link {
	if cfg.Dialer == nil || cfg.Framing == nil {
		panic("transport: LinkConfig needs a Dialer and a Framing")
	}
	if cfg.MaxFrame <= 0 {
		cfg.MaxFrame = DefaultMaxFrame
	}
	life, end := context.WithCancel(context.Background())
	return &Link{cfg: cfg, acks: cfg.Acks.withDefaults(), life: life, endLife: end, dialing: make(chan struct{}, 1)}
}

// String returns the dialer's text.
func (l *Link) String() string { return l.cfg.Dialer.String() }

// Stats returns the counts so far.
func (l *Link) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Connect makes sure there is a connection, dialing if there is none. Errors:
// ErrClosed, the context's, or what the dialer said. Nothing was sent.
func (l *Link) Connect(ctx context.Context) error {
	if err := acquire(ctx, l.dialing, l.life.Done()); err != nil {
		return l.fail(OpConnect, 0, err)
	}
	defer release(l.dialing)
	l.mu.Lock()
	s := l.sess
	l.mu.Unlock()
	if s != nil && s.alive() == nil {
		return nil
	}
	if l.life.Err() != nil {
		return l.fail(OpConnect, 0, ErrClosed)
	}
	dialCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.life, cancel)()
	conn, err := l.cfg.Dialer.Dial(dialCtx)
	if err != nil {
		switch {
		case l.life.Err() != nil:
			err = ErrClosed
		case ctx.Err() != nil:
			err = fmt.Errorf("%w (%w)", contextError(ctx), err)
		case isTimeout(err):
			err = fmt.Errorf("%w: %w", ErrTimeout, err)
		}
		return l.fail(OpConnect, 0, err)
	}
	return l.adopt(conn)
}

// adopt starts a session on a fresh connection, unless Close came first.
func (l *Link) adopt(conn Conn) error {
	s := newSession(l, conn)
	l.mu.Lock()
	if l.life.Err() != nil {
		l.mu.Unlock()
		Abort(conn)
		return l.fail(OpConnect, 0, ErrClosed)
	}
	l.sess = s
	l.stats.Connects++
	l.cfg.Tap.Open(l.String())
	l.mu.Unlock()
	return nil
}

// Connected reports whether there is a connection not known to have failed. A
// peer that vanished silently is only found out by talking to it.
func (l *Link) Connected() bool {
	l.mu.Lock()
	s := l.sess
	l.mu.Unlock()
	return s != nil && s.failure() == nil
}

// Pending reports whether something of the peer waits that nobody has
// received, without waiting for more. A Conn that is no Checker can hide bytes
// that were never read.
func (l *Link) Pending() bool {
	l.mu.Lock()
	s := l.sess
	l.mu.Unlock()
	return s != nil && s.pending()
}

// Send sends one frame and, with Acks, returns when it is acknowledged.
//
// On error LinkError.Sent counts the bytes handed to the medium; see
// NothingSent. When ctx ends, Send returns at once; a frame that had left only
// in part takes the connection with it, so that its rest never follows.
func (l *Link) Send(ctx context.Context, payload []byte) error {
	s, err := l.current()
	if err != nil {
		return l.fail(OpSend, 0, err)
	}
	sent, err := s.send(ctx, payload)
	if err != nil {
		return l.failOn(s, OpSend, sent, err)
	}
	l.count(func(c *Stats) { c.FramesSent++ })
	return nil
}

// Receive returns the payload of the next frame; the slice is the caller's.
//
// Errors: ErrTimeout or the context's own (the connection stays and nothing is
// lost: bytes of an unfinished frame wait for the next Receive), ErrDamaged
// (only without Acks, which repeat instead), ErrLost, ErrClosed.
func (l *Link) Receive(ctx context.Context) ([]byte, error) {
	s, err := l.current()
	if err != nil {
		return nil, l.fail(OpReceive, 0, err)
	}
	payload, err := s.receive(ctx)
	if err != nil {
		return nil, l.failOn(s, OpReceive, 0, err)
	}
	return payload, nil
}

// Drop ends the connection, if there is one, without delivering bytes the peer
// has not been given yet. The link may Connect again. Blocked calls end with
// ErrClosed.
func (l *Link) Drop() {
	l.mu.Lock()
	s := l.sess
	l.sess = nil
	l.mu.Unlock()
	if s != nil {
		s.end(ErrClosed, true)
	}
}

// Close ends the link for good, and blocked calls with ErrClosed. A frame in
// the middle of being written is cut off; an idle connection closes the usual
// way. Closing twice is harmless.
func (l *Link) Close() error {
	l.mu.Lock()
	l.endLife()
	s := l.sess
	l.sess = nil
	l.mu.Unlock()
	if s == nil {
		return nil
	}
	return s.end(ErrClosed, false)
}

func (l *Link) current() (*session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.life.Err() != nil:
		return nil, ErrClosed
	case l.sess == nil:
		return nil, ErrNotConnected
	}
	return l.sess, nil
}

func (l *Link) count(change func(*Stats)) {
	l.mu.Lock()
	change(&l.stats)
	l.mu.Unlock()
}

func (l *Link) fail(op string, sent int, err error) error {
	return &LinkError{Op: op, Peer: l.String(), Sent: sent, Err: err}
}

// failOn adds what a session knows: the protocol of a peer not understood.
func (l *Link) failOn(s *session, op string, sent int, err error) error {
	e := &LinkError{Op: op, Peer: l.String(), Sent: sent, Err: err}
	if !errors.Is(err, ErrClosed) {
		e.Guess = s.guess()
	}
	return e
}

// acquire takes the token of lock, unless ctx or done ends first.
func acquire(ctx context.Context, lock chan struct{}, done <-chan struct{}) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	select {
	case lock <- struct{}{}:
		return nil
	default:
	}
	select {
	case lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	case <-done:
		return ErrClosed
	}
}

func release(lock chan struct{}) { <-lock }
