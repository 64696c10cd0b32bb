package usbtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Commands of USB/IP, once a device is attached (usbip_protocol.rst).
const (
	cmdSubmit = 1
	cmdUnlink = 2
	retSubmit = 3
	retUnlink = 4

	headerLen = 48
	// maxTransfer bounds one transfer; Linux's usbfs allows 16 MiB in flight.
	maxTransfer = 16 << 20
	// maxPending bounds the transfers waiting at one endpoint.
	maxPending = 1024
)

// Error numbers of Linux, as they travel in RET_SUBMIT.
const (
	statusStall     = -32  // EPIPE
	statusCancelled = -104 // ECONNRESET
)

// urb is one transfer the host asked for.
type urb struct {
	seq    uint32
	ep     uint8 // number without direction
	in     bool
	length int
	setup  Setup
	data   []byte // OUT
}

func (u urb) address() uint8 {
	if u.in {
		return u.ep | 0x80
	}
	return u.ep
}

// readURB reads one command; an unlink comes back as the number to cancel.
func readURB(r io.Reader) (u urb, unlink uint32, err error) {
	var h [headerLen]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return u, 0, err
	}
	be := binary.BigEndian
	u.seq = be.Uint32(h[4:])
	switch be.Uint32(h[0:]) {
	case cmdUnlink:
		return u, be.Uint32(h[20:]), nil
	case cmdSubmit:
	default:
		return u, 0, fmt.Errorf("usbtest: USB/IP command %d", be.Uint32(h[0:]))
	}
	u.in = be.Uint32(h[12:]) == 1
	ep, length := be.Uint32(h[16:]), be.Uint32(h[24:])
	if ep > 15 || length > maxTransfer {
		return u, 0, fmt.Errorf("usbtest: a transfer of %d bytes at endpoint %d", length, ep)
	}
	u.ep, u.length = uint8(ep), int(length)
	le := binary.LittleEndian
	u.setup = Setup{h[40], h[41], le.Uint16(h[42:]), le.Uint16(h[44:]), le.Uint16(h[46:])}
	if !u.in {
		// Grown as it arrives: the length is only a claim.
		u.data, err = io.ReadAll(io.LimitReader(r, int64(u.length)))
		if err == nil && len(u.data) < u.length {
			err = io.ErrUnexpectedEOF
		}
	}
	return u, 0, err
}

// plugging is one device between plugging in and pulling out.
type plugging struct {
	d      *Device
	conn   io.ReadWriteCloser
	write  sync.Mutex
	work   sync.WaitGroup // control requests being answered
	ended  chan struct{}
	ending sync.Once

	mu         sync.Mutex
	configured bool // guarded by d.mu
	pipes      map[uint8]*pipe
	control    map[uint32]bool // control requests being answered
}

// Serve answers a host over conn, which carries USB/IP after the device has
// been imported, until conn ends or the cable is cut. It closes conn and
// returns when nothing of this plugging runs any more. A Device is in one
// socket at a time.
func Serve(conn io.ReadWriteCloser, d *Device) error {
	p := &plugging{d: d, conn: conn, ended: make(chan struct{}), pipes: map[uint8]*pipe{}, control: map[uint32]bool{}}
	for _, i := range d.Interfaces {
		for _, e := range i.Endpoints {
			p.pipes[e.Address] = newPipe(p, e.Address)
		}
	}
	d.mu.Lock()
	if d.plug != nil {
		d.mu.Unlock()
		conn.Close()
		return errors.New("usbtest: the device is plugged in already")
	}
	d.plug = p
	d.halted = nil
	d.changed()
	d.mu.Unlock()

	err := p.run()
	p.pull()
	for _, pipe := range p.pipes {
		pipe.close()
	}
	p.work.Wait()
	d.mu.Lock()
	d.plug = nil
	d.changed()
	d.mu.Unlock()
	return err
}

// pull ends the connection; run then returns, and Serve ends the rest.
func (p *plugging) pull() {
	p.ending.Do(func() { close(p.ended) })
	p.conn.Close()
}

func (p *plugging) configure(on bool) {
	p.d.mu.Lock()
	defer p.d.mu.Unlock()
	p.configured = on
	p.d.halted = nil
	p.d.changed()
}

func (p *plugging) run() error {
	for {
		u, unlink, err := readURB(p.conn)
		if err != nil {
			select {
			case <-p.ended:
				return nil
			default:
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		switch {
		case unlink != 0:
			p.unlink(u.seq, unlink)
		case u.ep == 0:
			p.startControl(u)
		default:
			p.submit(u)
		}
	}
}

// startControl answers beside the other pipes: a request may take its time.
func (p *plugging) startControl(u urb) {
	p.mu.Lock()
	p.control[u.seq] = true
	p.mu.Unlock()
	p.work.Go(func() {
		answer, err := p.d.control(p, u.setup, u.data)
		p.mu.Lock()
		wanted := p.control[u.seq]
		delete(p.control, u.seq)
		p.mu.Unlock()
		switch {
		case !wanted:
		case err != nil:
			p.complete(u, statusStall, 0, nil)
		case u.in:
			answer = answer[:min(len(answer), u.length, int(u.setup.Length))]
			p.complete(u, 0, len(answer), answer)
		default:
			p.complete(u, 0, len(u.data), nil)
		}
	})
}

func (p *plugging) submit(u urb) {
	pipe := p.pipes[u.address()]
	if pipe == nil || p.d.isHalted(u.address()) {
		p.complete(u, statusStall, 0, nil)
		return
	}
	pipe.submit(u)
}

// stall ends what waits at an endpoint.
func (p *plugging) stall(address uint8) {
	if pipe := p.pipes[address]; pipe != nil {
		for _, u := range pipe.takePending() {
			p.complete(u, statusStall, 0, nil)
		}
	}
}

// unlink cancels a transfer; status 0 says it had ended already.
func (p *plugging) unlink(seq, victim uint32) {
	found := false
	p.mu.Lock()
	if p.control[victim] {
		delete(p.control, victim)
		found = true
	}
	p.mu.Unlock()
	for _, pipe := range p.pipes {
		found = found || pipe.cancel(victim)
	}
	status := 0
	if found {
		status = statusCancelled
	}
	var h [headerLen]byte
	binary.BigEndian.PutUint32(h[0:], retUnlink)
	binary.BigEndian.PutUint32(h[4:], seq)
	binary.BigEndian.PutUint32(h[20:], uint32(int32(status)))
	p.send(h[:])
}

// complete ends one transfer.
func (p *plugging) complete(u urb, status, actual int, in []byte) {
	b := make([]byte, headerLen, headerLen+len(in))
	binary.BigEndian.PutUint32(b[0:], retSubmit)
	binary.BigEndian.PutUint32(b[4:], u.seq)
	binary.BigEndian.PutUint32(b[20:], uint32(int32(status)))
	binary.BigEndian.PutUint32(b[24:], uint32(actual))
	p.send(append(b, in...))
}

func (p *plugging) send(b []byte) {
	p.write.Lock()
	defer p.write.Unlock()
	if _, err := p.conn.Write(b); err != nil {
		p.pull()
	}
}
