package serial

import (
	"fmt"
	"net/url"
	"sort"
	"strconv"
	"strings"
)

// maxBaud is beyond what any adapter does (FTDI: 12 Mbaud).
const maxBaud = 20_000_000

var (
	parityNames = map[Parity]string{NoParity: "none", OddParity: "odd", EvenParity: "even", MarkParity: "mark", SpaceParity: "space"}
	stopNames   = map[StopBits]string{OneStopBit: "1", OnePointFiveStopBits: "1.5", TwoStopBits: "2"}
)

// Parse makes a Dialer from serial:///dev/ttyUSB0 or serial:///COM3. Options:
// baud, data (5 to 8), parity (none, odd, even, mark, space), stop (1, 1.5, 2),
// dtr and rts (on, off; both or neither). Errors name what is wrong.
func Parse(u *url.URL) (*Dialer, error) {
	if u.Scheme != "serial" {
		return nil, fmt.Errorf("serial: scheme %q, want serial", u.Scheme)
	}
	if u.Host != "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("serial: want serial:///path with three slashes, such as serial:///dev/ttyUSB0")
	}
	d := &Dialer{Path: u.Path}
	if name := strings.TrimPrefix(u.Path, "/"); !strings.Contains(name, "/") {
		d.Path = name // COM3; on Unix every port lives in a folder
	}
	if d.Path == "" {
		return nil, fmt.Errorf("serial: path missing in serial:///path")
	}
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("serial: options are not key=value&key=value")
	}
	for key, values := range options {
		if len(values) > 1 {
			return nil, fmt.Errorf("serial: option %s given twice", key)
		}
		if err := d.option(key, values[0]); err != nil {
			return nil, fmt.Errorf("serial: option %s: %w", key, err)
		}
	}
	if options.Has("dtr") != options.Has("rts") {
		return nil, fmt.Errorf("serial: options dtr and rts go together")
	}
	return d, d.check()
}

func (d *Dialer) option(key, value string) (err error) {
	switch key {
	case "baud":
		d.Baud, err = strconv.Atoi(value)
		if err != nil || d.Baud <= 0 {
			return fmt.Errorf("%q is not a speed such as 9600", value)
		}
	case "data":
		d.DataBits, err = strconv.Atoi(value)
		if err != nil || d.DataBits == 0 {
			return fmt.Errorf("%q is not 5, 6, 7 or 8", value)
		}
	case "parity":
		d.Parity, err = lookUp(parityNames, value)
	case "stop":
		d.StopBits, err = lookUp(stopNames, value)
	case "dtr", "rts":
		return d.line(key, value)
	default:
		return fmt.Errorf("unknown; want baud, data, parity, stop, dtr or rts")
	}
	return err
}

func (d *Dialer) line(key, value string) error {
	if value != "on" && value != "off" {
		return fmt.Errorf("%q is neither on nor off", value)
	}
	if d.Lines == nil {
		d.Lines = new(Lines)
	}
	if key == "dtr" {
		d.Lines.DTR = value == "on"
	} else {
		d.Lines.RTS = value == "on"
	}
	return nil
}

func lookUp[K ~int](names map[K]string, value string) (K, error) {
	var known []string
	for k, name := range names {
		if name == value {
			return k, nil
		}
		known = append(known, name)
	}
	sort.Strings(known)
	return 0, fmt.Errorf("%q is none of %s", value, strings.Join(known, ", "))
}
