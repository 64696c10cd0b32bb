package usbtest

import (
	"encoding/binary"
	"errors"
	"sync"
	"unicode/utf16"
)

// ErrStall refuses a control request, as devices refuse what they do not know.
var ErrStall = errors.New("usbtest: request stalled")

// Identity is what a device says of itself.
type Identity struct {
	VendorID, ProductID           uint16
	Version                       uint16 // bcdDevice; 0 means 1.00
	Manufacturer, Product, Serial string // up to 126 characters each
}

// Speed of a device on the bus. The zero value is High.
type Speed int

// Speeds.
const (
	High Speed = iota // 480 Mbit/s, bulk packets of 512 bytes
	Full              // 12 Mbit/s, bulk packets of 64 bytes
)

func (s Speed) packet() int {
	if s == Full {
		return 64
	}
	return 512
}

// Interface is the description of one interface. Its number is its index.
type Interface struct {
	Class, SubClass, Protocol uint8
	// Extra descriptors follow the interface's own: CDC functional descriptors,
	// the HID descriptor.
	Extra     []byte
	Endpoints []Endpoint
	// Function counts the interfaces, this one and those after it, that belong
	// together (interface association); 0 or 1 for none.
	Function int
}

// Endpoint is the description of one endpoint.
type Endpoint struct {
	Address   uint8 // bit 7 set: IN, towards the host
	Interrupt bool  // otherwise bulk
	MaxPacket int   // bytes; 0 is the speed's bulk packet, 64 for interrupt
}

// Setup is the eight bytes of a control request (USB 2.0, 9.3).
type Setup struct {
	RequestType uint8
	Request     uint8
	Value       uint16
	Index       uint16
	Length      uint16
}

// Device is one device. Describe it before the first plug; afterwards it is
// safe for concurrent use.
type Device struct {
	Identity
	Speed                     Speed
	Class, SubClass, Protocol uint8
	Interfaces                []Interface
	// Control answers class and vendor requests, and standard requests to an
	// interface such as GET_DESCRIPTOR of a HID report. data is what the host
	// sent; the answer is cut to Setup.Length. nil stalls all.
	Control func(s Setup, data []byte) ([]byte, error)

	mu     sync.Mutex
	plug   *plugging
	news   chan struct{} // closed and replaced when a plugging begins, is configured or ends
	cut    *cut
	halted map[uint8]bool
	seen   []Setup
	empty  int
}

// Transfer is one data transfer on its way.
type Transfer struct {
	Address uint8 // of the endpoint; bit 7 set: towards the host
	Data    []byte
}

// In reports whether it goes to the host.
func (t Transfer) In() bool { return t.Address&0x80 != 0 }

// Nth fits the n-th transfer it is asked about, from 1.
func Nth(n int) func(Transfer) bool {
	return func(Transfer) bool { n--; return n == 0 }
}

// cut is an order to pull the cable.
type cut struct {
	at      func(Transfer) bool
	deliver bool
}

// maxRequests bounds what Requests remembers.
const maxRequests = 4096

// Cut pulls the cable at the first data transfer that fits, control requests
// apart. With deliver the transfer still reaches the other side, and for one of
// the host's only its completion is lost; without, it is lost itself. nil takes
// the order back. at must not call the Device, nor keep Data.
func (d *Device) Cut(at func(Transfer) bool, deliver bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut = nil
	if at != nil {
		d.cut = &cut{at, deliver}
	}
}

// Halt stalls an endpoint until the host clears it.
func (d *Device) Halt(address uint8) {
	d.mu.Lock()
	if d.halted == nil {
		d.halted = map[uint8]bool{}
	}
	d.halted[address] = true
	p := d.plug
	d.mu.Unlock()
	if p != nil {
		p.stall(address)
	}
}

// Requests returns the class and vendor requests so far, the first few thousand.
func (d *Device) Requests() []Setup {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Setup(nil), d.seen...)
}

// EmptyTransfers counts the zero-length packets the host has sent.
func (d *Device) EmptyTransfers() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.empty
}

// Plugged reports whether a host has configured the device.
func (d *Device) Plugged() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.plug != nil && d.plug.configured
}

// changed tells waiters; the caller holds mu.
func (d *Device) changed() {
	if d.news != nil {
		close(d.news)
	}
	d.news = make(chan struct{})
}

// current returns the plugging, if configured, and a channel for what is next.
func (d *Device) current() (*plugging, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.news == nil {
		d.news = make(chan struct{})
	}
	if d.plug == nil || !d.plug.configured {
		return nil, d.news
	}
	return d.plug, d.news
}

// strike says whether the cable is pulled at a transfer.
func (d *Device) strike(t Transfer) (pulled, deliver bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cut == nil || !d.cut.at(t) {
		return false, true
	}
	deliver = d.cut.deliver
	d.cut = nil
	return true, deliver
}

