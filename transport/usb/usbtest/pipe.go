package usbtest

import (
	"io"
	"slices"
	"sync"
)

// maxQueued is how much a pipe holds that the other side has not taken: the
// buffer of a device, after which it holds the host back.
const maxQueued = 64 << 10

// pipe is one endpoint during one plugging.
type pipe struct {
	p       *plugging
	address uint8

	mu      sync.Mutex
	queue   [][]byte // IN: written by the device; OUT: sent by the host
	size    int
	pending []urb // transfers the host waits for
	closed  bool
	news    chan struct{} // closed and replaced on every change
}

func newPipe(p *plugging, address uint8) *pipe {
	return &pipe{p: p, address: address, news: make(chan struct{})}
}

func (e *pipe) changed() {
	close(e.news)
	e.news = make(chan struct{})
}

func (e *pipe) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	e.changed()
}

// submit takes a transfer of the host.
func (e *pipe) submit(u urb) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.pending) >= maxPending {
		e.p.pull()
		return
	}
	e.pending = append(e.pending, u)
	e.progress()
}

// progress completes what can be completed; the caller holds mu.
func (e *pipe) progress() {
	for len(e.pending) > 0 && !e.closed {
		u := e.pending[0]
		if u.in && len(e.queue) == 0 || !u.in && e.size > 0 && e.size+len(u.data) > maxQueued {
			return
		}
		e.pending = e.pending[1:]
		t := Transfer{e.address, u.data}
		if u.in {
			t.Data = e.queue[0]
		}
		pulled, deliver := e.p.d.strike(t)
		if deliver {
			e.transfer(u, pulled)
		}
		if pulled {
			e.closed = true
			e.changed()
			e.p.pull()
			return
		}
	}
}

// transfer moves one transfer's data; pulled keeps the news of it from the host
// when the data was its own.
func (e *pipe) transfer(u urb, pulled bool) {
	defer e.changed()
	if !u.in && len(u.data) == 0 {
		e.p.d.mu.Lock()
		e.p.d.empty++
		e.p.d.mu.Unlock()
		e.p.complete(u, 0, 0, nil)
		return
	}
	if !u.in {
		e.queue = append(e.queue, u.data)
		e.size += len(u.data)
		if !pulled {
			e.p.complete(u, 0, len(u.data), nil)
		}
		return
	}
	data := e.queue[0]
	if len(data) > u.length { // the rest is another transfer
		e.queue[0] = data[u.length:]
		data = data[:u.length]
	} else {
		e.queue = e.queue[1:]
	}
	e.size -= len(data)
	e.p.complete(u, 0, len(data), data)
}

func (e *pipe) cancel(seq uint32) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := slices.IndexFunc(e.pending, func(u urb) bool { return u.seq == seq })
	if at < 0 {
		return false
	}
	e.pending = slices.Delete(e.pending, at, at+1)
	return true
}

func (e *pipe) takePending() []urb {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.pending
	e.pending = nil
	return all
}

// put queues a transfer of the device's; false means there is no room yet.
func (e *pipe) put(data []byte) (ok bool, news <-chan struct{}, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return false, nil, io.ErrClosedPipe
	case e.size > 0 && e.size+len(data) > maxQueued:
		return false, e.news, nil
	}
	e.queue = append(e.queue, append([]byte(nil), data...))
	e.size += len(data)
	e.changed()
	e.progress()
	return true, nil, nil
}

// take returns the next transfer of the host's, cut to limit bytes; nil means
// there is none yet. What arrived before the end is still taken.
func (e *pipe) take(limit int) (data []byte, news <-chan struct{}, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		if e.closed {
			return nil, nil, io.EOF
		}
		return nil, e.news, nil
	}
	data = e.queue[0]
	if len(data) > limit {
		e.queue[0], data = data[limit:], data[:limit]
	} else {
		e.queue = e.queue[1:]
	}
	if data == nil {
		data = []byte{}
	}
	e.size -= len(data)
	e.progress()
	e.changed()
	return data, nil, nil
}
