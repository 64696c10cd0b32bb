package unionpay_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/unionpay"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cuptest"
	"github.com/openecr/openecr/transport"
)

// Every way an answer can fail: the journal, the error and the host's books
// agree on where the money is, and the next customer can pay.
func TestEveryFaultOfTheHost(t *testing.T) {
	ends := map[string]struct {
		state pos.State
		class error
	}{
		"lose-request":    {pos.StateReversed, pos.ErrDeclined},
		"lose-answer":     {pos.StateReversed, pos.ErrDeclined},
		"half-open":       {pos.StateReversed, pos.ErrDeclined},
		"answer-late":     {pos.StateReversed, pos.ErrDeclined},
		"answer-twice":    {pos.StateApproved, nil},
		"answer-previous": {pos.StateApproved, nil},
		"foreign-answer":  {pos.StateApproved, nil},
		"wrong-mac":       {pos.StateReversed, pos.ErrDeclined},
		"no-mac":          {pos.StateReversed, pos.ErrDeclined},
		"garbage":         {pos.StateReversed, pos.ErrDeclined},
		"trailing":        {pos.StateReversed, pos.ErrDeclined},
		"cut-answer=20":   {pos.StateReversed, pos.ErrDeclined},
		"reboot":          {pos.StateReversed, pos.ErrDeclined},
		"sign-on-again":   {pos.StateApproved, nil},
	}
	for fault, want := range ends {
		for _, long := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, long %v", fault, long), func(t *testing.T) {
				b := newBench(t, cuptest.Config{Late: 800 * time.Millisecond}, unionpay.Profile{Long: long})
				j := postest.NewMemoryJournal()
				till := b.till(t, j)
				_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(500), Reference: "before"})
				require.NoError(t, err)
				require.Empty(t, b.host.Inject(fault))
				a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "sale"})
				if want.class == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, want.class)
				}
				require.Equal(t, want.state, a.State)
				_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(300), Reference: "after"})
				require.NoError(t, err)
				b.agree(t, j)
				s, err := till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
				require.NoError(t, err)
				require.True(t, s.Equal, "difference %s", s.Difference)
			})
		}
	}
	for fault := range cuptest.Faults {
		switch fault {
		case "refuse-sign-on", "wrong-check", "unbalanced", "lose-settlement", "lose-upload", "lose-end", "cut-answer": // below
		default:
			require.Contains(t, ends, fault, "a fault without a test")
		}
	}
}

// cutter breaks the connection after so many bytes in one direction.
type cutter struct {
	transport.Dialer
	mu   sync.Mutex
	sent bool // cut what is sent, else what is received
	left int  // bytes until the cut; negative is never
	skip int  // connections that are left alone first
	pull bool // and then nobody can connect any more
	out  bool
}

// cutter puts one into the bench's line, before a terminal is opened.
func (b *bench) cutter() *cutter {
	c := &cutter{Dialer: b.cfg.Dialer, left: -1}
	b.cfg.Dialer = c
	return c
}

func (c *cutter) pullAfterCut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pull = true
}

func (c *cutter) plugIn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pull, c.out, c.left = false, false, -1
}

func (c *cutter) Dial(ctx context.Context) (transport.Conn, error) {
	c.mu.Lock()
	out, alone := c.out, c.skip > 0
	c.skip = max(c.skip-1, 0)
	c.mu.Unlock()
	if out {
		return nil, errCut
	}
	conn, err := c.Dialer.Dial(ctx)
	if err != nil || alone {
		return conn, err
	}
	return &cutConn{conn, c}, nil
}

type cutConn struct {
	transport.Conn
	c *cutter
}

var errCut = errors.New("the line is cut")

// take counts n bytes and returns how many of them still pass.
func (c *cutter) take(n int, sent bool) (int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left < 0 || c.sent != sent {
		return n, false
	}
	if n <= c.left {
		c.left -= n
		return n, false
	}
	n, c.left = c.left, -1
	c.out = c.pull
	return n, true
}

func (c *cutConn) Write(p []byte) (int, error) {
	n, cut := c.c.take(len(p), true)
	m, err := c.Conn.Write(p[:n])
	if cut {
		c.Conn.Close()
		return m, errors.Join(errCut, err)
	}
	return m, err
}

func (c *cutConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		return n, err
	}
	m, cut := c.c.take(n, false)
	if cut {
		c.Conn.Close()
		return m, errCut
	}
	return n, nil
}

func (c *cutter) arm(sent bool, after int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent, c.left = sent, after
}

