package rules

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openecr/openecr/pos"
)

const many = `{"version": 1, "calendar": {"zone": "Asia/Shanghai", "cut_off": "04:00"}, "currencies": ["CNY"],
"velocity": {"off": true}, "duplicate": {"off": true}, "vouchers": {"once": true, "per_bill": 2},
"limits": [
 {"id": "till", "per": "day", "by": "till", "max": "3.00 CNY"},
 {"id": "operator", "per": "week", "by": "operator", "max": "6.00 CNY", "count": 9},
 {"id": "tender", "per": "day", "by": "tender", "tenders": ["a"], "max": "2.00 CNY"},
 {"id": "token", "per": "week", "by": "token", "count": 3},
 {"id": "all", "per": "week", "by": "all", "max": "9.00 CNY"},
 {"id": "back", "actions": ["refund"], "per": "day", "by": "operator", "max": "1.00 CNY"}]}`

var states = []pos.State{pos.StateArmed, pos.StateUnknown, pos.StateApproved, pos.StateConfirmed, pos.StateDeclined, pos.StateNotSent, pos.StateReversed}

// counted is a limit's sum worked out anew, from nothing but the attempts.
func counted(c *Config, l *Limit, list []pos.Attempt) map[string]use {
	sums := map[string]use{}
	for _, a := range list {
		if !(a.State.Live() || a.State.Paid()) || !l.covers(pos.Action(a.Type), a.Tender, a.Amount.Currency()) {
			continue
		}
		whose, ok := l.whose(a.Till, a.Operator, a.Tender, a.Token)
		if !ok {
			continue
		}
		key := fmt.Sprint(l.since(c.day(a.Created)), whose)
		u := sums[key]
		sums[key] = use{u.minor + a.Amount.Minor(), u.count + 1}
	}
	return sums
}

// No order of requests, outcomes and changes of mind exceeds a limit; the same
// inputs give the same verdict; and counters built anew are the same counters.
func TestNoSequenceExceedsALimit(t *testing.T) {
	cfg, err := Parse([]byte(many))
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		n := NewCounters(cfg)
		var list []pos.Attempt
		at := time.Date(2026, 3, 16, 2, 0, 0, 0, time.UTC)
		for i := range rapid.IntRange(1, 60).Draw(r, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 20).Draw(r, "hours")) * time.Hour)
			if len(list) > 0 && rapid.Bool().Draw(r, "change") { // one that is under way ends
				k := rapid.IntRange(0, len(list)-1).Draw(r, "which")
				if list[k].State.Live() {
					list[k].State = rapid.SampledFrom(states).Draw(r, "end")
					list[k].Approved, list[k].Updated = list[k].Amount, int64(1000+i)
					n.Observe(list[k])
				}
				continue
			}
			a := pos.Attempt{ID: pos.AttemptID(fmt.Sprint("a", i)), State: pos.StateIntent, Seq: int64(i + 1), Updated: int64(i + 1), Created: at,
				Type: rapid.SampledFrom([]pos.Type{pos.TypeCharge, pos.TypeCharge, pos.TypeRedeem, pos.TypeRefund}).Draw(r, "type"),
				Till: rapid.SampledFrom([]string{"t1", "t2"}).Draw(r, "till"), Operator: rapid.SampledFrom([]string{"x", "y"}).Draw(r, "operator"),
				Tender: rapid.SampledFrom([]string{"a", "b"}).Draw(r, "tender"), Token: rapid.SampledFrom([]string{"", "k1", "k2"}).Draw(r, "token"),
				Reference: rapid.SampledFrom([]string{"o1", "o2"}).Draw(r, "sale"),
				Amount:    pos.FromMinor(int64(rapid.IntRange(1, 120).Draw(r, "fen")), pos.CNY)}
			q := Request{Ask: pos.Ask{Action: pos.Action(a.Type), Type: a.Type, Attempt: a.ID, Till: a.Till, Operator: a.Operator, Tender: a.Tender,
				Token: a.Token, Reference: a.Reference, Amount: a.Amount, Sum: a.Amount, Original: &pos.Attempt{Approved: a.Amount}, Time: at}}
			v := Judge(cfg, n, q)
			require.Equal(r, v, Judge(cfg, n, q), "judging changes nothing")
			if v.Act == pos.ActAllow {
				list = append(list, a)
				n.Observe(a)
			}
			for i := range cfg.Limits {
				l := &cfg.Limits[i]
				for whose, u := range counted(cfg, l, list) {
					require.False(r, l.Max != (Sum{}) && u.minor > l.Max.Minor() || l.Count > 0 && u.count > l.Count, "%s %s: %+v", l.ID, whose, u)
				}
			}
		}
		again := NewCounters(cfg)
		for _, a := range list {
			again.Observe(a)
			again.Observe(a) // the same again is nothing new
		}
		require.Equal(r, n.uses, again.uses)
		require.Equal(r, n.facts, again.facts)
		require.Equal(r, n.order, again.order)
		require.Equal(r, n.byToken, again.byToken)
		require.Equal(r, n.bills, again.bills)
		require.Equal(r, n.redeemed, again.redeemed)
	})
}

