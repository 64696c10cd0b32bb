package escpos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/openecr/openecr/internal/ctxwatch"
	"github.com/openecr/openecr/transport"
)

// session is one open connection. One goroutine uses it.
type session struct {
	p     *Printer
	conn  transport.Conn
	buf   []byte   // read and not understood yet
	marks []answer // of the stream, in order, not yet looked at
	texts []string
}

// maxMarks bounds answers nobody asked for.
const maxMarks = 64

// maxNoise bounds bytes of an answer that never ends.
const maxNoise = 4 * maxAnswer

// write hands bytes to the medium and returns how many it took. A printer that
// takes nothing is waited for until ctx ends.
func (s *session) write(ctx context.Context, p []byte) (sent int, err error) {
	for sent < len(p) {
		if ctx.Err() != nil {
			return sent, context.Cause(ctx)
		}
		if err := s.conn.SetWriteDeadline(time.Now().Add(s.p.cfg.Poll)); err != nil {
			return sent, err
		}
		unwatch := ctxwatch.Watch(ctx, func() { s.conn.SetWriteDeadline(ctxwatch.Past) })
		n, err := s.conn.Write(p[sent:])
		unwatch()
		sent += n
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return sent, fmt.Errorf("%w: %w", ErrCut, err)
		}
	}
	return sent, nil
}

// next returns the next answer, or ok false when none came within wait.
func (s *session) next(ctx context.Context, wait time.Duration) (a answer, ok bool, err error) {
	end := time.Now().Add(wait)
	for {
		for len(s.buf) > 0 {
			a, size := parseAnswer(s.buf)
			if size == 0 && len(s.buf) > maxNoise {
				size = 1
			}
			if size == 0 {
				break
			}
			s.buf = s.buf[size:]
			if a.kind != 0 {
				return a, true, nil
			}
		}
		if ctx.Err() != nil {
			return a, false, context.Cause(ctx)
		}
		if err := s.read(ctx, end); errors.Is(err, os.ErrDeadlineExceeded) {
			if ctx.Err() != nil {
				return a, false, context.Cause(ctx)
			}
			return a, false, nil
		} else if err != nil {
			return a, false, err
		}
	}
}

func (s *session) read(ctx context.Context, end time.Time) error {
	if err := s.conn.SetReadDeadline(end); err != nil {
		return err
	}
	unwatch := ctxwatch.Watch(ctx, func() { s.conn.SetReadDeadline(ctxwatch.Past) })
	var chunk [256]byte
	n, err := s.conn.Read(chunk[:])
	unwatch()
	s.buf = append(s.buf, chunk[:n]...)
	if n > 0 {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrCut, err)
	}
	return err
}

// keep puts an answer where those who wait for it look.
func (s *session) keep(a answer) {
	switch a.kind {
	case answerStatus, answerProcess:
		if len(s.marks) < maxMarks {
			s.marks = append(s.marks, a)
		}
	case answerText:
		if len(s.texts) < maxMarks {
			s.texts = append(s.texts, a.text)
		}
	}
}

// realTime asks DLE EOT n and returns the byte. Bytes that came before the
// question are no answer to it.
func (s *session) realTime(ctx context.Context, n byte) (byte, error) {
	for {
		a, ok, err := s.next(ctx, 0)
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
		s.keep(a)
	}
	if _, err := s.write(ctx, []byte{0x10, 0x04, n}); err != nil {
		return 0, err
	}
	for end := time.Now().Add(s.p.cfg.Answer); ; {
		a, ok, err := s.next(ctx, time.Until(end))
		switch {
		case err != nil:
			return 0, err
		case !ok:
			return 0, ErrNoAnswer
		case a.kind == answerRealTime:
			return a.code, nil
		}
		s.keep(a)
	}
}

// status asks all four.
func (s *session) status(ctx context.Context) (Status, error) {
	var raw [4]byte
	for i := range raw {
		c, err := s.realTime(ctx, byte(i+1))
		if err != nil {
			return Status{}, err
		}
		raw[i] = c
	}
	return DecodeStatus(raw, s.p.cfg.DrawerOpen), nil
}

// identity asks GS I n.
func (s *session) identity(ctx context.Context, n byte) (string, error) {
	s.texts = nil
	if _, err := s.write(ctx, []byte{0x1D, 0x49, n}); err != nil {
		return "", err
	}
	for end := time.Now().Add(s.p.cfg.Answer); ; {
		a, ok, err := s.next(ctx, time.Until(end))
		switch {
		case err != nil:
			return "", err
		case !ok:
			return "", ErrNoAnswer
		case a.kind == answerText:
			return a.text, nil
		}
		s.keep(a)
	}
}
