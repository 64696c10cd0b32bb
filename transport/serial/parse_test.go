package serial

import (
	"net/url"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	cases := []struct{ name, text, want, err string }{
		{"a USB adapter", "serial:///dev/ttyUSB0?baud=115200&data=7&parity=even&stop=2", "serial:///dev/ttyUSB0?baud=115200&data=7&parity=even&stop=2", ""},
		{"defaults", "serial:///dev/ttyS0", "serial:///dev/ttyS0?baud=9600&data=8&parity=none&stop=1", ""},
		{"Windows", "serial:///COM3?dtr=on&rts=off", "serial:///COM3?baud=9600&data=8&parity=none&stop=1&dtr=on&rts=off", ""},
		{"flow control", "serial:///dev/ttyS1?flow=xonxoff", "serial:///dev/ttyS1?baud=9600&data=8&parity=none&stop=1&flow=xonxoff", ""},
		{"lines that stay", "serial:///dev/ttyS1?keeplines=on", "serial:///dev/ttyS1?baud=9600&data=8&parity=none&stop=1&keeplines=on", ""},
		{"a bus", "serial:///dev/ttyS1?rs485=on&rs485rts=low&rs485echo=on&rs485before=1ms&rs485after=2ms",
			"serial:///dev/ttyS1?baud=9600&data=8&parity=none&stop=1&rs485=on&rs485rts=low&rs485echo=on&rs485before=1ms&rs485after=2ms", ""},
		{"a serial number", "serial:///by-serial/0403:6001:A50285BI?baud=19200", "serial:///by-serial/0403:6001:A50285BI?baud=19200&data=8&parity=none&stop=1", ""},
		{"a serial number with odd characters", "serial:///by-serial/10c4:ea60:a%2Fb%20c?interface=01",
			"serial:///by-serial/10C4:EA60:a/b%20c?baud=9600&data=8&parity=none&stop=1&interface=01", ""},
		{"a link that stays", "serial:///dev/serial/by-id/usb-FTDI_A5-if00-port0", "serial:///dev/serial/by-id/usb-FTDI_A5-if00-port0?baud=9600&data=8&parity=none&stop=1", ""},
		{"an id too short", "serial:///by-serial/403:6001", "", "four hexadecimal digits"},
		{"no product", "serial:///by-serial/0403", "", "VID:PID:SERIAL"},
		{"an interface without a device", "serial:///dev/ttyS0?interface=00", "", "only with"},
		{"an interface in words", "serial:///by-serial/0403:6001?interface=one", "", "two hexadecimal digits"},
		{"an unknown flow control", "serial:///dev/x?flow=hardware", "", "dtrdsr, none, rtscts, xonxoff"},
		{"RS-485 options without a bus", "serial:///dev/x?rs485rts=low", "", "want rs485=on"},
		{"a pause too long", "serial:///dev/x?rs485=on&rs485before=1s", "", "0 to 100"},
		{"half a millisecond", "serial:///dev/x?rs485=on&rs485before=500us", "", "whole milliseconds"},
		{"two users of RTS", "serial:///dev/x?rs485=on&flow=rtscts", "", "both want RTS"},
		{"two slashes", "serial://dev/ttyUSB0", "", "three slashes"},
		{"no path", "serial:///", "", "path missing"},
		{"a word for a speed", "serial:///dev/x?baud=fast", "", "such as 9600"},
		{"an absurd speed", "serial:///dev/x?baud=99999999", "", "99999999 baud"},
		{"nine data bits", "serial:///dev/x?data=9", "", "9 data bits"},
		{"an unknown parity", "serial:///dev/x?parity=both", "", "even, mark, none, odd, space"},
		{"three stop bits", "serial:///dev/x?stop=3", "", "1, 1.5, 2"},
		{"one line only", "serial:///dev/x?dtr=on", "", "together"},
		{"an unknown option", "serial:///dev/x?speed=1", "", "option speed: unknown"},
		{"an option twice", "serial:///dev/x?baud=1&baud=2", "", "twice"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			u, err := url.Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			d, err := Parse(u)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %q", err, c.err)
				}
				return
			}
			if err != nil || d.String() != c.want {
				t.Errorf("got %v, %v; want %s", d, err, c.want)
				return
			}
			again, err := url.Parse(d.String())
			if err != nil {
				t.Fatal(err)
			}
			if second, err := Parse(again); err != nil || second.String() != d.String() {
				t.Errorf("read again: %v, %v", second, err)
			}
		})
	}
}

// FuzzParse: what is accepted is written as a text that means the same.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"serial:///dev/ttyUSB0?baud=9600&stop=2", "serial:///COM3?dtr=on&rts=off", "serial:///by-serial/0403:6001:A5?interface=00",
		"serial:///dev/x?rs485=on&rs485before=1ms", "serial:////x", "serial:///%00",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := url.Parse(text)
		if err != nil {
			return
		}
		d, err := Parse(u)
		if err != nil {
			return
		}
		again, err := url.Parse(d.String())
		if err != nil {
			t.Fatalf("%q became %q: %v", text, d, err)
		}
		second, err := Parse(again)
		if err != nil || second.String() != d.String() {
			t.Fatalf("%q became %q and then %v, %v", text, d, second, err)
		}
	})
}
