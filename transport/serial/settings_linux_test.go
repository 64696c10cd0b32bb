package serial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/transporttest"
)

func settings(t *testing.T, c *Conn) (s unix.Termios) {
	t.Helper()
	require.NoError(t, c.control(func(fd int) {
		got, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		require.NoError(t, err)
		s = *got
	}))
	return s
}

// hangUpOnClose makes a pty start as a UART does; it stays so while open.
func hangUpOnClose(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	s, err := termios(int(f.Fd()))
	require.NoError(t, err)
	s.Cflag |= unix.HUPCL
	require.NoError(t, setTermios(int(f.Fd()), s))
}

func TestSettingsReachThePort(t *testing.T) {
	for _, c := range []struct {
		options string
		check   func(unix.Termios) bool
	}{
		{"baud=115200", func(s unix.Termios) bool { return s.Ospeed == 115200 && s.Cflag&unix.CSIZE == unix.CS8 }},
		{"baud=12345&flow=rtscts", func(s unix.Termios) bool { return s.Ospeed == 12345 && s.Cflag&unix.CRTSCTS != 0 }},
		// A pty has no other size than 8 bits and no parity; the stop bit shows.
		{"stop=2", func(s unix.Termios) bool { return s.Cflag&unix.CSTOPB != 0 && s.Cflag&unix.CRTSCTS == 0 }},
		{"flow=xonxoff", func(s unix.Termios) bool {
			return s.Iflag&unix.IXON != 0 && s.Iflag&unix.IXOFF != 0 && s.Cc[unix.VSTART] == 0x11 && s.Cc[unix.VSTOP] == 0x13
		}},
		{"keeplines=on&baud=250000", func(s unix.Termios) bool { return s.Cflag&unix.HUPCL == 0 && s.Ospeed == 250000 }},
		{"keeplines=off", func(s unix.Termios) bool { return s.Cflag&unix.HUPCL != 0 }}, // as it was
		{"flow=none", func(s unix.Termios) bool { return s.Iflag&(unix.IXON|unix.IXOFF) == 0 && s.Cflag&unix.CRTSCTS == 0 }},
	} {
		t.Run(c.options, func(t *testing.T) {
			p := openPTY(t)
			d, err := (transport.Schemes{"serial": transport.Scheme(Parse)}).Parse("serial://" + p.Path + "?" + c.options)
			require.NoError(t, err)
			hangUpOnClose(t, p.Path)
			conn, err := d.Dial(t.Context())
			require.NoError(t, err)
			defer conn.Close()
			s := settings(t, conn.(*Conn))
			require.True(t, c.check(s), "%+v", s)
		})
	}
}

func TestSettingsAPortCannotDoAreRefused(t *testing.T) {
	p := openPTY(t)
	for name, d := range map[string]*Dialer{
		"RS-485 on a port without it": {Path: p.Path, RS485: &RS485{Before: time.Millisecond}},
		"DTR/DSR":                     {Path: p.Path, Flow: DTRDSR},
	} {
		_, err := d.Dial(t.Context())
		require.ErrorIs(t, err, ErrMode, name)
	}
	// Leaving a mode the port never had is no trouble, and a refused port is free again.
	c, err := (&Dialer{Path: p.Path, RS485: &RS485{Off: true}}).Dial(t.Context())
	require.NoError(t, err)
	c.Close()
	_, err = (&Dialer{Path: p.Path, Lines: &Lines{DTR: true}}).Dial(t.Context())
	require.ErrorIs(t, err, errors.ErrUnsupported, "a pty has no modem lines")
	dial(t, p.Path).Close()
}

