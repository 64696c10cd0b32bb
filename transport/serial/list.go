package serial

import (
	"context"
)

// Port is a serial port of this machine. Listing opens none: opening raises DTR
// and RTS, and terminals restart on that.
type Port struct {
	// Path is what opens it now: /dev/ttyUSB0, COM3.
	Path string
	// Driver is the system's name for what drives it: ftdi_sio, cdc_acm.
	// Empty where unknown.
	Driver string
	// Link is a name that stays, /dev/serial/by-id/..., where the system made
	// one.
	Link string
	// USB is set for ports on USB.
	USB *USBPort
	// Access is nil where this user may use the port; otherwise it matches
	// ErrPermission and says what to do, or ErrPortNotFound where the system
	// made no node. Only Unix says so without opening.
	Access error
}

// USBPort says which USB device, and which part of it, a port belongs to. Texts
// come from the device: limit and clean them before showing them elsewhere.
type USBPort struct {
	VID, PID              uint16
	Serial                string
	Manufacturer, Product string
	Interface             string // bInterfaceNumber, two hexadecimal digits
	Place                 string // where it is plugged in, such as 1-2.1
}

// Text returns a connection text for the port, without line settings: by serial
// number where it has one, by the link that stays, or else by path.
func (p Port) Text() string {
	d := Dialer{Path: p.Path}
	switch {
	case p.USB != nil && p.USB.Serial != "" && (USBName{Serial: p.USB.Serial}).check() == nil:
		d.Path, d.USB = "", &USBName{VID: p.USB.VID, PID: p.USB.PID, Serial: p.USB.Serial}
	case p.Link != "":
		d.Path = p.Link
	}
	return "serial://" + d.place()
}

// Lister lists ports of a system seen from other folders than the usual ones,
// as in a container or a test. The zero value is this machine. Only Linux looks
// at the fields.
type Lister struct {
	Sys string // default /sys
	Dev string // default /dev
}

// List returns the serial ports of this machine, ordered by path.
//
// On Linux: those with a device behind them, read from /sys; a built-in port
// only where the kernel has found its chip. On Windows: those of the registry
// with their USB ids. Elsewhere names only.
func List(ctx context.Context) ([]Port, error) { return Lister{}.List(ctx) }
