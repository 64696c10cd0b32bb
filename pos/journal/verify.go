package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/openecr/openecr/pos"
)

// smallRecords is up to where a journal is verified whole before it opens: a
// year of a quiet lane, and less than a second of work.
const smallRecords = 50_000

// verifyTail checks the chain before the journal opens: all of a small one,
// the records behind the last checkpoint of a larger one.
func (j *Journal) verifyTail(ctx context.Context) error {
	if j.head.seq == 0 {
		return nil
	}
	from := int64(1)
	if j.head.seq > j.cfg.tune.whole {
		from = max(1, (j.head.seq-1)/CheckpointEvery*CheckpointEvery)
	} else if err := integrity(ctx, j.store.writer); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return j.corrupt("open", 0, err)
	}
	return j.verifyChain(ctx, j.store.writer, from, j.head.seq, func(int64) error { return nil })
}

// verifyChain checks the records from..to. The first one is only checked in
// itself, unless it is number 1.
func (j *Journal) verifyChain(ctx context.Context, c *conn, from, to int64, each func(seq int64) error) error {
	var buf []byte
	seq, prev := from-1, [HashLen]byte{}
	err := inChunks(ctx, c, from, to, func(r *Record) (err error) {
		if r.Seq == from && from > 1 {
			prev = r.Prev
		}
		if buf, err = r.follows(seq, prev, buf); err != nil {
			return j.corrupt("verify", seq+1, err)
		}
		seq, prev = r.Seq, r.Hash
		return each(seq)
	})
	switch {
	case err == nil && seq != to:
		return j.corrupt("verify", seq+1, errors.New("the record is missing"))
	case err == nil || ctx.Err() != nil:
		return err
	case damaged(err), errors.Is(err, errRow):
		return j.corrupt("verify", seq+1, err)
	}
	return err
}

const (
	// The background verification works for a while and rests for longer, so
	// that payments have the processor.
	verifyWork = 5 * time.Millisecond
	verifyRest = 15 * time.Millisecond
	// verifyDelay lets the register start first.
	verifyDelay = 3 * time.Second
)

// verifyBehind checks what Open did not, and stops the journal on a mismatch.
func (j *Journal) verifyBehind() {
	ctx := j.stopped
	if !rest(ctx, j.cfg.tune.delay) {
		return
	}
	c, err := j.recordReader()
	if err != nil {
		j.poison(j.fail("verify", ErrPoisoned, err))
		return
	}
	defer c.close()
	since := time.Now()
	err = j.verifyChain(ctx, c, 1, j.headSeq(), func(int64) error {
		if time.Since(since) > verifyWork {
			if !rest(ctx, verifyRest) {
				return ctx.Err()
			}
			since = time.Now()
		}
		return nil
	})
	if err == nil {
		if err = j.view.read(ctx, func(vc *conn) error { return integrity(ctx, vc) }); err != nil && ctx.Err() == nil {
			j.spoilView(err)
		}
		return
	}
	if e, ok := errors.AsType[*Error](err); ok && ctx.Err() == nil {
		j.poison(e)
	}
}

func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// headSeq is the newest record applied.
func (j *Journal) headSeq() int64 {
	j.mem.mu.RLock()
	defer j.mem.mu.RUnlock()
	return j.mem.at.seq
}

// partAttempts bounds how many attempts Verify holds at once: some 200 MiB.
const partAttempts = 200_000

// Verify checks everything: the hash chain over all records, and that every
// row of the derived table is what the records tell. It reads in short
// transactions and may run beside payments, which it slows.
//
// progress may be nil; it is told how much of the work is done.
//
// Errors: *Error of kind ErrCorrupt with the first record that is wrong; the
// journal is then poisoned too. ctx ends it early, with an error.
func (j *Journal) Verify(ctx context.Context, progress func(done, total int64)) error {
	if err := j.enterRead("verify"); err != nil {
		return err
	}
	defer j.calls.Done()
	c, err := j.recordReader()
	if err != nil {
		return j.readError("verify", err)
	}
	defer c.close()
	head, parts := j.headSeq(), uint32(0)
	if j.view != nil {
		attempts, err := c.number("SELECT count(*) FROM records WHERE kind = 'intent'")
		if err != nil {
			return j.readError("verify", err)
		}
		parts = uint32(attempts/partAttempts) + 1
	}
	total, base := head*int64(parts+1), int64(0)
	tell := func(done int64) {
		if progress != nil {
			progress(min(base+done, total), total)
		}
	}
	err = j.verifyChain(ctx, c, 1, head, func(seq int64) error {
		if seq%CheckpointEvery == 0 {
			tell(seq)
		}
		return nil
	})
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok && e.Kind == ErrCorrupt && !j.readOnly {
			j.poison(e)
		}
		return j.readError("verify", err)
	}
	if j.view != nil {
		before := int64(0)
		err = j.compareView(ctx, c, parts, func(seq int64) {
			if seq < before || base == 0 {
				base += head
			}
			before = seq
			tell(seq)
		})
		if err == nil {
			err = j.view.read(ctx, func(vc *conn) error { return integrity(ctx, vc) })
		}
		if err != nil && ctx.Err() == nil && !j.readOnly {
			return j.spoilView(err)
		} else if err != nil {
			return j.readError("verify", err)
		}
	}
	base = total
	tell(0)
	return nil
}