// The line is cut after every byte of a sale's request and of its answer.
func TestTheLineIsCutAfterEveryByte(t *testing.T) {
	for _, sent := range []bool{true, false} {
		b := newBench(t, cuptest.Config{}, unionpay.Profile{AlwaysSignedOn: true})
		c := b.cutter()
		j := postest.NewMemoryJournal()
		till := b.till(t, j)
		_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "first"})
		require.NoError(t, err)
		const longest = 400
		n, ends := 0, map[pos.State]int{}
		for ; n < longest; n++ {
			c.arm(sent, n)
			a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: fmt.Sprintf("%v %d", sent, n)})
			c.arm(false, -1)
			ends[a.State]++
			if err == nil {
				break // the message is shorter than that
			}
			require.Contains(t, []pos.State{pos.StateReversed, pos.StateNotSent}, a.State, "cut after %d bytes: %v", n, err)
		}
		require.Less(t, n, longest)
		require.Greater(t, n, 100, "a sale and its answer are longer than that")
		require.Positive(t, ends[pos.StateReversed])
		b.agree(t, j)
		s, err := till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
		require.NoError(t, err)
		require.True(t, s.Equal, "difference %s", s.Difference)
	}
}

// The same for a void, for the reversal of a sale, and for a settlement.
func TestWhatFollowsASaleIsCutAfterEveryByte(t *testing.T) {
	const longest = 400
	for _, sent := range []bool{true, false} {
		b := newBench(t, cuptest.Config{}, unionpay.Profile{AlwaysSignedOn: true})
		c := b.cutter()
		j := postest.NewMemoryJournal()
		till := b.till(t, j)
		charge := func(ref string) (pos.Attempt, error) {
			return till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: ref})
		}
		n := 0
		for ; n < longest; n++ {
			a, err := charge(fmt.Sprint("v", n))
			require.NoError(t, err)
			c.arm(sent, n)
			v, err := till.Void(t.Context(), pos.VoidRequest{Original: a.ID})
			c.arm(false, -1)
			if err == nil {
				break
			}
			require.Contains(t, []pos.State{pos.StateReversed, pos.StateNotSent}, v.State, "cut after %d bytes: %v", n, err)
		}
		require.Greater(t, n, 100)
		require.Less(t, n, longest)
		b.agree(t, j)
		for n = 0; n < longest; n++ {
			require.Empty(t, b.host.Inject("lose-answer"))
			c.mu.Lock()
			c.skip, c.sent, c.left = 1, sent, n
			c.mu.Unlock()
			a, err := charge(fmt.Sprint("r", n))
			require.Error(t, err)
			require.Equal(t, pos.StateReversed, a.State, "the reversal is repeated until it is answered")
			c.mu.Lock()
			whole := c.left >= 0
			c.skip, c.left = 0, -1
			c.mu.Unlock()
			if whole {
				break
			}
		}
		require.Greater(t, n, 60)
		require.Less(t, n, longest)
		b.agree(t, j)
		for n = 0; n < longest; n++ {
			_, err := charge(fmt.Sprint("s", n))
			require.NoError(t, err)
			batch := b.host.Batch(cuptest.Terminal)
			c.arm(sent, n)
			_, err = till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
			c.mu.Lock()
			whole := c.left >= 0
			c.left = -1
			c.mu.Unlock()
			if errors.Is(err, pos.ErrNotSent) {
				require.Equal(t, batch, b.host.Batch(cuptest.Terminal))
				continue
			}
			require.NoError(t, err, "cut after %d bytes", n)
			require.Equal(t, batch+1, b.host.Batch(cuptest.Terminal))
			if whole {
				break
			}
		}
		require.Greater(t, n, 100, "totals and end are longer than that")
		require.Less(t, n, longest)
		b.agree(t, j)
	}
}

func TestASignOnThatFailsSendsNoMoney(t *testing.T) {
	for fault, says := range map[string]string{"refuse-sign-on": "97", "wrong-check": "校验值不符"} {
		t.Run(fault, func(t *testing.T) {
			b := newBench(t, cuptest.Config{Faults: []string{fault}}, unionpay.Profile{})
			j := postest.NewMemoryJournal()
			till := b.till(t, j)
			a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
			require.ErrorIs(t, err, pos.ErrNotSent)
			require.ErrorContains(t, err, says)
			require.Equal(t, pos.StateNotSent, a.State)
			require.Zero(t, b.host.Net())
			_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
			require.NoError(t, err, "the second sign-on goes well")
			b.agree(t, j)
		})
	}
}

