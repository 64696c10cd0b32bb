package usb

import (
	"context"
	"errors"
)

// ErrNeedsLibusb wraps errors.ErrUnsupported: what was asked for needs a build
// with libusb.
var ErrNeedsLibusb error = needsLibusb{}

type needsLibusb struct{}

// Error says what to install, and how to build.
func (needsLibusb) Error() string {
	return "this needs libusb: install it (Debian: apt-get install libusb-1.0-0-dev pkg-config gcc; " +
		"macOS: brew install libusb pkg-config) and build with CGO_ENABLED=1 go build -tags libusb"
}

// Unwrap lets errors.Is find errors.ErrUnsupported.
func (needsLibusb) Unwrap() error { return errors.ErrUnsupported }

// Lister lists devices. The zero value lists those of this machine.
type Lister struct {
	// Root is the folder of sysfs with one entry per device; empty is
	// /sys/bus/usb/devices. Set it to list a copy, on any system.
	Root string
}

// List returns the devices of this machine, hubs included, in the order of
// their port paths.
//
// On Linux it reads sysfs, which needs no permission, no library and a few
// milliseconds; a machine without USB has no devices. Elsewhere it asks libusb,
// and without it the error is ErrNeedsLibusb. Safe for concurrent use.
func List(ctx context.Context) ([]Device, error) { return Lister{}.List(ctx) }

// List is the function List for this Lister.
func (l Lister) List(ctx context.Context) ([]Device, error) { return l.list(ctx, nil) }

// list leaves out devices that wanted refuses, where that saves time.
func (l Lister) list(ctx context.Context, wanted func(Device) bool) ([]Device, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.Root != "" {
		return listSysfs(ctx, l.Root, wanted)
	}
	return listSystem(ctx, wanted)
}
