package escpostest

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/escpos/paper"
)

// ErrClosed is returned by Serve, ServeSerial and ServeConn after Close.
var ErrClosed = errors.New("escpostest: printer closed")

// Serve prints what comes over a listener until the printer or the listener is
// closed. One connection at a time; others wait. It closes the listener.
func (p *Printer) Serve(l net.Listener) error {
	stop := context.AfterFunc(p.ctx, func() { l.Close() })
	defer stop()
	defer l.Close()
	for {
		c, err := l.Accept()
		if err != nil {
			if p.ctx.Err() != nil {
				return ErrClosed
			}
			return err
		}
		if p.isOff() {
			transport.Abort(c)
			continue
		}
		if err := p.ServeConn(c); errors.Is(err, ErrClosed) {
			return err
		}
	}
}

// ServeSerial prints what comes over a serial line until the printer is closed
// or the line cannot be opened any more. A power cut does not hang up a serial
// line; it only falls silent.
func (p *Printer) ServeSerial(d transport.Dialer) error {
	for {
		c, err := d.Dial(p.ctx)
		if err == nil {
			err = p.ServeConn(c)
		}
		if p.ctx.Err() != nil {
			return ErrClosed
		}
		if err != nil && !errors.Is(err, errGone) {
			return err
		}
	}
}

// errGone says that the host hung up.
var errGone = errors.New("escpostest: the host hung up")

// ServeConn prints what comes over one connection until it ends, and closes it.
func (p *Printer) ServeConn(c transport.Conn) error {
	p.mu.Lock()
	if p.ctx.Err() != nil {
		p.mu.Unlock()
		transport.Abort(c)
		return ErrClosed
	}
	p.work.Add(1)
	p.conn, p.auto = c, 0
	if p.cfg.AutoStatus {
		p.auto = 0xFF
	}
	p.mu.Unlock()
	defer p.work.Done()
	stop := context.AfterFunc(p.ctx, func() { transport.Abort(c) })
	defer stop()
	defer c.Close()
	defer p.set(func() {
		if p.conn == c {
			p.conn = nil
		}
	})
	var live rtScanner
	chunk := make([]byte, 64) // as much as a UART holds
	for {
		n, err := c.Read(chunk)
		if n > 0 && p.cfg.Baud > 0 {
			p.sleep(time.Duration(n) * bitsPerByte * time.Second / time.Duration(p.cfg.Baud))
		}
		for _, b := range chunk[:n] {
			if !p.take(b, &live) {
				return ErrClosed
			}
		}
		if p.ctx.Err() != nil {
			return ErrClosed
		}
		if err != nil {
			return errors.Join(errGone, err)
		}
	}
}

// bitsPerByte on a serial line: eight, a start and a stop.
const bitsPerByte = 10

func (p *Printer) isOff() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.off
}

// hangUp ends the connection, unless it is a serial line. Called with p.mu held.
func (p *Printer) hangUp() {
	if p.conn == nil {
		return
	}
	if _, tcp := p.conn.(net.Conn); tcp || p.ctx.Err() != nil {
		transport.Abort(p.conn)
		p.conn = nil
	}
}

// take puts a byte into the buffer, waiting while that is full, and obeys
// real-time commands. False when the printer was closed.
func (p *Printer) take(b byte, live *rtScanner) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.buf) >= p.cfg.Buffer && !p.off && p.ctx.Err() == nil {
		p.wake.Wait()
	}
	if p.ctx.Err() != nil {
		return false
	}
	if p.off {
		*live = nil
		return true // nobody listens
	}
	p.buf, p.fresh = append(p.buf, b), true
	if cmd := live.scan(b); cmd != nil {
		p.removeTail(len(cmd))
		p.obey(cmd)
	}
	p.wake.Broadcast()
	return true
}

// removeTail takes a real-time command out of the buffer again, unless it
// stands inside another command's data, which must stay whole.
func (p *Printer) removeTail(n int) {
	at := len(p.buf) - n
	i := 0
	for i < at {
		size := paper.Split(p.buf[i:])
		if size == 0 {
			return
		}
		i += size
	}
	if i == at {
		p.buf = p.buf[:at]
	}
}

// obey does a real-time command. Called with p.mu held.
func (p *Printer) obey(cmd []byte) {
	switch cmd[1] {
	case 0x04:
		p.send([]byte{p.realTime(cmd[2])})
	case 0x05:
		if p.freed && !p.cover {
			p.jammed, p.freed = false, false
			p.changed()
		}
	case 0x14:
		on := time.Duration(cmd[4]) * 100 * time.Millisecond
		p.head.Pulse(cmd[3], on, on)
		p.kick()
	}
}

// rtScanner finds real-time commands in a stream, wherever they stand.
type rtScanner []byte

// scan takes the next byte and returns a command that it completes.
func (s *rtScanner) scan(b byte) []byte {
	*s = append(*s, b)
	for len(*s) > 0 {
		size := rtSize(*s)
		switch {
		case size == len(*s):
			cmd := *s
			*s = nil
			return cmd
		case size > len(*s):
			return nil
		}
		*s = (*s)[1:]
	}
	return nil
}

// rtSize is the length of the real-time command that begins so; 0 if none does.
func rtSize(b []byte) int {
	switch {
	case b[0] != 0x10:
		return 0
	case len(b) == 1:
		return 3
	case b[1] == 0x04:
		if len(b) > 2 && (b[2] < 1 || b[2] > 4) {
			return 0
		}
		return 3
	case b[1] == 0x05:
		if len(b) > 2 && (b[2] < 1 || b[2] > 2) {
			return 0
		}
		return 3
	case b[1] == 0x14:
		if len(b) > 2 && b[2] != 1 || len(b) > 3 && b[3] > 1 || len(b) > 4 && (b[4] < 1 || b[4] > 8) {
			return 0
		}
		return 5
	}
	return 0
}
