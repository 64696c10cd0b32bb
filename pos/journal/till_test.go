package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/stretchr/testify/require"
)

// A disk that fails or fills at any write of a day leaves the journal, what
// the till said, and the peer's books in agreement once the disk is well again.
func TestADiskThatFailsAtAnyWriteOfADay(t *testing.T) {
	for name, failure := range map[string]error{
		"failed sync": errors.New("sync failed"),
		"full disk":   &codeError{code: sqlite3.SQLITE_FULL, text: "disk is full"},
	} {
		for _, fault := range []postest.Fault{postest.FaultNone, postest.FaultLoseAnswer, postest.FaultDecline} {
			at := 1
			for failAt(t, fmt.Sprintf("%s at write %d, terminal fault %q", name, at, fault), failure, fault, at) {
				at++
			}
			require.Greater(t, at, 3, "a day has an intent, an armed and an outcome at least")
		}
	}
}

// failAt runs a day on a disk that fails from its nth write on, then recovers
// on a sound one. It reports whether there were that many writes.
func failAt(t *testing.T, what string, failure error, fault postest.Fault, at int) (reached bool) {
	t.Helper()
	path, peer := newPath(t), &postest.Peer{Faults: []postest.Fault{fault}}
	run := func(j *Journal, f func(till *pos.Till)) {
		till, err := pos.Open(t.Context(), pos.Config{ID: "lane-1", Journal: j, Drivers: map[string]pos.Driver{"card": &postest.Fake{Peer: peer}},
			Times: pos.Times{AskEvery: time.Millisecond, AskAtMost: 20 * time.Millisecond}})
		require.NoError(t, err, what)
		f(till)
		require.NoError(t, till.Close())
	}
	j := open(t, testConfig(path))
	writes := 0
	j.failWrite = func([]Record) error {
		if writes++; writes >= at {
			return failure
		}
		return nil
	}
	run(j, func(till *pos.Till) {
		a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Reference: "order-1"})
		if net := peer.Net(); err == nil && net != 1280 {
			t.Errorf("%s: told paid, the books hold %d", what, net)
		} else if errors.Is(err, pos.ErrNotSent) && net != 0 {
			t.Errorf("%s: told not sent, the books hold %d", what, net)
		}
		if err == nil {
			_, err = till.Refund(t.Context(), pos.RefundRequest{Original: a.ID, Amount: pos.FromMinor(280, pos.CNY)})
			if net := peer.Net(); errors.Is(err, pos.ErrNotSent) && net != 1280 {
				t.Errorf("%s: refund told not sent, the books hold %d", what, net)
			}
		}
	})
	reached = writes >= at
	j.Close() // may say that the journal was poisoned

	j = open(t, testConfig(path))
	run(j, func(till *pos.Till) {
		_, err := till.Recover(t.Context())
		require.NoError(t, err, what)
	})
	require.Empty(t, postest.Agree(t.Context(), j, peer.Net()), what)
	require.NoError(t, j.Close())
	return reached
}

// An older copy put back hides a payment: the till does not open on it, and
// when somebody insists, the epoch has jumped and the record says so.
func TestAnOlderCopyPutBackUnderATill(t *testing.T) {
	path, peer := newPath(t), &postest.Peer{}
	charge := func(j *Journal, ref string) pos.Attempt {
		till, err := pos.Open(t.Context(), pos.Config{ID: "lane-1", Journal: j, Drivers: map[string]pos.Driver{"card": &postest.Fake{Peer: peer}}})
		require.NoError(t, err)
		defer till.Close()
		a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Reference: ref})
		require.NoError(t, err)
		return a
	}
	j := open(t, testConfig(path))
	first := charge(j, "order-1")
	require.NoError(t, j.Close())
	copyTo(t, path, path+".old")
	j = open(t, testConfig(path))
	second := charge(j, "order-2")
	require.NoError(t, j.Close())
	copyTo(t, path+".old", path)

	_, err := Open(t.Context(), testConfig(path))
	require.ErrorIs(t, err, ErrRollback)
	cfg := testConfig(path)
	cfg.AcceptRollback = true
	j = open(t, cfg)
	defer j.Close()
	third := charge(j, "order-3")
	require.NotEqual(t, second.ID, third.ID, "keys never repeat")
	require.NotEmpty(t, postest.Agree(t.Context(), j, peer.Net()), "the lost payment shows against the peer's books")
	_, err = j.Get(t.Context(), first.ID)
	require.NoError(t, err)
}

// copyTo copies a closed file.
func copyTo(t *testing.T, from, to string) {
	t.Helper()
	src, err := os.Open(from)
	require.NoError(t, err)
	defer src.Close()
	dst, err := os.Create(to)
	require.NoError(t, err)
	_, err = io.Copy(dst, src)
	require.NoError(t, errors.Join(err, dst.Close()))
}
