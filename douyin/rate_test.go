package douyin

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func fixedClock() time.Time { return time.Unix(1_800_000_000, 0) }

func TestABucketLetsSoManyCallsPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBucket(10)
		start := time.Now()
		for range 30 {
			require.NoError(t, b.wait(t.Context()))
		}
		require.InDelta(t, 2.0, time.Since(start).Seconds(), 0.01, "ten at once, then ten a second")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, b.wait(ctx), context.DeadlineExceeded)
		time.Sleep(time.Second)
		again := time.Now()
		for range 10 {
			require.NoError(t, b.wait(t.Context()))
		}
		require.Zero(t, time.Since(again), "who gave up paid nothing")
		require.NoError(t, newBucket(-1).wait(t.Context()))
	})
}
