package zvt_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/zvt"
	"github.com/openecr/openecr/pos/zvt/zvttest"
	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/tcp"
)

// limit is what a cashier must not notice: from Charge to the first byte, and
// from the last byte to the return.
const limit = time.Millisecond

// stamped notes when the first byte left and the last one came.
type stamped struct {
	transport.Conn
	first, last atomic.Int64
}

func (s *stamped) Write(p []byte) (int, error) {
	s.first.CompareAndSwap(0, time.Now().UnixNano())
	return s.Conn.Write(p)
}

func (s *stamped) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if n > 0 {
		s.last.Store(time.Now().UnixNano())
	}
	return n, err
}

// BenchmarkChargeOverhead measures what the register adds to a payment, with
// the journal in memory: Charge to first byte out, last byte in to return.
func BenchmarkChargeOverhead(b *testing.B) {
	sim := zvttest.New(zvttest.Config{Currency: pos.CNY})
	defer sim.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go sim.Serve(l)
	stamp := &stamped{}
	inner := &tcp.Dialer{Addr: l.Addr().String()}
	terminal, err := zvt.New(zvt.Config{Currency: pos.CNY, Dialer: transport.DialFunc("stamped", func(ctx context.Context) (transport.Conn, error) {
		c, err := inner.Dial(ctx)
		stamp.Conn = c
		return stamp, err
	})})
	if err != nil {
		b.Fatal(err)
	}
	till, err := pos.Open(b.Context(), pos.Config{ID: "bench", Journal: postest.NewMemoryJournal(), AutoConfirm: true,
		Drivers: map[string]pos.Driver{"card": terminal}})
	if err != nil {
		b.Fatal(err)
	}
	defer till.Close()
	charge := func() {
		if _, err := till.Charge(b.Context(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY)}); err != nil {
			b.Fatal(err)
		}
	}
	charge() // connects and registers
	var out, back time.Duration
	for b.Loop() {
		stamp.first.Store(0)
		start := time.Now()
		charge()
		end := time.Now()
		out += time.Duration(stamp.first.Load() - start.UnixNano())
		back += time.Duration(end.UnixNano() - stamp.last.Load())
	}
	n := float64(b.N)
	b.ReportMetric(float64(out.Microseconds())/n, "µs-first-byte-out")
	b.ReportMetric(float64(back.Microseconds())/n, "µs-last-byte-to-return")
	b.ReportMetric(float64(out)/n/float64(limit), "of-1ms-out")
	b.ReportMetric(float64(back)/n/float64(limit), "of-1ms-return")
}

// fleetSize is how many terminals one process must serve at once.
func fleetSize() int {
	if os.Getenv("OPENECR_BENCH_SMALL") != "" {
		return 50
	}
	return 1000
}

// BenchmarkThousandTerminals charges 1,000 simulated terminals at once over
// TCP, each with its own driver and lane, on one journal in memory.
func BenchmarkThousandTerminals(b *testing.B) {
	n := fleetSize()
	journal := postest.NewMemoryJournal()
	tills := make([]*pos.Till, n)
	for i := range tills {
		sim := zvttest.New(zvttest.Config{Currency: pos.CNY, Seed: uint64(i)})
		b.Cleanup(func() { sim.Close() })
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		go sim.Serve(l)
		terminal, err := zvt.New(zvt.Config{Currency: pos.CNY, Dialer: &tcp.Dialer{Addr: l.Addr().String()}, T3: 30 * time.Second})
		if err != nil {
			b.Fatal(err)
		}
		tills[i], err = pos.Open(b.Context(), pos.Config{ID: fmt.Sprintf("lane-%d", i), Journal: journal, AutoConfirm: true,
			Drivers: map[string]pos.Driver{"card": terminal}})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { tills[i].Close() })
	}
	var failed atomic.Int64
	for b.Loop() {
		var wg sync.WaitGroup
		for _, till := range tills {
			wg.Go(func() {
				if _, err := till.Charge(b.Context(), pos.ChargeRequest{Amount: pos.FromMinor(1280, pos.CNY)}); err != nil {
					failed.Add(1)
				}
			})
		}
		wg.Wait()
	}
	if failed.Load() > 0 {
		b.Fatalf("%d charges failed", failed.Load())
	}
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "charges/s")
}

// BenchmarkIdleTerminal measures the memory of one connected and registered
// terminal that waits for work, together with the simulated side of its connection.
func BenchmarkIdleTerminal(b *testing.B) {
	n := fleetSize()
	sim := zvttest.New(zvttest.Config{Currency: pos.CNY, T3: 30 * time.Second})
	defer sim.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go sim.Serve(l)
	for b.Loop() {
		terminals := make([]*zvt.Terminal, n)
		before := inUse()
		for i := range terminals {
			terminals[i], err = zvt.New(zvt.Config{Currency: pos.CNY, Dialer: &tcp.Dialer{Addr: l.Addr().String()}, T3: 30 * time.Second})
			if err != nil {
				b.Fatal(err)
			}
			_, err := terminals[i].Status(b.Context())
			for errors.Is(err, pos.ErrBusy) { // the one simulated terminal is finishing with the connection before
				_, err = terminals[i].Status(b.Context())
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		after := inUse()
		b.ReportMetric(float64(after-before)/float64(n), "B/terminal-with-its-peer")
		for _, t := range terminals {
			t.Close()
		}
	}
}

func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
