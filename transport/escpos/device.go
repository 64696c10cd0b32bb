package escpos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/openecr/openecr/transport"
)

// DeviceFile opens a printer by the file the system has for it, as
// /dev/usb/lp0 of Linux (usblp). One process at a time may have it open.
type DeviceFile struct{ Path string }

var _ transport.Dialer = DeviceFile{}

// What can be wrong with a device file; test with errors.Is.
var (
	// ErrDeviceMissing: there is no such file.
	ErrDeviceMissing = errors.New("there is no such printer: is it plugged in and switched on?")
	// ErrDevicePermission: this user may not open it.
	ErrDevicePermission = errors.New("no permission to use the printer: on Linux, join the group lp")
	// ErrDeviceBusy: somebody else prints; a spooler, often.
	ErrDeviceBusy = errors.New("another program has the printer: remove it from the system's print service")
)

// String is "file:" and the path.
func (d DeviceFile) String() string { return "file:" + d.Path }

// Dial opens the file without waiting. Files of devices that cannot be polled
// give a connection without deadlines, which Printer refuses by its first error.
func (d DeviceFile) Dial(ctx context.Context) (transport.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(d.Path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %w", ErrDeviceMissing, err)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w: %w", ErrDevicePermission, err)
	case errors.Is(err, syscall.EBUSY):
		return nil, fmt.Errorf("%w: %w", ErrDeviceBusy, err)
	}
	return nil, err
}
