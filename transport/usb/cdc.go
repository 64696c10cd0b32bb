package usb

import (
	"encoding/binary"
	"fmt"

	"github.com/openecr/openecr/transport/serial"
)

// Requests and notifications of CDC-ACM (PSTN subclass 1.2, 6.3 and 6.5).
const (
	CDCSetLineCoding       = 0x20
	CDCGetLineCoding       = 0x21
	CDCSetControlLineState = 0x22 // wValue bit 0 DTR, bit 1 RTS
	CDCSendBreak           = 0x23 // wValue milliseconds; FFFF on, 0 off
	CDCSerialState         = 0x20 // notification
)

// LineCoding is the setting of a serial line as CDC-ACM transmits it.
type LineCoding struct {
	Baud     uint32
	StopBits serial.StopBits
	Parity   serial.Parity
	DataBits uint8
}

// lenLineCoding is its size in bytes (PSTN 1.2, table 17).
const lenLineCoding = 7

// AppendBinary appends the seven bytes of SET_LINE_CODING.
func (l LineCoding) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint32(b, l.Baud)
	return append(b, byte(l.StopBits), byte(l.Parity), l.DataBits), nil
}

// UnmarshalBinary reads them.
func (l *LineCoding) UnmarshalBinary(b []byte) error {
	if len(b) != lenLineCoding || b[4] > byte(serial.TwoStopBits) || b[5] > byte(serial.SpaceParity) {
		return fmt.Errorf("usb: % X is no line coding", b)
	}
	*l = LineCoding{binary.LittleEndian.Uint32(b), serial.StopBits(b[4]), serial.Parity(b[5]), b[6]}
	return nil
}

// SerialState is the notification of CDC-ACM about the lines the device drives
// (PSTN 1.2, 6.5.4). CTS is no part of it.
type SerialState struct {
	DCD, DSR, Break, RI      bool
	Framing, Parity, Overrun bool // errors since the last notification
}

// lenSerialState is the notification's size: a header of 8 bytes and two more.
const lenSerialState = 10

// AppendSerialState appends the notification of the control interface.
func AppendSerialState(b []byte, controlInterface uint8, s SerialState) []byte {
	b = append(b, 0xA1, CDCSerialState, 0, 0, controlInterface, 0, 2, 0)
	var bits uint16
	for n, on := range []bool{s.DCD, s.DSR, s.Break, s.RI, s.Framing, s.Parity, s.Overrun} {
		if on {
			bits |= 1 << n
		}
	}
	return binary.LittleEndian.AppendUint16(b, bits)
}

// ParseSerialState reads a notification; other notifications are not ok.
func ParseSerialState(b []byte) (s SerialState, ok bool) {
	if len(b) < lenSerialState || b[0] != 0xA1 || b[1] != CDCSerialState {
		return s, false
	}
	bits := binary.LittleEndian.Uint16(b[8:])
	for n, on := range []*bool{&s.DCD, &s.DSR, &s.Break, &s.RI, &s.Framing, &s.Parity, &s.Overrun} {
		*on = bits&(1<<n) != 0
	}
	return s, true
}
