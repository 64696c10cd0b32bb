package usb

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/serial"
)

func TestParse(t *testing.T) {
	cases := []struct{ name, text, want, err string }{
		{"a terminal", "usb://0b00:3070", "usb://0b00:3070", ""},
		{"numbers with letters", "usb://2FB8:225E/S%2F1", "usb://2fb8:225e/S%2F1", ""},
		{"a socket", "usb://11ca:0220?path=1-2.3", "usb://11ca:0220?path=1-2.3", ""},
		{"any printer", "usb://?class=07", "usb://?class=07", ""},
		{"a serial number only", "usb:///0815", "usb:///0815", ""},
		{"one interface of many, through libusb", "usb://2fb8:2367?interface=4&node=off&zlp=on", "usb://2fb8:2367?interface=4&node=off&zlp=on", ""},
		{"an adapter's line", "usb://0403:6001?baud=9600&stop=2&parity=even", "usb://0403:6001?baud=9600&data=8&parity=even&stop=2", ""},
		{"nothing", "usb://", "", "which device?"},
		{"a name", "usb://terminal", "", "connection text is not a URL|not VID:PID"},
		{"one number", "usb://0b00", "", "not VID:PID"},
		{"numbers too long", "usb://0b000:3070", "", "not VID:PID"},
		{"a user", "usb://a@0:1", "", "want usb://"},
		{"a bad socket", "usb://0b00:3070?path=-", "", "not a socket"},
		{"a bad class", "usb://?class=printer", "", "two hexadecimal digits"},
		{"a bad interface", "usb://0b00:3070?interface=x", "", "not an interface number"},
		{"a bad switch", "usb://0b00:3070?node=no", "", "neither on nor off"},
		{"an absurd speed", "usb://0b00:3070?baud=99999999", "", "99999999 baud"},
		{"an unknown option", "usb://0b00:3070?speed=1", "", "option speed: unknown"},
		{"an option twice", "usb://0b00:3070?node=on&node=off", "", "twice"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, err := transport.Schemes{"usb": transport.Scheme(Parse)}.Parse(c.text)
			if c.err != "" {
				require.Error(t, err)
				require.Regexp(t, c.err, err.Error())
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, d.String())
			u, err := url.Parse(d.String())
			if err == nil { // and the text is read again as the same
				again, err := Parse(u)
				require.NoError(t, err)
				require.Equal(t, c.want, again.String())
			}
		})
	}
}

func TestLineCodingOnTheWire(t *testing.T) {
	for want, l := range map[string]LineCoding{
		"80250000020207": {9600, serial.TwoStopBits, serial.EvenParity, 7}, // 9600 7E2
		"00c20100000008": {115200, serial.OneStopBit, serial.NoParity, 8},  // 115200 8N1
	} {
		b, err := l.AppendBinary(nil)
		require.NoError(t, err)
		require.Equal(t, want, hex.EncodeToString(b))
		var back LineCoding
		require.NoError(t, back.UnmarshalBinary(b))
		require.Equal(t, l, back)
		for n := range b {
			require.Error(t, back.UnmarshalBinary(b[:n]))
		}
	}
	s, ok := ParseSerialState([]byte{0xA1, 0x20, 0, 0, 0, 0, 2, 0, 3, 0})
	require.True(t, ok)
	require.Equal(t, SerialState{DCD: true, DSR: true}, s)
	_, ok = ParseSerialState([]byte{0xA1, 0x00, 0, 0, 0, 0, 0, 0, 0, 0})
	require.False(t, ok, "NETWORK_CONNECTION is another notification")
}

