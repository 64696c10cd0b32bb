package escpostest

import (
	"time"

	"github.com/openecr/openecr/transport/escpos/paper"
)

// bit is v when on.
func bit(on bool, v byte) byte {
	if on {
		return v
	}
	return 0
}

// realTime is the answer to DLE EOT n. Called with p.mu held.
func (p *Printer) realTime(n byte) byte {
	const fixed = 0x12
	switch n {
	case 1:
		return fixed | bit(p.drawer, 0x04) | bit(p.stopped(), 0x08)
	case 2:
		return fixed | bit(p.cover, 0x04) | bit(p.out, 0x20) | bit(p.jammed, 0x40)
	case 3:
		return fixed | bit(p.jammed, 0x08)
	}
	return fixed | bit(p.nearEnd || p.out, 0x0C) | bit(p.out, 0x60)
}

// answer answers a question of the stream. Called with p.mu held.
func (p *Printer) answer(a paper.Ask) {
	switch a.Kind {
	case paper.AskStatus:
		if p.cfg.NoStatus {
			return
		}
		c := bit(p.nearEnd, 0x03)
		if a.Arg == 2 || a.Arg == '2' {
			c = bit(p.drawer, 0x01)
		}
		p.send([]byte{c})
	case paper.AskIdentity:
		p.identity(a.Arg)
	case paper.AskAuto:
		p.auto = a.Arg
		p.autoStatus(true)
	case paper.AskProcess:
		if p.cfg.Process {
			p.send([]byte{0x37, 0x22, a.ID[0], a.ID[1], a.ID[2], a.ID[3], 0x00})
		}
	}
}

func (p *Printer) identity(n byte) {
	text, ok := map[byte]string{0x41: Firmware, 0x42: Maker, 0x43: Model, 0x44: Serial}[n]
	if ok && !p.cfg.NoStatus {
		p.send(append(append([]byte{0x5F}, text...), 0x00))
	}
}

// autoStatus sends the four bytes of GS a, when they differ or always.
// Called with p.mu held.
func (p *Printer) autoStatus(always bool) {
	now := [4]byte{0x10 | bit(p.drawer, 0x04) | bit(p.stopped(), 0x08) | bit(p.cover, 0x20),
		bit(p.jammed, 0x08), bit(p.nearEnd || p.out, 0x03) | bit(p.out, 0x0C), 0}
	changed := now != p.told
	p.told = now
	if p.auto != 0 && (changed || always) {
		p.send(now[:])
	}
}

// sendTime is how long a host may leave an answer lying.
const sendTime = 200 * time.Millisecond

// send writes an answer; a host that does not take it loses it. Called with p.mu held.
func (p *Printer) send(b []byte) {
	if p.conn == nil || p.mute || p.off {
		return
	}
	p.conn.SetWriteDeadline(time.Now().Add(sendTime))
	p.conn.Write(b)
}
