package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/stretchr/testify/require"
)

// generate writes a journal of n attempts, the last live ones of them not
// ended, in seconds: unsynced, in large transactions, indexes at the end. What
// it writes is what selling would have written, which a test verifies.
func generate(t testing.TB, path string, n, live int) {
	st, err := openStore(path)
	require.NoError(t, err)
	v, err := openView(path + viewSuffix)
	require.NoError(t, err)
	for _, q := range []string{"PRAGMA synchronous=OFF", "PRAGMA wal_autocheckpoint=20000"} {
		require.NoError(t, st.inserter.run(q))
		require.NoError(t, v.writer.run(q))
	}
	for _, q := range viewSchema {
		if name, index := strings.CutPrefix(q, "CREATE INDEX "); index {
			require.NoError(t, v.writer.run("DROP INDEX "+strings.Fields(name)[0]))
		}
	}
	j := &Journal{cfg: Config{Path: path}, store: st, view: v, mem: newMemory(0), epoch: 1}
	g := &group{j: j, wall: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	g.own(KindEpoch, ownBody{Kind: KindEpoch, Version: schemaVersion})
	var rows []*pos.Attempt
	for i := range n {
		rows = append(rows, generateOne(t, g, i, i >= n-live))
		if len(rows) == 5000 || i == n-1 {
			require.NoError(t, st.insert(g.rows))
			require.NoError(t, v.write(rows, 0, g.at))
			g.rows, rows = g.rows[:0], rows[:0]
		}
	}
	for _, q := range viewSchema {
		if strings.HasPrefix(q, "CREATE INDEX ") {
			require.NoError(t, v.writer.run(q))
		}
	}
	// The schema is compared in the order it was made in.
	require.NoError(t, v.writer.run("PRAGMA writable_schema=ON"))
	for i, q := range viewSchema {
		name := strings.Fields(strings.TrimPrefix(strings.TrimPrefix(q, "CREATE "), "UNIQUE "))[1]
		require.NoError(t, v.writer.exec("UPDATE sqlite_schema SET rowid = ? WHERE name = ?", int64(100+i), name))
	}
	m, err := openMark(path+markSuffix, g.at)
	require.NoError(t, err)
	require.NoError(t, m.close())
	require.NoError(t, v.close())
	require.NoError(t, st.close())
}

// attemptsADay is a busy shop.
const attemptsADay = 2000

func generateOne(t testing.TB, g *group, i int, live bool) *pos.Attempt {
	id := fmt.Sprintf("lane-%d-1-%d", i%4, i)
	at := g.wall.Add(time.Duration(i) * (24 * time.Hour / attemptsADay))
	money := fmt.Sprintf(`{"minor":%d,"currency":"CNY"}`, 100+i*7919%500_000)
	head := func(kind pos.EventKind) string {
		return fmt.Sprintf(`{"kind":%q,"attempt":%q,"time":%q`, kind, id, at.Format(time.RFC3339Nano))
	}
	bodies := [...]struct {
		kind pos.EventKind
		body string
	}{
		{pos.EventIntent, fmt.Sprintf(`%s,"intent":{"till":"lane-%d","type":"charge","reference":"order-%d","tender":"card","device":"term-%d","amount":%s,"operator":"anna"}}`, head(pos.EventIntent), i%4, i, i, money)},
		{pos.EventArmed, head(pos.EventArmed) + `,"handle":{"receipt":"0343","trace":"000512"}}`},
		{pos.EventOutcome, fmt.Sprintf(`%s,"reply":{"outcome":"approved","auth_code":"A12345","receipt":"%d","card":"621234******%04d","code":"00"}}`, head(pos.EventOutcome), i, i*31%10_000)},
		{pos.EventConfirm, fmt.Sprintf(`%s,"order_id":"R-%d"}`, head(pos.EventConfirm), i)},
	}
	var a pos.Attempt
	for k, b := range bodies {
		if live && k == 2 {
			break
		}
		if (g.at.seq+1)%CheckpointEvery == 0 {
			g.own(KindCheckpoint, ownBody{Kind: KindCheckpoint})
		}
		g.append(Record{Kind: string(b.kind), Attempt: pos.AttemptID(id), Body: b.body})
		e, err := (&g.rows[len(g.rows)-1]).Event()
		require.NoError(t, err)
		if a, _, err = pos.Reduce(a, e); err != nil {
			require.NoError(t, err)
		}
	}
	return &a
}

func TestTheGeneratorWritesAJournal(t *testing.T) {
	path := newPath(t)
	generate(t, path, 1000, 10)
	j := open(t, testConfig(path))
	require.NoError(t, j.Verify(t.Context(), nil))
	list, err := j.Find(t.Context(), pos.Filter{States: pos.LiveStates()})
	require.NoError(t, err)
	require.Len(t, list, 10)
	body, err := json.Marshal(pos.Event{Kind: pos.EventConfirm, Attempt: "lane-0-1-0", Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), OrderID: "R-0"})
	require.NoError(t, err)
	r, err := record(j.store.writer, 5)
	require.NoError(t, err)
	require.Equal(t, string(body), r.Body, "as Append writes it")
	require.NoError(t, j.Close())
}

