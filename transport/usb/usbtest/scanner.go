package usbtest

import (
	"fmt"

	"github.com/openecr/openecr/transport/usb"
)

// Scanner is a bar code scanner on HID: /dev/hidraw0.
type Scanner struct{ *Device }

// HIDIn is its endpoint.
const HIDIn = 0x81

// Report descriptors (HID 1.11, 6.2.2): of a scanner on usage page 8C with one
// input report, number 2, of 63 bytes behind it; and of the boot keyboard.
var (
	scannerReports = []byte{
		0x05, 0x8C, 0x09, 0x02, 0xA1, 0x01, // usage page bar code scanner, usage scanner, application
		0x85, 0x02, 0x09, 0x12, // report 2, scanned data report
		0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x3F, // 0 to 255, 63 fields of 8 bits
		0x81, 0x02, 0xC0}
	keyboardReports = []byte{
		0x05, 0x01, 0x09, 0x06, 0xA1, 0x01,
		0x05, 0x07, 0x19, 0xE0, 0x29, 0xE7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02,
		0x95, 0x01, 0x75, 0x08, 0x81, 0x03,
		0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x19, 0x00, 0x2A, 0xFF, 0x00, 0x81, 0x00, 0xC0}
)

// NewScanner makes one that reports by usage page 8C.
func NewScanner(id Identity) *Scanner { return newHID(id, 0, 0, scannerReports) }

// NewWedge makes one that types like a keyboard.
func NewWedge(id Identity) *Scanner { return newHID(id, 1, 1, keyboardReports) }

func newHID(id Identity, subclass, protocol uint8, reports []byte) *Scanner {
	d := &Device{Identity: id, Interfaces: []Interface{{Class: 3, SubClass: subclass, Protocol: protocol,
		Extra:     []byte{9, 0x21, 0x11, 0x01, 0, 1, 0x22, byte(len(reports)), 0},
		Endpoints: []Endpoint{{Address: HIDIn, Interrupt: true, MaxPacket: 64}}}}}
	d.Control = func(s Setup, _ []byte) ([]byte, error) {
		switch {
		case s.RequestType == 0x81 && s.Request == 6 && s.Value>>8 == 0x22:
			return reports, nil
		case s.RequestType == 0x21: // SET_IDLE, SET_PROTOCOL, SET_REPORT
			return nil, nil
		case s.RequestType == 0xA1 && s.Request == 1: // GET_REPORT
			return make([]byte, s.Length), nil
		}
		return nil, ErrStall
	}
	return &Scanner{d}
}

// Scan sends what a scanner on usage page 8C sends after a good read.
func (s *Scanner) Scan(aim string, data []byte) error {
	return s.reports(usb.AppendPOSScan(nil, aim, data))
}

// Type sends what a keyboard sends; a new line is "\r".
func (s *Scanner) Type(text string) error {
	reports, err := usb.AppendKeyboard(nil, text)
	if err != nil {
		return err
	}
	return s.reports(reports)
}

func (s *Scanner) reports(all [][]byte) error {
	for _, r := range all {
		if !s.Notify(HIDIn, r) {
			return fmt.Errorf("usbtest: nobody reads the scanner")
		}
	}
	return nil
}
