package serial

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

const (
	// guardSlice is how long one read of the library's port waits: the delay
	// with which deadlines and Close are noticed.
	guardSlice = 20 * time.Millisecond
	// guardChunk is how much is written at once: as much may be in doubt when
	// a write is given up.
	guardChunk = 64
	// guardDrain bounds how long Close waits for the line to finish.
	guardDrain = time.Second
	// guardStuck bounds how long Close waits for a write that hangs.
	guardStuck = 200 * time.Millisecond
)

// port is what guard needs of go.bug.st/serial.Port.
type port interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	Drain() error
	ResetInputBuffer() error
	ResetOutputBuffer() error
	SetReadTimeout(t time.Duration) error
	Close() error
}

// guard gives the library's port deadlines, and a Close that ends blocked
// calls without racing them for the handle. It serves systems where the port
// cannot be watched by Go's poller.
type guard struct {
	port    port
	reading sync.Mutex
	writing chan struct{} // token of whoever writes

	mu         sync.Mutex
	readUntil  time.Time
	writeUntil time.Time
	moved      chan struct{} // closed and replaced when a deadline moves
	stuck      chan writeResult
	closed     chan struct{}
	once       sync.Once
	err        error
}

type writeResult struct {
	n   int
	err error
}

func newGuard(p port) (*guard, error) {
	if err := p.SetReadTimeout(guardSlice); err != nil {
		return nil, err
	}
	if err := p.ResetInputBuffer(); err != nil {
		return nil, err
	}
	return &guard{port: p, writing: make(chan struct{}, 1), moved: make(chan struct{}), closed: make(chan struct{})}, nil
}

func (g *guard) isClosed() bool {
	select {
	case <-g.closed:
		return true
	default:
		return false
	}
}

// Read implements transport.Conn.
func (g *guard) Read(p []byte) (int, error) {
	for len(p) > 0 {
		n, err := g.readSlice(p)
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

// readSlice waits once; no bytes and no error is the library's timeout.
func (g *guard) readSlice(p []byte) (n int, err error) {
	g.reading.Lock() // Close takes it too: the handle stays ours meanwhile
	defer g.reading.Unlock()
	if g.isClosed() {
		return 0, errClosed()
	}
	g.mu.Lock()
	until := g.readUntil
	g.mu.Unlock()
	if passed(until) {
		return 0, os.ErrDeadlineExceeded
	}
	defer func() {
		// The library's select panics on descriptors from 1024 on.
		if r := recover(); r != nil {
			n, err = 0, fmt.Errorf("serial: the port's descriptor is out of reach of select: %v", r)
		}
	}()
	n, err = g.port.Read(p)
	return max(n, 0), g.named(err)
}

func (g *guard) named(err error) error {
	if err == nil {
		return nil
	}
	if g.isClosed() {
		return errClosed()
	}
	return portError(err)
}

func errClosed() error { return fmt.Errorf("serial: %w", os.ErrClosed) }

func passed(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

// Write implements transport.Conn. Where it is ended in the middle, the count
// includes the chunk in doubt, and later writes fail.
func (g *guard) Write(p []byte) (sent int, err error) {
	if err := g.wait(g.writing, nil); err != nil {
		return 0, err
	}
	defer func() { <-g.writing }()
	if g.stuck != nil {
		return 0, errors.New("serial: an earlier write is stuck")
	}
	for sent < len(p) {
		chunk := append([]byte(nil), p[sent:min(len(p), sent+guardChunk)]...)
		result := make(chan writeResult, 1)
		if g.isClosed() {
			return sent, errClosed()
		}
		go func() {
			n, err := g.port.Write(chunk)
			result <- writeResult{max(n, 0), err}
		}()
		var done writeResult
		if err := g.wait(nil, func() <-chan writeResult { return result }, &done); err != nil {
			g.stuck = result
			return sent + len(chunk), err
		}
		sent += done.n
		switch {
		case done.err != nil:
			return sent, g.named(done.err)
		case done.n == 0:
			return sent, errors.New("serial: the port takes no bytes")
		}
	}
	return sent, nil
}

// wait takes the token or the result, unless the write deadline passes or the
// port is closed first.
func (g *guard) wait(token chan struct{}, result func() <-chan writeResult, into ...*writeResult) error {
	var done <-chan writeResult
	if result != nil {
		done = result()
	}
	for {
		g.mu.Lock()
		until, moved := g.writeUntil, g.moved
		g.mu.Unlock()
		var alarm <-chan time.Time
		if !until.IsZero() {
			timer := time.NewTimer(time.Until(until))
			defer timer.Stop()
			alarm = timer.C
		}
		if token != nil && passed(until) {
			return os.ErrDeadlineExceeded
		}
		select {
		case token <- struct{}{}:
			return nil
		case *firstOr(into) = <-done:
			return nil
		case <-alarm:
			return os.ErrDeadlineExceeded
		case <-g.closed:
			return errClosed()
		case <-moved:
		}
	}
}

func firstOr(into []*writeResult) *writeResult {
	if len(into) > 0 {
		return into[0]
	}
	return new(writeResult)
}

// Close lets the line finish what was written, for a second at most, and
// closes the port. Idempotent.
func (g *guard) Close() error { return g.end(true) }

// Abort throws away what the line has not sent and closes the port.
func (g *guard) Abort() error { return g.end(false) }

func (g *guard) end(finish bool) error {
	g.once.Do(func() {
		close(g.closed)
		g.writing <- struct{}{} // whoever wrote has left, or left it stuck
		drained := make(chan struct{})
		if finish && g.stuck == nil {
			go func() { g.port.Drain(); close(drained) }()
		} else {
			g.port.ResetOutputBuffer() // on Windows this ends a stuck write
			close(drained)
		}
		select {
		case <-drained:
		case <-time.After(guardDrain):
			g.port.ResetOutputBuffer()
		}
		if g.stuck != nil {
			select {
			case <-g.stuck:
			case <-time.After(guardStuck):
			}
		}
		g.reading.Lock()
		defer g.reading.Unlock()
		g.err = g.port.Close()
		<-g.writing
	})
	return g.err
}

// SetDeadline implements transport.Conn.
func (g *guard) SetDeadline(t time.Time) error {
	g.SetReadDeadline(t)
	return g.SetWriteDeadline(t)
}

// SetReadDeadline implements transport.Conn. It is noticed within 20 ms.
func (g *guard) SetReadDeadline(t time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.readUntil = t
	return nil
}

// SetWriteDeadline implements transport.Conn.
func (g *guard) SetWriteDeadline(t time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writeUntil = t
	close(g.moved)
	g.moved = make(chan struct{})
	return nil
}
