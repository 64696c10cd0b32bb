//go:build darwin || freebsd || openbsd

package serial

import "golang.org/x/sys/unix"

// TIOCFLUSH takes FREAD and FWRITE of sys/fcntl.h, by pointer.
const (
	flushIoctl  = unix.TIOCFLUSH
	flushInput  = 1
	flushOutput = 2
)

func setInt(fd int, request uint, value int) error {
	if request == flushIoctl {
		return unix.IoctlSetPointerInt(fd, request, value)
	}
	return unix.IoctlSetInt(fd, request, value)
}

func termios(fd int) (*unix.Termios, error) { return unix.IoctlGetTermios(fd, unix.TIOCGETA) }

func setTermios(fd int, t *unix.Termios) error { return unix.IoctlSetTermios(fd, unix.TIOCSETA, t) }

// holders are not looked for on these systems.
func holders(string) string { return "" }

// exclusive cannot be asked on these systems.
func (c *Conn) exclusive() bool { return false }

// exclude keeps other users out of the port.
func (c *Conn) exclude() error { return c.ioctl(unix.TIOCEXCL, 0) }
