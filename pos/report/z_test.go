package report_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/report"
)

// boss carries everything over.
func boss(context.Context, []pos.Attempt) (string, error) { return "mrs wu", nil }

func TestZsAreNumberedAndCoverEverythingOnce(t *testing.T) {
	s := newShop(t)
	s.put(did{amount: cny(1000)})
	x, err := s.book().X(t.Context(), report.Window{})
	require.NoError(t, err)
	one, err := s.book().Z(t.Context(), report.ZRequest{Operator: "anna"})
	require.NoError(t, err)
	require.Equal(t, 1, one.Number)
	require.Equal(t, report.Day("2026-11-22"), one.Day)
	require.Equal(t, x.Totals, one.Totals)

	s.put(did{amount: cny(30)}) // after the Z, on the same day
	_, err = s.book().Z(t.Context(), report.ZRequest{})
	require.ErrorIs(t, err, pos.ErrConflict)
	var closed *report.ClosedError
	require.ErrorAs(t, err, &closed)
	require.Equal(t, 1, closed.Closing.Number)
	require.Equal(t, "anna", closed.Closing.Operator)

	s.now = at("2026-11-23 22:00:00")
	s.put(did{amount: cny(5)})
	two, err := s.book().Z(t.Context(), report.ZRequest{})
	require.NoError(t, err)
	require.Equal(t, 2, two.Number)
	require.Equal(t, " CNY 35 s2:35 r0:0 v0:0\n", flat(two.Totals), "what came after a Z is in the next")
	require.Equal(t, one.UpTo, two.Since)
	three, err := s.book().Z(t.Context(), report.ZRequest{Again: true})
	require.NoError(t, err)
	require.Equal(t, 3, three.Number)
	require.Empty(t, three.Totals)

	s.reopen()
	for _, want := range []report.Report{one, two, three} {
		again, err := s.book().Numbered(t.Context(), want.Number)
		require.NoError(t, err)
		require.Equal(t, want.Check, again.Check)
		require.Equal(t, want, again)
	}
	_, err = s.book().Numbered(t.Context(), 4)
	require.ErrorIs(t, err, pos.ErrNotFound)
	require.NoError(t, s.j.Verify(t.Context(), nil))
}

func TestAZRefusesWhatIsOpenUnlessASupervisorCarriesItOver(t *testing.T) {
	s := newShop(t)
	s.put(did{amount: cny(1000)}, did{id: "unknown", amount: cny(200), state: pos.StateUnknown}, did{id: "manual", amount: cny(30), state: pos.StateManual},
		did{id: "orphan", amount: cny(4), state: pos.StateApproved}, did{id: "hold", typ: pos.TypePreauth, amount: cny(7), state: pos.StateApproved})
	head := s.j.Head()
	_, err := s.book().Z(t.Context(), report.ZRequest{})
	var open *report.OpenError
	require.ErrorAs(t, err, &open)
	require.ErrorIs(t, err, pos.ErrConflict)
	require.Len(t, open.Open, 4)
	for _, id := range []string{"unknown", "manual", "orphan", "hold"} {
		require.ErrorContains(t, err, id, "it is named")
	}
	nobody := errors.New("nobody is here")
	_, err = s.book().Z(t.Context(), report.ZRequest{CarryOver: func(context.Context, []pos.Attempt) (string, error) { return "", nobody }})
	require.ErrorIs(t, err, nobody)
	require.ErrorIs(t, err, report.ErrOpen)
	_, err = s.book().Z(t.Context(), report.ZRequest{CarryOver: func(context.Context, []pos.Attempt) (string, error) { return "", nil }})
	require.ErrorIs(t, err, report.ErrOpen)
	require.Equal(t, head, s.j.Head(), "a Z that is refused leaves nothing behind")

	z, err := s.book().Z(t.Context(), report.ZRequest{CarryOver: boss, Operator: "anna"})
	require.NoError(t, err)
	require.Equal(t, "mrs wu", z.Supervisor)
	require.Equal(t, " CNY 1004 s2:1004 r0:0 v0:0\n", flat(z.Totals))
	c, err := s.book().Closing(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []pos.AttemptID{"unknown", "manual", "orphan", "hold"}, c.Carried)

	// What becomes of them is in the next one.
	s.now = at("2026-11-23 09:00:00")
	s.then("unknown", pos.Event{Kind: pos.EventOutcome, Reply: &pos.Reply{Outcome: pos.OutcomeApproved}})
	s.confirm("unknown")
	s.undo("orphan")
	s.confirm("hold")
	_, err = s.book().Z(t.Context(), report.ZRequest{})
	require.ErrorAs(t, err, &open)
	require.Len(t, open.Open, 1, "what was carried over once must be carried again")
	s.then("manual", pos.Event{Kind: pos.EventResolve, Verdict: pos.VerdictPaid, Operator: "li", Reason: "on the bank's list"})
	two, err := s.book().Z(t.Context(), report.ZRequest{})
	require.NoError(t, err)
	require.Equal(t, " CNY 226 s1:226 r0:0 v0:0\n", flat(two.Totals), "200 and 30 came, 4 had been counted and went back")
	require.Equal(t, "CORRECTED CNY 3:234\nFORCED CNY 1:30\n", exceptions(two))

	s.reopen()
	for _, want := range []report.Report{z, two} {
		again, err := s.book().Numbered(t.Context(), want.Number)
		require.NoError(t, err)
		require.Equal(t, want, again, "a Z made again is as it was, whatever came later")
	}
}

