package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/openecr/openecr/pos/unionpay/cuptest"
)

// unionpaySimulator is an acquirer's host on TCP.
func unionpaySimulator() simulator {
	var lab string
	cfg := cuptest.Config{}
	return simulator{
		name:   "unionpay",
		short:  "An acquirer's host that speaks UnionPay's ISO 8583, on TCP",
		long:   unionpayHelp(),
		faults: cuptest.Faults,
		port:   "127.0.0.1:8583",
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&lab, "profile", "", "write a profile for `till` into this new `folder`: terminal, master key and a test card")
			fs.DurationVar(&cfg.Think, "think", 150*time.Millisecond, "how long the host takes for each message")
			fs.DurationVar(&cfg.Late, "late", 2*time.Second, "the pause of the fault answer-late")
			fs.BoolVar(&cfg.Unsigned, "unsigned", false, "leave the MAC out of answers")
		},
		start: func(s setup) (peer, error) {
			cfg := cfg
			cfg.Seed, cfg.Log = s.seed, s.log
			cfg.Remember = func(e cuptest.Entry) error { return s.remember(unionpayMemory{e}) }
			if lab != "" {
				if err := writeLab(lab); err != nil {
					return nil, err
				}
			}
			host := cuptest.New(cfg)
			if unknown := host.Inject(s.faults...); len(unknown) > 0 {
				host.Close()
				return nil, errFaults(unknown)
			}
			var past []cuptest.Entry
			for _, line := range s.past {
				var m unionpayMemory
				if err := json.Unmarshal(line, &m); err != nil {
					host.Close()
					return nil, err
				}
				past = append(past, m.Booking)
			}
			if err := host.Restore(past); err != nil {
				host.Close()
				return nil, err
			}
			return host, nil
		},
	}
}

// unionpayMemory is one line of the memory: all of it is a booking.
type unionpayMemory struct {
	Booking cuptest.Entry `json:"booking"`
}

// writeLab writes what `till` needs to reach this host.
func writeLab(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	card := cuptest.Cards()[0]
	var track string
	card.Track2().Use(func(b []byte) { track = string(b) })
	for name, content := range map[string]any{
		"unionpay.json": map[string]any{"terminal": cuptest.Terminal, "merchant": cuptest.Merchant, "master": cuptest.MasterHex,
			"state": "terminal.state", "card": "card.json", "profile": map[string]any{"timeout": "5s"}},
		"card.json": map[string]any{"track2": track, "pin": card.PIN},
	} {
		b, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return err
		}
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if os.IsExist(err) {
			continue // somebody has made it his own
		}
		if err != nil {
			return err
		}
		if _, err := f.Write(append(b, '\n')); err != nil {
			f.Close()
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

func unionpayHelp() string {
	var b strings.Builder
	fmt.Fprintf(&b, `An acquirer's host with its own keys, accounts and books. It knows terminal
%s of merchant %s. Working keys live in memory: after a restart every
terminal signs on again.

Cards (test numbers; balance in yuan, PIN):
`, cuptest.Terminal, cuptest.Merchant)
	for _, c := range cuptest.Cards() {
		pin := c.PIN
		if pin == "" {
			pin = "none"
		}
		fmt.Fprintf(&b, "  %-20s %12.2f  %s\n", c.PAN, float64(c.Balance)/100, pin)
	}
	b.WriteString("\nIt approves everything but amounts that end in these fen:\n")
	for ending := range int64(100) {
		if code, ok := cuptest.Endings[ending]; ok {
			fmt.Fprintf(&b, "  .%02d  %s\n", ending, code)
		}
	}
	fmt.Fprintf(&b, "  .%02d  approved by half\n", cuptest.HalfEnding)
	b.WriteString(`
Try it:
  posim unionpay --profile /tmp/lab &
  till charge --amount 12.80 --tender card='unionpay+tcp://127.0.0.1:8583?profile=/tmp/lab/unionpay.json'`)
	return b.String()
}
