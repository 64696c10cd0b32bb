//go:build linux || darwin || freebsd || openbsd

package serial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	bugst "go.bug.st/serial"
	"golang.org/x/sys/unix"

	"github.com/openecr/openecr/transport"
)

const (
	// closeWait bounds how long Close lets the line finish: 1,000 characters
	// at 9600 baud.
	closeWait = time.Second
	closePoll = 2 * time.Millisecond
)

// Conn is an open port.
//
// On Unix it reads and writes through a non-blocking descriptor that Go's
// poller watches. The library's own Read uses select, which panics on
// descriptors from 1024 on; its Write cannot be ended and may hit a descriptor
// that Close has already given to somebody else. The library's port is only
// used to set the line up.
type Conn struct {
	file   *os.File
	once   sync.Once
	err    error // of closing
	closed atomic.Bool
	// closing is closed when Close begins.
	closing chan struct{}
}

var (
	_ transport.Conn    = (*Conn)(nil)
	_ transport.Aborter = (*Conn)(nil)
	_ transport.Checker = (*Conn)(nil)
)

// open resolves links first: the port is opened twice, and a link such as those
// in /dev/serial/by-id may point elsewhere a moment later. The name a port has
// cannot be given to another one while it is open.
func open(d *Dialer, name string) (*Conn, error) {
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, openError(name, err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, openError(path, err)
	}
	c := &Conn{file: file, closing: make(chan struct{})}
	if err := c.claim(d, path); err != nil {
		file.Close()
		return nil, err
	}
	return c, nil
}

// claim locks the port and sets it up. The library opens it a second time for
// that, so TIOCEXCL comes after; the lock has kept others out by then.
func (c *Conn) claim(d *Dialer, path string) error {
	var isTTY, lockErr error
	c.control(func(fd int) {
		if _, isTTY = termios(fd); isTTY == nil {
			lockErr = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		}
	})
	switch {
	case isTTY != nil:
		return fmt.Errorf("%w: %w", ErrNotSerial, isTTY)
	case errors.Is(lockErr, unix.EWOULDBLOCK):
		return fmt.Errorf("%w%s: %w", ErrBusy, holders(path), lockErr)
	case c.exclusive():
		return fmt.Errorf("%w%s: somebody holds it exclusively", ErrBusy, holders(path))
	}
	if d.StopBits == OnePointFiveStopBits {
		return fmt.Errorf("%w: 1.5 stop bits", ErrMode)
	}
	mode := d.mode()
	port, err := bugst.Open(path, &mode)
	if err != nil {
		return portError(err)
	}
	if err := port.Close(); err != nil {
		return portError(err)
	}
	if err := c.setFlow(d.Flow); err != nil {
		return err
	}
	if err := c.keepLines(d.KeepLines); err != nil {
		return err
	}
	if err := c.exclude(); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSerial, err)
	}
	return c.ioctl(flushIoctl, flushInput)
}

// setFlow turns flow control on; the library has turned it off.
func (c *Conn) setFlow(f Flow) error {
	if f == NoFlow {
		return nil
	}
	if f == DTRDSR {
		return fmt.Errorf("%w: DTR/DSR flow control; wire DSR to CTS and use flow=rtscts", ErrMode)
	}
	var err error
	if ctlErr := c.control(func(fd int) {
		var t *unix.Termios
		if t, err = termios(fd); err != nil {
			return
		}
		if f == RTSCTS {
			t.Cflag |= unix.CRTSCTS
		} else {
			t.Iflag |= unix.IXON | unix.IXOFF
			t.Iflag &^= unix.IXANY
			t.Cc[unix.VSTART], t.Cc[unix.VSTOP] = xon, xoff
		}
		if err = setTermios(fd, t); err == nil {
			t, err = termios(fd)
		}
		// Drivers drop what they cannot do without a word.
		if err == nil && f == RTSCTS && t.Cflag&unix.CRTSCTS == 0 {
			err = unix.EOPNOTSUPP
		}
	}); ctlErr != nil {
		return ctlErr
	}
	if err != nil {
		return fmt.Errorf("%w: flow=%s: %w", ErrMode, flowNames[f], err)
	}
	return nil
}

