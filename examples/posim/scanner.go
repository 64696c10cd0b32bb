package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/scanner"
	"github.com/openecr/openecr/transport/scanner/scannertest"
)

// suffixes by the name of the flag.
var suffixes = map[string]string{"cr": scanner.CR, "lf": scanner.LF, "crlf": scanner.CRLF, "tab": scanner.Tab, "etx": scanner.ETX, "none": ""}

// scannerSimulator is a bar code scanner on TCP or a serial port.
func scannerSimulator() simulator {
	var suffix string
	cfg := scannertest.Config{}
	return simulator{
		name:  "scanner",
		short: "A bar code scanner that reads the codes you type",
		long: "A bar code scanner. Each line on stdin is one code, held before it; it is sent to whoever is connected.\n" +
			"With --aim, article numbers are sent as EAN and everything else as QR.",
		faults:    scannertest.Faults,
		faultsAre: "each used up by one scan",
		port:      "127.0.0.1:20010",
		serial:    true,
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&suffix, "suffix", "cr", "`name`: cr, lf, crlf, tab, etx or none")
			fs.StringVar(&cfg.Prefix, "prefix", "", "`text` before each code")
			fs.BoolVar(&cfg.STX, "stx", false, "frame codes with STX and ETX")
			fs.BoolVar(&cfg.AIM, "aim", false, "send AIM identifiers")
			fs.IntVar(&cfg.Baud, "baud", 9600, "speed in `bits` per second; 0 is as fast as it goes")
		},
		start: func(s setup) (peer, error) {
			cfg := cfg
			text, ok := suffixes[suffix]
			if !ok {
				return nil, fmt.Errorf("%w: --suffix %q is none of cr, lf, crlf, tab, etx, none", errUsage, suffix)
			}
			if cfg.Baud < 0 {
				return nil, fmt.Errorf("%w: --baud is 0 or more", errUsage)
			}
			cfg.Suffix, cfg.NoSuffix = text, suffix == "none"
			p := &scannerPeer{scanner: scannertest.New(cfg), in: s.in, log: s.log, conns: map[transport.Conn]bool{}}
			p.ctx, p.end = context.WithCancel(context.Background())
			if unknown := p.scanner.Inject(s.faults...); len(unknown) > 0 {
				return nil, errFaults(unknown)
			}
			return p, nil
		},
	}
}

// maxTyped bounds a line on stdin.
const maxTyped = 64 << 10

// scannerPeer sends what is typed to all who are connected.
type scannerPeer struct {
	scanner *scannertest.Scanner
	in      io.Reader
	log     func(string)
	ctx     context.Context
	end     context.CancelFunc

	mu     sync.Mutex
	conns  map[transport.Conn]bool
	listen net.Listener
}

// Serve accepts connections and sends them what is typed.
func (p *scannerPeer) Serve(l net.Listener) error {
	p.mu.Lock()
	p.listen = l
	p.mu.Unlock()
	go p.scanLines() // ends with stdin, or with the program
	for {
		c, err := l.Accept()
		if err != nil {
			if p.ctx.Err() != nil {
				return nil
			}
			return err
		}
		p.add(c)
	}
}

// ServeSerial sends what is typed to a port.
func (p *scannerPeer) ServeSerial(port transport.Dialer) error {
	c, err := port.Dial(p.ctx)
	if err != nil {
		return err
	}
	p.add(c)
	go p.scanLines() // ends with stdin, or with the program
	<-p.ctx.Done()
	return nil
}

// Close ends the connections.
func (p *scannerPeer) Close() error {
	p.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listen != nil {
		p.listen.Close()
	}
	for c := range p.conns {
		c.Close()
	}
	return nil
}

func (p *scannerPeer) add(c transport.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		c.Close()
		return
	}
	p.conns[c] = true
}

// Write sends to all; who does not listen any more is forgotten.
func (p *scannerPeer) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if _, err := c.Write(b); err != nil {
			c.Close()
			delete(p.conns, c)
		}
	}
	return len(b), nil
}

// scanLines holds each line of stdin before the scanner.
func (p *scannerPeer) scanLines() {
	lines := bufio.NewScanner(p.in)
	lines.Buffer(nil, maxTyped)
	for lines.Scan() && p.ctx.Err() == nil {
		text := strings.TrimRight(lines.Text(), "\r")
		if text == "" {
			continue
		}
		symbol := scannertest.Symbol{Kind: scanner.QR, Data: text}
		if _, err := scanner.ParseProduct(text); err == nil {
			symbol.Kind = scanner.EAN
		}
		if err := p.scanner.Scan(p.ctx, p, symbol); err != nil && !errors.Is(err, context.Canceled) {
			p.log(err.Error())
		}
	}
}
