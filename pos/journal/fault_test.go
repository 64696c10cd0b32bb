package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/stretchr/testify/require"
	sqlite3 "modernc.org/sqlite/lib"
)

// rank orders the states of saleOf: a later one implies the earlier ones.
var rank = map[string]int{"intent": 1, "armed": 2, "approved": 3, "confirmed": 4}

func TestKilledAtAnyMomentItKeepsWhatWasDurable(t *testing.T) {
	rounds := 200
	if testing.Short() || slow {
		rounds = 20
	}
	const shops = 2
	for shop := range shops {
		t.Run(fmt.Sprint("shop ", shop), func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			kept := map[pos.AttemptID]int{}
			for round := range rounds / shops {
				cmd, lines, _ := child(t, "sell", path, fmt.Sprint(round))
				ready := lineAfter(lines, "open")
				require.True(t, ready)
				if round%4 > 0 { // now and then at the very beginning
					time.Sleep(time.Duration(rand.IntN(12_000)) * time.Microsecond)
				}
				require.NoError(t, cmd.Process.Kill())
				for lines.Scan() {
					var id, state string
					if n, _ := fmt.Sscanf(lines.Text(), "durable %s %s", &id, &state); n == 2 && rank[state] > 0 {
						kept[pos.AttemptID(id)] = rank[state]
					} else if strings.HasPrefix(lines.Text(), "error") {
						t.Error(lines.Text())
					}
				}
				_ = cmd.Wait() // it was killed
				if round%5 == 4 || round == rounds/shops-1 {
					checkKept(t, path, kept)
				}
			}
			t.Logf("%d attempts survived", len(kept))
		})
	}
}

// checkKept opens the journal, which verifies it, and looks for what was durable.
func checkKept(t *testing.T, path string, kept map[pos.AttemptID]int) {
	j := open(t, testConfig(path))
	defer func() { require.NoError(t, j.Close()) }()
	found := map[pos.AttemptID]string{}
	for _, a := range all(t, j) {
		found[a.ID] = string(a.State)
	}
	for id, r := range kept {
		require.GreaterOrEqual(t, rank[found[id]], r, "attempt %s was told durable", id)
	}
	require.NoError(t, j.Verify(t.Context(), nil))
}

// roleEIO appends, lets syncs fail, and says what the journal says.
func roleEIO(path string) error {
	ctx := context.Background()
	cfg := testConfig(path)
	var notices atomic.Int32
	cfg.Notify = func(n Notice) {
		if n.Kind == NoticePoisoned {
			notices.Add(1)
		}
	}
	j, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	for _, batch := range saleOf("good", 1)[:2] {
		if _, err := j.Append(ctx, batch...); err != nil {
			return err
		}
	}
	if failSyncs != nil {
		err = failSyncs()
	} else {
		j.failWrite = func([]Record) error { return errors.New("sync failed") }
	}
	if err != nil {
		return err
	}
	_, err = j.Append(ctx, saleOf("bad", 1)[0]...)
	if !errors.Is(err, pos.ErrJournal) || !errors.Is(err, ErrPoisoned) {
		return fmt.Errorf("after a failed sync Append returned %v", err)
	}
	fmt.Println("refused:", err)
	if _, err := j.Append(ctx, saleOf("good", 1)[2]...); !errors.Is(err, ErrPoisoned) {
		return fmt.Errorf("a poisoned journal returned %v", err)
	}
	if j.Poisoned() == nil || notices.Load() != 1 {
		return fmt.Errorf("poisoned: %v, notices: %d", j.Poisoned(), notices.Load())
	}
	if a, err := j.Get(ctx, "good"); err != nil || a.State != pos.StateArmed {
		return fmt.Errorf("reading: %v %v", a.State, err)
	}
	if _, err := j.Get(ctx, "bad"); !errors.Is(err, pos.ErrNotFound) {
		return fmt.Errorf("what failed is shown: %v", err)
	}
	fmt.Println("poisoned")
	return nil // without Close, as a process that gives up
}

