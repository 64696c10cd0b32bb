package transporttest

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/openecr/openecr/transport"
)

// ptyPoll is how often an end without a client looks for one.
const ptyPoll = 5 * time.Millisecond

// PTY is a serial port made by this program: what a client writes to Path is
// read here, and the other way round. Clients may come and go.
//
// While no client is there, Read waits and Write discards, as a cable without
// a listener does. There are no modem lines, and no pacing by baud rate.
type PTY struct {
	// Path is what a client opens: the link asked for, or /dev/pts/N.
	Path string

	master *os.File
	link   string
	closed atomic.Bool
	once   sync.Once
	err    error

	mu        sync.Mutex
	readUntil time.Time
}

var _ transport.Conn = (*PTY)(nil)

// OpenPTY makes a port in raw mode. If link is not empty, a symbolic link of
// that name is made, replacing only another link, and removed by Close.
func OpenPTY(link string) (*PTY, error) {
	// Non-blocking from the start: only then does Go's poller watch it, and
	// only then does Close hang up on a client while a Read waits.
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("transporttest: %w", err)
	}
	p := &PTY{master: master}
	if err := p.setUp(link); err != nil {
		master.Close()
		return nil, fmt.Errorf("transporttest: pty: %w", err)
	}
	return p, nil
}

func (p *PTY) setUp(link string) error {
	number, err := 0, error(nil)
	p.control(func(fd int) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err == nil {
			if number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN); err == nil {
				err = makeRaw(fd)
			}
		}
	})
	if err != nil {
		return err
	}
	p.Path = "/dev/pts/" + strconv.Itoa(number)
	// A pty that was never opened does not say that nobody is there.
	slave, err := os.OpenFile(p.Path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	slave.Close()
	if link == "" {
		return nil
	}
	if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink != 0 {
		os.Remove(link)
	}
	if err := os.Symlink(p.Path, link); err != nil {
		return err
	}
	p.Path, p.link = link, link
	return nil
}

// makeRaw sets the line to pass all bytes; on a master it sets the slave.
func makeRaw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8 | unix.CREAD | unix.CLOCAL
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// Present reports whether a client has the port open.
func (p *PTY) Present() bool {
	present := false
	p.control(func(fd int) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		for errors.Is(err, unix.EINTR) { // the runtime's own signals do this
			n, err = unix.Poll(fds, 0)
		}
		present = err == nil && (n == 0 || fds[0].Revents&unix.POLLHUP == 0)
	})
	return present
}

// Read waits for bytes of a client, also of one still to come.
func (p *PTY) Read(b []byte) (int, error) {
	for polls := 0; ; polls++ {
		n, err := p.master.Read(b)
		if n > 0 || !errors.Is(err, unix.EIO) {
			return max(n, 0), err
		}
		p.mu.Lock()
		until := p.readUntil
		p.mu.Unlock()
		switch {
		case p.closed.Load():
			return 0, os.ErrClosed
		case !until.IsZero() && !time.Now().Before(until):
			return 0, os.ErrDeadlineExceeded
		}
		if polls%freeAfter == freeAfter-1 {
			p.free()
		}
		time.Sleep(ptyPoll)
	}
}

// freeAfter is how many polls without a client it takes to free the port.
const freeAfter = 10

// free takes back TIOCEXCL, which a client that was killed has left behind:
// the port would be in use for ever. Only root may open it to do so; for
// others the port stays taken, as the system has it.
func (p *PTY) free() {
	slave, err := os.OpenFile(p.Path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer slave.Close()
	if raw, err := slave.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { unix.IoctlSetInt(int(fd), unix.TIOCNXCL, 0) })
	}
}

// Write hands bytes to the client, or discards them if there is none.
func (p *PTY) Write(b []byte) (int, error) {
	if p.closed.Load() {
		return 0, os.ErrClosed
	}
	if !p.Present() {
		return len(b), nil
	}
	n, err := p.master.Write(b)
	if errors.Is(err, unix.EIO) {
		return len(b), nil
	}
	return n, err
}

// Close hangs up on the client and removes the link. Idempotent.
func (p *PTY) Close() error {
	p.once.Do(func() {
		p.closed.Store(true)
		if target, err := os.Readlink(p.link); err == nil && target != "" {
			os.Remove(p.link)
		}
		p.err = p.master.Close()
	})
	return p.err
}

// SetDeadline implements transport.Conn.
func (p *PTY) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.SetWriteDeadline(t))
}

// SetReadDeadline implements transport.Conn.
func (p *PTY) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	p.readUntil = t
	p.mu.Unlock()
	return p.master.SetReadDeadline(t)
}

// SetWriteDeadline implements transport.Conn.
func (p *PTY) SetWriteDeadline(t time.Time) error { return p.master.SetWriteDeadline(t) }

func (p *PTY) control(f func(fd int)) {
	if raw, err := p.master.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { f(int(fd)) })
	}
}
