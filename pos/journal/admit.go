package journal

import (
	"cmp"
	"context"
	"slices"

	"github.com/openecr/openecr/pos"
)

// preread is what the caller's goroutine read from the view before it queued,
// so that the leader reads nothing. It holds good as long as nothing left the
// memory since: what changed later is still there and goes first.
type preread struct {
	evictions int64
	attempts  []*pos.Attempt
}

// find returns the attempt of an id as the view had it, or nil.
func (p *preread) find(id pos.AttemptID) *pos.Attempt {
	for _, a := range p.attempts {
		if a.ID == id {
			return a
		}
	}
	return nil
}

const (
	byIDOrReference = "SELECT " + rowColumns + " FROM attempts WHERE id = ? UNION ALL SELECT " + rowColumns + " FROM attempts WHERE reference = ? AND id <> ?"
	byID            = "SELECT " + rowColumns + " FROM attempts WHERE id = ?"
	orphansOfDevice = "SELECT " + rowColumns + " FROM attempts WHERE state = 'approved' AND +device = ?"
)

// preread reads what the events need and the memory lacks.
func (j *Journal) preread(ctx context.Context, o *op) error {
	o.pre = preread{evictions: j.mem.count()}
	if j.viewEmpty.Load() {
		return nil
	}
	read := func(query string, args ...any) error {
		list, err := j.view.query(ctx, query, args, j.mend)
		o.pre.attempts = append(o.pre.attempts, list...)
		return err
	}
	for i := range o.events {
		e := &o.events[i]
		in := e.Intent
		if e.Kind != pos.EventIntent || in == nil {
			if j.mem.get(e.Attempt) == nil && !begins(o.events[:i], e.Attempt) {
				if err := read(byID, string(e.Attempt)); err != nil {
					return err
				}
			}
			continue
		}
		if err := read(byIDOrReference, string(e.Attempt), in.Reference, string(e.Attempt)); err != nil {
			return err
		}
		if in.Original != "" && o.pre.find(in.Original) == nil {
			if err := read(byID, string(in.Original)); err != nil {
				return err
			}
		}
		if in.Type == pos.TypeSettle {
			if err := read(orphansOfDevice, in.Device); err != nil {
				return err
			}
		}
	}
	return nil
}

// begins reports whether one of the events is the attempt's own intent.
func begins(events []pos.Event, id pos.AttemptID) bool {
	return slices.ContainsFunc(events, func(e pos.Event) bool { return e.Kind == pos.EventIntent && e.Attempt == id })
}

// refresh reads again if something left the memory since the caller read.
func (g *group) refresh(o *op) error {
	for o.pre.evictions != g.j.mem.count() {
		if err := g.j.preread(context.Background(), o); err != nil {
			return g.j.readError("append", err)
		}
	}
	return nil
}

// current returns an attempt as the group so far leaves it, or nil if there is none.
func (g *group) current(o *op, id pos.AttemptID) (*pos.Attempt, error) {
	if a := g.staged[id]; a != nil {
		return a, nil
	}
	if a := g.j.mem.get(id); a != nil {
		return a, nil
	}
	if err := g.refresh(o); err != nil {
		return nil, err
	}
	if a := g.j.mem.get(id); a != nil {
		return a, nil
	}
	return o.pre.find(id), nil
}

// admit asks pos.Admit, with everything it wants to see as the group so far leaves it.
func (g *group) admit(o *op, e pos.Event) error {
	if g.j.spaceLow.Load() {
		return g.j.fail("append", ErrFull, errSpace)
	}
	if g.j.viewStuck.Load() && g.j.mem.dirtyCount() > maxDirty {
		return g.j.fail("append", ErrFull, errStuck)
	}
	if err := g.refresh(o); err != nil {
		return err
	}
	return pos.Admit(e.Attempt, *e.Intent, g.related(o, e.Attempt, e.Intent))
}

func (g *group) related(o *op, id pos.AttemptID, in *pos.Intent) []pos.Attempt {
	var found []*pos.Attempt
	add := func(a *pos.Attempt) {
		for _, x := range found {
			if x.ID == a.ID {
				return
			}
		}
		found = append(found, a)
	}
	// The newest word first: the group, the memory, the view.
	for _, a := range g.staged {
		if a.ID == id || a.Reference == in.Reference || a.Device == in.Device || a.ID == in.Original {
			add(a)
		}
	}
	m := g.j.mem
	m.mu.RLock()
	for _, x := range [...]pos.AttemptID{id, in.Original} {
		if e := m.byID[x]; e != nil {
			add(e.a)
		}
	}
	for _, e := range m.byRef[in.Reference] {
		add(e.a)
	}
	for e := range m.live[in.Device] {
		add(e.a)
	}
	if in.Type == pos.TypeSettle { // once a day: approvals nobody confirmed yet
		for _, e := range m.byID {
			if e.a.Orphan() && e.a.Device == in.Device {
				add(e.a)
			}
		}
	}
	for _, a := range o.pre.attempts {
		if e := m.byID[a.ID]; e == nil {
			add(a)
		} else {
			add(e.a) // changed since it was read
		}
	}
	m.mu.RUnlock()
	if len(found) == 0 {
		return nil
	}
	list := make([]pos.Attempt, len(found))
	for i, a := range found {
		list[i] = *a
	}
	slices.SortFunc(list, func(a, b pos.Attempt) int { return cmp.Compare(a.Seq, b.Seq) })
	return list
}
