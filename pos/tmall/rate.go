package tmall

import (
	"context"
	"sync"
	"time"
)

// bucket lets so many calls pass in a second, and as many at once.
type bucket struct {
	mu     sync.Mutex
	rate   float64
	tokens float64
	last   time.Time
}

func newBucket(rate float64) *bucket { return &bucket{rate: rate, tokens: max(1, rate)} }

// take pays for one call and says how long it must wait.
func (b *bucket) take(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.last.IsZero() {
		b.tokens = min(max(1, b.rate), b.tokens+now.Sub(b.last).Seconds()*b.rate)
	}
	b.last = now
	b.tokens--
	return max(0, time.Duration(-b.tokens/b.rate*float64(time.Second)))
}

// wait returns when the call may leave, or with the context's error.
func (b *bucket) wait(ctx context.Context) error {
	pause := b.take(time.Now())
	if pause == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		b.mu.Lock()
		b.tokens++
		b.mu.Unlock()
		return ctx.Err()
	}
}
