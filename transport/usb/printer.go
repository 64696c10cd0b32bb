package usb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Requests of the printer class (Printer Class 1.1, 4.2).
const (
	PrinterGetDeviceID   = 0x00
	PrinterGetPortStatus = 0x01
	PrinterSoftReset     = 0x02
)

// maxDeviceID is how much of a device id is asked for; those of receipt
// printers have about a hundred bytes.
const maxDeviceID = 1024

// ErrDeviceID: the answer to GET_DEVICE_ID is no IEEE 1284 device id.
var ErrDeviceID = errors.New("not a printer's device id")

// DeviceID is what a printer says of itself (IEEE 1284 device id): the keys
// MFG or MANUFACTURER, MDL or MODEL, CMD or COMMAND SET, CLS, and others. Cheap
// printers with borrowed numbers are told apart by it.
type DeviceID map[string]string

// Maker is the value of MFG or MANUFACTURER.
func (d DeviceID) Maker() string { return d.first("MFG", "MANUFACTURER") }

// Model is the value of MDL or MODEL.
func (d DeviceID) Model() string { return d.first("MDL", "MODEL") }

// Commands is the value of CMD or COMMAND SET: "ESC/POS".
func (d DeviceID) Commands() string { return d.first("CMD", "COMMAND SET") }

func (d DeviceID) first(keys ...string) string {
	for _, k := range keys {
		if v := d[k]; v != "" {
			return v
		}
	}
	return ""
}

// ParseDeviceID reads the answer to GET_DEVICE_ID: two bytes of length, big
// endian and counting themselves, then KEY:value; pairs. A length beyond the
// answer, which some printers send, is cut to it. Keys are made upper case.
func ParseDeviceID(b []byte) (DeviceID, error) {
	if len(b) < 2 {
		return nil, fmt.Errorf("usb: %w: %d bytes", ErrDeviceID, len(b))
	}
	if n := int(binary.BigEndian.Uint16(b)); n >= 2 && n < len(b) {
		b = b[:n]
	}
	id := DeviceID{}
	for pair := range strings.SplitSeq(string(b[2:]), ";") {
		key, value, ok := strings.Cut(pair, ":")
		if key = strings.ToUpper(strings.TrimSpace(key)); ok && key != "" {
			id[key] = strings.ToValidUTF8(strings.TrimSpace(strings.TrimRight(value, "\x00")), "?")
		}
	}
	if len(id) == 0 {
		return nil, fmt.Errorf("usb: %w: no KEY:value; in it", ErrDeviceID)
	}
	return id, nil
}

// AppendDeviceID appends the answer a printer gives, for text such as
// "MFG:X;MDL:Y;CMD:ESC/POS;".
func AppendDeviceID(b []byte, text string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(text)+2))
	return append(b, text...)
}

// PortStatus is the answer to GET_PORT_STATUS (Printer Class 1.1, 4.2.2). Cheap
// printers answer 18, all well, whatever happens: ask the printer itself with
// DLE EOT for the truth.
type PortStatus byte

// NotError reports bit 3: the printer has no fault.
func (s PortStatus) NotError() bool { return s&0x08 != 0 }

// Selected reports bit 4: the printer is on line.
func (s PortStatus) Selected() bool { return s&0x10 != 0 }

// PaperEmpty reports bit 5: there is no paper.
func (s PortStatus) PaperEmpty() bool { return s&0x20 != 0 }

// String names what is wrong, or "ready".
func (s PortStatus) String() string {
	var wrong []string
	if s.PaperEmpty() {
		wrong = append(wrong, "paper empty")
	}
	if !s.Selected() {
		wrong = append(wrong, "offline")
	}
	if !s.NotError() {
		wrong = append(wrong, "error")
	}
	if len(wrong) == 0 {
		return "ready"
	}
	return strings.Join(wrong, ", ")
}