// The struct is the kernel's (linux/serial.h): 32 bytes, flags first.
func TestWhatTheDriverIsAskedForOnABus(t *testing.T) {
	require.EqualValues(t, 32, unsafe.Sizeof(serialRS485{}))
	for options, want := range map[string][3]uint32{ // flags, pauses in ms
		"rs485=on":              {0b00011, 0, 0},
		"rs485=on&rs485rts=low": {0b00101, 0, 0},
		"rs485=on&rs485echo=on&rs485before=1ms&rs485after=100ms": {0b10011, 1, 100},
		"rs485=on&rs485term=on":                                  {0b100011, 0, 0},
		"rs485=off":                                              {0b00010, 0, 0},
	} {
		d, err := (transport.Schemes{"serial": transport.Scheme(Parse)}).Parse("serial:///dev/ttyS1?" + options)
		require.NoError(t, err)
		raw := d.(*Dialer).RS485.raw()
		require.Equal(t, want, [3]uint32{raw.flags, raw.before, raw.after}, options)
	}
}

func TestXOFFHoldsTheLineAndDeadlinesEndTheWrite(t *testing.T) {
	p := openPTY(t)
	c, err := (&Dialer{Path: p.Path, Flow: XONXOFF}).Dial(t.Context())
	require.NoError(t, err)
	defer transport.Abort(c)
	_, err = p.Write([]byte{xoff})
	require.NoError(t, err)

	// The byte is taken out by the line discipline a moment later.
	sent := 0
	require.Eventually(t, func() bool {
		c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		n, err := c.Write([]byte("text"))
		sent += n
		return errors.Is(err, os.ErrDeadlineExceeded)
	}, 5*time.Second, time.Millisecond)

	p.Write([]byte{xon})
	c.SetWriteDeadline(time.Now().Add(5 * time.Second))
	n, err := c.Write([]byte("on"))
	require.NoError(t, err)
	got := make([]byte, sent+n)
	p.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, err = io.ReadFull(p, got)
	require.NoError(t, err)
	require.True(t, bytes.HasSuffix(got, []byte("on")))
}

func TestWritesToAPeerThatStoppedReadingEnd(t *testing.T) {
	for name, end := range map[string]func(*Conn){
		"by a deadline": func(c *Conn) { c.SetWriteDeadline(time.Now().Add(30 * time.Millisecond)) },
		"by Close":      func(c *Conn) { time.AfterFunc(30*time.Millisecond, func() { c.Close() }) },
		"by Abort":      func(c *Conn) { time.AfterFunc(30*time.Millisecond, func() { c.Abort() }) },
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, openPTY(t).Path)
			end(c)
			n, err := c.Write(make([]byte, 1<<20))
			require.Error(t, err)
			require.Less(t, n, 1<<20, "the peer reads nothing")
			require.Positive(t, n)
		})
	}
}

func TestBreakLastsAndEnds(t *testing.T) {
	c := dial(t, openPTY(t).Path)
	began := time.Now()
	require.NoError(t, c.Break(t.Context(), 30*time.Millisecond))
	require.GreaterOrEqual(t, time.Since(began), 30*time.Millisecond)

	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	require.ErrorIs(t, c.Break(ctx, MaxBreak), context.Canceled)
	require.ErrorIs(t, c.Break(ctx, time.Millisecond), context.Canceled)
	require.Error(t, c.Break(t.Context(), MaxBreak+1))
	require.Error(t, c.Break(t.Context(), 0))

	time.AfterFunc(20*time.Millisecond, func() { c.Close() })
	require.ErrorIs(t, c.Break(t.Context(), MaxBreak), os.ErrClosed)
	require.ErrorIs(t, c.Break(t.Context(), time.Millisecond), os.ErrClosed)
	require.Less(t, time.Since(began), MaxBreak, "nothing waited for the whole break")
}

// TestARefusalOfTheSystem asks as a user who owns nothing, on a thread of its own
// that ends afterwards.
func TestARefusalOfTheSystem(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	p := openPTY(t)
	require.NoError(t, os.Chmod(p.Path, 0o600))
	refused := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread goes with us
		unix.RawSyscall(unix.SYS_SETFSUID, 65534, 0, 0)
		_, err := (&Dialer{Path: p.Path}).Dial(context.Background())
		refused <- err
		refused <- access(p.Path)
	}()
	for _, what := range []string{"dial", "access"} {
		err := <-refused
		require.ErrorIs(t, err, ErrPermission, what)
		require.ErrorContains(t, err, "dialout", what)
	}
	dial(t, p.Path).Close()
}