func TestAFailingSyncPoisons(t *testing.T) {
	path := newPath(t)
	cmd, lines, _ := child(t, "eio", path, "")
	var out []string
	for lines.Scan() {
		out = append(out, lines.Text())
	}
	require.NoError(t, cmd.Wait(), "%s", out)
	require.Contains(t, out, "poisoned")
	j := open(t, testConfig(path))
	a, err := j.Get(t.Context(), "good")
	require.NoError(t, err)
	require.Equal(t, pos.StateArmed, a.State)
	_, err = j.Append(t.Context(), saleOf("good", 1)[2]...)
	require.NoError(t, err, "reopened it works again")
	require.NoError(t, j.Close())
}

func TestTwoOpeningsOfOneJournal(t *testing.T) {
	path := newPath(t)
	cmd, lines, in := child(t, "hold", path, "")
	require.True(t, lineAfter(lines, "open"))
	_, err := Open(t.Context(), Config{Path: path})
	require.ErrorIs(t, err, ErrLocked)
	require.ErrorIs(t, err, pos.ErrJournal)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, cmd.Process.Pid, e.PID)

	r := open(t, Config{Path: path, ReadOnly: true})
	require.Empty(t, all(t, r), "reading beside the writer is allowed")
	require.NoError(t, r.Close())

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	_ = in.Close() // Wait may have closed it
	j := open(t, testConfig(path))
	require.EqualValues(t, 2, j.Epoch(), "a dead holder needs no human")
	_, err = Open(t.Context(), Config{Path: path})
	require.ErrorIs(t, err, ErrLocked, "a second opening in one process too")
	require.NoError(t, j.Close())
}

func TestAWriterThatWasTakenOverStops(t *testing.T) {
	path := newPath(t)
	j := open(t, testConfig(path))
	fill(t, j, "a", 2)
	// Another process got past the lock and opened: a later epoch stands in the file.
	other := testConfig(path)
	require.NoError(t, os.Rename(path+lockSuffix, path+".gone"))
	k := open(t, other)
	require.Greater(t, k.Epoch(), j.Epoch())
	_, err := j.Append(t.Context(), saleOf("late", 1)[0]...)
	require.ErrorIs(t, err, ErrFenced)
	require.ErrorIs(t, j.Poisoned(), ErrFenced)
	_, err = j.Append(t.Context(), saleOf("later", 1)[0]...)
	require.ErrorIs(t, err, ErrPoisoned)
	fill(t, k, "b", 2)
	require.NoError(t, j.Close())
	require.NoError(t, k.Close())
}

// smallDisk is a file system of its own that gets full; ok is false where none can be mounted.
func smallDisk(t *testing.T) (cfg Config, fillUp, room func(j *Journal), ok bool) {
	dir := t.TempDir()
	unmount, err := mountSmall(dir, 24<<20)
	if err != nil {
		return cfg, nil, nil, false
	}
	t.Cleanup(func() { require.NoError(t, unmount()) })
	filler := filepath.Join(dir, "filler")
	cfg = Config{Path: filepath.Join(dir, "till.db"), MinFree: -1}
	fillUp = func(*Journal) {
		f, err := os.Create(filler)
		require.NoError(t, err)
		block := make([]byte, 1<<12)
		for err == nil {
			_, err = f.Write(block)
		}
		require.NoError(t, f.Close())
	}
	return cfg, fillUp, func(*Journal) { require.NoError(t, os.Remove(filler)) }, true
}

// pageLimit lets SQLite find the disk full without one.
func pageLimit(t *testing.T) (cfg Config, fillUp, room func(j *Journal)) {
	var current atomic.Pointer[Journal]
	cfg = Config{Path: newPath(t), MinFree: -1}
	limit := func(j *Journal, pages int) {
		require.NoError(t, j.store.inserter.run(fmt.Sprintf("PRAGMA max_page_count=%d", pages)))
	}
	cfg.Notify = func(n Notice) {
		if j := current.Load(); n.Kind == NoticeReserve && j != nil && n.Err != nil {
			limit(j, 1<<20) // what the reserve was for
		}
	}
	return cfg, func(j *Journal) { current.Store(j); limit(j, 1) }, func(j *Journal) { limit(j, 1<<20) }
}

func TestAFullDiskRefusesBeginningsAndKeepsEndings(t *testing.T) {
	if cfg, fillUp, room, ok := smallDisk(t); ok {
		t.Run("small file system", func(t *testing.T) { fullDisk(t, cfg, fillUp, room) })
	}
	t.Run("limit of pages", func(t *testing.T) {
		cfg, fillUp, room := pageLimit(t)
		fullDisk(t, cfg, fillUp, room)
	})
}

