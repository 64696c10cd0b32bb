package escpostest

import (
	"context"
	"sync"
	"time"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/escpos/paper"
)

// Config describes a printer. The zero value is a Chinese one of 80 mm with a
// buffer of 4 KB that prints at once.
type Config struct {
	// Width is the printable dots; zero is paper.Width80.
	Width int
	// Western has no Chinese font.
	Western bool
	// Buffer is the receive buffer in bytes; zero is 4096.
	Buffer int
	// Baud paces reading, as a serial line does; zero is as fast as it comes.
	Baud int
	// Process answers GS ( H; NoStatus leaves GS r and GS I unanswered.
	Process, NoStatus bool
	// AutoStatus powers up with automatic status on, as a switch under some
	// printers has it.
	AutoStatus bool
	// Step is how long each step of the head takes; SlowStep is what the fault
	// slow adds, zero is 50 ms.
	Step, SlowStep time.Duration
	// Away is how long until somebody puts a fault right by himself; zero is
	// never: call Refill, CloseCover, PowerOn, Heal.
	Away time.Duration
	// Kicked is how the level of pin 3 reads after a drawer pulse; nil leaves
	// the level alone, as where no drawer is connected.
	Kicked *bool
	// Faults to begin with; see Inject.
	Faults []string
	// Slip is called with each slip as it is cut off, from the printer's own
	// goroutine: the head waits meanwhile. It must not call Close. nil does nothing.
	Slip func(number int, s *paper.Sheet)
	// Log takes a line for everything that happens; nil is silent.
	Log func(string)
}

// What it says about itself, to GS I.
const (
	Firmware = "1.00 SIM"
	Maker    = "OpenECR"
	Model    = "SIM-80"
	Serial   = "0000001"
)

// maxSlips bounds the slips kept; the oldest go first.
const maxSlips = 1000

// Printer is one simulated printer. Safe for concurrent use.
type Printer struct {
	cfg Config

	mu    sync.Mutex
	wake  *sync.Cond // something changed
	head  *paper.Head
	buf   []byte // the receive buffer
	fresh bool   // it holds bytes that print has not looked at
	conn  transport.Conn
	slips []*paper.Sheet
	// pending are slips Config.Slip has not seen; count is how many it has. Only
	// print changes count.
	pending []*paper.Sheet
	count   int
	faults  []fault
	auto    byte // mask of GS a; 0 is off
	told    [4]byte

	nearEnd, out, cover, offline, jammed, off, mute, slow, drawer, freed bool

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// New makes a printer and starts it. Close ends it.
func New(cfg Config) *Printer {
	def(&cfg.Width, paper.Width80)
	def(&cfg.Buffer, 4096)
	def(&cfg.SlowStep, 50*time.Millisecond)
	p := &Printer{cfg: cfg}
	p.wake = sync.NewCond(&p.mu)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.head = paper.NewHead(paper.Config{Width: cfg.Width, ChineseOn: !cfg.Western, Western: cfg.Western, NoRealTime: true})
	p.Inject(cfg.Faults...)
	p.work.Go(p.print)
	return p
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Close switches the printer off for good and returns when nothing runs any
// more. Closing twice is harmless.
func (p *Printer) Close() error {
	p.cancel()
	p.mu.Lock()
	p.hangUp()
	p.wake.Broadcast()
	p.mu.Unlock()
	p.work.Wait()
	return nil
}

// Slips returns the slips cut off so far.
func (p *Printer) Slips() []*paper.Sheet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*paper.Sheet(nil), p.slips...)
}

// Tear takes off by hand what is on paper and returns all slips; half a slip
// after a power cut is one too.
func (p *Printer) Tear() []*paper.Sheet {
	p.mu.Lock()
	p.tear()
	p.mu.Unlock()
	return p.Slips()
}

// Waiting is the number of bytes received and not printed.
func (p *Printer) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.buf)
}

