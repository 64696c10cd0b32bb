package douyin

import (
	"context"
	"sync"
	"time"
)

// ReplayStore remembers which messages were worked on. The webhooks of several
// machines share one.
type ReplayStore interface {
	// Claim says whether key is new, and remembers it for at least keep.
	Claim(ctx context.Context, key string, keep time.Duration) (bool, error)
	// Release forgets a key whose work failed, so that the next attempt is new.
	Release(ctx context.Context, key string) error
}

// seenMax is how many messages a MemoryReplays remembers by default.
const seenMax = 100_000

// MemoryReplays remembers in memory. The zero value is ready. Safe for
// concurrent use. A restart forgets; confirm what matters by a query.
type MemoryReplays struct {
	// Max is how many keys are kept; the oldest go first. Zero is 100,000.
	Max int

	mu    sync.Mutex
	until map[string]time.Time
	order []string
}

// Claim implements ReplayStore.
func (m *MemoryReplays) Claim(_ context.Context, key string, keep time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if until, ok := m.until[key]; ok && now.Before(until) {
		return false, nil
	}
	if m.until == nil {
		m.until = map[string]time.Time{}
	}
	if _, again := m.until[key]; !again {
		m.order = append(m.order, key)
	}
	m.until[key] = now.Add(keep)
	m.forget(now)
	return true, nil
}

// Release implements ReplayStore.
func (m *MemoryReplays) Release(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.until[key]; ok {
		m.until[key] = time.Time{}
	}
	return nil
}

// forget drops the oldest keys that are too many or over.
func (m *MemoryReplays) forget(now time.Time) {
	most := m.Max
	if most <= 0 {
		most = seenMax
	}
	for len(m.order) > 1 && (len(m.order) > most || !now.Before(m.until[m.order[0]])) {
		delete(m.until, m.order[0])
		m.order = m.order[1:]
	}
}
