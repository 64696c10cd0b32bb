package tcp

import (
	"net"

	"golang.org/x/sys/unix"
)

// undelivered returns how many bytes the peer's machine has not acknowledged
// (tcp(7), SIOCOUTQ). A FIN in flight counts as one.
func undelivered(c *net.TCPConn) (n int, known bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	var ioctlErr error
	err = raw.Control(func(fd uintptr) { n, ioctlErr = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n, err == nil && ioctlErr == nil
}
