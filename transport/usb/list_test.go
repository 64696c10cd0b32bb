package usb_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"context"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/usb"
)

// tree is a copy of sysfs, made by the test.
type tree struct {
	t    testing.TB
	root string
}

func newTree(t testing.TB) tree { return tree{t, t.TempDir()} }

func (f tree) write(name, content string) {
	f.t.Helper()
	path := filepath.Join(f.root, name)
	require.NoError(f.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(f.t, os.WriteFile(path, []byte(content), 0o644))
}

func (f tree) link(name, target string) {
	f.t.Helper()
	require.NoError(f.t, os.MkdirAll(filepath.Dir(filepath.Join(f.root, name)), 0o755))
	require.NoError(f.t, os.Symlink(target, filepath.Join(f.root, name)))
}

// device writes a device with one configuration.
func (f tree) device(name string, address int, device, config []byte, attributes map[string]string) {
	f.t.Helper()
	f.write(name+"/descriptors", string(device)+string(config))
	f.write(name+"/busnum", "1\n")
	f.write(name+"/devnum", fmt.Sprintf("%d\n", address))
	f.write(name+"/bConfigurationValue", "1\n")
	for k, v := range attributes {
		f.write(name+"/"+k, v+"\n")
	}
}

var (
	// 0B00:3070, a composite device.
	terminalDevice = []byte{18, 1, 0, 2, 0xEF, 2, 1, 64, 0x00, 0x0B, 0x70, 0x30, 0, 1, 1, 2, 3, 1}
	// CDC-ACM: interface association, control with an interrupt pipe, data with two bulk pipes.
	terminalConfig = []byte{9, 2, 75, 0, 2, 1, 0, 0x80, 50,
		8, 11, 0, 2, 2, 2, 1, 0,
		9, 4, 0, 0, 1, 2, 2, 1, 0, 5, 0x24, 0, 0x10, 1, 5, 0x24, 1, 0, 1, 4, 0x24, 2, 6, 5, 0x24, 6, 0, 1,
		7, 5, 0x81, 3, 16, 0, 8,
		9, 4, 1, 0, 2, 10, 0, 0, 0, 7, 5, 0x82, 2, 0, 2, 0, 7, 5, 0x03, 2, 0, 2, 0}
	printerDevice = []byte{18, 1, 0, 2, 0, 0, 0, 64, 0x16, 0x04, 0x11, 0x50, 0, 1, 0, 2, 0, 1}
	printerConfig = []byte{9, 2, 32, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 2, 7, 1, 2, 0, 7, 5, 0x01, 2, 64, 0, 0, 7, 5, 0x82, 2, 64, 0, 0}
	scannerDevice = []byte{18, 1, 0, 2, 0, 0, 0, 64, 0x2E, 0x0C, 0x61, 0x0B, 0, 1, 1, 2, 3, 1}
	scannerConfig = []byte{9, 2, 34, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 1, 3, 0, 0, 0, 9, 0x21, 0x11, 1, 0, 1, 0x22, 0x40, 0, 7, 5, 0x81, 3, 64, 0, 4}
	hubDevice     = []byte{18, 1, 0, 2, 9, 0, 1, 64, 0x6B, 0x1D, 2, 0, 0, 1, 3, 2, 1, 1}
	hubConfig     = []byte{9, 2, 25, 0, 1, 1, 0, 0xE0, 0, 9, 4, 0, 0, 1, 9, 0, 0, 0, 7, 5, 0x81, 3, 4, 0, 12}
)

func shopTree(t testing.TB) tree {
	f := newTree(t)
	f.device("usb1", 1, hubDevice, hubConfig, map[string]string{"product": "xHCI Host Controller"})
	f.device("1-2.10", 9, scannerDevice, scannerConfig, map[string]string{"manufacturer": "Honeywell", "product": "3310g", "serial": "S1"})
	f.write("1-2.10:1.0/bAlternateSetting", " 0\n")
	f.write("1-2.10:1.0/0003:0C2E:0B61.0001/report_descriptor", "\x05\x8c\x09\x02\xa1\x01")
	f.write("1-2.10:1.0/0003:0C2E:0B61.0001/hidraw/hidraw3/uevent", "MAJOR=247\nMINOR=3\nDEVNAME=hidraw3\n")
	f.device("1-2.9", 8, printerDevice, printerConfig, map[string]string{"product": "USB Printing Support"})
	f.write("1-2.9:1.0/bAlternateSetting", " 0\n")
	f.link("1-2.9:1.0/driver", "../../../bus/usb/drivers/usblp")
	f.write("1-2.9:1.0/usbmisc/lp0/uevent", "MAJOR=180\nMINOR=0\nDEVNAME=usb/lp0\n")
	f.device("1-1", 7, terminalDevice, terminalConfig, map[string]string{"manufacturer": "INGENICO", "product": "Desk", "serial": "0815"})
	f.write("1-1:1.0/bAlternateSetting", " 0\n")
	f.write("1-1:1.0/uevent", "DEVTYPE=usb_interface\nDRIVER=cdc_acm\n")
	f.link("1-1:1.0/driver", "../../../bus/usb/drivers/cdc_acm")
	f.write("1-1:1.0/tty/ttyACM0/uevent", "MAJOR=166\nMINOR=0\nDEVNAME=ttyACM0\n")
	f.write("1-1:1.1/bAlternateSetting", " 0\n")
	return f
}

func TestListReadsWhatTheKernelShows(t *testing.T) {
	f := shopTree(t)
	// An unconfigured device, a broken one and one that has just gone.
	f.device("1-3", 12, printerDevice, printerConfig, map[string]string{})
	f.write("1-3/bConfigurationValue", "\n")
	f.device("1-4", 13, []byte{1, 2, 3}, nil, nil)
	f.write("1-5/busnum", "1\n")

	devices, err := usb.Lister{Root: f.root}.List(t.Context())
	require.NoError(t, err)
	var paths []string
	for _, d := range devices {
		paths = append(paths, d.Path)
	}
	require.Equal(t, []string{"usb1", "1-1", "1-2.9", "1-2.10", "1-3"}, paths)

	d := devices[1]
	require.Equal(t, usb.ID(0x0B00), d.VendorID)
	require.Equal(t, usb.ID(0x3070), d.ProductID)
	require.Equal(t, 1, d.Bus)
	require.Equal(t, 7, d.Address)
	require.Equal(t, "0815", d.Serial)
	require.Equal(t, []usb.Interface{
		{Number: 0, Class: 2, SubClass: 2, Protocol: 1, Driver: "cdc_acm", Nodes: []string{"/dev/ttyACM0"},
			Endpoints: []usb.Endpoint{{Address: 0x81, Attributes: 3, MaxPacket: 16}}},
		{Number: 1, Class: 10, Endpoints: []usb.Endpoint{{Address: 0x82, Attributes: 2, MaxPacket: 512}, {Address: 3, Attributes: 2, MaxPacket: 512}}},
	}, d.Interfaces)
	require.Equal(t, `0b00:3070 at 1-1 "INGENICO Desk" serial "0815" /dev/ttyACM0`, d.String())
	require.Equal(t, "usb://0b00:3070/0815", d.URL())

	require.Equal(t, []string{"/dev/usb/lp0"}, devices[2].Nodes())
	require.Equal(t, "usb://0416:5011?path=1-2.9", devices[2].URL())
	require.Equal(t, []string{"/dev/hidraw3"}, devices[3].Nodes())
	require.Equal(t, uint16(0x8C), devices[3].Interfaces[0].UsagePage)
	require.Empty(t, devices[4].Interfaces, "not configured")
}

func TestDevicesTravelAsJSON(t *testing.T) {
	devices, err := usb.Lister{Root: shopTree(t).root}.List(t.Context())
	require.NoError(t, err)
	b, err := json.Marshal(devices[1])
	require.NoError(t, err)
	require.Contains(t, string(b), `"vendor_id":"0b00","product_id":"3070","bus":1,"address":7,"path":"1-1"`)
	require.Contains(t, string(b), `"class":"ef"`)
	var back usb.Device
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, devices[1], back)
}