func TestTheDivisorOfFTDI(t *testing.T) {
	for baud, want := range map[int]string{ // values of ftdi_sio
		9600: "4138 0", 115200: "1a 0", 19200: "809c 0", 38400: "c04e 0", 57600: "c034 0", 230400: "d 0", 460800: "4006 0", 921600: "8003 0",
		300: "2710 0", 3_000_000: "0 0", 2_000_000: "1 0",
	} {
		value, index, err := ftdiDivisor(baud)
		require.NoError(t, err)
		require.Equal(t, want, fmt.Sprintf("%x %x", value, index), "%d baud", baud)
	}
	for _, baud := range []int{0, -1, 100, 4_000_000} {
		_, _, err := ftdiDivisor(baud)
		require.ErrorIs(t, err, serial.ErrMode, "%d baud", baud)
	}
	_, err := ftdiData(LineCoding{DataBits: 5})
	require.ErrorIs(t, err, serial.ErrMode)
	data, err := ftdiData(LineCoding{DataBits: 7, Parity: serial.EvenParity, StopBits: serial.TwoStopBits})
	require.NoError(t, err)
	require.Equal(t, uint16(0x1207), data)
}

func TestStatusBytesOfFTDIAreTakenOut(t *testing.T) {
	lines := serial.ModemLines{CTS: true, DCD: true}
	for _, size := range []int{0, 1, 61, 62, 63, 124, 125, 500} {
		want := strings.Repeat("x", size)
		b := AppendFTDIPackets(nil, []byte(want), 64, lines)
		got, l, ok := stripFTDI(b, 64)
		require.True(t, ok)
		require.Equal(t, want, string(got))
		require.Equal(t, lines, l)
	}
	got, _, ok := stripFTDI([]byte{1}, 64)
	require.False(t, ok)
	require.Empty(t, got)
}

func TestDeviceIDs(t *testing.T) {
	for _, c := range []struct{ name, answer, maker, model string }{
		{"as it should be", "\x00\x2aMFG:EPSON;CMD:ESC/POS;MDL:TM-T20;CLS:X;", "EPSON", "TM-T20"},
		{"long names, spaces, lower case", "\x00\xffmanufacturer: Xprinter ; Model: XP-80 ;", "Xprinter", "XP-80"},
		{"cut short", "\x00\x20MFG:A;MD", "A", ""},
		{"noise behind it", "\x00\x08MFG:A;garbage", "A", ""},
		{"a length of nothing", "\x00\x00MFG:A;MDL:B;", "A", "B"},
	} {
		t.Run(c.name, func(t *testing.T) {
			id, err := ParseDeviceID([]byte(c.answer))
			require.NoError(t, err)
			require.Equal(t, c.maker+"|"+c.model, id.Maker()+"|"+id.Model())
		})
	}
	for _, bad := range []string{"", "\x00", "\x00\x02", "\x00\x05abc"} {
		_, err := ParseDeviceID([]byte(bad))
		require.ErrorIs(t, err, ErrDeviceID)
	}
	id, err := ParseDeviceID(AppendDeviceID(nil, "MFG:X;MDL:Y;CMD:ESC/POS;"))
	require.NoError(t, err)
	require.Equal(t, "ESC/POS", id.Commands())
	require.Equal(t, "paper empty, offline, error", PortStatus(0x20).String())
}

