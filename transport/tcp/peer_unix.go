//go:build unix

package tcp

import (
	"io"
	"net"

	"golang.org/x/sys/unix"
)

// peerGone peeks at the socket without reading or waiting.
func peerGone(c *net.TCPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
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
		}
	})
	if err != nil {
		return err
	}
	return gone
}
