package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/openecr/openecr/pos"
)

func (j *Journal) dir() string { return filepath.Dir(j.cfg.Path) }

// readError gives an error of reading its form. Damage of the view stops the journal.
func (j *Journal) readError(op string, err error) error {
	if _, ours := errors.AsType[*Error](err); ours {
		return err
	}
	if damaged(err) && !j.readOnly {
		return j.spoilView(err)
	}
	return j.fail(op, kindOf(err), err)
}

// enterRead keeps the connections open while a call reads.
func (j *Journal) enterRead(op string) error {
	j.closeMu.Lock()
	defer j.closeMu.Unlock()
	if j.closing {
		return j.fail(op, ErrClosed, nil)
	}
	j.calls.Add(1)
	return nil
}

// Get returns one attempt as it stands, or an error that is pos.ErrNotFound.
// It works on a poisoned journal too.
func (j *Journal) Get(ctx context.Context, id pos.AttemptID) (pos.Attempt, error) {
	if err := j.enterRead("get"); err != nil {
		return pos.Attempt{}, err
	}
	defer j.calls.Done()
	if err := ctx.Err(); err != nil {
		return pos.Attempt{}, j.fail("get", nil, err)
	}
	a := j.mem.get(id)
	if j.view != nil && (a == nil || j.readOnly) {
		list, err := j.view.query(ctx, byID, []any{string(id)}, j.mend)
		if err != nil {
			return pos.Attempt{}, j.readError("get", err)
		}
		if len(list) > 0 && (a == nil || list[0].Updated > a.Updated) {
			a = list[0]
		}
	}
	if a == nil {
		return pos.Attempt{}, fmt.Errorf("%w: %q", pos.ErrNotFound, string(id))
	}
	return *a, nil
}

// Find returns the attempts that match, oldest first unless the filter says
// otherwise; see pos.Filter. It works on a poisoned journal too.
//
// An answer may mix moments: an attempt that changes while Find runs is given
// as it was before or after.
func (j *Journal) Find(ctx context.Context, f pos.Filter) ([]pos.Attempt, error) {
	if err := j.enterRead("find"); err != nil {
		return nil, err
	}
	defer j.calls.Done()
	if err := ctx.Err(); err != nil {
		return nil, j.fail("find", nil, err)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = pos.DefaultFindLimit
	}
	// The memory first: what leaves it meanwhile is in the view.
	found, shadow := j.mem.overlay(&f)
	if j.view != nil {
		ahead := make(map[pos.AttemptID]struct{}, len(found))
		for _, a := range found {
			ahead[a.ID] = struct{}{}
		}
		query, args := plan(&f, limit+len(shadow))
		rows, err := j.view.query(ctx, query, args, j.mend)
		if err != nil {
			return nil, j.readError("find", err)
		}
		for _, a := range rows {
			if _, twice := ahead[a.ID]; !twice && !shadow[a.Seq] && f.Match(*a) {
				found = append(found, a)
			}
		}
	}
	slices.SortFunc(found, func(a, b *pos.Attempt) int {
		if f.Newest {
			a, b = b, a
		}
		return cmp.Compare(a.Seq, b.Seq)
	})
	found = found[:min(limit, len(found))]
	if len(found) == 0 {
		return nil, nil
	}
	list := make([]pos.Attempt, len(found))
	for i, a := range found {
		list[i] = *a
	}
	return list, nil
}

// mend derives one attempt from the records again, because its row in the view
// is not as it was written.
func (j *Journal) mend(bad *errBadRow) (*pos.Attempt, error) {
	j.notify(Notice{Kind: NoticeView, Err: bad, Text: "a row of the table of attempts is damaged; it is read from the records"})
	evictions := j.mem.count()
	c, err := j.recordReader()
	if err != nil {
		return nil, err
	}
	defer c.close()
	var a pos.Attempt
	err = recordsOf(c, bad.id, func(r *Record) error {
		e, err := r.Event()
		if err == nil {
			a, _, err = pos.Reduce(a, e)
		}
		if err != nil {
			return j.corrupt("view", r.Seq, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if a.ID == "" { // the row's id itself is damaged: all of it must be built anew
		return nil, j.spoilView(bad)
	}
	if !j.readOnly {
		j.mem.redo(&a, evictions)
		j.kickKeeper()
	}
	return &a, nil
}
