package reconcile_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/reconcile"
)

var day = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func yuan(fen int64) pos.Money { return pos.FromMinor(fen, pos.CNY) }

func stream[T any](list ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func redeemed(id, key string, fen int64) pos.Attempt {
	return pos.Attempt{ID: pos.AttemptID(id), Till: "lane-1", Reference: "order-" + id, Operator: "anna", Type: pos.TypeRedeem, State: pos.StateConfirmed, Created: day.Add(time.Hour),
		Vouchers: []pos.VoucherVerdict{{ID: "c" + key, Title: "双人火锅套餐", Verdict: pos.VoucherRedeemed, Amount: yuan(fen), Reference: pos.KeepID(key)}}}
}

func record(key string, fen int64) reconcile.Record {
	return reconcile.Record{Key: key, Voucher: "c" + key, Order: "o" + key, Title: "=HYPERLINK(1)", Amount: yuan(fen), Time: day.Add(time.Hour)}
}

func undoneRecord(r reconcile.Record) reconcile.Record {
	r.Undone, r.UndoneAt = true, r.Time.Add(time.Minute)
	return r
}

func voidOf(id, key string) pos.Attempt {
	return pos.Attempt{ID: pos.AttemptID(id), Type: pos.TypeVoid, State: pos.StateApproved, Created: day.Add(2 * time.Hour),
		Vouchers: []pos.VoucherVerdict{{Verdict: pos.VoucherUndone, Reference: key}}}
}

// Every kind of difference, alone and beside what matches.
func TestEveryDifferenceIsFound(t *testing.T) {
	open := redeemed("x", "9", 100)
	open.State = pos.StateUnknown
	reversed := redeemed("r", "9", 100)
	reversed.State, reversed.Vouchers[0].Verdict = pos.StateReversed, pos.VoucherUndone
	yesterday := redeemed("y", "9", 100)
	yesterday.Created = day.Add(-time.Hour)
	for name, c := range map[string]struct {
		journal []pos.Attempt
		records []reconcile.Record
		ledger  []reconcile.Record
		kinds   []reconcile.Kind
		matched int
	}{
		"equal":                      {journal: []pos.Attempt{redeemed("a", "1", 100)}, records: []reconcile.Record{record("1", 100)}, matched: 1},
		"a number like a card's":     {journal: []pos.Attempt{redeemed("a", "4111111111111111", 100)}, records: []reconcile.Record{record("4111111111111111", 100)}, matched: 1},
		"only here":                  {journal: []pos.Attempt{redeemed("a", "1", 100)}, kinds: []reconcile.Kind{reconcile.OnlyHere}},
		"only there":                 {records: []reconcile.Record{record("1", 100)}, kinds: []reconcile.Kind{reconcile.OnlyThere}},
		"amount":                     {journal: []pos.Attempt{redeemed("a", "1", 100)}, records: []reconcile.Record{record("1", 101)}, kinds: []reconcile.Kind{reconcile.AmountDiffers}},
		"undone elsewhere":           {journal: []pos.Attempt{redeemed("a", "1", 100)}, records: []reconcile.Record{undoneRecord(record("1", 100))}, kinds: []reconcile.Kind{reconcile.UndoneThere}},
		"undone on both sides":       {journal: []pos.Attempt{redeemed("a", "1", 100), voidOf("v", "1")}, records: []reconcile.Record{undoneRecord(record("1", 100))}},
		"undone only here":           {journal: []pos.Attempt{voidOf("v", "1"), redeemed("a", "1", 100)}, records: []reconcile.Record{record("1", 100)}, kinds: []reconcile.Kind{reconcile.UndoneHere}},
		"reversed here, stands":      {journal: []pos.Attempt{reversed}, records: []reconcile.Record{record("9", 100)}, kinds: []reconcile.Kind{reconcile.UndoneHere}},
		"reversed on both sides":     {journal: []pos.Attempt{reversed}, records: []reconcile.Record{undoneRecord(record("9", 100))}},
		"in doubt":                   {journal: []pos.Attempt{open}, kinds: []reconcile.Kind{reconcile.Open}},
		"twice here":                 {journal: []pos.Attempt{redeemed("a", "1", 100), redeemed("b", "1", 100)}, records: []reconcile.Record{record("1", 100)}, kinds: []reconcile.Kind{reconcile.TwiceHere}, matched: 1},
		"twice there":                {journal: []pos.Attempt{redeemed("a", "1", 100)}, records: []reconcile.Record{record("1", 100), record("1", 100)}, kinds: []reconcile.Kind{reconcile.TwiceThere}, matched: 1},
		"of another day":             {journal: []pos.Attempt{yesterday}},
		"midnight between them":      {journal: []pos.Attempt{yesterday}, records: []reconcile.Record{record("9", 100)}, matched: 1},
		"not in the ledger":          {journal: []pos.Attempt{redeemed("a", "1", 100)}, records: []reconcile.Record{record("1", 100)}, ledger: []reconcile.Record{}, kinds: []reconcile.Kind{reconcile.NotYetInLedger}, matched: 1},
		"two rows of one redemption": {journal: []pos.Attempt{redeemed("a", "1", 100)}, records: []reconcile.Record{record("1", 100)}, ledger: []reconcile.Record{record("1", 60), record("1", 40)}, matched: 1},
		"the ledger pays less":       {journal: []pos.Attempt{redeemed("a", "1", 100)}, records: []reconcile.Record{record("1", 100)}, ledger: []reconcile.Record{record("1", 60)}, kinds: []reconcile.Kind{reconcile.AmountDiffers}, matched: 1},
	} {
		t.Run(name, func(t *testing.T) {
			opt := reconcile.Options{From: day, To: day.AddDate(0, 0, 1), LedgerUntil: day.AddDate(0, 0, 1)}
			if c.ledger != nil {
				opt.Ledger = stream(c.ledger...)
			}
			r, err := reconcile.Vouchers(stream(c.journal...), stream(c.records...), opt)
			require.NoError(t, err)
			var kinds []reconcile.Kind
			for _, f := range r.Findings {
				kinds = append(kinds, f.Kind)
				assert.NotEmpty(t, f.Evidence)
				assert.NotEmpty(t, f.Act)
				assert.NotEmpty(t, f.Chinese)
			}
			assert.Equal(t, c.kinds, kinds)
			assert.Equal(t, c.matched, r.Matched)
			assert.Equal(t, len(c.kinds) == 0, r.Equal())
		})
	}
}

func TestHalfAStreamProvesNothing(t *testing.T) {
	broken := errors.New("the line broke")
	_, err := reconcile.Vouchers(stream[pos.Attempt](), func(yield func(reconcile.Record, error) bool) { yield(reconcile.Record{}, broken) }, reconcile.Options{})
	require.ErrorIs(t, err, broken)
}

func TestAReportForASpreadsheet(t *testing.T) {
	r, err := reconcile.Vouchers(stream(redeemed("a", "7500000123456000017", 100)), stream(record("7500000123456000018", 250)), reconcile.Options{})
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, r.WriteCSV(&b))
	text := b.String()
	require.True(t, strings.HasPrefix(text, "\ufeff"), "a byte order mark")
	assert.Equal(t, strings.Count(text, "\n"), strings.Count(text, "\r\n"))
	assert.Contains(t, text, "'7500000123456000018", "an id is text")
	assert.Contains(t, text, "'=HYPERLINK(1)", "and nothing is a formula")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	again, err := reconcile.Vouchers(stream(redeemed("a", "7500000123456000017", 100)), stream(record("7500000123456000018", 250)), reconcile.Options{})
	require.NoError(t, err)
	var second strings.Builder
	require.NoError(t, again.WriteCSV(&second))
	assert.Equal(t, text, second.String(), "the same byte for byte")
	b.Reset()
	require.NoError(t, r.WriteText(&b, pos.Chinese))
	assert.Contains(t, b.String(), "请: ")
	j, err := json.Marshal(r)
	require.NoError(t, err)
	assert.Contains(t, string(j), `"kind":"only_there"`)
}

