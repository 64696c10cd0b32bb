//go:build !unix

package tcp

import "net"

func peek(*net.TCPConn) (bool, error) { return false, nil }
