package transporttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/openecr/openecr/transport"
)

// Record wraps d so that all bytes of its connections go to tap as raw events,
// in the chunks they came in. Give the tap a mask that lets everything through
// only with test cards: a transcript is a file that travels.
func Record(d transport.Dialer, tap *transport.Tap) transport.Dialer {
	return transport.DialFunc(d.String(), func(ctx context.Context) (transport.Conn, error) {
		c, err := d.Dial(ctx)
		if err != nil {
			return nil, err
		}
		tap.Open(d.String())
		return &recorder{Conn: c, tap: tap}, nil
	})
}

type recorder struct {
	transport.Conn
	tap  *transport.Tap
	once sync.Once
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	if n > 0 {
		r.tap.Raw(transport.Received, p[:n])
	}
	return n, err
}

func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.Conn.Write(p)
	if n > 0 {
		r.tap.Raw(transport.Sent, p[:n])
	}
	return n, err
}

func (r *recorder) Close() error {
	r.once.Do(func() { r.tap.Shut("closed") })
	return r.Conn.Close()
}

func (r *recorder) Abort() error {
	r.once.Do(func() { r.tap.Shut("aborted") })
	return transport.Abort(r.Conn)
}

// Playback holds a recorded conversation again, from the peer's side: it
// expects what was sent and answers what was received, in that order, without
// the pauses. It is a Dialer; each "open" of the transcript is one Dial.
type Playback struct {
	framing  transport.Framing
	ack, nak byte

	mu    sync.Mutex
	plan  [][]transport.Event // one conversation per connection
	next  int
	wrong error
	peers sync.WaitGroup
}

var _ transport.Dialer = (*Playback)(nil)

// NewPlayback reads a transcript. framing turns its payloads into bytes and is
// needed only if there are any; acknowledgements are the bytes 06 and 15.
// A transcript whose mask cut payloads short cannot be played: an error that
// names the line.
func NewPlayback(transcript io.Reader, framing transport.Framing) (*Playback, error) {
	events, err := transport.ReadTranscript(transcript)
	if err != nil {
		return nil, err
	}
	p := &Playback{framing: framing, ack: 0x06, nak: 0x15}
	for _, e := range events {
		switch {
		case e.Kind == transport.EventOpen || len(p.plan) == 0:
			p.plan = append(p.plan, nil)
			if e.Kind == transport.EventOpen {
				continue
			}
		case e.Kind == transport.EventDamaged || len(e.Data) != e.Len:
			return nil, fmt.Errorf("transporttest: line %d: masked or damaged bytes cannot be played back", e.Line)
		}
		last := len(p.plan) - 1
		p.plan[last] = append(p.plan[last], e)
	}
	return p, nil
}

// String implements transport.Dialer.
func (p *Playback) String() string { return "playback://" }

// Dial begins the next conversation of the transcript.
func (p *Playback) Dial(context.Context) (transport.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next >= len(p.plan) {
		return nil, fmt.Errorf("transporttest: the transcript holds %d connections, no more", len(p.plan))
	}
	events := p.plan[p.next]
	p.next++
	near, far := Pipe()
	p.peers.Go(func() {
		defer far.Close()
		if err := p.play(far, events); err != nil {
			p.mu.Lock()
			p.wrong = errors.Join(p.wrong, err)
			p.mu.Unlock()
		}
	})
	return near, nil
}

// Close waits for the conversations and reports what differed from the
// transcript, or was in it and never happened. Close the links first.
func (p *Playback) Close() error {
	p.peers.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if left := len(p.plan) - p.next; left > 0 {
		return errors.Join(p.wrong, fmt.Errorf("transporttest: %d recorded connections never happened", left))
	}
	return p.wrong
}

func (p *Playback) play(c *PipeConn, events []transport.Event) error {
	for _, e := range events {
		if e.Kind == transport.EventShut {
			continue // Close of either side is not worth a difference
		}
		wire, err := p.wire(e)
		if err != nil {
			return fmt.Errorf("transporttest: line %d: %w", e.Line, err)
		}
		if e.Dir == transport.Received {
			if _, err := c.Write(wire); err != nil {
				return fmt.Errorf("transporttest: line %d: the link was gone: %w", e.Line, err)
			}
			continue
		}
		got := make([]byte, len(wire))
		n, err := io.ReadFull(c, got)
		if !bytes.Equal(got[:n], wire) {
			return fmt.Errorf("transporttest: line %d: got % X, recorded % X (%v)", e.Line, got[:n], wire, err)
		}
	}
	rest := make([]byte, 64)
	if n, _ := c.Read(rest); n > 0 {
		return fmt.Errorf("transporttest: % X sent after the transcript had ended", rest[:n])
	}
	return nil
}

func (p *Playback) wire(e transport.Event) ([]byte, error) {
	switch e.Kind {
	case transport.EventAck:
		return []byte{p.ack}, nil
	case transport.EventNak:
		return []byte{p.nak}, nil
	case transport.EventRaw:
		return e.Data, nil
	}
	if p.framing == nil {
		return nil, errors.New("frames need a framing")
	}
	return p.framing.AppendFrame(nil, e.Data)
}
