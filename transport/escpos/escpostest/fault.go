package escpostest

import (
	"strconv"
	"strings"
)

// Faults are the names Inject takes, with what they do.
var Faults = map[string]string{
	"paper-near-end": "the sensor sees the end of the roll coming; printing goes on",
	"paper-out":      "paper ends after N steps of the head: paper-out=7",
	"cover-open":     "the cover is opened after N steps: cover-open=7",
	"offline":        "the printer goes offline after N steps, for no reason it tells: offline=7",
	"cutter-error":   "the next cut jams the cutter; the slip stays uncut until it is freed",
	"power-off":      "power fails after N steps: the buffer is lost and the connection breaks: power-off=7",
	"slow":           "every step takes SlowStep longer, up to the next cut",
	"never-answers":  "no question is answered, though everything is printed, until Heal",
}

// fault is one injected fault.
type fault struct {
	name string
	at   int // steps of the head at which it strikes
}

// Inject arms faults; numbers count from now. Unknown names and bad numbers are
// reported and arm nothing.
func (p *Printer) Inject(names ...string) (unknown []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range names {
		name, value, has := strings.Cut(n, "=")
		after := 0
		var err error
		if has {
			after, err = strconv.Atoi(value)
		}
		if _, ok := Faults[name]; !ok || err != nil || after < 0 {
			unknown = append(unknown, n)
			continue
		}
		p.faults = append(p.faults, fault{name, p.head.Moves() + after})
	}
	p.strike()
	p.changed()
	return unknown
}

// strike lets the faults whose time has come happen. Called with p.mu held.
func (p *Printer) strike() {
	keep := p.faults[:0]
	for _, f := range p.faults {
		if f.name == "cutter-error" || p.head.Moves() < f.at {
			keep = append(keep, f)
			continue
		}
		p.log("fault: " + f.name)
		switch f.name {
		case "paper-near-end":
			p.nearEnd = true
		case "paper-out":
			p.out = true
		case "cover-open":
			p.cover = true
		case "offline":
			p.offline = true
		case "power-off":
			p.powerOff()
		case "slow":
			p.slow = true
		case "never-answers":
			p.mute = true
		}
		p.heal(f.name)
	}
	p.faults = keep
}

// cutterJams takes a cutter fault. Called with p.mu held.
func (p *Printer) cutterJams() bool {
	for i, f := range p.faults {
		if f.name == "cutter-error" {
			p.faults = append(p.faults[:i], p.faults[i+1:]...)
			p.jammed = true
			p.log("fault: cutter-error")
			p.heal(f.name)
			return true
		}
	}
	return false
}

// Refill puts in a new roll.
func (p *Printer) Refill() { p.set(func() { p.out, p.nearEnd = false, false }) }

// CloseCover closes the cover.
func (p *Printer) CloseCover() { p.set(func() { p.cover = false }) }

// OpenCover opens it; a jammed cutter is freed by the way, and waits for DLE ENQ.
func (p *Printer) OpenCover() { p.set(func() { p.cover, p.freed = true, p.jammed }) }

// Online ends the fault offline.
func (p *Printer) Online() { p.set(func() { p.offline = false }) }

// FreeCutter frees a jammed cutter of a printer that then goes on by itself.
func (p *Printer) FreeCutter() { p.set(func() { p.jammed = false }) }

// PowerOff cuts the power.
func (p *Printer) PowerOff() { p.set(p.powerOff) }

// PowerOn ends a power cut.
func (p *Printer) PowerOn() { p.set(func() { p.off = false }) }

// SetDrawer moves the level of pin 3, as a drawer does that is opened or shut.
func (p *Printer) SetDrawer(high bool) { p.set(func() { p.drawer = high }) }

// Heal puts everything right and disarms all faults.
func (p *Printer) Heal() {
	p.set(func() {
		p.faults = nil
		p.out, p.nearEnd, p.cover, p.offline, p.jammed, p.off, p.mute, p.slow = false, false, false, false, false, false, false, false
	})
}

func (p *Printer) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.changed()
}

// powerOff empties the buffer, hangs up, and tears off what is on paper.
// Called with p.mu held.
func (p *Printer) powerOff() {
	p.off = true
	p.buf, p.auto = nil, 0
	p.head.Reset()
	p.tear()
	p.hangUp()
}
