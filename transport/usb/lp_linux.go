package usb

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/usb/internal/deadline"
)

// printerNode is /dev/usb/lpN.
//
// It keeps out of Go's own poller: usblp holds one lock during a request to the
// printer, five seconds with a printer that does not answer, and polling it
// takes the same lock. In the poller that would stop every connection of the
// program. So reads and writes wait here in slices, and calls to such a printer
// can end late by as much.
type printerNode struct {
	fd            int
	gate          sync.RWMutex // held while fd is used; Close takes it whole
	closed        atomic.Bool
	once          sync.Once
	err           error // of closing
	read, written *deadline.Deadline
}

// lpSlice is how long one wait takes: the delay with which deadlines and Close
// are noticed.
const lpSlice = 20 * time.Millisecond

// Requests of usblp (Linux drivers/usb/class/usblp.c, include/uapi/linux/lp.h).
const (
	lpGetStatus   = 0x060B
	lpTypeP       = 'P' << 8
	lpGetDeviceID = 2<<30 | maxDeviceID<<16 | lpTypeP | 1 // read
	lpSoftReset   = lpTypeP | 7
)

// openPrinterFile opens what a user named: it must be a device.
func openPrinterFile(path string) (transport.Conn, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFCHR {
		return nil, fmt.Errorf("%w: it is no character device", ErrNode)
	}
	return openPrinter(path)
}

func openPrinter(node string) (*printerNode, error) {
	fd, err := unix.Open(node, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, openError(node, err)
	}
	if errors.Is(unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK) {
		unix.Close(fd)
		return nil, fmt.Errorf("%w: %s", ErrBusy, node)
	}
	return &printerNode{fd: fd, read: deadline.New(), written: deadline.New()}, nil
}

// do runs f with the descriptor, unless it has been closed.
func (p *printerNode) do(f func(fd int) error) error {
	p.gate.RLock()
	defer p.gate.RUnlock()
	if p.closed.Load() {
		return errClosed()
	}
	err := f(p.fd)
	for errors.Is(err, unix.EINTR) {
		err = f(p.fd)
	}
	return err
}

// wait tries until the device is ready for it or the deadline passes.
func (p *printerNode) wait(d *deadline.Deadline, events int16, try func(fd int) error) error {
	for {
		if p.closed.Load() {
			return errClosed()
		}
		if d.Passed() {
			return os.ErrDeadlineExceeded
		}
		err := p.do(func(fd int) error {
			err := try(fd)
			if errors.Is(err, unix.EAGAIN) {
				unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, int(lpSlice/time.Millisecond))
			}
			return err
		})
		if !errors.Is(err, unix.EAGAIN) {
			return p.named(err)
		}
	}
}

// Read implements transport.Conn: the printer's status answers.
func (p *printerNode) Read(b []byte) (n int, err error) {
	if len(b) == 0 {
		return 0, nil
	}
	err = p.wait(p.read, unix.POLLIN, func(fd int) error {
		var err error
		if n, err = unix.Read(fd, b); err == nil && n == 0 {
			time.Sleep(time.Millisecond) // an empty packet
			return unix.EAGAIN
		}
		return err
	})
	if errors.Is(err, unix.EINVAL) {
		err = unsupported("pipe to read from")
	}
	return max(n, 0), err
}

// Write implements transport.Conn.
func (p *printerNode) Write(b []byte) (sent int, err error) {
	for sent < len(b) && err == nil {
		err = p.wait(p.written, unix.POLLOUT, func(fd int) error {
			n, err := unix.Write(fd, b[sent:min(len(b), sent+writePiece)])
			sent += max(n, 0)
			return err
		})
	}
	return sent, err
}

func (p *printerNode) named(err error) error {
	switch {
	case errors.Is(err, unix.EIO), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ESHUTDOWN):
		return fmt.Errorf("usb: %w: %w", ErrUnplugged, err)
	}
	return err
}

// Check implements transport.Checker.
func (p *printerNode) Check() (pending bool, err error) {
	var ready int16
	err = p.do(func(fd int) error {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		_, err := unix.Poll(fds, 0)
		ready = fds[0].Revents
		return err
	})
	if err == nil && ready&(unix.POLLHUP|unix.POLLNVAL) != 0 {
		return false, fmt.Errorf("usb: %w", ErrUnplugged)
	}
	return ready&unix.POLLIN != 0, err
}

// Close implements transport.Conn.
func (p *printerNode) Close() error {
	p.once.Do(func() {
		p.closed.Store(true)
		p.gate.Lock() // every call is out, within a slice
		defer p.gate.Unlock()
		p.err = unix.Close(p.fd)
	})
	return p.err
}

// Abort implements transport.Aborter: the driver drops what has not left.
func (p *printerNode) Abort() error { return p.Close() }

// SetDeadline implements transport.Conn. Deadlines are noticed within 20 ms.
func (p *printerNode) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.SetWriteDeadline(t))
}

// SetReadDeadline implements transport.Conn.
func (p *printerNode) SetReadDeadline(t time.Time) error { return p.setUnlessClosed(p.read, t) }

// SetWriteDeadline implements transport.Conn.
func (p *printerNode) SetWriteDeadline(t time.Time) error { return p.setUnlessClosed(p.written, t) }

func (p *printerNode) setUnlessClosed(d *deadline.Deadline, t time.Time) error {
	if p.closed.Load() {
		return errClosed()
	}
	d.Set(t)
	return nil
}

func (p *printerNode) deviceID() ([]byte, error) {
	b := make([]byte, maxDeviceID)
	return b, p.request(lpGetDeviceID, b)
}

func (p *printerNode) portStatus() (byte, error) {
	b := make([]byte, 4) // an int
	err := p.request(lpGetStatus, b)
	return b[0] | b[3], err // of either byte order
}

func (p *printerNode) softReset() error { return p.request(lpSoftReset, nil) }

// request asks the printer. An i/o error of one that is still there is a
// refusal, or five seconds of silence.
func (p *printerNode) request(number uint, b []byte) error {
	err := p.do(func(fd int) error { return ioctlBytes(fd, number, b) })
	if errors.Is(err, unix.EIO) {
		if _, gone := p.Check(); gone == nil {
			return fmt.Errorf("usb: %w: %w", ErrStalled, err)
		}
	}
	return p.named(err)
}