// holdPort is the child of TestBusyNamesWhoHoldsThePort.
const holdPort = "OPENECR_HOLD_PORT"

func TestBusyNamesWhoHoldsThePort(t *testing.T) {
	if path := os.Getenv(holdPort); path != "" {
		_, err := (&Dialer{Path: path}).Dial(context.Background())
		fmt.Println("held", err)
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	p := openPTY(t)
	child := exec.Command(os.Args[0], "-test.run=^TestBusyNamesWhoHoldsThePort$")
	child.Env = append(os.Environ(), holdPort+"="+p.Path)
	stdin, err := child.StdinPipe()
	require.NoError(t, err)
	stdout, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	defer child.Wait()
	defer stdin.Close()
	line := make([]byte, len("held <nil>"))
	_, err = io.ReadFull(stdout, line)
	require.NoError(t, err)
	require.Equal(t, "held <nil>", string(line))

	_, err = (&Dialer{Path: p.Path}).Dial(t.Context())
	require.ErrorIs(t, err, ErrBusy)
	require.ErrorContains(t, err, fmt.Sprintf("process %d", child.Process.Pid))
}

// TestAPortComesBack pulls the cable under a link and puts it back: behind the
// same link, or found by its serial number, it is another pty by then.
func TestAPortComesBack(t *testing.T) {
	for _, name := range []string{"behind a link", "by serial number"} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			link := filepath.Join(t.TempDir(), "terminal")
			plug := func(times int) *transporttest.PTY {
				if name == "behind a link" {
					p, err := transporttest.OpenPTY(link)
					require.NoError(t, err)
					return p
				}
				p := openPTY(t)
				m.plug(fmt.Sprintf("ttyUSB%d", times), usbFixture{vid: "0403", pid: "6001", serial: "A5", iface: "00"}, p.Path)
				return p
			}
			dialer := &Dialer{Path: link}
			if name == "by serial number" {
				dialer = &Dialer{USB: &USBName{VID: 0x0403, PID: 0x6001, Serial: "A5"}, lister: m.lister()}
			}
			l := transport.NewLink(transport.LinkConfig{Dialer: dialer, Framing: lines{},
				Backoff: transport.Backoff{First: 5 * time.Millisecond, Max: 10 * time.Millisecond}})
			defer l.Close()
			for times := range 3 {
				p := plug(times)
				require.NoError(t, l.Redial(t.Context()))
				require.NoError(t, l.Send(t.Context(), []byte("hello")))
				p.SetReadDeadline(time.Now().Add(5 * time.Second))
				got := make([]byte, 6)
				_, err := io.ReadFull(p, got)
				require.NoError(t, err)
				require.Equal(t, "hello\n", string(got))

				p.Close()
				m.unplug(fmt.Sprintf("ttyUSB%d", times))
				_, err = l.Receive(t.Context())
				require.ErrorIs(t, err, ErrUnplugged)
				require.ErrorIs(t, l.Connect(t.Context()), ErrPortNotFound)
			}
			// The port appears while Redial is waiting for it.
			redialed := make(chan error, 1)
			go func() { redialed <- l.Redial(t.Context()) }()
			time.Sleep(20 * time.Millisecond)
			defer plug(9).Close()
			require.NoError(t, <-redialed)
		})
	}
}

// lines is a framing of its own for tests.
type lines struct{}

func (lines) AppendFrame(dst, payload []byte) ([]byte, error) {
	return append(append(dst, payload...), '\n'), nil
}

func (lines) Split(buf []byte) ([]byte, int, error) {
	if i := bytes.IndexByte(buf, '\n'); i >= 0 {
		return buf[:i], i + 1, nil
	}
	return nil, 0, nil
}

