package transport

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/openecr/openecr/internal/ctxwatch"
)

const (
	// firstBuffer is what a waiting link costs; it grows with what arrives.
	firstBuffer = 512
	// keepBuffer is the largest buffer an idle link keeps.
	keepBuffer = 4 << 10
	// maxQueue bounds frames received while nobody called Receive. The longest
	// burst seen is a receipt of some dozen blocks.
	maxQueue = 256
	// headKeep is how much of an unintelligible peer is kept to guess from.
	headKeep = 16
	// deadlineSlack forgives a medium that times out a little early.
	deadlineSlack = 20 * time.Millisecond
	// maxEmptyReads is how often a Read may return nothing at all in a row.
	maxEmptyReads = 100
)

// session is one connection of a link. Whoever holds the baton reads and
// parses for everybody: a Receive finds acknowledgements for a waiting Send, a
// Send finds frames for a later Receive. No goroutine of its own.
type session struct {
	link *Link
	conn Conn
	acks *Acks

	baton   chan struct{} // the right to read
	sending chan struct{} // the right to send a frame, acknowledgement included
	writing chan struct{} // the right to write: keeps ACK bytes out of frames

	sendWake chan struct{} // something happened a waiting Send may care about
	recvWake chan struct{}
	done     chan struct{} // closed with err set

	mu         sync.Mutex
	err        error    // why the session ended
	queue      [][]byte // frames nobody has received yet
	waiting    bool     // a Send waits for its acknowledgement
	verdict    verdict
	answeredAt time.Time // a new frame arrived during that wait
	lastSum    [sha256.Size]byte
	lastAt     time.Time // when the last frame was acknowledged; zero: none, or answered since
	head       []byte    // the first bytes of the peer, until it is understood
	understood bool

	// The baton's holder owns these.
	buf     []byte // received; parsed up to off
	off     int
	readErr error // came together with data, due after it
	noisy   bool  // bytes outside frames since the last good one
	empty   int   // Reads in a row that returned nothing

	// The holder of sending owns these.
	out  []byte
	owed bool // an acknowledgement of an earlier frame may still arrive
}

type verdict int

const (
	pending verdict = iota
	acked
	naked
	silent
)

func newSession(l *Link, conn Conn) *session {
	s := &session{link: l, conn: conn, acks: l.acks}
	s.baton = make(chan struct{}, 1)
	s.sending = make(chan struct{}, 1)
	s.writing = make(chan struct{}, 1)
	s.sendWake = make(chan struct{}, 1)
	s.recvWake = make(chan struct{}, 1)
	s.done = make(chan struct{})
	return s
}

// end closes the session once. Unless abort is set, or a frame is being
// written, bytes already written may still reach the peer.
func (s *session) end(why error, abort bool) error {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return nil
	}
	s.err = why
	close(s.done)
	s.mu.Unlock()
	s.link.cfg.Tap.Shut(why.Error())
	select {
	case s.writing <- struct{}{}: // and keep it: nobody writes any more
	default:
		abort = true
	}
	if abort {
		return Abort(s.conn)
	}
	s.conn.SetReadDeadline(ctxwatch.Past)
	return s.conn.Close()
}

// acquire takes a token of this session, or says why the session ended.
func (s *session) acquire(ctx context.Context, lock chan struct{}) error {
	err := acquire(ctx, lock, s.done)
	if err != nil && ctx.Err() == nil {
		err = s.failure()
	}
	return err
}

func (s *session) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// alive is failure, after asking the medium where it can tell.
func (s *session) alive() error {
	if err := s.failure(); err != nil {
		return err
	}
	if c, ok := s.conn.(Checker); ok {
		if _, err := c.Check(); err != nil {
			s.end(lost(err), true)
		}
	}
	return s.failure()
}

// pending reports whether something of the peer waits that nobody has received.
func (s *session) pending() bool {
	s.mu.Lock()
	queued := len(s.queue) > 0
	s.mu.Unlock()
	if queued {
		return true
	}
	select {
	case s.baton <- struct{}{}:
	default:
		return false // somebody is receiving it
	}
	defer release(s.baton)
	if s.off < len(s.buf) {
		return true
	}
	c, ok := s.conn.(Checker)
	if !ok {
		return false
	}
	waits, err := c.Check()
	return waits && err == nil
}

func (s *session) guess() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return GuessProtocol(s.head)
}

// receive returns the next frame, reading if the baton is free.
func (s *session) receive(ctx context.Context) ([]byte, error) {
	for {
		if ctx.Err() != nil {
			return nil, contextError(ctx)
		}
		if payload, ok := s.pop(); ok {
			return payload, nil
		}
		if err := s.failure(); err != nil {
			return nil, err
		}
		select {
		case s.baton <- struct{}{}:
			var err error
			if !s.queued() {
				err = s.step(ctx, time.Time{})
			}
			release(s.baton)
			if err != nil {
				return nil, err
			}
		case <-s.recvWake:
		case <-ctx.Done():
		case <-s.done:
		}
	}
}

func (s *session) pop() ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return nil, false
	}
	payload := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	if len(s.queue) == 0 {
		s.queue = nil
	}
	return payload, true
}

func (s *session) queued() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue) > 0
}

// send frames and writes payload; the count is of bytes handed to the medium.
func (s *session) send(ctx context.Context, payload []byte) (int, error) {
	if err := s.acquire(ctx, s.sending); err != nil {
		return 0, err
	}
	defer release(s.sending)
	if err := s.alive(); err != nil {
		return 0, err
	}
	frame, err := s.link.cfg.Framing.AppendFrame(s.out[:0], payload)
	if err != nil {
		return 0, err
	}
	defer s.wipe(frame)
	if s.acks == nil {
		s.link.cfg.Tap.Frame(Sent, payload)
		return s.write(ctx, frame)
	}
	return s.sendAcked(ctx, payload, frame)
}

