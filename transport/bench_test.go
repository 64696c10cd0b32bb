package transport_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
	"github.com/openecr/openecr/transport/transporttest"
)

// connected is a link for benchmarks, and the line at its other end.
func connected(tb testing.TB, acks *transport.Acks) (*transport.Link, *transporttest.PipeConn) {
	tb.Helper()
	near, far := transporttest.Pipe()
	link := transport.NewLink(transport.LinkConfig{
		Dialer:  transport.DialFunc("pipe://", func(context.Context) (transport.Conn, error) { return near, nil }),
		Framing: frame.DLE{}, Acks: acks,
	})
	if err := link.Connect(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return link, far
}

// TestAnIdleLinkIsSmall bounds what a thousand waiting terminals cost. A link
// whose Receive is waiting holds its first buffer.
func TestAnIdleLinkIsSmall(t *testing.T) {
	const links, most = 500, 3 << 10
	before := heap()
	all := make([]*transport.Link, links)
	for i := range all {
		link, far := connected(t, &transport.Acks{})
		defer link.Close()
		defer far.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Microsecond)
		link.Receive(ctx)
		cancel()
		all[i] = link
	}
	if each := (heap() - before) / links; each > most {
		t.Errorf("%d bytes per link, its pipe included; want at most %d", each, most)
	} else {
		t.Logf("%d bytes per link, its pipe included", each)
	}
	runtime.KeepAlive(all)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkExchange is one request and its answer through two links.
func BenchmarkExchange(b *testing.B) {
	for name, acks := range map[string]*transport.Acks{"plain": nil, "acknowledged": {}} {
		b.Run(name, func(b *testing.B) {
			link, far := connected(b, acks)
			defer link.Close()
			peer := transport.NewLink(transport.LinkConfig{Framing: frame.DLE{}, Acks: acks,
				Dialer: transport.DialFunc("pipe://", func(context.Context) (transport.Conn, error) { return far, nil })})
			defer peer.Close()
			ctx := context.Background()
			if err := peer.Connect(ctx); err != nil {
				b.Fatal(err)
			}
			go func() {
				for {
					p, err := peer.Receive(ctx)
					if err != nil || peer.Send(ctx, p) != nil {
						return
					}
				}
			}()
			request := make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				if err := link.Send(ctx, request); err != nil {
					b.Fatal(err)
				}
				if _, err := link.Receive(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