// machine is a tree that looks like /sys and /dev of a machine.
type machine struct {
	t        *testing.T
	sys, dev string
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t, sys: filepath.Join(t.TempDir(), "sys"), dev: filepath.Join(t.TempDir(), "dev")}
	m.mkdir(m.sys, "class", "tty")
	m.mkdir(m.dev, "serial", "by-id")
	return m
}

func (m *machine) lister() Lister { return Lister{Sys: m.sys, Dev: m.dev} }

func (m *machine) mkdir(parts ...string) string {
	dir := filepath.Join(parts...)
	require.NoError(m.t, os.MkdirAll(dir, 0o755))
	return dir
}

func (m *machine) attributes(dir string, list map[string]string) {
	for name, value := range list {
		if value != "" {
			require.NoError(m.t, os.WriteFile(filepath.Join(dir, name), []byte(value+"\n"), 0o644))
		}
	}
}

type usbFixture struct {
	place, vid, pid, serial, iface, driver, product string
	acm                                             bool
}

// plug makes the entries the kernel makes: class/tty/NAME links to the tty below
// its interface, whose parent is the device. The node is a link to a pty.
func (m *machine) plug(name string, u usbFixture, node string) {
	if u.place == "" {
		u.place = "1-1"
	}
	device := m.mkdir(m.sys, "devices", "pci0000:00", "usb1", u.place)
	m.attributes(device, map[string]string{"idVendor": u.vid, "idProduct": u.pid, "serial": u.serial, "product": u.product})
	iface := m.mkdir(device, u.place+":1."+u.iface)
	m.attributes(iface, map[string]string{"bInterfaceNumber": u.iface})
	parent := iface
	if !u.acm { // usb-serial puts a port between
		parent = m.mkdir(iface, name)
	}
	if u.driver != "" {
		m.mkdir(m.sys, "bus", "drivers", u.driver)
		require.NoError(m.t, os.Symlink(filepath.Join(m.sys, "bus", "drivers", u.driver), filepath.Join(parent, "driver")))
	}
	tty := m.mkdir(parent, "tty", name)
	back, err := filepath.Rel(tty, parent)
	require.NoError(m.t, err)
	require.NoError(m.t, os.Symlink(back, filepath.Join(tty, "device")))
	m.node(name, tty, node)
}

func (m *machine) node(name, tty, node string) {
	entry, err := filepath.Rel(filepath.Join(m.sys, "class", "tty"), tty)
	require.NoError(m.t, err)
	require.NoError(m.t, os.Symlink(entry, filepath.Join(m.sys, "class", "tty", name)))
	if node != "" {
		require.NoError(m.t, os.Symlink(node, filepath.Join(m.dev, name)))
	}
}

func (m *machine) uart(name, kind, node string) {
	platform := m.mkdir(m.sys, "devices", "platform", "serial8250")
	tty := m.mkdir(platform, "tty", name)
	m.attributes(tty, map[string]string{"type": kind})
	require.NoError(m.t, os.Symlink("../..", filepath.Join(tty, "device")))
	m.node(name, tty, node)
}

func (m *machine) unplug(name string) {
	os.Remove(filepath.Join(m.sys, "class", "tty", name))
	os.Remove(filepath.Join(m.dev, name))
	os.RemoveAll(filepath.Join(m.sys, "devices", "pci0000:00", "usb1"))
}