// wipe forgets what was sent, and keeps the buffer if it is small.
func (s *session) wipe(frame []byte) {
	clear(frame[:cap(frame)])
	s.out = nil
	if cap(frame) <= firstBuffer {
		s.out = frame[:0]
	}
}

// sendAcked writes frame until it is acknowledged or the repeats are used up.
func (s *session) sendAcked(ctx context.Context, payload, frame []byte) (sent int, err error) {
	defer s.stopWaiting()
	if s.owed {
		// An earlier frame was repeated or given up: let its acknowledgement
		// arrive now, or it would be taken for this frame's.
		s.startWaiting()
		if _, err := s.await(ctx, s.acks.T1); err != nil {
			return 0, err
		}
		s.owed = false
	}
	last := silent
	for try := 0; try <= s.acks.Repeats; try++ {
		if try > 0 {
			s.link.count(func(c *Stats) { c.Resent++ })
		}
		s.startWaiting()
		s.link.cfg.Tap.Frame(Sent, payload)
		n, err := s.write(ctx, frame)
		sent += n
		if err != nil {
			return sent, err
		}
		last, err = s.await(ctx, s.acks.T2)
		if err != nil {
			s.owed = true
			return sent, err
		}
		if last == acked {
			return sent, nil
		}
		if last == silent {
			s.owed = true
		}
	}
	err = ErrNoAck
	if last == naked {
		err = ErrNak
	}
	err = fmt.Errorf("%w after sending %d times", err, s.acks.Repeats+1)
	s.end(err, true)
	return sent, err
}

func (s *session) startWaiting() {
	s.mu.Lock()
	s.waiting, s.verdict, s.answeredAt = true, pending, time.Time{}
	s.mu.Unlock()
}

// stopWaiting ends the wait. A frame the peer has taken answers its last one:
// what comes next is new, even if it looks the same.
func (s *session) stopWaiting() {
	s.mu.Lock()
	if s.verdict == acked {
		s.lastAt = time.Time{}
	}
	s.waiting = false
	s.mu.Unlock()
}

// await waits at most d for the acknowledgement of the frame just written.
func (s *session) await(ctx context.Context, d time.Duration) (verdict, error) {
	until := time.Now().Add(d)
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		v, limit := s.judge(until)
		if v != pending {
			return v, nil
		}
		if ctx.Err() != nil {
			return pending, contextError(ctx)
		}
		if err := s.failure(); err != nil {
			return pending, err
		}
		timer.Reset(time.Until(limit))
		select {
		case s.baton <- struct{}{}:
			var err error
			if v, limit := s.judge(until); v == pending {
				err = s.step(ctx, limit)
			}
			release(s.baton)
			if err != nil {
				return pending, err
			}
		case <-s.sendWake:
		case <-timer.C:
		case <-ctx.Done():
		case <-s.done:
		}
	}
}

// judge says what is known of the frame being waited for, and until when to
// wait on. See Acks for why an answer counts as an acknowledgement.
func (s *session) judge(until time.Time) (verdict, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.verdict != pending {
		return s.verdict, until
	}
	if !s.answeredAt.IsZero() {
		if grace := s.answeredAt.Add(answerGrace); grace.Before(until) {
			until = grace
		}
	}
	if time.Now().Before(until) {
		return pending, until
	}
	if s.answeredAt.IsZero() {
		return silent, until
	}
	s.verdict = acked
	return acked, until
}

// write hands p to the medium, whole, unless ctx ends. Any failure after the
// first call of Write ends the session: half a frame is on the line, or may be.
func (s *session) write(ctx context.Context, p []byte) (int, error) {
	if err := s.acquire(ctx, s.writing); err != nil {
		return 0, err
	}
	n, err := s.writeLocked(ctx, p)
	if err != nil {
		s.end(err, true)
		if why := s.failure(); errors.Is(why, ErrClosed) {
			err = why // our own Close or Drop is the cause, not its effect
		}
	}
	release(s.writing)
	return n, err
}

func (s *session) writeLocked(ctx context.Context, p []byte) (int, error) {
	if err := s.failure(); err != nil {
		return 0, err
	}
	deadline, _ := ctx.Deadline()
	if err := s.conn.SetWriteDeadline(deadline); err != nil {
		return 0, lost(err)
	}
	unwatch := ctxwatch.Watch(ctx, func() { s.conn.SetWriteDeadline(ctxwatch.Past) })
	n, err := writeAll(s.conn, p)
	unwatch()
	switch {
	case err == nil:
		return n, nil
	case ctx.Err() != nil:
		return n, contextError(ctx)
	case isTimeout(err):
		return n, fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return n, lost(err)
}

// writeAll survives media whose Write is short without an error.
func writeAll(w io.Writer, p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		n, err := w.Write(p[sent:])
		sent += max(n, 0)
		if err != nil {
			return min(sent, len(p)), err
		}
		if n <= 0 {
			return sent, io.ErrShortWrite
		}
	}
	return sent, nil
}

// acknowledge writes one ACK or NAK byte between frames.
func (s *session) acknowledge(positive bool) error {
	b := s.acks.NAK
	if positive {
		b = s.acks.ACK
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.acks.T2)
	defer cancel()
	s.link.cfg.Tap.Ack(Sent, positive)
	_, err := s.write(ctx, []byte{b})
	return err
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
