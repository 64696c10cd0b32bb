//go:build unix

package tcp

import (
	"io"
	"net"

	"golang.org/x/sys/unix"
)

// peek looks at the socket without reading or waiting: whether bytes wait, and
// whether the peer has hung up.
func peek(c *net.TCPConn) (pending bool, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false, err
	}
	var gone error
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		n, _, err := unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
		case err != nil:
			gone = err
		case n == 0:
			gone = io.EOF
		default:
			pending = true
		}
	})
	if err != nil {
		return false, err
	}
	return pending, gone
}
