//go:build !(cgo && libusb)

package usb

import "fmt"

// claim needs libusb.
func (d *Dialer) claim(o Device, _ function) (backend, error) {
	if d.NoNode {
		return nil, fmt.Errorf("node=off: %w", ErrNeedsLibusb)
	}
	return nil, fmt.Errorf("the kernel offers no node for %s: %w", o, ErrNeedsLibusb)
}
