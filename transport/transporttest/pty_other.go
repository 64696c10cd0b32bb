//go:build !linux

package transporttest

import (
	"errors"
	"fmt"

	"github.com/openecr/openecr/transport"
)

// PTY is a serial port made by this program. It exists on Linux only.
type PTY struct {
	transport.Conn
	// Path is what a client opens.
	Path string
}

// OpenPTY always fails here with errors.ErrUnsupported.
func OpenPTY(string) (*PTY, error) {
	return nil, fmt.Errorf("transporttest: pseudo terminals need Linux: %w", errors.ErrUnsupported)
}

// Present reports whether a client has the port open.
func (p *PTY) Present() bool { return false }
