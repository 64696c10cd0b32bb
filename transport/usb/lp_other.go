//go:build !linux

package usb

import (
	"errors"
	"fmt"

	"github.com/openecr/openecr/transport"
)

func openPrinterFile(string) (transport.Conn, error) {
	return nil, fmt.Errorf("only Linux has a file for each printer: %w", errors.ErrUnsupported)
}
