package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvttest"
)

// kill ends a simulator as a power cut would.
func (s *sim) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, s.cmd.Process.Kill())
	_ = s.cmd.Wait()
}

// TestTerminalRestartedOnItsBooks kills terminals with SIGKILL at random
// moments of payments and starts them again on their books. In the end the
// journal and the books agree to the cent, and no person was needed.
func TestTerminalRestartedOnItsBooks(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for medium, rounds := range map[string]int{"tcp": 30, "serial": 8} {
		t.Run(medium, func(t *testing.T) {
			t.Parallel()
			at, options := "--listen", "ask=20ms&wait=10s"
			address := "127.0.0.1:0"
			if medium == "serial" {
				needPTY(t)
				at, address = "--pty", ptyLink(t)
				options += "&t2=300ms"
			}
			if testing.Short() {
				rounds = max(2, rounds/6)
			}
			file := filepath.Join(t.TempDir(), "books")
			args := []string{"--books", file, "--think", "2ms", "--t3", "300ms", at}
			s := startSim(t, append(args, address)...)
			args = append(args, s.at) // the same address again
			h := newShop(t, s, options)
			rng := rand.New(rand.NewPCG(seed, uint64(len(medium))))
			found := map[string]int{}
			h.one(statusOK, "charge", "--amount", "1")
			for i := range rounds {
				s = powerCut(t, h, s, args, rng, i)
				recoverAll(t, h)
				for _, l := range h.json("list", "--reference", fmt.Sprintf("P%d", i)).lines {
					found[string(l.State)]++
				}
				_, sum := books(t, file)
				require.Equal(t, h.net(), sum, "journal and books after round %d", i)
			}
			t.Logf("attempts: %v", found)
			require.True(t, h.one(statusOK, "settle").Equal, "the terminal's own count, too")
			ids := map[string]bool{}
			for _, l := range h.json("list").lines {
				if l.TerminalID != "" {
					ids[l.TerminalID] = true
				}
			}
			require.Len(t, ids, 1, "it stays the same terminal")
		})
	}
}

// powerCut kills the terminal somewhere in a payment, and starts it again while
// the till still asks, or after it has given up.
func powerCut(t *testing.T, h *shop, s *sim, args []string, rng *rand.Rand, i int) *sim {
	cmd := h.cmd("charge", "--amount", fmt.Sprintf("%d.%02d", 1+rng.IntN(50), rng.IntN(100)), "--reference", fmt.Sprintf("P%d", i))
	if i%3 == 1 { // give up soon
		cmd.Args[len(cmd.Args)-1] = "card=" + s.url("ask=20ms&wait=100ms&t2=300ms")
	}
	stderr := newWatched([]string{"connecting", "insert card"}[i%2])
	cmd.Stderr = stderr
	require.NoError(t, cmd.Start())
	stderr.wait(t)
	time.Sleep(time.Duration(rng.Int64N(int64(dialogue))))
	s.kill(t)
	if i%3 == 1 {
		_ = cmd.Wait()
	}
	s = startSim(t, args...)
	if i%3 != 1 {
		_ = cmd.Wait()
	}
	return s
}

// What a terminal did before its power was cut can be undone after it.
func TestTerminalRemembersTheDay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "books")
	args := []string{"--books", file, "--think", "1ms", "--listen"}
	s := startSim(t, append(args, "127.0.0.1:0")...)
	args = append(args, s.at)
	h := newShop(t, s, quick)
	again := func() {
		t.Helper()
		s.kill(t)
		s = startSim(t, args...)
	}
	first := h.one(statusOK, "charge", "--amount", "12.80", "--reference", "A")
	second := h.one(statusOK, "charge", "--amount", "5", "--reference", "B")
	hold := h.one(statusOK, "preauth", "--amount", "100", "--reference", "C")
	again()
	require.Equal(t, pos.StateApproved, h.one(statusOK, "void", string(first.ID)).State)
	again()
	require.Equal(t, pos.StateApproved, h.one(statusOK, "complete", string(hold.ID), "--amount", "80").State)
	require.Equal(t, "05", h.one(statusDeclined, "charge", "--amount", "90.05", "--reference", "D").Code)
	again()
	require.Equal(t, pos.StateApproved, h.one(statusOK, "refund", string(second.ID), "--amount", "2").State)
	third := h.one(statusOK, "charge", "--amount", "1", "--reference", "E")
	require.Equal(t, "0008", third.Receipt, "numbers go on")
	again()
	settled := h.one(statusOK, "settle")
	require.True(t, settled.Equal, "%v", settled.raw)
	again()
	require.Equal(t, statusDeclined, h.json("void", string(third.ID)).status, "the day is closed")
	_, sum := books(t, file)
	require.Equal(t, int64(500+8000-200+100), sum)
	require.Equal(t, h.net(), sum)
}

