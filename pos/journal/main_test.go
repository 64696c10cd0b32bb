package journal

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// The test binary plays other processes when these are set.
const (
	roleEnv = "OPENECR_JOURNAL_ROLE"
	pathEnv = "OPENECR_JOURNAL_PATH"
	runEnv  = "OPENECR_JOURNAL_RUN"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		if err := roles[role](os.Getenv(pathEnv)); err != nil {
			fmt.Println("error:", err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

var roles = map[string]func(path string) error{
	"hold": roleHold,
	"sell": roleSell,
	"eio":  roleEIO,
}

// child starts this binary in a role, its output in lines.
func child(t testing.TB, role, path, run string) (*exec.Cmd, *bufio.Scanner, io.WriteCloser) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+role, pathEnv+"="+path, runEnv+"="+run)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, bufio.NewScanner(out), in
}

// roleHold opens the journal and keeps it until its input ends.
func roleHold(path string) error {
	j, err := Open(context.Background(), Config{Path: path})
	if err != nil {
		return err
	}
	fmt.Println("open")
	_, _ = io.Copy(io.Discard, os.Stdin) // until it is closed or the process is killed
	return j.Close()
}

// roleSell sells on several lanes until it is killed, and says what is durable.
func roleSell(path string) error {
	cfg := testConfig(path)
	cfg.tune.noLog = os.Getenv(runEnv)[0]%2 == 0
	j, err := Open(context.Background(), cfg)
	if err != nil {
		return err
	}
	fmt.Println("open")
	var wg sync.WaitGroup
	var mu sync.Mutex
	for lane := range 3 {
		wg.Go(func() {
			for n := int64(0); ; n++ {
				id := fmt.Sprintf("l%d-%s-%d", lane, os.Getenv(runEnv), n)
				for _, batch := range saleOf(id, n) {
					a, err := j.Append(context.Background(), batch...)
					if err != nil {
						fmt.Println("error:", err)
						return
					}
					mu.Lock()
					fmt.Println("durable", id, a.State)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return j.Close()
}

// saleOf is one sale as its barriers.
func saleOf(id string, n int64) [][]pos.Event {
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
	e := func(kind pos.EventKind) pos.Event {
		return pos.Event{Kind: kind, Attempt: pos.AttemptID(id), Time: now}
	}
	intent, armed, outcome, confirm := e(pos.EventIntent), e(pos.EventArmed), e(pos.EventOutcome), e(pos.EventConfirm)
	intent.Intent = &pos.Intent{Till: "lane", Type: pos.TypeCharge, Reference: "order-" + id, Tender: "card", Device: "dev-" + id, Amount: pos.FromMinor(100+n, pos.CNY)}
	armed.Handle = pos.Handle{"receipt": "0343"}
	outcome.Reply = &pos.Reply{Outcome: pos.OutcomeApproved, Card: fmt.Sprintf("621234******%04d", n%10_000), Code: "00", Text: "approved"}
	confirm.OrderID = "R-" + id
	return [][]pos.Event{{intent}, {armed}, {outcome}, {confirm}}
}

// testConfig is small, so that many journals fit into a test.
func testConfig(path string) Config {
	return Config{Path: path, tune: tuning{reserve: 1 << 12, noLog: true}}
}

func open(t testing.TB, cfg Config) *Journal {
	j, err := Open(context.Background(), cfg)
	require.NoError(t, err)
	return j
}

// fill writes sales, n whole ones and one left in each state on the way.
func fill(t testing.TB, j *Journal, prefix string, n int) {
	for i := range n + 3 {
		for k, batch := range saleOf(fmt.Sprintf("%s%d", prefix, i), int64(i)) {
			if i >= n && k > i-n {
				break
			}
			_, err := j.Append(context.Background(), batch...)
			require.NoError(t, err)
		}
	}
}

func all(t testing.TB, j *Journal) []pos.Attempt {
	list, err := j.Find(context.Background(), pos.Filter{Limit: 1 << 20})
	require.NoError(t, err)
	return list
}

// chain returns every record as text.
func chain(t testing.TB, j *Journal) (list []string) {
	require.NoError(t, j.Records(context.Background(), 1, func(r Record) error {
		list = append(list, fmt.Sprintf("%d %s %s %x", r.Seq, r.Kind, r.Attempt, r.Hash))
		return nil
	}))
	return list
}

// companions are the suffixes of a journal's files that hold data.
var companions = []string{"", "-wal", ".mark", ".view", ".view-wal"}

// copyJournal copies the files as they are now.
func copyJournal(t testing.TB, from, to string) {
	for _, suffix := range companions {
		data, err := os.ReadFile(from + suffix)
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(to+suffix, data, 0o600))
	}
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "till.db") }

// descriptors counts the open files of this process where the system tells.
func descriptors(t testing.TB) int {
	if runtime.GOOS != "linux" {
		return 0
	}
	list, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(list)
}

func lineAfter(s *bufio.Scanner, prefix string) bool {
	for s.Scan() {
		if strings.HasPrefix(s.Text(), prefix) {
			return true
		}
	}
	return false
}
