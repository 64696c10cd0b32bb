//go:build cgo && libusb

package usb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/gousb"
)

// claim takes a device through libusb and makes its driver.
func (d *Dialer) claim(o Device, f function) (backend, error) {
	detach, err := f.detach(o)
	if err != nil {
		return nil, err
	}
	b, err := openBus(o, f, detach)
	if err != nil {
		return nil, err
	}
	c, err := d.open(b, o, f)
	if err != nil {
		b.close()
		return nil, err
	}
	return c, nil
}

// libusbBus is a device claimed through gousb.
//
// What it guards against, all seen with gousb 1.1.3: a transfer after the
// device was closed kills the process; Control returns negative counts and
// waits for ever; a device that is gone comes back as nil without an error;
// NewContext, and Interface on unusual numbering, panic; one fact has errors of
// two types, and some are only text; an old context misses devices plugged in
// since, so each has its own.
type libusbBus struct {
	device Device
	whole  bool // nothing else of the device is in use

	ctx    *gousb.Context
	dev    *gousb.Device
	config *gousb.Config
	ifaces []*gousb.Interface
	ins    map[uint8]*gousb.InEndpoint
	outs   map[uint8]*gousb.OutEndpoint

	mu      sync.Mutex
	closed  bool
	stalled bool
	calls   sync.WaitGroup // every call into libusb
}

// newContext is gousb's, which panics where libusb cannot begin.
func newContext() (ctx *gousb.Context, err error) {
	defer recovered(&err)
	return gousb.NewContext(), nil
}

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("usb: libusb: %v", r)
	}
}

func openBus(o Device, f function, detach bool) (_ *libusbBus, err error) {
	ctx, err := newContext()
	if err != nil {
		return nil, err
	}
	b := &libusbBus{device: o, ctx: ctx, whole: detach || len(o.Interfaces) == 1,
		ins: map[uint8]*gousb.InEndpoint{}, outs: map[uint8]*gousb.OutEndpoint{}}
	if err := b.open(f, detach); err != nil {
		b.release()
		return nil, err
	}
	return b, nil
}

// open finds the device in this context, and claims the function's interfaces.
func (b *libusbBus) open(f function, detach bool) (err error) {
	defer recovered(&err)
	o := b.device
	devices, err := b.ctx.OpenDevices(func(desc *gousb.DeviceDesc) bool {
		return desc.Bus == o.Bus && desc.Address == o.Address &&
			desc.Vendor == gousb.ID(o.VendorID) && desc.Product == gousb.ID(o.ProductID)
	})
	if len(devices) == 0 { // the error may be another device's; nil is a device that has gone
		if err == nil || errors.Is(err, gousb.ErrorNoDevice) || errors.Is(err, gousb.ErrorNotFound) {
			return ErrNotFound
		}
		return b.named(err)
	}
	b.dev = devices[0]
	for _, more := range devices[1:] {
		more.Close()
	}
	b.dev.ControlTimeout = ControlTimeout
	if detach {
		if err := b.dev.SetAutoDetach(true); err != nil {
			return b.named(err)
		}
	}
	number, err := b.dev.ActiveConfigNum()
	if err != nil {
		return b.named(err)
	}
	if b.config, err = b.dev.Config(number); err != nil {
		return b.named(err)
	}
	numbers := []Interface{f.main}
	if f.data.Number != f.main.Number {
		numbers = append(numbers, f.data)
	}
	for _, i := range numbers {
		claimed, err := b.config.Interface(i.Number, i.Alternate)
		if err != nil {
			return b.named(err)
		}
		b.ifaces = append(b.ifaces, claimed)
		if err := b.prepare(claimed, i); err != nil {
			return err
		}
	}
	return nil
}

func (b *libusbBus) prepare(claimed *gousb.Interface, i Interface) error {
	for _, e := range i.Endpoints {
		number := int(e.Address & 0x0F)
		if e.In() {
			in, err := claimed.InEndpoint(number)
			if err != nil {
				return b.named(err)
			}
			b.ins[e.Address] = in
			continue
		}
		out, err := claimed.OutEndpoint(number)
		if err != nil {
			return b.named(err)
		}
		b.outs[e.Address] = out
	}
	return nil
}

// enter begins a call into libusb, unless the device has been closed.
func (b *libusbBus) enter() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errClosed()
	}
	b.calls.Add(1)
	return nil
}

func (b *libusbBus) control(requestType, request uint8, value, index uint16, data []byte) (int, error) {
	if err := b.enter(); err != nil {
		return 0, err
	}
	defer b.calls.Done()
	n, err := b.dev.Control(requestType, request, value, index, data)
	if err != nil {
		return 0, b.named(err)
	}
	return max(n, 0), nil
}

func (b *libusbBus) in(done <-chan struct{}, e Endpoint, p []byte) (int, error) {
	if err := b.enter(); err != nil {
		return 0, err
	}
	defer b.calls.Done()
	end, ok := b.ins[e.Address]
	if !ok {
		return 0, fmt.Errorf("usb: %w: no endpoint %02x", ErrNoInterface, e.Address)
	}
	n, err := end.ReadContext(doneContext{done}, p)
	return max(n, 0), b.transferError(err)
}

