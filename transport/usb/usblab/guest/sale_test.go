//go:build usblab && cgo && libusb

package guest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/zvt"
	"github.com/openecr/openecr/pos/zvt/zvttest"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/usb"
	"github.com/openecr/openecr/transport/usb/usbtest"
)

// step is a message of a ZVT sale, by class and instruction.
type step struct {
	name    string
	message [2]byte
	in      bool // from the terminal
	deliver bool // it arrives, and only then is the cable pulled
}

// steps are where the cable is pulled: at every kind of message of a sale.
var steps = []step{
	{"registration lost", [2]byte{0x06, 0x00}, false, false},
	{"question for the last receipt lost", [2]byte{0x06, 0x20}, false, false},
	{"payment request lost", [2]byte{0x06, 0x01}, false, false},
	{"payment request arrived", [2]byte{0x06, 0x01}, false, true},
	{"its acknowledgement lost", [2]byte{0x80, 0x00}, true, false},
	{"what the display shows, lost", [2]byte{0x04, 0xFF}, true, false},
	{"the result lost", [2]byte{0x04, 0x0F}, true, false},
	{"the result arrived", [2]byte{0x04, 0x0F}, true, true},
	{"the receipt lost", [2]byte{0x06, 0xD3}, true, false},
	{"the completion lost", [2]byte{0x06, 0x0F}, true, false},
	{"the completion arrived", [2]byte{0x06, 0x0F}, true, true},
}

// at fits the message in a serial frame (10 02 ...) or plainly. The
// acknowledgement 80 00 00 is also sent for registration: the cable waits for
// the payment request.
func (s step) at(framed bool) func(usbtest.Transfer) bool {
	want := s.message[:]
	payment := []byte{0x06, 0x01}
	if framed {
		want = append([]byte{0x10, 0x02}, want...)
		payment = append([]byte{0x10, 0x02}, payment...)
	}
	seen := false
	return func(t usbtest.Transfer) bool {
		has := func(b []byte) bool { return framed && bytes.Contains(t.Data, b) || bytes.HasPrefix(t.Data, b) }
		seen = seen || !t.In() && has(payment)
		// What comes from the terminal counts from the payment on.
		return t.In() == s.in && (!s.in || seen) && has(want)
	}
}

// shop is a till with a journal, and a terminal behind a cable.
type shop struct {
	*pos.Till
	journal pos.Journal
	sim     *zvttest.Terminal
}

func openShop(t *testing.T, sim *zvttest.Terminal, dialer transport.Dialer, framed bool) *shop {
	t.Helper()
	terminal, err := zvt.New(zvt.Config{Dialer: dialer, Serial: framed, Currency: pos.CNY, T3: 3 * time.Second, T4: 10 * time.Second, AbortWait: 5 * time.Second})
	require.NoError(t, err)
	s := &shop{journal: postest.NewMemoryJournal(), sim: sim}
	s.Till, err = pos.Open(t.Context(), pos.Config{ID: "lane-1", Journal: s.journal, Drivers: map[string]pos.Driver{"card": terminal},
		Times: pos.Times{AskEvery: 50 * time.Millisecond, AskAtMost: 8 * time.Second, Quarantine: 100 * time.Millisecond}})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func (s *shop) charge(t *testing.T, minor int64, reference string) error {
	_, err := s.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(minor, pos.CNY), Reference: reference})
	return err
}

// agree recovers until nothing is open and compares journal and books.
func (s *shop) agree(t *testing.T, what string) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		_, err := s.Recover(t.Context())
		if err == nil {
			break
		}
		require.True(t, errors.Is(err, pos.ErrOutcomeUnknown) && time.Now().Before(until), "%s: %v", what, err)
	}
	require.Empty(t, postest.Agree(context.Background(), s.journal, s.sim.Net()), what)
}

func newSim() *zvttest.Terminal {
	return zvttest.New(zvttest.Config{Currency: pos.CNY, T3: 3 * time.Second, Late: 50 * time.Millisecond, Away: 50 * time.Millisecond, Seed: 7})
}