func TestAMachineWithoutUSBHasNoDevices(t *testing.T) {
	devices, err := usb.Lister{Root: filepath.Join(t.TempDir(), "none")}.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, devices)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = usb.Lister{Root: shopTree(t).root}.List(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestIdentify(t *testing.T) {
	devices, err := usb.Lister{Root: shopTree(t).root}.List(t.Context())
	require.NoError(t, err)
	want := map[string]usb.Guess{
		"usb1":   {Kind: usb.KindHub, Confidence: usb.Likely, Model: "xHCI Host Controller"},
		"1-1":    {Kind: usb.KindTerminal, Confidence: usb.Likely, Maker: "Ingenico", Model: "Desk"},
		"1-2.9":  {Kind: usb.KindPrinter, Confidence: usb.Likely, Model: "receipt printer on a Winbond chip"},
		"1-2.10": {Kind: usb.KindScanner, Confidence: usb.Strong, Maker: "Honeywell", Model: "Vuquest 3310"},
	}
	for _, d := range devices {
		got := usb.Identify(d)
		require.NotEmpty(t, got.Why)
		got.Why = ""
		require.Equal(t, want[d.Path], got, d.Path)
	}
}

func TestNumbersAloneAreNeverCertain(t *testing.T) {
	for vendor := range 0x10000 {
		for _, product := range []usb.ID{0, 1, 0x6001, 0x3070, 0x5011, 0xEA60} {
			g := usb.Identify(usb.Device{VendorID: usb.ID(vendor), ProductID: product})
			require.LessOrEqual(t, g.Confidence, usb.Likely)
		}
	}
	chip := usb.Identify(usb.Device{VendorID: 0x10C4, ProductID: 0xEA60})
	require.Equal(t, usb.Weak, chip.Confidence, "a chip's number says nothing of the device around it")
	require.Equal(t, "serial adapter (Silicon Labs CP210x), weak", chip.String())
	require.Equal(t, "unknown", usb.Identify(usb.Device{VendorID: 0xFFFE}).String())
}

func TestWatchTellsWhatComesAndGoes(t *testing.T) {
	f := shopTree(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var seen []string
	script := []func(){
		3: func() { require.NoError(t, os.RemoveAll(filepath.Join(f.root, "1-2.9"))) },
		4: func() { f.device("1-2.9", 10, printerDevice, printerConfig, nil) }, // came back with a new address
		5: func() { f.write("1-1/devnum", "11\n") },                            // re-enumerated between two looks
		7: func() { f.write("1-1:1.0/tty/ttyACM1/uevent", "DEVNAME=ttyACM1\n") },
		8: cancel,
	}
	for e, err := range (usb.Watcher{Lister: usb.Lister{Root: f.root}, Every: 5 * time.Millisecond}).Watch(ctx) {
		require.NoError(t, err)
		seen = append(seen, fmt.Sprintf("%s %s#%d", e.Device.Path, e.Change, e.Device.Address))
		if n := len(seen) - 1; n < len(script) && script[n] != nil {
			script[n]()
		}
	}
	require.Equal(t, []string{"usb1 arrived#1", "1-1 arrived#7", "1-2.9 arrived#8", "1-2.10 arrived#9",
		"1-2.9 departed#8", "1-2.9 arrived#10", "1-1 departed#7", "1-1 arrived#11", "1-1 changed#11"}, seen)
}

func FuzzParseDescriptors(f *testing.F) {
	f.Add(append(append([]byte(nil), terminalDevice...), terminalConfig...), 1)
	f.Add(append(append([]byte(nil), hubDevice...), hubConfig...), 0)
	f.Add(scannerDevice, 2)
	f.Fuzz(func(t *testing.T, b []byte, config int) {
		d, err := usb.ParseDescriptors(b, config)
		if err != nil {
			require.ErrorIs(t, err, usb.ErrDescriptor)
		}
		require.LessOrEqual(t, len(d.Interfaces), len(b)/9)
		usb.Identify(d)
	})
}

func BenchmarkList(b *testing.B) {
	f := shopTree(b)
	for n := range 20 {
		f.device(fmt.Sprintf("1-7.%d", n+1), 20+n, terminalDevice, terminalConfig, map[string]string{"serial": fmt.Sprint(n)})
	}
	b.ReportAllocs()
	for b.Loop() {
		devices, err := usb.Lister{Root: f.root}.List(b.Context())
		if err != nil || len(devices) != 24 {
			b.Fatal(len(devices), err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/0.3, "of-300ms")
}
