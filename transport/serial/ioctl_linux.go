package serial

import "golang.org/x/sys/unix"

const (
	flushIoctl  = unix.TCFLSH
	flushInput  = unix.TCIFLUSH
	flushOutput = unix.TCOFLUSH
)

func setInt(fd int, request uint, value int) error { return unix.IoctlSetInt(fd, request, value) }

func termios(fd int) (*unix.Termios, error) { return unix.IoctlGetTermios(fd, unix.TCGETS) }

func setTermios(fd int, t *unix.Termios) error { return unix.IoctlSetTermios(fd, unix.TCSETS, t) }

// exclusive reports whether somebody set TIOCEXCL: root may open such a port
// all the same, and must not.
func (c *Conn) exclusive() bool {
	n, err := c.ioctlGet(unix.TIOCGEXCL)
	return err == nil && n != 0
}

// Major numbers of pseudo terminals (Linux, Documentation/admin-guide/devices.txt).
const (
	firstPTY = 136
	lastPTY  = 143
)

// exclude keeps other users out of the port. Not out of a pseudo terminal:
// there the mark outlives a holder that was killed, for as long as the other
// end is open, and nobody but root could open it again. The lock suffices.
func (c *Conn) exclude() error {
	var stat unix.Stat_t
	var err error
	if ctlErr := c.control(func(fd int) { err = unix.Fstat(fd, &stat) }); ctlErr != nil {
		return ctlErr
	}
	if major := unix.Major(stat.Rdev); err == nil && major >= firstPTY && major <= lastPTY {
		return nil
	}
	return c.ioctl(unix.TIOCEXCL, 0)
}
