package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/escpos/escpostest"
	"github.com/openecr/openecr/transport/escpos/paper"
)

// printerSimulator is a receipt printer on TCP or a serial port.
func printerSimulator() simulator {
	var width int
	var dir string
	cfg := escpostest.Config{}
	return simulator{
		name:  "printer",
		short: "A receipt printer that speaks ESC/POS, on TCP or a serial port",
		long: `A receipt printer with cutter, drawer connector, Chinese characters, bar codes
and QR codes. It prints one line for each slip that is cut off and, with --png,
writes it as slip-0001.png and slip-0001.txt. It keeps no money; --books
remembers its slips.`,
		faults:    escpostest.Faults,
		faultsAre: "where N counts lines, bands of pictures, codes, feeds and cuts; paper, cover,\ncutter, offline and power are put right by somebody after --away",
		port:      "127.0.0.1:9100",
		serial:    true,
		flags: func(fs *pflag.FlagSet) {
			fs.IntVar(&width, "width", 80, "`mm` of the paper: 58 or 80")
			fs.StringVar(&dir, "png", "", "`directory` that gets a picture and the text of each slip")
			fs.BoolVar(&cfg.Western, "western", false, "no Chinese characters")
			fs.DurationVar(&cfg.Step, "step", time.Millisecond, "how long a line takes")
			fs.DurationVar(&cfg.Away, "away", 5*time.Second, "how long until somebody puts in paper, closes the cover, switches on")
		},
		start: func(s setup) (peer, error) {
			cfg := cfg
			switch width {
			case 58:
				cfg.Width = paper.Width58
			case 80:
				cfg.Width = paper.Width80
			default:
				return nil, fmt.Errorf("%w: --width is 58 or 80, not %d", errUsage, width)
			}
			out, err := newSlips(dir, s)
			if err != nil {
				return nil, err
			}
			cfg.Log, cfg.Slip, cfg.Process = s.log, out.add, true
			out.printer = escpostest.New(cfg)
			if unknown := out.printer.Inject(s.faults...); len(unknown) > 0 {
				out.printer.Close()
				return nil, errFaults(unknown)
			}
			return out, nil
		},
	}
}

// slips write what a printer prints. They are the peer: a slip that cannot be
// written ends the printer.
type slips struct {
	printer *escpostest.Printer
	dir     string
	set     setup

	mu     sync.Mutex
	before int // slips of earlier runs in dir
	err    error
}

// newSlips makes the directory, and numbers on behind what is in it.
func newSlips(dir string, set setup) (*slips, error) {
	s := &slips{dir: dir, set: set, before: len(set.past)}
	if dir == "" {
		return s, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "slip-*.png"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(filepath.Base(name), "slip-%d.png", &n); err == nil {
			s.before = max(s.before, n)
		}
	}
	return s, nil
}

// slipEntry is what is remembered of a slip.
type slipEntry struct {
	Time time.Time `json:"time"`
	Slip int       `json:"slip"`
	Text string    `json:"text"`
}

// add is called with each slip, inside the printer.
func (s *slips) add(number int, sheet *paper.Sheet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number += s.before
	text := sheet.Text()
	err := s.set.remember(slipEntry{time.Now(), number, text})
	if err == nil && s.dir != "" {
		err = writeSlip(filepath.Join(s.dir, fmt.Sprintf("slip-%04d", number)), sheet, text)
	}
	if err != nil && s.err == nil {
		s.err = err
		go s.printer.Close() // from here it would wait for itself
	}
	s.set.print(fmt.Sprintf("slip %04d: %s", number, summary(sheet, text)))
}

func writeSlip(name string, sheet *paper.Sheet, text string) error {
	f, err := os.Create(name + ".png")
	if err != nil {
		return err
	}
	if err := errors.Join(sheet.WritePNG(f, paper.ImageOptions{}), f.Close()); err != nil {
		return err
	}
	return os.WriteFile(name+".txt", []byte(text), 0o644)
}

// rowsPerMillimetre of dots, at 203 a inch.
const rowsPerMillimetre = 8

// summary is one line for people.
func summary(sheet *paper.Sheet, text string) string {
	parts := []string{fmt.Sprintf("%d lines, %d mm", strings.Count(text, "\n"), sheet.Height/rowsPerMillimetre)}
	if n := len(sheet.Pulses); n > 0 {
		parts = append(parts, fmt.Sprintf("drawer opened %d times", n))
	}
	if len(sheet.Cuts) == 0 {
		parts = append(parts, "not cut")
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			return strings.Join(append(parts, fmt.Sprintf("%q", line)), ", ")
		}
	}
	return strings.Join(parts, ", ")
}

func (s *slips) Close() error { return s.printer.Close() }

func (s *slips) Serve(l net.Listener) error { return s.because(s.printer.Serve(l)) }

func (s *slips) ServeSerial(d transport.Dialer) error { return s.because(s.printer.ServeSerial(d)) }

// because puts the cause before the consequence.
func (s *slips) because(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	return err
}