func TestListTellsWhichDeviceIsBehindAPort(t *testing.T) {
	m := newMachine(t)
	m.uart("ttyS0", "4", "/dev/null")
	m.uart("ttyS1", "0", "/dev/null") // no chip
	m.mkdir(m.sys, "devices", "virtual", "tty", "tty1")
	m.node("tty1", filepath.Join(m.sys, "devices", "virtual", "tty", "tty1"), "") // a console
	m.plug("ttyUSB10", usbFixture{place: "1-2.1", vid: "0403", pid: "6001", serial: "A5", iface: "00", driver: "ftdi_sio", product: "FT232R"}, "/dev/null")
	m.plug("ttyUSB2", usbFixture{place: "1-3", vid: "1a86", pid: "7523", iface: "00", driver: "ch341"}, "/dev/null")
	m.plug("ttyACM0", usbFixture{place: "1-4", vid: "11ca", pid: "0201", serial: "V1", iface: "02", acm: true, driver: "cdc_acm"}, "")
	require.NoError(t, os.Symlink("../../ttyUSB2", filepath.Join(m.dev, "serial", "by-id", "usb-1a86_serial-if00")))

	ports, err := m.lister().List(t.Context())
	require.NoError(t, err)
	var names []string
	for _, p := range ports {
		names = append(names, filepath.Base(p.Path))
	}
	require.Equal(t, []string{"ttyACM0", "ttyS0", "ttyUSB2", "ttyUSB10"}, names)
	acm, uart, ch341, ftdi := ports[0], ports[1], ports[2], ports[3]
	require.Equal(t, &USBPort{VID: 0x11CA, PID: 0x0201, Serial: "V1", Interface: "02", Place: "1-4"}, acm.USB)
	require.Equal(t, "cdc_acm", acm.Driver)
	require.ErrorIs(t, acm.Access, ErrPortNotFound, "the system made no node")
	require.Equal(t, "serial:///by-serial/11CA:0201:V1", acm.Text())
	require.Nil(t, uart.USB)
	require.NoError(t, uart.Access)
	require.True(t, strings.HasSuffix(uart.Text(), "/ttyS0"), uart.Text())
	require.Equal(t, "ftdi_sio", ftdi.Driver)
	require.Equal(t, "1-2.1", ftdi.USB.Place)
	require.Equal(t, "FT232R", ftdi.USB.Product)
	require.True(t, strings.HasSuffix(ch341.Text(), "/by-id/usb-1a86_serial-if00"), "no serial number: the link that stays")

	_, err = Lister{Sys: filepath.Join(m.sys, "nowhere")}.List(t.Context())
	require.ErrorIs(t, err, errors.ErrUnsupported)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = m.lister().List(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestThisMachineIsListedWithoutOpeningAnything(t *testing.T) {
	ports, err := List(t.Context())
	require.NoError(t, err)
	for _, p := range ports {
		require.NotContains(t, p.Path, "pts")
	}
}

func TestUSBNamesFindOnePortOrSayWhy(t *testing.T) {
	m := newMachine(t)
	m.plug("ttyUSB0", usbFixture{place: "1-1", vid: "0403", pid: "6010", serial: "A5", iface: "00"}, "/dev/null")
	m.plug("ttyUSB1", usbFixture{place: "1-1", vid: "0403", pid: "6010", serial: "A5", iface: "01"}, "/dev/null")
	m.plug("ttyUSB2", usbFixture{place: "1-2", vid: "10c4", pid: "ea60", serial: "0001", iface: "00"}, "/dev/null")
	m.plug("ttyUSB3", usbFixture{place: "1-3", vid: "10c4", pid: "ea60", serial: "0002", iface: "00"}, "/dev/null")
	for _, c := range []struct {
		name string
		want string
		err  error
	}{
		{"0403:6010:A5", "", ErrAmbiguous},
		{"0403:6010:A5/01", "ttyUSB1", nil},
		{"10C4:EA60:0002", "ttyUSB3", nil},
		{"10c4:ea60", "", ErrAmbiguous},
		{"10C4:EA60:0003", "", ErrPortNotFound},
	} {
		id, iface, _ := strings.Cut(c.name, "/")
		n, err := ParseUSBName(id)
		require.NoError(t, err)
		n.Interface = iface
		p, err := m.lister().find(t.Context(), n)
		require.ErrorIs(t, err, c.err, c.name)
		require.Equal(t, c.want, strings.TrimPrefix(filepath.Base(p.Path), "."), c.name)
	}
	_, err := (&Dialer{USB: &USBName{VID: 0x10C4, PID: 0xEA60}, lister: m.lister()}).Dial(t.Context())
	require.ErrorContains(t, err, "add the serial number")
}