// Records calls f with every record from fromSeq on (1 is the first), up to
// the newest at the time of the call, for audit and export. Each is checked
// against the one before it.
//
// Errors: *Error of kind ErrCorrupt with Seq of the first record that is
// missing or not as it was written; calling again with a later fromSeq
// reads on behind it. An error of f ends it and comes back as it is.
func (j *Journal) Records(ctx context.Context, fromSeq int64, f func(Record) error) error {
	if err := j.enterRead("records"); err != nil {
		return err
	}
	defer j.calls.Done()
	c, err := j.recordReader()
	if err != nil {
		return j.readError("records", err)
	}
	defer c.close()
	from, to := max(1, fromSeq), j.headSeq()
	seq, prev := from-1, [HashLen]byte{}
	var buf []byte
	var own error // of f
	err = inChunks(ctx, c, from, to, func(r *Record) (err error) {
		if r.Seq == from && from > 1 {
			prev = r.Prev
		}
		if buf, err = r.follows(seq, prev, buf); err != nil {
			return j.corrupt("records", seq+1, err)
		}
		seq, prev = r.Seq, r.Hash
		own = f(*r)
		return own
	})
	switch {
	case err == nil && seq < to && from <= to:
		return j.corrupt("records", seq+1, errors.New("the record is missing"))
	case err == nil || own != nil:
		return err
	case damaged(err), errors.Is(err, errRow):
		return j.corrupt("records", seq+1, err)
	}
	return j.readError("records", err)
}

// recordReader opens a connection of its own for reading records.
func (j *Journal) recordReader() (*conn, error) {
	return openConn(j.cfg.Path, j.readBy, "PRAGMA query_only=1", "PRAGMA cell_size_check=1")
}

// recordsOf calls f with the records of one attempt. There is no index for it:
// it is needed only when a row of the view is damaged.
func recordsOf(c *conn, id pos.AttemptID, f func(r *Record) error) error {
	return records(context.Background(), c, 1, func(r *Record) error {
		if r.Attempt != id {
			return nil
		}
		return f(r)
	})
}

// openRead opens for reading: nothing is written, nothing is locked, and what
// is damaged is passed by and told by Poisoned.
func (j *Journal) openRead(ctx context.Context) error {
	if _, err := os.Stat(j.cfg.Path); err != nil {
		return err
	}
	c, err := j.recordReader()
	if err == nil {
		_, err = c.number("SELECT count(*) FROM sqlite_schema")
	}
	if err != nil && sqlitePrimary(err) == sqliteCantOpen {
		// A directory that cannot be written: the log beside the file is not read then.
		if c != nil {
			c.close()
		}
		j.readBy = "immutable=1"
		c, err = j.recordReader()
	}
	if err != nil {
		if c != nil {
			c.close()
		}
		return err
	}
	defer c.close()
	if _, err := layout(c); err != nil {
		return err
	}
	newest, err := last(c)
	if err != nil && !damaged(err) && !errors.Is(err, errRow) {
		return err
	}
	j.head = mark{seq: newest.Seq, epoch: newest.Epoch, hash: newest.Hash}
	j.epoch = newest.Epoch
	j.readAttempts(ctx, c)
	had, known, _ := readMark(j.cfg.Watermark) // best effort: the writer is the one that must know
	if known && had.seq > j.mem.at.seq && j.damage == nil {
		e := j.fail("open", ErrRollback, fmt.Errorf("record %d was acknowledged, but the file ends at %d", had.seq, j.mem.at.seq))
		e.Seq = had.seq
		j.damage = e
	}
	return ctx.Err()
}

// sqliteCantOpen is SQLITE_CANTOPEN.
const sqliteCantOpen = 14

// readAttempts derives the attempts from the view as far as it belongs to the
// records, and from the records that can be read.
func (j *Journal) readAttempts(ctx context.Context, c *conn) {
	var at mark
	if v, err := readView(j.cfg.Path + viewSuffix); err == nil {
		at, err = v.progress()
		if err == nil && at.seq > 0 {
			var r Record
			if r, err = record(c, at.seq); err == nil && r.Hash != at.hash {
				err = errStale
			}
		}
		if err == nil {
			j.view = v
		} else {
			at = mark{}
			v.close()
		}
	}
	j.mem.at = at
	note := func(seq int64, err error) {
		if j.damage == nil {
			j.damage = j.corrupt("open", seq, err)
		}
	}
	next, prev, skip := at.seq+1, at.hash, int64(1)
	var buf []byte
	for ctx.Err() == nil {
		err := records(ctx, c, next, func(r *Record) (err error) {
			if buf, err = r.follows(next-1, prev, buf); err != nil {
				note(next, err)
			}
			next, prev, skip = r.Seq+1, r.Hash, 1
			var changed map[pos.AttemptID]*pos.Attempt
			if !r.Own() {
				a, err := j.step(ctx, r)
				if err != nil {
					note(r.Seq, err)
				} else {
					changed = map[pos.AttemptID]*pos.Attempt{a.ID: a}
				}
			}
			j.mem.apply(changed, mark{seq: r.Seq, epoch: r.Epoch, hash: r.Hash})
			return nil
		})
		if err == nil {
			break
		}
		// Look for the next record that can be read, in growing steps.
		note(next, err)
		if next += skip; next > j.head.seq {
			break
		}
		skip *= 2
	}
	if j.mem.at.seq < j.head.seq && j.damage == nil {
		note(j.mem.at.seq+1, errors.New("the record is missing"))
	}
}