func fullDisk(t *testing.T, cfg Config, fillUp, room func(j *Journal)) {
	cfg.tune.flush = 20 * time.Millisecond
	j := open(t, cfg)
	const begun = 20
	for i := range begun {
		for _, batch := range saleOf(fmt.Sprint("begun", i), int64(i))[:2] {
			_, err := j.Append(t.Context(), batch...)
			require.NoError(t, err)
		}
	}
	_, err := j.Append(t.Context(), saleOf("waiting", 1)[0]...)
	require.NoError(t, err)
	fillUp(j)
	// What is in place already (the log) may still take some.
	refused := ""
	for i := range 20_000 {
		id := fmt.Sprint("more", i)
		if _, err = j.Append(t.Context(), saleOf(id, 1)[0]...); err != nil {
			refused = id
			break
		}
	}
	require.ErrorIs(t, err, ErrFull)
	require.ErrorIs(t, err, pos.ErrJournal)
	arming := saleOf("waiting", 1)[1]
	arming[0].Handle = pos.Handle{"token": strings.Repeat("t", 4000)} // needs a page of its own
	_, err = j.Append(t.Context(), arming...)
	require.ErrorIs(t, err, ErrFull, "an arming is a beginning")
	require.NoError(t, j.Poisoned(), "a full disk is no damage")
	_, err = j.Get(t.Context(), pos.AttemptID(refused))
	require.ErrorIs(t, err, pos.ErrNotFound)

	var wg sync.WaitGroup
	for i := range begun {
		wg.Go(func() {
			for _, batch := range saleOf(fmt.Sprint("begun", i), int64(i))[2:] {
				if _, err := j.Append(context.Background(), batch...); err != nil {
					t.Errorf("an ending found no room: %v", err)
				}
			}
		})
	}
	wg.Wait()
	require.True(t, j.reserveGone.Load(), "the reserve was used")
	before := all(t, j)

	room(j)
	require.Eventually(t, func() bool { return !j.reserveGone.Load() }, 5*time.Second, 5*time.Millisecond, "the reserve comes back")
	_, err = j.Append(t.Context(), saleOf(refused, 1)[0]...)
	require.NoError(t, err)
	require.NoError(t, j.Close())
	j = open(t, cfg)
	require.Equal(t, before, all(t, j)[:len(before)])
	require.NoError(t, j.Verify(t.Context(), nil))
	require.NoError(t, j.Close())
}

func TestAFullDiskStillOpens(t *testing.T) {
	cfg, fillUp, room, ok := smallDisk(t)
	if !ok { // nothing can be made full here: the reserve is asked for all the same
		cfg = Config{Path: newPath(t), MinFree: -1}
		fillUp, room = func(*Journal) {}, func(*Journal) {}
	}
	j := open(t, cfg)
	for _, batch := range saleOf("begun", 1)[:2] {
		_, err := j.Append(t.Context(), batch...)
		require.NoError(t, err)
	}
	require.NoError(t, j.Close())
	fillUp(nil)
	j = open(t, cfg)
	for _, batch := range saleOf("begun", 1)[2:] {
		_, err := j.Append(t.Context(), batch...)
		require.NoError(t, err)
	}
	require.NoError(t, j.Close())
	room(nil)
	j = open(t, cfg)
	a, err := j.Get(t.Context(), "begun")
	require.NoError(t, err)
	require.Equal(t, pos.StateConfirmed, a.State)
	require.NoError(t, j.Close())
}

func TestTooLittleFreeSpaceRefusesNewAttemptsOnly(t *testing.T) {
	cfg := testConfig(newPath(t))
	j := open(t, cfg)
	_, err := j.Append(t.Context(), saleOf("a", 1)[0]...)
	require.NoError(t, err)
	require.NoError(t, j.Close())
	cfg.MinFree = 1 << 62
	var told atomic.Int32
	cfg.Notify = func(n Notice) {
		if n.Kind == NoticeSpace {
			told.Add(1)
		}
	}
	j = open(t, cfg)
	_, err = j.Append(t.Context(), saleOf("b", 1)[0]...)
	require.ErrorIs(t, err, ErrFull)
	require.ErrorContains(t, err, "too little free space")
	_, err = j.Append(t.Context(), saleOf("a", 1)[1]...)
	require.NoError(t, err)
	require.EqualValues(t, 1, told.Load())
	require.NoError(t, j.Close())
}

