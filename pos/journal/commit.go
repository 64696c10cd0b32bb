package journal

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/openecr/openecr/pos"
)

const (
	// MaxBatch bounds the events of one Append; the Till's longest has two.
	MaxBatch = 64
	// maxGroup bounds the appends that one sync makes durable together.
	maxGroup = 256
	// maxDirty bounds the attempts that may be ahead of the view: some 100
	// MiB, and what a reopening after a crash must replay. Beyond it commits
	// wait for the keeper.
	maxDirty = 25_000
)

// op is one Append in the queue.
type op struct {
	events []pos.Event
	bodies []string
	pre    preread
	state  atomic.Int32
	wake   chan wakeUp

	result pos.Attempt
	err    error
}

// States of an op: whoever moves it from opQueued decides.
const (
	opQueued int32 = iota
	opTaken
	opWithdrawn
)

type wakeUp int

const (
	wakeDone wakeUp = iota
	wakeLead
)

// Append makes the events durable, all or none; see pos.Journal.
//
// Appends of several lanes are committed together: the first caller that
// finds nobody at it writes and syncs for all that are waiting. When ctx ends
// while the events still wait for their turn they are withdrawn and nothing
// was written; once their turn has come the answer is awaited, since only it
// is true.
//
// Errors: those of pos.CheckEvent, pos.Admit and pos.Reduce, with nothing
// written; else *Error, which wraps pos.ErrJournal: ErrFull and ErrClosed mean
// nothing was written, ErrPoisoned and ErrFenced that it may not be assumed.
// At most MaxBatch events at once.
func (j *Journal) Append(ctx context.Context, events ...pos.Event) (pos.Attempt, error) {
	if err := j.usable("append"); err != nil {
		return pos.Attempt{}, err
	}
	if len(events) == 0 || len(events) > MaxBatch {
		return pos.Attempt{}, fmt.Errorf("%w: want 1 to %d events at once, got %d", pos.ErrInvalid, MaxBatch, len(events))
	}
	o := &op{events: make([]pos.Event, len(events)), bodies: make([]string, len(events))}
	if err := j.enter(); err != nil {
		return pos.Attempt{}, err
	}
	defer j.calls.Done()
	if err := j.prepare(ctx, o, events); err != nil {
		return pos.Attempt{}, err
	}
	if err := ctx.Err(); err != nil {
		return pos.Attempt{}, j.fail("append", nil, err)
	}
	j.submit(ctx, o)
	return o.result, o.err
}

// prepare does on the caller's goroutine what needs no order.
func (j *Journal) prepare(ctx context.Context, o *op, events []pos.Event) (err error) {
	for i, e := range events {
		if err := pos.CheckEvent(e); err != nil {
			return err
		}
		if o.events[i], o.bodies[i], err = encodeEvent(e); err != nil {
			return err
		}
	}
	if err := j.preread(ctx, o); err != nil {
		return j.readError("append", err)
	}
	return nil
}

// submit queues the op and returns when it is decided.
func (j *Journal) submit(ctx context.Context, o *op) {
	j.queueMu.Lock()
	j.queue = append(j.queue, o)
	lead := !j.leading
	j.leading = true
	if !lead {
		o.wake = make(chan wakeUp, 1)
	}
	j.queueMu.Unlock()
	if lead {
		j.lead(o)
		return
	}
	done := ctx.Done()
	for {
		select {
		case w := <-o.wake:
			if w == wakeLead {
				j.lead(o)
			}
			return
		case <-done:
			if o.state.CompareAndSwap(opQueued, opWithdrawn) {
				// Its leader will still find it in the queue and pass it by,
				// or has chosen it to lead: then the lead must be passed on.
				j.leave(o)
				o.err = j.fail("append", nil, ctx.Err())
				return
			}
			done = nil // taken: the answer is near
		}
	}
}

// leave takes a withdrawn op out of the queue, and passes on the lead if it was given it.
func (j *Journal) leave(o *op) {
	j.queueMu.Lock()
	for i, x := range j.queue {
		if x == o {
			j.queue = append(j.queue[:i], j.queue[i+1:]...)
			break
		}
	}
	select {
	case <-o.wake: // only wakeLead can be in it: it was never taken
		j.passOn()
	default:
	}
	j.queueMu.Unlock()
}

// passOn hands the lead to the first in the queue, if any. queueMu is held.
func (j *Journal) passOn() {
	if len(j.queue) == 0 {
		j.leading = false
		return
	}
	j.queue[0].wake <- wakeLead
}

