package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/unionpay"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
	"github.com/openecr/openecr/pos/unionpay/cuptest"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/tcp"
)

// acquirer is a simulated host, the line to it, and what the till's terminal keeps.
type acquirer struct {
	host   *cuptest.Host
	line   *plug
	keys   *cupkey.Memory
	state  string // file
	served chan struct{}
}

// acquirerTender is its tender in the demo.
const acquirerTender = "unionpay"

// demoWait is how long the demo's terminal waits for the host; a shop's waits a minute.
const demoWait = 700 * time.Millisecond

func newAcquirer(dir string) (*acquirer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &acquirer{host: cuptest.New(cuptest.Config{Seed: 9, Think: demoThink}), line: &plug{Dialer: &tcp.Dialer{Addr: l.Addr().String()}},
		keys: cupkey.NewMemory(cuptest.MasterKey(), cupkey.Settings{}), state: filepath.Join(dir, "unionpay.state"), served: make(chan struct{})}
	go func() {
		defer close(a.served)
		_ = a.host.Serve(l)
	}()
	return a, nil
}

func (a *acquirer) driver() (pos.Driver, error) {
	state, err := unionpay.OpenFileStore(a.state)
	if err != nil {
		return nil, err
	}
	t, err := unionpay.New(unionpay.Config{Dialer: a.line, Terminal: cuptest.Terminal, Merchant: cuptest.Merchant, Currency: pos.CNY, Keys: a.keys, State: state,
		Cards: unionpay.Keyed(func(unionpay.Ask) (unionpay.Card, error) {
			c := cuptest.Cards()[0]
			return unionpay.Card{Entry: unionpay.EntrySwipe, Track2: c.Track2(), PIN: c.Code()}, nil
		}), Profile: unionpay.Profile{Timeout: unionpay.Duration(demoWait), AlwaysSignedOn: true}})
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	return t, nil
}

func (a *acquirer) stop() {
	a.host.Close()
	<-a.served
}

// plug is a Dialer that can be pulled out right after a request has left.
type plug struct {
	transport.Dialer

	mu   sync.Mutex
	pull bool // at the next wait for an answer
	out  bool
}

func (p *plug) pullAtAnswer() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pull = true
}

func (p *plug) plugIn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pull, p.out = false, false
}

// Dial fails while the plug is out.
func (p *plug) Dial(ctx context.Context) (transport.Conn, error) {
	p.mu.Lock()
	out := p.out
	p.mu.Unlock()
	if out {
		return nil, errPulled
	}
	c, err := p.Dialer.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return &pluggedConn{Conn: c, plug: p}, nil
}

type pluggedConn struct {
	transport.Conn
	plug *plug
}

// Read loses what arrives at the moment the plug is pulled: the host has said it.
func (c *pluggedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.plug.mu.Lock()
	defer c.plug.mu.Unlock()
	if err == nil && c.plug.pull {
		c.plug.pull, c.plug.out = false, true
		c.Conn.Close()
		return 0, errPulled
	}
	return n, err
}

// direct sells straight to the acquirer: an answer is lost, the till dies, and
// the next one reverses before it does anything else.
func (d *demo) direct() error {
	d.step("Straight to the acquirer, without a terminal: UnionPay over ISO 8583", "不经终端,直连收单机构:银联 ISO 8583")
	yuan := func(fen int64) pos.Money { return pos.FromMinor(fen, pos.CNY) }
	d.tell("charge %s for %s", "收款 %s(%s)", yuan(6800), "order-8")
	first, err := d.till.Charge(d.ctx, pos.ChargeRequest{Tender: acquirerTender, Amount: yuan(6800), Reference: "order-8"})
	d.result(first, err)
	if err != nil {
		return err
	}
	d.tell("charge %s for %s; the host books it, and the line is gone before its answer", "收款 %s(%s);主机已入账,应答途中断线", yuan(2550), "order-9")
	d.bank.line.pullAtAnswer()
	undoing := false
	d.onStep = func(p pos.Progress) bool { // it goes on trying; once is enough to read
		again := undoing && p.Step == pos.StepUndoing
		undoing = undoing || p.Step == pos.StepUndoing
		return again
	}
	defer func() { d.onStep = nil }()
	lost, err := d.till.Charge(d.ctx, pos.ChargeRequest{Tender: acquirerTender, Amount: yuan(2550), Reference: "order-9"})
	d.result(lost, err)
	if err := want(err, pos.ErrOutcomeUnknown); err != nil {
		return err
	}
	d.tell("The reversal finds no line. The till dies, the line comes back, and the program starts again:", "冲正发不出去。收银台崩溃;线路恢复后程序重新启动:")
	if err := errors.Join(d.sold(first), d.closeShop()); err != nil {
		return err
	}
	d.bank.line.plugIn()
	if err := d.openShop(); err != nil {
		return err
	}
	r := d.till.Recovered()
	if len(r.Settled) != 1 || r.Settled[0].State != pos.StateReversed {
		return fmt.Errorf("the restart settled %d attempts, want the reversal of order-9", len(r.Settled))
	}
	d.tell("=> %s: the reversal went out first thing, with the same trace number %s", "=> %s:启动后先发冲正,流水号相同(%s)",
		d.word("state."+string(r.Settled[0].State)), r.Settled[0].Handle["stan"])
	d.onStep = nil
	d.tell("The customer pays anew:", "顾客重新付款:")
	again, err := d.till.Charge(d.ctx, pos.ChargeRequest{Tender: acquirerTender, Amount: yuan(2550), Reference: "order-9"})
	d.result(again, err)
	return errors.Join(err, d.sold(again))
}

// settleBatch closes the batch at the acquirer.
func (d *demo) settleBatch() error {
	s, err := d.till.Settle(d.ctx, pos.SettleRequest{Tender: acquirerTender, Currency: pos.CNY})
	if err != nil {
		return err
	}
	d.tell("acquirer: host %s, journal %s", "收单机构:主机 %s,日志 %s", s.Peer.Amount, s.Journal.Amount)
	if !s.Equal {
		return fmt.Errorf("%s differs by %s", acquirerTender, s.Difference)
	}
	return nil
}

// compareBank holds the journal against the host's books.
func (d *demo) compareBank(list []pos.Attempt) (equal bool, err error) {
	net, err := netOf(list, acquirerTender, pos.CNY)
	if err != nil {
		return false, err
	}
	for _, b := range d.bank.host.Books() {
		if b.Kind != "batch" {
			d.tell("%s: %s %12s  trace %06d", "%s:%s %12s  流水号 %06d", d.pick("acquirer", "收单机构"), padded(d.word(bookWord(b.Kind)), 8), pos.FromMinor(b.Amount, pos.CNY), b.STAN)
		}
	}
	equal = net.Minor() == d.bank.host.Net()
	verdict := d.pick("equal", "相符")
	if !equal {
		verdict = d.pick("DIFFERENT", "不符")
	}
	d.tell("acquirer: journal %s, books %s: %s", "收单机构:日志 %s,账簿 %s:%s", net, pos.FromMinor(d.bank.host.Net(), pos.CNY), verdict)
	return equal, nil
}

// bookWord is the word for a line of the host's books.
func bookWord(kind string) string {
	if kind == string(cupproto.Sale) {
		return "type.charge"
	}
	return "type." + kind
}