func TestASaleSurvivesThePulledCable(t *testing.T) {
	for _, w := range []struct {
		way
		framed bool
	}{{ways[0], true}, {ways[2], true}, {ways[4], false}} {
		t.Run(w.name, func(t *testing.T) {
			d, port := w.make()
			sim := newSim()
			served := make(chan error, 1)
			if w.framed {
				go func() { served <- sim.ServeSerial(port) }()
			} else {
				go func() { served <- sim.Serve(port.Listen()) }()
			}
			t.Cleanup(func() { sim.Close(); <-served })
			p := plug(t, d)
			s := openShop(t, sim, parse(t, w.text), w.framed)
			require.NoError(t, s.charge(t, 1000, "undisturbed"))
			s.agree(t, "undisturbed")
			for n, step := range steps {
				begun := time.Now()
				if n == 0 { // registration is sent on a fresh connection only
					p.Unplug()
					p = plug(t, d)
					require.ErrorIs(t, s.charge(t, 1099, "pulled while idle"), pos.ErrNotSent)
				}
				d.Cut(step.at(w.framed), step.deliver)
				fell := p
				back := make(chan *usbtest.Plug, 1)
				go func() { // somebody puts the cable back
					<-fell.Done()
					again, err := usbtest.Attach(d)
					if err != nil {
						again = nil
					}
					back <- again
				}()
				err := s.charge(t, int64(1100+n), step.name)
				select {
				case p = <-back:
					require.NotNil(t, p, "plugging in again")
					t.Cleanup(func() { p.Unplug() })
				case <-time.After(within):
					t.Fatalf("the cable was never pulled at %s; the charge returned %v", step.name, err)
				}
				s.agree(t, step.name)
				find(t, func(o usb.Device) bool {
					return o.Serial == d.Serial && len(o.Interfaces) > 0 && (!w.framed || len(o.Nodes()) > 0)
				})
				fmt.Printf("  %s, cable pulled, %s: %v; journal and terminal agree (%.1f s)\n", w.name, step.name, outcome(err), time.Since(begun).Seconds())
			}
			require.NoError(t, s.charge(t, 2000, "afterwards"))
			s.agree(t, "afterwards")
		})
	}
}

func outcome(err error) string {
	if err == nil {
		return "paid"
	}
	for _, class := range []error{pos.ErrNotSent, pos.ErrDeclined, pos.ErrCanceled, pos.ErrOutcomeUnknown, pos.ErrBusy} {
		if errors.Is(err, class) {
			return class.Error()
		}
	}
	return err.Error()
}

func TestASaleOverTheAdapterOfThisMachine(t *testing.T) {
	sim := newSim()
	served := make(chan error, 1)
	go func() { served <- sim.ServeSerial(&serial.Dialer{Path: "/dev/ttyS1", Baud: 115200}) }()
	defer func() { sim.Close(); <-served }()
	adapter := find(t, func(d usb.Device) bool { return d.Path == "1-1" && len(d.Nodes()) > 0 })
	s := openShop(t, sim, parse(t, adapter.URL()+"?baud=115200"), true)
	require.NoError(t, s.charge(t, 1280, "order-1"))

	// The system takes it away, and gives it back.
	authorized := "/sys/bus/usb/devices/1-1/authorized"
	require.NoError(t, os.WriteFile(authorized, []byte("0"), 0))
	require.ErrorIs(t, s.charge(t, 1290, "order-2"), pos.ErrNotSent)
	require.NoError(t, os.WriteFile(authorized, []byte("1"), 0))
	find(t, func(d usb.Device) bool { return d.Serial == adapter.Serial && len(d.Nodes()) > 0 })
	require.NoError(t, s.charge(t, 1290, "order-3"))
	s.agree(t, "after the replug")
	require.Equal(t, int64(2570), sim.Net())
}
