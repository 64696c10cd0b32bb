package usbtest

import (
	"sync"

	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/usb"
)

// Endpoints of the models.
const (
	NotifyIn = 0x81 // interrupt
	DataIn   = 0x82 // bulk
	DataOut  = 0x03 // bulk
)

// ACM is a device with a serial port of the class CDC-ACM, as card terminals
// and scanners have: /dev/ttyACM0.
type ACM struct {
	*Device
	Port *Port // the far end of the line

	mu     sync.Mutex
	coding usb.LineCoding
	lines  serial.Lines
	breaks []uint16
}

// NewACM makes one. It accepts breaks.
func NewACM(id Identity) *ACM {
	a := &ACM{coding: usb.LineCoding{Baud: serial.DefaultBaud, DataBits: 8}}
	a.Device = &Device{Identity: id, Class: 0xEF, SubClass: 2, Protocol: 1, Control: a.control, Interfaces: ACMInterfaces(0)}
	a.Port = NewPort(a.Device, DataIn, DataOut)
	return a
}

// ACMInterfaces are the two interfaces of a CDC-ACM function whose control
// interface has the number first, for composite devices.
func ACMInterfaces(first uint8) []Interface {
	return []Interface{
		{Class: 2, SubClass: 2, Protocol: 1, Function: 2, Extra: []byte{
			5, 0x24, 0, 0x10, 0x01, // header
			5, 0x24, 1, 0, first + 1, // call management: none
			4, 0x24, 2, 0x06, // line coding and state, break
			5, 0x24, 6, first, first + 1}, // union
			Endpoints: []Endpoint{{Address: NotifyIn, Interrupt: true, MaxPacket: 16}}},
		{Class: 10, Endpoints: []Endpoint{{Address: DataIn}, {Address: DataOut}}},
	}
}

func (a *ACM) control(s Setup, data []byte) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case s.RequestType == 0x21 && s.Request == usb.CDCSetLineCoding:
		var l usb.LineCoding
		if l.UnmarshalBinary(data) != nil {
			return nil, ErrStall
		}
		a.coding = l
		return nil, nil
	case s.RequestType == 0xA1 && s.Request == usb.CDCGetLineCoding:
		return a.coding.AppendBinary(nil)
	case s.RequestType == 0x21 && s.Request == usb.CDCSetControlLineState:
		a.lines = serial.Lines{DTR: s.Value&1 != 0, RTS: s.Value&2 != 0}
		return nil, nil
	case s.RequestType == 0x21 && s.Request == usb.CDCSendBreak:
		if len(a.breaks) < maxRequests {
			a.breaks = append(a.breaks, s.Value)
		}
		return nil, nil
	}
	return nil, ErrStall
}

// Coding is the line setting the host chose last.
func (a *ACM) Coding() usb.LineCoding {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.coding
}

// Lines are DTR and RTS as the host drives them.
func (a *ACM) Lines() serial.Lines {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lines
}

// Breaks are the values of SEND_BREAK so far: FFFF on, 0 off, or milliseconds.
func (a *ACM) Breaks() []uint16 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]uint16(nil), a.breaks...)
}

// SetState tells the host of the lines the device drives. False means nobody
// is there, or nobody listens.
func (a *ACM) SetState(s usb.SerialState) bool {
	return a.Notify(NotifyIn, usb.AppendSerialState(nil, 0, s))
}

// Notify queues one transfer at an IN endpoint; false where the device is not
// plugged in or the endpoint is full.
func (d *Device) Notify(address uint8, data []byte) bool {
	plug, _ := d.current()
	if plug == nil || plug.pipes[address] == nil {
		return false
	}
	ok, _, err := plug.pipes[address].put(data)
	return ok && err == nil
}
