//go:build usblab && cgo && libusb

package guest_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/usb"
	"github.com/openecr/openecr/transport/usb/usbtest"
)

func TestMain(m *testing.M) {
	if os.Getenv("OPENECR_USBLAB") != "guest" {
		fmt.Fprintln(os.Stderr, "these tests plug and unplug devices: run them in their virtual machine with make test-usb")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// within is how long a guest under emulation may take for what is at once on a
// machine.
const within = 10 * time.Second

// eventually waits for something to become true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for until := time.Now().Add(within); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// plug attaches a device for the length of a test, and waits until it is there.
func plug(t testing.TB, d *usbtest.Device) *usbtest.Plug {
	t.Helper()
	p, err := usbtest.Attach(d)
	require.NoError(t, err)
	t.Cleanup(func() { p.Unplug() })
	eventually(t, "the host configures the device", d.Plugged)
	return p
}

func find(t testing.TB, want func(usb.Device) bool) usb.Device {
	t.Helper()
	var found usb.Device
	eventually(t, "the device is listed", func() bool {
		list, err := usb.List(t.Context())
		require.NoError(t, err)
		for _, d := range list {
			if want(d) {
				found = d
				return true
			}
		}
		return false
	})
	return found
}

func TestTheDevicesOfThisMachine(t *testing.T) {
	var list []usb.Device
	eventually(t, "QEMU's four devices are there", func() bool {
		list, _ = usb.List(t.Context())
		nodes := 0
		for _, d := range list {
			nodes += len(d.Nodes())
		}
		return len(list) >= 4 && nodes >= 5
	})
	for _, d := range list {
		if d.Class != usb.ClassHub {
			fmt.Printf("found: %s: %s (%s)\n", d, usb.Identify(d), usb.Identify(d).Why)
		}
	}
}

func TestSoftwareDevicesGetRealNodes(t *testing.T) {
	for _, c := range []struct {
		node string
		d    *usbtest.Device
	}{
		{"/dev/ttyACM", usbtest.NewACM(usbtest.Identity{VendorID: 0x0B00, ProductID: 0x3070, Manufacturer: "INGENICO", Product: "Desk", Serial: "A1"}).Device},
		{"/dev/ttyUSB", usbtest.NewFTDI("F1").Device},
		{"/dev/usb/lp", usbtest.NewPrinter(usbtest.Identity{VendorID: 0x0416, ProductID: 0x5011, Serial: "P1"}, "MFG:X;").Device},
		{"/dev/hidraw", usbtest.NewScanner(usbtest.Identity{VendorID: 0x0C2E, ProductID: 0x0B61, Serial: "S1"}).Device},
	} {
		begun := time.Now()
		plug(t, c.d)
		d := find(t, func(d usb.Device) bool { return d.Serial == c.d.Serial && len(d.Nodes()) > 0 })
		fmt.Printf("plugged in: %s: %s, after %v\n", d, usb.Identify(d), time.Since(begun).Round(time.Millisecond))
		require.Contains(t, strings.Join(d.Nodes(), " "), c.node)
	}
}
