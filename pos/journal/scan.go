package journal

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"sync"

	"github.com/openecr/openecr/pos"
)

// Head is the sequence number of the newest record there is: what a report
// that is made now can have seen.
func (j *Journal) Head() int64 { return j.headSeq() }

// scanRows is how many rows one reading transaction of Scan takes, so that the
// view can put its own log away in between.
const scanRows = 20_000

// MaxScanParts bounds how many goroutines one Scan runs; a register has no more cores to give.
const MaxScanParts = 4

// Scan calls visit with every attempt that matches and was begun before the
// call, in bounded memory. The filter's Limit and Newest do not count. The
// work is shared by up to parts goroutines (1 to MaxScanParts), each with its
// own number from 0 on and calls of its own, oldest attempt first; an attempt
// of part 1 is younger than any of part 0. So one part alone is all in order.
//
// Handle, Chip, Slips and Printed are left out. The attempt is used again for
// the next call: copy it to keep it. One that changes meanwhile is given as it
// was before or after; Updated tells. An error of visit ends the scan and
// comes back as it is. It works on a poisoned journal too.
func (j *Journal) Scan(ctx context.Context, f pos.Filter, parts int, visit func(part int, a *pos.Attempt) error) error {
	if err := j.enterRead("scan"); err != nil {
		return err
	}
	defer j.calls.Done()
	s := scan{j: j, filter: f, visit: visit, head: j.headSeq()}
	s.filter.Limit, s.filter.Newest = 0, false
	s.narrow = f.Till != "" || f.Reference != "" || f.Tender != "" || f.Device != "" || f.Original != "" || len(f.Types) > 0 || len(f.States) > 0 ||
		f.Amount != (pos.Money{}) || f.LastFour != "" || !f.From.IsZero() || !f.To.IsZero()
	// The memory first, as in Find.
	s.ahead, s.shadow = j.mem.overlay(&s.filter)
	slices.SortFunc(s.ahead, func(a, b *pos.Attempt) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, a := range s.ahead {
		s.shadow[a.Seq] = true
	}
	from, to, err := s.bounds(ctx)
	if err != nil {
		return j.readError("scan", err)
	}
	return s.run(ctx, from, to, min(max(parts, 1), MaxScanParts))
}

// scan is one call of Scan.
type scan struct {
	j      *Journal
	filter pos.Filter
	visit  func(part int, a *pos.Attempt) error
	narrow bool // the filter asks for more than a part of the sequence
	head   int64
	ahead  []*pos.Attempt // in memory and newer than their rows, oldest first
	shadow map[int64]bool // rows that do not count
}

// bounds narrows the scan to the attempts behind from, up to to, by the time they were begun.
func (s *scan) bounds(ctx context.Context) (from, to int64, err error) {
	from, to = s.filter.AfterSeq, s.head
	if s.j.view == nil || s.filter.From.IsZero() && s.filter.To.IsZero() {
		return from, to, nil
	}
	query, args := "SELECT ifnull(min(seq), 0), ifnull(max(seq), 0) FROM attempts WHERE true", []any(nil)
	if !s.filter.From.IsZero() {
		query, args = query+" AND created >= ?", append(args, nanos(s.filter.From))
	}
	if !s.filter.To.IsZero() {
		query, args = query+" AND created <= ?", append(args, nanos(s.filter.To))
	}
	err = s.j.view.read(ctx, func(c *conn) error {
		return c.each(ctx, query, args, func(row []driver.Value) error {
			first, last := asInt(row[0]), asInt(row[1])
			for _, a := range s.ahead {
				first, last = least(first, a.Seq), max(last, a.Seq)
			}
			from, to = max(from, first-1), min(to, last)
			return nil
		})
	})
	return from, to, err
}

// least is the smaller of the two, where 0 is none.
func least(a, b int64) int64 {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// run shares the attempts in (from, to] out.
func (s *scan) run(ctx context.Context, from, to int64, parts int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, parts)
	share := max(to-from, 0)/int64(parts) + 1
	for part := range parts {
		low := min(from+int64(part)*share, to)
		high := min(low+share, to)
		wg.Go(func() {
			if errs[part] = s.part(ctx, part, low, high); errs[part] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	for _, err := range errs { // the one that ended the others
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(errs...)
}

// part visits the attempts in (low, high], oldest first.
func (s *scan) part(ctx context.Context, part int, low, high int64) error {
	ahead := s.ahead
	before := func(seq int64) error { // those in memory that come before a row
		for ; len(ahead) > 0 && ahead[0].Seq < seq; ahead = ahead[1:] {
			if ahead[0].Seq <= low {
				continue
			}
			own := *ahead[0]
			own.Handle, own.Chip, own.Slips, own.Printed = nil, pos.Chip{}, nil, nil
			if err := s.visit(part, &own); err != nil {
				return &visitError{err}
			}
		}
		return nil
	}
	err := s.rows(ctx, low, high, func(a *pos.Attempt) error {
		if err := before(a.Seq); err != nil {
			return err
		}
		if len(s.shadow) > 0 && s.shadow[a.Seq] || s.narrow && !s.filter.Match(*a) {
			return nil
		}
		if err := s.visit(part, a); err != nil {
			return &visitError{err}
		}
		return nil
	})
	if err == nil {
		err = before(high + 1)
	}
	var own *visitError
	switch {
	case errors.As(err, &own):
		return own.err
	case err != nil:
		return s.j.readError("scan", err)
	}
	return nil
}

// visitError keeps errors of the caller's function apart from those of reading.
type visitError struct{ err error }

func (e *visitError) Error() string { return e.err.Error() }

// rows reads the view's rows in (low, high], in short transactions.
func (s *scan) rows(ctx context.Context, low, high int64, f func(a *pos.Attempt) error) (err error) {
	if s.j.view == nil || low >= high {
		return ctx.Err()
	}
	r, err := openRows(s.j.view.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	for n := scanRows; n == scanRows; {
		n, low, err = r.chunk(ctx, low, high, scanRows, func(seq int64, a *pos.Attempt) error {
			if a != nil {
				return f(a)
			}
			list, err := s.j.view.query(ctx, bySeq, []any{seq}, s.j.mend)
			if err != nil || len(list) == 0 {
				return err
			}
			return f(list[0])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const bySeq = "SELECT " + rowColumns + " FROM attempts WHERE seq = ?"
