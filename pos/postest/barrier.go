package postest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/openecr/openecr/pos"
)

// ErrKilled is what a Barriers returns once the process is "dead".
var ErrKilled = fmt.Errorf("%w: postest: the process was killed", pos.ErrJournal)

// Barriers is a journal that can die at any of its barriers and lose any kind
// of them. What survives is in Durable; what the Till sees is in front of it.
//
// A Till that relies on a lost barrier is found by Problems: the durable state
// then differs from what was told, or from what a message on the wire requires.
type Barriers struct {
	// Durable is what the next process will find.
	Durable pos.Journal
	// KillAt is the barrier, from 1, at which the process dies; 0 never. After
	// makes it die when the events are already durable.
	KillAt int
	After  bool
	// Lose makes events of these kinds not durable although the Till is told so.
	Lose []pos.EventKind

	mu       sync.Mutex
	seen     *MemoryJournal
	count    int
	dead     bool
	problems []string
	onKill   func()
}

// NewBarriers puts barriers in front of a durable journal, which must be empty
// of attempts that the Till will work on unless lose is empty.
func NewBarriers(durable pos.Journal) *Barriers { return &Barriers{Durable: durable} }

// OnKill is called, once, when the process dies.
func (b *Barriers) OnKill(f func()) { b.onKill = f }

// Count returns how many barriers were passed or died at.
func (b *Barriers) Count() int { b.mu.Lock(); defer b.mu.Unlock(); return b.count }

// Dead reports whether the process has died.
func (b *Barriers) Dead() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.dead }

// Problems lists what was told or sent without being durable.
func (b *Barriers) Problems() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.problems)
}

func (b *Barriers) problem(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

// Epoch is the durable journal's.
func (b *Barriers) Epoch() int64 { return b.Durable.Epoch() }

// Append is one barrier.
func (b *Barriers) Append(ctx context.Context, events ...pos.Event) (pos.Attempt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dead {
		return pos.Attempt{}, ErrKilled
	}
	b.count++
	die := b.KillAt != 0 && b.count >= b.KillAt
	if die && !b.After {
		return pos.Attempt{}, b.die()
	}
	a, err := b.write(ctx, events)
	if die {
		return pos.Attempt{}, b.die()
	}
	return a, err
}

func (b *Barriers) die() error {
	b.dead = true
	if b.onKill != nil {
		go b.onKill()
	}
	return ErrKilled
}

// write appends to the durable journal, except what is to be lost.
func (b *Barriers) write(ctx context.Context, events []pos.Event) (pos.Attempt, error) {
	if len(b.Lose) == 0 {
		return b.Durable.Append(ctx, events...)
	}
	if b.seen == nil {
		b.seen = NewMemoryJournal()
	}
	a, err := b.seen.Append(ctx, events...)
	if err != nil {
		return a, err
	}
	for _, e := range events {
		if !slices.Contains(b.Lose, e.Kind) {
			_, _ = b.Durable.Append(ctx, e) // what builds on a lost event cannot be kept either
		}
	}
	return a, nil
}

func (b *Barriers) front() pos.Journal {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen != nil {
		return b.seen
	}
	return b.Durable
}

// Get reads what the Till sees.
func (b *Barriers) Get(ctx context.Context, id pos.AttemptID) (pos.Attempt, error) {
	if b.Dead() {
		return pos.Attempt{}, ErrKilled
	}
	return b.front().Get(ctx, id)
}

// Find reads what the Till sees.
func (b *Barriers) Find(ctx context.Context, f pos.Filter) ([]pos.Attempt, error) {
	if b.Dead() {
		return nil, ErrKilled
	}
	return b.front().Find(ctx, f)
}

// Told checks what a call returned against what is durable: everything but
// the journal's own numbering must be the same.
func (b *Barriers) Told(a pos.Attempt, err error) {
	if b.Dead() || a.ID == "" || errors.Is(err, pos.ErrNotFound) {
		return
	}
	d, derr := b.Durable.Get(context.Background(), a.ID)
	if derr != nil {
		b.problem("attempt %s was told as %s and is not durable: %v", a.ID, a.State, derr)
		return
	}
	d.Seq, d.Epoch, d.Updated, d.Created, d.Changed = a.Seq, a.Epoch, a.Updated, a.Created, a.Changed
	if !reflect.DeepEqual(d, a) {
		b.problem("attempt %s was told as %+v, durable is %+v", a.ID, a, d)
	}
	if err == nil && !d.State.Paid() && d.State != pos.StateReversed {
		b.problem("attempt %s was told as paid, durable is %s", a.ID, d.State)
	}
}

// Witness is a driver that checks, whenever something is about to leave, that
// the durable state allows it: a money message only when armed, a question
// only in doubt, an undo only when decided and counted.
type Witness struct {
	pos.Driver
	Barriers *Barriers
}

// Transact watches one operation.
func (w *Witness) Transact(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	return w.Driver.Transact(ctx, op, &witnessSession{Session: s, w: w, op: op})
}

// Settle watches a settlement.
func (w *Witness) Settle(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	return w.Driver.Settle(ctx, op, &witnessSession{Session: s, w: w, op: op})
}

// Query watches a question.
func (w *Witness) Query(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	d, err := w.Barriers.Durable.Get(context.WithoutCancel(ctx), a.ID)
	if err != nil || d.State == pos.StateIntent || d.State == pos.StateArmed {
		w.Barriers.problem("asked about attempt %s while durable is %s (%v)", a.ID, d.State, err)
	}
	return w.Driver.Query(ctx, a)
}

// Device passes the driver's name on.
func (w *Witness) Device() string {
	if id, ok := w.Driver.(pos.Identifier); ok {
		return id.Device()
	}
	return "witnessed"
}

type witnessSession struct {
	pos.Session
	w  *Witness
	op pos.Operation
}

func (s *witnessSession) BeforeSend(ctx context.Context, h pos.Handle) error {
	if err := s.Session.BeforeSend(ctx, h); err != nil {
		return err
	}
	d, err := s.w.Barriers.Durable.Get(context.WithoutCancel(ctx), s.op.Attempt)
	want := pos.StateArmed
	if s.op.Op == pos.OpReversal {
		want = pos.StateReversing
	}
	if err != nil || d.State != want || want == pos.StateReversing && d.Tries == 0 {
		s.w.Barriers.problem("%s of attempt %s leaves while durable is %s, try %d (%v)", s.op.Op, s.op.Attempt, d.State, d.Tries, err)
	}
	return nil
}
