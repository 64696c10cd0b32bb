package usb

import (
	"errors"
	"fmt"

	"github.com/openecr/openecr/transport/serial"
)

// What can be wrong with a device; test with errors.Is. Each message says what
// to do. ErrNeedsLibusb and ErrDescriptor stand with their functions.
var (
	// ErrNotFound: no such device is plugged in.
	ErrNotFound = errors.New("no such USB device; is it plugged in and switched on?")
	// ErrAmbiguous: several devices fit, and guessing could charge the wrong customer.
	ErrAmbiguous = errors.New("several USB devices fit; add a serial number or path=")
	// ErrNoInterface: the device has no interface of the kind asked for.
	ErrNoInterface = errors.New("the USB device has no such interface")
	// ErrPermission: the device may not be opened by this user.
	ErrPermission = errors.New("no permission to open the USB device")
	// ErrBusy: another program, another part of this one or a driver of the
	// kernel uses the device.
	ErrBusy = errors.New("the USB device is in use")
	// ErrUnplugged: the device went away while open.
	ErrUnplugged = errors.New("the USB device was unplugged")
	// ErrStalled: the device refused a request, or halted a pipe. After a read or
	// write it, close and dial again.
	ErrStalled = errors.New("the USB device refused the request")
	// ErrOverflow: the device sent more than it may in one packet.
	ErrOverflow = errors.New("the USB device sent more than was asked for")
	// ErrNode: the file the kernel offers is not what its name says.
	ErrNode = errors.New("not such a device file")
)

// nodeError names the errors of a serial port in this package's words as well.
func nodeError(err error) error {
	for theirs, ours := range map[error]error{
		serial.ErrUnplugged: ErrUnplugged, serial.ErrBusy: ErrBusy,
		serial.ErrPermission: ErrPermission, serial.ErrPortNotFound: ErrNotFound, serial.ErrNotSerial: ErrNode,
	} {
		if errors.Is(err, theirs) {
			return fmt.Errorf("usb: %w: %w", ours, err)
		}
	}
	return err
}
