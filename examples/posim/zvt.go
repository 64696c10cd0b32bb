package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvttest"
)

// zvtSimulator is a ZVT terminal on TCP or a serial port.
func zvtSimulator() simulator {
	var currency string
	cfg := zvttest.Config{}
	return simulator{
		name:   "zvt",
		short:  "A payment terminal that speaks ZVT, on TCP or a serial port",
		long:   zvtHelp(),
		faults: zvttest.Faults,
		port:   "127.0.0.1:20007",
		serial: true,
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&currency, "currency", string(pos.EUR), "ISO 4217 `code` of the terminal")
			fs.DurationVar(&cfg.Think, "think", 150*time.Millisecond, "how long card, PIN and host take each")
			fs.DurationVar(&cfg.T3, "t3", 5*time.Second, "how long the terminal waits for a register's response")
			fs.DurationVar(&cfg.Late, "late", 2*time.Second, "the pause of the fault answer-late")
			fs.DurationVar(&cfg.Away, "away", 2*time.Second, "how long a reboot takes")
		},
		start: func(s setup) (peer, error) {
			cfg := cfg
			cfg.Currency = pos.Currency(currency)
			if !cfg.Currency.Valid() {
				return nil, fmt.Errorf("%w: --currency %q is not in ISO 4217", errUsage, currency)
			}
			cfg.Seed, cfg.Log = s.seed, s.log
			cfg.Book = func(b zvttest.Booking) error { return s.book(b) }
			terminal := zvttest.New(cfg)
			if unknown := terminal.Inject(s.faults...); len(unknown) > 0 {
				terminal.Close()
				return nil, errFaults(unknown)
			}
			return terminal, nil
		},
	}
}

// zvtHelp describes what the terminal decides by itself.
func zvtHelp() string {
	var b strings.Builder
	b.WriteString(`A whole ZVT terminal: display, printer, cards and its own books.

It approves everything but amounts that end in one of these four digits
(minor units), which it declines with the result code beside them:
`)
	endings := make([]int64, 0, len(zvttest.Endings))
	for e := range zvttest.Endings {
		endings = append(endings, e)
	}
	slices.Sort(endings)
	for _, e := range endings {
		code := zvttest.Endings[e]
		fmt.Fprintf(&b, "  ..%02d.%02d  %02X %s\n", e/100, e%100, byte(code), code)
	}
	b.WriteString("  ..90.50  approved by half")
	return b.String()
}
