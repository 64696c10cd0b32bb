package journal

import (
	"sync"

	"github.com/openecr/openecr/pos"
)

// memory holds the attempts that are ahead of the view file, those that have
// not ended, and the most recent of the others. What is not here stands in the
// view as it is now.
//
// The leader of a commit and the keeper change it; everybody reads it.
type memory struct {
	mu    sync.RWMutex
	byID  map[pos.AttemptID]*entry
	byRef map[string][]*entry
	live  map[string]map[*entry]struct{} // by device: attempts that have not ended
	dirty map[*entry]struct{}            // ahead of the view
	idle  []*entry                       // neither live nor dirty, oldest first
	at    mark                           // the last record applied
	// viewSeq: attempts begun up to here may be in the view, later ones are not.
	viewSeq int64
	// evictions counts what left: a reader of the view that saw the same
	// count before and after has missed nothing.
	evictions int64
	maxIdle   int
}

type entry struct {
	a     *pos.Attempt // replaced, never changed
	dirty bool         // in memory.dirty
	idle  bool         // in memory.idle
}

// maxIdle is how many ended attempts stay at hand: a busy day of a shop, some 8 MiB.
const maxIdle = 4096

func newMemory(maxIdle int) *memory {
	return &memory{
		maxIdle: maxIdle,
		byID:    map[pos.AttemptID]*entry{},
		byRef:   map[string][]*entry{},
		live:    map[string]map[*entry]struct{}{},
		dirty:   map[*entry]struct{}{},
	}
}

// get returns an attempt, or nil.
func (m *memory) get(id pos.AttemptID) *pos.Attempt {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if e := m.byID[id]; e != nil {
		return e.a
	}
	return nil
}

func (m *memory) count() int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.evictions
}

// load puts an attempt in as the view has it. Not for attempts that are in already.
func (m *memory) load(a *pos.Attempt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byID[a.ID] == nil {
		m.settle(m.set(a))
	}
}

// redo lets the keeper write an attempt to the view again, unless the memory
// knows better or something left it since evictions was read.
func (m *memory) redo(a *pos.Attempt, evictions int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byID[a.ID] == nil && m.evictions == evictions {
		e := m.set(a)
		e.dirty = true
		m.dirty[e] = struct{}{}
	}
}

// apply publishes what a commit made of its attempts.
func (m *memory) apply(changed map[pos.AttemptID]*pos.Attempt, at mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range changed {
		e := m.set(a)
		e.dirty = true
		m.dirty[e] = struct{}{}
	}
	m.at = at
}

// set replaces the attempt in every index but dirty.
func (m *memory) set(a *pos.Attempt) *entry {
	e := m.byID[a.ID]
	if e == nil {
		e = &entry{}
		m.byID[a.ID] = e
		m.byRef[a.Reference] = append(m.byRef[a.Reference], e)
	}
	e.a = a
	switch lane := m.live[a.Device]; {
	case a.State.Live() && lane == nil:
		m.live[a.Device] = map[*entry]struct{}{e: {}}
	case a.State.Live():
		lane[e] = struct{}{}
	default:
		if delete(lane, e); len(lane) == 0 {
			delete(m.live, a.Device)
		}
	}
	return e
}

// changed returns what the view lacks and up to where it will be once it has it.
func (m *memory) changed() ([]*pos.Attempt, mark) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.viewSeq = m.at.seq
	list := make([]*pos.Attempt, 0, len(m.dirty))
	for e := range m.dirty {
		list = append(list, e.a)
	}
	return list, m.at
}

func (m *memory) dirtyCount() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.dirty)
}

// written notes that the view has these, and lets the oldest ended ones go.
func (m *memory) written(list []*pos.Attempt) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range list {
		if e := m.byID[a.ID]; e.a == a {
			e.dirty = false
			delete(m.dirty, e)
			m.settle(e)
		}
	}
	drop := len(m.idle) - m.maxIdle
	if drop <= 0 {
		return
	}
	m.evictions++
	for _, e := range m.idle[:drop] {
		if e.idle = false; !e.dirty && !e.a.State.Live() {
			m.forget(e)
		}
	}
	m.idle = append([]*entry(nil), m.idle[drop:]...)
}

// settle queues an entry for leaving if nothing keeps it.
func (m *memory) settle(e *entry) {
	if !e.idle && !e.a.State.Live() {
		e.idle = true
		m.idle = append(m.idle, e)
	}
}

func (m *memory) forget(e *entry) {
	delete(m.byID, e.a.ID)
	list := m.byRef[e.a.Reference]
	for i, x := range list {
		if x == e {
			list = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(m.byRef, e.a.Reference)
	} else {
		m.byRef[e.a.Reference] = list
	}
}

// overlay returns the attempts ahead of the view that match, and the sequence
// numbers of all of them that the view has in an older form.
func (m *memory) overlay(f *pos.Filter) (match []*pos.Attempt, shadow map[int64]bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	shadow = map[int64]bool{}
	see := func(e *entry) {
		if e.a.Seq <= m.viewSeq {
			shadow[e.a.Seq] = true
		}
		if f.Match(*e.a) {
			match = append(match, e.a)
		}
	}
	if f.Reference != "" {
		for _, e := range m.byRef[f.Reference] {
			if e.dirty {
				see(e)
			}
		}
		return match, shadow
	}
	for e := range m.dirty {
		see(e)
	}
	return match, shadow
}
