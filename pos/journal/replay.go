package journal

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/openecr/openecr/pos"
)

// openAttempts brings memory and view up to the records.
func (j *Journal) openAttempts(ctx context.Context) error {
	path := j.cfg.Path + viewSuffix
	at, err := j.tryView(ctx, path)
	if err != nil {
		if noRoom(err) || ctx.Err() != nil {
			return err
		}
		j.notify(Notice{Kind: NoticeView, Err: err, Text: "the table of attempts is built anew from the records"})
		if j.view != nil {
			err := j.view.close()
			j.view = nil
			if err != nil {
				return err
			}
		}
		if err := removeView(path); err != nil {
			return err
		}
		if j.view, err = openView(path); err != nil {
			return err
		}
		at = mark{}
	}
	j.mem.viewSeq = at.seq
	j.viewAt.Store(at.seq)
	j.viewEmpty.Store(at.seq == 0)
	if err := j.loadLive(ctx); err != nil {
		return err
	}
	return j.replay(ctx, at)
}

// tryView opens the view and finds out whether it belongs to these records.
func (j *Journal) tryView(ctx context.Context, path string) (at mark, err error) {
	if j.view, err = openView(path); err != nil {
		return at, err
	}
	if at, err = j.view.progress(); err != nil {
		return at, err
	}
	if at.seq > 0 {
		r, err := record(j.store.writer, at.seq)
		if err != nil {
			return at, err
		}
		if r.Hash != at.hash {
			return at, fmt.Errorf("%w: it follows other records", errStale)
		}
	}
	if j.head.seq > j.cfg.tune.whole {
		return at, nil
	}
	if err := integrity(ctx, j.view.writer); err != nil {
		return at, err
	}
	return at, j.compareView(ctx, j.store.writer, 1, nil)
}

// integrity runs SQLite's own check over tables and indexes.
func integrity(ctx context.Context, c *conn) error {
	var list []string
	err := c.each(ctx, "PRAGMA integrity_check(3)", nil, func(row []driver.Value) error {
		list = append(list, asText(row[0]))
		return nil
	})
	if err == nil && (len(list) != 1 || list[0] != "ok") {
		err = errors.New(strings.Join(list, "; "))
	}
	return err
}

// loadLive puts every attempt that has not ended into memory.
func (j *Journal) loadLive(ctx context.Context) error {
	query, args := plan(&pos.Filter{States: pos.LiveStates()}, maxLive)
	list, err := j.view.query(ctx, query, args, j.mend)
	if err != nil {
		return err
	}
	for _, a := range list {
		j.mem.load(a)
	}
	return nil
}

// maxLive is what a query without limit asks for.
const maxLive = math.MaxInt32

// replay applies the records behind at. It reads with the writer's connection:
// nobody else is there yet.
func (j *Journal) replay(ctx context.Context, at mark) error {
	return records(ctx, j.store.writer, at.seq+1, func(r *Record) error {
		at := mark{seq: r.Seq, epoch: r.Epoch, hash: r.Hash}
		if r.Own() {
			j.mem.apply(nil, at)
			return nil
		}
		a, err := j.step(ctx, r)
		if err != nil {
			return err
		}
		j.mem.apply(map[pos.AttemptID]*pos.Attempt{a.ID: a}, at)
		if j.mem.dirtyCount() < maxDirty {
			return nil
		}
		list, at := j.mem.changed()
		j.viewEmpty.Store(false)
		if err := j.view.write(list, j.viewAt.Load(), at); err != nil {
			return err
		}
		j.mem.written(list)
		j.viewAt.Store(at.seq)
		return nil
	})
}

// step reduces one record onto its attempt.
func (j *Journal) step(ctx context.Context, r *Record) (*pos.Attempt, error) {
	e, err := r.Event()
	if err != nil {
		return nil, j.corrupt("replay", r.Seq, err)
	}
	was := j.mem.get(e.Attempt)
	if was == nil && e.Kind != pos.EventIntent && j.view != nil {
		list, err := j.view.query(ctx, byID, []any{string(e.Attempt)}, j.mend)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			was = list[0]
		}
	}
	if was == nil {
		was = &pos.Attempt{}
	}
	next, _, err := pos.Reduce(*was, e)
	if err != nil {
		return nil, j.corrupt("replay", r.Seq, err)
	}
	return &next, nil
}

