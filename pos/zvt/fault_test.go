package zvt_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/zvt/zvttest"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/tcp"
	"github.com/openecr/openecr/transport/transporttest"
)

func TestEveryFaultOfTheTerminal(t *testing.T) {
	type want struct {
		class error // nil: paid
		state pos.State
		books int64
	}
	paid := want{nil, pos.StateApproved, 1280}
	nothing := want{pos.ErrDeclined, pos.StateDeclined, 0}
	reversed := want{pos.ErrDeclined, pos.StateReversed, 0}
	canceled := want{pos.ErrCanceled, pos.StateCanceled, 0}
	cases := map[string]want{
		"lose-request":    nothing,
		"lose-answer":     paid,
		"lose-ack":        reversed,
		"answer-twice":    paid,
		"answer-late":     paid,
		"answer-previous": paid,
		"drop-after":      nothing, // one byte of the acceptance
		"drop-after=40":   reversed,
		"nak=2":           paid,
		"reboot":          reversed,
		"decline=05":      nothing,
		"partial":         {pos.ErrPartial, pos.StateApproved, 640},
		"over":            canceled, // refused by the driver, taken back by the terminal
		"wrong-currency":  canceled,
		"unknown-bmp":     canceled, // likewise
		"unknown-result":  nothing,
		"print-fails":     reversed,
		"busy":            nothing,
		"garbage":         reversed,
	}
	for name := range zvttest.Faults {
		covered := false
		for c := range cases {
			covered = covered || c == name || len(c) > len(name) && c[:len(name)+1] == name+"="
		}
		require.True(t, covered, "fault %s has no case", name)
	}
	eachMedium(t, func(t *testing.T, m medium) {
		for name, w := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := openShop(t, m, simConfig(), nil)
				_, err := s.charge(t, 500, "before")
				require.NoError(t, err)
				require.Empty(t, s.sim.Inject(name))
				a, err := s.charge(t, 1280, "order-1")
				if m.serial && (name == "drop-after" || name == "drop-after=40" || name == "garbage") {
					// A serial line cannot break: the frame is repeated, or the
					// terminal gives up; journal and books must agree all the same.
					s.agree(t, name)
					return
				}
				if w.class == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, w.class)
				}
				require.Equal(t, w.state, a.State, "%v", err)
				require.Equal(t, w.books, s.sim.Net()-500)
				s.agree(t, name)
			})
		}
	})
}

// The link is cut after each byte of a whole sale, in both directions.
func TestTheLinkCutAfterEveryByte(t *testing.T) {
	eachMedium(t, func(t *testing.T, m medium) {
		for _, dir := range []transport.Direction{transport.Sent, transport.Received} {
			total := saleBytes(t, m, dir)
			require.Greater(t, total, int64(50))
			t.Logf("%s: a whole sale %v is %d bytes", m.name, dir, total)
			step := int64(1)
			if testing.Short() {
				step = 17
			}
			var wg sync.WaitGroup
			slots := make(chan struct{}, 24)
			for at := int64(0); at <= total; at += step {
				wg.Add(1)
				slots <- struct{}{}
				go func() {
					defer wg.Done()
					defer func() { <-slots }()
					cutAt(t, m, dir, at)
				}()
			}
			wg.Wait()
		}
	})
}

// saleBytes counts what a whole sale sends in one direction.
func saleBytes(t *testing.T, m medium, dir transport.Direction) (total int64) {
	counter := &counting{}
	s := openShop(t, m, simConfig(), counter.dialer)
	_, err := s.charge(t, 1280, "order-1")
	require.NoError(t, err)
	if dir == transport.Sent {
		return counter.sent.Load()
	}
	return counter.received.Load()
}

// cutAt charges once over a line that breaks after n bytes, recovers over a
// sound one, and compares.
func cutAt(t *testing.T, m medium, dir transport.Direction, at int64) {
	faults := &transporttest.Faults{List: []transporttest.Fault{{Kind: transporttest.Cut, Dir: dir, At: at}}}
	fast := m
	fast.unit = 20 * time.Millisecond
	cfg := simConfig()
	cfg.T3 = 3 * fast.unit
	s := &shop{sim: zvttest.New(cfg), journal: postest.NewMemoryJournal()}
	d := m.serve(t, s.sim)
	s.open(t, fast, faults.Dialer(d))
	what := fmt.Sprintf("%s cut after byte %d %v", m.name, at, dir)
	a, err := s.charge(t, 1280, "order-1")
	if err == nil && s.sim.Net() != 1280 {
		t.Errorf("%s: told paid, the books hold %d", what, s.sim.Net())
	}
	if a.State == pos.StateNotSent && s.sim.Net() != 0 {
		t.Errorf("%s: told not sent, the books hold %d", what, s.sim.Net())
	}
	s.Till.Close()
	s.sim.SetT3(time.Second)
	s.journal = s.journal.Reopen()
	s.open(t, m, d) // the next process, with patience enough for a busy machine
	s.agree(t, what)
	s.Till.Close()
	s.sim.Close()
}