// tear ends the slip. Called with p.mu held.
func (p *Printer) tear() {
	if p.head.Blank() {
		return
	}
	s := p.head.Take()
	p.slips = append(p.slips, s)
	if len(p.slips) > maxSlips {
		p.slips = p.slips[1:]
	}
	if p.cfg.Slip != nil {
		p.pending = append(p.pending, s)
		p.wake.Broadcast()
	}
}

// deliver hands slips out, with p.mu let go meanwhile. Called with p.mu held.
func (p *Printer) deliver() {
	for len(p.pending) > 0 {
		s := p.pending[0]
		p.pending = p.pending[1:]
		p.count++
		p.mu.Unlock()
		p.cfg.Slip(p.count, s)
		p.mu.Lock()
	}
}

func (p *Printer) log(line string) {
	if p.cfg.Log != nil {
		p.cfg.Log(line)
	}
}

// heal puts a fault right after Config.Away, as a person would. Called with p.mu held.
func (p *Printer) heal(name string) {
	right := map[string]func(){"paper-out": p.Refill, "cover-open": p.CloseCover, "offline": p.Online,
		"cutter-error": p.FreeCutter, "power-off": p.PowerOn}[name]
	if p.cfg.Away <= 0 || right == nil || p.ctx.Err() != nil {
		return
	}
	p.work.Go(func() {
		if p.sleep(p.cfg.Away) {
			right()
		}
	})
}

// sleep is false when the printer is closed first.
func (p *Printer) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.ctx.Done():
		return false
	}
}

// changed wakes who waits and tells the host, if it asked for that.
// Called with p.mu held.
func (p *Printer) changed() {
	p.wake.Broadcast()
	p.autoStatus(false)
}

// stopped reports that nothing is printed now. Called with p.mu held.
func (p *Printer) stopped() bool { return p.out || p.cover || p.offline || p.jammed || p.off }

// print is the printer's own work: it takes commands out of the buffer.
func (p *Printer) print() {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.deliver()
	for p.ctx.Err() == nil {
		p.deliver()
		if p.stopped() || !p.fresh {
			p.wake.Wait()
			continue
		}
		size, ask, steps := p.step()
		if size == 0 { // not a whole command yet
			p.fresh = false
			if len(p.buf) >= p.cfg.Buffer {
				p.overflow()
			}
			continue
		}
		p.wake.Broadcast()
		if ask.Kind != paper.AskNothing {
			p.answer(ask)
		}
		if steps > 0 {
			p.rest(steps)
			p.strike()
		}
	}
}

// step does the next command.
func (p *Printer) step() (size int, ask paper.Ask, steps int) {
	moves, pulses, cuts := p.head.Moves(), p.head.Pulses(), p.head.Cuts()
	size, ask = p.head.Step(p.buf)
	if size == 0 {
		return 0, ask, 0
	}
	p.buf = p.buf[size:]
	if p.head.Pulses() != pulses {
		p.kick()
	}
	if p.head.Full() {
		p.tear()
	} else if p.head.Cuts() != cuts && !p.cutterJams() {
		p.slow = false
		p.tear()
	}
	return size, ask, p.head.Moves() - moves
}

// overflow lets a command that is longer than the buffer be read as it comes:
// printers take pictures row by row, this one keeps it until it is whole.
func (p *Printer) overflow() { p.cfg.Buffer += paper.MaxCommand }

// rest takes the time the head needs.
func (p *Printer) rest(steps int) {
	d := p.cfg.Step
	if p.slow {
		d += p.cfg.SlowStep
	}
	if d <= 0 {
		return
	}
	p.mu.Unlock()
	p.sleep(d * time.Duration(steps))
	p.mu.Lock()
}

// kick is a drawer that opens. Called with p.mu held.
func (p *Printer) kick() {
	p.log("drawer pulse")
	if p.cfg.Kicked != nil {
		p.drawer = *p.cfg.Kicked
		p.changed()
	}
}
