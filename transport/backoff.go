package transport

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff spaces repeated attempts. The zero value waits 200 ms after the
// first failure, doubles up to 10 s, and gives up only when the context ends.
type Backoff struct {
	First    time.Duration // wait after the first failure; 0 means 200 ms
	Max      time.Duration // longest wait; 0 means 10 s
	Attempts int           // give up after so many; 0 means never
}

const (
	defaultBackoffFirst = 200 * time.Millisecond
	defaultBackoffMax   = 10 * time.Second
)

// wait returns the pause after the nth failure (n from 1). Up to a fifth is
// left to chance, so that a thousand tills do not return as one when their
// switch comes back.
func (b Backoff) wait(n int) time.Duration {
	first, longest := b.First, b.Max
	if first <= 0 {
		first = defaultBackoffFirst
	}
	if longest <= 0 {
		longest = defaultBackoffMax
	}
	d := first
	for i := 1; i < n && d < longest; i++ {
		d *= 2
	}
	d = min(d, longest)
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
}

// Redial calls Connect until it succeeds, pausing as LinkConfig.Backoff says.
//
// It gives up, with the error of the last attempt, when ctx ends, the link is
// closed or Backoff.Attempts are used up. Safe for concurrent use.
func (l *Link) Redial(ctx context.Context) error {
	for n := 1; ; n++ {
		err := l.Connect(ctx)
		if err == nil || ctx.Err() != nil || l.life.Err() != nil {
			return err
		}
		if l.cfg.Backoff.Attempts > 0 && n >= l.cfg.Backoff.Attempts {
			return err
		}
		timer := time.NewTimer(l.cfg.Backoff.wait(n))
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-l.life.Done():
		}
		timer.Stop()
		if ctx.Err() != nil || l.life.Err() != nil {
			return err
		}
	}
}
