package displaytest

import (
	"errors"
	"io"
	"net"
	"sync"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/display"
)

// Config says which display it is. Model is required.
type Config struct {
	Model   display.Model
	Charset display.Charset
	// OnChange is called with each new screen, in order; it must not call back.
	OnChange func(Screen)
}

// Display is a simulated customer display. Safe for concurrent use.
type Display struct {
	mu       sync.Mutex
	parser   Parser
	shown    Screen
	onChange func(Screen)
	conns    map[io.Closer]bool
	closed   bool
	work     sync.WaitGroup
}

// New makes a display that has just been switched on.
func New(cfg Config) *Display {
	d := &Display{parser: Parser{Model: cfg.Model, Charset: cfg.Charset}, onChange: cfg.OnChange, conns: map[io.Closer]bool{}}
	d.shown = d.parser.Screen()
	return d
}

// Screen returns what is shown now.
func (d *Display) Screen() Screen {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.parser.Screen()
}

// Write takes bytes as they come out of the cable. It never fails.
func (d *Display) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.parser.Write(b)
	if now := d.parser.Screen(); now != d.shown {
		d.shown = now
		if d.onChange != nil {
			d.onChange(now)
		}
	}
	return len(b), nil
}

// ServeConn reads c until it ends or the display is closed, and closes it.
func (d *Display) ServeConn(c transport.Conn) error {
	if !d.own(c) {
		c.Close()
		return transport.ErrClosed
	}
	defer d.disown(c)
	_, err := io.Copy(struct{ io.Writer }{d}, struct{ io.Reader }{c})
	if d.isClosed() {
		return nil
	}
	return err
}

// ServeSerial serves one serial port.
func (d *Display) ServeSerial(port transport.Conn) error { return d.ServeConn(port) }

// Serve accepts connections until the display is closed: the network box of a
// serial display takes several, and so does this one.
func (d *Display) Serve(l net.Listener) error {
	if !d.own(l) {
		l.Close()
		return transport.ErrClosed
	}
	defer d.disown(l)
	for {
		c, err := l.Accept()
		if d.isClosed() {
			if err == nil {
				c.Close()
			}
			return nil
		}
		if err != nil {
			return err
		}
		d.work.Go(func() { d.ServeConn(c) })
	}
}

// Close ends all connections and waits for them.
func (d *Display) Close() error {
	d.mu.Lock()
	d.closed = true
	var errs []error
	for c := range d.conns {
		errs = append(errs, c.Close())
	}
	d.mu.Unlock()
	d.work.Wait()
	return errors.Join(errs...)
}

func (d *Display) isClosed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

func (d *Display) own(c io.Closer) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.conns[c] = true
	return true
}

func (d *Display) disown(c io.Closer) {
	c.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c)
}