// DeviceDescriptor returns the 18 bytes (USB 2.0, table 9-8).
func (d *Device) DeviceDescriptor() []byte {
	b := []byte{18, 1, 0x00, 0x02, d.Class, d.SubClass, d.Protocol, 64}
	b = binary.LittleEndian.AppendUint16(b, d.VendorID)
	b = binary.LittleEndian.AppendUint16(b, d.ProductID)
	version := d.Version
	if version == 0 {
		version = 0x0100
	}
	b = binary.LittleEndian.AppendUint16(b, version)
	for n, s := range []string{d.Manufacturer, d.Product, d.Serial} {
		if s == "" {
			b = append(b, 0)
		} else {
			b = append(b, byte(n+1))
		}
	}
	return append(b, 1)
}

// ConfigDescriptor returns the configuration with everything in it (USB 2.0,
// tables 9-10 to 9-13; interface association: its ECN).
func (d *Device) ConfigDescriptor() []byte {
	var body []byte
	for n, i := range d.Interfaces {
		if i.Function > 1 {
			body = append(body, 8, 11, byte(n), byte(i.Function), i.Class, i.SubClass, i.Protocol, 0)
		}
		body = append(body, 9, 4, byte(n), 0, byte(len(i.Endpoints)), i.Class, i.SubClass, i.Protocol, 0)
		body = append(body, i.Extra...)
		for _, e := range i.Endpoints {
			kind, interval := byte(2), byte(0)
			if e.Interrupt {
				kind, interval = 3, 4
			}
			body = append(body, 7, 5, e.Address, kind)
			body = binary.LittleEndian.AppendUint16(body, uint16(d.packet(e)))
			body = append(body, interval)
		}
	}
	b := []byte{9, 2}
	b = binary.LittleEndian.AppendUint16(b, uint16(9+len(body)))
	b = append(b, byte(len(d.Interfaces)), 1, 0, 0x80, 50)
	return append(b, body...)
}

func (d *Device) packet(e Endpoint) int {
	switch {
	case e.MaxPacket > 0:
		return e.MaxPacket
	case e.Interrupt:
		return 64
	}
	return d.Speed.packet()
}

// standard answers what every device answers (USB 2.0, 9.4).
func (d *Device) standard(p *plugging, s Setup) ([]byte, error) {
	switch {
	case s.RequestType == 0x80 && s.Request == 6:
		return d.descriptor(uint8(s.Value>>8), uint8(s.Value))
	case s.RequestType == 0x80 && s.Request == 8: // GET_CONFIGURATION
		return []byte{1}, nil
	case s.RequestType == 0x00 && s.Request == 9: // SET_CONFIGURATION
		p.configure(s.Value != 0)
		return nil, nil
	case s.RequestType == 0x01 && s.Request == 11: // SET_INTERFACE
		if s.Value != 0 {
			return nil, ErrStall
		}
		for _, e := range d.Interfaces[min(int(s.Index), len(d.Interfaces)-1)].Endpoints {
			d.unhalt(e.Address)
		}
		return nil, nil
	case s.RequestType == 0x02 && s.Request == 1: // CLEAR_FEATURE of an endpoint
		d.unhalt(uint8(s.Index))
		return nil, nil
	case s.RequestType&0x80 != 0 && s.Request == 0: // GET_STATUS
		return []byte{0, 0}, nil
	case s.RequestType&0x80 == 0 && (s.Request == 1 || s.Request == 3):
		return nil, nil
	}
	return nil, ErrStall
}

func (d *Device) unhalt(address uint8) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.halted, address)
}

func (d *Device) isHalted(address uint8) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.halted[address]
}

func (d *Device) descriptor(kind, index uint8) ([]byte, error) {
	switch kind {
	case 1:
		return d.DeviceDescriptor(), nil
	case 2:
		return d.ConfigDescriptor(), nil
	case 3:
		if index == 0 {
			return []byte{4, 3, 0x09, 0x04}, nil // US English
		}
		if texts := []string{d.Manufacturer, d.Product, d.Serial}; int(index) <= len(texts) {
			return stringDescriptor(texts[index-1]), nil
		}
	}
	return nil, ErrStall
}

// maxString is the longest string descriptor can hold, in UTF-16 units.
const maxString = 126

func stringDescriptor(s string) []byte {
	units := utf16.Encode([]rune(s))
	units = units[:min(len(units), maxString)]
	b := []byte{byte(2 + 2*len(units)), 3}
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// control answers one request.
func (d *Device) control(p *plugging, s Setup, data []byte) ([]byte, error) {
	toInterface := s.RequestType&0x1F == 1 && s.Request != 11
	if s.RequestType&0x60 == 0 && (!toInterface || s.Request != 6) {
		return d.standard(p, s)
	}
	d.mu.Lock()
	if len(d.seen) < maxRequests {
		d.seen = append(d.seen, s)
	}
	d.mu.Unlock()
	if d.Control == nil {
		return nil, ErrStall
	}
	return d.Control(s, data)
}
