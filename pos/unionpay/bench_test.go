package unionpay_test

import (
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/unionpay"
	"github.com/openecr/openecr/pos/unionpay/cupkey"
	"github.com/openecr/openecr/pos/unionpay/cupproto"
	"github.com/openecr/openecr/pos/unionpay/cuptest"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
	"github.com/openecr/openecr/transport/tcp"
)

// Sales through Till, driver and simulated host over loopback, the journal in
// memory: x-of-2000/s is how much of the 2,000 sales a second asked for is
// reached by as many lanes as there are processors.
func BenchmarkSales(b *testing.B) {
	lanes := runtime.GOMAXPROCS(0)
	terminals := map[string]string{}
	for i := range lanes {
		terminals[fmt.Sprintf("%08d", i+1)] = cuptest.Merchant
	}
	addr := serveBench(b, cuptest.Config{Terminals: terminals})
	tills := make([]*pos.Till, lanes)
	for i := range tills {
		term, err := unionpay.New(unionpay.Config{Dialer: &tcp.Dialer{Addr: addr}, Terminal: fmt.Sprintf("%08d", i+1), Merchant: cuptest.Merchant,
			Currency: pos.CNY, Keys: cupkey.NewMemory(cuptest.MasterKey(), cupkey.Settings{}), State: &unionpay.MemoryStore{}, Cards: card(1), Profile: unionpay.Profile{Long: true}})
		if err != nil {
			b.Fatal(err)
		}
		if tills[i], err = pos.Open(b.Context(), pos.Config{ID: fmt.Sprint("l", i), Journal: postest.NewMemoryJournal(), AutoConfirm: true, Drivers: map[string]pos.Driver{"card": term}}); err != nil {
			b.Fatal(err)
		}
		defer tills[i].Close()
		sell(b, tills[i], -1-i) // signs on
	}
	b.ResetTimer()
	done := make(chan struct{}, lanes)
	for i, till := range tills {
		go func() {
			for k := i; k < b.N; k += lanes {
				sell(b, till, k)
			}
			done <- struct{}{}
		}()
	}
	for range lanes {
		<-done
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sales/s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/2000, "x-of-2000/s")
}

func sell(b *testing.B, till *pos.Till, k int) {
	if _, err := till.Charge(b.Context(), pos.ChargeRequest{Amount: cny(100), Reference: fmt.Sprint(k)}); err != nil {
		b.Error(err)
	}
}

func serveBench(b *testing.B, cfg cuptest.Config) string {
	host := cuptest.New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = host.Serve(l)
	}()
	b.Cleanup(func() {
		host.Close()
		<-served
	})
	return l.Addr().String()
}

// One lane: a whole sale against an echo test on the same connection, which is
// the bare round trip. x-bare is what the sale costs besides.
func BenchmarkSaleOverRoundTrip(b *testing.B) {
	addr := serveBench(b, cuptest.Config{})
	term, err := unionpay.New(unionpay.Config{Dialer: &tcp.Dialer{Addr: addr}, Terminal: cuptest.Terminal, Merchant: cuptest.Merchant, Currency: pos.CNY,
		Keys: cupkey.NewMemory(cuptest.MasterKey(), cupkey.Settings{}), State: &unionpay.MemoryStore{}, Cards: card(1), Profile: unionpay.Profile{Long: true}})
	if err != nil {
		b.Fatal(err)
	}
	till, err := pos.Open(b.Context(), pos.Config{ID: "l", Journal: postest.NewMemoryJournal(), AutoConfirm: true, Drivers: map[string]pos.Driver{"card": term}})
	if err != nil {
		b.Fatal(err)
	}
	defer till.Close()
	sell(b, till, -1)
	bare := roundTrip(b, addr)
	b.ResetTimer()
	for k := range b.N {
		sell(b, till, k)
	}
	sale := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(float64(bare.Nanoseconds()), "bare-ns")
	b.ReportMetric(float64(sale)/float64(bare), "x-bare")
}

// roundTrip is the time of a packed message to the host and back, nothing else.
func roundTrip(b *testing.B, addr string) time.Duration {
	m := cupproto.Request(cupproto.Echo)
	m.SetString(41, cuptest.Terminal)
	m.SetString(42, cuptest.Merchant)
	body, err := cupproto.Profile{}.AppendBody(nil, &cupproto.Frame{Message: m})
	if err != nil {
		b.Fatal(err)
	}
	link := transport.NewLink(transport.LinkConfig{Dialer: &tcp.Dialer{Addr: addr}, Framing: frame.Length{}})
	defer link.Close()
	if err := link.Connect(b.Context()); err != nil {
		b.Fatal(err)
	}
	const rounds = 2000
	begin := time.Now()
	for range rounds {
		if err := link.Send(b.Context(), body); err != nil {
			b.Fatal(err)
		}
		if _, err := link.Receive(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(begin) / rounds
}
