package register

import "sync"

// hub tells pages that something has changed. It carries no news itself: who
// is told looks at the state, so nothing can be missed.
type hub struct {
	mu     sync.Mutex
	pages  map[chan struct{}]bool
	closed bool
}

// maxPages bounds the pages that listen: a till has one, an office a few.
const maxPages = 64

// listen returns a channel that is told, and what ends that. ok is false when
// there are too many pages, or the hub is closed.
func (h *hub) listen() (told <-chan struct{}, leave func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.pages) >= maxPages {
		return nil, nil, false
	}
	c := make(chan struct{}, 1)
	if h.pages == nil {
		h.pages = map[chan struct{}]bool{}
	}
	h.pages[c] = true
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.pages, c)
	}, true
}

// tell never waits: a page that was told and has not looked yet will see this too.
func (h *hub) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.pages {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// close ends every listener.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for c := range h.pages {
		close(c)
		delete(h.pages, c)
	}
}
