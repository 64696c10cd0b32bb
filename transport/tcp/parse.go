package tcp

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Parse makes a Dialer from tcp://host:port or tls://host:port. Options:
// timeout and keepalive (durations such as 5s), local (address of the network
// card), and for tls pin (repeatable) and servername. Anything else, a path or
// a user included, is an error that names it.
func Parse(u *url.URL) (*Dialer, error) {
	if u.Scheme != "tcp" && u.Scheme != "tls" {
		return nil, fmt.Errorf("tcp: scheme %q, want tcp or tls", u.Scheme)
	}
	if u.User != nil || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return nil, fmt.Errorf("tcp: want %s://host:port and options, nothing else", u.Scheme)
	}
	host, port := u.Hostname(), u.Port()
	if host == "" {
		return nil, fmt.Errorf("tcp: host missing in %s://host:port", u.Scheme)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return nil, fmt.Errorf("tcp: port missing or not 1 to 65535 in %s://%s:port", u.Scheme, host)
	}
	d := &Dialer{Addr: net.JoinHostPort(host, port)}
	if u.Scheme == "tls" {
		d.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("tcp: options are not key=value&key=value")
	}
	for key, values := range options {
		for _, value := range values {
			if err := d.option(key, value); err != nil {
				return nil, fmt.Errorf("tcp: option %s: %w", key, err)
			}
		}
	}
	return d, nil
}

func (d *Dialer) option(key, value string) (err error) {
	switch {
	case key == "timeout":
		d.Timeout, err = positive(value)
	case key == "keepalive":
		d.KeepAlive, err = positive(value)
	case key == "local":
		if net.ParseIP(value) == nil {
			return fmt.Errorf("%q is not an address", value)
		}
		d.LocalAddr = value
	case key == "servername" && d.TLS != nil:
		d.TLS.ServerName = value
	case key == "pin" && d.TLS != nil:
		var pin [32]byte
		if pin, err = parsePin(value); err == nil {
			d.Pins = append(d.Pins, pin)
		}
	case key == "servername" || key == "pin":
		return fmt.Errorf("only with tls://")
	default:
		return fmt.Errorf("unknown; want timeout, keepalive, local, pin or servername")
	}
	return err
}

func positive(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration such as 5s", value)
	}
	return d, nil
}

// parsePin reads hex, or base64 in either alphabet; a plus sign that became a
// space in the URL is forgiven.
func parsePin(value string) (pin [32]byte, err error) {
	value = strings.TrimPrefix(value, "sha256/")
	if sum, err := hex.DecodeString(value); err == nil && len(sum) == len(pin) {
		return [32]byte(sum), nil
	}
	value = strings.NewReplacer(" ", "+", "-", "+", "_", "/", "=", "").Replace(value)
	sum, err := base64.RawStdEncoding.DecodeString(value)
	if err != nil || len(sum) != len(pin) {
		return pin, fmt.Errorf("want the SHA-256 of a public key in base64 or hex")
	}
	return [32]byte(sum), nil
}
