package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/usb"
)

// shopSys is a copy of /sys and /dev of a shop.
type shopSys struct {
	t   testing.TB
	dir string
}

func newShopSys(t testing.TB) shopSys {
	s := shopSys{t, t.TempDir()}
	for _, d := range []string{"sys/class/tty", "usb", "dev"} {
		require.NoError(t, os.MkdirAll(s.path(d), 0o755))
	}
	return s
}

func (s shopSys) path(name string) string { return filepath.Join(s.dir, name) }

func (s shopSys) machine() machine {
	return machine{serial: serial.Lister{Sys: s.path("sys"), Dev: s.path("dev")}, usb: usb.Lister{Root: s.path("usb")}}
}

func (s shopSys) write(name, text string) {
	s.t.Helper()
	require.NoError(s.t, os.MkdirAll(filepath.Dir(s.path(name)), 0o755))
	require.NoError(s.t, os.WriteFile(s.path(name), []byte(text), 0o644))
}

func (s shopSys) link(name, target string) {
	s.t.Helper()
	require.NoError(s.t, os.Symlink(target, s.path(name)))
}

// descriptors of a device with one vendor interface: USB 2.0, 9.6.
func descriptors(vendor, product uint16, class byte) string {
	device := []byte{18, 1, 0, 2, class, 0, 0, 64, byte(vendor), byte(vendor >> 8), byte(product), byte(product >> 8), 0, 1, 1, 2, 3, 1}
	config := []byte{9, 2, 32, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 2, 0xFF, 0, 0, 0, 7, 5, 0x81, 2, 64, 0, 0, 7, 5, 2, 2, 64, 0, 0}
	if class == 9 {
		config[14] = 9
	}
	return string(append(device, config...))
}

// plug puts a device into a socket, all at once.
func (s shopSys) plug(place string, address int, vendor, product uint16, class byte, attributes map[string]string) {
	s.t.Helper()
	s.write("new/descriptors", descriptors(vendor, product, class))
	s.write("new/busnum", "1\n")
	s.write("new/devnum", fmt.Sprintln(address))
	s.write("new/bConfigurationValue", "1\n")
	for name, value := range attributes {
		s.write("new/"+name, value+"\n")
	}
	require.NoError(s.t, os.Rename(s.path("new"), s.path("usb/"+place)))
}

// tty adds a serial port of the device in a socket.
func (s shopSys) tty(name, place string, attributes map[string]string, iface string) {
	device := "sys/devices/usb1/" + place
	for key, value := range attributes {
		s.write(device+"/"+key, value+"\n")
	}
	s.write(device+"/"+place+":1.0/bInterfaceNumber", iface+"\n")
	s.write(device+"/"+place+":1.0/tty/"+name+"/dev", "188:0\n")
	s.link(device+"/"+place+":1.0/tty/"+name+"/device", "../..")
	s.link("sys/class/tty/"+name, "../../devices/usb1/"+place+"/"+place+":1.0/tty/"+name)
	s.write("dev/"+name, "")
}

func (s shopSys) uart(name, kind string) {
	device := "sys/devices/platform/" + name
	s.write(device+"/tty/"+name+"/type", kind+"\n")
	s.link(device+"/tty/"+name+"/device", "../..")
	s.link("sys/class/tty/"+name, "../../devices/platform/"+name+"/tty/"+name)
	s.write("dev/"+name, "")
}

// shop has a terminal on an adapter, a device without a driver and two ports.
func (s shopSys) shop() {
	adapter := map[string]string{"idVendor": "0403", "idProduct": "6001", "serial": "A50285BI", "product": "FT232R USB UART\x1b[2J", "manufacturer": "FTDI"}
	s.plug("usb1", 1, 0x1D6B, 2, 9, nil)
	s.plug("1-1", 7, 0x0403, 0x6001, 0, adapter)
	s.tty("ttyUSB0", "1-1", adapter, "00")
	s.plug("1-2", 8, 0x1234, 0x0101, 0, map[string]string{"product": "PAX"})
	s.uart("ttyS0", "4")
	s.uart("ttyS1", "0")
}

// portsRun is one run of till ports on a copy.
func portsRun(t *testing.T, m machine, args ...string) (status int, out, err string) {
	t.Helper()
	var o, e bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &o, err: &e, machine: m}
	status = a.run(t.Context(), append([]string{"ports"}, args...))
	return status, o.String(), e.String()
}

func TestPortsSayWhatIsThereAndHowToConnect(t *testing.T) {
	s := newShopSys(t)
	s.shop()
	status, out, stderr := portsRun(t, s.machine())
	require.Equal(t, statusOK, status, stderr)
	require.Contains(t, out, "USB 1-1  0403:6001")
	require.Contains(t, out, "serial adapter")
	require.Contains(t, out, "A50285BI")
	require.Contains(t, out, "nodes      "+s.path("dev/ttyUSB0")+"\n")
	require.Contains(t, out, "connect    serial:///by-serial/0403:6001:A50285BI\n")
	require.Contains(t, out, "usb://1234:0101?path=1-2", "no driver, no serial number: by its socket")
	require.Contains(t, out, "ttyS0")
	require.NotContains(t, out, "ttyS1", "no chip was found there")
	require.NotContains(t, out, "usb1", "a hub is nothing to connect to")
	require.NotContains(t, out, "\x1b", "a device may not move the cursor")

	_, chinese, _ := portsRun(t, s.machine(), "--lang", "zh")
	require.Contains(t, chinese, "可能是")
	require.Contains(t, chinese, "串口转换器")
}

