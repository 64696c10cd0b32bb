package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
)

// watched is a process's output, and a signal when a text has appeared in it.
type watched struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	text string
	seen chan struct{}
}

func newWatched(text string) *watched { return &watched{text: text, seen: make(chan struct{})} }

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	had := strings.Contains(w.buf.String(), w.text)
	w.buf.Write(p)
	if !had && strings.Contains(w.buf.String(), w.text) {
		close(w.seen)
	}
	return len(p), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

func (w *watched) wait(t *testing.T) {
	t.Helper()
	select {
	case <-w.seen:
	case <-time.After(20 * time.Second):
		t.Fatalf("%q did not appear in: %s", w.text, w)
	}
}

func runSim(t *testing.T, args ...string) (status int, out string) {
	t.Helper()
	cmd := exec.Command(posimProgram, args...)
	b, _ := cmd.CombinedOutput()
	return cmd.ProcessState.ExitCode(), string(b)
}

func TestSignalsAskTheTerminalToStop(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals between processes")
	}
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "books")
			s := startSim(t, "--listen", "127.0.0.1:0", "--think", "3s", "--books", file)
			h := newShop(t, s, quick)
			cmd := h.cmd("charge", "--amount", "4", "--json")
			var out bytes.Buffer
			stderr := newWatched("insert card")
			cmd.Stdout, cmd.Stderr = &out, stderr
			require.NoError(t, cmd.Start())
			stderr.wait(t)
			require.NoError(t, cmd.Process.Signal(sig))
			_ = cmd.Wait()
			require.Equal(t, statusDeclined, cmd.ProcessState.ExitCode(), "%s", stderr)
			require.Contains(t, out.String(), `"state":"canceled"`)
			require.Contains(t, stderr.String(), "asking the terminal to stop")
			_, sum := books(t, file)
			require.Zero(t, sum)
		})
	}
}

func TestInterruptEndsTheSimulator(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals between processes")
	}
	s := startSim(t, "--listen", "127.0.0.1:0")
	require.NoError(t, s.cmd.Process.Signal(os.Interrupt))
	require.NoError(t, s.cmd.Wait())
}

// TestKilledAtAnyMoment kills charging tills with SIGKILL at random moments.
// After each, recover decides; in the end journal and books agree to the cent.
func TestKilledAtAnyMoment(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, c := range []struct {
		medium        string
		rounds, short int
		sim           []string
	}{
		{"tcp-1", 100, 5, []string{"--listen", "127.0.0.1:0"}},
		{"tcp-2", 90, 4, []string{"--listen", "127.0.0.1:0"}},
		{"serial", 20, 2, []string{"--pty", "PTY"}},
	} {
		t.Run(c.medium, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			args := append([]string{"--books", filepath.Join(dir, "books"), "--think", "1ms", "--t3", "200ms"}, c.sim...)
			options := "ask=20ms&wait=10s"
			if c.medium == "serial" {
				needPTY(t)
				args[len(args)-1] = ptyLink(t)
				options += "&t2=300ms"
			}
			rounds := c.rounds
			if testing.Short() {
				rounds = c.short
			}
			h := newShop(t, startSim(t, args...), options)
			killRounds(t, h, rand.New(rand.NewPCG(seed, uint64(len(c.medium)))), rounds)
			_, sum := books(t, filepath.Join(dir, "books"))
			require.Equal(t, h.net(), sum, "journal and books after %d rounds", rounds)
			require.Equal(t, statusOK, h.text("verify").status)
		})
	}
}

// dialogue is about how long a payment takes with a terminal that thinks for a millisecond.
const dialogue = 40 * time.Millisecond

func killRounds(t *testing.T, h *shop, rng *rand.Rand, rounds int) {
	begun := time.Now()
	h.one(statusOK, "charge", "--amount", "1")
	usual := time.Since(begun)
	found := map[string]int{}
	for i := range rounds {
		cmd := h.cmd("charge", "--amount", fmt.Sprintf("%d.%02d", 1+rng.IntN(50), rng.IntN(100)), "--reference", fmt.Sprintf("K%d", i))
		stderr := newWatched("connecting")
		cmd.Stderr = stderr
		require.NoError(t, cmd.Start())
		if i%4 == 0 { // anywhere in the life of the process
			time.Sleep(time.Duration(rng.Int64N(int64(usual))))
		} else { // while it talks to the terminal
			stderr.wait(t)
			time.Sleep(time.Duration(rng.Int64N(int64(dialogue))))
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		recoverAll(t, h)
		for _, l := range h.json("list", "--reference", fmt.Sprintf("K%d", i)).lines {
			found[string(l.State)]++
		}
	}
	require.Eventually(t, func() bool { // a terminal may still wait for the till that was killed
		r := h.json("charge", "--amount", "1", "--reference", "last")
		require.Contains(t, []int{statusOK, statusNotSent}, r.status, "%s%s", r.out, r.stderr)
		return r.status == statusOK
	}, 10*time.Second, 50*time.Millisecond, "the till still sells")
	t.Logf("usual %v; %d rounds, attempts: %v", usual, rounds, found)
}

// recoverAll runs recover until it has decided everything.
func recoverAll(t *testing.T, h *shop) {
	t.Helper()
	var r run
	for range 5 {
		r = h.json("recover")
		if r.status == statusOK || r.status == statusDeclined {
			return
		}
		require.Contains(t, []int{statusUnknown, statusNotSent}, r.status, "%s%s", r.out, r.stderr)
		for _, l := range r.lines {
			require.NotEqual(t, pos.StateManual, l.State, "a person is needed: %s", r.out)
		}
	}
	t.Fatalf("recover came to no end: %s%s", r.out, r.stderr)
}
