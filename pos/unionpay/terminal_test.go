package unionpay_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/unionpay"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cuptest"
	"github.com/openecr/openecr/transport/tcp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a host on a real socket and what a terminal keeps between processes.
type bench struct {
	host  *cuptest.Host
	addr  string
	keys  *cupkey.Memory
	state *unionpay.MemoryStore
	cfg   unionpay.Config
}

// card reads the first card of the simulated issuer by its stripe, with PIN.
func card(i int) unionpay.Keyed {
	return func(unionpay.Ask) (unionpay.Card, error) {
		c := cuptest.Cards()[i]
		return unionpay.Card{Entry: unionpay.EntrySwipe, Track2: c.Track2(), PIN: c.Code(), Foreign: c.Foreign}, nil
	}
}

// quickly are the timers of tests.
func quickly(p unionpay.Profile) unionpay.Profile {
	p.Timeout, p.CancelWait = unionpay.Duration(400*time.Millisecond), unionpay.Duration(100*time.Millisecond)
	return p
}

var quick = pos.Times{AskEvery: 10 * time.Millisecond, AskAtMost: 3 * time.Second, Quarantine: 10 * time.Millisecond}

func newBench(t *testing.T, cfg cuptest.Config, profile unionpay.Profile) *bench {
	t.Helper()
	b := &bench{host: cuptest.New(cfg), keys: cupkey.NewMemory(cuptest.MasterKey(), cupkey.Settings{}), state: &unionpay.MemoryStore{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b.addr = l.Addr().String()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = b.host.Serve(l)
	}()
	t.Cleanup(func() {
		b.host.Close()
		<-served
	})
	b.cfg = unionpay.Config{Dialer: &tcp.Dialer{Addr: b.addr}, Terminal: cuptest.Terminal, Merchant: cuptest.Merchant, Currency: pos.CNY,
		Keys: b.keys, State: b.state, Cards: card(0), Profile: quickly(profile)}
	return b
}

func (b *bench) open(t *testing.T) *unionpay.Terminal {
	t.Helper()
	term, err := unionpay.New(b.cfg)
	require.NoError(t, err)
	return term
}

func (b *bench) till(t *testing.T, j pos.Journal) *pos.Till {
	t.Helper()
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: j, Drivers: map[string]pos.Driver{"card": b.open(t)}, Times: quick})
	require.NoError(t, err)
	t.Cleanup(func() { till.Close() })
	return till
}

func cny(minor int64) pos.Money { return pos.FromMinor(minor, pos.CNY) }

func (b *bench) agree(t *testing.T, j pos.Journal) {
	t.Helper()
	require.Empty(t, postest.Agree(context.Background(), j, b.host.Net()))
}

func TestTheDriverPassesTheSuite(t *testing.T) {
	for name, profile := range map[string]unionpay.Profile{"a connection for each": {RefundsRepeat: true}, "one connection": {Long: true, RefundsRepeat: true}} {
		// The host outlives the suite, which counts goroutines.
		b := newBench(t, cuptest.Config{Think: 50 * time.Millisecond}, profile)
		t.Run(name, func(t *testing.T) {
			postest.TestDriver(t, postest.Harness{
				Open: func(t *testing.T) pos.Driver { return b.open(t) },
				Net:  b.host.Net, Currency: pos.CNY, Amount: 2000, Decline: 2051, Times: quick,
				Lacks: []pos.Op{pos.OpRedeem},
			})
		})
	}
}

func TestADayAtTheAcquirer(t *testing.T) {
	b := newBench(t, cuptest.Config{}, unionpay.Profile{})
	j := postest.NewMemoryJournal()
	till := b.till(t, j)
	sale, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "1"})
	require.NoError(t, err)
	require.Equal(t, "621234******1232", sale.Card)
	require.Equal(t, "UnionPay", sale.Scheme)
	require.Len(t, sale.RRN, 12)
	require.Len(t, sale.AuthCode, 6)
	require.Equal(t, "000002", sale.Receipt, "the sign-on had the first number")
	require.WithinDuration(t, time.Now(), sale.PeerTime, time.Minute)
	second, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(5000), Reference: "2"})
	require.NoError(t, err)
	_, err = till.Void(t.Context(), pos.VoidRequest{Original: sale.ID})
	require.NoError(t, err)
	_, err = till.Refund(t.Context(), pos.RefundRequest{Original: second.ID, Amount: cny(1000)})
	require.NoError(t, err)
	hold, err := till.Preauthorize(t.Context(), pos.PreauthRequest{Amount: cny(10000), Reference: "3"})
	require.NoError(t, err)
	_, err = till.Complete(t.Context(), pos.CompletionRequest{Original: hold.ID, Amount: cny(8000)})
	require.NoError(t, err)
	let, err := till.Preauthorize(t.Context(), pos.PreauthRequest{Amount: cny(3000), Reference: "4"})
	require.NoError(t, err)
	_, err = till.Void(t.Context(), pos.VoidRequest{Original: let.ID})
	require.NoError(t, err)
	scan, err := till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(700), Reference: "5", Code: pos.NewSecret([]byte("6212345678901234567"))})
	require.NoError(t, err)
	_, err = till.Refund(t.Context(), pos.RefundRequest{Original: scan.ID, Amount: cny(200)})
	require.NoError(t, err)
	b.agree(t, j)
	require.EqualValues(t, 5000-1000+8000+700-200, b.host.Net())
	s, err := till.Settle(t.Context(), pos.SettleRequest{Currency: pos.CNY})
	require.NoError(t, err)
	require.True(t, s.Equal, "difference %s", s.Difference)
	require.EqualValues(t, 2, b.host.Batch(cuptest.Terminal))
	require.EqualValues(t, 2, b.state.State().Batch)
	require.Zero(t, b.host.Uploaded(cuptest.Terminal), "equal totals need no items")
	// The next batch sells, and a refund reaches back into the one before.
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "6"})
	require.NoError(t, err)
	_, err = till.Refund(t.Context(), pos.RefundRequest{Original: second.ID, Amount: cny(500)})
	require.NoError(t, err)
	b.agree(t, j)
}