func TestARefusedNeighbourDoesNoHarm(t *testing.T) {
	j := open(t, testConfig(newPath(t)))
	var wg sync.WaitGroup
	for lane := range 16 {
		wg.Go(func() {
			for i := range 20 {
				id := fmt.Sprintf("n%d-%d", lane, i)
				for _, batch := range saleOf(id, int64(i)) {
					if _, err := j.Append(context.Background(), batch...); err != nil {
						t.Error(err)
					}
					_, err := j.Append(context.Background(), saleOf(id, int64(i))[0]...)
					if !errors.Is(err, pos.ErrConflict) {
						t.Errorf("a second intent returned %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, all(t, j), 16*20)
	require.NoError(t, j.Verify(t.Context(), nil))
	require.NoError(t, j.Close())
}

func TestABusyFileIsNoDamage(t *testing.T) {
	j := open(t, testConfig(newPath(t)))
	c, err := openConn(j.cfg.Path, "", "BEGIN IMMEDIATE")
	require.NoError(t, err)
	require.NoError(t, j.store.inserter.run("PRAGMA busy_timeout=1"))
	_, err = j.Append(t.Context(), saleOf("a", 1)[0]...)
	require.ErrorIs(t, err, pos.ErrJournal)
	require.Equal(t, sqlite3.SQLITE_BUSY, sqlitePrimary(err))
	require.NoError(t, c.run("ROLLBACK"))
	require.NoError(t, c.close())
	require.NoError(t, j.Poisoned())
	_, err = j.Append(t.Context(), saleOf("a", 1)[0]...)
	require.NoError(t, err)
	require.NoError(t, j.Close())
}

func TestNoCardNumberReachesAFile(t *testing.T) {
	path := newPath(t)
	j := open(t, Config{Path: path})
	fill(t, j, "a", 5)
	secrets := []string{"4111111111111111", "5500000000000004", "4111111111111111=2512101123456789"}
	for i, secret := range secrets {
		_, err := j.Append(t.Context(), pos.Event{Kind: pos.EventVoided, Attempt: "a5", Reason: secret, Reply: &pos.Reply{}})
		require.ErrorIs(t, err, pos.ErrInvalid)
		_, err = j.Append(t.Context(), saleOf(fmt.Sprint("x", i), 1)[0][0], pos.Event{Kind: pos.EventArmed, Attempt: "x", Handle: pos.Handle{"pan": secret}})
		require.ErrorIs(t, err, pos.ErrInvalid)
	}
	look := func() {
		files, err := filepath.Glob(path + "*")
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(files), 5)
		for _, f := range files {
			data, err := os.ReadFile(f)
			require.NoError(t, err)
			st, err := os.Stat(f)
			require.NoError(t, err)
			require.Zero(t, st.Mode().Perm()&0o077, "%s is for the owner alone", f)
			for _, secret := range secrets {
				require.False(t, bytes.Contains(data, []byte(secret)), "%s is in %s", secret, f)
			}
		}
	}
	look()
	require.NoError(t, j.Close())
	look()
}

func TestDescriptorsAndGoroutinesAreGivenBack(t *testing.T) {
	path := newPath(t)
	j := open(t, testConfig(path))
	fill(t, j, "a", 3)
	require.NoError(t, j.Close())
	before := descriptors(t)
	for range 5 {
		j := open(t, testConfig(path))
		all(t, j)
		require.NoError(t, j.Verify(t.Context(), nil))
		require.NoError(t, j.Close())
		_, err := Open(t.Context(), Config{Path: path, Watermark: t.TempDir()}) // not a file
		require.Error(t, err)
	}
	require.Equal(t, before, descriptors(t))
}

// TestJournalWithoutMemory runs the conformance suite with a journal that
// keeps nothing at hand, so that everything is read from the view.
func TestJournalWithoutMemory(t *testing.T) {
	postest.TestJournal(t, func(t *testing.T, dir string) postest.ClosableJournal {
		cfg := testConfig(filepath.Join(dir, "till.db"))
		cfg.tune.idle, cfg.tune.flush, cfg.tune.whole, cfg.tune.delay = -1, time.Millisecond, -1, time.Millisecond
		return open(t, cfg)
	})
}