// lead commits the queue, which holds own, and then passes the lead on.
func (j *Journal) lead(own *op) {
	if j.busyLanes > 1 {
		j.gather()
	}
	j.queueMu.Lock()
	n := min(len(j.queue), maxGroup)
	batch := slices.Clone(j.queue[:n])
	rest := copy(j.queue, j.queue[n:])
	clear(j.queue[rest:])
	j.queue = j.queue[:rest]
	j.queueMu.Unlock()

	taken := batch[:0]
	for _, o := range batch {
		if o.state.CompareAndSwap(opQueued, opTaken) {
			taken = append(taken, o)
		}
	}
	j.busyLanes = len(taken) + rest
	j.commit(taken)

	for _, o := range taken { // before the next leader: they may join its group
		if o != own {
			o.wake <- wakeDone
		}
	}
	j.queueMu.Lock()
	j.passOn()
	j.queueMu.Unlock()
}

// How long a leader lets others come aboard: while they keep coming, and in
// all less than a sync takes on most disks.
const (
	gatherAtMost = 500 * time.Microsecond
	gatherPause  = 120 * time.Microsecond
)

// gather gives way until as many lanes are in the queue as were busy last
// time, or nobody has come for a moment, so that one sync serves them all. A
// lane that is alone never gets here.
func (j *Journal) gather() {
	start := time.Now()
	most, grew := j.queued(), start
	for most < j.busyLanes {
		runtime.Gosched()
		now := time.Now()
		if n := j.queued(); n > most {
			most, grew = n, now
		}
		if now.Sub(grew) > gatherPause || now.Sub(start) > gatherAtMost {
			return
		}
	}
}

func (j *Journal) queued() int {
	j.queueMu.Lock()
	defer j.queueMu.Unlock()
	return len(j.queue)
}

// commit decides every op: all are valid together, written and published, or refused one by one.
func (j *Journal) commit(ops []*op) {
	if err := j.usable("append"); err != nil {
		refuse(ops, err)
		return
	}
	j.beforeCommit()
	g := j.stage(ops)
	err := j.write(g)
	if err != nil && noRoom(err) {
		g, err = j.commitFull(ops, err)
	}
	if err != nil {
		refuse(ops, j.judge(err))
		return
	}
	if len(g.rows) > 0 {
		j.publish(g)
	}
}

// refuse gives the error to every op that has not got one already.
func refuse(ops []*op, err error) {
	for _, o := range ops {
		if o.err == nil {
			o.result, o.err = pos.Attempt{}, err
		}
	}
}

func (j *Journal) write(g *group) error {
	if len(g.rows) == 0 {
		return nil
	}
	if j.failWrite != nil {
		if err := j.failWrite(g.rows); err != nil {
			return err
		}
	}
	return j.store.insert(g.rows)
}

// commitFull tries again on a full disk: what begins something is refused, and
// what ends something gets the reserve.
func (j *Journal) commitFull(ops []*op, cause error) (*group, error) {
	var closing []*op
	for _, o := range ops {
		ends := true
		for _, e := range o.events {
			ends = ends && e.Kind.Closing()
		}
		if o.err == nil && ends {
			closing = append(closing, o)
		} else if o.err == nil {
			refuse([]*op{o}, j.fail("append", ErrFull, cause))
		}
	}
	if len(closing) == 0 {
		return &group{}, nil
	}
	gone, err := giveReserve(j.cfg.Path + reserveSuffix)
	if gone {
		j.reserveGone.Store(true)
		j.notify(Notice{Kind: NoticeReserve, Err: cause, Text: "the disk is full; the reserve is used to end what has begun"})
		j.kickKeeper()
	}
	g := j.stage(closing)
	if err = errors.Join(j.write(g), err); noRoom(err) {
		refuse(closing, j.fail("append", ErrFull, err))
		return &group{}, nil
	}
	return g, err
}

// judge says what a failed write means, and stops the journal if it must.
func (j *Journal) judge(err error) error {
	switch {
	case passing(err):
		return j.fail("append", nil, err)
	case taken(err):
		return j.poison(j.fail("append", ErrFenced, err))
	}
	return j.poison(j.fail("append", ErrPoisoned, err))
}

