package usb

import (
	"context"
	"fmt"

	"github.com/openecr/openecr/transport"
)

// PrinterFile opens a receipt printer by the file the kernel has for it, such
// as /dev/usb/lp0 of Linux (usblp), where its ids do not matter. One program at
// a time may have it open.
type PrinterFile struct{ Path string }

var _ transport.Dialer = PrinterFile{}

// String is "file://" and the path.
func (p PrinterFile) String() string { return "file://" + p.Path }

// Dial opens the file. Errors: ErrNotFound, ErrPermission (on Debian: join the
// group lp), ErrBusy (often the print service), ErrNode for a file that is no
// character device; errors.ErrUnsupported on other systems than Linux.
func (p PrinterFile) Dial(ctx context.Context) (transport.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c, err := openPrinterFile(p.Path)
	if err != nil {
		return nil, fmt.Errorf("usb: printer %s: %w", p.Path, err)
	}
	return c, nil
}
