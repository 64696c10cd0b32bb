package usbtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/usb/internal/deadline"
)

// Port is the device's end of a pair of data pipes, for whoever plays the peer.
// It is a transport.Dialer, and with Listen a net.Listener.
type Port struct {
	d       *Device
	in, out uint8
	encode  func(payload []byte) []byte // makes transfers of what is written; nil leaves it
	chunk   int                         // most payload bytes in one transfer; 0 any
}

var _ transport.Dialer = (*Port)(nil)

// NewPort returns the device's end of two of its endpoints: in towards the
// host, out from it.
func NewPort(d *Device, in, out uint8) *Port { return &Port{d: d, in: in, out: out} }

// String names the port.
func (p *Port) String() string {
	return fmt.Sprintf("usbtest:%04x:%04x/%s", p.d.VendorID, p.d.ProductID, p.d.Serial)
}

// Dial waits until a host has configured the device and returns the stream of
// this plugging as a net.Conn. The stream ends with io.EOF when the cable is
// pulled; what had arrived before is still read.
func (p *Port) Dial(ctx context.Context) (transport.Conn, error) { return p.dial(ctx) }

func (p *Port) dial(ctx context.Context) (*portConn, error) {
	for {
		plug, news := p.d.current()
		if plug != nil {
			return &portConn{port: p, plug: plug, in: plug.pipes[p.in], out: plug.pipes[p.out],
				read: deadline.New(), written: deadline.New(), closed: make(chan struct{})}, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Listen returns a listener that accepts once for each plugging.
func (p *Port) Listen() net.Listener {
	ctx, cancel := context.WithCancel(context.Background())
	return &portListener{port: p, ctx: ctx, cancel: cancel}
}

type portListener struct {
	port   *Port
	ctx    context.Context
	cancel context.CancelFunc
	mu     sync.Mutex
	last   *plugging
}

func (l *portListener) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		if l.last != nil {
			select {
			case <-l.last.ended:
			case <-l.ctx.Done():
				return nil, net.ErrClosed
			}
		}
		c, err := l.port.dial(l.ctx)
		if err != nil {
			return nil, net.ErrClosed
		}
		if c.plug != l.last {
			l.last = c.plug
			return c, nil
		}
		select { // it has ended, and the device does not know yet
		case <-time.After(time.Millisecond):
		case <-l.ctx.Done():
		}
	}
}

func (l *portListener) Close() error   { l.cancel(); return nil }
func (l *portListener) Addr() net.Addr { return portAddr(l.port.String()) }

// portAddr is a simulated port as a net.Addr.
type portAddr string

// Network implements net.Addr.
func (portAddr) Network() string { return "usb" }

// String implements net.Addr.
func (a portAddr) String() string { return string(a) }

// portConn is the stream of one plugging.
type portConn struct {
	port          *Port
	plug          *plugging
	in, out       *pipe
	read, written *deadline.Deadline
	closing       sync.Once
	closed        chan struct{}
}

func (c *portConn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		if err := c.ready(c.read); err != nil {
			return 0, err
		}
		data, news, err := c.out.take(len(b))
		if err != nil {
			return 0, err
		}
		if len(data) > 0 { // empty is a zero-length packet, or nothing yet
			return copy(b, data), nil
		}
		if news == nil {
			continue
		}
		select {
		case <-news:
		case <-c.read.Done():
		case <-c.closed:
		}
	}
}

func (c *portConn) Write(b []byte) (sent int, err error) {
	for sent < len(b) {
		part := b[sent:]
		limit := maxQueued
		if c.port.chunk > 0 {
			limit = c.port.chunk
		}
		part = part[:min(len(part), limit)]
		transfer := part
		if c.port.encode != nil {
			transfer = c.port.encode(part)
		}
		for {
			if err := c.ready(c.written); err != nil {
				return sent, err
			}
			ok, news, err := c.in.put(transfer)
			if err != nil {
				return sent, err
			}
			if ok {
				break
			}
			select {
			case <-news:
			case <-c.written.Done():
			case <-c.closed:
			}
		}
		sent += len(part)
	}
	return sent, nil
}

func (c *portConn) ready(d *deadline.Deadline) error {
	select {
	case <-c.closed:
		return io.ErrClosedPipe
	default:
	}
	if d.Passed() {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// Close ends this stream; the cable stays in.
func (c *portConn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return nil
}

func (c *portConn) LocalAddr() net.Addr  { return portAddr(c.port.String()) }
func (c *portConn) RemoteAddr() net.Addr { return portAddr("host") }

func (c *portConn) SetDeadline(t time.Time) error {
	c.read.Set(t)
	c.written.Set(t)
	return nil
}
func (c *portConn) SetReadDeadline(t time.Time) error  { c.read.Set(t); return nil }
func (c *portConn) SetWriteDeadline(t time.Time) error { c.written.Set(t); return nil }