// What no rule looks at any more is forgotten; a clock that ran ahead empties nothing.
func TestCountersForget(t *testing.T) {
	cfg, err := Parse([]byte(many))
	require.NoError(t, err)
	n := NewCounters(cfg)
	seq := int64(0)
	pay := func(at time.Time) {
		seq++
		n.Observe(pos.Attempt{ID: pos.AttemptID(fmt.Sprint("a", seq)), Type: pos.TypeCharge, State: pos.StateConfirmed, Till: "t1", Operator: "x", Tender: "b",
			Token: "k", Reference: fmt.Sprint(seq), Amount: pos.FromMinor(10, pos.CNY), Approved: pos.FromMinor(10, pos.CNY), Seq: seq, Updated: seq, Created: at})
	}
	monday := time.Date(2026, 3, 16, 2, 0, 0, 0, time.UTC)
	for day := range 60 {
		pay(monday.AddDate(0, 0, day))
	}
	require.LessOrEqual(t, len(n.facts), 8)
	require.Len(t, n.order, len(n.facts))
	require.Len(t, n.byToken["k"], len(n.facts))
	require.LessOrEqual(t, len(n.uses), 4*8)
	require.True(t, slices.IsSortedFunc(n.order, func(a, b *fact) int { return int(a.seq - b.seq) }))

	last := monday.AddDate(0, 0, 59)
	before, _, err := n.Used("operator", last, "x")
	require.NoError(t, err)
	pay(last.AddDate(70, 0, 0)) // the clock is wrong for a moment
	pay(last)
	after, _, err := n.Used("operator", last, "x")
	require.NoError(t, err)
	require.Equal(t, before+10, after)
	n.Observe(pos.Attempt{ID: "late", Type: pos.TypeCharge, State: pos.StateConfirmed, Seq: 1, Updated: 999, Created: monday, Amount: pos.FromMinor(1, pos.CNY)})
	require.Nil(t, n.facts["late"], "news of long ago is not counted today")
}

func BenchmarkVerdict(b *testing.B) {
	cfg, err := Load("testdata/rules.json")
	require.NoError(b, err)
	n := NewCounters(cfg)
	at := time.Date(2026, 3, 18, 4, 0, 0, 0, time.UTC)
	for i := range 20_000 {
		n.Observe(pos.Attempt{ID: pos.AttemptID(fmt.Sprint("a", i)), Type: pos.TypeCharge, State: pos.StateConfirmed, Till: "t1", Operator: "x", Tender: "card",
			Token: fmt.Sprint("k", i%5000), Reference: fmt.Sprint(i), Amount: pos.FromMinor(int64(1000+i%777), pos.CNY), Approved: pos.FromMinor(int64(1000+i%777), pos.CNY),
			Seq: int64(i + 1), Updated: int64(i + 1), Created: at.Add(time.Duration(i) * time.Second / 2)})
	}
	q := Request{Role: "cashier", Ask: pos.Ask{Action: pos.ActionCharge, Type: pos.TypeCharge, Attempt: "new", Till: "t1", Operator: "x", Tender: "card",
		Token: "k1", Reference: "o", Amount: pos.FromMinor(4950_00, pos.CNY), Time: at.Add(10_000 * time.Second)}}
	b.ReportAllocs()
	for b.Loop() {
		Judge(cfg, n, q)
	}
}
