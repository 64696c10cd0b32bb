package usb

import (
	"fmt"
	"strconv"
	"strings"
)

// ID is a vendor or product number. Its text is four hexadecimal digits.
type ID uint16

// String returns four lower-case hexadecimal digits.
func (id ID) String() string { return fmt.Sprintf("%04x", uint16(id)) }

// MarshalText writes the number as String does.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads up to four hexadecimal digits.
func (id *ID) UnmarshalText(b []byte) error {
	n, err := strconv.ParseUint(string(b), 16, 16)
	if err != nil || len(b) > 4 {
		return fmt.Errorf("usb: %q is not a number of four hexadecimal digits", b)
	}
	*id = ID(n)
	return nil
}

// Class is a class, subclass or protocol number of a device or interface. Its
// text is two hexadecimal digits, as descriptors are written down everywhere.
type Class uint8

// Classes of interfaces (USB-IF, Defined Class Codes).
const (
	ClassPerInterface Class = 0x00 // of a device: see its interfaces
	ClassComm         Class = 0x02 // communications; subclass 02 is CDC-ACM
	ClassHID          Class = 0x03
	ClassPrinter      Class = 0x07
	ClassStorage      Class = 0x08
	ClassHub          Class = 0x09
	ClassData         Class = 0x0A // the data half of a communications device
	ClassSmartCard    Class = 0x0B // CCID
	ClassVideo        Class = 0x0E
	ClassMisc         Class = 0xEF // EF/02/01: interface associations
	ClassVendor       Class = 0xFF
)

// subclassACM is the abstract control model of ClassComm.
const subclassACM Class = 0x02

// String returns two lower-case hexadecimal digits.
func (c Class) String() string { return fmt.Sprintf("%02x", uint8(c)) }

// MarshalText writes the number as String does.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads up to two hexadecimal digits.
func (c *Class) UnmarshalText(b []byte) error {
	n, err := strconv.ParseUint(string(b), 16, 8)
	if err != nil || len(b) > 2 {
		return fmt.Errorf("usb: %q is not a class of two hexadecimal digits", b)
	}
	*c = Class(n)
	return nil
}

// Device is one device as it was when it was listed.
type Device struct {
	VendorID  ID `json:"vendor_id"`
	ProductID ID `json:"product_id"`
	// Bus and Address are the system's numbers; Address is new with every plugging.
	Bus     int `json:"bus"`
	Address int `json:"address"`
	// Path names the socket: "1-2.3" is bus 1, socket 2, socket 3 of the hub
	// there. Root hubs are "usb1".
	Path         string `json:"path"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Product      string `json:"product,omitempty"`
	Serial       string `json:"serial,omitempty"`
	Class        Class  `json:"class"`
	SubClass     Class  `json:"subclass"`
	Protocol     Class  `json:"protocol"`
	// Interfaces of the active configuration, every alternate setting.
	Interfaces []Interface `json:"interfaces,omitempty"`
}

// Interface is one interface of a device, in one alternate setting.
type Interface struct {
	Number    int   `json:"number"`
	Alternate int   `json:"alternate"`
	Class     Class `json:"class"`
	SubClass  Class `json:"subclass"`
	Protocol  Class `json:"protocol"`
	// Driver of the kernel that is bound to it; empty for none, or unknown.
	Driver string `json:"driver,omitempty"`
	// Nodes are the files the kernel offers for it: /dev/ttyACM0, /dev/usb/lp0,
	// /dev/hidraw0, /dev/input/event3.
	Nodes []string `json:"nodes,omitempty"`
	// UsagePage is the first usage page of a HID interface, 0 where the system
	// does not show it: 0x01 desktop, 0x8C bar code scanner.
	UsagePage uint16 `json:"usage_page,omitempty"`
	// Endpoints without the control endpoint 0.
	Endpoints []Endpoint `json:"endpoints,omitempty"`
}

// Endpoint is one end of a pipe.
type Endpoint struct {
	Address    uint8 `json:"address"`    // bit 7 set: IN, towards the till
	Attributes uint8 `json:"attributes"` // low two bits: 2 bulk, 3 interrupt
	MaxPacket  int   `json:"max_packet"` // bytes
}

// Transfer types, the low two bits of Endpoint.Attributes (USB 2.0, table 9-13).
const (
	transferMask      = 0x03
	transferBulk      = 0x02
	transferInterrupt = 0x03
)

// In reports whether data flows from the device.
func (e Endpoint) In() bool { return e.Address&0x80 != 0 }

// Bulk reports whether it is a bulk pipe.
func (e Endpoint) Bulk() bool { return e.Attributes&transferMask == transferBulk }

// Interrupt reports whether it is an interrupt pipe.
func (e Endpoint) Interrupt() bool { return e.Attributes&transferMask == transferInterrupt }

// Name is what the device calls itself: maker and product in its own words, or
// its numbers where it has none.
func (d Device) Name() string {
	name := strings.TrimSpace(d.Manufacturer + " " + d.Product)
	if d.Manufacturer != "" && strings.HasPrefix(d.Product, d.Manufacturer) {
		name = d.Product
	}
	if name == "" {
		return d.VendorID.String() + ":" + d.ProductID.String()
	}
	return name
}

// String returns one line for people: numbers, socket, names and nodes.
func (d Device) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%s at %s", d.VendorID, d.ProductID, d.Path)
	if d.Manufacturer != "" || d.Product != "" {
		fmt.Fprintf(&b, " %q", d.Name())
	}
	if d.Serial != "" {
		fmt.Fprintf(&b, " serial %q", d.Serial)
	}
	if nodes := d.Nodes(); len(nodes) > 0 {
		b.WriteString(" " + strings.Join(nodes, " "))
	}
	return b.String()
}

// Nodes are the files the kernel offers for all interfaces.
func (d Device) Nodes() []string {
	var nodes []string
	for _, i := range d.Interfaces {
		nodes = append(nodes, i.Nodes...)
	}
	return nodes
}

// URL returns the shortest connection text that finds this device again:
// by serial number where it has one, by its socket otherwise.
func (d Device) URL() string {
	text := "usb://" + d.VendorID.String() + ":" + d.ProductID.String()
	if d.Serial != "" {
		return text + "/" + escapeSegment(d.Serial)
	}
	return text + "?path=" + d.Path
}

// Has reports whether an interface is of the class.
func (d Device) Has(c Class) bool {
	for _, i := range d.Interfaces {
		if i.Class == c {
			return true
		}
	}
	return d.Class == c
}

// sameSeat reports whether two listings show the same device in the same
// plugging.
func (d Device) sameSeat(o Device) bool {
	return d.Bus == o.Bus && d.Address == o.Address && d.Path == o.Path &&
		d.VendorID == o.VendorID && d.ProductID == o.ProductID && d.Serial == o.Serial
}
