package transporttest

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/internal/ctxwatch"
	"github.com/openecr/openecr/transport"
)

// Dialer lets a simulator hold the port through a Link: closing or dropping
// what it dials leaves the port open for the next Dial, as a terminal keeps
// its socket when it gives up on a message. One connection at a time is in
// use; the next Dial ends the one before.
func (p *PTY) Dialer() transport.Dialer {
	var current atomic.Pointer[ptySession]
	return transport.DialFunc("serial://"+p.Path, func(context.Context) (transport.Conn, error) {
		s := &ptySession{p: p}
		if before := current.Swap(s); before != nil {
			before.Close()
		}
		return s, p.SetDeadline(time.Time{})
	})
}

type ptySession struct {
	p      *PTY
	closed atomic.Bool
}

func (s *ptySession) Read(b []byte) (int, error) {
	if s.closed.Load() {
		return 0, os.ErrClosed
	}
	n, err := s.p.Read(b)
	return n, s.named(err)
}

func (s *ptySession) Write(b []byte) (int, error) {
	if s.closed.Load() {
		return 0, os.ErrClosed
	}
	n, err := s.p.Write(b)
	return n, s.named(err)
}

func (s *ptySession) named(err error) error {
	if s.closed.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
		return os.ErrClosed
	}
	return err
}

func (s *ptySession) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return s.p.SetDeadline(ctxwatch.Past)
}

func (s *ptySession) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

func (s *ptySession) SetReadDeadline(t time.Time) error { return s.set(s.p.SetReadDeadline, t) }

func (s *ptySession) SetWriteDeadline(t time.Time) error { return s.set(s.p.SetWriteDeadline, t) }

func (s *ptySession) set(set func(time.Time) error, t time.Time) error {
	if s.closed.Load() {
		return os.ErrClosed
	}
	err := set(t)
	if s.closed.Load() {
		set(ctxwatch.Past)
	}
	return err
}
