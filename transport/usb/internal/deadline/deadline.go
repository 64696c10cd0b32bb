// Package deadline is a deadline that ends calls which already wait, as those
// of net.Conn do.
package deadline

import (
	"sync"
	"time"
)

// Deadline is a point in time that can be moved. Make one with New.
type Deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	done  chan struct{}
}

// New returns a deadline that is not set.
func New() *Deadline { return &Deadline{done: make(chan struct{})} }

// Done returns a channel that closes when the deadline passes. Ask afresh for
// each call: a deadline that passed and was moved has a new channel.
func (d *Deadline) Done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done
}

// Passed reports whether the deadline has passed.
func (d *Deadline) Passed() bool {
	select {
	case <-d.Done():
		return true
	default:
		return false
	}
}

// Set moves the deadline; the zero time means none.
func (d *Deadline) Set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.done // the timer is closing it, or has
	}
	d.timer = nil
	passed := false
	select {
	case <-d.done:
		passed = true
	default:
	}
	switch left := time.Until(t); {
	case t.IsZero():
		if passed {
			d.done = make(chan struct{})
		}
	case left > 0:
		if passed {
			d.done = make(chan struct{})
		}
		done := d.done
		d.timer = time.AfterFunc(left, func() { close(done) })
	case !passed:
		close(d.done)
	}
}
