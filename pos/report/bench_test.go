package report_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/journal"
	"github.com/openecr/openecr/pos/report"
)

// millionDir names a directory that keeps the journal of BenchmarkMillion for
// the next time; OPENECR_BENCH_SMALL takes 20,000 attempts to see that it runs.
const millionDir = "OPENECR_REPORT_MILLION"

// sell writes n attempts of a busy shop: four lanes, three tenders, six
// operators, a refund for every fiftieth and 2,000 a day.
func sell(b *testing.B, j *journal.Journal, n int) {
	s := &shop{j: j, now: at("2025-01-01 00:00:00")}
	tenders, operators := []string{"card", "wechat", "cash"}, []string{"anna", "li", "wu", "max", "eva", "zhang"}
	var batch []pos.Event
	for i := range n {
		s.now = s.now.Add(24 * time.Hour / 2000)
		d := did{id: fmt.Sprintf("lane-%d-1-%d", i%4, i), till: fmt.Sprintf("lane-%d", i%4), tender: tenders[i%3], operator: operators[i%6], amount: cny(int64(100 + i*7919%500_000))}
		if i%50 == 49 {
			d.typ, d.original, d.ref = pos.TypeRefund, fmt.Sprintf("lane-%d-1-%d", (i-48)%4, i-48), fmt.Sprintf("o-lane-%d-1-%d", (i-48)%4, i-48)
			d.tender, d.amount = tenders[(i-48)%3], cny(100)
		}
		batch = append(batch, s.events(d)...)
		if len(batch) > 60 || i == n-1 {
			_, err := j.Append(context.Background(), batch...)
			require.NoError(b, err)
			batch = batch[:0]
		}
	}
}

// million opens the journal of the benchmarks, which it makes where there is none.
func million(b *testing.B) (*journal.Journal, int) {
	n := 1_000_000
	if os.Getenv("OPENECR_BENCH_SMALL") != "" {
		n = 20_000
	}
	dir := os.Getenv(millionDir)
	if dir == "" {
		dir = b.TempDir()
	}
	path := filepath.Join(dir, fmt.Sprintf("till-%d.db", n))
	if _, err := os.Stat(path + ".done"); err != nil {
		j, err := journal.Open(context.Background(), journal.Config{Path: path, MinFree: -1})
		require.NoError(b, err)
		start := time.Now()
		sell(b, j, n)
		require.NoError(b, j.Close())
		require.NoError(b, os.WriteFile(path+".done", nil, 0o600))
		b.Logf("%d attempts written in %v", n, time.Since(start))
	}
	j, err := journal.Open(context.Background(), journal.Config{Path: path, ReadOnly: true})
	require.NoError(b, err)
	b.Cleanup(func() { j.Close() })
	return j, n
}

// BenchmarkMillion makes reports over a journal of 1,000,000 attempts.
func BenchmarkMillion(b *testing.B) {
	j, n := million(b)
	book, err := report.New(report.Config{Journal: j, Zone: shanghai, Terms: map[string]report.Terms{"wechat": {RatePer100k: 600, PayDays: 1}, "card": {RatePer100k: 500, PayDays: 1, Workdays: true}}})
	require.NoError(b, err)
	b.Run("X over all", func(b *testing.B) {
		for b.Loop() {
			r, err := book.X(b.Context(), report.Window{})
			require.NoError(b, err)
			require.Equal(b, int64(n), r.Totals[0].Sales.Count+r.Totals[0].Refunds.Count)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/report")
		b.ReportMetric(float64(m.HeapSys)/(1<<20), "MiB-heap")
	})
	b.Run("X of a day", func(b *testing.B) {
		for b.Loop() {
			_, err := book.X(b.Context(), report.Window{Day: "2025-01-05"})
			require.NoError(b, err)
		}
		b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/report")
	})
	b.Run("CSV over all", func(b *testing.B) {
		r, err := book.X(b.Context(), report.Window{})
		require.NoError(b, err)
		for b.Loop() {
			require.NoError(b, book.CSV(b.Context(), io.Discard, r))
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/export")
	})
}
