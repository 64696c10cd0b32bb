//go:build !linux

package usbtest

import (
	"errors"
	"fmt"
)

// ErrNoController: only Linux has a virtual host controller for USB/IP.
var ErrNoController = fmt.Errorf("usbtest: plugging in needs Linux with vhci_hcd: %w", errors.ErrUnsupported)

// Plug is a device in a socket.
type Plug struct{ Port int }

// Attach fails with ErrNoController.
func Attach(*Device) (*Plug, error) { return nil, ErrNoController }

// Unplug does nothing.
func (p *Plug) Unplug() error { return nil }

// Done is never closed.
func (p *Plug) Done() <-chan struct{} { return nil }
