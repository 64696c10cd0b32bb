package transport

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/openecr/openecr/internal/ctxwatch"
)

// step makes one piece of progress: it parses what is there or, if that is not
// enough, reads once. The caller holds the baton. until bounds the read; that
// it passed is no error. An error is for the caller's own caller.
func (s *session) step(ctx context.Context, until time.Time) error {
	if progress, err := s.parse(); progress || err != nil {
		return err
	}
	return s.fill(ctx, until)
}

// fill reads once, until data, until, T1 inside a frame, or the end of ctx.
func (s *session) fill(ctx context.Context, until time.Time) error {
	if s.readErr != nil {
		return s.broken(s.readErr)
	}
	s.makeRoom()
	deadline, gap := until, false
	if s.acks != nil && (len(s.buf) > 0 || s.noisy) {
		if t1 := time.Now().Add(s.acks.T1); deadline.IsZero() || t1.Before(deadline) {
			deadline, gap = t1, true
		}
	}
	if err := s.conn.SetReadDeadline(deadline); err != nil {
		return s.broken(err)
	}
	unwatch := ctxwatch.Watch(ctx, func() { s.conn.SetReadDeadline(ctxwatch.Past) })
	n, err := s.conn.Read(s.buf[len(s.buf):cap(s.buf)])
	ended := unwatch()
	s.buf = s.buf[:len(s.buf)+n]
	if n > 0 {
		s.empty = 0
		s.remember(s.buf[len(s.buf)-n:])
	}
	switch {
	case err == nil && n == 0:
		if s.empty++; s.empty > maxEmptyReads {
			return s.broken(io.ErrNoProgress)
		}
		return nil
	case err == nil:
		return nil
	case !isTimeout(err):
		s.readErr = err
		if n > 0 {
			return nil
		}
		return s.broken(err)
	case n > 0 || ended || ctx.Err() != nil:
		return nil
	case deadline.IsZero() || time.Until(deadline) > deadlineSlack:
		return s.broken(err) // no deadline of ours
	case gap:
		return s.gapInFrame()
	}
	return nil
}

// broken ends the session because reading failed.
func (s *session) broken(err error) error {
	s.end(lost(err), true)
	return s.failure()
}

// gapInFrame is T1 running out: the rest of a frame is not coming.
func (s *session) gapInFrame() error {
	s.noisy = false
	s.discard(len(s.buf))
	return s.acknowledge(false)
}

// makeRoom moves unparsed bytes to the front and leaves space behind them.
func (s *session) makeRoom() {
	if s.off > 0 {
		s.buf = s.buf[:copy(s.buf, s.buf[s.off:])]
		s.off = 0
	}
	if len(s.buf) == 0 && cap(s.buf) > keepBuffer {
		s.buf = nil
	}
	if len(s.buf) == cap(s.buf) {
		s.buf = slices.Grow(s.buf, max(firstBuffer, len(s.buf)))
	}
}

// remember keeps the peer's first bytes until a frame has been understood.
func (s *session) remember(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.understood || len(s.head) >= headKeep {
		return
	}
	s.head = append(s.head, data[:min(len(data), headKeep-len(s.head))]...)
}

// parse takes one event from the buffer; false means it needs more bytes.
func (s *session) parse() (bool, error) {
	rest := s.buf[s.off:]
	if len(rest) == 0 {
		return false, nil
	}
	if s.acks != nil && (rest[0] == s.acks.ACK || rest[0] == s.acks.NAK) {
		s.off++
		s.heard(rest[0] == s.acks.ACK)
		return true, nil
	}
	payload, size, err := s.link.cfg.Framing.Split(rest)
	switch {
	case size == 0 && err == nil && len(rest) < s.link.cfg.MaxFrame:
		return false, nil
	case size == 0 && err == nil:
		return true, s.tooLong(len(rest))
	case size <= 0 || size > len(rest):
		if err == nil {
			err = fmt.Errorf("framing returned size %d of %d", size, len(rest))
		}
		return true, s.garbage(len(rest), err)
	case err != nil:
		return true, s.garbage(size, err)
	case size > s.link.cfg.MaxFrame:
		return true, s.tooLong(size)
	}
	own := append(make([]byte, 0, len(payload)), payload...)
	s.off += size
	return true, s.accept(own)
}

// heard notes an ACK or NAK; one that nobody waits for means nothing.
func (s *session) heard(positive bool) {
	s.link.cfg.Tap.Ack(Received, positive)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.waiting || s.verdict != pending {
		return
	}
	s.understood, s.head = true, nil
	s.verdict = naked
	if positive {
		s.verdict = acked
	}
	wake(s.sendWake)
}

// garbage skips bytes that are no frame. Acknowledged lines ask again: at once
// for a damaged frame, after T1 of silence for noise, which may be the remains
// of a frame or nothing at all.
func (s *session) garbage(size int, cause error) error {
	s.discard(size)
	if isNoise(cause) {
		s.noisy = true
		return nil
	}
	if s.acks != nil {
		s.noisy = false
		return s.acknowledge(false)
	}
	return fmt.Errorf("%w: %w", ErrDamaged, cause)
}

// tooLong gives up on a frame beyond MaxFrame. An acknowledged line falls
// silent and begins again; elsewhere nobody knows where the next frame starts.
func (s *session) tooLong(size int) error {
	err := fmt.Errorf("longer than %d bytes", s.link.cfg.MaxFrame)
	err = s.garbage(size, err)
	if s.acks == nil {
		s.end(err, true)
	}
	return err
}

func (s *session) discard(size int) {
	if size == 0 {
		return
	}
	s.off += size
	s.link.cfg.Tap.damaged(size)
	s.link.count(func(c *Stats) { c.Damaged++ })
}

// accept acknowledges a good frame, then queues it unless it is a repetition.
func (s *session) accept(payload []byte) error {
	s.noisy = false
	var ackErr error
	repeat := s.isRepeat(payload)
	if repeat {
		s.link.cfg.Tap.repeat(payload)
		s.link.count(func(c *Stats) { c.Repeats++ })
	} else {
		s.link.cfg.Tap.Frame(Received, payload)
	}
	if s.acks != nil {
		ackErr = s.acknowledge(true)
	}
	if repeat {
		return ackErr
	}
	s.link.count(func(c *Stats) { c.FramesReceived++ })
	s.mu.Lock()
	s.queue = append(s.queue, payload)
	flood := len(s.queue) > maxQueue
	if s.waiting && s.answeredAt.IsZero() {
		s.answeredAt = time.Now()
		wake(s.sendWake)
	}
	wake(s.recvWake)
	s.mu.Unlock()
	if flood {
		s.end(ErrFlood, true)
	}
	return nil // a failed ACK has ended the session; the frame is good all the same
}

// isRepeat reports whether payload is the peer saying its last frame again,
// and remembers it. Only a digest is kept: frames hold card data.
func (s *session) isRepeat(payload []byte) bool {
	sum := sha256.Sum256(payload)
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.understood, s.head = true, nil
	if s.acks == nil || s.acks.DeliverRepeats {
		return false
	}
	repeat := !s.lastAt.IsZero() && sum == s.lastSum && now.Sub(s.lastAt) < 2*s.acks.T2
	s.lastSum, s.lastAt = sum, now
	return repeat
}