// Whatever a sudden death left of the last lines, the files are whole again.
func TestBooksAreRepaired(t *testing.T) {
	file := filepath.Join(t.TempDir(), "books")
	args := []string{"zvt", "--books", file, "--think", "1ms", "--listen"}
	s := startSim(t, append(args[1:], "127.0.0.1:0")...)
	h := newShop(t, s, quick)
	h.one(statusOK, "charge", "--amount", "1", "--reference", "A")
	h.one(statusOK, "charge", "--amount", "2", "--reference", "B")
	status, out := runSim(t, append(args, "127.0.0.1:0")...)
	require.Equal(t, statusOther, status)
	require.Contains(t, out, "in use")
	s.kill(t)
	whole, err := os.ReadFile(file)
	require.NoError(t, err)

	for name, cut := range map[string]int{"half a line is missing": 20, "the newline is missing": 1, "the line is missing": len(whole) - bytes.IndexByte(whole, '\n') - 1} {
		require.NoError(t, os.WriteFile(file, whole[:len(whole)-cut], 0o600), name)
		s = startSim(t, append(args[1:], s.at)...)
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(whole), string(got), name)
		s.kill(t)
	}
	memory, err := os.ReadFile(file + ".state")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file+".state", append(memory, `{"event":"appr`...), 0o600))
	s = startSim(t, append(args[1:], s.at)...)
	require.Equal(t, "0003", h.one(statusOK, "charge", "--amount", "3", "--reference", "C").Receipt)
	s.kill(t)

	// Booked, and dead before the register acknowledged: taken back.
	memory, err = os.ReadFile(file + ".state")
	require.NoError(t, err)
	final := bytes.LastIndex(bytes.TrimSpace(memory), []byte("\n")) + 1
	require.Contains(t, string(memory[final:]), `"final"`)
	require.NoError(t, os.WriteFile(file+".state", memory[:final], 0o600))
	s = startSim(t, append(args[1:], s.at)...)
	list, sum := books(t, file)
	require.Equal(t, int64(300), sum)
	require.Equal(t, "reversal", list[len(list)-1].Kind)
	s.kill(t)

	for _, bad := range [][]string{{"--currency", "CNY"}, {"--terminal", "123"}} {
		status, out := runSim(t, append(append(args, s.at), bad...)...)
		require.NotEqual(t, statusOK, status)
		require.NotContains(t, out, "panic")
	}
	require.NoError(t, os.Remove(file))
	status, out = runSim(t, append(args, s.at)...)
	require.Equal(t, statusOther, status)
	require.Contains(t, out, "remove both")
}

// A terminal without books is a new one each time, and says so by its number.
func TestTerminalWithoutBooksIsAnotherOne(t *testing.T) {
	var ids []string
	for range 2 {
		s := startSim(t, "--listen", "127.0.0.1:0", "--think", "1ms")
		paid := newShop(t, s, quick).one(statusOK, "charge", "--amount", "1")
		require.Len(t, paid.TerminalID, 8)
		ids = append(ids, paid.TerminalID)
		s.kill(t)
	}
	require.NotEqual(t, ids[0], ids[1])
}

func TestEntriesKeepTheirJSON(t *testing.T) {
	b, err := json.Marshal(zvttest.Booking{})
	require.NoError(t, err)
	for _, name := range []string{"time", "kind", "signed_minor", "currency", "receipt", "reference"} {
		require.Contains(t, string(b), `"`+name+`":`)
	}
}
