//go:build !linux && !(cgo && libusb)

package usb

import (
	"context"
	"fmt"
)

func listSystem(context.Context, func(Device) bool) ([]Device, error) {
	return nil, fmt.Errorf("usb: listing devices: %w", ErrNeedsLibusb)
}