func TestALateApprovalOfAClosedDayIsFoundAgain(t *testing.T) {
	s := newShop(t)
	s.put(did{id: "no", amount: cny(500), state: pos.StateDeclined})
	_, err := s.book().Z(t.Context(), report.ZRequest{})
	require.NoError(t, err)
	s.now = at("2026-11-23 09:00:00")
	s.then("no", pos.Event{Kind: pos.EventEvidence, Alert: pos.AlertLateApproval, Reply: &pos.Reply{Outcome: pos.OutcomeApproved}})
	_, err = s.book().Z(t.Context(), report.ZRequest{})
	require.ErrorIs(t, err, report.ErrOpen, "it waits for a person")
	s.then("no", pos.Event{Kind: pos.EventResolve, Verdict: pos.VerdictPaid, Operator: "li", Reason: "paid"})
	z, err := s.book().Z(t.Context(), report.ZRequest{})
	require.NoError(t, err)
	require.Equal(t, " CNY 500 s1:500 r0:0 v0:0\n", flat(z.Totals))
	require.Equal(t, "CORRECTED CNY 1:500\nFORCED CNY 1:500\nLATE_APPROVAL CNY 1:500\n", exceptions(z))
}

func TestAnotherConfigurationIsNoticed(t *testing.T) {
	s := newShop(t)
	s.put(did{amount: cny(1000)})
	_, err := s.book().Z(t.Context(), report.ZRequest{})
	require.NoError(t, err)
	other := s.book(func(c *report.Config) { c.Channel = func(pos.Attempt) string { return "market" } })
	r, err := other.Numbered(t.Context(), 1)
	require.ErrorIs(t, err, report.ErrCheck)
	require.Equal(t, "market CNY 1000 s1:1000 r0:0 v0:0\n", flat(r.Channels))
}

func TestOfTwoZsAtOnceOneCloses(t *testing.T) {
	s := newShop(t)
	s.put(did{amount: cny(1000)})
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = s.book().Z(context.Background(), report.ZRequest{Again: i%2 == 0}) })
	}
	wg.Wait()
	closed := 0
	for _, err := range errs {
		if err == nil {
			closed++
			continue
		}
		require.ErrorIs(t, err, pos.ErrConflict)
	}
	require.Positive(t, closed)
	contiguous(t, s.book())
}

// contiguous checks that the Zs have no gap and no window twice, and returns how many there are.
func contiguous(t testing.TB, b *report.Book) int {
	last, _, err := b.Last(t.Context())
	require.NoError(t, err)
	before := report.Closing{}
	for n := 1; n <= last.Number; n++ {
		c, err := b.Closing(t.Context(), n)
		require.NoError(t, err)
		require.Equal(t, before.UpTo, c.Since)
		require.GreaterOrEqual(t, c.UpTo, c.Since)
		before = c
	}
	_, err = b.Closing(t.Context(), last.Number+1)
	require.ErrorIs(t, err, pos.ErrNotFound)
	return last.Number
}

func TestZsOfLanesAreNumberedApart(t *testing.T) {
	s := newShop(t)
	s.put(did{amount: cny(1)}, did{amount: cny(10), till: "t2"})
	lane := func(c *report.Config) { c.Till = "t2" }
	for _, c := range []struct {
		b    *report.Book
		want string
	}{{s.book(lane), " CNY 10 s1:10 r0:0 v0:0\n"}, {s.book(), " CNY 11 s2:11 r0:0 v0:0\n"}} {
		z, err := c.b.Z(t.Context(), report.ZRequest{})
		require.NoError(t, err)
		require.Equal(t, 1, z.Number)
		require.Equal(t, c.want, flat(z.Totals))
	}
}

func TestAForeignAttemptUnderAZsNameIsNoZ(t *testing.T) {
	s := newShop(t)
	s.put(did{id: "Z_1", ref: "Z:*", amount: cny(1)})
	_, err := s.book().Z(t.Context(), report.ZRequest{})
	require.ErrorIs(t, err, pos.ErrConflict, "and no second attempt of that id")
	_, err = s.book().Numbered(t.Context(), 1)
	require.Error(t, err)
}

func TestTheCheckHoldsNoDigits(t *testing.T) {
	s := newShop(t)
	r, err := s.book().X(t.Context(), report.Window{})
	require.NoError(t, err)
	require.Len(t, r.Check, 32)
	require.Empty(t, strings.Trim(r.Check, "abcdefghijklmnop"))
}
