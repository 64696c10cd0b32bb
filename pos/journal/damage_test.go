package journal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/stretchr/testify/require"
)

// specimen is a journal as it lies on the disk: closed, or as a killed process leaves it.
type specimen struct {
	path     string
	attempts []pos.Attempt
	records  []string
}

func newSpecimen(t *testing.T, killed bool) specimen {
	cfg := testConfig(newPath(t))
	j := open(t, cfg)
	fill(t, j, "a", 20)
	require.NoError(t, j.Close())
	j = open(t, cfg)
	fill(t, j, "b", 20)
	s := specimen{path: newPath(t), attempts: all(t, j), records: chain(t, j)}
	if killed {
		copyJournal(t, cfg.Path, s.path)
		require.NoError(t, j.Close())
		return s
	}
	require.NoError(t, j.Close())
	copyJournal(t, cfg.Path, s.path)
	return s
}

// check opens a damaged copy: an error that says what it is, or everything as
// it was. It reports whether it opened.
func (s specimen) check(t *testing.T, path, what string) bool {
	j, err := Open(t.Context(), testConfig(path))
	if err != nil {
		require.ErrorIs(t, err, pos.ErrJournal, what)
		var e *Error
		require.ErrorAs(t, err, &e, what)
		named := errors.Is(err, ErrCorrupt) || errors.Is(err, ErrRollback) || errors.Is(err, ErrSchema)
		require.True(t, named, "%s: %v", what, err)
		// For reading it opens, or says why not; it never panics.
		if r, err := Open(t.Context(), Config{Path: path, ReadOnly: true}); err == nil {
			_, _ = r.Find(t.Context(), pos.Filter{})
			_ = r.Records(t.Context(), 1, func(Record) error { return nil })
			_ = r.Close()
		}
		return false
	}
	require.Equal(t, s.attempts, all(t, j), what)
	require.Equal(t, s.records, chain(t, j)[:len(s.records)], what)
	require.NoError(t, j.Verify(t.Context(), nil), what)
	require.NoError(t, j.Close(), what)
	return true
}

// damage applies change to a copy of one file and checks it.
func (s specimen) damage(t *testing.T, suffix, what string, change func(data []byte) []byte) bool {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "till.db")
	copyJournal(t, s.path, path)
	data, err := os.ReadFile(path + suffix)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+suffix, change(data), 0o600))
	return s.check(t, path, what)
}

func size(t *testing.T, path string) int {
	st, err := os.Stat(path)
	require.NoError(t, err)
	return int(st.Size())
}

func TestDamageIsNeverSilent(t *testing.T) {
	samples := 70
	if testing.Short() || slow {
		samples = 12
	}
	for _, killed := range []bool{false, true} {
		s := newSpecimen(t, killed)
		for _, suffix := range companions {
			if st, err := os.Stat(s.path + suffix); err != nil || st.Size() == 0 {
				continue
			}
			t.Run(fmt.Sprintf("killed=%v till.db%s", killed, suffix), func(t *testing.T) {
				t.Parallel()
				n := size(t, s.path+suffix)
				opened, refused := 0, 0
				count := func(ok bool) {
					if ok {
						opened++
					} else {
						refused++
					}
				}
				for i := range samples {
					// A seed per sample: the message repeats the run.
					rnd := rand.New(rand.NewPCG(uint64(i), 7))
					at := rnd.IntN(n)
					if i < 30 {
						at = min(n-1, i*4) // headers deserve more
					}
					bit := byte(1) << rnd.IntN(8)
					count(s.damage(t, suffix, fmt.Sprintf("bit %#x of byte %d", bit, at), func(data []byte) []byte {
						data[at] ^= bit
						return data
					}))
				}
				for i := range samples / 4 {
					length := n * i / (samples / 4)
					count(s.damage(t, suffix, fmt.Sprintf("cut to %d of %d", length, n), func(data []byte) []byte { return data[:length] }))
					count(s.damage(t, suffix, fmt.Sprintf("zeros from %d", length), func(data []byte) []byte {
						clear(data[length:min(n, length+4096)])
						return data
					}))
				}
				count(s.damage(t, suffix, "all zeros", func(data []byte) []byte { clear(data); return data }))
				t.Logf("%d opened with everything there, %d refused", opened, refused)
			})
		}
	}
}

