package usb

import (
	"context"
	"iter"
	"slices"
	"time"
)

// DefaultEvery is how often a Watcher looks: fast enough that nobody waits for
// a cable, and a scan costs a millisecond or two.
const DefaultEvery = 250 * time.Millisecond

// Change says what happened to a device.
type Change int

// Changes.
const (
	Arrived  Change = iota + 1 // it is there: plugged in, or present when watching began
	Departed                   // it is gone
	Changed                    // it is the same, and has other drivers or nodes now
)

// String returns "arrived", "departed" or "changed".
func (c Change) String() string {
	switch c {
	case Arrived:
		return "arrived"
	case Departed:
		return "departed"
	case Changed:
		return "changed"
	}
	return "unknown change"
}

// Event is one change.
type Event struct {
	Change Change
	Device Device
}

// Watcher reports devices that come and go. The zero value watches this
// machine four times a second.
//
// It asks afresh every time: sysfs on Linux, a new libusb context elsewhere,
// since an older context does not see new devices where no udev runs.
type Watcher struct {
	Lister Lister
	Every  time.Duration // between two scans; 0 means DefaultEvery
}

// Watch yields changes until ctx ends or the loop does. The devices that are
// there already come first, as arrivals. The node of a device appears a little
// after it, as Changed. A device that was pulled and put back between two scans
// has departed and arrived, because its address is new.
//
// A scan that fails is yielded as an error, and the next is tried all the same.
// There is no goroutine: it waits inside the loop.
//
//	for event, err := range (usb.Watcher{}).Watch(ctx) { ... }
func (w Watcher) Watch(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		every := w.Every
		if every <= 0 {
			every = DefaultEvery
		}
		tick := time.NewTicker(every)
		defer tick.Stop()
		var before []Device
		for ctx.Err() == nil {
			now, err := w.Lister.List(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				if !yield(Event{}, err) {
					return
				}
			} else {
				for _, e := range differences(before, now) {
					if !yield(e, nil) {
						return
					}
				}
				before = now
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	}
}

// differences lists departures first: a device in another seat is the old one
// gone and a new one come.
func differences(before, now []Device) []Event {
	var events []Event
	for _, d := range before {
		if !slices.ContainsFunc(now, d.sameSeat) {
			events = append(events, Event{Departed, d})
		}
	}
	for _, d := range now {
		at := slices.IndexFunc(before, d.sameSeat)
		switch {
		case at < 0:
			events = append(events, Event{Arrived, d})
		case !slices.EqualFunc(before[at].Interfaces, d.Interfaces, sameNodes):
			events = append(events, Event{Changed, d})
		}
	}
	return events
}

func sameNodes(a, b Interface) bool { return a.Driver == b.Driver && slices.Equal(a.Nodes, b.Nodes) }
