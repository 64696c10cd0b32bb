//go:build usblab && cgo && libusb

package guest_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/gousb"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
	"github.com/openecr/openecr/transport/transporttest"
	"github.com/openecr/openecr/transport/usb"
	"github.com/openecr/openecr/transport/usb/usbtest"
)

func parse(t testing.TB, text string) *usb.Dialer {
	t.Helper()
	d, err := transport.Schemes{"usb": transport.Scheme(usb.Parse)}.Parse(text)
	require.NoError(t, err)
	return d.(*usb.Dialer)
}

func dial(t testing.TB, text string) *usb.Conn {
	t.Helper()
	c, err := parse(t, text).Dial(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c.(*usb.Conn)
}

func far(t testing.TB, p *usbtest.Port) transport.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	c, err := p.Dial(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// drain throws away what an earlier pair left in the device.
func drain(c transport.Conn) {
	c.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	io.Copy(io.Discard, c)
	c.SetReadDeadline(time.Time{})
}

func id(vendor, product uint16, serial string) usbtest.Identity {
	return usbtest.Identity{VendorID: vendor, ProductID: product, Manufacturer: "OpenECR", Product: "lab " + serial, Serial: serial}
}

// way is one way to reach a device with a stream.
type way struct {
	name string
	make func() (d *usbtest.Device, port *usbtest.Port)
	text string
}

var ways = []way{
	{"CDC-ACM over /dev/ttyACM", acm, "usb://0b00:3070/W1?baud=115200"},
	{"CDC-ACM over libusb", acm, "usb://0b00:3070/W1?node=off"},
	{"FTDI over /dev/ttyUSB", ftdi, "usb://0403:6001/W2?baud=115200"},
	{"FTDI over libusb", ftdi, "usb://0403:6001/W2?node=off"},
	{"vendor bulk over libusb", bulk, "usb://2fb8:2205/W3"},
}

func acm() (*usbtest.Device, *usbtest.Port) {
	d := usbtest.NewACM(id(0x0B00, 0x3070, "W1"))
	return d.Device, d.Port
}
func ftdi() (*usbtest.Device, *usbtest.Port) { d := usbtest.NewFTDI("W2"); return d.Device, d.Port }
func bulk() (*usbtest.Device, *usbtest.Port) {
	d := usbtest.NewBulk(id(0x2FB8, 0x2205, "W3"))
	return d.Device, d.Port
}

func TestEveryWayIsAConn(t *testing.T) {
	for _, w := range []way{ways[0], ways[3], ways[4]} { // a node, and both kinds of driver over libusb
		t.Run(w.name, func(t *testing.T) {
			d, port := w.make()
			plug(t, d)
			dialer := parse(t, w.text)
			transporttest.TestConn(t, func() (a, b transport.Conn, stop func(), err error) {
				b, err = port.Dial(t.Context())
				if err != nil {
					return nil, nil, nil, err
				}
				drain(b)
				a, err = dialer.Dial(t.Context())
				return a, b, nil, err
			})
		})
	}
}

func TestUnpluggingEndsEveryCallAtOnce(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			d, _ := w.make()
			p := plug(t, d)
			c := dial(t, w.text)
			calls := map[string]func() error{
				"read":  func() error { _, err := c.Read(make([]byte, 64)); return err },
				"write": func() error { return fill(c) },
			}
			type result struct {
				name string
				err  error
			}
			results := make(chan result, len(calls))
			for name, call := range calls {
				go func() { results <- result{name, call()} }()
			}
			time.Sleep(100 * time.Millisecond)
			p.Unplug()
			begun := time.Now()
			for range calls {
				r := <-results
				require.ErrorIs(t, r.err, usb.ErrUnplugged, r.name)
			}
			require.Less(t, time.Since(begun), 2*time.Second)
			for name, call := range map[string]func() error{
				"check": func() error { _, err := c.Check(); return err },
				"read":  func() error { _, err := c.Read(make([]byte, 64)); return err },
				"write": func() error {
					n, err := c.Write([]byte("late"))
					require.Zero(t, n, "nothing leaves for a device that has gone")
					return err
				},
			} {
				require.ErrorIs(t, call(), usb.ErrUnplugged, name)
			}
			require.NoError(t, c.Close())
			require.ErrorIs(t, func() error { _, err := c.Read(make([]byte, 1)); return err }(), os.ErrClosed)
		})
	}
}