// compareView derives every attempt again and compares it with its row, column
// by column, as of where the view stands. It works through the attempts in
// parts, to bound its memory. Errors that are not of reading mean the view is wrong.
func (j *Journal) compareView(ctx context.Context, c *conn, parts uint32, progress func(done int64)) error {
	return j.view.read(ctx, func(vc *conn) (err error) {
		if err := vc.run("BEGIN"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, vc.run("ROLLBACK")) }()
		at, err := vc.number("SELECT seq FROM progress")
		if err != nil {
			return err
		}
		for part := range parts {
			want, err := j.derive(ctx, c, at, part, parts, progress)
			if err != nil {
				return err
			}
			if err := j.compareRows(ctx, vc, want, part, parts); err != nil {
				return err
			}
		}
		return nil
	})
}

// partOf spreads attempt ids evenly (FNV-1a).
func partOf(id string, parts uint32) uint32 {
	h := uint32(2166136261)
	for i := range len(id) {
		h = (h ^ uint32(id[i])) * 16777619
	}
	return h % parts
}

// derive replays one part of the attempts up to the record at.
func (j *Journal) derive(ctx context.Context, c *conn, at int64, part, parts uint32, progress func(int64)) (map[pos.AttemptID]*pos.Attempt, error) {
	want := map[pos.AttemptID]*pos.Attempt{}
	err := inChunks(ctx, c, 1, at, func(r *Record) error {
		if progress != nil && r.Seq%CheckpointEvery == 0 {
			progress(r.Seq)
		}
		if r.Own() || partOf(string(r.Attempt), parts) != part {
			return nil
		}
		e, err := r.Event()
		if err != nil {
			return j.corrupt("verify", r.Seq, err)
		}
		var was pos.Attempt
		if a := want[e.Attempt]; a != nil {
			was = *a
		}
		next, _, err := pos.Reduce(was, e)
		if err != nil {
			return j.corrupt("verify", r.Seq, err)
		}
		want[e.Attempt] = &next
		return nil
	})
	return want, err
}

const wholeRows = "SELECT seq, id, updated, created, amount, currency, last4, reference, state, device, original, till, tender, type, sum, body FROM attempts"

func (j *Journal) compareRows(ctx context.Context, vc *conn, want map[pos.AttemptID]*pos.Attempt, part, parts uint32) error {
	seen := 0
	err := vc.each(ctx, wholeRows, nil, func(row []driver.Value) error {
		id := asText(row[1])
		if partOf(id, parts) != part {
			return nil
		}
		a := want[pos.AttemptID(id)]
		if a == nil {
			return fmt.Errorf("%w: attempt %q is in no record", errStale, id)
		}
		args, err := j.view.columns(a)
		if err != nil {
			return err
		}
		for i, v := range row {
			if b, ok := v.([]byte); ok && !bytes.Equal(b, nil) || v != args[i] {
				return fmt.Errorf("%w: attempt %q is not as the records tell", errStale, id)
			}
		}
		seen++
		return nil
	})
	if err == nil && seen != len(want) {
		err = fmt.Errorf("%w: %d attempts are missing", errStale, len(want)-seen)
	}
	return err
}

// chunkRecords is how many records one reading transaction takes, so that it
// does not keep the log from starting over.
const chunkRecords = 2000

// inChunks calls f with the records from..to, in short transactions. A missing
// record is not noticed here.
func inChunks(ctx context.Context, c *conn, from, to int64, f func(r *Record) error) error {
	for from <= to {
		n, next := 0, from
		err := records(ctx, c, from, func(r *Record) error {
			if r.Seq > to || n == chunkRecords {
				return errStop
			}
			n, next = n+1, r.Seq+1
			return f(r)
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		from = next
	}
	return nil
}
