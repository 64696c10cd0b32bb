package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
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
			fs.StringVar(&cfg.TerminalID, "terminal", "", "`number` of a new terminal, eight digits; default is another one at each start.\nBooks that exist keep theirs")
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
			cfg.Remember = func(e zvttest.Entry) error { return s.remember(e) }
			if cfg.TerminalID == "" {
				cfg.TerminalID = newTerminalID(s.seed, time.Now())
			} else if len(cfg.TerminalID) != 8 || strings.Trim(cfg.TerminalID, "0123456789") != "" {
				return nil, fmt.Errorf("%w: --terminal wants eight digits", errUsage)
			}
			terminal := zvttest.New(cfg)
			if unknown := terminal.Inject(s.faults...); len(unknown) > 0 {
				terminal.Close()
				return nil, errFaults(unknown)
			}
			if err := restore(terminal, s.past); err != nil {
				terminal.Close()
				return nil, err
			}
			return terminal, nil
		},
	}
}

// restore makes the terminal the one that wrote the books.
func restore(terminal *zvttest.Terminal, past []json.RawMessage) error {
	memory := make([]zvttest.Entry, len(past))
	for i, line := range past {
		if err := json.Unmarshal(line, &memory[i]); err != nil {
			return err
		}
	}
	return terminal.Restore(memory)
}

// newTerminalID is another one each time: a terminal that remembers nothing of
// the one before is not the one before, and registers compare the numbers.
func newTerminalID(seed uint64, start time.Time) string {
	rng := rand.New(rand.NewPCG(seed, uint64(start.UnixNano())))
	return fmt.Sprintf("%08d", 10_000_000+rng.IntN(90_000_000))
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