func TestAnOlderCopyIsNoticed(t *testing.T) {
	live, old := newPath(t), newPath(t)
	j := open(t, testConfig(live))
	fill(t, j, "a", 3)
	require.NoError(t, j.Close())
	copyJournal(t, live, old)
	j = open(t, testConfig(live))
	fill(t, j, "b", 3)
	epoch := j.Epoch()
	require.NoError(t, j.Close())

	restore := func(t *testing.T, suffixes ...string) string {
		path := newPath(t)
		copyJournal(t, live, path)
		for _, suffix := range suffixes {
			data, err := os.ReadFile(old + suffix)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path+suffix, data, 0o600))
		}
		return path
	}
	t.Run("with the newer watermark", func(t *testing.T) {
		path := restore(t, "")
		_, err := Open(t.Context(), testConfig(path))
		require.ErrorIs(t, err, ErrRollback)
		r := open(t, Config{Path: path, ReadOnly: true})
		require.ErrorIs(t, r.Poisoned(), ErrRollback)
		require.Len(t, all(t, r), 6)
		require.NoError(t, r.Close())

		cfg := testConfig(path)
		cfg.AcceptRollback = true
		var told []Notice
		cfg.Notify = func(n Notice) { told = append(told, n) }
		j := open(t, cfg)
		require.Greater(t, j.Epoch(), epoch+1000, "no key can repeat")
		require.Len(t, all(t, j), 6)
		require.True(t, strings.Contains(strings.Join(chain(t, j), "\n"), " "+KindRepair+" "))
		require.NotEmpty(t, told)
		fill(t, j, "c", 1)
		require.NoError(t, j.Close())
		j = open(t, testConfig(path))
		require.NoError(t, j.Verify(t.Context(), nil))
		require.NoError(t, j.Close(), "once accepted it opens as ever")
	})
	t.Run("grown beyond the watermark on its own", func(t *testing.T) {
		path := restore(t, "")
		cfg := testConfig(path)
		cfg.Watermark = path + ".other"
		cfg.AcceptRollback = true
		j := open(t, cfg)
		fill(t, j, "fork", 20)
		require.NoError(t, j.Close())
		_, err := Open(t.Context(), testConfig(path))
		require.ErrorIs(t, err, ErrRollback)
		require.ErrorContains(t, err, "another one")
	})
	t.Run("without a watermark", func(t *testing.T) {
		path := restore(t)
		require.NoError(t, os.Remove(path+markSuffix))
		_, err := Open(t.Context(), testConfig(path))
		require.ErrorIs(t, err, ErrRollback)
	})
	t.Run("the file is gone", func(t *testing.T) {
		path := restore(t)
		require.NoError(t, os.Remove(path))
		_, err := Open(t.Context(), testConfig(path))
		require.ErrorIs(t, err, ErrRollback)
		_, err = os.Stat(path)
		require.ErrorIs(t, err, os.ErrNotExist, "no empty journal takes its place")
	})
	t.Run("an older view", func(t *testing.T) {
		path := restore(t, viewSuffix)
		j := open(t, testConfig(path))
		require.Len(t, all(t, j), 12)
		require.NoError(t, j.Verify(t.Context(), nil))
		require.NoError(t, j.Close())
	})
	t.Run("a view of the future", func(t *testing.T) {
		path := restore(t, "", markSuffix)
		j := open(t, testConfig(path))
		require.Len(t, all(t, j), 6)
		require.NoError(t, j.Verify(t.Context(), nil))
		require.NoError(t, j.Close())
	})
}

func TestALostLogIsNoticed(t *testing.T) {
	s := newSpecimen(t, true)
	require.NoError(t, os.Remove(s.path+"-wal"))
	_, err := Open(t.Context(), testConfig(s.path))
	require.ErrorIs(t, err, ErrRollback)
}

