package usb

import (
	"errors"
	"fmt"
	"time"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/serial"
)

// Conn is an open interface of a device, over the kernel's node or libusb.
//
// Of a HID, a Read returns one report and a Write sends one, its number first
// if the device numbers them. Reads and writes that are pending when the cable
// is pulled end with ErrUnplugged; so does everything after.
type Conn struct {
	backend
	device Device
	iface  Interface
	node   string
}

var (
	_ transport.Conn    = (*Conn)(nil)
	_ transport.Aborter = (*Conn)(nil)
	_ transport.Checker = (*Conn)(nil)
)

// backend is what every way to a device does.
type backend interface {
	transport.Conn
	transport.Aborter
	transport.Checker
}

// The extras of some.
type (
	lineBackend interface {
		SetDTR(on bool) error
		SetRTS(on bool) error
		ModemLines() (serial.ModemLines, error)
	}
	breakBackend interface {
		sendBreak(d time.Duration) error
	}
	printerBackend interface {
		deviceID() ([]byte, error)
		portStatus() (byte, error)
		softReset() error
	}
	controlBackend interface {
		control(requestType, request uint8, value, index uint16, data []byte) (int, error)
	}
	grabBackend interface{ grabbed() bool }
)

// Device returns the device as it was found.
func (c *Conn) Device() Device { return c.device }

// Interface returns the interface that was opened.
func (c *Conn) Interface() Interface { return c.iface }

// Node returns the kernel's file in use, empty over libusb.
func (c *Conn) Node() string { return c.node }

// Close ends the connection and blocked calls. What Write has returned for has
// been taken by the device, or for a serial port is given a second to leave.
// Idempotent.
func (c *Conn) Close() error { return c.backend.Close() }

// Abort is Close without waiting for what has not left.
func (c *Conn) Abort() error { return c.backend.Abort() }

// Check implements transport.Checker: without waiting it reports whether bytes
// wait, and ErrUnplugged once the device has gone.
func (c *Conn) Check() (pending bool, err error) {
	pending, err = c.backend.Check()
	return pending, nodeError(err)
}

// Read implements transport.Conn. Errors: ErrUnplugged, ErrStalled, deadline
// errors, os.ErrClosed after Close.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.backend.Read(p)
	return n, nodeError(err)
}

// Write implements transport.Conn: all of p, or an error. Errors as for Read.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.backend.Write(p)
	return n, nodeError(err)
}

// SetDeadline implements transport.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.backend.SetDeadline(t) }

// SetReadDeadline implements transport.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.backend.SetReadDeadline(t) }

// SetWriteDeadline implements transport.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.backend.SetWriteDeadline(t) }

func unsupported(what string) error {
	return fmt.Errorf("usb: this device has no %s: %w", what, errors.ErrUnsupported)
}

// SetDTR sets the DTR line. The calls for lines return errors.ErrUnsupported
// where the device is no serial port.
func (c *Conn) SetDTR(on bool) error {
	if l, ok := c.backend.(lineBackend); ok {
		return nodeError(l.SetDTR(on))
	}
	return unsupported("modem lines")
}

// SetRTS sets the RTS line; see SetDTR.
func (c *Conn) SetRTS(on bool) error {
	if l, ok := c.backend.(lineBackend); ok {
		return nodeError(l.SetRTS(on))
	}
	return unsupported("modem lines")
}

// ModemLines reads the lines the device drives; see SetDTR. CDC-ACM does not
// know CTS: it reads as on, as Linux reports it.
func (c *Conn) ModemLines() (serial.ModemLines, error) {
	if l, ok := c.backend.(lineBackend); ok {
		lines, err := l.ModemLines()
		return lines, nodeError(err)
	}
	return serial.ModemLines{}, unsupported("modem lines")
}

// MaxBreak bounds SendBreak.
const MaxBreak = 10 * time.Second

// SendBreak holds the line in the break state for d, at most MaxBreak, and
// returns when it is over; see SetDTR.
func (c *Conn) SendBreak(d time.Duration) error {
	if d <= 0 || d > MaxBreak {
		return fmt.Errorf("usb: a break of %v, want up to %v", d, MaxBreak)
	}
	if b, ok := c.backend.(breakBackend); ok {
		return nodeError(b.sendBreak(d))
	}
	return unsupported("break")
}

// DeviceID asks a printer who it is; errors.ErrUnsupported of other devices.
func (c *Conn) DeviceID() (DeviceID, error) {
	p, ok := c.backend.(printerBackend)
	if !ok {
		return nil, unsupported("printer's device id")
	}
	b, err := p.deviceID()
	if err != nil {
		return nil, err
	}
	return ParseDeviceID(b)
}

// PortStatus asks a printer how it is; errors.ErrUnsupported of other devices.
func (c *Conn) PortStatus() (PortStatus, error) {
	p, ok := c.backend.(printerBackend)
	if !ok {
		return 0, unsupported("printer's status")
	}
	b, err := p.portStatus()
	return PortStatus(b), err
}

// SoftReset makes a printer forget what it was sent; errors.ErrUnsupported of
// other devices.
func (c *Conn) SoftReset() error {
	if p, ok := c.backend.(printerBackend); ok {
		return p.softReset()
	}
	return unsupported("printer's reset")
}

// ControlTimeout bounds every control request: a device answers within a few
// milliseconds or not at all, and libusb would wait for ever.
const ControlTimeout = 2 * time.Second

// Control sends a control request to the device (USB 2.0, 9.3) and returns how
// many bytes of data were sent or, with bit 7 of requestType set, received. It
// ends within ControlTimeout. Over a node it is errors.ErrUnsupported.
//
// Errors: ErrStalled, ErrUnplugged, os.ErrDeadlineExceeded, os.ErrClosed; the
// count is 0 with any.
func (c *Conn) Control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	if b, ok := c.backend.(controlBackend); ok {
		return b.control(requestType, request, value, index, data)
	}
	return 0, unsupported("control requests over its node; dial with node=off")
}

// Grabbed reports whether the keys of a keyboard, or of a scanner that types,
// come here alone and not to the window in front as well.
func (c *Conn) Grabbed() bool {
	g, ok := c.backend.(grabBackend)
	return ok && g.grabbed()
}
