package journal

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"

	"github.com/openecr/openecr/pos"
)

// Changes returns the attempts that were begun up to the record since and
// changed by later ones up to upTo, as they stood at both, oldest first: what
// a closed report must be corrected by. It is checked as far as the state
// machine goes; Verify checks the chain.
func (j *Journal) Changes(ctx context.Context, since, upTo int64) (before, after []pos.Attempt, err error) {
	if since <= 0 || upTo <= since {
		return nil, nil, nil
	}
	if err := j.enterRead("changes"); err != nil {
		return nil, nil, err
	}
	defer j.calls.Done()
	c, err := j.recordReader()
	if err != nil {
		return nil, nil, j.readError("changes", err)
	}
	defer c.close()
	ids, err := touched(ctx, c, since, upTo)
	if err != nil {
		return nil, nil, j.readError("changes", err)
	}
	now, err := j.getAll(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	if before, err = j.asOf(ctx, c, since, now); err != nil {
		return nil, nil, err
	}
	after, err = j.asOf(ctx, c, upTo, now)
	return before, after, err
}

const touchedQuery = `SELECT attempt FROM records WHERE seq > ?1 AND seq <= ?2 AND attempt <> ''
EXCEPT SELECT attempt FROM records WHERE seq > ?1 AND seq <= ?2 AND kind IN ('intent', 'denied')`

// touched names the attempts with records in (since, upTo] that were begun before.
func touched(ctx context.Context, c *conn, since, upTo int64) (ids []pos.AttemptID, err error) {
	err = c.each(ctx, touchedQuery, []any{since, upTo}, func(row []driver.Value) error {
		ids = append(ids, pos.AttemptID(asText(row[0])))
		return nil
	})
	return ids, err
}

func (j *Journal) getAll(ctx context.Context, ids []pos.AttemptID) ([]pos.Attempt, error) {
	list := make([]pos.Attempt, 0, len(ids))
	for _, id := range ids {
		a, err := j.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b pos.Attempt) int { return int(a.Seq - b.Seq) })
	return list, nil
}

// AsOf returns the attempts as they stood right after the record seq, in the
// same order. Those that are older than it come back as they are. Errors:
// pos.ErrNotFound for one that was begun later.
func (j *Journal) AsOf(ctx context.Context, seq int64, list ...pos.Attempt) ([]pos.Attempt, error) {
	if err := j.enterRead("as of"); err != nil {
		return nil, err
	}
	defer j.calls.Done()
	c, err := j.recordReader()
	if err != nil {
		return nil, j.readError("as of", err)
	}
	defer c.close()
	return j.asOf(ctx, c, seq, list)
}

// asOfAttempts is how many attempts one pass over the records looks for.
const asOfAttempts = 400

func (j *Journal) asOf(ctx context.Context, c *conn, seq int64, list []pos.Attempt) ([]pos.Attempt, error) {
	out := slices.Clone(list)
	for part := range slices.Chunk(out, asOfAttempts) {
		if err := j.replayTo(ctx, c, seq, part); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// replayTo turns the attempts of the list that are newer than the record seq
// into what they were then, in one pass from the oldest of them on.
func (j *Journal) replayTo(ctx context.Context, c *conn, seq int64, list []pos.Attempt) error {
	at := map[pos.AttemptID]*pos.Attempt{}
	args, from := []any{seq}, seq+1
	for i, a := range list {
		if a.Updated <= seq {
			continue
		}
		if a.Seq > seq {
			return fmt.Errorf("%w: %q was begun after record %d", pos.ErrNotFound, string(a.ID), seq)
		}
		list[i] = pos.Attempt{}
		at[a.ID], from = &list[i], min(from, a.Seq)
		args = append(args, string(a.ID))
	}
	if len(at) == 0 {
		return nil
	}
	query := selectRecords + "WHERE seq <= ? AND attempt IN (" + marks(len(args)-1) + ") AND seq >= ? ORDER BY seq"
	var r Record
	err := c.each(ctx, query, append(args, from), func(row []driver.Value) error {
		if err := scanRecord(row, &r); err != nil {
			return fmt.Errorf("%w: %w", errRow, err)
		}
		e, err := r.Event()
		if err != nil {
			return err
		}
		a := at[e.Attempt]
		*a, _, err = pos.Reduce(*a, e)
		return err
	})
	if err != nil {
		return j.readError("as of", err)
	}
	return nil
}
