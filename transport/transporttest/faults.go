package transporttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/openecr/openecr/transport"
)

// FaultKind names a way a medium breaks.
type FaultKind int

// Kinds of faults. At is the number of bytes that pass unharmed before.
const (
	Cut    FaultKind = iota + 1 // the connection breaks; both directions fail with ErrCut
	Drop                        // Count bytes vanish; negative: all from here on, in silence
	Flip                        // bit Bit of one byte is turned over
	Delay                       // the byte at At comes Wait later
	Insert                      // Data comes before the byte at At
)

// Fault is one thing that goes wrong at one byte. It happens once.
type Fault struct {
	Kind  FaultKind
	Dir   transport.Direction // seen from the wrapped side: Sent counts its writes
	At    int64               // bytes of that direction before the fault
	Count int64               // for Drop; 0 means 1
	Bit   uint                // for Flip, 0 to 7
	Wait  time.Duration       // for Delay
	Data  []byte              // for Insert
}

// ErrCut is what a Conn reports after a Cut.
var ErrCut = errors.New("transporttest: connection cut on purpose")

// Faults breaks connections at exact bytes. Counting runs over all connections
// of a Faults, so that a fault can hit the second one; with PerConn it begins
// anew, and the faults happen again, on each.
//
//	&Faults{List: []Fault{{Kind: Cut, Dir: transport.Sent, At: 7}}}
//
// sends seven bytes and breaks. Safe for concurrent use.
type Faults struct {
	List    []Fault
	Chunk   int // largest Read and Write passed on at once; 0: as they come
	PerConn bool

	mu     sync.Mutex
	shared *faultState
}

// faultState is the progress of one count.
type faultState struct {
	mu      sync.Mutex
	passed  [2]int64 // bytes per direction, before faults
	done    []bool
	dropped []int64 // so far, by fault
}

// Dialer wraps d so that each of its connections goes through f.
func (f *Faults) Dialer(d transport.Dialer) transport.Dialer {
	return transport.DialFunc(d.String(), func(ctx context.Context) (transport.Conn, error) {
		c, err := d.Dial(ctx)
		if err != nil {
			return nil, err
		}
		return f.Conn(c), nil
	})
}

// Conn wraps one connection.
func (f *Faults) Conn(c transport.Conn) transport.Conn {
	return &faultyConn{Conn: c, faults: f, state: f.state()}
}

func (f *Faults) state() *faultState {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.PerConn {
		return f.fresh()
	}
	if f.shared == nil {
		f.shared = f.fresh()
	}
	return f.shared
}

func (f *Faults) fresh() *faultState {
	return &faultState{done: make([]bool, len(f.List)), dropped: make([]int64, len(f.List))}
}

type faultyConn struct {
	transport.Conn
	faults *Faults
	state  *faultState

	mu    sync.Mutex
	cut   bool
	ready []byte // received and altered, not read yet
}

var _ transport.Aborter = (*faultyConn)(nil)

// Abort implements transport.Aborter.
func (c *faultyConn) Abort() error { return transport.Abort(c.Conn) }

func (c *faultyConn) isCut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

func (c *faultyConn) breakOff() {
	c.mu.Lock()
	c.cut = true
	c.mu.Unlock()
	c.Conn.Close() // what passed before the cut still arrives
}

// Write passes p on, altered. The count is of bytes of p: those that vanish
// count, as they had left; those after a cut do not.
func (c *faultyConn) Write(p []byte) (int, error) {
	if c.isCut() {
		return 0, ErrCut
	}
	sent := 0
	for sent < len(p) {
		chunk := p[sent:]
		if c.faults.Chunk > 0 {
			chunk = chunk[:min(len(chunk), c.faults.Chunk)]
		}
		out, taken, wait, cut := c.alter(transport.Sent, chunk)
		time.Sleep(wait)
		if len(out) > 0 {
			if n, err := c.Conn.Write(out); err != nil {
				return sent + min(n, taken), err
			}
		}
		sent += taken
		if cut {
			c.breakOff()
			return sent, ErrCut
		}
	}
	return sent, nil
}

// Read returns what came through.
func (c *faultyConn) Read(p []byte) (int, error) {
	for {
		if n := c.takeReady(p); n > 0 {
			return n, nil
		}
		if c.isCut() {
			return 0, ErrCut
		}
		limit := len(p)
		if c.faults.Chunk > 0 {
			limit = min(limit, c.faults.Chunk)
		}
		buf := make([]byte, limit)
		n, err := c.Conn.Read(buf)
		for rest := buf[:n]; len(rest) > 0; {
			out, taken, wait, cut := c.alter(transport.Received, rest)
			time.Sleep(wait)
			c.mu.Lock()
			c.ready = append(c.ready, out...)
			c.mu.Unlock()
			if rest = rest[taken:]; cut {
				c.breakOff()
				break
			}
		}
		if n := c.takeReady(p); n > 0 {
			return n, nil
		}
		if err != nil && !c.isCut() || len(p) == 0 {
			return 0, err
		}
	}
}

func (c *faultyConn) takeReady(p []byte) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := copy(p, c.ready)
	if c.ready = c.ready[n:]; len(c.ready) == 0 {
		c.ready = nil
	}
	return n
}

// alter takes bytes from the start of p, up to and including one fault.
func (c *faultyConn) alter(dir transport.Direction, p []byte) (out []byte, taken int, wait time.Duration, cut bool) {
	s := c.state
	s.mu.Lock()
	defer s.mu.Unlock()
	at := &s.passed[dir-transport.Sent]
	i := c.faults.next(s, dir, *at, int64(len(p)))
	if i < 0 {
		*at += int64(len(p))
		return p, len(p), 0, false
	}
	f := c.faults.List[i]
	taken = int(max(0, f.At-*at))
	out = append(out, p[:taken]...)
	if f.Kind == Delay && taken > 0 {
		*at += int64(taken) // first what comes before it, then the wait
		return out, taken, 0, false
	}
	s.done[i] = true
	switch rest := p[taken:]; f.Kind {
	case Cut:
		cut = true
	case Flip:
		out = append(out, rest[0]^1<<(f.Bit%8))
		taken++
	case Delay:
		wait = f.Wait
		out = append(out, rest[0])
		taken++
	case Insert:
		out = append(append(out, f.Data...), rest[0])
		taken++
	case Drop:
		gone, count := int64(len(rest)), max(f.Count, 1)
		if f.Count >= 0 {
			gone = min(gone, count-s.dropped[i])
		}
		s.dropped[i] += gone
		s.done[i] = f.Count >= 0 && s.dropped[i] == count
		taken += int(gone)
	}
	*at += int64(taken)
	return out, taken, wait, cut
}

// next finds the first fault due within length bytes from at, or -1.
func (f *Faults) next(s *faultState, dir transport.Direction, at, length int64) int {
	found := -1
	for i, fault := range f.List {
		if fault.Dir != dir || s.done[i] || fault.At >= at+length {
			continue
		}
		if found < 0 || fault.At < f.List[found].At {
			found = i
		}
	}
	return found
}

// String names the fault as a test log should.
func (f Fault) String() string {
	names := map[FaultKind]string{Cut: "cut", Drop: "drop", Flip: "flip", Delay: "delay", Insert: "insert"}
	return fmt.Sprintf("%s after %d bytes %s", names[f.Kind], f.At, f.Dir)
}
