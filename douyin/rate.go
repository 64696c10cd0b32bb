package douyin

import (
	"context"
	"sync"
	"time"
)

// bucket lets so many calls pass in a second, and as many at once.
type bucket struct {
	mu     sync.Mutex
	rate   float64 // a second; 0 is no limit
	tokens float64
	last   time.Time
}

func newBucket(rate float64) *bucket {
	return &bucket{rate: rate, tokens: max(1, rate)}
}

// take pays for one call and says how long to wait before it may leave.
func (b *bucket) take(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.last.IsZero() {
		b.tokens = min(max(1, b.rate), b.tokens+now.Sub(b.last).Seconds()*b.rate)
	}
	b.last = now
	b.tokens--
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / b.rate * float64(time.Second))
}

func (b *bucket) giveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens++
}

// wait returns when the call may leave, or with the context's error.
func (b *bucket) wait(ctx context.Context) error {
	if b.rate <= 0 {
		return ctx.Err()
	}
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
		b.giveBack()
		return ctx.Err()
	}
}