func TestKeyboardReports(t *testing.T) {
	const all = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCXYZ[\\]^_`abcxyz{|}~\t\r"
	reports, err := AppendKeyboard(nil, all)
	require.NoError(t, err)
	var text strings.Builder
	var before []byte
	for _, r := range reports {
		s, err := DecodeKeyboard(before, r)
		require.NoError(t, err)
		text.WriteString(s)
		before = r
	}
	require.Equal(t, all, text.String())
	for name, c := range map[string]struct{ before, report, want string }{
		"shift and a":                     {"", "0200040000000000", "A"},
		"a still down, b new":             {"0000040000000000", "0000040500000000", "b"},
		"the keypad":                      {"", "00005a6259000000", "201"},
		"too many keys":                   {"", "0000010101010101", ""},
		"a key without a character":       {"", "00003a0000000000", ""},
		"longer than the boot protocol's": {"", "000004000000000000", "a"},
	} {
		var before []byte
		if c.before != "" {
			before, _ = hex.DecodeString(c.before)
		}
		report, _ := hex.DecodeString(c.report)
		got, err := DecodeKeyboard(before, report)
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
	_, err = DecodeKeyboard(nil, []byte{1, 2, 3})
	require.ErrorIs(t, err, ErrReport)
	_, err = AppendKeyboard(nil, "ü")
	require.Error(t, err)
}

func TestPOSScanReports(t *testing.T) {
	for _, size := range []int{0, 1, 56, 57, 112, 200} {
		want := strings.Repeat("q", size)
		var got []byte
		reports := AppendPOSScan(nil, "]Q1", []byte(want))
		for n, r := range reports {
			s, err := DecodePOSScan(r)
			require.NoError(t, err)
			require.Equal(t, "]Q1", s.AIM)
			require.Equal(t, n < len(reports)-1, s.More)
			got = append(got, s.Data...)
		}
		require.Equal(t, want, string(got))
	}
	r := AppendPOSScan(nil, "", []byte("1"))[0]
	s, err := DecodePOSScan(r)
	require.NoError(t, err)
	require.Empty(t, s.AIM)
	for _, bad := range [][]byte{nil, r[:63], append([]byte{3}, r[1:]...), append([]byte{2, 57}, r[2:]...)} {
		_, err := DecodePOSScan(bad)
		require.ErrorIs(t, err, ErrReport)
	}
}

func TestTheFirstUsagePage(t *testing.T) {
	for text, want := range map[string]uint16{"058c0902": 0x8C, "0601ff": 0xFF01, "": 0, "05": 0, "0902058c": 0x8C, "fe02aabbcc058c": 0x8C, "fe": 0} {
		b, _ := hex.DecodeString(text)
		require.Equal(t, want, firstUsagePage(b), text)
	}
}

func TestWithoutLibusbTheErrorSaysWhatToInstall(t *testing.T) {
	require.ErrorIs(t, ErrNeedsLibusb, errors.ErrUnsupported)
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "1-1"), 0o755))
	for name, content := range map[string]string{"busnum": "1", "devnum": "99", "bConfigurationValue": "1", "descriptors": "" +
		"\x12\x01\x00\x02\xff\x00\x00\x40\xb8\x2f\x05\x22\x00\x01\x00\x00\x00\x01" + "\x09\x02\x20\x00\x01\x01\x00\x80\x32" +
		"\x09\x04\x00\x00\x02\xff\x00\x00\x00" + "\x07\x05\x82\x02\x00\x02\x00" + "\x07\x05\x03\x02\x00\x02\x00"} {
		require.NoError(t, os.WriteFile(filepath.Join(root, "1-1", name), []byte(content), 0o644))
	}
	d := &Dialer{VendorID: 0x2FB8, ProductID: 0x2205, Lister: Lister{Root: root}}
	_, err := d.Dial(t.Context())
	if errors.Is(err, ErrNeedsLibusb) { // built without the tag
		require.ErrorContains(t, err, "-tags libusb")
		require.ErrorContains(t, err, "apt-get install")
		return
	}
	require.ErrorIs(t, err, ErrNotFound)
}

func TestAWrongOrMissingDevice(t *testing.T) {
	d := &Dialer{VendorID: 1, ProductID: 2, Lister: Lister{Root: t.TempDir()}}
	_, err := d.Dial(t.Context())
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, "plugged in")
	_, err = (&Dialer{}).Dial(t.Context())
	require.ErrorContains(t, err, "which device?")
}

func TestKernelDriversAreTakenOnlyOffDevicesWhollyOurs(t *testing.T) {
	printer := Interface{Number: 2, Class: ClassPrinter, Driver: "usblp"}
	f := function{main: printer, data: printer}
	for name, c := range map[string]struct {
		others []Interface
		detach bool
		busy   bool
	}{
		"alone":                      {nil, true, false},
		"beside an unused interface": {[]Interface{{Number: 0, Class: ClassVendor}}, true, false},
		"beside a serial port":       {[]Interface{{Number: 0, Class: ClassComm, Driver: "cdc_acm"}}, false, true},
		"beside another of libusb's": {[]Interface{{Number: 0, Class: ClassVendor, Driver: "usbfs"}}, true, false},
	} {
		detach, err := f.detach(Device{Interfaces: append(c.others, printer)})
		require.Equal(t, c.busy, errors.Is(err, ErrBusy), name)
		require.Equal(t, c.detach, detach, name)
	}
	printer.Driver = ""
	detach, err := function{main: printer, data: printer}.detach(Device{Interfaces: []Interface{printer, {Number: 0, Driver: "cdc_acm"}}})
	require.NoError(t, err)
	require.False(t, detach, "nothing of ours to take off")
}

func TestTheInterfaceMeant(t *testing.T) {
	comm := Interface{Number: 4, Class: ClassComm, SubClass: subclassACM}
	data := Interface{Number: 5, Class: ClassData, Endpoints: []Endpoint{{0x82, 2, 512}, {0x03, 2, 512}}}
	vendor := Interface{Number: 0, Class: ClassVendor, Endpoints: []Endpoint{{0x81, 2, 64}, {0x02, 2, 64}}}
	hid := Interface{Number: 1, Class: ClassHID}
	one := Interface{Number: 2, Class: ClassPrinter, SubClass: 1, Protocol: 1, Endpoints: []Endpoint{{0x02, 2, 64}}}
	two := Interface{Number: 2, Alternate: 1, Class: ClassPrinter, SubClass: 1, Protocol: 2, Endpoints: []Endpoint{{0x02, 2, 64}, {0x81, 2, 64}}}
	device := Device{Interfaces: []Interface{vendor, hid, one, two, comm, data}}
	at := func(n int) *int { return &n }
	for name, c := range map[string]struct {
		d          Dialer
		main, data Interface
	}{
		"a serial port first":         {Dialer{}, comm, data},
		"by number":                   {Dialer{Interface: at(0)}, vendor, vendor},
		"by class":                    {Dialer{Class: ClassHID}, hid, hid},
		"a printer that answers":      {Dialer{Class: ClassPrinter}, two, two},
		"of a vendor, as told":        {Dialer{Class: ClassVendor}, vendor, vendor},
		"the data half, if told so":   {Dialer{Interface: at(5)}, data, data},
		"both by class and by number": {Dialer{Class: ClassPrinter, Interface: at(2)}, two, two},
	} {
		f, err := c.d.choose(device)
		require.NoError(t, err, name)
		require.Equal(t, c.main, f.main, name)
		require.Equal(t, c.data, f.data, name)
	}
	_, err := (&Dialer{Interface: at(9)}).choose(device)
	require.ErrorIs(t, err, ErrNoInterface)
	require.ErrorContains(t, err, "4 of class 02/02/00")
	_, err = (&Dialer{}).choose(Device{Interfaces: []Interface{{Class: ClassStorage}}})
	require.ErrorIs(t, err, ErrNoInterface)
}

func FuzzDecodePOSScan(f *testing.F) {
	f.Add(AppendPOSScan(nil, "]E0", []byte("4006381333931"))[0])
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodePOSScan(b)
		if err != nil {
			require.ErrorIs(t, err, ErrReport)
			return
		}
		require.LessOrEqual(t, len(s.Data), posScanData)
	})
}

func FuzzDecodeKeyboard(f *testing.F) {
	f.Add([]byte{2, 0, 4, 0, 0, 0, 0, 0}, []byte{0, 0, 4, 5, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, before, report []byte) {
		text, err := DecodeKeyboard(before, report)
		if err == nil {
			require.LessOrEqual(t, len(text), 6)
		}
	})
}

func FuzzParseDeviceID(f *testing.F) {
	f.Add([]byte("\x00\x2aMFG:EPSON;CMD:ESC/POS;MDL:TM-T20;CLS:X;"))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, err := ParseDeviceID(b)
		if err != nil {
			require.ErrorIs(t, err, ErrDeviceID)
			return
		}
		require.NotEmpty(t, id)
	})
}

func FuzzStripFTDI(f *testing.F) {
	f.Add(AppendFTDIPackets(nil, make([]byte, 200), 64, serial.ModemLines{}), 64)
	f.Fuzz(func(t *testing.T, b []byte, packet int) {
		packet = 8 + packet&0x1FF
		n := len(b)
		data, _, _ := stripFTDI(b, packet)
		require.LessOrEqual(t, len(data), n)
	})
}

func FuzzFirstUsagePage(f *testing.F) {
	f.Add([]byte{0x05, 0x8C})
	f.Fuzz(func(t *testing.T, b []byte) { firstUsagePage(b) })
}
