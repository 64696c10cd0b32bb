package journal

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/stretchr/testify/require"
)

// The benchmarks print ratios measured in one run, because absolute numbers
// belong to a disk: go test -run - -bench . ./pos/journal

// bareSyncs measures append+fsync of 512 bytes a second in a directory.
func bareSyncs(b *testing.B, dir string, n int) float64 {
	f, err := os.CreateTemp(dir, "bare")
	require.NoError(b, err)
	defer f.Close()
	block := make([]byte, 512)
	start := time.Now()
	for range n {
		_, err := f.Write(block)
		require.NoError(b, err)
		require.NoError(b, f.Sync())
	}
	return float64(n) / time.Since(start).Seconds()
}

// barriers of one paid attempt: intent, armed, outcome with confirm.
const barriers = 3

// sell runs one attempt from intent to confirmation.
func sell(ctx context.Context, j pos.Journal, lane string, n int64) error {
	id, now := pos.AttemptID(fmt.Sprintf("%s-1-%d-abcdefg", lane, n)), time.Now()
	_, err := j.Append(ctx, pos.Event{Kind: pos.EventIntent, Attempt: id, Time: now, Intent: &pos.Intent{
		Till: lane, Type: pos.TypeCharge, Reference: fmt.Sprintf("order-%s-%d", lane, n), Tender: "card",
		Device: "zvt+tcp://10.0.0.8:20007/" + lane, Amount: pos.FromMinor(100+n%50_000, pos.CNY), Operator: "anna",
	}})
	if err != nil {
		return err
	}
	_, err = j.Append(ctx, pos.Event{Kind: pos.EventArmed, Attempt: id, Time: now, Handle: pos.Handle{"receipt": "0343", "trace": "000512"}})
	if err != nil {
		return err
	}
	_, err = j.Append(ctx, pos.Event{Kind: pos.EventOutcome, Attempt: id, Time: now, Reply: &pos.Reply{
		Outcome: pos.OutcomeApproved, AuthCode: "A12345", RRN: "012345678901", STAN: "000512", Receipt: "0344",
		Card: fmt.Sprintf("621234******%04d", n%10_000), Scheme: "UnionPay", Entry: "contactless", TerminalID: "52500041", Code: "00",
	}}, pos.Event{Kind: pos.EventConfirm, Attempt: id, Time: now, OrderID: "R-20260314-0001"})
	return err
}

func benchOpen(b *testing.B, path string) *Journal {
	j, err := Open(b.Context(), Config{Path: path, Notify: func(n Notice) { b.Log(n.Kind, n.Text, n.Err) }})
	require.NoError(b, err)
	return j
}

// lanesRate runs attempts on lanes until they are done, and returns attempts a second.
func lanesRate(b *testing.B, j pos.Journal, lanes int, prefix string, attempts int64) float64 {
	var left atomic.Int64
	left.Store(attempts)
	var wg sync.WaitGroup
	start := time.Now()
	for lane := range lanes {
		wg.Go(func() {
			name := fmt.Sprintf("%s%d", prefix, lane)
			for left.Add(-1) >= 0 {
				if err := sell(context.Background(), j, name, left.Load()+int64(lane)<<32); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(attempts) / time.Since(start).Seconds()
}

// BenchmarkLanes compares one lane with the bare disk and 64 lanes with one,
// in turns, so that a busy machine slows all of them alike.
func BenchmarkLanes(b *testing.B) {
	dir := b.TempDir()
	j := benchOpen(b, filepath.Join(dir, "till.db"))
	var bare, one, many, groups float64
	rounds := 0
	for b.Loop() {
		bare += bareSyncs(b, dir, 1500)
		one += lanesRate(b, j, 1, fmt.Sprintf("o%d-", rounds), 500)
		was := j.commits.Load()
		many += lanesRate(b, j, 64, fmt.Sprintf("m%d-", rounds), 8000)
		groups += 8000 * barriers / float64(j.commits.Load()-was)
		rounds++
	}
	n := float64(rounds)
	b.ReportMetric(bare/n, "syncs/s")
	b.ReportMetric(one/n, "attempts/s@1")
	b.ReportMetric(many/n, "attempts/s@64")
	b.ReportMetric(groups/n, "appends/sync@64")
	b.ReportMetric(one/(bare/barriers), "x-bare@1")
	b.ReportMetric(many/one, "x-one-lane@64")
	require.NoError(b, j.Close())
}
