package tcp

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/transport"
)

const (
	// closeWait is how long Close gives the peer's machine to take what was
	// written before resetting: a local network needs a few milliseconds.
	closeWait = 250 * time.Millisecond
	closePoll = 2 * time.Millisecond
)

// Conn is one connection, plain or TLS.
type Conn struct {
	sock   *socket
	stream io.ReadWriter // sock, or the TLS on it
	secure *tls.Conn     // nil for plain TCP
	once   sync.Once
	err    error // of closing
}

var (
	_ transport.Conn    = (*Conn)(nil)
	_ transport.Aborter = (*Conn)(nil)
	_ transport.Checker = (*Conn)(nil)
)

// Read implements transport.Conn.
func (c *Conn) Read(p []byte) (int, error) { return c.stream.Read(p) }

// Write implements transport.Conn. On an error over TLS the count is all of p
// as soon as one byte of a record has left: parts of a record count as nothing
// to TLS, yet the peer may complete what it has.
func (c *Conn) Write(p []byte) (int, error) {
	before := c.sock.written.Load()
	n, err := c.stream.Write(p)
	if err != nil && c.secure != nil && c.sock.written.Load() != before {
		n = len(p)
	}
	return n, err
}

// Close ends the connection: in the usual way once the peer's machine has all
// that was written, with a reset if it has not within a quarter of a second.
// What was written is never delivered later. Idempotent.
func (c *Conn) Close() error {
	c.once.Do(func() {
		c.sock.SetReadDeadline(time.Unix(1, 0))
		if c.sock.writers.Load() > 0 {
			c.err = c.sock.abort() // a write is stuck in the middle
			return
		}
		if c.secure != nil {
			c.sock.SetWriteDeadline(time.Now().Add(closeWait))
			c.secure.CloseWrite() // the farewell of TLS; the peer may be gone
		}
		c.err = c.sock.finish()
	})
	return c.err
}

// Abort resets the connection: what the peer has not received, it never will.
func (c *Conn) Abort() error {
	c.once.Do(func() { c.err = c.sock.abort() })
	return c.err
}

// Check reports whether bytes wait (over TLS: of a record), and io.EOF, or the
// socket's error, if the peer has hung up. It reads nothing and does not wait.
// Systems other than Unix always say false and nil.
func (c *Conn) Check() (pending bool, err error) { return peek(c.sock.TCPConn) }

// SetDeadline implements transport.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.sock.SetDeadline(t) }

// SetReadDeadline implements transport.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.sock.SetReadDeadline(t) }

// SetWriteDeadline implements transport.Conn. After a TLS write has timed out,
// later writes fail too: a record may be cut.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.sock.SetWriteDeadline(t) }

// LocalAddr and RemoteAddr make Conn a net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.sock.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.sock.RemoteAddr() }

// socket counts what goes out and knows how to end.
type socket struct {
	*net.TCPConn
	written atomic.Int64 // bytes the kernel has taken
	writers atomic.Int32 // Writes in progress
}

// newSocket sets SO_LINGER to 0, so that any end of the process, kill included,
// resets the connection and throws away what had not left yet: a payment
// request must not arrive after its till has died. finish makes the exception.
func newSocket(c *net.TCPConn) *socket {
	c.SetLinger(0)
	c.SetNoDelay(true)
	return &socket{TCPConn: c}
}

func (s *socket) Write(p []byte) (int, error) {
	s.writers.Add(1)
	n, err := s.TCPConn.Write(p)
	s.written.Add(int64(n))
	s.writers.Add(-1)
	return n, err
}

func (s *socket) abort() error { return s.TCPConn.Close() }

// finish closes an idle socket: normally if nothing is left to deliver, with
// the reset set in newSocket otherwise.
func (s *socket) finish() error {
	s.TCPConn.CloseWrite()
	until := time.Now().Add(closeWait)
	for {
		left, known := undelivered(s.TCPConn)
		if known && left == 0 {
			s.TCPConn.SetLinger(-1)
			break
		}
		if !time.Now().Before(until) {
			break
		}
		time.Sleep(closePoll)
	}
	return s.TCPConn.Close()
}
