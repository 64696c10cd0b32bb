package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The two programs, built once and run as processes.
var tillProgram, posimProgram string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "till-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	tillProgram, posimProgram = filepath.Join(dir, "till"), filepath.Join(dir, "posim")
	if runtime.GOOS == "windows" {
		tillProgram, posimProgram = tillProgram+".exe", posimProgram+".exe"
	}
	for program, pkg := range map[string]string{tillProgram: ".", posimProgram: "../posim"} {
		if out, err := exec.Command("go", "build", "-o", program, pkg).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building %s: %v\n%s", pkg, err, out)
			os.Exit(1)
		}
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// sim is a running posim.
type sim struct {
	at     string // address or port
	stderr bytes.Buffer
	cmd    *exec.Cmd
	rest   io.Reader
}

// startSim runs posim zvt until the test ends.
func startSim(t *testing.T, args ...string) *sim {
	t.Helper()
	return startPosim(t, append([]string{"zvt"}, args...)...)
}

// startPosim runs posim until the test ends, and checks that SIGTERM ends it well.
func startPosim(t *testing.T, args ...string) *sim {
	t.Helper()
	s := &sim{cmd: exec.Command(posimProgram, args...)}
	s.cmd.Stderr = &s.stderr
	stdout, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	t.Cleanup(func() { s.end(t) })
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	require.NoError(t, err, "the ready line; stderr: %s", &s.stderr)
	words := strings.Fields(line)
	s.at, s.rest = words[len(words)-1], lines
	return s
}

func (s *sim) end(t *testing.T) {
	if s.cmd.ProcessState != nil {
		return
	}
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGTERM))
	more, err := io.ReadAll(s.rest)
	require.NoError(t, err)
	require.Empty(t, string(more), "exactly one line on stdout")
	require.NoError(t, s.cmd.Wait(), "SIGTERM ends posim with status 0; stderr: %s", &s.stderr)
}

// url is the tender of the terminal, with options.
func (s *sim) url(options string) string {
	if strings.HasPrefix(s.at, "/") {
		return "zvt+serial://" + s.at + "?" + options
	}
	return "zvt+tcp://" + s.at + "?" + options
}

// shop is one journal and the tender its commands use.
type shop struct {
	t      *testing.T
	common []string
}

func newShop(t *testing.T, s *sim, options string) *shop {
	t.Helper()
	h := &shop{t: t, common: []string{"--journal", filepath.Join(t.TempDir(), "till.db")}}
	if s != nil {
		h.common = append(h.common, "--tender", "card="+s.url(options))
	}
	return h
}

// line is one object of --json, as any program would read it.
type line struct {
	pos.Attempt
	Found string   `json:"found"`
	Error *failure `json:"error"`
	Equal bool     `json:"equal"`
	raw   map[string]any
}

// run is one finished till.
type run struct {
	status      int
	out, stderr string
	lines       []line
}

// cmd prepares a till that ends, at the latest, with the test's patience.
func (h *shop) cmd(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	h.t.Cleanup(cancel)
	return exec.CommandContext(ctx, tillProgram, append(args, h.common...)...)
}

// json runs a command with --json.
func (h *shop) json(args ...string) run {
	h.t.Helper()
	r := h.text(append(args, "--json")...)
	for l := range strings.Lines(r.out) {
		var v line
		require.NoError(h.t, json.Unmarshal([]byte(l), &v), "stdout holds nothing but objects: %s", l)
		require.NoError(h.t, json.Unmarshal([]byte(l), &v.raw))
		r.lines = append(r.lines, v)
	}
	return r
}

// text runs a command for people.
func (h *shop) text(args ...string) run {
	h.t.Helper()
	cmd := h.cmd(args...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	return finished(h.t, cmd.Run(), cmd, &out, &stderr)
}

func finished(t *testing.T, err error, cmd *exec.Cmd, out, stderr *bytes.Buffer) run {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return run{status: cmd.ProcessState.ExitCode(), out: out.String(), stderr: stderr.String()}
}

// one runs a command that must end with a status and print one object.
func (h *shop) one(status int, args ...string) line {
	h.t.Helper()
	r := h.json(args...)
	require.Equal(h.t, status, r.status, "%v: %s%s", args, r.out, r.stderr)
	require.Len(h.t, r.lines, 1, "%v: %s", args, r.out)
	return r.lines[0]
}

// books reads what posim --books wrote.
func books(t *testing.T, file string) (list []zvttest.Booking, net int64) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	for l := range bytes.Lines(data) {
		var b zvttest.Booking
		require.NoError(t, json.Unmarshal(l, &b), "%s", l)
		list, net = append(list, b), net+b.SignedMinor
	}
	return list, net
}

// net adds up what list --json says is here.
func (h *shop) net() (net int64) {
	h.t.Helper()
	r := h.json("list")
	require.Equal(h.t, statusOK, r.status, r.stderr)
	holds := map[pos.AttemptID]bool{}
	for _, l := range r.lines {
		holds[l.ID] = l.Type == pos.TypePreauth
		require.False(h.t, l.State.Live(), "attempt %s is %s", l.ID, l.State)
		if !l.State.Paid() {
			continue
		}
		switch l.Type {
		case pos.TypeCharge, pos.TypeCompletion:
			net += l.Approved.Minor()
		case pos.TypeVoid, pos.TypeRefund:
			if !holds[l.Original] {
				net -= l.Approved.Minor()
			}
		}
	}
	return net
}

func needPTY(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("pseudo terminals need Linux")
	}
}

// ptyLink is the name of a serial port. The directories of t.TempDir have names
// that may look like a card number, 4249055524/002, which no journal takes.
func ptyLink(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pty-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "terminal")
}
