package usb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/openecr/openecr/transport/serial"
)

// nodesExist: Linux shows which file belongs to which device.
const nodesExist = true

// openNode opens the kernel's file.
func (d *Dialer) openNode(ctx context.Context, node string, f function) (backend, error) {
	switch {
	case strings.HasPrefix(node, "/dev/tty"):
		return openTTY(ctx, d.line(node))
	case strings.HasPrefix(node, "/dev/usb/lp"):
		return openPrinter(node)
	case strings.HasPrefix(node, "/dev/hidraw"):
		return openHIDRaw(node, f.main)
	}
	return nil, fmt.Errorf("%w: %s", ErrNode, node)
}

// ttyNode is a serial port, with a second hold on it for breaks.
type ttyNode struct {
	*serial.Conn
	extra *os.File
	once  sync.Once
}

// openTTY opens the port twice: package serial keeps others out once it has it.
func openTTY(ctx context.Context, d *serial.Dialer) (*ttyNode, error) {
	extra, err := os.OpenFile(d.Path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		extra = nil // serial names the error
	} else {
		dropOnClose(extra)
	}
	c, err := d.Dial(ctx)
	if err != nil {
		if extra != nil {
			extra.Close()
		}
		return nil, err
	}
	return &ttyNode{Conn: c.(*serial.Conn), extra: extra}, nil
}

// struct serial_struct (Linux include/uapi/linux/serial.h), with room for its
// largest form; the fields used are at the same place in all.
const (
	serialStructLen = 72
	closingWait     = 40 // two bytes, 1/100 s
	closingWaitNone = 0xFF
)

// dropOnClose tells the kernel to throw away, on the last close, what a device
// that takes nothing has not taken. It would wait half a minute, and deliver
// what was given up on. Only root may say so: for others such a Close waits.
func dropOnClose(tty *os.File) {
	b := make([]byte, serialStructLen)
	ioctl(tty, func(fd int) error {
		if err := ioctlBytes(fd, unix.TIOCGSERIAL, b); err != nil {
			return err
		}
		b[closingWait], b[closingWait+1] = closingWaitNone, closingWaitNone
		return ioctlBytes(fd, unix.TIOCSSERIAL, b)
	})
}

// Close closes both holds: the kernel keeps a port's name while one is open.
func (t *ttyNode) Close() error {
	err := t.Conn.Close()
	t.release()
	return err
}

// Abort is Close without what has not left.
func (t *ttyNode) Abort() error {
	err := t.Conn.Abort()
	t.release()
	return err
}

func (t *ttyNode) release() {
	t.once.Do(func() {
		if t.extra != nil {
			t.extra.Close()
		}
	})
}

func (t *ttyNode) sendBreak(d time.Duration) error {
	if t.extra == nil {
		return unsupported("break")
	}
	if err := ioctl(t.extra, func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCSBRK, 0) }); err != nil {
		return lineError(err)
	}
	time.Sleep(d)
	return lineError(ioctl(t.extra, func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCCBRK, 0) }))
}

func lineError(err error) error {
	switch {
	case errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EINVAL):
		return fmt.Errorf("usb: break: %w: %w", errors.ErrUnsupported, err)
	case errors.Is(err, unix.EIO), errors.Is(err, unix.ENODEV):
		return fmt.Errorf("usb: %w: %w", ErrUnplugged, err)
	}
	return err
}

// ioctl runs f with the descriptor, which cannot be closed meanwhile.
func ioctl(file *os.File, f func(fd int) error) (err error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	if ctlErr := raw.Control(func(fd uintptr) { err = f(int(fd)) }); ctlErr != nil {
		return ctlErr
	}
	return err
}

// fileNode is a node that Go's poller watches.
type fileNode struct {
	file   *os.File
	closed atomic.Bool
	once   sync.Once
	err    error // of closing
}

func openFile(node string) (*fileNode, error) {
	file, err := os.OpenFile(node, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, openError(node, err)
	}
	n := &fileNode{file: file}
	// One user at a time, as far as other programs ask.
	if err := ioctl(file, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) }); errors.Is(err, unix.EWOULDBLOCK) {
		file.Close()
		return nil, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	if err := file.SetReadDeadline(time.Time{}); err != nil {
		file.Close()
		return nil, fmt.Errorf("%w: %s cannot be waited for: %w", ErrNode, node, err)
	}
	return n, nil
}