// BenchmarkMillion opens a journal of 1,000,000 attempts, 10 of them live, and
// looks things up in it. OPENECR_JOURNAL_MILLION names a directory that keeps
// it for the next time; OPENECR_BENCH_SMALL takes 20,000 to see that it runs.
func BenchmarkMillion(b *testing.B) {
	n := 1_000_000
	if os.Getenv("OPENECR_BENCH_SMALL") != "" {
		n = 20_000
	}
	dir := os.Getenv("OPENECR_JOURNAL_MILLION")
	if dir == "" {
		dir = b.TempDir()
	}
	path := filepath.Join(dir, "till.db")
	if _, err := os.Stat(path + markSuffix); err != nil {
		start := time.Now()
		generate(b, path, n, 10)
		b.Logf("generated in %v", time.Since(start))
	}
	b.Run("open to first append", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			j := benchOpen(b, path)
			_, err := j.Append(b.Context(), saleOf(fmt.Sprintf("o%d-%d", j.Epoch(), i), 1)[0]...)
			require.NoError(b, err)
			_, err = j.Append(b.Context(), pos.Event{Kind: pos.EventVoided, Attempt: pos.AttemptID(fmt.Sprintf("o%d-%d", j.Epoch(), i)), Reply: &pos.Reply{Outcome: pos.OutcomeNotSent}})
			require.NoError(b, err)
			b.StopTimer()
			require.NoError(b, j.Close())
			b.StartTimer()
		}
		b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/open")
	})
	j := benchOpen(b, path)
	defer j.Close()
	day := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		f    pos.Filter
	}{
		{"day, first page of 100", pos.Filter{From: day, To: day.AddDate(0, 0, 1), Limit: 100}},
		{"day, last page of 100", pos.Filter{From: day, To: day.AddDate(0, 0, 1), Limit: 100, Newest: true}},
		{"day, whole", pos.Filter{From: day, To: day.AddDate(0, 0, 1)}},
		{"amount", pos.Filter{Amount: pos.FromMinor(100+500_000*7919%500_000, pos.CNY)}},
		{"last four", pos.Filter{LastFour: "0031"}},
		{"last four and day", pos.Filter{LastFour: "0031", From: day, To: day.AddDate(0, 0, 1)}},
		{"reference", pos.Filter{Reference: "order-500000"}},
		{"live", pos.Filter{States: pos.LiveStates()}},
		{"newest 50 confirmed", pos.Filter{States: []pos.State{pos.StateConfirmed}, Limit: 50, Newest: true}},
		{"newest 50 of a lane", pos.Filter{Till: "lane-2", Limit: 50, Newest: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			found := 0
			for b.Loop() {
				list, err := j.Find(context.Background(), c.f)
				require.NoError(b, err)
				found = len(list)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/look-up")
			b.ReportMetric(float64(found), "rows")
		})
	}
}

// BenchmarkMillionScan reads every attempt of the journal of BenchmarkMillion.
func BenchmarkMillionScan(b *testing.B) {
	dir := os.Getenv("OPENECR_JOURNAL_MILLION")
	if dir == "" {
		b.Skip("OPENECR_JOURNAL_MILLION names a directory in which BenchmarkMillion has left a journal")
	}
	j := benchOpen(b, filepath.Join(dir, "till.db"))
	defer j.Close()
	for parts := range MaxScanParts {
		b.Run(fmt.Sprintf("parts=%d", parts+1), func(b *testing.B) {
			var seen [MaxScanParts]int
			for b.Loop() {
				clear(seen[:])
				require.NoError(b, j.Scan(b.Context(), pos.Filter{}, parts+1, func(part int, _ *pos.Attempt) error {
					seen[part]++
					return nil
				}))
			}
			total := 0
			for _, n := range seen {
				total += n
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/scan")
			b.ReportMetric(float64(total), "attempts")
		})
	}
}
