package unionpay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func text(s string) *string { return &s }

// story is a sequence of changes with every kind of them.
func story() []Change {
	return []Change{
		{STAN: 50}, {Batch: 1, SignedOn: text("20260314")}, {Add: &Item{STAN: 1, Kind: KindSale, Amount: 1280, Sealed: []byte{1, 2}}},
		{Add: &Item{STAN: 2, Kind: KindRefund, Amount: 5}}, {Note: &Note{STAN: 3, Sealed: []byte("n")}}, {Note: &Note{STAN: 3, Sealed: []byte("n"), Tries: 1}},
		{Note: &Note{STAN: 4}}, {Drop: 2}, {Sent: &Note{STAN: 3}}, {Reason: &Reason{STAN: 1, Code: "A0"}}, {Uploaded: []uint32{9}}, {STAN: 100}, {Settling: &Settling{STAN: 60, Attempt: "a"}},
		{Settling: &Settling{STAN: 60, Attempt: "a", Answered: true, Uploaded: []uint32{1}}}, {Resume: true},
		{Add: &Item{STAN: 61, Kind: KindScan, Amount: 7}}, {Settling: &Settling{STAN: 62}}, {Batch: 2}, {Add: &Item{STAN: 63}},
	}
}

func said(t require.TestingT, s State) string {
	b, err := json.Marshal(s)
	require.NoError(t, err)
	return string(b)
}

func TestTheStateSurvivesADeathAfterEveryByte(t *testing.T) {
	dir := t.TempDir()
	full := filepath.Join(dir, "full")
	s, err := OpenFileStore(full)
	require.NoError(t, err)
	var want State
	states := map[int]State{}        // by length of the file
	begins := 0                      // what is replaced as a whole is never torn
	for _, c := range story()[:17] { // the new batch begins another file
		require.NoError(t, s.Keep(c))
		want = want.apply(c)
		require.Equal(t, said(t, want), said(t, s.State()))
		st, err := os.Stat(full)
		require.NoError(t, err)
		states[int(st.Size())] = want
		if c.Batch != 0 {
			begins = int(st.Size())
		}
	}
	require.NoError(t, s.Close())
	content, err := os.ReadFile(full)
	require.NoError(t, err)
	last := states[begins]
	for n := begins; n <= len(content); n++ {
		if known, ok := states[n]; ok {
			last = known
		}
		path := filepath.Join(dir, fmt.Sprint(n))
		require.NoError(t, os.WriteFile(path, content[:n], 0o600))
		s, err := OpenFileStore(path)
		require.NoError(t, err, "cut after %d bytes", n)
		require.Equal(t, said(t, last), said(t, s.State()), "cut after %d bytes", n)
		require.NoError(t, s.Keep(Change{STAN: 777}), "and it goes on")
		require.NoError(t, s.Close())
		s, err = OpenFileStore(path)
		require.NoError(t, err)
		require.EqualValues(t, 777, s.State().STAN)
		require.NoError(t, s.Close())
		require.NoError(t, os.Remove(path))
	}
}

func TestANewBatchBeginsANewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s, err := OpenFileStore(path)
	require.NoError(t, err)
	var want State
	for _, c := range story() {
		require.NoError(t, s.Keep(c))
		want = want.apply(c)
	}
	require.NoError(t, s.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 3, bytes.Count(b, []byte("\n")), "trace and batch, a note nobody answered, an item")
	s, err = OpenFileStore(path)
	require.NoError(t, err)
	defer s.Close()
	require.Equal(t, said(t, want), said(t, s.State()))
	_, err = OpenFileStore(path)
	require.ErrorIs(t, err, ErrStateLocked)
}

func TestDamageIsSaidAndNothingIsLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	s, err := OpenFileStore(path)
	require.NoError(t, err)
	for _, c := range story()[:10] {
		require.NoError(t, s.Keep(c))
	}
	require.NoError(t, s.Close())
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	end := bytes.LastIndexByte(content[:len(content)-1], '\n')
	for i := range end { // any byte but those of the last line
		bad := bytes.Clone(content)
		bad[i] ^= 1
		require.NoError(t, os.WriteFile(path, bad, 0o600))
		s, err := OpenFileStore(path)
		require.ErrorIs(t, err, ErrState, "byte %d", i)
		require.Nil(t, s)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, bad, after, "a damaged file is left as it is")
	}
}

func TestAFailedWriteIsTheLast(t *testing.T) {
	s, err := OpenFileStore(filepath.Join(t.TempDir(), "s"))
	require.NoError(t, err)
	require.NoError(t, s.Keep(Change{STAN: 1}))
	require.NoError(t, s.f.Close()) // the disk goes away
	require.Error(t, s.Keep(Change{STAN: 2}))
	require.ErrorContains(t, s.Keep(Change{STAN: 3}), "open it again")
	require.EqualValues(t, 1, s.State().STAN)
	s.Close()
}

func TestBothStoresTellTheSame(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp("", "state-")
		require.NoError(r, err)
		defer os.RemoveAll(dir)
		file, err := OpenFileStore(filepath.Join(dir, "s"))
		require.NoError(r, err)
		memory := &MemoryStore{}
		for range rapid.IntRange(0, 20).Draw(r, "changes") {
			c := story()[rapid.IntRange(0, len(story())-1).Draw(r, "change")]
			require.NoError(r, file.Keep(c))
			require.NoError(r, memory.Keep(c))
			if rapid.IntRange(0, 4).Draw(r, "restart") == 0 {
				require.NoError(r, file.Close())
				file, err = OpenFileStore(filepath.Join(dir, "s"))
				require.NoError(r, err)
			}
			require.Equal(r, said(r, memory.State()), said(r, file.State()))
		}
		require.NoError(r, file.Close())
	})
}

func FuzzStateFile(f *testing.F) {
	var content []byte
	for _, c := range story() {
		var err error
		content, err = appendLine(content, c)
		require.NoError(f, err)
	}
	f.Add(content)
	f.Add(content[:len(content)/2])
	f.Add([]byte("00000000 {}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &FileStore{}
		good, err := s.replay(bytes.NewReader(data))
		require.LessOrEqual(t, good, int64(len(data)))
		if err != nil {
			require.ErrorIs(t, err, ErrState)
			return
		}
		again := &FileStore{}
		same, err := again.replay(bytes.NewReader(data[:good]))
		require.NoError(t, err)
		require.Equal(t, good, same)
		require.Equal(t, said(t, s.s), said(t, again.s))
	})
}