// openError names what opening reported.
func openError(node string, err error) error {
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: add this user to the group of %s (ls -l), or give the device to one with a udev rule: %w", ErrPermission, node, err)
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// Read implements transport.Conn.
func (n *fileNode) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	got, err := n.file.Read(p)
	return got, n.named(err)
}

// Write implements transport.Conn.
func (n *fileNode) Write(p []byte) (int, error) {
	sent, err := n.file.Write(p)
	return sent, n.named(err)
}

func (n *fileNode) named(err error) error {
	switch {
	case err == nil:
		return nil
	case n.closed.Load():
		return errClosed()
	case errors.Is(err, io.EOF), errors.Is(err, unix.EIO), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return fmt.Errorf("usb: %w: %w", ErrUnplugged, err)
	}
	return err
}

// Check implements transport.Checker.
func (n *fileNode) Check() (pending bool, err error) {
	var hungUp bool
	err = ioctl(n.file, func(fd int) error {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		count, err := unix.Poll(fds, 0)
		for errors.Is(err, unix.EINTR) { // the runtime's own signals do this
			count, err = unix.Poll(fds, 0)
		}
		pending = count > 0 && fds[0].Revents&unix.POLLIN != 0
		hungUp = count > 0 && fds[0].Revents&(unix.POLLHUP|unix.POLLNVAL) != 0
		return err
	})
	if err == nil && hungUp {
		return false, fmt.Errorf("usb: %w", ErrUnplugged)
	}
	return pending, n.named(err)
}

// Close implements transport.Conn.
func (n *fileNode) Close() error {
	n.once.Do(func() {
		n.closed.Store(true)
		n.file.SetDeadline(time.Unix(1, 0))
		n.err = n.file.Close()
	})
	return n.err
}

// Abort implements transport.Aborter: the drivers drop what has not left.
func (n *fileNode) Abort() error { return n.Close() }

// SetDeadline implements transport.Conn.
func (n *fileNode) SetDeadline(t time.Time) error { return n.unlessClosed(n.file.SetDeadline, t) }

// SetReadDeadline implements transport.Conn.
func (n *fileNode) SetReadDeadline(t time.Time) error {
	return n.unlessClosed(n.file.SetReadDeadline, t)
}

// SetWriteDeadline implements transport.Conn.
func (n *fileNode) SetWriteDeadline(t time.Time) error {
	return n.unlessClosed(n.file.SetWriteDeadline, t)
}

// unlessClosed keeps deadlines from reviving calls that Close is ending.
func (n *fileNode) unlessClosed(set func(time.Time) error, t time.Time) error {
	if n.closed.Load() {
		return errClosed()
	}
	err := set(t)
	if n.closed.Load() {
		set(time.Unix(1, 0))
	}
	return err
}

// hidNode is /dev/hidrawN, with the event devices of the same interface held
// so that nobody else hears the keys.
type hidNode struct {
	*fileNode
	events []*os.File
	once   sync.Once
}

// openHIDRaw opens the reports. Keyboards are grabbed where that is allowed.
func openHIDRaw(node string, i Interface) (*hidNode, error) {
	n, err := openFile(node)
	if err != nil {
		return nil, err
	}
	h := &hidNode{fileNode: n}
	for _, name := range i.Nodes {
		if !strings.HasPrefix(name, "/dev/input/event") {
			continue
		}
		e, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		if ioctl(e, func(fd int) error { return unix.IoctlSetInt(fd, evGrab, 1) }) != nil {
			e.Close()
			continue
		}
		h.events = append(h.events, e)
	}
	return h, nil
}

// evGrab is EVIOCGRAB (Linux include/uapi/linux/input.h): _IOW('E', 0x90, int).
const evGrab = 1<<30 | 4<<16 | 'E'<<8 | 0x90

func (h *hidNode) grabbed() bool { return len(h.events) > 0 }

// Close gives the keys back, too.
func (h *hidNode) Close() error {
	err := h.fileNode.Close()
	h.once.Do(func() {
		for _, e := range h.events {
			e.Close()
		}
	})
	return err
}

// Abort implements transport.Aborter.
func (h *hidNode) Abort() error { return h.Close() }
