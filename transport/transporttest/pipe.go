package transporttest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/openecr/openecr/transport"
)

// pipeBuffer is how much one direction of a Pipe holds before Write blocks,
// about what a pty or a small socket buffer holds.
const pipeBuffer = 16 << 10

// PipeConn is one end of a Pipe.
type PipeConn struct {
	in, out *half
}

var (
	_ transport.Conn    = (*PipeConn)(nil)
	_ transport.Aborter = (*PipeConn)(nil)
	_ transport.Checker = (*PipeConn)(nil)
)

// Pipe returns two connected ends in memory, buffered like a socket, with
// deadlines, usable inside testing/synctest. Bytes written before Close are
// still read by the peer, then io.EOF; Abort discards what was not read yet.
func Pipe() (a, b *PipeConn) {
	ab, ba := newHalf(), newHalf()
	return &PipeConn{in: ba, out: ab}, &PipeConn{in: ab, out: ba}
}

// half is one direction.
type half struct {
	mu         sync.Mutex
	changed    *sync.Cond
	data       []byte
	noWriter   bool // the writing end closed
	noReader   bool // the reading end closed
	readLimit  limit
	writeLimit limit
}

type limit struct {
	at    time.Time
	timer *time.Timer
}

func newHalf() *half {
	h := new(half)
	h.changed = sync.NewCond(&h.mu)
	return h
}

// Read implements transport.Conn.
func (c *PipeConn) Read(p []byte) (int, error) {
	h := c.in
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.noReader:
			return 0, net.ErrClosed
		case h.readLimit.passed():
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(h.data) > 0:
			n := copy(p, h.data)
			h.data = h.data[n:]
			if len(h.data) == 0 {
				h.data = nil
			}
			h.changed.Broadcast()
			return n, nil
		case h.noWriter:
			return 0, io.EOF
		}
		h.changed.Wait()
	}
}

// Write implements transport.Conn.
func (c *PipeConn) Write(p []byte) (int, error) {
	h := c.out
	h.mu.Lock()
	defer h.mu.Unlock()
	sent := 0
	for {
		switch {
		case h.noWriter:
			return sent, net.ErrClosed
		case h.noReader:
			return sent, io.ErrClosedPipe
		case h.writeLimit.passed():
			return sent, os.ErrDeadlineExceeded
		case sent == len(p):
			return sent, nil
		}
		if room := pipeBuffer - len(h.data); room > 0 {
			n := min(room, len(p)-sent)
			h.data = append(h.data, p[sent:sent+n]...)
			sent += n
			h.changed.Broadcast()
			continue
		}
		h.changed.Wait()
	}
}

// Close ends this end; the peer reads what was written, then io.EOF.
func (c *PipeConn) Close() error { return c.shut(false) }

// Abort ends this end and takes back what the peer has not read.
func (c *PipeConn) Abort() error { return c.shut(true) }

func (c *PipeConn) shut(discard bool) error {
	c.out.set(func(h *half) {
		h.noWriter = true
		if discard {
			h.data = nil
		}
		h.writeLimit.stop()
	})
	c.in.set(func(h *half) {
		h.noReader, h.data = true, nil
		h.readLimit.stop()
	})
	return nil
}

// Check reports whether bytes wait, and io.EOF when the peer has closed and all was read.
func (c *PipeConn) Check() (pending bool, err error) {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	if c.in.noWriter && len(c.in.data) == 0 {
		return false, io.EOF
	}
	return len(c.in.data) > 0, nil
}

// SetDeadline implements transport.Conn.
func (c *PipeConn) SetDeadline(t time.Time) error {
	c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline implements transport.Conn.
func (c *PipeConn) SetReadDeadline(t time.Time) error {
	c.in.set(func(h *half) { h.readLimit.set(h, t) })
	return nil
}

// SetWriteDeadline implements transport.Conn.
func (c *PipeConn) SetWriteDeadline(t time.Time) error {
	c.out.set(func(h *half) { h.writeLimit.set(h, t) })
	return nil
}

func (h *half) set(change func(*half)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
	h.changed.Broadcast()
}

func (l *limit) passed() bool { return !l.at.IsZero() && !time.Now().Before(l.at) }

func (l *limit) stop() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// set arms the limit; a passing limit wakes whoever waits.
func (l *limit) set(h *half, t time.Time) {
	l.stop()
	l.at = t
	if !t.IsZero() && !l.passed() {
		l.timer = time.AfterFunc(time.Until(t), func() { h.set(func(*half) {}) })
	}
}
