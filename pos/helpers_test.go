package pos_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
)

// quick are intervals for tests: nothing waits for real.
var quick = pos.Times{AskEvery: time.Millisecond, AskAtMost: 40 * time.Millisecond, Quarantine: time.Millisecond}

func cny(minor int64) pos.Money { return pos.FromMinor(minor, pos.CNY) }

// lane is a till with its journal and peer.
type lane struct {
	*pos.Till
	t       *testing.T
	journal *postest.MemoryJournal
	peer    *postest.Peer
	cfg     pos.Config
}

func newLane(t *testing.T, faults ...postest.Fault) *lane {
	t.Helper()
	l := &lane{t: t, journal: postest.NewMemoryJournal(), peer: &postest.Peer{Faults: faults, Currency: pos.CNY}}
	l.cfg = pos.Config{ID: "lane-1", Times: quick}
	l.open()
	return l
}

func (l *lane) open() {
	l.t.Helper()
	l.cfg.Journal = l.journal
	l.cfg.Drivers = map[string]pos.Driver{"card": &postest.Fake{Peer: l.peer}}
	till, err := pos.Open(l.t.Context(), l.cfg)
	require.NoError(l.t, err)
	l.Till = till
	l.t.Cleanup(func() { till.Close() })
}

// restart is the next process: the journal reopened, a new driver.
func (l *lane) restart() {
	l.t.Helper()
	l.Till.Close()
	l.journal = l.journal.Reopen()
	l.open()
}

func (l *lane) charge(minor int64, ref string) (pos.Attempt, error) {
	return l.Charge(l.t.Context(), pos.ChargeRequest{Amount: cny(minor), Reference: ref, Tender: "card"})
}

// agree fails unless journal and books hold the same and nothing is open.
func (l *lane) agree() {
	l.t.Helper()
	require.Empty(l.t, postest.Agree(context.Background(), l.journal, l.peer.Net()))
}
