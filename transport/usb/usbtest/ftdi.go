package usbtest

import (
	"sync"

	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/usb"
)

// Endpoints of a chip of FTDI.
const (
	FTDIIn  = 0x81
	FTDIOut = 0x02
)

// ftdiTransfer is how many packets the model hands over at once.
const ftdiTransfer = 8

// FTDI is an adapter with an FT232R: /dev/ttyUSB0.
type FTDI struct {
	*Device
	Port *Port // the far end of the line

	mu      sync.Mutex
	lines   serial.ModemLines
	out     serial.Lines
	divisor uint32
	data    uint16
}

// NewFTDI makes one. Its numbers are those of the chip, 0403:6001.
func NewFTDI(serialNumber string) *FTDI {
	f := &FTDI{lines: serial.ModemLines{CTS: true, DSR: true}}
	f.Device = &Device{Speed: Full, Control: f.control,
		Identity: Identity{VendorID: 0x0403, ProductID: 0x6001, Version: 0x0600, Manufacturer: "FTDI", Product: "FT232R USB UART", Serial: serialNumber},
		Interfaces: []Interface{{Class: 0xFF, SubClass: 0xFF, Protocol: 0xFF,
			Endpoints: []Endpoint{{Address: FTDIIn}, {Address: FTDIOut}}}}}
	f.Port = NewPort(f.Device, FTDIIn, FTDIOut)
	f.Port.chunk = ftdiTransfer * (Full.packet() - 2)
	f.Port.encode = func(data []byte) []byte {
		return usb.AppendFTDIPackets(nil, data, Full.packet(), f.ModemLines())
	}
	return f
}

func (f *FTDI) control(s Setup, _ []byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case s.RequestType == 0xC0 && s.Request == usb.FTDIGetModemStatus:
		return usb.AppendFTDIPackets(nil, nil, Full.packet(), f.lines), nil
	case s.RequestType == 0xC0:
		return make([]byte, s.Length), nil // EEPROM, latency, pins
	case s.RequestType != 0x40:
		return nil, ErrStall
	}
	switch s.Request {
	case usb.FTDISetModemControl:
		if s.Value&0x100 != 0 {
			f.out.DTR = s.Value&1 != 0
		}
		if s.Value&0x200 != 0 {
			f.out.RTS = s.Value&2 != 0
		}
	case usb.FTDISetBaud:
		f.divisor = uint32(s.Index)<<16 | uint32(s.Value)
	case usb.FTDISetData:
		f.data = s.Value
	}
	return nil, nil
}

// Divisor and Data are what the host set last, as it sent them.
func (f *FTDI) Divisor() (divisor uint32, data uint16) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.divisor, f.data
}

// Lines are DTR and RTS as the host drives them.
func (f *FTDI) Lines() serial.Lines {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.out
}

// ModemLines are the lines the far end drives.
func (f *FTDI) ModemLines() serial.ModemLines {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lines
}

// SetModemLines changes them and tells the host.
func (f *FTDI) SetModemLines(l serial.ModemLines) {
	f.mu.Lock()
	f.lines = l
	f.mu.Unlock()
	f.Notify(FTDIIn, usb.AppendFTDIPackets(nil, nil, Full.packet(), l))
}
