package escpostest_test

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openecr/openecr/transport/escpos/escpostest"
	"github.com/openecr/openecr/transport/escpos/paper"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host speaks to a printer in bytes.
type host struct {
	t *testing.T
	net.Conn
	sim *escpostest.Printer
}

func connect(t *testing.T, cfg escpostest.Config) host {
	sim := escpostest.New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- sim.Serve(l) }()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() {
		c.Close()
		sim.Close()
		sim.Close()
		require.ErrorIs(t, <-served, escpostest.ErrClosed)
	})
	return host{t, c, sim}
}

// ask sends and wants exactly the answer.
func (h host) ask(send, want string) {
	h.t.Helper()
	_, err := io.WriteString(h, send)
	require.NoError(h.t, err)
	got := make([]byte, len(want))
	h.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, err = io.ReadFull(h, got)
	require.NoError(h.t, err)
	require.Equal(h.t, []byte(want), got)
}

func (h host) silent() {
	h.t.Helper()
	h.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	n, _ := h.Read(make([]byte, 8))
	require.Zero(h.t, n)
}

func TestRealTimeStatusIsAnsweredAtOnce(t *testing.T) {
	h := connect(t, escpostest.Config{})
	h.ask("\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04", "\x12\x12\x12\x12")
	h.sim.Inject("paper-out")
	h.ask("some text\n\x1Dr\x01\x10\x04\x01", "\x1A") // GS r waits
	h.silent()
	h.ask("\x10\x04\x02\x10\x04\x04", "\x32\x7E")
	h.sim.Refill()
	h.ask("", "\x00")
	h.sim.Inject("paper-near-end", "cover-open")
	h.ask("\x10\x04\x02\x10\x04\x04", "\x16\x1E")
	h.sim.Heal()
	h.ask("\x1DIC\x1D(H\x06\x0000abcd", "\x5F"+escpostest.Model+"\x00")
	h.silent() // without Config.Process
}

func TestAskingForHoursFillsNoBuffer(t *testing.T) {
	h := connect(t, escpostest.Config{Buffer: 256, Faults: []string{"paper-out"}})
	_, err := io.WriteString(h, "half a line")
	require.NoError(t, err)
	for range 500 {
		h.ask("\x10\x04\x04", "\x7E")
	}
	require.Equal(t, len("half a line"), h.sim.Waiting())
}

func TestAPictureThatHoldsRealTimeBytesStaysWhole(t *testing.T) {
	h := connect(t, escpostest.Config{})
	h.ask("\x1Dv0\x00\x04\x00\x02\x00\x10\x04\x01\xFF\x10\x14\x01\x00", "\x12") // a stray answer
	h.ask("\x1DVB\x00\x1Dr\x01", "\x00")
	slips := h.sim.Slips()
	require.Len(t, slips, 1)
	require.Equal(t, 1, slips[0].Pictures)
	require.True(t, slips[0].Black(3, 0) && slips[0].Black(24, 0) && slips[0].Black(3, 1))
	require.Empty(t, slips[0].Pulses, "DLE DC4 1 0 wants its time, and got none")
}

func TestADrawerOpensWithoutPaper(t *testing.T) {
	high := true
	h := connect(t, escpostest.Config{Faults: []string{"paper-out"}, Kicked: &high})
	h.ask("\x10\x14\x01\x00\x01\x10\x04\x01", "\x1E")
	require.Len(t, h.sim.Tear()[0].Pulses, 1)
}

func TestAutomaticStatus(t *testing.T) {
	h := connect(t, escpostest.Config{})
	h.ask("\x1Da\xFF", "\x10\x00\x00\x00")
	h.sim.OpenCover()
	h.ask("", "\x38\x00\x00\x00")
	h.sim.CloseCover()
	h.ask("\x1Da\x00\x10\x04\x01", "\x10\x00\x00\x00\x12")
	h.sim.OpenCover()
	h.silent()
}

func TestAFullBufferTakesNoMore(t *testing.T) {
	h := connect(t, escpostest.Config{Buffer: 512, Faults: []string{"paper-out"}})
	h.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	_, err := io.WriteString(h, strings.Repeat("x", 32<<20))
	require.Error(t, err, "the write blocks")
	require.Equal(t, 512, h.sim.Waiting())
}

func TestPowerOffLosesTheBufferAndTheLine(t *testing.T) {
	h := connect(t, escpostest.Config{Step: time.Millisecond})
	h.ask("one\ntwo\n\x1Dr\x01", "\x00")
	h.sim.Inject("power-off=1")
	_, err := io.WriteString(h, "three\nfour\nfive\n\x1DVB\x00")
	require.NoError(t, err)
	h.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, err = h.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection broke")
	slips := h.sim.Tear()
	require.Len(t, slips, 1)
	require.Equal(t, "one\ntwo\nthree\n", slips[0].Text())
	require.Empty(t, slips[0].Cuts)
	require.Zero(t, h.sim.Waiting())
}

func TestAJammedCutterLeavesTheSlipOnTheRoll(t *testing.T) {
	var got []string
	h := connect(t, escpostest.Config{Faults: []string{"cutter-error"}, Slip: func(_ int, s *paper.Sheet) { got = append(got, s.Text()) }})
	h.ask("a\n\x1DVB\x00", "")
	var c [1]byte
	require.Eventually(t, func() bool {
		io.WriteString(h, "\x10\x04\x03")
		io.ReadFull(h, c[:])
		return c[0] == 0x1A
	}, time.Second, time.Millisecond)
	require.Empty(t, h.sim.Slips())
	h.sim.FreeCutter()
	h.ask("b\n\x1DVB\x00\x1Dr\x01", "\x00")
	h.sim.Close()
	require.Equal(t, []string{"a\nb\n"}, got)
}

func TestUnknownFaultsAreNamed(t *testing.T) {
	p := escpostest.New(escpostest.Config{})
	defer p.Close()
	require.Equal(t, []string{"no-such", "paper-out=x", "power-off=-1"}, p.Inject("no-such", "slow", "paper-out=x", "power-off=-1"))
}
