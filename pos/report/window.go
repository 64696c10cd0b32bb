package report

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// Window says what a report is about. The zero value is everything since the
// last Z. Attempts count when they were begun, by the wall clock.
type Window struct {
	Day      Day       // a business day; or
	From, To time.Time // [From, To), each may be left out
}

// span is a window as the journal knows it.
type span struct {
	since, upTo int64 // records (since, upTo]
	from, to    time.Time
	closed      time.Time // when since was
	operator    string    // of others nothing counts; empty: all
}

// span finds the bounds of a window.
func (b *Book) span(ctx context.Context, w Window) (span, error) {
	s := span{upTo: b.cfg.Journal.Head(), from: w.From, to: w.To}
	switch {
	case w.Day != "" && !(w.From.IsZero() && w.To.IsZero()):
		return s, invalid("give a day or times, not both")
	case w.Day != "":
		var err error
		s.from, s.to, err = b.Bounds(w.Day)
		return s, err
	case !w.From.IsZero() || !w.To.IsZero():
		if !w.To.IsZero() && !w.From.Before(w.To) {
			return s, invalid("the window ends before it begins")
		}
		return s, nil
	}
	last, _, err := b.Last(ctx)
	s.since, s.closed = last.UpTo, last.Time
	return s, err
}

// report begins the report of a span.
func (b *Book) report(form Form, s span, w Window) Report {
	r := Report{Form: form, Till: b.cfg.Till, Day: w.Day, From: s.from, To: s.to, Since: s.since, UpTo: s.upTo}
	if s.since > 0 {
		r.From = s.closed
	}
	return r
}

// X makes a report that changes nothing (不清零). It works on a journal that
// is open for reading only, beside a running register, and the same journal
// gives the same report.
func (b *Book) X(ctx context.Context, w Window) (Report, error) {
	s, err := b.span(ctx, w)
	if err != nil {
		return Report{}, err
	}
	r := b.report(X, s, w)
	f, err := b.fold(ctx, s)
	if err == nil {
		err = b.online(ctx, s, f)
	}
	if err != nil {
		return Report{}, err
	}
	f.report(&r)
	return r, r.seal()
}

// ShiftRequest asks what operators must hand over.
type ShiftRequest struct {
	Window
	// Operator narrows the report to one; empty takes all.
	Operator string
	// Drawers say what was put in and what was counted; Operator, Float and
	// Counted are read. Both amounts are of one currency.
	Drawers []Drawer
}

// Shift makes the report of a shift (交班): an X with the drawers of its operators.
func (b *Book) Shift(ctx context.Context, q ShiftRequest) (Report, error) {
	s, err := b.span(ctx, q.Window)
	if err != nil {
		return Report{}, err
	}
	s.operator = q.Operator
	f, err := b.fold(ctx, s)
	if err == nil {
		err = b.online(ctx, s, f)
	}
	if err != nil {
		return Report{}, err
	}
	r := b.report(Shift, s, q.Window)
	r.Operator = q.Operator
	for _, d := range q.Drawers {
		if d, err = f.drawer(d); err != nil {
			return Report{}, err
		}
		r.Drawers = append(r.Drawers, d)
	}
	f.report(&r)
	return r, r.seal()
}

// drawer reckons one operator's cash.
func (f *fold) drawer(d Drawer) (Drawer, error) {
	currency := d.Counted.Currency()
	if !currency.Valid() || d.Float.Currency() != currency || d.Float.Minor() < 0 || d.Counted.Minor() < 0 {
		return d, invalid("drawer of %q: float %s and counted %s must be amounts of one currency", d.Operator, d.Float, d.Counted)
	}
	d.Cash = pos.FromMinor(f.shelves[byCash].line(d.Operator, currency).Net, currency)
	var err error
	if d.Expected, err = d.Float.Add(d.Cash); err != nil {
		return d, err
	}
	d.Over, err = d.Counted.Sub(d.Expected)
	return d, err
}