// Power fails between the terminal's completion and the
// register's write. On start, repeat-receipt returns the next receipt.
func TestPowerFailsBetweenTheTerminalsCompletionAndTheRegistersWrite(t *testing.T) {
	eachMedium(t, func(t *testing.T, m medium) {
		cfg := simConfig()
		cfg.FirstReceipt = 343
		sim := zvttest.New(cfg)
		d := m.serve(t, sim)
		durable := postest.NewMemoryJournal()
		b := postest.NewBarriers(durable)
		open := func(j pos.Journal) *pos.Till {
			till, err := pos.Open(t.Context(), pos.Config{ID: "lane-1", Journal: j, Times: quick,
				Drivers: map[string]pos.Driver{"card": newTerminal(t, m, d)}})
			require.NoError(t, err)
			return till
		}
		till := open(b)
		charge := func(till *pos.Till, ref string) (pos.Attempt, error) {
			return till.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Reference: ref})
		}
		first, err := charge(till, "order-1")
		require.NoError(t, err)
		require.Equal(t, "0343", first.Receipt)
		b.KillAt = b.Count() + 3 // intent and armed pass, the outcome does not
		_, err = charge(till, "order-2")
		require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
		till.Close()

		next := durable.Reopen()
		till = open(next)
		defer till.Close()
		require.Len(t, till.Recovered().Settled, 1)
		orphan := till.Recovered().Settled[0]
		require.Equal(t, pos.StateApproved, orphan.State)
		require.Equal(t, "0343", orphan.Handle["receipt_before"])
		require.Equal(t, "0344", orphan.Receipt)
		require.Empty(t, postest.Agree(t.Context(), next, sim.Net()))
	})
}

func TestASecondBookingBetweenNeedsAPerson(t *testing.T) {
	m := media[0]
	s := openShop(t, m, simConfig(), nil)
	_, err := s.charge(t, 500, "before")
	require.NoError(t, err)
	s.sim.Inject("lose-request")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b, err := s.Charge(ctx, pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY), Reference: "order-1"})
	require.ErrorIs(t, err, pos.ErrDeclined)
	// Somebody pays at the terminal twice, directly.
	other := newTerminal(t, m, &tcp.Dialer{Addr: dialAddr(t, s)})
	defer other.Close()
	for i := range 2 {
		err = pos.ErrBusy
		for errors.Is(err, pos.ErrBusy) { // the terminal may still be printing for the other connection
			_, err = other.Transact(t.Context(), pos.Operation{Op: pos.OpCharge, Attempt: "direct", Amount: pos.FromMinor(int64(700+i), pos.CNY)}, nopSession{})
		}
		require.NoError(t, err)
	}
	r, err := other.Query(t.Context(), b)
	for r.Outcome == pos.OutcomePending { // the payment is just being printed
		r, err = other.Query(t.Context(), b)
	}
	require.ErrorContains(t, err, "a person must look")
}

type nopSession struct{}

func (nopSession) BeforeSend(context.Context, pos.Handle) error { return nil }
func (nopSession) Progress(pos.Progress)                        {}

// dialAddr serves the shop's terminal on one more port.
func dialAddr(t *testing.T, s *shop) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go s.sim.Serve(l)
	return l.Addr().String()
}

func TestAbsentWrongAndForeignTerminals(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := l.Addr().String()
	l.Close()
	for _, c := range []struct {
		name, says, sends string
		addr              string
	}{
		{name: "nobody listens", says: "connect", addr: nobody},
		{name: "an ECR17 terminal", sends: "\x15\x03\x69", says: "ECR17"},
		{name: "a web server", sends: "HTTP/1.1 400 Bad Request\r\n\r\n", says: "HTTP"},
		{name: "a JSON protocol", sends: "{\"action\":\"hello\"}", says: "JSON"},
		{name: "silence", sends: "", says: "T3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr := c.addr
			if addr == "" {
				addr = talker(t, c.sends)
			}
			terminal := newTerminal(t, media[0], &tcp.Dialer{Addr: addr, Timeout: time.Second})
			till, err := pos.Open(t.Context(), pos.Config{ID: "lane-1", Journal: postest.NewMemoryJournal(), Times: quick,
				Drivers: map[string]pos.Driver{"card": terminal}})
			require.NoError(t, err)
			defer till.Close()
			a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(100, pos.CNY)})
			require.ErrorIs(t, err, pos.ErrNotSent)
			require.Equal(t, pos.StateNotSent, a.State)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "money moved: no")
		})
	}
}

// talker accepts connections, says one thing and listens.
func talker(t *testing.T, says string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			c.Write([]byte(says))
		}
	}()
	return l.Addr().String()
}

func TestAmountsBeyondTheField(t *testing.T) {
	s := openShop(t, media[0], simConfig(), nil)
	for _, m := range []pos.Money{pos.FromMinor(1_000_000_000_000, pos.CNY), pos.FromMinor(100, pos.EUR)} {
		a, err := s.Charge(t.Context(), pos.ChargeRequest{Amount: m})
		require.ErrorIs(t, err, pos.ErrInvalid, m.String())
		require.Equal(t, pos.StateNotSent, a.State)
	}
	a, err := s.Charge(t.Context(), pos.ChargeRequest{Amount: pos.FromMinor(999_999_999_999, pos.CNY)})
	require.NoError(t, err)
	require.Equal(t, int64(999_999_999_999), a.Approved.Minor())
	s.agree(t, "largest amount")
}

func TestDeclinesCarryTheTerminalsCodeAndWords(t *testing.T) {
	s := openShop(t, media[0], simConfig(), nil)
	for ending, code := range zvttest.Endings {
		a, err := s.charge(t, 50_000_000+ending, fmt.Sprintf("order-%d", ending))
		require.Error(t, err)
		require.Equal(t, fmt.Sprintf("%02X", byte(code)), a.Code)
		require.NotEmpty(t, a.Text)
	}
	require.Zero(t, s.sim.Net())
	s.agree(t, "declines")
}
