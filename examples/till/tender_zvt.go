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
)

// terminal makes the ZVT driver.
func (t *tender) terminal(trace *trace) (*zvt.Terminal, error) {
	cfg := *t.zvt
	cfg.Tap = trace.tap(zvtproto.Mask)
	return zvt.New(cfg)
}

// zvtStopBits is what ZVT wants on a serial line (PA00P016: 8N2).
const zvtStopBits = "2"

// parseZVT takes the options that are the driver's; the medium gets the rest.
func parseZVT(t *tender, u *url.URL) error {
	t.zvt = &zvt.Config{}
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