// fold adds up the attempts of a span, with what changed of older ones.
func (b *Book) fold(ctx context.Context, s span) (*fold, error) {
	parts := min(max(runtime.GOMAXPROCS(0), 1), maxParts)
	if s.upTo < b.cfg.Journal.Head() {
		parts = 1 // of a Z made again, so that the scan can end at its last attempt
	}
	folds := make([]*fold, parts+1)
	for i := range folds {
		folds[i] = b.newFold(s.operator)
	}
	err := b.stream(ctx, s, parts, func(part int, a *pos.Attempt) error { return folds[part].attempt(ctx, a) })
	if err == nil {
		err = b.changes(ctx, s, func(before, after *pos.Attempt) error { return folds[parts].change(ctx, before, after) })
	}
	for _, f := range folds[1:] {
		if err == nil {
			err = folds[0].merge(f)
		}
	}
	return folds[0], err
}

// maxParts is how many goroutines one report runs; a register has no more cores to give.
const maxParts = 4

// changes visits the attempts that were begun before the span and changed in it.
func (b *Book) changes(ctx context.Context, s span, visit func(before, after *pos.Attempt) error) error {
	if s.since == 0 {
		return nil
	}
	before, after, err := b.cfg.Journal.Changes(ctx, s.since, s.upTo)
	if err != nil {
		return err
	}
	for i := range after {
		if b.cfg.Till != "" && after[i].Till != b.cfg.Till {
			continue
		}
		if err := visit(&before[i], &after[i]); err != nil {
			return err
		}
	}
	return nil
}

// errEnough ends a scan behind the last attempt of a span.
var errEnough = errors.New("enough")

// stream visits the attempts begun in a span as they stood at its end.
func (b *Book) stream(ctx context.Context, s span, parts int, visit func(part int, a *pos.Attempt) error) error {
	waiting := make([][]pos.Attempt, parts)
	flush := func(part int) error {
		list, err := b.cfg.Journal.AsOf(ctx, s.upTo, waiting[part]...)
		for i := range list {
			if err == nil {
				err = visit(part, &list[i])
			}
		}
		waiting[part] = waiting[part][:0]
		return err
	}
	filter := pos.Filter{Till: b.cfg.Till, From: s.from, To: s.to, AfterSeq: s.since}
	err := b.cfg.Journal.Scan(ctx, filter, parts, func(part int, a *pos.Attempt) error {
		switch {
		case a.Seq > s.upTo && parts > 1:
			return nil // begun meanwhile; the other parts go on
		case a.Seq > s.upTo:
			return errEnough
		case a.Updated <= s.upTo && len(waiting[part]) == 0:
			return visit(part, a)
		}
		if waiting[part] = append(waiting[part], *a); len(waiting[part]) < maxWaiting {
			return nil
		}
		return flush(part)
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	for part := range parts {
		if err == nil && len(waiting[part]) > 0 {
			err = flush(part)
		}
	}
	return err
}

// maxWaiting is how many attempts are looked up in the records at once.
const maxWaiting = 400

// online adds what was sold without the till.
func (b *Book) online(ctx context.Context, s span, f *fold) error {
	if s.since > 0 {
		s.from = s.closed
	}
	for _, source := range b.cfg.Online {
		if err := f.source(ctx, source, s); err != nil {
			return err
		}
	}
	return nil
}

// source adds the movements of one channel.
func (f *fold) source(ctx context.Context, source Source, s span) error {
	for m, err := range source.Movements(ctx, s.from, s.to) {
		if err != nil {
			return err
		}
		if m.Channel == "" {
			m.Channel = source.Name()
		}
		known := m.Kind == Sale || m.Kind == Refund || m.Kind == Void
		switch {
		case !known || m.Amount.Minor() <= 0 || !m.Amount.Currency().Valid():
			return invalid("channel %s: movement %q (%s %s) is none", source.Name(), m.ID, m.Kind, m.Amount)
		case m.Fee != (pos.Money{}) && m.Fee.Currency() != m.Amount.Currency():
			return invalid("channel %s: movement %q: %w", source.Name(), m.ID, pos.ErrMixedCurrency)
		}
		outside := !s.from.IsZero() && m.Time.Before(s.from) || !s.to.IsZero() && !m.Time.Before(s.to)
		if outside || s.operator != "" && m.Operator != s.operator {
			continue
		}
		m.Tender = strings.Clone(m.Tender)
		if err := f.movement(m, 1); err != nil {
			return err
		}
	}
	return nil
}