func (b *libusbBus) out(done <-chan struct{}, e Endpoint, p []byte) (int, error) {
	if err := b.enter(); err != nil {
		return 0, err
	}
	defer b.calls.Done()
	end, ok := b.outs[e.Address]
	if !ok {
		return 0, fmt.Errorf("usb: %w: no endpoint %02x", ErrNoInterface, e.Address)
	}
	n, err := end.WriteContext(doneContext{done}, p)
	if err == nil && n < len(p) {
		return n, fmt.Errorf("usb: the device took %d of %d bytes", n, len(p))
	}
	if status := gousb.TransferStatus(0); errors.As(err, &status) {
		n = len(p) // it was on its way: how far is not known for certain
	}
	return max(n, 0), b.transferError(err)
}

func (b *libusbBus) transferError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gousb.TransferCancelled):
		return errCancelled
	case errors.Is(err, gousb.TransferStall):
		b.mu.Lock()
		b.stalled = true
		b.mu.Unlock()
	}
	return b.named(err)
}

// close waits for the calls in progress and gives the device back. A pipe that
// was halted is brought back by resetting the device: gousb cannot clear it.
func (b *libusbBus) close() error {
	b.mu.Lock()
	closed := b.closed
	b.closed = true
	b.mu.Unlock()
	if closed {
		return nil
	}
	b.calls.Wait()
	return b.release()
}

// release closes in the only order that works.
func (b *libusbBus) release() (err error) {
	defer recovered(&err)
	for _, i := range b.ifaces {
		i.Close()
	}
	if b.config != nil {
		err = b.config.Close()
	}
	if b.dev != nil {
		if b.stalled && b.whole {
			b.dev.Reset() // a device that has gone meanwhile is no fault
		}
		err = errors.Join(err, b.dev.Close())
	}
	return errors.Join(err, b.ctx.Close())
}

// doneContext is a context of nothing but its end.
type doneContext struct{ done <-chan struct{} }

func (c doneContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c doneContext) Done() <-chan struct{}       { return c.done }
func (c doneContext) Value(any) any               { return nil }
func (c doneContext) Err() error {
	select {
	case <-c.done:
		return context.Canceled
	default:
		return nil
	}
}

// causes are the two kinds of error that gousb has for the same facts, and the
// text of those that are only text.
var causes = []struct {
	err    gousb.Error
	status gousb.TransferStatus // 0 for none
	text   string
	name   error
}{
	{gousb.ErrorNoDevice, gousb.TransferNoDevice, "[code -4]", ErrUnplugged},
	{gousb.ErrorAccess, 0, "[code -3]", ErrPermission},
	{gousb.ErrorBusy, 0, "[code -6]", ErrBusy},
	{gousb.ErrorPipe, gousb.TransferStall, "[code -9]", ErrStalled},
	{gousb.ErrorOverflow, gousb.TransferOverflow, "[code -8]", ErrOverflow},
	{gousb.ErrorTimeout, gousb.TransferTimedOut, "[code -7]", os.ErrDeadlineExceeded},
	{gousb.ErrorNotSupported, 0, "[code -12]", errors.ErrUnsupported},
}

// named gives an error of libusb its name here.
func (b *libusbBus) named(err error) error {
	if err == nil {
		return nil
	}
	for _, c := range causes {
		if errors.Is(err, c.err) || c.status != 0 && errors.Is(err, c.status) || strings.Contains(err.Error(), c.text) {
			return b.explained(c.name, err)
		}
	}
	// A cable that is being pulled shows as a failed transfer first.
	if b.gone() {
		return b.explained(ErrUnplugged, err)
	}
	return fmt.Errorf("usb: %w", err)
}

// goneWait is how long the kernel may take to notice a pulled cable.
const goneWait = 200 * time.Millisecond

func (b *libusbBus) gone() bool {
	same := func(o Device) bool { return o.VendorID == b.device.VendorID && o.Path == b.device.Path }
	for until := time.Now().Add(goneWait); time.Now().Before(until); time.Sleep(settleEvery) {
		devices, err := Lister{}.list(context.Background(), same)
		if err != nil {
			return false
		}
		if !slices.ContainsFunc(devices, b.device.sameSeat) {
			return true
		}
	}
	return false
}

func (b *libusbBus) explained(name, err error) error {
	if !errors.Is(name, ErrPermission) {
		return fmt.Errorf("usb: %w: %w", name, err)
	}
	if runtime.GOOS != "linux" {
		return fmt.Errorf("usb: %w: bind the device to WinUSB (Windows), or see that no driver of the system holds it: %w", name, err)
	}
	v := b.device.VendorID
	return fmt.Errorf(`usb: %w: write SUBSYSTEM=="usb", ATTR{idVendor}=="%s", MODE="0660", GROUP="plugdev", TAG+="uaccess" `+
		`into /etc/udev/rules.d/70-openecr.rules, add this user to the group plugdev, log in again and replug the device: %w`, name, v, err)
}
