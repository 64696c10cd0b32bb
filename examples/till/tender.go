package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/tcp"
	"github.com/openecr/openecr/transport/usb"
)

// media are the ways to reach a device. What is not here is not linked.
var media = transport.Schemes{
	"tcp":    transport.Scheme(tcp.Parse),
	"tls":    transport.Scheme(tcp.Parse),
	"serial": transport.Scheme(serial.Parse),
	"usb":    transport.Scheme(usb.Parse),
}

// protocols are the drivers, by what stands before the plus sign of a URL.
var protocols = map[string]func(*tender, *url.URL) error{
	"zvt": parseZVT,
}

// tender is one --tender name=URL.
type tender struct {
	name     string
	currency pos.Currency
	times    pos.Times
	zvt      zvt.Config
}

// open makes the driver. Nothing is sent yet.
func (t *tender) open(tap *transport.Tap) (*zvt.Terminal, error) {
	cfg := t.zvt
	cfg.Tap = tap
	return zvt.New(cfg)
}

// readTenders parses the --tender flags.
func (a *app) readTenders() error {
	for _, text := range a.tenderFlags {
		name, target, isURL := strings.Cut(text, "=")
		if !isURL && a.chosen == "" {
			a.chosen = name
			continue
		}
		if !isURL {
			return usagef("--tender %s and --tender %s: choose one", a.chosen, name)
		}
		t, err := parseTender(name, target)
		if err != nil {
			return usagef("--tender %s: %w", name, err)
		}
		if a.tender(name) != nil {
			return usagef("--tender %s is given twice", name)
		}
		a.tenders = append(a.tenders, t)
	}
	if a.chosen != "" && a.chosen != pos.Cash && a.tender(a.chosen) == nil {
		return usagef("tender %q is unknown: give --tender %s=URL, or %s", a.chosen, a.chosen, pos.Cash)
	}
	return nil
}

func (a *app) tender(name string) *tender {
	for _, t := range a.tenders {
		if t.name == name {
			return t
		}
	}
	return nil
}

// choose returns the tender to use: the one named, or the only one.
func (a *app) choose() (string, error) {
	switch {
	case a.chosen != "":
		return a.chosen, nil
	case len(a.tenders) == 1:
		return a.tenders[0].name, nil
	case len(a.tenders) == 0:
		return "", usagef("give a tender, such as --tender card=zvt+tcp://127.0.0.1:20007 or --tender cash")
	}
	return "", usagef("several tenders are given: choose one with --tender NAME")
}

// currencyOf is what amounts on a tender are in when nobody says otherwise.
func (a *app) currencyOf(name string) pos.Currency {
	if t := a.tender(name); t != nil {
		return t.currency
	}
	if len(a.tenders) > 0 {
		return a.tenders[0].currency
	}
	return pos.EUR
}

// parseTender reads protocol+medium://... Errors do not repeat the text, which
// may hold a password.
func parseTender(name, text string) (*tender, error) {
	if name == "" || name == pos.Cash || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return nil, fmt.Errorf("a tender's name is made of a-z, 0-9, - and _, and %q is built in", pos.Cash)
	}
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		return nil, errors.New("want protocol+medium://..., such as zvt+tcp://10.0.0.8:20007")
	}
	protocol, medium, _ := strings.Cut(strings.ToLower(scheme), "+")
	parse, ok := protocols[protocol]
	if !ok {
		return nil, fmt.Errorf("no driver for %q; want zvt+tcp://, zvt+tls://, zvt+serial:// or zvt+usb://", scheme)
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	u.Scheme = medium
	t := &tender{name: name, currency: pos.EUR}
	return t, parse(t, u)
}

// zvtStopBits is what ZVT wants on a serial line (PA00P016: 8N2).
const zvtStopBits = "2"

