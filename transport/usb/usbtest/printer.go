package usbtest

import (
	"sync/atomic"

	"github.com/openecr/openecr/transport/usb"
)

// Printer is a receipt printer of the printer class: /dev/usb/lp0. What it is
// sent comes out of Port, and what is written there is its status answers.
type Printer struct {
	*Device
	Port *Port

	id     string
	status atomic.Int32
	resets atomic.Int32
}

// NewPrinter makes one; deviceID is its IEEE 1284 device id,
// "MFG:X;MDL:Y;CMD:ESC/POS;CLS:PRINTER;". It is ready.
func NewPrinter(id Identity, deviceID string) *Printer {
	p := &Printer{id: deviceID}
	p.SetStatus(0x18)
	p.Device = &Device{Identity: id, Control: p.control, Interfaces: []Interface{
		{Class: 7, SubClass: 1, Protocol: 2, Endpoints: []Endpoint{{Address: DataIn}, {Address: DataOut}}}}}
	p.Port = NewPort(p.Device, DataIn, DataOut)
	return p
}

func (p *Printer) control(s Setup, _ []byte) ([]byte, error) {
	switch {
	case s.RequestType == 0xA1 && s.Request == usb.PrinterGetDeviceID:
		return usb.AppendDeviceID(nil, p.id), nil
	case s.RequestType == 0xA1 && s.Request == usb.PrinterGetPortStatus:
		return []byte{byte(p.status.Load())}, nil
	case s.RequestType&0x9C == 0 && s.Request == usb.PrinterSoftReset: // 21, and 23 of old hosts
		p.resets.Add(1)
		return nil, nil
	}
	return nil, ErrStall
}

// SetStatus changes what GET_PORT_STATUS answers: 18 ready, 38 no paper.
func (p *Printer) SetStatus(s usb.PortStatus) { p.status.Store(int32(s)) }

// Resets counts SOFT_RESET.
func (p *Printer) Resets() int { return int(p.resets.Load()) }
