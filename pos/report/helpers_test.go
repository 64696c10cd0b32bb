package report_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/journal"
	"github.com/openecr/openecr/pos/report"
)

var shanghai = time.FixedZone("UTC+8", 8*3600)

// at is a moment of the shop's clock.
func at(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", text, shanghai)
	if err != nil {
		panic(err)
	}
	return t
}

func cny(minor int64) pos.Money { return pos.FromMinor(minor, pos.CNY) }

// shop is a journal with a clock of its own.
type shop struct {
	t    testing.TB
	path string
	j    *journal.Journal
	now  time.Time
	n    int
}

func newShop(t testing.TB) *shop {
	s := &shop{t: t, path: filepath.Join(t.TempDir(), "till.db"), now: at("2026-11-22 09:00:00")}
	s.reopen()
	t.Cleanup(func() {
		if s.j != nil {
			s.j.Close()
		}
	})
	return s
}

func (s *shop) reopen() {
	if s.j != nil {
		require.NoError(s.t, s.j.Close())
	}
	j, err := journal.Open(s.t.Context(), journal.Config{Path: s.path, MinFree: -1})
	require.NoError(s.t, err)
	s.j = j
}

func (s *shop) book(change ...func(*report.Config)) *report.Book {
	cfg := report.Config{Journal: s.j, Zone: shanghai, Now: func() time.Time { return s.now }}
	for _, f := range change {
		f(&cfg)
	}
	b, err := report.New(cfg)
	require.NoError(s.t, err)
	return b
}

// did is one attempt to be written: what a Till would have written.
type did struct {
	id, tender, till, operator, ref, scheme, text string
	typ                                           pos.Type
	amount                                        pos.Money
	approved                                      pos.Money
	original                                      string
	state                                         pos.State // empty: confirmed
	when                                          string    // empty: now
}

func (s *shop) events(d did) []pos.Event {
	when := s.now
	if d.when != "" {
		when = at(d.when)
	}
	if d.typ == "" {
		d.typ = pos.TypeCharge
	}
	if s.n++; d.id == "" {
		d.id = fmt.Sprintf("a%d", s.n)
	}
	for _, def := range []struct {
		into  *string
		value string
	}{{&d.tender, "card"}, {&d.till, "t1"}, {&d.operator, "anna"}, {&d.ref, "o-" + d.id}} {
		if *def.into == "" {
			*def.into = def.value
		}
	}
	e := func(kind pos.EventKind) pos.Event {
		return pos.Event{Kind: kind, Attempt: pos.AttemptID(d.id), Time: when}
	}
	intent, armed, outcome := e(pos.EventIntent), e(pos.EventArmed), e(pos.EventOutcome)
	intent.Intent = &pos.Intent{Till: d.till, Type: d.typ, Reference: d.ref, Tender: d.tender, Amount: d.amount, Due: d.due(), Operator: d.operator,
		Original: pos.AttemptID(d.original), Named: true}
	outcome.Reply = &pos.Reply{Outcome: pos.OutcomeApproved, Approved: d.approved, Scheme: d.scheme, Text: d.text}
	list := []pos.Event{intent, armed}
	doubt, suspense, resolve, confirm := e(pos.EventDoubt), e(pos.EventSuspense), e(pos.EventResolve), e(pos.EventConfirm)
	doubt.Reason, suspense.Reason = string(pos.DoubtCut), "nobody knows"
	resolve.Verdict, resolve.Operator, resolve.Reason = pos.VerdictPaid, d.operator, "seen on the terminal"
	switch d.state {
	case "", pos.StateConfirmed:
		return append(list, outcome, confirm)
	case pos.StateApproved:
		return append(list, outcome)
	case pos.StateDeclined:
		outcome.Reply.Outcome = pos.OutcomeDeclined
		return append(list, outcome)
	case pos.StateArmed:
		return list
	case pos.StateUnknown:
		return append(list, doubt)
	case pos.StateManual:
		return append(list, doubt, suspense)
	case pos.StateForced:
		return append(list, doubt, suspense, resolve)
	}
	panic(d.state)
}

// due lets several attempts share a sale.
func (d did) due() pos.Money {
	if d.typ == pos.TypeCharge || d.typ == pos.TypeRedeem || d.typ == pos.TypePreauth {
		return pos.FromMinor(1<<50, d.amount.Currency())
	}
	return pos.Money{}
}

func (s *shop) put(list ...did) {
	s.t.Helper()
	for _, d := range list {
		_, err := s.j.Append(s.t.Context(), s.events(d)...)
		require.NoError(s.t, err)
	}
}

// then appends one more event to an attempt.
func (s *shop) then(id string, e pos.Event) {
	s.t.Helper()
	e.Attempt, e.Time = pos.AttemptID(id), s.now
	_, err := s.j.Append(s.t.Context(), e)
	require.NoError(s.t, err)
}

func (s *shop) confirm(id string) {
	s.t.Helper()
	s.then(id, pos.Event{Kind: pos.EventConfirm, OrderID: "r"})
}

// undo takes an unconfirmed approval back.
func (s *shop) undo(id string) {
	s.t.Helper()
	s.then(id, pos.Event{Kind: pos.EventUndo, Reason: "no goods"})
	s.then(id, pos.Event{Kind: pos.EventUndone, Reply: &pos.Reply{Outcome: pos.OutcomeReversed}})
}

// flat writes lines as key currency net [sales/refunds/voids as count:minor], one a line.
func flat(lines []report.Line) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s %s %d s%d:%d r%d:%d v%d:%d\n", l.Key, l.Currency, l.Net, l.Sales.Count, l.Sales.Minor, l.Refunds.Count, l.Refunds.Minor, l.Voids.Count, l.Voids.Minor)
	}
	return b.String()
}

// exceptions writes exceptions as kind currency count minor.
func exceptions(r report.Report) string {
	var b strings.Builder
	for _, e := range r.Exceptions {
		fmt.Fprintf(&b, "%s %s %d:%d\n", e.Kind, e.Currency, e.Count, e.Minor)
	}
	return b.String()
}
