//go:build usblab && cgo && libusb

package guest_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/usb"
	"github.com/openecr/openecr/transport/usb/usbtest"
)

func TestASerialPortOfClassCDC(t *testing.T) {
	for _, node := range []string{"", "&node=off"} {
		t.Run("with"+node, func(t *testing.T) {
			d := usbtest.NewACM(id(0x0B00, 0x3070, "A1"))
			plug(t, d.Device)
			c := dial(t, "usb://0b00:3070/A1?baud=9600&data=7&parity=even&stop=2"+node)
			require.Equal(t, node == "", strings.HasPrefix(c.Node(), "/dev/ttyACM"), c.Node())
			require.Equal(t, usb.LineCoding{Baud: 9600, StopBits: serial.TwoStopBits, Parity: serial.EvenParity, DataBits: 7}, d.Coding())
			eventually(t, "DTR and RTS are up", func() bool { return d.Lines() == serial.Lines{DTR: true, RTS: true} })
			require.NoError(t, c.SetDTR(false))
			eventually(t, "DTR is down", func() bool { return d.Lines() == serial.Lines{RTS: true} })
			require.NoError(t, c.SetRTS(false))
			eventually(t, "RTS is down", func() bool { return d.Lines() == serial.Lines{} })

			require.True(t, d.SetState(usb.SerialState{DCD: true, DSR: true}))
			eventually(t, "DCD and DSR arrive", func() bool {
				l, err := c.ModemLines()
				require.NoError(t, err)
				return l.DCD && l.DSR && !l.RI
			})
			require.True(t, d.SetState(usb.SerialState{RI: true}))
			eventually(t, "RI arrives", func() bool { l, _ := c.ModemLines(); return l.RI && !l.DCD && !l.DSR })

			require.NoError(t, c.SendBreak(30*time.Millisecond))
			require.Equal(t, []uint16{0xFFFF, 0}, d.Breaks())
			require.Error(t, c.SendBreak(time.Hour))

			require.NoError(t, c.SetDTR(true))
			require.NoError(t, c.Close())
			eventually(t, "closing drops the lines", func() bool { return d.Lines() == serial.Lines{} })
		})
	}
}

func TestAnAdapterOfFTDI(t *testing.T) {
	for _, node := range []string{"", "&node=off"} {
		t.Run("with"+node, func(t *testing.T) {
			d := usbtest.NewFTDI("F1")
			plug(t, d.Device)
			c, peer := dial(t, "usb://0403:6001/F1?baud=9600&stop=2"+node), far(t, d.Port)
			require.Equal(t, node == "", strings.HasPrefix(c.Node(), "/dev/ttyUSB"), c.Node())
			divisor, data := d.Divisor()
			require.Equal(t, uint32(0x4138), divisor, "9600 baud")
			require.Equal(t, uint16(0x1008), data&0x3FFF, "8N2")
			eventually(t, "DTR and RTS are up", func() bool { return d.Lines() == serial.Lines{DTR: true, RTS: true} })
			require.NoError(t, c.SetRTS(false))
			eventually(t, "RTS is down", func() bool { return d.Lines() == serial.Lines{DTR: true} })
			d.SetModemLines(serial.ModemLines{DCD: true, CTS: true})
			eventually(t, "DCD arrives", func() bool { l, _ := c.ModemLines(); return l.DCD && l.CTS && !l.DSR })

			// More than a packet: its status bytes are in the middle of the data.
			want := strings.Repeat("0123456789", 60)
			_, err := peer.Write([]byte(want))
			require.NoError(t, err)
			got := make([]byte, len(want))
			c.SetReadDeadline(time.Now().Add(within))
			_, err = io.ReadFull(c, got)
			require.NoError(t, err)
			require.Equal(t, want, string(got))
			if node != "" {
				require.NoError(t, c.SendBreak(10*time.Millisecond))
				_, data = d.Divisor()
				require.Equal(t, uint16(0x1008), data, "the break is over")
			}
		})
	}
}

func TestTheAdapterOfThisMachine(t *testing.T) {
	// QEMU's adapter and the second UART are the two ends of one line.
	uart, err := (&serial.Dialer{Path: "/dev/ttyS1", Baud: 115200}).Dial(t.Context())
	require.NoError(t, err)
	defer uart.Close()
	for _, text := range []string{"usb://?path=1-1&baud=115200", "usb://?path=1-1&baud=115200&node=off"} {
		c := dial(t, text)
		for _, pair := range [][2]transport.Conn{{c, uart}, {uart, c}} {
			_, err := pair[0].Write([]byte("hello"))
			require.NoError(t, err)
			got := make([]byte, 5)
			pair[1].SetReadDeadline(time.Now().Add(within))
			_, err = io.ReadFull(pair[1], got)
			require.NoError(t, err, text)
			require.Equal(t, "hello", string(got))
		}
		require.NoError(t, c.Close())
	}
}