// beforeCommit does the leader's share of housekeeping.
func (j *Journal) beforeCommit() {
	if j.restartLog.CompareAndSwap(true, false) {
		// Nearly all is moved already; with the rest moved here, where nobody
		// writes, the log starts over instead of growing.
		switch done, err := checkpoint(j.store.writer); {
		case err != nil && !passing(err) && !noRoom(err):
			j.poison(j.fail("checkpoint", ErrPoisoned, err))
		case done:
			j.logPages.Store(0)
		}
	}
	if now := time.Now(); now.Sub(j.spaceAt) > spaceEvery {
		j.spaceAt = now
		j.checkSpace()
	}
	for j.mem.dirtyCount() > maxDirty && j.Poisoned() == nil && !j.viewStuck.Load() {
		j.kickKeeper()
		select {
		case <-j.flushed:
		case <-time.After(10 * time.Millisecond): // its signal may be older than the question
		}
	}
}

// publish makes a durable group visible.
func (j *Journal) publish(g *group) {
	bytes := 0
	for i := range g.rows {
		bytes += len(g.rows[i].Body) + 128
	}
	j.head = g.at
	j.commits.Add(1)
	j.appends.Add(int64(len(g.rows)))
	j.mem.apply(g.staged, g.at)
	if err := j.mark.write(g.at); err != nil && j.markFailed.CompareAndSwap(false, true) {
		j.notify(Notice{Kind: NoticeWatermark, Err: err, Text: "the watermark cannot be written; an older copy put back would not be noticed"})
	}
	if pages := j.logPages.Add(int64(bytes/pageBytes + 2)); pages > walPages/2 || !j.keeperAwake.Load() {
		j.kickKeeper()
	}
}

// pageBytes is SQLite's page, and so the unit in which the log grows.
const (
	pageBytes = 4096
	walPages  = walBytes / pageBytes
)

// group is what one sync makes durable: the records, and the attempts as they will stand.
type group struct {
	j      *Journal
	rows   []Record
	at     mark
	staged map[pos.AttemptID]*pos.Attempt
	mono   time.Duration
	wall   time.Time
}

// stage validates the ops one after the other, each on the state the earlier
// ones leave. A refused one leaves no trace and does not harm its neighbours.
func (j *Journal) stage(ops []*op) *group {
	g := &group{j: j, at: j.head, staged: make(map[pos.AttemptID]*pos.Attempt, len(ops)),
		rows: make([]Record, 0, len(ops)+len(ops)/4), mono: sinceBoot(), wall: time.Now().Round(0)}
	for _, o := range ops {
		if o.err != nil {
			continue
		}
		rows, at := len(g.rows), g.at
		undo, err := g.add(o)
		if err == nil {
			continue
		}
		o.result, o.err = pos.Attempt{}, err
		g.rows, g.at = g.rows[:rows], at
		for _, u := range undo {
			if u.was == nil {
				delete(g.staged, u.id)
			} else {
				g.staged[u.id] = u.was
			}
		}
	}
	return g
}

type undo struct {
	id  pos.AttemptID
	was *pos.Attempt
}

// add stages one op; on an error the caller takes back what the list says.
func (g *group) add(o *op) (list []undo, err error) {
	for i := range o.events {
		e := o.events[i]
		if next := g.at.seq + 1; next%CheckpointEvery == 0 {
			g.own(KindCheckpoint, ownBody{Kind: KindCheckpoint})
		}
		e.Seq, e.Epoch = g.at.seq+1, g.j.epoch
		if e.Kind == pos.EventIntent && e.Intent != nil {
			if err := g.admit(o, e); err != nil {
				return list, err
			}
		}
		was, err := g.current(o, e.Attempt)
		if err != nil {
			return list, err
		}
		var now pos.Attempt
		if was != nil {
			now = *was
		}
		next, _, err := pos.Reduce(now, e)
		if err != nil {
			return list, err
		}
		list = append([]undo{{e.Attempt, g.staged[e.Attempt]}}, list...)
		g.staged[e.Attempt] = &next
		g.append(Record{Kind: string(e.Kind), Attempt: e.Attempt, Body: o.bodies[i]})
		o.result = next
	}
	return list, nil
}

// own adds one of the journal's own records.
func (g *group) own(kind string, body ownBody) {
	g.append(Record{Kind: kind, Body: body.encode()})
}

// append gives the record its place in the chain.
func (g *group) append(r Record) {
	r.Seq, r.Epoch, r.Prev = g.at.seq+1, g.j.epoch, g.at.hash
	r.Mono, r.Wall = g.mono, g.wall
	r.Hash, g.j.hashBuf = r.sum(g.j.hashBuf)
	g.rows = append(g.rows, r)
	g.at = mark{seq: r.Seq, epoch: r.Epoch, hash: r.Hash}
}
