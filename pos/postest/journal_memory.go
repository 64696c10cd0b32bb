package postest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/openecr/openecr/pos"
)

// MemoryJournal is a pos.Journal that forgets everything with the process: for
// examples, tests and benchmarks, never for a shop.
//
// It keeps every rule of the contract except that nothing survives a power
// cut. All methods may be called concurrently.
type MemoryJournal struct {
	store *memoryStore
	epoch int64

	mu     sync.Mutex
	closed bool
}

var _ pos.Journal = (*MemoryJournal)(nil)

// memoryStore is what several openings of one memory journal share: the "disk".
type memoryStore struct {
	mu       sync.RWMutex
	epoch    int64
	seq      int64
	attempts map[pos.AttemptID]pos.Attempt
	order    []pos.AttemptID                       // by Seq
	byRef    map[string][]pos.AttemptID            // by reference
	open     map[string]map[pos.AttemptID]struct{} // by device: live, or approved and not confirmed
}

// NewMemoryJournal returns an empty journal at epoch 1.
func NewMemoryJournal() *MemoryJournal {
	s := &memoryStore{
		epoch:    1,
		attempts: map[pos.AttemptID]pos.Attempt{},
		byRef:    map[string][]pos.AttemptID{},
		open:     map[string]map[pos.AttemptID]struct{}{},
	}
	return &MemoryJournal{store: s, epoch: 1}
}

// Reopen returns the journal as the next process would find it: the same
// attempts, the epoch raised by one. The older one is fenced: its Append
// fails with pos.ErrJournal from now on.
func (j *MemoryJournal) Reopen() *MemoryJournal {
	s := j.store
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	return &MemoryJournal{store: s, epoch: s.epoch}
}

// Volatile reports that nothing survives the process, so that TestJournal
// leaves out the killing of processes.
func (j *MemoryJournal) Volatile() bool { return true }

// Close refuses every later Append. Closing twice is harmless.
func (j *MemoryJournal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	return nil
}

// Epoch returns how often the journal had been opened.
func (j *MemoryJournal) Epoch() int64 { return j.epoch }

// Append keeps the events, all or none; see pos.Journal.
func (j *MemoryJournal) Append(ctx context.Context, events ...pos.Event) (pos.Attempt, error) {
	if err := ctx.Err(); err != nil {
		return pos.Attempt{}, fmt.Errorf("%w: %w", pos.ErrJournal, err)
	}
	if len(events) == 0 {
		return pos.Attempt{}, fmt.Errorf("%w: nothing to append", pos.ErrInvalid)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return pos.Attempt{}, fmt.Errorf("%w: the journal is closed", pos.ErrJournal)
	}
	return j.store.append(j.epoch, events)
}

func (s *memoryStore) append(epoch int64, events []pos.Event) (pos.Attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.epoch != epoch {
		return pos.Attempt{}, fmt.Errorf("%w: epoch %d was opened after this one (%d)", pos.ErrJournal, s.epoch, epoch)
	}
	before := map[pos.AttemptID]pos.Attempt{} // to take back what a later event of the batch spoils
	seq := s.seq
	var last pos.Attempt
	for _, e := range events {
		seq++
		e.Seq, e.Epoch, e.Time = seq, epoch, e.Time.Round(0)
		next, err := s.step(e)
		if err != nil {
			for id, a := range before {
				s.set(id, a)
			}
			return pos.Attempt{}, err
		}
		if _, kept := before[e.Attempt]; !kept {
			before[e.Attempt] = s.attempts[e.Attempt]
		}
		s.set(e.Attempt, next)
		last = next
	}
	s.seq = seq
	return last, nil
}

// step says what one event makes of its attempt, or why it may not be kept.
func (s *memoryStore) step(e pos.Event) (pos.Attempt, error) {
	if err := pos.CheckEvent(e); err != nil {
		return pos.Attempt{}, err
	}
	if e.Kind == pos.EventIntent && e.Intent != nil {
		if err := pos.Admit(e.Attempt, *e.Intent, s.related(e.Attempt, *e.Intent)); err != nil {
			return pos.Attempt{}, err
		}
	}
	if e.Reply != nil { // the caller may go on using its slices
		r := *e.Reply
		r.Slips, r.Totals = slices.Clone(r.Slips), slices.Clone(r.Totals)
		e.Reply = &r
	}
	next, _, err := pos.Reduce(s.attempts[e.Attempt], e)
	return next, err
}

// related collects what Admit wants to see.
func (s *memoryStore) related(id pos.AttemptID, in pos.Intent) []pos.Attempt {
	ids := map[pos.AttemptID]struct{}{id: {}}
	for _, other := range s.byRef[in.Reference] {
		ids[other] = struct{}{}
	}
	if in.Device != "" || in.Type == pos.TypeSettle {
		maps.Copy(ids, s.open[in.Device])
	}
	if in.Original != "" {
		ids[in.Original] = struct{}{}
	}
	var list []pos.Attempt
	for id := range ids {
		if a, ok := s.attempts[id]; ok {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b pos.Attempt) int { return cmp.Compare(a.Seq, b.Seq) })
	return list
}

// set replaces an attempt in the table and the indexes; the zero Attempt removes it.
func (s *memoryStore) set(id pos.AttemptID, a pos.Attempt) {
	old, had := s.attempts[id]
	switch {
	case a.ID == "" && had:
		delete(s.attempts, id)
		s.order = s.order[:len(s.order)-1] // only the newest can be taken back
		s.byRef[old.Reference] = slices.DeleteFunc(s.byRef[old.Reference], func(x pos.AttemptID) bool { return x == id })
		delete(s.open[old.Device], id)
		return
	case a.ID == "":
		return
	case !had:
		s.order = append(s.order, id)
		s.byRef[a.Reference] = append(s.byRef[a.Reference], id)
	}
	s.attempts[id] = a
	if a.State.Live() || a.Orphan() {
		if s.open[a.Device] == nil {
			s.open[a.Device] = map[pos.AttemptID]struct{}{}
		}
		s.open[a.Device][id] = struct{}{}
	} else {
		delete(s.open[a.Device], id)
	}
}

// Get returns one attempt, or an error that is pos.ErrNotFound.
func (j *MemoryJournal) Get(ctx context.Context, id pos.AttemptID) (pos.Attempt, error) {
	if err := ctx.Err(); err != nil {
		return pos.Attempt{}, errors.Join(pos.ErrJournal, err)
	}
	j.store.mu.RLock()
	defer j.store.mu.RUnlock()
	a, ok := j.store.attempts[id]
	if !ok {
		return pos.Attempt{}, fmt.Errorf("%w: %q", pos.ErrNotFound, string(id))
	}
	return a, nil
}

// Find returns the attempts that match, oldest first unless the filter says otherwise.
func (j *MemoryJournal) Find(ctx context.Context, f pos.Filter) ([]pos.Attempt, error) {
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(pos.ErrJournal, err)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = pos.DefaultFindLimit
	}
	s := j.store
	s.mu.RLock()
	defer s.mu.RUnlock()
	ids := s.order
	if f.Reference != "" {
		ids = s.byRef[f.Reference]
	}
	var list []pos.Attempt
	for i := range ids {
		id := ids[i]
		if f.Newest {
			id = ids[len(ids)-1-i]
		}
		if a := s.attempts[id]; f.Match(a) {
			if list = append(list, a); len(list) == limit {
				break
			}
		}
	}
	return list, nil
}
