package postest

import (
	"context"
	"fmt"

	"github.com/openecr/openecr/pos"
)

// JournalNet adds up what a journal says is here: everything taken less
// everything given back, in minor units. Attempts that have not ended, and
// alerts, come back as notes: with any of them the sum proves nothing.
func JournalNet(ctx context.Context, j pos.Journal) (net int64, notes []string, err error) {
	list, err := j.Find(ctx, pos.Filter{})
	if err != nil {
		return 0, nil, err
	}
	holds := map[pos.AttemptID]bool{}
	for _, a := range list {
		holds[a.ID] = a.Type == pos.TypePreauth
	}
	for _, a := range list {
		if a.State.Live() {
			notes = append(notes, fmt.Sprintf("attempt %s (%s %s) is %s: %s", a.ID, a.Type, a.Amount, a.State, a.Reason))
		}
		if !a.State.Paid() {
			continue
		}
		switch a.Type {
		case pos.TypeCharge, pos.TypeCompletion, pos.TypeRedeem:
			net += a.Approved.Minor()
		case pos.TypeVoid, pos.TypeRefund:
			if !holds[a.Original] {
				net -= a.Approved.Minor()
			}
		}
	}
	return net, notes, nil
}

// Agree compares a journal with a peer's books and returns what is wrong.
func Agree(ctx context.Context, j pos.Journal, peer int64) []string {
	net, notes, err := JournalNet(ctx, j)
	if err != nil {
		return []string{err.Error()}
	}
	if net != peer {
		notes = append(notes, fmt.Sprintf("the journal holds %d minor units, the peer's books %d", net, peer))
	}
	return notes
}