// tamper runs SQL on a closed journal, past the triggers.
func tamper(t *testing.T, path string, queries ...string) {
	c, err := openConn(path, "", queries...)
	require.NoError(t, err)
	require.NoError(t, c.close())
}

func TestTamperingIsFound(t *testing.T) {
	const noTriggers = "DROP TRIGGER records_no_update; DROP TRIGGER records_no_delete"
	again := schema[1] + ";" + schema[2]
	for name, c := range map[string]struct {
		sql  string
		want error
	}{
		"an amount is changed":          {`UPDATE records SET body = replace(body, '"minor":101', '"minor":901')`, ErrCorrupt},
		"a record is taken out":         {`DELETE FROM records WHERE seq = 9`, ErrCorrupt},
		"the newest records are gone":   {`DELETE FROM records WHERE seq > 20`, ErrRollback},
		"an epoch is changed":           {`UPDATE records SET epoch = 7 WHERE seq = 5`, ErrCorrupt},
		"a clock is changed":            {`UPDATE records SET mono = mono + 1 WHERE seq = 5`, ErrCorrupt},
		"records change places":         {`UPDATE records SET seq = -1 WHERE seq = 4; UPDATE records SET seq = 4 WHERE seq = 5; UPDATE records SET seq = 5 WHERE seq = -1`, ErrCorrupt},
		"a hash of wrong length":        {`UPDATE records SET hash = x'00' WHERE seq = 6`, ErrCorrupt},
		"a record is added":             {`INSERT INTO records SELECT 1 + max(seq), kind, attempt, epoch, mono, wall, hash, hash, body FROM records`, ErrCorrupt},
		"everything is gone":            {`DELETE FROM records`, ErrRollback},
		"another program's file format": {`PRAGMA application_id = 1`, ErrSchema},
		"a newer version":               {fmt.Sprintf(`PRAGMA user_version = %d`, schemaVersion+1), ErrSchema},
		"a table more":                  {`CREATE TABLE more (x)`, ErrSchema},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			j := open(t, testConfig(path))
			fill(t, j, "a", 8)
			require.NoError(t, j.Close())
			tamper(t, path, noTriggers+";"+c.sql+";"+again)
			_, err := Open(t.Context(), testConfig(path))
			require.ErrorIs(t, err, c.want)
			require.ErrorIs(t, err, pos.ErrJournal)
		})
	}
	t.Run("the triggers are gone", func(t *testing.T) {
		path := newPath(t)
		require.NoError(t, open(t, testConfig(path)).Close())
		tamper(t, path, noTriggers)
		_, err := Open(t.Context(), testConfig(path))
		require.ErrorIs(t, err, ErrSchema)
	})
	t.Run("through the triggers", func(t *testing.T) {
		j := open(t, testConfig(newPath(t)))
		fill(t, j, "a", 1)
		require.ErrorContains(t, j.store.writer.run(`UPDATE records SET body = ''`), "append-only")
		require.ErrorContains(t, j.store.writer.run(`DELETE FROM records`), "append-only")
		require.NoError(t, j.Close())
	})
	t.Run("a file of somebody else", func(t *testing.T) {
		path := newPath(t)
		tamper(t, path, "CREATE TABLE theirs (x)")
		_, err := Open(t.Context(), testConfig(path))
		require.ErrorIs(t, err, ErrSchema)
		require.NoError(t, os.WriteFile(path, []byte("a shopping list, long enough to be no empty file"), 0o600))
		_, err = Open(t.Context(), testConfig(path))
		require.ErrorIs(t, err, ErrCorrupt)
	})
}

