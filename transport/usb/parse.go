package usb

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/openecr/openecr/transport/serial"
)

func escapeSegment(s string) string { return url.PathEscape(s) }

// Parse makes a Dialer from usb://VID:PID/SERIAL; both parts may be left out
// when options choose the device. Options:
//
//	path=1-2.3        the socket
//	class=07          devices with such an interface, and that interface
//	interface=1       this interface of the device
//	node=off          libusb, even where the kernel offers a file
//	zlp=on            end writes that fill their last packet with an empty one
//	baud, data, parity, stop, dtr, rts    of serial devices, as for serial://
//
// Errors name what is wrong.
func Parse(u *url.URL) (*Dialer, error) {
	if u.Scheme != "usb" {
		return nil, fmt.Errorf("usb: scheme %q, want usb", u.Scheme)
	}
	if u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("usb: want usb://VID:PID/SERIAL, such as usb://0b00:3070/0815")
	}
	d := &Dialer{Serial: strings.TrimPrefix(u.Path, "/")}
	if u.Host != "" {
		if err := d.numbers(u.Host); err != nil {
			return nil, err
		}
	}
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("usb: options are not key=value&key=value")
	}
	line := url.Values{}
	for key, values := range options {
		if len(values) > 1 {
			return nil, fmt.Errorf("usb: option %s given twice", key)
		}
		switch key {
		case "baud", "data", "parity", "stop", "dtr", "rts":
			line[key] = values
			continue
		}
		if err := d.option(key, values[0]); err != nil {
			return nil, fmt.Errorf("usb: option %s: %w", key, err)
		}
	}
	s, err := serial.Parse(&url.URL{Scheme: "serial", Path: "/usb", RawQuery: line.Encode()})
	if err != nil {
		return nil, fmt.Errorf("usb: %s", strings.TrimPrefix(err.Error(), "serial: "))
	}
	d.Baud, d.DataBits, d.Parity, d.StopBits, d.Lines = s.Baud, s.DataBits, s.Parity, s.StopBits, s.Lines
	return d, d.check()
}

func (d *Dialer) numbers(host string) error {
	vendor, product, ok := strings.Cut(host, ":")
	if !ok || d.VendorID.UnmarshalText([]byte(vendor)) != nil || d.ProductID.UnmarshalText([]byte(product)) != nil {
		return fmt.Errorf("usb: %q is not VID:PID in hexadecimal, such as 0b00:3070", host)
	}
	return nil
}

func (d *Dialer) option(key, value string) error {
	switch key {
	case "path":
		if len(splitPath(value)) == 0 {
			return fmt.Errorf("%q is not a socket such as 1-2.3", value)
		}
		d.Path = value
	case "class":
		return d.Class.UnmarshalText([]byte(value))
	case "interface":
		n, err := strconv.ParseUint(value, 10, 8)
		if err != nil {
			return fmt.Errorf("%q is not an interface number", value)
		}
		number := int(n)
		d.Interface = &number
	case "node":
		return onOff(value, func(on bool) { d.NoNode = !on })
	case "zlp":
		return onOff(value, func(on bool) { d.ZeroPacket = on })
	default:
		return fmt.Errorf("unknown; want path, class, interface, node, zlp, baud, data, parity, stop, dtr or rts")
	}
	return nil
}

func onOff(value string, set func(bool)) error {
	if value != "on" && value != "off" {
		return fmt.Errorf("%q is neither on nor off", value)
	}
	set(value == "on")
	return nil
}

// String returns the connection text.
func (d *Dialer) String() string {
	text := "usb://"
	if d.VendorID != 0 || d.ProductID != 0 {
		text += d.VendorID.String() + ":" + d.ProductID.String()
	}
	if d.Serial != "" {
		text += "/" + escapeSegment(d.Serial)
	}
	var options []string
	add := func(given bool, option string) {
		if given {
			options = append(options, option)
		}
	}
	add(d.Path != "", "path="+d.Path)
	add(d.Class != 0, "class="+d.Class.String())
	if d.Interface != nil {
		options = append(options, "interface="+strconv.Itoa(*d.Interface))
	}
	add(d.NoNode, "node=off")
	add(d.ZeroPacket, "zlp=on")
	if _, line, ok := strings.Cut(d.line("x").String(), "?"); ok && d.Baud != 0 {
		options = append(options, line)
	}
	if len(options) == 0 {
		return text
	}
	return text + "?" + strings.Join(options, "&")
}
