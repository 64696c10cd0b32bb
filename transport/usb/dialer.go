package usb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/serial"
)

// Dialer finds a device and opens one interface of it. At least one of
// VendorID, Serial, Path and Class must be given; all that are given must fit,
// and just one device may. It may be used by many goroutines at once; do not
// change it meanwhile.
//
// Each Dial looks for the device afresh, so a transport.Link finds it again
// after a replug under its new address and node.
type Dialer struct {
	VendorID, ProductID ID     // both or neither
	Serial              string // serial number, exactly
	Path                string // socket, such as 1-2.3
	// Class chooses among devices and among their interfaces.
	Class Class
	// Interface is the number of the interface; nil chooses: a serial port, a
	// printer, a HID, then pipes of the vendor class.
	Interface *int
	// NoNode uses libusb even where the kernel offers a file. The kernel's driver
	// is then taken off the device, if nothing else of the device is in use.
	NoNode bool
	// ZeroPacket ends each Write that fills its last packet with an empty packet,
	// over libusb. Some devices wait for it before they look at what they got.
	ZeroPacket bool

	// The line of a serial device; see serial.Dialer.
	Baud     int
	DataBits int
	Parity   serial.Parity
	StopBits serial.StopBits
	Lines    *serial.Lines

	// Lister finds devices; the zero value finds those of this machine.
	Lister Lister
}

var _ transport.Dialer = (*Dialer)(nil)

const (
	// settle is how long a device that has just been plugged in may take to get
	// its driver and node before it counts as having none.
	settle      = time.Second
	settleEvery = 20 * time.Millisecond
)

func (d *Dialer) check() error {
	if d.VendorID == 0 && d.ProductID == 0 && d.Serial == "" && d.Path == "" && d.Class == 0 {
		return errors.New("usb: which device? give VID:PID, a serial number, path= or class=")
	}
	return nil
}

// line is the dialer of a serial node, with the settings given here.
func (d *Dialer) line(path string) *serial.Dialer {
	return &serial.Dialer{Path: path, Baud: d.Baud, DataBits: d.DataBits, Parity: d.Parity, StopBits: d.StopBits, Lines: d.Lines}
}

// coding is the same for a device behind libusb.
func (d *Dialer) coding() LineCoding {
	l := LineCoding{Baud: uint32(d.Baud), StopBits: d.StopBits, Parity: d.Parity, DataBits: uint8(d.DataBits)}
	if l.Baud == 0 {
		l.Baud = serial.DefaultBaud
	}
	if l.DataBits == 0 {
		l.DataBits = 8
	}
	return l
}

// Dial finds the device and opens it, exclusively, throwing away what it sent
// before. The Conn is a *Conn.
//
// Errors: ErrNotFound, ErrAmbiguous, ErrNoInterface, ErrPermission, ErrBusy,
// ErrNeedsLibusb where no node exists and this build lacks the tag.
func (d *Dialer) Dial(ctx context.Context) (transport.Conn, error) {
	c, err := d.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("usb: %s: %w", strings.TrimPrefix(d.String(), "usb://"), err)
	}
	return c, nil
}

func (d *Dialer) dial(ctx context.Context) (*Conn, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	device, f, err := d.settled(ctx)
	if err != nil {
		return nil, err
	}
	if node := f.node(); node != "" && !d.NoNode {
		b, err := d.openNode(ctx, node, f)
		if err != nil {
			return nil, nodeError(err)
		}
		return &Conn{backend: b, device: device, iface: f.main, node: node}, nil
	}
	b, err := d.claim(device, f)
	if err != nil {
		return nil, err
	}
	return &Conn{backend: b, device: device, iface: f.main}, nil
}

// settled finds the device, and waits a little for the node of one that has
// just been plugged in.
func (d *Dialer) settled(ctx context.Context) (Device, function, error) {
	for until := time.Now().Add(settle); ; {
		device, err := d.Find(ctx)
		if err != nil {
			return device, function{}, err
		}
		f, err := d.choose(device)
		if err != nil || d.NoNode || !f.expectsNode(device) || f.node() != "" || time.Now().After(until) {
			return device, f, err
		}
		select {
		case <-time.After(settleEvery):
		case <-ctx.Done():
			return device, f, ctx.Err()
		}
	}
}

// Find returns the one device that fits. Errors: ErrNotFound, ErrAmbiguous,
// those of List.
func (d *Dialer) Find(ctx context.Context) (Device, error) {
	devices, err := d.Lister.list(ctx, d.mayFit)
	if err != nil {
		return Device{}, err
	}
	devices = slices.DeleteFunc(devices, func(o Device) bool { return !d.fits(o) })
	switch len(devices) {
	case 1:
		return devices[0], nil
	case 0:
		return Device{}, ErrNotFound
	}
	var names []string
	for _, o := range devices {
		names = append(names, o.String())
	}
	return Device{}, fmt.Errorf("%w: %s", ErrAmbiguous, strings.Join(names, "; "))
}