func TestPortsAsJSON(t *testing.T) {
	s := newShopSys(t)
	s.shop()
	status, out, stderr := portsRun(t, s.machine(), "--json")
	require.Equal(t, statusOK, status, stderr)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 4, "two devices, one port, and the sum")
	type object struct { // as another program reads it
		Path   string
		Device struct {
			VendorID string `json:"vendor_id"`
		}
		Nodes   []string
		Guess   struct{ Kind, Confidence string }
		Connect []string
	}
	var first, port object
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &first))
	require.Equal(t, "0403", first.Device.VendorID)
	require.Equal(t, "serial adapter", first.Guess.Kind)
	require.NotEmpty(t, first.Guess.Confidence)
	require.Equal(t, []string{s.path("dev/ttyUSB0")}, first.Nodes)
	require.Equal(t, []string{"serial:///by-serial/0403:6001:A50285BI"}, first.Connect)
	require.NoError(t, json.Unmarshal([]byte(lines[2]), &port))
	require.Equal(t, s.path("dev/ttyS0"), port.Path)
	var sum portsSummary
	require.NoError(t, json.Unmarshal([]byte(lines[3]), &sum))
	require.Equal(t, portsSummary{SerialPorts: 1, USBDevices: 2, Hubs: 1, USB: usbPresent}, sum)
}

func TestPortsSayWhatIsMissing(t *testing.T) {
	s := newShopSys(t)
	s.shop()
	require.NoError(t, os.Remove(s.path("dev/ttyUSB0")))
	_, out, _ := portsRun(t, s.machine())
	require.Contains(t, out, "missing    "+s.path("dev/ttyUSB0")+": serial port not found")

	empty := newShopSys(t)
	_, out, _ = portsRun(t, empty.machine())
	require.Contains(t, out, "There is no USB on this machine")
	require.Contains(t, out, "no port or device was found")
	empty.plug("usb1", 1, 0x1D6B, 2, 9, nil)
	_, out, _ = portsRun(t, empty.machine())
	require.Contains(t, out, "No USB device is plugged in (1 hubs)")

	status, _, stderr := portsRun(t, empty.machine(), "COM3")
	require.Equal(t, statusUsage, status)
	require.NotContains(t, stderr, "money", "nothing here can have moved any")
}

func TestPortsWatchUntilInterrupted(t *testing.T) {
	s := newShopSys(t)
	s.shop()
	out, stderr := newWatched("pulled out"), newWatched("watching")
	a := &app{in: strings.NewReader(""), out: out, err: stderr, machine: s.machine()}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	status := make(chan int, 1)
	go func() { status <- a.run(ctx, []string{"ports", "--watch"}) }()
	shows := func(text string) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Contains(out.String(), text) }, 10*time.Second, 5*time.Millisecond, text)
	}
	require.Eventually(t, func() bool { return strings.Contains(stderr.String(), "watching") }, 10*time.Second, 5*time.Millisecond)
	s.plug("1-4", 12, 0x0C2E, 0x0B61, 0, map[string]string{"serial": "S1", "product": "3310g"})
	shows("plugged in: USB 1-4  0c2e:0b61")
	shows("usb://0c2e:0b61/S1")
	require.NoError(t, os.RemoveAll(s.path("usb/1-1")))
	shows("pulled out: USB 1-1")
	s.plug("1-1", 13, 0x0403, 0x6001, 0, map[string]string{"serial": "A50285BI"})
	shows("plugged in: USB 1-1  0403:6001")
	interrupt()
	require.Equal(t, statusOK, <-status)
	require.NotContains(t, out.String(), "plugged in: USB 1-2", "it was in the list")
}

func TestPortsOfThisMachine(t *testing.T) {
	status, out, stderr := portsRun(t, machine{})
	require.Equal(t, statusOK, status, stderr)
	require.NotEmpty(t, out)
}

// portsBudget is what a person does not take for waiting.
const portsBudget = 300 * time.Millisecond

// BenchmarkPorts lists a shop with more than any shop has.
func BenchmarkPorts(b *testing.B) {
	s := newShopSys(b)
	s.shop()
	for i := range 60 {
		ids := map[string]string{"idVendor": "0403", "idProduct": "6001", "serial": fmt.Sprint("S", i)}
		place := fmt.Sprint("1-3.", i)
		s.plug(place, 20+i, 0x0403, 0x6001, 0, ids)
		s.tty(fmt.Sprint("ttyUSB", i+1), place, ids, "00")
	}
	m := s.machine()
	for b.Loop() {
		var out bytes.Buffer
		a := &app{in: strings.NewReader(""), out: &out, err: &out, machine: m}
		if status := a.run(b.Context(), []string{"ports"}); status != statusOK || !strings.Contains(out.String(), "ttyUSB60") {
			b.Fatal(status, out.String())
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(portsBudget), "of-300ms")
}
