package serial

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// USBName names the serial port of a USB device by what does not change when
// it is plugged in elsewhere or the system counts anew.
type USBName struct {
	VID, PID uint16
	// Serial is the device's serial number; empty takes the only device with
	// these ids. Cheap adapters have none, or all the same one.
	Serial string
	// Interface is the number of the interface, two hexadecimal digits as the
	// system shows it, where one device has several ports; empty takes the
	// only one.
	Interface string
}

// maxUSBText bounds a serial number; a USB string has at most 126 characters.
const maxUSBText = 126

// ParseUSBName reads VID:PID or VID:PID:SERIAL, ids in hexadecimal.
func ParseUSBName(text string) (USBName, error) {
	parts := strings.SplitN(text, ":", 3)
	if len(parts) < 2 {
		return USBName{}, fmt.Errorf("serial: want by-serial/VID:PID:SERIAL, such as by-serial/0403:6001:A50285BI")
	}
	var ids [2]uint16
	for i := range ids {
		n, err := strconv.ParseUint(parts[i], 16, 16)
		if err != nil || len(parts[i]) != 4 {
			return USBName{}, fmt.Errorf("serial: a USB id is four hexadecimal digits, such as 0403:6001")
		}
		ids[i] = uint16(n)
	}
	n := USBName{VID: ids[0], PID: ids[1]}
	if len(parts) == 3 {
		n.Serial = parts[2]
	}
	return n, n.check()
}

func (n USBName) check() error {
	if len(n.Serial) > maxUSBText || strings.ContainsFunc(n.Serial, func(r rune) bool { return r < ' ' || r == 0x7F }) {
		return fmt.Errorf("serial: that is no serial number of a USB device")
	}
	if n.Interface != "" {
		if _, err := strconv.ParseUint(n.Interface, 16, 8); err != nil || len(n.Interface) != 2 {
			return fmt.Errorf("serial: an interface is two hexadecimal digits, such as 00")
		}
	}
	return nil
}

// id is the name without the interface.
func (n USBName) id() string {
	s := fmt.Sprintf("%04X:%04X", n.VID, n.PID)
	if n.Serial != "" {
		s += ":" + n.Serial
	}
	return s
}

// String returns VID:PID:SERIAL, and the interface if one is named.
func (n USBName) String() string {
	if n.Interface != "" {
		return n.id() + " interface " + n.Interface
	}
	return n.id()
}

func (n USBName) fits(u *USBPort) bool {
	return u != nil && u.VID == n.VID && u.PID == n.PID && (n.Serial == "" || strings.EqualFold(u.Serial, n.Serial)) &&
		(n.Interface == "" || strings.EqualFold(u.Interface, n.Interface))
}

// find looks the name up among the ports there are now.
func (l Lister) find(ctx context.Context, n USBName) (Port, error) {
	if err := n.check(); err != nil {
		return Port{}, err
	}
	ports, err := l.List(ctx)
	if err != nil {
		return Port{}, err
	}
	var found []Port
	for _, p := range ports {
		if n.fits(p.USB) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return Port{}, fmt.Errorf("%w: no port of the USB device %s", ErrPortNotFound, n)
	case 1:
		return found[0], nil
	}
	var names []string
	for _, p := range found {
		names = append(names, fmt.Sprintf("%s (serial number %q, interface %s)", p.Path, p.USB.Serial, p.USB.Interface))
	}
	return Port{}, fmt.Errorf("%w: %s; add the serial number, interface=NN, or use a link in /dev/serial/by-path", ErrAmbiguous, strings.Join(names, ", "))
}