// keepLines keeps the last close from hanging up. It is not undone for a port
// that was set so by somebody else.
func (c *Conn) keepLines(keep bool) error {
	if !keep {
		return nil
	}
	var err error
	if ctlErr := c.control(func(fd int) {
		var t *unix.Termios
		if t, err = termios(fd); err != nil {
			return
		}
		t.Cflag &^= unix.HUPCL
		err = setTermios(fd, t)
	}); ctlErr != nil {
		return ctlErr
	}
	if err != nil {
		return fmt.Errorf("%w: keeplines: %w", ErrMode, err)
	}
	return nil
}

// DC1 and DC3 of ASCII.
const (
	xon  = 0x11
	xoff = 0x13
)

// Break holds the line at break (space) for d, at most MaxBreak. It ends early,
// with the error of ctx, when ctx ends, and with os.ErrClosed when the port is
// closed. Errors: errors.ErrUnsupported where the port has none.
func (c *Conn) Break(ctx context.Context, d time.Duration) error {
	if d <= 0 || d > MaxBreak {
		return fmt.Errorf("serial: a break lasts up to %v, not %v", MaxBreak, d)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("serial: break: %w", err)
	}
	if err := c.ioctl(unix.TIOCSBRK, 0); err != nil {
		return breakError(c.ioError(err))
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	var ended error
	select {
	case <-timer.C:
	case <-ctx.Done():
		ended = fmt.Errorf("serial: break: %w", ctx.Err())
	case <-c.closing:
		return fmt.Errorf("serial: break: %w", os.ErrClosed) // closing ended it
	}
	if err := c.ioctl(unix.TIOCCBRK, 0); err != nil && ended == nil {
		return breakError(c.ioError(err))
	}
	return ended
}

func breakError(err error) error {
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) {
		return fmt.Errorf("serial: break: %w: %w", errors.ErrUnsupported, err)
	}
	return err
}

// Read implements transport.Conn. Errors: ErrUnplugged, net deadline errors,
// os.ErrClosed after Close.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := c.file.Read(p)
	return n, c.ioError(err)
}

// Write implements transport.Conn: all of p, or an error. Errors as for Read.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.file.Write(p)
	return n, c.ioError(err)
}

// ioError tells our own Close from a cable pulled out: both end a read, and on
// a port that has hung up a read returns no bytes and no error at all.
func (c *Conn) ioError(err error) error {
	switch {
	case err == nil:
		return nil
	case c.closed.Load():
		return fmt.Errorf("serial: %w", os.ErrClosed)
	case errors.Is(err, io.EOF), errors.Is(err, unix.EIO), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return fmt.Errorf("serial: %w: %w", ErrUnplugged, err)
	}
	return err
}

// Close lets the line finish what was written, for a second at most while it
// is making progress, throws the rest away and closes. It ends blocked calls
// at once. Idempotent.
func (c *Conn) Close() error { return c.end(true) }

// Abort closes and throws away what the line has not sent yet.
func (c *Conn) Abort() error { return c.end(false) }

func (c *Conn) end(finish bool) error {
	c.once.Do(func() {
		c.closed.Store(true)
		close(c.closing)
		c.ioctl(unix.TIOCCBRK, 0)
		c.file.SetDeadline(time.Unix(1, 0))
		left := 1
		if finish {
			left = c.drain()
		}
		if left > 0 {
			c.ioctl(flushIoctl, flushOutput)
		}
		c.ioctl(unix.TIOCNXCL, 0)
		c.err = c.file.Close()
	})
	return c.err
}

// drain waits for the line and returns what is left. The kernel would wait on
// its own, up to half a minute, and deliver in the end what we gave up on.
func (c *Conn) drain() (left int) {
	before := -1
	for until := time.Now().Add(closeWait); time.Now().Before(until); time.Sleep(closePoll) {
		n, err := c.ioctlGet(unix.TIOCOUTQ)
		if err != nil || n == 0 {
			return n
		}
		if before == n && time.Until(until) < closeWait/2 {
			return n // stuck
		}
		before, left = n, n
	}
	return left
}

// Check reports whether bytes wait, and ErrUnplugged once the port has hung up.
// It reads nothing.
func (c *Conn) Check() (pending bool, err error) {
	var hungUp bool
	err = c.control(func(fd int) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		for errors.Is(err, unix.EINTR) { // the runtime's own signals do this
			n, err = unix.Poll(fds, 0)
		}
		pending = err == nil && n > 0 && fds[0].Revents&unix.POLLIN != 0
		hungUp = err == nil && n > 0 && fds[0].Revents&(unix.POLLHUP|unix.POLLNVAL) != 0
	})
	if err == nil && hungUp {
		return false, fmt.Errorf("serial: %w", ErrUnplugged)
	}
	return pending, err
}