func (d *Dialer) fits(o Device) bool { return d.mayFit(o) && (d.Serial == "" || d.Serial == o.Serial) }

// mayFit judges by what is known of a device before its strings are read.
func (d *Dialer) mayFit(o Device) bool {
	switch {
	case (d.VendorID != 0 || d.ProductID != 0) && (d.VendorID != o.VendorID || d.ProductID != o.ProductID),
		d.Path != "" && d.Path != o.Path,
		d.Class != 0 && !o.Has(d.Class):
		return false
	}
	return true
}

// function is the part of a device that is opened.
type function struct {
	main Interface
	data Interface // with the bulk pipes; of CDC-ACM another interface than main
}

// choose picks the interface.
func (d *Dialer) choose(o Device) (function, error) {
	best, rank := Interface{}, 0
	for _, i := range o.Interfaces {
		if d.Interface != nil && i.Number != *d.Interface || d.Class != 0 && d.Class != ClassPerInterface && i.Class != d.Class && d.Class != o.Class {
			continue
		}
		r := i.rank()
		if d.Interface != nil {
			r += 1 // whatever it is
		}
		if r > rank {
			best, rank = i, r
		}
	}
	if rank == 0 {
		return function{}, fmt.Errorf("%w: it has %s", ErrNoInterface, describe(o))
	}
	f := function{main: best, data: best}
	if best.Class == ClassComm {
		for _, i := range o.Interfaces {
			if i.Class == ClassData && i.Number > best.Number && len(i.Endpoints) > 0 {
				f.data = i
				break
			}
		}
	}
	return f, nil
}

// rank says how likely an interface is the one meant; 0 is never.
func (i Interface) rank() int {
	_, in := i.pipe(true)
	_, out := i.pipe(false)
	switch {
	case i.Class == ClassComm && i.SubClass == subclassACM:
		return 60
	case i.nodeLike("/dev/tty") != "":
		return 50
	case i.Class == ClassPrinter:
		if in { // bidirectional before unidirectional
			return 45
		}
		return 40
	case i.Class == ClassHID && i.UsagePage == usagePageScanner:
		return 35
	case i.Class == ClassHID:
		return 30
	case i.Class == ClassVendor && in && out:
		return 20
	}
	return 0
}

// pipe returns the data endpoint of a direction: bulk, or interrupt where there
// is no bulk.
func (i Interface) pipe(in bool) (Endpoint, bool) {
	for _, kind := range []func(Endpoint) bool{Endpoint.Bulk, Endpoint.Interrupt} {
		for _, e := range i.Endpoints {
			if e.In() == in && kind(e) {
				return e, true
			}
		}
	}
	return Endpoint{}, false
}

func (i Interface) nodeLike(prefix string) string {
	for _, n := range i.Nodes {
		if strings.HasPrefix(n, prefix) {
			return n
		}
	}
	return ""
}

// node returns the kernel's file for the function, empty for none.
func (f function) node() string {
	for _, prefix := range []string{"/dev/tty", "/dev/usb/lp", "/dev/hidraw"} {
		if n := f.main.nodeLike(prefix); n != "" {
			return n
		}
	}
	return ""
}

// expectsNode reports whether Linux usually has a driver for it.
func (f function) expectsNode(d Device) bool {
	if !nodesExist {
		return false
	}
	switch f.main.Class {
	case ClassComm, ClassPrinter, ClassHID:
		return f.main.Driver != "usbfs"
	}
	k, ok := d.byNumber()
	return ok && k.kind == KindSerial && f.main.Driver != "usbfs"
}

// describe lists the interfaces of a device for an error.
func describe(o Device) string {
	if len(o.Interfaces) == 0 {
		return "none (it is not configured)"
	}
	var all []string
	for _, i := range o.Interfaces {
		all = append(all, fmt.Sprintf("%d of class %s/%s/%s", i.Number, i.Class, i.SubClass, i.Protocol))
	}
	return strings.Join(all, ", ")
}

// detach decides whether the kernel's drivers may be taken off the device:
// libusb takes them off all of its interfaces, so only if all that are in use
// are ours.
func (f function) detach(o Device) (bool, error) {
	ours, others := "", ""
	for _, i := range o.Interfaces {
		switch {
		case i.Driver == "" || i.Driver == "usbfs":
		case i.Number == f.main.Number || i.Number == f.data.Number:
			ours = i.Driver
		default:
			others = fmt.Sprintf("%s on interface %d", i.Driver, i.Number)
		}
	}
	if ours != "" && others != "" {
		return false, fmt.Errorf("%w: the kernel's driver %s cannot be taken off without also taking off %s; use its node, or unbind it yourself", ErrBusy, ours, others)
	}
	return ours != "", nil
}
