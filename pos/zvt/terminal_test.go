package zvt_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/zvt"
	"github.com/openecr/openecr/pos/zvt/zvttest"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/serial"
	"github.com/openecr/openecr/transport/tcp"
	"github.com/openecr/openecr/transport/transporttest"
)

// quick are the intervals of Tills in tests.
var quick = pos.Times{AskEvery: 20 * time.Millisecond, AskAtMost: 8 * time.Second, Quarantine: 50 * time.Millisecond}

// medium is one way to reach a simulated terminal.
type medium struct {
	name   string
	serial bool
	unit   time.Duration // of the protocol's timers; zero is 200 ms
	// serve starts the terminal and returns how to dial it.
	serve func(t *testing.T, sim *zvttest.Terminal) transport.Dialer
}

var media = []medium{
	{"tcp", false, 0, func(t *testing.T, sim *zvttest.Terminal) transport.Dialer {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		go sim.Serve(l)
		t.Cleanup(func() { sim.Close() })
		return &tcp.Dialer{Addr: l.Addr().String()}
	}},
	{"serial", true, 0, func(t *testing.T, sim *zvttest.Terminal) transport.Dialer {
		pty, err := transporttest.OpenPTY("")
		require.NoError(t, err)
		done := make(chan error, 1)
		go func() { done <- sim.ServeSerial(pty.Dialer()) }()
		t.Cleanup(func() { sim.Close(); pty.Close(); <-done })
		return &serial.Dialer{Path: pty.Path}
	}},
}

// simConfig is a terminal that takes no time.
func simConfig() zvttest.Config {
	return zvttest.Config{Currency: pos.CNY, T3: 600 * time.Millisecond, Late: 50 * time.Millisecond, Away: 50 * time.Millisecond, Seed: 7}
}

func newTerminal(t *testing.T, m medium, d transport.Dialer) *zvt.Terminal {
	t.Helper()
	unit := m.unit
	if unit == 0 {
		unit = 200 * time.Millisecond
	}
	terminal, err := zvt.New(zvt.Config{Dialer: d, Serial: m.serial, Currency: pos.CNY, T3: 4 * unit, T4: 10 * unit,
		AbortWait: 5 * unit, Acks: transport.Acks{T1: unit / 2, T2: 3 * unit / 2}})
	require.NoError(t, err)
	return terminal
}

// shop is a till with a simulated terminal.
type shop struct {
	*pos.Till
	sim     *zvttest.Terminal
	journal *postest.MemoryJournal
	steps   []pos.Progress
}

func openShop(t *testing.T, m medium, cfg zvttest.Config, wrap func(transport.Dialer) transport.Dialer) *shop {
	t.Helper()
	s := &shop{sim: zvttest.New(cfg), journal: postest.NewMemoryJournal()}
	d := m.serve(t, s.sim)
	if wrap != nil {
		d = wrap(d)
	}
	s.open(t, m, d)
	return s
}

func (s *shop) open(t *testing.T, m medium, d transport.Dialer) {
	t.Helper()
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane-1", Journal: s.journal, Times: quick,
		Logger:   slog.New(slog.NewTextHandler(t.Output(), nil)),
		Drivers:  map[string]pos.Driver{"card": newTerminal(t, m, d)},
		Progress: func(p pos.Progress) { s.steps = append(s.steps, p) }})
	require.NoError(t, err)
	s.Till = till
	t.Cleanup(func() { till.Close() })
}

func (s *shop) charge(t *testing.T, minor int64, ref string) (pos.Attempt, error) {
	return s.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(minor, pos.CNY), Reference: ref})
}

// agree recovers until nothing is open and compares journal and books.
func (s *shop) agree(t *testing.T, what string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		_, err := s.Recover(t.Context())
		if err == nil || !errors.Is(err, pos.ErrOutcomeUnknown) || time.Now().After(deadline) {
			require.NoError(t, err, what)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	require.Empty(t, postest.Agree(context.Background(), s.journal, s.sim.Net()), what)
}

func eachMedium(t *testing.T, f func(t *testing.T, m medium)) {
	for _, m := range media {
		t.Run(m.name, func(t *testing.T) { f(t, m) })
	}
}

func TestDriverSuite(t *testing.T) {
	eachMedium(t, func(t *testing.T, m medium) {
		sim := zvttest.New(simConfig())
		d := m.serve(t, sim)
		postest.TestDriver(t, postest.Harness{
			Open:     func(t *testing.T) pos.Driver { return newTerminal(t, m, d) },
			Net:      sim.Net,
			Currency: pos.CNY, Amount: 1280, Decline: 129005, Times: quick,
			Lacks: []pos.Op{pos.OpRedeem}, Slow: 20 * time.Millisecond,
		})
	})
}

func TestAPaymentCarriesEverythingTheTerminalSaid(t *testing.T) {
	eachMedium(t, func(t *testing.T, m medium) {
		s := openShop(t, m, simConfig(), nil)
		a, err := s.charge(t, 1280, "order-1")
		require.NoError(t, err)
		require.Equal(t, "0001", a.Receipt)
		require.Regexp(t, `^\d{6}$`, a.AuthCode)
		require.Regexp(t, `^\d{6}$`, a.STAN)
		require.Regexp(t, `^\d{6}\*+\d{4}$`, a.Card)
		require.Equal(t, "52500041", a.TerminalID)
		require.Equal(t, "00", a.Code)
		require.Contains(t, []string{"swipe", "insert", "tap"}, a.Entry)
		require.WithinDuration(t, time.Now(), a.PeerTime, time.Minute)
		require.Len(t, a.Slips, 2)
		require.Equal(t, pos.SlipMerchant, a.Slips[0].Kind)
		require.Equal(t, pos.SlipCustomer, a.Slips[1].Kind)
		var texts []string
		for _, p := range s.steps {
			texts = append(texts, p.Text)
		}
		require.Contains(t, texts, "insert card")
		s.agree(t, "after one payment")
	})
}