// parseZVT takes the options that are the driver's; the medium gets the rest.
func parseZVT(t *tender, u *url.URL) error {
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("options are not key=value&key=value")
	}
	t.zvt.Serial = u.Scheme == "serial" || u.Scheme == "usb" // most USB terminals are serial ports
	for key, values := range options {
		take, ours := zvtOptions[key]
		if !ours {
			continue
		}
		options.Del(key)
		if len(values) != 1 {
			return fmt.Errorf("option %s is given twice", key)
		}
		if err := take(t, values[0]); err != nil {
			return fmt.Errorf("option %s: %w", key, err)
		}
	}
	if u.Scheme == "serial" && !options.Has("stop") {
		options.Set("stop", zvtStopBits)
	}
	u.RawQuery = options.Encode()
	t.zvt.Currency = t.currency
	t.zvt.Dialer, err = media.Parse(u.String())
	return err
}

var zvtOptions = map[string]func(*tender, string) error{
	"currency": func(t *tender, v string) error {
		if t.currency = pos.Currency(strings.ToUpper(v)); !t.currency.Valid() {
			return fmt.Errorf("%q is not in ISO 4217", v)
		}
		return nil
	},
	"password": func(t *tender, v string) error {
		if len(v) != 6 || strings.Trim(v, "0123456789") != "" {
			return errors.New("want six digits")
		}
		t.zvt.Password = zvtproto.Password(v)
		return nil
	},
	"charset": func(t *tender, v string) (err error) {
		var ok bool
		if t.zvt.Charset, ok = charsets[v]; !ok {
			err = errors.New("want cp437, utf8, latin1, latin9, ascii or 7bit")
		}
		return err
	},
	"t1":         duration(func(t *tender) *time.Duration { return &t.zvt.Acks.T1 }),
	"t2":         duration(func(t *tender) *time.Duration { return &t.zvt.Acks.T2 }),
	"t3":         duration(func(t *tender) *time.Duration { return &t.zvt.T3 }),
	"t4":         duration(func(t *tender) *time.Duration { return &t.zvt.T4 }),
	"abort":      duration(func(t *tender) *time.Duration { return &t.zvt.AbortWait }),
	"ask":        duration(func(t *tender) *time.Duration { return &t.times.AskEvery }),
	"wait":       duration(func(t *tender) *time.Duration { return &t.times.AskAtMost }),
	"quarantine": duration(func(t *tender) *time.Duration { return &t.times.Quarantine }),
	"plain": func(t *tender, v string) error {
		if v != "1" && v != "0" {
			return errors.New("want 1 or 0")
		}
		t.zvt.Serial = v == "0"
		return nil
	},
	"noabort": yes(func(t *tender) *bool { return &t.zvt.NoAbort }),
	"release": yes(func(t *tender) *bool { return &t.zvt.ReleaseToComplete }),
}

// charsets by name. CharsetASCII is the zero value, which the driver takes for
// its default; CP437 agrees with it in the first 128 characters.
var charsets = map[string]zvtproto.Charset{
	"cp437": zvtproto.CharsetCP437, "utf8": zvtproto.CharsetUTF8, "latin1": zvtproto.CharsetLatin1,
	"latin9": zvtproto.CharsetLatin9, "ascii": zvtproto.CharsetASCII, "7bit": zvtproto.Charset7Bit,
}

func duration(field func(*tender) *time.Duration) func(*tender, string) error {
	return func(t *tender, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			return fmt.Errorf("%q is not a duration such as 5s", v)
		}
		*field(t) = d
		return nil
	}
}

func yes(field func(*tender) *bool) func(*tender, string) error {
	return func(t *tender, v string) error {
		if v != "1" && v != "0" {
			return errors.New("want 1 or 0")
		}
		*field(t) = v == "1"
		return nil
	}
}

// longest joins the intervals of several tenders of one till: the more careful ones win.
func longest(a, b pos.Times) pos.Times {
	return pos.Times{AskEvery: max(a.AskEvery, b.AskEvery), AskAtMost: max(a.AskAtMost, b.AskAtMost),
		Quarantine: max(a.Quarantine, b.Quarantine)}
}