func TestTheViewIsMendedOrBuiltAnew(t *testing.T) {
	for name, c := range map[string]struct {
		sql    string
		remove bool
	}{
		"missing":              {remove: true},
		"a body is changed":    {sql: `UPDATE attempts SET body = replace(body, 'approved', 'declined') WHERE id = 'a1'`},
		"a column is changed":  {sql: `UPDATE attempts SET reference = 'other' WHERE id = 'a1'`},
		"a row is missing":     {sql: `DELETE FROM attempts WHERE id = 'a2'`},
		"a row too many":       {sql: `INSERT INTO attempts SELECT 999999, 'new', updated, created, amount, currency, last4, reference, state, device, original, till, tender, type, sum, body FROM attempts LIMIT 1`},
		"an index is missing":  {sql: `DROP INDEX attempts_reference`},
		"of another layout":    {sql: `PRAGMA user_version = 99`},
		"it follows no record": {sql: `UPDATE progress SET hash = x'00'`},
		"it is ahead":          {sql: `UPDATE progress SET seq = 5000`},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(newPath(t))
			j := open(t, cfg)
			fill(t, j, "a", 5)
			want := all(t, j)
			require.NoError(t, j.Close())
			if c.remove {
				require.NoError(t, removeView(cfg.Path+viewSuffix))
			} else {
				tamper(t, cfg.Path+viewSuffix, c.sql)
			}
			j = open(t, cfg)
			require.Equal(t, want, all(t, j))
			require.NoError(t, j.Verify(t.Context(), nil))
			require.NoError(t, j.Close())
		})
	}
	t.Run("a damaged row of a large journal is read from the records", func(t *testing.T) {
		cfg := testConfig(newPath(t))
		cfg.tune.idle, cfg.tune.whole, cfg.tune.flush = -1, -1, time.Millisecond
		j := open(t, cfg)
		fill(t, j, "a", 5)
		want := all(t, j)
		require.NoError(t, j.Close())
		tamper(t, cfg.Path+viewSuffix, `UPDATE attempts SET body = replace(body, 'confirmed', 'declined ') WHERE id = 'a1'`)
		var told atomic.Int32
		cfg.Notify = func(n Notice) {
			if n.Kind == NoticeView {
				told.Add(1)
			}
		}
		j = open(t, cfg)
		require.Equal(t, want, all(t, j))
		require.EqualValues(t, 1, told.Load())
		require.Eventually(t, func() bool {
			told.Store(0)
			return len(all(t, j)) == len(want) && told.Load() == 0
		}, 5*time.Second, 5*time.Millisecond, "the row is written again")
		require.NoError(t, j.Verify(t.Context(), nil))
		require.NoError(t, j.Close())
	})
}

func TestALargeJournalIsVerifiedInTheBackground(t *testing.T) {
	cfg := testConfig(newPath(t))
	j := open(t, cfg)
	fill(t, j, "a", 600)
	require.NoError(t, j.Close())
	tamper(t, cfg.Path, `DROP TRIGGER records_no_update`, `UPDATE records SET body = body || ' ' WHERE seq = 100`)
	tamper(t, cfg.Path, `DROP TRIGGER records_no_delete`, schema[1], schema[2])
	cfg.tune.whole, cfg.tune.delay = 1000, time.Millisecond
	j = open(t, cfg)
	require.Eventually(t, func() bool { return j.Poisoned() != nil }, 10*time.Second, time.Millisecond)
	var e *Error
	require.ErrorAs(t, j.Poisoned(), &e)
	require.ErrorIs(t, e, ErrCorrupt)
	require.EqualValues(t, 100, e.Seq)
	_, err := j.Append(t.Context(), saleOf("x", 1)[0]...)
	require.ErrorIs(t, err, ErrPoisoned)
	require.ErrorIs(t, j.Verify(t.Context(), nil), ErrCorrupt)
	require.NoError(t, j.Close())

	cfg.ReadOnly = true
	j = open(t, cfg)
	require.Len(t, all(t, j), 603, "for reading it opens")
	seen := 0
	err = j.Records(t.Context(), 1, func(Record) error { seen++; return nil })
	require.ErrorAs(t, err, &e)
	require.EqualValues(t, 100, e.Seq)
	require.Equal(t, 99, seen)
	require.NoError(t, j.Records(t.Context(), 101, func(Record) error { seen++; return nil }), "and reads on behind the damage")
	require.NoError(t, j.Close())

	// Damage behind the last checkpoint is found before it opens.
	cfg.ReadOnly = false
	tamper(t, cfg.Path, `DROP TRIGGER records_no_update`, `UPDATE records SET body = body || ' ' WHERE seq = (SELECT max(seq) - 3 FROM records)`)
	tamper(t, cfg.Path, `DROP TRIGGER records_no_delete`, schema[1], schema[2])
	_, err = Open(t.Context(), cfg)
	require.ErrorIs(t, err, ErrCorrupt)
}

