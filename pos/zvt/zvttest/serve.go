package zvttest

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos/zvt/zvtproto"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
)

// ErrClosed is returned by Serve and ServeSerial after Close.
var ErrClosed = errors.New("zvttest: terminal closed")

// Serve answers registers on a listener until the terminal or the listener is
// closed. Each connection is served by itself; the terminal does one thing at
// a time and answers 84 9C, please wait, to the others. It closes the listener.
func (t *Terminal) Serve(l net.Listener) error {
	stop := context.AfterFunc(t.ctx, func() { l.Close() })
	defer stop()
	defer l.Close()
	for {
		c, err := l.Accept()
		if err != nil {
			if t.ctx.Err() != nil {
				return ErrClosed
			}
			return err
		}
		if t.isAway() {
			transport.Abort(c)
			continue
		}
		t.conns.Add(1)
		go func() {
			defer t.conns.Done()
			t.serve(c, false)
		}()
	}
}

// ServeSerial answers registers on a serial line until the terminal is closed
// or the line cannot be opened any more. The dialer of a pty of package
// transporttest lets registers come and go.
func (t *Terminal) ServeSerial(d transport.Dialer) error {
	t.conns.Add(1)
	defer t.conns.Done()
	for {
		c, err := d.Dial(t.ctx)
		if err == nil {
			err = t.serve(c, true)
		}
		if t.ctx.Err() != nil {
			return ErrClosed
		}
		if err != nil && !errors.Is(err, errDropped) && !errors.Is(err, transport.ErrLost) &&
			!errors.Is(err, transport.ErrNak) && !errors.Is(err, transport.ErrNoAck) {
			return err
		}
	}
}

// Close ends all connections and returns when nobody is served any more.
// Closing twice is harmless.
func (t *Terminal) Close() error {
	t.closed.Do(t.cancel)
	t.conns.Wait()
	return nil
}

func (t *Terminal) isAway() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Now().Before(t.awayTill)
}

// wire is a connection that can be made to fail.
type wire struct {
	transport.Conn
	left    atomic.Int64 // bytes that may still be written; below zero: no limit
	corrupt atomic.Int64 // reads to damage
}

func (w *wire) Write(p []byte) (int, error) {
	left := w.left.Load()
	if left < 0 {
		return w.Conn.Write(p)
	}
	if int64(len(p)) <= left {
		w.left.Add(-int64(len(p)))
		return w.Conn.Write(p)
	}
	n, _ := w.Conn.Write(p[:left])
	w.left.Store(0)
	w.Conn.Close()
	return n, errDropped
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if n > 3 && w.corrupt.Load() > 0 {
		w.corrupt.Add(-1)
		p[n-1] ^= 0x55
	}
	return n, err
}

var errDropped = errors.New("zvttest: the connection was dropped on purpose")

// serve runs one connection.
func (t *Terminal) serve(c transport.Conn, serial bool) error {
	w := &wire{Conn: c}
	w.left.Store(-1)
	cfg := transport.LinkConfig{Framing: zvtproto.Stream{},
		Dialer: transport.DialFunc("register", func(context.Context) (transport.Conn, error) { return w, nil })}
	if serial {
		cfg.Framing, cfg.Acks = frame.DLE{}, &transport.Acks{T2: t.responseTime()}
	}
	link := transport.NewLink(cfg)
	defer link.Close()
	if err := link.Connect(t.ctx); err != nil {
		return err
	}
	s := &session{t: t, link: link, wire: w, serial: serial}
	for {
		raw, err := link.Receive(t.ctx)
		if err == nil {
			err = s.command(raw)
		}
		if errors.Is(err, transport.ErrDamaged) && serial || errors.Is(err, transport.ErrTimeout) {
			continue
		}
		if err != nil {
			return err
		}
	}
}
