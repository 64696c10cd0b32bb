package scanner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/openecr/openecr/transport"
)

const (
	// DefaultWindow is how far apart two interfaces report one trigger: a
	// keyboard types a code in up to 200 ms, a line sends it in 20.
	DefaultWindow = 300 * time.Millisecond
	// DefaultRetry is the pause before a scanner that is away is looked for again.
	DefaultRetry = time.Second
	// queueLen bounds scans nobody took: more than a cashier scans while a
	// register is busy.
	queueLen = 256
	// maxRecent bounds the scans remembered for duplicates.
	maxRecent = 64
)

// ErrOverflow: scans were dropped because nobody took them.
var ErrOverflow = errors.New("scanner: scans were dropped; nobody took them")

// Source is one scanner of a Hub.
type Source struct {
	Dialer transport.Dialer
	Config Config // Config.Source empty takes the dialer's text
}

// HubConfig says which scanners a Hub serves.
type HubConfig struct {
	Sources []Source
	// Window is how soon the same data from another source counts as the same
	// trigger, seen twice; 0 means DefaultWindow, negative none. Two scans on
	// one source are never the same trigger, however quick.
	Window time.Duration
	// Retry is the pause before an absent scanner is looked for again; 0 means
	// DefaultRetry.
	Retry time.Duration
}

// Hub merges several scanners. Safe for concurrent use.
type Hub struct {
	cfg    HubConfig
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	queue   []event
	dropped int
	more    chan struct{} // closed and replaced when the queue grows
	recent  []seen
	seed    maphash.Seed
	closed  bool
}

type event struct {
	scan Scan
	err  error
}

// seen is a scan given out, and who repeated it since.
type seen struct {
	hash   uint64
	source int
	at     time.Time
	echoed map[int]bool
}

// NewHub starts reading all sources. Close it.
func NewHub(cfg HubConfig) *Hub {
	if cfg.Window == 0 {
		cfg.Window = DefaultWindow
	}
	if cfg.Retry <= 0 {
		cfg.Retry = DefaultRetry
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &Hub{cfg: cfg, cancel: cancel, more: make(chan struct{}), seed: maphash.MakeSeed()}
	for i, s := range cfg.Sources {
		if s.Config.Source == "" {
			s.Config.Source = s.Dialer.String()
		}
		h.work.Go(func() { h.serve(ctx, i, s) })
	}
	return h
}

// Next waits for the next scan of any source.
//
// Errors: *SourceError (a damaged scan, or a scanner that is away; each outage
// is told once; the Hub goes on with it by itself), ErrOverflow, transport.ErrClosed after Close, the context's.
func (h *Hub) Next(ctx context.Context) (Scan, error) {
	for {
		e, more, ok := h.pop()
		if ok {
			return e.scan, e.err
		}
		select {
		case <-more:
		case <-ctx.Done():
			return Scan{}, fmt.Errorf("scanner: %w", ctx.Err())
		}
	}
}

// Discard throws away what was scanned and not taken, and returns how much that
// was. Call it before asking a customer for a code: one that was scanned
// earlier is somebody else's.
func (h *Hub) Discard() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.dropped
	for _, e := range h.queue {
		if e.err == nil {
			e.scan.Data.Clear()
			e.scan.Raw.Clear()
			n++
		}
	}
	h.queue, h.dropped = nil, 0
	return n
}

// Close ends all connections and waits for them.
func (h *Hub) Close() error {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.more)
	}
	h.mu.Unlock()
	h.cancel()
	h.work.Wait()
	return nil
}

func (h *Hub) pop() (e event, more <-chan struct{}, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case len(h.queue) > 0:
		e, h.queue = h.queue[0], h.queue[1:]
		return e, nil, true
	case h.dropped > 0:
		h.dropped = 0
		return event{err: ErrOverflow}, nil, true
	case h.closed:
		return event{err: fmt.Errorf("scanner: %w", transport.ErrClosed)}, nil, true
	}
	return event{}, h.more, false
}

// serve keeps one source connected.
func (h *Hub) serve(ctx context.Context, number int, s Source) {
	away := false
	for ctx.Err() == nil {
		conn, err := s.Dialer.Dial(ctx)
		if err == nil {
			away = false
			err = h.read(ctx, number, NewReader(conn, s.Config))
		}
		if ctx.Err() != nil {
			return
		}
		if !away {
			if !errors.As(err, new(*SourceError)) {
				err = &SourceError{Source: s.Config.Source, Err: err}
			}
			h.tell(err)
		}
		away = true
		timer := time.NewTimer(h.cfg.Retry)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func (h *Hub) read(ctx context.Context, number int, r *Reader) error {
	defer r.Close()
	for {
		scan, err := r.Next(ctx)
		switch {
		case err == nil:
			h.give(number, scan)
		case errors.Is(err, ErrDamaged):
			h.tell(err)
		default:
			return err
		}
	}
}

func (h *Hub) tell(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.push(event{err: err})
}

func (h *Hub) give(source int, s Scan) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.echo(source, s) {
		s.Data.Clear()
		s.Raw.Clear()
		return
	}
	h.push(event{scan: s})
}

// push keeps the oldest: they are what the cashier did first.
func (h *Hub) push(e event) {
	if h.closed {
		return
	}
	if len(h.queue) == queueLen {
		h.dropped++
		return
	}
	h.queue = append(h.queue, e)
	close(h.more)
	h.more = make(chan struct{})
}

// echo reports whether another source has given the same within the window. Of
// two interfaces that see two triggers each, every scan repeats at most one.
func (h *Hub) echo(source int, s Scan) bool {
	if h.cfg.Window < 0 {
		return false
	}
	hash := maphash.Bytes(h.seed, bytes.TrimSpace(s.Data.Bytes()))
	kept := h.recent[:0]
	for _, r := range h.recent {
		if s.At.Sub(r.at) <= h.cfg.Window {
			kept = append(kept, r)
		}
	}
	h.recent = kept
	for _, r := range h.recent {
		if r.hash == hash && r.source != source && !r.echoed[source] {
			r.echoed[source] = true
			return true
		}
	}
	if len(h.recent) == maxRecent {
		h.recent = append(h.recent[:0], h.recent[1:]...)
	}
	h.recent = append(h.recent, seen{hash, source, s.At, map[int]bool{}})
	return false
}
