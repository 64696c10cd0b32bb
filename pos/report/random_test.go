package report_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/report"
)

// sums adds the nets of lines up by currency.
func sums(lines []report.Line) map[pos.Currency]int64 {
	m := map[pos.Currency]int64{}
	for _, l := range lines {
		m[l.Currency] += l.Net
		if m[l.Currency] == 0 {
			delete(m, l.Currency)
		}
	}
	return m
}

// TestEverySectionAddsUpToTheJournal makes days at random, with Zs in between,
// and compares every sum with the journal, added up another way.
func TestEverySectionAddsUpToTheJournal(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := newShop(t)
		defer s.j.Close()
		closed := map[pos.Currency]int64{} // by all Zs
		pick := func(name string, list ...string) string { return rapid.SampledFrom(list).Draw(r, name) }
		var orphans, paid, unknown, holds []did
		steps := rapid.IntRange(1, 40).Draw(r, "steps")
		for i := range steps {
			s.now = s.now.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(r, "wait")) * time.Second)
			d := did{id: fmt.Sprintf("x%d", i), tender: pick("tender", "cash", "card", "wechat"), operator: pick("operator", "anna", "li", ""), till: pick("till", "t1", "t2"),
				amount: pos.FromMinor(rapid.Int64Range(1, 1_000_000).Draw(r, "amount"), pos.Currency(pick("currency", "CNY", "CNY", "JPY")))}
			switch pick("do", "sale", "sale", "redeem", "orphan", "confirm", "undo", "refund", "void", "unknown", "decide", "declined", "hold", "release", "z") {
			case "sale":
				s.put(d)
				paid = append(paid, d)
			case "redeem":
				d.typ = pos.TypeRedeem
				s.put(d)
			case "orphan":
				d.state = pos.StateApproved
				s.put(d)
				orphans = append(orphans, d)
			case "confirm":
				if len(orphans) > 0 {
					s.confirm(orphans[0].id)
					orphans = orphans[1:]
				}
			case "undo":
				if len(orphans) > 0 {
					s.undo(orphans[0].id)
					orphans = orphans[1:]
				}
			case "refund", "void":
				if len(paid) == 0 {
					continue
				}
				o := paid[0]
				paid = paid[1:]
				d.tender, d.ref, d.original, d.amount, d.typ = o.tender, "o-"+o.id, o.id, o.amount, pos.TypeVoid
				if pick("kind", "part", "whole") == "part" {
					d.typ, d.amount = pos.TypeRefund, pos.FromMinor(1+o.amount.Minor()/3, o.amount.Currency())
					if d.amount.Minor() > o.amount.Minor() {
						d.amount = o.amount
					}
				}
				s.put(d)
			case "unknown":
				d.state = pos.StateUnknown
				s.put(d)
				unknown = append(unknown, d)
			case "decide":
				if len(unknown) > 0 {
					outcome := pos.Outcome(pick("outcome", string(pos.OutcomeApproved), string(pos.OutcomeDeclined)))
					s.then(unknown[0].id, pos.Event{Kind: pos.EventOutcome, Reply: &pos.Reply{Outcome: outcome}})
					unknown = unknown[1:]
				}
			case "declined":
				d.state = pos.StateDeclined
				s.put(d)
			case "hold":
				d.typ = pos.TypePreauth
				s.put(d)
				holds = append(holds, d)
			case "release":
				if len(holds) > 0 {
					o := holds[0]
					holds = holds[1:]
					d.tender, d.ref, d.original, d.amount = o.tender, "o-"+o.id, o.id, o.amount
					d.typ = pos.Type(pick("release", string(pos.TypeVoid), string(pos.TypeCompletion)))
					s.put(d)
				}
			case "z":
				z, err := s.book().Z(t.Context(), report.ZRequest{Again: true, CarryOver: boss})
				require.NoError(r, err)
				check(r, t, s, z)
				for c, n := range sums(z.Totals) {
					closed[c] += n
				}
			}
		}
		x, err := s.book().X(t.Context(), report.Window{})
		require.NoError(r, err)
		check(r, t, s, x)
		var all int64
		for _, n := range closed {
			all += n
		}
		require.Equal(r, net(t, s.j), all+total(x), "all Zs and the X are the journal")
		whole, err := s.book().X(t.Context(), report.Window{From: at("2000-01-01 00:00:00")})
		require.NoError(r, err)
		check(r, t, s, whole)
		require.Equal(r, net(t, s.j), total(whole))
		last := contiguous(t, s.book())
		for n := 1; n <= last; n++ {
			_, err := s.book().Numbered(t.Context(), n)
			require.NoError(r, err, "made again")
		}
	})
}

// check compares the sections of a report with each other and with its entries.
func check(r *rapid.T, t *testing.T, s *shop, rep report.Report) {
	want := sums(rep.Totals)
	require.Equal(r, want, sums(rep.Tenders), "tenders")
	require.Equal(r, want, sums(rep.Channels), "channels")
	require.Equal(r, want, sums(rep.Hours), "hours")
	require.Equal(r, want, sums(rep.Operators), "operators")
	got := map[pos.Currency]int64{}
	require.NoError(r, s.book().Entries(t.Context(), rep, func(e report.Entry) error {
		if got[e.Currency] += e.Effect; got[e.Currency] == 0 {
			delete(got, e.Currency)
		}
		return nil
	}))
	require.Equal(r, want, got, "entries")
}