func TestTheKeysChangeInMidBatch(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	for i := range 6 {
		if i%2 == 1 {
			b.host.Reboot()
		}
		a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000 + int64(i)*100), Reference: fmt.Sprint(i)})
		if i%2 == 1 { // the host knows our key no more; its answer carries no MAC we could believe
			require.Error(t, err)
			require.Equal(t, pos.StateReversed, a.State)
			continue
		}
		require.NoError(t, err)
	}
	b.agree(t, j)
	s, err := till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
	require.NoError(t, err)
	require.True(t, s.Equal)
}

// A settlement that is cut at any step, and killed, goes on where it stopped.
func TestSettlementsThatAreCut(t *testing.T) {
	for _, faults := range [][]string{{"lose-settlement"}, {"unbalanced"}, {"unbalanced", "lose-upload"}, {"unbalanced", "lose-end"}, {"lose-end"},
		{"lose-settlement", "unbalanced", "lose-upload", "lose-upload", "lose-end"}} {
		for _, kill := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v, killed %v", faults, kill), func(t *testing.T) {
				b := newBench(t, cuptest.Config{}, unionpay.Profile{})
				j := postest.NewMemoryJournal()
				till := b.till(t, j)
				for i := range 10 { // more than one upload message holds
					_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: fmt.Sprint(i)})
					require.NoError(t, err)
				}
				last, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(2000), Reference: "r"})
				require.NoError(t, err)
				_, err = till.Refund(t.Context(), pos.RefundRequest{Original: last.ID, Amount: cny(500)})
				require.NoError(t, err)
				require.Empty(t, b.host.Inject(faults...))
				s, err := till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
				for range 5 {
					if err == nil {
						break
					}
					require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
					_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "meanwhile"})
					require.ErrorIs(t, err, pos.ErrBusy, "no sale in a batch that is being closed")
					if kill {
						require.NoError(t, till.Close())
						till = b.till(t, j)
					}
					_, err = till.Recover(t.Context())
				}
				require.NoError(t, err)
				require.EqualValues(t, 2, b.host.Batch(cuptest.Terminal))
				require.EqualValues(t, 2, b.state.State().Batch)
				if faults[0] == "unbalanced" && s.Attempt.ID != "" {
					require.False(t, s.Equal, "the host's own count is shown")
					require.EqualValues(t, 100, s.Difference.Minor())
				}
				_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "next"})
				require.NoError(t, err)
				b.agree(t, j)
			})
		}
	}
}

func TestNumbersWrap(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	require.NoError(t, b.state.Keep(unionpay.Change{STAN: 999_990}))
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	seen := map[string]bool{}
	for i := range 20 {
		a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: fmt.Sprint(i)})
		require.NoError(t, err)
		require.False(t, seen[a.STAN], "trace number %s twice", a.STAN)
		require.NotEqual(t, "000000", a.STAN)
		seen[a.STAN] = true
	}
	require.True(t, seen["999999"] && seen["000001"])
	b.agree(t, j)
}

func TestACrashSkipsTraceNumbersAndRepeatsNone(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	j := postest.NewMemoryJournal()
	seen := map[string]bool{}
	for i := range 5 {
		till := b.till(t, j)
		for k := range 3 {
			a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: fmt.Sprint(i, k)})
			require.NoError(t, err)
			require.False(t, seen[a.STAN])
			seen[a.STAN] = true
		}
		require.NoError(t, till.Close())
	}
	b.agree(t, j)
}

// The cable is pulled after the last byte of the request; the reversal finds no
// line; the process is killed; the next one reverses before it does anything
// else, and the sale is then taken anew under a new trace number.
func TestGoldenTraceReversalAfterRestart(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	c := b.cutter()
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	first, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "before"})
	require.NoError(t, err)
	c.arm(false, 0)
	c.pullAfterCut()
	lost, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1234), Reference: "sale"})
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	require.Equal(t, pos.StateReversing, lost.State)
	require.EqualValues(t, 1334, b.host.Net(), "the host has booked it")
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1), Reference: "other"})
	require.ErrorIs(t, err, pos.ErrBusy, "nothing goes before the reversal")
	require.NoError(t, till.Close())
	before := len(b.host.Books())

	c.plugIn()
	till = b.till(t, j)
	r := till.Recovered()
	require.Len(t, r.Settled, 1)
	require.Equal(t, lost.ID, r.Settled[0].ID)
	require.Equal(t, pos.StateReversed, r.Settled[0].State)
	books := b.host.Books()
	require.Len(t, books, before+1)
	require.Equal(t, "reversal", books[before].Kind)
	require.Equal(t, lost.Handle["stan"], fmt.Sprintf("%06d", books[before].STAN), "the same trace number")
	again, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1234), Reference: "sale"})
	require.NoError(t, err)
	require.NotEqual(t, lost.Handle["stan"], again.STAN)
	require.NotEqual(t, first.STAN, again.STAN)
	b.agree(t, j)
}