func ExampleVouchers() {
	r, err := reconcile.Vouchers(stream(redeemed("lane-1-1", "7500000123456000017", 26895)), stream(record("7500000123456000017", 26895)), reconcile.Options{})
	if err != nil {
		panic(err)
	}
	r.WriteText(os.Stdout, pos.English)
	// Output:
	// matched 1, undone on both sides 0
	// journal 268.95 CNY, platform 268.95 CNY
	// no difference
}

// BenchmarkMillion matches a million redemptions with a million records in
// another order; one in a thousand differs.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	attempts := func(yield func(pos.Attempt, error) bool) {
		for i := range n {
			if !yield(redeemed(fmt.Sprintf("lane-1-%d", i), fmt.Sprint(int64(7_500_000_000_000_000_000)+int64(i)), 26895), nil) {
				return
			}
		}
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(n)
	records := func(yield func(reconcile.Record, error) bool) {
		for _, i := range order {
			fen := int64(26895)
			if i%1000 == 0 {
				fen++
			}
			if !yield(record(fmt.Sprint(int64(7_500_000_000_000_000_000)+int64(i)), fen), nil) {
				return
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := reconcile.Vouchers(attempts, records, reconcile.Options{From: day, To: day.AddDate(0, 0, 1)})
		if err != nil || r.Matched != n-n/1000 {
			b.Fatal(err, r.Matched)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-from-system")
	}
}
