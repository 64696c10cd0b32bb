package serial

import "golang.org/x/sys/unix"

const (
	flushIoctl  = unix.TCFLSH
	flushInput  = unix.TCIFLUSH
	flushOutput = unix.TCOFLUSH
)

func setInt(fd int, request uint, value int) error { return unix.IoctlSetInt(fd, request, value) }

func termios(fd int) (*unix.Termios, error) { return unix.IoctlGetTermios(fd, unix.TCGETS) }

// exclusive reports whether somebody set TIOCEXCL: root may open such a port
// all the same, and must not.
func (c *Conn) exclusive() bool {
	n, err := c.ioctlGet(unix.TIOCGEXCL)
	return err == nil && n != 0
}