func fill(c transport.Conn) error {
	for {
		if _, err := c.Write(make([]byte, 4096)); err != nil {
			return err
		}
	}
}

func TestALinkComesBackAfterAReplug(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			d, port := w.make()
			p := plug(t, d)
			link := transport.NewLink(transport.LinkConfig{Dialer: parse(t, w.text), Framing: frame.Length{Bytes: 2},
				Backoff: transport.Backoff{First: 50 * time.Millisecond, Max: 200 * time.Millisecond}})
			defer link.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			require.NoError(t, link.Redial(ctx))
			require.NoError(t, link.Send(ctx, []byte("one")))
			first := find(t, func(o usb.Device) bool { return o.Serial == d.Serial })

			p.Unplug()
			// Idle when it happened: the next Send finds out before a byte leaves.
			time.Sleep(200 * time.Millisecond)
			err := link.Send(ctx, []byte("lost"))
			require.ErrorIs(t, err, usb.ErrUnplugged)
			require.True(t, transport.NothingSent(err), err)

			plug(t, d)
			require.NoError(t, link.Redial(ctx))
			require.NoError(t, link.Send(ctx, []byte("two")))
			again := find(t, func(o usb.Device) bool { return o.Serial == d.Serial })
			require.NotEqual(t, first.Address, again.Address, "a new address, the same serial number")
			got := make([]byte, 5)
			peer := far(t, port)
			peer.SetReadDeadline(time.Now().Add(within))
			_, err = io.ReadFull(peer, got)
			require.NoError(t, err)
			require.Equal(t, "\x00\x03two", string(got))
		})
	}
}

func TestClosingWhileEverythingRunsNeverCrashes(t *testing.T) {
	d, _ := bulk()
	plug(t, d)
	for range 10 {
		c := dial(t, "usb://2fb8:2205/W3")
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { io.Copy(io.Discard, c) })
			all.Go(func() { fill(c) })
			all.Go(func() {
				for {
					if _, err := c.Control(0x80, 0, 0, 0, make([]byte, 2)); errors.Is(err, os.ErrClosed) {
						return
					}
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
		require.NoError(t, c.Close())
		all.Wait()
		_, err := c.Control(0x80, 0, 0, 0, make([]byte, 2))
		require.ErrorIs(t, err, os.ErrClosed)
		require.NoError(t, c.Close())
	}
}

func TestAControlRequestEnds(t *testing.T) {
	release := make(chan struct{})
	d, _ := bulk()
	d.Control = func(s usbtest.Setup, _ []byte) ([]byte, error) {
		switch s.Request {
		case 1:
			return []byte("answer"), nil
		case 2:
			<-release
		}
		return nil, usbtest.ErrStall
	}
	p := plug(t, d)
	defer close(release)
	c := dial(t, "usb://2fb8:2205/W3")
	b := make([]byte, 16)
	n, err := c.Control(0xC0, 1, 0, 0, b)
	require.NoError(t, err)
	require.Equal(t, "answer", string(b[:n]))

	n, err = c.Control(0xC0, 9, 0, 0, b)
	require.ErrorIs(t, err, usb.ErrStalled)
	require.Zero(t, n, "no negative count")

	begun := time.Now()
	n, err = c.Control(0xC0, 2, 0, 0, b)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Zero(t, n)
	require.Less(t, time.Since(begun), 2*usb.ControlTimeout)

	result := make(chan error, 1)
	go func() { _, err := c.Control(0xC0, 2, 0, 0, b); result <- err }()
	time.Sleep(50 * time.Millisecond)
	go p.Unplug() // waits for the request that hangs
	require.ErrorIs(t, <-result, usb.ErrUnplugged)
}

func TestADeviceThatIsNotThereIsNotFound(t *testing.T) {
	_, err := parse(t, "usb://dead:beef").Dial(t.Context())
	require.ErrorIs(t, err, usb.ErrNotFound)

	// It went between finding and opening: gousb says nil, and no error.
	root := t.TempDir()
	d, _ := bulk()
	for name, content := range map[string]string{"busnum": "1", "devnum": "99", "bConfigurationValue": "1",
		"descriptors": string(d.DeviceDescriptor()) + string(d.ConfigDescriptor())} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, "1-9"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, "1-9", name), []byte(content), 0o644))
	}
	dialer := parse(t, "usb://2fb8:2205")
	dialer.Lister.Root = root
	_, err = dialer.Dial(t.Context())
	require.ErrorIs(t, err, usb.ErrNotFound)
}