func TestAnswersWithoutMACAreBelievedOnlyWhereAgreed(t *testing.T) {
	b := newBench(t, cuptest.Config{Unsigned: true}, unionpay.Profile{Unsigned: true})
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
	require.NoError(t, err)
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1251), Reference: "2"})
	require.ErrorIs(t, err, pos.ErrDeclined)
	b.agree(t, j)
}

func TestDeclinesAndPartialApprovals(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	for ending, code := range cuptest.Endings {
		a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000 + ending), Reference: code})
		require.ErrorIs(t, err, pos.ErrDeclined)
		require.Equal(t, code, a.Code)
		require.NotEmpty(t, a.Text, "in Chinese, for the cashier")
	}
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000 + cuptest.HalfEnding), Reference: "half"})
	require.ErrorIs(t, err, pos.ErrPartial)
	require.EqualValues(t, 505, a.Approved.Minor())
	b.agree(t, j)
	for _, wrong := range []int64{0, -1, 1_000_000_000_000} {
		_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(wrong), Reference: fmt.Sprint("w", wrong)})
		require.ErrorIs(t, err, pos.ErrInvalid)
	}
}

func TestKeyStores(t *testing.T) {
	sm4, err := cupkey.NewKey(cupkey.SM4, []byte("0123456789abcdef"))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		host    cuptest.Config
		profile unionpay.Profile
		how     cupkey.Settings
	}{
		"single DES":             {profile: unionpay.Profile{SignOn: "001"}},
		"with encrypted tracks":  {host: cuptest.Config{TracksEncrypted: true}, profile: unionpay.Profile{SignOn: "004", EncryptTrack: true}},
		"SM4":                    {host: cuptest.Config{Master: sm4, TracksEncrypted: true}, profile: unionpay.Profile{SignOn: "006", SM4: true, SecurityDigit: "3", EncryptTrack: true}},
		"CBC MAC":                {host: cuptest.Config{MAC: cupkey.MACX99}, how: cupkey.Settings{MAC: cupkey.MACX99}},
		"PIN without the number": {profile: unionpay.Profile{PINWithoutPAN: true}},
		"nothing kept of cards":  {profile: unionpay.Profile{ForgetCards: true}},
		"the card read again":    {profile: unionpay.Profile{VoidNeedsCard: true}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, c.host, c.profile)
			master := c.host.Master
			if master.IsZero() {
				master = cuptest.MasterKey()
			}
			b.cfg.Keys = cupkey.NewMemory(master, c.how)
			j := postest.NewMemoryJournal()
			till := b.till(t, j)
			a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
			require.NoError(t, err)
			require.Equal(t, "621234******1232", a.Card)
			_, err = till.Void(t.Context(), pos.VoidRequest{Original: a.ID})
			require.NoError(t, err)
			require.Empty(t, b.host.Inject("lose-answer"))
			lost, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(700), Reference: "2"})
			require.Error(t, err)
			require.Equal(t, pos.StateReversed, lost.State)
			b.agree(t, j)
		})
	}
	t.Run("a wrong PIN is the customer's", func(t *testing.T) {
		b := newBench(t, cuptest.Config{}, unionpay.Profile{})
		wrong, err := cupkey.NewPIN([]byte("999999"))
		require.NoError(t, err)
		b.cfg.Cards = unionpay.Keyed(func(a unionpay.Ask) (unionpay.Card, error) {
			c, err := card(0)(a)
			c.PIN = wrong
			return c, err
		})
		j := postest.NewMemoryJournal()
		a, err := b.till(t, j).Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
		require.ErrorIs(t, err, pos.ErrDeclined)
		require.Equal(t, "55", a.Code)
	})
}

// A host that answers a repeated refund as it did the first time.
func TestARepeatedRefundIsBookedOnce(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{RefundsRepeat: true})
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: "1"})
	require.NoError(t, err)
	require.Empty(t, b.host.Inject("lose-answer"))
	back, err := till.Refund(t.Context(), pos.RefundRequest{Original: a.ID, Amount: cny(600)})
	require.NoError(t, err, "repeated, and answered as the first time")
	require.Equal(t, pos.StateApproved, back.State)
	b.agree(t, j)
	require.EqualValues(t, 400, b.host.Net())
	require.Len(t, b.state.State().Items, 2, "the refund is in the batch once")
}