func TestAReceiptPrinter(t *testing.T) {
	for _, node := range []string{"", "?node=off"} {
		t.Run("with"+node, func(t *testing.T) {
			d := usbtest.NewPrinter(id(0x0416, 0x5011, "P1"), "MFG:OpenECR;CMD:ESC/POS;MDL:Lab 80;CLS:PRINTER;")
			p := plug(t, d.Device)
			c, peer := dial(t, "usb://0416:5011/P1"+node), far(t, d.Port)
			require.Equal(t, node == "", strings.HasPrefix(c.Node(), "/dev/usb/lp"), c.Node())

			who, err := c.DeviceID()
			require.NoError(t, err)
			require.Equal(t, "OpenECR Lab 80 ESC/POS", who.Maker()+" "+who.Model()+" "+who.Commands())
			status, err := c.PortStatus()
			require.NoError(t, err)
			require.Equal(t, "ready", status.String())
			d.SetStatus(0x38)
			status, err = c.PortStatus()
			require.NoError(t, err)
			require.True(t, status.PaperEmpty())
			require.NoError(t, c.SoftReset())
			require.Equal(t, 1, d.Resets())

			_, err = c.Write([]byte("\x1b@receipt\n\x10\x04\x01"))
			require.NoError(t, err)
			got := make([]byte, 13)
			peer.SetReadDeadline(time.Now().Add(within))
			_, err = io.ReadFull(peer, got)
			require.NoError(t, err)
			require.Equal(t, "\x1b@receipt\n\x10\x04\x01", string(got))
			_, err = peer.Write([]byte{0x12})
			require.NoError(t, err)
			c.SetReadDeadline(time.Now().Add(within))
			n, err := c.Read(got)
			require.NoError(t, err)
			require.Equal(t, []byte{0x12}, got[:n])

			c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			_, err = c.Read(got)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			// Out of paper: it takes nothing more, and the write ends in time.
			c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
			require.ErrorIs(t, fill(c), os.ErrDeadlineExceeded)

			_, err = c.ModemLines()
			require.ErrorIs(t, err, errors.ErrUnsupported)
			p.Unplug()
			c.SetDeadline(time.Now().Add(within))
			_, err = c.Read(got)
			require.ErrorIs(t, err, usb.ErrUnplugged)
			eventually(t, "check knows", func() bool { _, err := c.Check(); return errors.Is(err, usb.ErrUnplugged) })
			_, err = c.PortStatus()
			require.ErrorIs(t, err, usb.ErrUnplugged)
		})
	}
}

func TestScanners(t *testing.T) {
	for _, node := range []string{"", "?node=off"} {
		t.Run("usage page 8C, with"+node, func(t *testing.T) {
			d := usbtest.NewScanner(id(0x0C2E, 0x0B61, "S1"))
			p := plug(t, d.Device)
			c := dial(t, "usb://0c2e:0b61/S1"+node)
			require.Equal(t, node == "", strings.HasPrefix(c.Node(), "/dev/hidraw"), c.Node())
			r := usb.NewHIDReader(c)
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			long := []byte(strings.Repeat("https://example.org/", 10))
			require.NoError(t, d.Scan("]E0", []byte("4006381333931")))
			require.NoError(t, d.Scan("]Q1", long))
			s, err := r.Scan(ctx)
			require.NoError(t, err)
			require.Equal(t, "]E0 4006381333931", s.AIM+" "+string(s.Data))
			s, err = r.Scan(ctx)
			require.NoError(t, err)
			require.Equal(t, "]Q1", s.AIM)
			require.Equal(t, string(long), string(s.Data))

			soon, stop := context.WithTimeout(ctx, 30*time.Millisecond)
			_, err = r.Scan(soon)
			stop()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			go p.Unplug()
			_, err = r.Scan(ctx)
			require.ErrorIs(t, err, usb.ErrUnplugged)
		})
		t.Run("keyboard, with"+node, func(t *testing.T) {
			d := usbtest.NewWedge(id(0x05E0, 0x1200, "K1"))
			plug(t, d.Device)
			c := dial(t, "usb://05e0:1200/K1"+node)
			require.Equal(t, node == "", c.Grabbed(), "the window in front must not get the digits")
			r := usb.NewHIDReader(c)
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			require.NoError(t, d.Type("http://A+b\r\r112233\t"))
			for _, want := range []string{"http://A+b", "112233"} {
				s, err := r.Scan(ctx)
				require.NoError(t, err)
				require.Equal(t, want, string(s.Data))
			}
		})
	}
}

func TestTheWatcherSeesCables(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	d, _ := acm()
	var seen []string
	var p *usbtest.Plug
	for e, err := range (usb.Watcher{Every: 50 * time.Millisecond}).Watch(ctx) {
		require.NoError(t, err)
		if p == nil {
			p = plug(t, d)
		}
		if e.Device.Serial != d.Serial {
			continue
		}
		if len(seen) == 0 || seen[len(seen)-1] != e.Change.String() {
			seen = append(seen, e.Change.String())
		}
		if e.Change == usb.Departed {
			break
		}
		if len(e.Device.Nodes()) > 0 {
			p.Unplug()
		}
	}
	require.Equal(t, "arrived", seen[0])
	require.Equal(t, "departed", seen[len(seen)-1])
}
