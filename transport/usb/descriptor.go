package usb

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Descriptor types and lengths (USB 2.0, tables 9-5 and 9-8 to 9-13).
const (
	descriptorDevice    = 0x01
	descriptorConfig    = 0x02
	descriptorInterface = 0x04
	descriptorEndpoint  = 0x05

	lenDevice    = 18
	lenConfig    = 9
	lenInterface = 9
	lenEndpoint  = 7
)

// maxDescriptors bounds what is read of a device: the length of a configuration
// is 16 bits, and devices with more than one or two are unknown in shops.
const maxDescriptors = 256 << 10

// ErrDescriptor: a device's descriptors contradict themselves.
var ErrDescriptor = errors.New("damaged descriptors")

// ParseDescriptors reads a device descriptor and the configurations behind it,
// as Linux offers them in the file "descriptors" of a device in sysfs, into the
// numbers, classes, interfaces and endpoints of a Device. config is the value
// of the active configuration; 0 takes the first.
//
// Descriptors it does not know are skipped. Errors wrap ErrDescriptor; what was
// read until then is returned.
func ParseDescriptors(b []byte, config int) (Device, error) {
	var d Device
	if len(b) < lenDevice || b[0] < lenDevice || b[1] != descriptorDevice || int(b[0]) > len(b) {
		return d, fmt.Errorf("usb: %w: no device descriptor", ErrDescriptor)
	}
	d.Class, d.SubClass, d.Protocol = Class(b[4]), Class(b[5]), Class(b[6])
	d.VendorID = ID(binary.LittleEndian.Uint16(b[8:]))
	d.ProductID = ID(binary.LittleEndian.Uint16(b[10:]))
	for b = b[b[0]:]; len(b) > 0; {
		if len(b) < lenConfig || b[0] < lenConfig || b[1] != descriptorConfig {
			return d, fmt.Errorf("usb: %w: want a configuration", ErrDescriptor)
		}
		total := int(binary.LittleEndian.Uint16(b[2:]))
		if total < int(b[0]) || total > len(b) {
			return d, fmt.Errorf("usb: %w: a configuration of %d bytes in %d", ErrDescriptor, total, len(b))
		}
		if config == 0 || int(b[5]) == config {
			return d, d.parseConfig(b[b[0]:total])
		}
		b = b[total:]
	}
	return d, nil // no configuration is active
}

// parseConfig reads the descriptors inside one configuration.
func (d *Device) parseConfig(b []byte) error {
	for len(b) > 0 {
		size := int(b[0])
		if size < 2 || size > len(b) {
			return fmt.Errorf("usb: %w: a descriptor of %d bytes in %d", ErrDescriptor, size, len(b))
		}
		switch {
		case b[1] == descriptorInterface && size >= lenInterface:
			d.Interfaces = append(d.Interfaces, Interface{Number: int(b[2]), Alternate: int(b[3]),
				Class: Class(b[5]), SubClass: Class(b[6]), Protocol: Class(b[7])})
		case b[1] == descriptorEndpoint && size >= lenEndpoint && len(d.Interfaces) > 0:
			i := &d.Interfaces[len(d.Interfaces)-1]
			i.Endpoints = append(i.Endpoints, Endpoint{Address: b[2], Attributes: b[3],
				MaxPacket: int(binary.LittleEndian.Uint16(b[4:])) & 0x7FF})
		}
		b = b[size:]
	}
	return nil
}