func TestADeviceHasOneUser(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			d, _ := w.make()
			plug(t, d)
			dial(t, w.text)
			_, err := parse(t, w.text).Dial(t.Context())
			require.ErrorIs(t, err, usb.ErrBusy)
		})
	}
}

func TestADevicePluggedInLaterIsSeenByAnOldProcess(t *testing.T) {
	one, _ := bulk()
	plug(t, one)
	dial(t, "usb://2fb8:2205/W3") // an older libusb context stays open
	two := usbtest.NewBulk(id(0x2FB8, 0x2205, "W4"))
	plug(t, two.Device)
	dial(t, "usb://2fb8:2205/W4")

	_, err := parse(t, "usb://2fb8:2205").Dial(t.Context())
	require.ErrorIs(t, err, usb.ErrAmbiguous)
	require.ErrorContains(t, err, "W3")
	require.ErrorContains(t, err, "W4")
}

func TestOneLargeWriteFits(t *testing.T) {
	d, port := bulk()
	plug(t, d)
	c, peer := dial(t, "usb://2fb8:2205/W3"), far(t, port)
	const size = 17 << 20 // beyond the 16 MiB usbfs has in flight
	received := make(chan int64, 1)
	go func() { n, _ := io.Copy(io.Discard, io.LimitReader(peer, size)); received <- n }()
	n, err := c.Write(make([]byte, size))
	require.NoError(t, err)
	require.Equal(t, size, n)
	require.Equal(t, int64(size), <-received)
}

func TestSmallReadsGetWholePackets(t *testing.T) {
	d, port := bulk()
	plug(t, d)
	c, peer := dial(t, "usb://2fb8:2205/W3"), far(t, port)
	want := strings.Repeat("0123456789abcdef", 100)
	_, err := peer.Write([]byte(want))
	require.NoError(t, err)
	var got strings.Builder
	for b := make([]byte, 3); got.Len() < len(want); {
		c.SetReadDeadline(time.Now().Add(within))
		n, err := c.Read(b)
		require.NoError(t, err)
		got.Write(b[:n])
	}
	require.Equal(t, want, got.String())
}

func TestZeroLengthPackets(t *testing.T) {
	d, _ := bulk()
	plug(t, d)
	for _, c := range []struct {
		text        string
		size, empty int
	}{
		{"usb://2fb8:2205/W3", 512, 0},
		{"usb://2fb8:2205/W3?zlp=on", 511, 0},
		{"usb://2fb8:2205/W3?zlp=on", 512, 1},
		{"usb://2fb8:2205/W3?zlp=on", 1024, 1},
	} {
		conn, before := dial(t, c.text), d.EmptyTransfers()
		n, err := conn.Write(make([]byte, c.size))
		require.NoError(t, err)
		require.Equal(t, c.size, n)
		require.Equal(t, c.empty, d.EmptyTransfers()-before, "%s, %d bytes", c.text, c.size)
		require.NoError(t, conn.Close())
	}
}

func TestAHaltedPipeComesBackByDialingAgain(t *testing.T) {
	for _, end := range []uint8{usbtest.DataIn, usbtest.DataOut} {
		d, port := bulk()
		p := plug(t, d)
		c := dial(t, "usb://2fb8:2205/W3")
		d.Halt(end)
		c.SetDeadline(time.Now().Add(within))
		var err error
		if end == usbtest.DataIn {
			_, err = c.Read(make([]byte, 8))
		} else {
			_, err = c.Write([]byte("refused"))
		}
		require.ErrorIs(t, err, usb.ErrStalled)
		require.NoError(t, c.Close())

		link := transport.NewLink(transport.LinkConfig{Dialer: parse(t, "usb://2fb8:2205/W3"), Framing: frame.Length{Bytes: 2},
			Backoff: transport.Backoff{First: 50 * time.Millisecond, Max: 200 * time.Millisecond}})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		require.NoError(t, link.Redial(ctx))
		peer := far(t, port)
		drain(peer)
		require.NoError(t, link.Send(ctx, []byte("x")))
		_, err = peer.Write([]byte{0, 1, 'y'})
		require.NoError(t, err)
		got, err := link.Receive(ctx)
		require.NoError(t, err)
		require.Equal(t, "y", string(got))
		cancel()
		link.Close()
		p.Unplug()
	}
}