// The answer to the totals is lost, and then the line is away: nobody may say
// that nothing was settled.
func TestASettlementIsNotDeniedWhenTheLineIsAway(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	c := b.cutter()
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: "1"})
	require.NoError(t, err)
	c.arm(false, 0)
	c.pullAfterCut()
	s, err := till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	require.Equal(t, pos.StateUnknown, s.Attempt.State)
	c.plugIn()
	_, err = till.Recover(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, b.host.Batch(cuptest.Terminal))
	b.agree(t, j)
}

// What was told to the host in the totals cannot be reversed under them.
func TestNothingIsReversedInTheMiddleOfASettlement(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: "1"})
	require.NoError(t, err)
	term := b.open(t)
	defer term.Close()
	require.NoError(t, b.state.Keep(unionpay.Change{Settling: &unionpay.Settling{STAN: 9, Attempt: "s"}}))
	a.Handle["batch"] = "000001"
	_, err = term.Transact(t.Context(), pos.Operation{Op: pos.OpReversal, Attempt: a.ID, Amount: a.Amount, Original: &a}, nil)
	require.ErrorIs(t, err, unionpay.ErrSettling)
	require.EqualValues(t, 1000, b.host.Net())
	require.NoError(t, b.state.Keep(unionpay.Change{Resume: true}))
}

// An answer that asks for a sign-on says nothing about the reversal.
func TestAReversalIsNotClosedByAKeyProblem(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{AnyCloses: true, Unsigned: true})
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(500), Reference: "before"})
	require.NoError(t, err)
	require.Empty(t, b.host.Inject("reboot")) // booked, then every key is forgotten
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
	require.Error(t, err)
	for range 3 {
		if a.State == pos.StateReversed {
			break
		}
		r, _ := till.Recover(t.Context())
		if len(r.Settled) == 1 {
			a = r.Settled[0]
		}
	}
	require.Equal(t, pos.StateReversed, a.State)
	b.agree(t, j)
}

// Why a payment must be taken back survives the process.
func TestTheReasonOfAReversalSurvivesARestart(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	b.cfg.Cards = &chip{refuse: true}
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	a, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
	require.Error(t, err)
	require.Equal(t, pos.StateReversed, a.State)
	require.Empty(t, b.state.State().Reasons, "it is done with")
	require.NoError(t, b.state.Keep(unionpay.Change{Reason: &unionpay.Reason{STAN: 77, Code: "06"}}))
	require.Len(t, b.state.State().Reasons, 1)
	require.NoError(t, b.state.Keep(unionpay.Change{Drop: 77}))
	require.Empty(t, b.state.State().Reasons)
	b.agree(t, j)
}

func TestTheBatchNumberWraps(t *testing.T) {
	b := newBench(t, cuptest.Config{Batch: 999_999}, unionpay.Profile{})
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	for _, ref := range []string{"1", "2"} {
		_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: ref})
		require.NoError(t, err)
		s, err := till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
		require.NoError(t, err)
		require.True(t, s.Equal)
	}
	require.EqualValues(t, 2, b.host.Batch(cuptest.Terminal))
	b.agree(t, j)
}

// Host and terminal are in different batches: nothing is sent until a person
// has given the old one up.
func TestABatchThatCannotBeSettledIsGivenUp(t *testing.T) {
	b := newBench(t, cuptest.Config{Batch: 5}, unionpay.Profile{})
	require.NoError(t, b.state.Keep(unionpay.Change{STAN: 10, Batch: 3}))
	require.NoError(t, b.state.Keep(unionpay.Change{Add: &unionpay.Item{STAN: 4, Kind: unionpay.KindSale, Amount: 1000}}))
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: "1"})
	require.ErrorIs(t, err, unionpay.ErrBatch)
	require.Zero(t, b.host.Net())
	require.NoError(t, till.Close())
	term := b.open(t)
	items, err := term.GiveUpBatch(t.Context())
	require.NoError(t, err)
	require.Len(t, items, 1)
	require.EqualValues(t, 5, b.state.State().Batch)
	require.NoError(t, term.Close())
	till = b.till(t, j)
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: "1"})
	require.NoError(t, err)
	b.agree(t, j)
}

// A keep-alive that gets no answer gives way to a customer.
func TestAnEchoTestGivesWay(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{Long: true, KeepAlive: unionpay.Duration(20 * time.Millisecond)})
	b.cfg.Profile.Timeout = unionpay.Duration(5 * time.Second)
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	for i := range 10 {
		time.Sleep(30 * time.Millisecond)
		begin := time.Now()
		_, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1000), Reference: fmt.Sprint(i)})
		require.NoError(t, err)
		require.Less(t, time.Since(begin), 3*time.Second)
	}
	b.agree(t, j)
}
