package journal

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/stretchr/testify/require"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "j.db")
	for round := range 3 {
		j, err := Open(ctx, Config{Path: path, Notify: func(n Notice) { t.Log(n) }})
		require.NoError(t, err)
		require.EqualValues(t, round+1, j.Epoch())
		for i := range 1000 {
			id := pos.AttemptID(fmt.Sprintf("a-%d-%d", round, i))
			now := time.Now()
			_, err := j.Append(ctx, pos.Event{Kind: pos.EventIntent, Attempt: id, Time: now, Intent: &pos.Intent{Till: "l", Type: pos.TypeCharge, Reference: string(id), Tender: "card", Device: "d", Amount: pos.FromMinor(100, pos.CNY)}})
			require.NoError(t, err)
			_, err = j.Append(ctx, pos.Event{Kind: pos.EventArmed, Attempt: id, Time: now, Handle: pos.Handle{"r": "1"}})
			require.NoError(t, err)
			a, err := j.Append(ctx, pos.Event{Kind: pos.EventOutcome, Attempt: id, Time: now, Reply: &pos.Reply{Outcome: pos.OutcomeApproved}}, pos.Event{Kind: pos.EventConfirm, Attempt: id, Time: now, OrderID: "x"})
			require.NoError(t, err)
			require.Equal(t, pos.StateConfirmed, a.State)
		}
		list, err := j.Find(ctx, pos.Filter{})
		require.NoError(t, err)
		require.Len(t, list, (round+1)*1000)
		require.NoError(t, j.Verify(ctx, nil))
		require.NoError(t, j.Close())
	}
}