func TestVersion1IsUpgradedInPlace(t *testing.T) {
	// A journal of version 1: the derived table in the same file, no triggers.
	cfg := testConfig(newPath(t))
	j := open(t, cfg)
	fill(t, j, "a", 10)
	want, records := all(t, j), chain(t, j)
	require.NoError(t, j.Close())
	require.NoError(t, removeView(cfg.Path+viewSuffix))
	tamper(t, cfg.Path, `DROP TRIGGER records_no_update`, `DROP TRIGGER records_no_delete`,
		`CREATE TABLE attempts (id TEXT PRIMARY KEY, state TEXT NOT NULL, body TEXT NOT NULL) STRICT`,
		`INSERT INTO attempts SELECT DISTINCT attempt, 'confirmed', '{}' FROM records WHERE attempt <> ''`, `PRAGMA user_version = 1`)

	r := open(t, Config{Path: cfg.Path, ReadOnly: true})
	require.Equal(t, want, all(t, r), "reading needs no upgrade")
	require.NoError(t, r.Close())
	for range 2 {
		j = open(t, cfg)
		require.Equal(t, want, all(t, j))
		require.Equal(t, records, chain(t, j)[:len(records)], "the records and their hashes stay")
		version, err := j.store.writer.number("PRAGMA user_version")
		require.NoError(t, err)
		require.EqualValues(t, schemaVersion, version)
		require.NoError(t, j.Verify(t.Context(), nil))
		require.NoError(t, j.Close())
	}
}

func TestReadingBesideAWriter(t *testing.T) {
	cfg := testConfig(newPath(t))
	j := open(t, cfg)
	fill(t, j, "a", 5)
	r := open(t, Config{Path: cfg.Path, ReadOnly: true})
	require.Equal(t, all(t, j), all(t, r))
	a, err := r.Get(t.Context(), "a1")
	require.NoError(t, err)
	require.Equal(t, pos.StateConfirmed, a.State)
	_, err = r.Append(t.Context(), saleOf("x", 1)[0]...)
	require.ErrorIs(t, err, ErrReadOnly)
	require.NoError(t, r.Verify(t.Context(), nil))
	require.NoError(t, r.Poisoned())
	require.NoError(t, r.Close())
	fill(t, j, "b", 1)
	require.NoError(t, j.Close())
	_, err = Open(t.Context(), Config{Path: newPath(t), ReadOnly: true})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(t.Context(), Config{})
	require.ErrorIs(t, err, pos.ErrInvalid)
}

func TestVerifyAndRecordsHonourContexts(t *testing.T) {
	j := open(t, testConfig(newPath(t)))
	fill(t, j, "a", 600)
	done, total := int64(0), int64(0)
	require.NoError(t, j.Verify(t.Context(), func(d, n int64) {
		require.GreaterOrEqual(t, d, done)
		done, total = d, n
	}))
	require.Equal(t, total, done)
	require.Greater(t, total, int64(2400))
	ctx, cancel := context.WithCancel(t.Context())
	err := j.Records(ctx, 1, func(r Record) error {
		if r.Seq == 10 {
			cancel()
		}
		require.Less(t, r.Seq, int64(2400))
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, j.Verify(ctx, nil), context.Canceled)
	require.NoError(t, j.Poisoned())
	own := errors.New("enough")
	require.Equal(t, own, j.Records(t.Context(), 1, func(Record) error { return own }))
	require.NoError(t, j.Close())
	require.ErrorIs(t, j.Verify(t.Context(), nil), ErrClosed)
	_, err = j.Find(t.Context(), pos.Filter{})
	require.ErrorIs(t, err, ErrClosed)
}
