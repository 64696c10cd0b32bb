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
		{"Windows", "serial:///COM3?dtr=on&rts=off", "serial:///COM3?baud=9600&data=8&parity=none&stop=1", ""},
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
			}
		})
	}
}
