package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt"
	"github.com/openecr/openecr/pos/zvt/zvttest"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/tcp"
	"github.com/openecr/openecr/transport/transporttest"
)

// The demo's timers: a shop's are minutes, a reader's patience is not.
var (
	demoTimes = pos.Times{AskEvery: 200 * time.Millisecond, AskAtMost: 2 * time.Second}
	demoAcks  = transport.Acks{T1: 100 * time.Millisecond, T2: 300 * time.Millisecond}
)

const (
	demoThink = 150 * time.Millisecond // of customer, PIN pad and host each
	demoT3    = 500 * time.Millisecond // of the simulated terminal
)

// device is a simulated terminal, the line to it, and the driver at the till's end.
type device struct {
	tender   string
	name     [2]string // English, Chinese
	serial   bool
	currency pos.Currency
	sim      *zvttest.Terminal
	cable    *cable
	served   chan struct{}
}

func newDevice(tender string, name [2]string, seed uint64, c pos.Currency) *device {
	return &device{tender: tender, name: name, currency: c, served: make(chan struct{}),
		sim: zvttest.New(zvttest.Config{Currency: c, Seed: seed, Think: demoThink, T3: demoT3})}
}

// listen puts the terminal on a free port of this machine.
func (d *device) listen() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	d.cable = &cable{Dialer: &tcp.Dialer{Addr: l.Addr().String()}}
	go func() {
		defer close(d.served)
		_ = d.sim.Serve(l)
	}()
	return nil
}

// wire puts the terminal on a serial port made by this program.
func (d *device) wire() error {
	pty, err := transporttest.OpenPTY("")
	if err != nil {
		return err
	}
	d.serial = true
	d.cable = &cable{Dialer: &serial.Dialer{Path: pty.Path}}
	go func() {
		defer close(d.served)
		defer pty.Close()
		_ = d.sim.ServeSerial(pty.Dialer())
	}()
	return nil
}

func (d *device) driver() (*zvt.Terminal, error) {
	return zvt.New(zvt.Config{Dialer: d.cable, Serial: d.serial, Currency: d.currency, Acks: demoAcks,
		T3: 2 * time.Second, T4: 10 * time.Second, AbortWait: 5 * time.Second})
}

func (d *device) stop() {
	d.sim.Close()
	if d.cable != nil {
		<-d.served
	}
}

// cable is a Dialer whose line can be pulled, at the worst moment: the money
// message has left, the approval is on its way back, and nobody here reads it.
type cable struct {
	transport.Dialer

	mu     sync.Mutex
	armed  bool // pull at the next approval
	paying bool // a payment command has left
	seen   []byte
	out    bool // the cable is out
}

var errPulled = errors.New("the cable is pulled")

func (c *cable) pullAtApproval() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = true
}

func (c *cable) plugIn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed, c.paying, c.out, c.seen = false, false, false, nil
}

// Dial fails while the cable is out.
func (c *cable) Dial(ctx context.Context) (transport.Conn, error) {
	c.mu.Lock()
	out := c.out
	c.mu.Unlock()
	if out {
		return nil, errPulled
	}
	conn, err := c.Dialer.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return &cableEnd{Conn: conn, cable: c}, nil
}

// cableEnd is the till's end of it.
type cableEnd struct {
	transport.Conn
	cable *cable
}

// The messages to watch for: ZVT Authorisation 06 01 and status-information
// 04 0F, which says "approved", as they begin on TCP and behind DLE STX.
var (
	authorisation = []byte{0x06, 0x01}
	statusInfo    = []byte{0x04, 0x0F}
	dleStx        = []byte{0x10, 0x02}
)

func (e *cableEnd) Write(p []byte) (int, error) {
	e.cable.mu.Lock()
	if e.cable.armed && bytes.HasPrefix(bytes.TrimPrefix(p, dleStx), authorisation) {
		e.cable.paying = true
	}
	e.cable.mu.Unlock()
	return e.Conn.Write(p)
}

func (e *cableEnd) Read(p []byte) (int, error) {
	n, err := e.Conn.Read(p)
	c := e.cable
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.paying || n == 0 {
		return n, err
	}
	c.seen = append(c.seen, p[:n]...)
	if !c.out && !bytes.Contains(c.seen, statusInfo) {
		return n, err
	}
	c.out = true
	transport.Abort(e.Conn)
	return 0, errPulled
}

// Abort and Check reach the medium's own, which the embedded Conn hides.
func (e *cableEnd) Abort() error { return transport.Abort(e.Conn) }

func (e *cableEnd) Check() (pending bool, err error) {
	if c, ok := e.Conn.(transport.Checker); ok {
		return c.Check()
	}
	return false, nil
}
