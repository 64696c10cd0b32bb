package pos_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
)

// Any mix of work, faults, restarts and deaths leaves journal and books equal,
// and no sale above its due.
func TestRandomDaysAgree(t *testing.T) {
	faults := []postest.Fault{postest.FaultNone, postest.FaultNone, postest.FaultBeforeSend, postest.FaultNotSent, postest.FaultLoseRequest,
		postest.FaultLoseAnswer, postest.FaultGarble, postest.FaultDecline, postest.FaultCancel, postest.FaultPartial, postest.FaultAutoReverse}
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		journal, peer := postest.NewMemoryJournal(), &postest.Peer{}
		for range rapid.IntRange(1, 4).Draw(t, "runs") {
			b := postest.NewBarriers(journal)
			b.KillAt, b.After = rapid.IntRange(0, 12).Draw(t, "kill at"), rapid.Bool().Draw(t, "after")
			till, err := pos.Open(ctx, pos.Config{ID: "lane-1", Journal: b, Times: quick,
				Drivers: map[string]pos.Driver{"card": &postest.Witness{Driver: &postest.Fake{Peer: peer}, Barriers: b}}})
			if err != nil {
				journal = journal.Reopen()
				continue // died while opening
			}
			for range rapid.IntRange(1, 6).Draw(t, "calls") {
				peer.Faults = []postest.Fault{rapid.SampledFrom(faults).Draw(t, "fault")}
				peer.UndoFaults = rapid.SliceOfN(rapid.SampledFrom([]postest.Fault{postest.FaultNone, postest.FaultLoseAnswer, postest.FaultLoseRequest}), 0, 2).Draw(t, "undo faults")
				work(ctx, t, till)
			}
			till.Close()
			for _, p := range b.Problems() {
				t.Error(p)
			}
			journal = journal.Reopen()
		}
		peer.Faults, peer.UndoFaults = nil, nil
		till, err := pos.Open(ctx, pos.Config{ID: "lane-1", Journal: journal, Times: quick,
			Drivers: map[string]pos.Driver{"card": &postest.Fake{Peer: peer}}})
		if err != nil {
			t.Fatal(err)
		}
		defer till.Close()
		if _, err := till.Recover(ctx); err != nil && !errors.Is(err, pos.ErrOutcomeUnknown) {
			t.Fatal(err)
		}
		for _, p := range postest.Agree(ctx, journal, peer.Net()) {
			t.Error(p)
		}
		sales(ctx, t, journal)
	})
}

// work makes one random call.
func work(ctx context.Context, t *rapid.T, till *pos.Till) {
	ref := fmt.Sprintf("order-%d", rapid.IntRange(1, 3).Draw(t, "sale"))
	switch rapid.IntRange(0, 4).Draw(t, "call") {
	case 0, 1:
		till.Charge(ctx, pos.ChargeRequest{Amount: cny(int64(rapid.IntRange(1, 10).Draw(t, "tenths")) * 100), Due: cny(1000), Reference: ref})
	case 2:
		eachPaid(ctx, till, ref, func(a pos.Attempt) { till.Void(ctx, pos.VoidRequest{Original: a.ID}) })
	case 3:
		eachPaid(ctx, till, ref, func(a pos.Attempt) {
			till.Refund(ctx, pos.RefundRequest{Original: a.ID, Amount: cny(int64(rapid.IntRange(1, 300).Draw(t, "refund")))})
		})
	case 4:
		eachPaid(ctx, till, ref, func(a pos.Attempt) { till.Abandon(ctx, a.ID, "random") })
	}
}

func eachPaid(ctx context.Context, till *pos.Till, ref string, f func(pos.Attempt)) {
	list, err := till.Find(ctx, pos.Filter{Reference: ref, Types: []pos.Type{pos.TypeCharge}, States: []pos.State{pos.StateApproved}, Limit: 1})
	if err == nil && len(list) > 0 {
		f(list[0])
	}
}

func sales(ctx context.Context, t *rapid.T, j pos.Journal) {
	for i := range 4 {
		list, err := j.Find(ctx, pos.Filter{Reference: fmt.Sprintf("order-%d", i)})
		if err != nil {
			t.Fatal(err)
		}
		net, err := pos.NetOf(list, pos.CNY)
		if err != nil || net.Minor() > 1000 || net.Minor() < 0 {
			t.Errorf("order-%d holds %s of a due of 10.00 (%v)", i, net, err)
		}
	}
}
