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

// bySerial is how a connection text says that a USB name follows.
const bySerial = "/by-serial/"

// Parse makes a Dialer from serial:///dev/ttyUSB0, serial:///COM3 or
// serial:///by-serial/0403:6001:A50285BI. Options: baud, data (5 to 8), parity
// (none, odd, even, mark, space), stop (1, 1.5, 2), flow (none, rtscts,
// xonxoff, dtrdsr), dtr and rts (on, off; both or neither), keeplines (on, off),
// interface (of a USB device with several ports), and for a bus rs485 (on, off),
// rs485rts (high, low), rs485echo, rs485term (on, off), rs485before and
// rs485after (pauses such as 1ms). Errors name what is wrong.
func Parse(u *url.URL) (*Dialer, error) {
	if u.Scheme != "serial" {
		return nil, fmt.Errorf("serial: scheme %q, want serial", u.Scheme)
	}
	if u.Host != "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("serial: want serial:///path with three slashes, such as serial:///dev/ttyUSB0")
	}
	d := &Dialer{Path: u.Path}
	if name, ok := strings.CutPrefix(u.Path, bySerial); ok {
		usb, err := ParseUSBName(name)
		if err != nil {
			return nil, err
		}
		d.Path, d.USB = "", &usb
	} else if name := strings.TrimPrefix(u.Path, "/"); !strings.Contains(name, "/") {
		d.Path = name // COM3; on Unix every port lives in a folder
	}
	if d.Path == "" && d.USB == nil {
		return nil, fmt.Errorf("serial: path missing in serial:///path")
	}
	if strings.ContainsRune(d.Path, 0) {
		return nil, fmt.Errorf("serial: no path holds a zero byte")
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
	if d.RS485 != nil && !options.Has("rs485") {
		return nil, fmt.Errorf("serial: the rs485 options want rs485=on")
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("serial: %w", err)
	}
	return d, nil
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
	case "flow":
		d.Flow, err = lookUp(flowNames, value)
	case "dtr", "rts":
		return d.line(key, value)
	case "keeplines":
		d.KeepLines, err = onOff(value)
	case "rs485", "rs485rts", "rs485echo", "rs485term", "rs485before", "rs485after":
		return d.rs485(key, value)
	case "interface":
		if d.USB == nil {
			return fmt.Errorf("only with serial:///by-serial/")
		}
		d.USB.Interface = value
		return d.USB.check()
	default:
		return fmt.Errorf("unknown; want baud, data, parity, stop, flow, dtr, rts, keeplines, interface or rs485")
	}
	return err
}

func (d *Dialer) line(key, value string) error {
	on, err := onOff(value)
	if err != nil {
		return err
	}
	if d.Lines == nil {
		d.Lines = new(Lines)
	}
	if key == "dtr" {
		d.Lines.DTR = on
	} else {
		d.Lines.RTS = on
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