func TestOnlyDevicesWhollyOursLoseTheirKernelDriver(t *testing.T) {
	printer := usbtest.NewPrinter(id(0x0416, 0x5011, "C1"), "MFG:OpenECR;MDL:Lab;CMD:ESC/POS;CLS:PRINTER;")
	plug(t, printer.Device)
	listed := find(t, func(d usb.Device) bool { return d.Serial == "C1" && len(d.Nodes()) == 1 })
	c := dial(t, "usb://0416:5011/C1?node=off")
	require.Empty(t, c.Node())
	require.NoFileExists(t, listed.Nodes()[0])
	require.NoError(t, c.Close())
	find(t, func(d usb.Device) bool { return d.Serial == "C1" && len(d.Nodes()) == 1 }) // given back

	// The same printer with a serial port beside it, which somebody uses.
	both := usbtest.NewACM(id(0x0416, 0x5012, "C2"))
	both.Interfaces = append(both.Interfaces, usbtest.Interface{Class: 7, SubClass: 1, Protocol: 2,
		Endpoints: []usbtest.Endpoint{{Address: 0x84}, {Address: 0x05}}})
	plug(t, both.Device)
	find(t, func(d usb.Device) bool { return d.Serial == "C2" && len(d.Nodes()) == 2 })
	port, peer := dial(t, "usb://0416:5012/C2?interface=0"), far(t, both.Port)
	_, err := parse(t, "usb://0416:5012/C2?class=07&node=off").Dial(t.Context())
	require.ErrorIs(t, err, usb.ErrBusy)
	require.ErrorContains(t, err, "cdc_acm")
	_, err = port.Write([]byte("still here"))
	require.NoError(t, err)
	b := make([]byte, 10)
	peer.SetReadDeadline(time.Now().Add(within))
	_, err = io.ReadFull(peer, b)
	require.NoError(t, err)
	require.Equal(t, "still here", string(b))
	require.Equal(t, "/dev/usb/lp", strings.TrimRight(dial(t, "usb://0416:5012/C2?class=07").Node(), "0123456789"))
}

// TestDialAs is run by the test below, as nobody.
func TestDialAs(t *testing.T) {
	text := os.Getenv("DIAL")
	if text == "" {
		return
	}
	_, err := parse(t, text).Dial(t.Context())
	require.ErrorIs(t, err, usb.ErrPermission)
	os.Stdout.WriteString("\n" + err.Error() + "\n")
}

func TestWithoutPermissionTheErrorSaysWhatToDo(t *testing.T) {
	d, _ := bulk()
	plug(t, d)
	a, _ := acm()
	plug(t, a)
	printer := usbtest.NewPrinter(id(0x0416, 0x5011, "C1"), "MFG:X;")
	plug(t, printer.Device)
	for serial, want := range map[string]string{"W3": `ATTR{idVendor}=="2fb8"`, "W1": "group", "C1": "group"} {
		found := find(t, func(o usb.Device) bool { return o.Serial == serial && (serial == "W3" || len(o.Nodes()) > 0) })
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestDialAs$")
		cmd.Env = append(os.Environ(), "DIAL="+found.URL())
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), want)
	}
}

func TestManyOpeningsLeaveNothing(t *testing.T) {
	d, _ := bulk()
	plug(t, d)
	count := func() int { e, _ := os.ReadDir("/proc/self/fd"); return len(e) }
	before := count()
	for range 10 {
		require.NoError(t, dial(t, "usb://2fb8:2205/W3").Close())
	}
	require.LessOrEqual(t, count(), before)
}

// bare is gousb without us, for comparison and to show its traps are real.
func bare(t testing.TB, vendor, product gousb.ID) (in *gousb.InEndpoint, out *gousb.OutEndpoint, stop func()) {
	t.Helper()
	ctx := gousb.NewContext()
	d, err := ctx.OpenDeviceWithVIDPID(vendor, product)
	require.NoError(t, err)
	require.NotNil(t, d)
	i, _, err := d.DefaultInterface()
	require.NoError(t, err)
	in, err = i.InEndpoint(usbtest.DataIn & 0x0F)
	require.NoError(t, err)
	out, err = i.OutEndpoint(usbtest.DataOut)
	require.NoError(t, err)
	return in, out, func() {
		i.Close()
		ctx.Close()
	}
}

func TestTheTrapsOfTheLibraryAreReal(t *testing.T) {
	ctx := gousb.NewContext()
	defer ctx.Close()
	none, err := ctx.OpenDeviceWithVIDPID(0xDEAD, 0xBEEF)
	require.NoError(t, err)
	require.Nil(t, none, "nil, and no error")
}