// SetDeadline implements transport.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.unlessClosed(c.file.SetDeadline, t) }

// SetReadDeadline implements transport.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.unlessClosed(c.file.SetReadDeadline, t) }

// SetWriteDeadline implements transport.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.unlessClosed(c.file.SetWriteDeadline, t) }

// unlessClosed keeps deadlines from reviving calls that Close is ending.
func (c *Conn) unlessClosed(set func(time.Time) error, t time.Time) error {
	if c.closed.Load() {
		return fmt.Errorf("serial: %w", os.ErrClosed)
	}
	err := set(t)
	if c.closed.Load() {
		set(time.Unix(1, 0))
	}
	return err
}

// SetDTR and the other line calls return errors.ErrUnsupported on a port
// without modem lines, such as a pty.
func (c *Conn) SetDTR(on bool) error { return c.setLine(unix.TIOCM_DTR, on) }

// SetRTS sets the RTS line; see SetDTR.
func (c *Conn) SetRTS(on bool) error { return c.setLine(unix.TIOCM_RTS, on) }

// ModemLines reads the lines the other side drives; see SetDTR.
func (c *Conn) ModemLines() (ModemLines, error) {
	bits, err := c.ioctlGet(unix.TIOCMGET)
	if err != nil {
		return ModemLines{}, lineError(err)
	}
	return ModemLines{
		CTS: bits&unix.TIOCM_CTS != 0, DSR: bits&unix.TIOCM_DSR != 0,
		DCD: bits&unix.TIOCM_CD != 0, RI: bits&unix.TIOCM_RI != 0,
	}, nil
}

func (c *Conn) setLine(bit int, on bool) error {
	bits, err := c.ioctlGet(unix.TIOCMGET)
	if err != nil {
		return lineError(err)
	}
	if bits &^= bit; on {
		bits |= bit
	}
	var setErr error
	if err := c.control(func(fd int) { setErr = unix.IoctlSetPointerInt(fd, unix.TIOCMSET, bits) }); err != nil {
		return err
	}
	return lineError(setErr)
}

func lineError(err error) error {
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("serial: modem lines: %w: %w", errors.ErrUnsupported, err)
	}
	return err
}

// control runs f with the descriptor, which cannot be closed meanwhile.
func (c *Conn) control(f func(fd int)) error {
	raw, err := c.file.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) { f(int(fd)) })
}

func (c *Conn) ioctl(request uint, value int) (err error) {
	if err := c.control(func(fd int) { err = setInt(fd, request, value) }); err != nil {
		return err
	}
	return err
}

func (c *Conn) ioctlGet(request uint) (n int, err error) {
	if err := c.control(func(fd int) { n, err = unix.IoctlGetInt(fd, request) }); err != nil {
		return 0, err
	}
	return n, err
}

// openError names what opening reported, and the group that would help.
func openError(path string, err error) error {
	if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EPERM) {
		return systemError(err)
	}
	return fmt.Errorf("%w: %s: %w", ErrPermission, accessAdvice(path), err)
}

// accessAdvice says what would give this user the port: the group that owns it,
// or a rule that gives it one.
func accessAdvice(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "its folder may not be read"
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode().Perm()&0o060 != 0o060 || stat.Gid == 0 {
		return fmt.Sprintf("no group may use it; as root write the line\n"+
			`  SUBSYSTEM=="tty", KERNEL=="%s*", GROUP="dialout", MODE="0660"`+"\n"+
			"to /etc/udev/rules.d/70-openecr.rules, add this user to the group dialout, plug the port in again and log in again",
			strings.TrimRight(filepath.Base(path), "0123456789"))
	}
	name := strconv.Itoa(int(stat.Gid))
	if group, err := user.LookupGroupId(name); err == nil {
		name = group.Name
	}
	return fmt.Sprintf("add this user to the group %s (usermod -aG %s NAME) and log in again", name, name)
}

func systemError(err error) error {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return fmt.Errorf("%w: %w", ErrPortNotFound, err)
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: %w", ErrPermission, err)
	case errors.Is(err, unix.EIO):
		return fmt.Errorf("%w: %w", ErrUnplugged, err)
	case errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EISDIR):
		return fmt.Errorf("%w: %w", ErrNotSerial, err)
	}
	return err
}
