package serial

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/openecr/openecr/transport/transporttest"
)

// BenchmarkLineKeptBusy sends to a peer that takes characters no faster than a
// wire would, ten bits each, and measures at the peer: a pty takes 18 kB more
// than the peer has read, so the writer's own clock would flatter.
func BenchmarkLineKeptBusy(b *testing.B) {
	for _, baud := range []int{115200, 921600} {
		b.Run(fmt.Sprint(baud), func(b *testing.B) {
			const size = 32 << 10
			p, err := transporttest.OpenPTY("")
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			c, err := (&Dialer{Path: p.Path, Baud: baud}).Dial(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			data := make([]byte, size)
			b.SetBytes(size)
			var wire, took time.Duration
			for b.Loop() {
				done := make(chan time.Duration, 1)
				go func() { done <- takePaced(p, size, baud) }()
				if _, err := c.Write(data); err != nil {
					b.Fatal(err)
				}
				took += <-done
				wire += charTime(size, baud)
			}
			b.ReportMetric(float64(wire)/float64(took), "of-the-baud-rate")
		})
	}
}

func charTime(n, baud int) time.Duration {
	return time.Duration(n) * 10 * time.Second / time.Duration(baud)
}

// takePaced reads size bytes as a UART of 64 bytes would let them through: a
// character is there when its bits have passed, and time in which nothing was
// there to read is lost.
func takePaced(r io.Reader, size, baud int) time.Duration {
	began := time.Now()
	free := began // when the wire has passed all that was read
	buf := make([]byte, 64)
	for got := 0; got < size; {
		n, err := r.Read(buf[:min(len(buf), size-got)])
		if err != nil {
			return time.Since(began)
		}
		got += n
		if idle := time.Now(); free.Before(idle.Add(-charTime(len(buf), baud) - time.Millisecond)) {
			free = idle // the writer was late
		}
		free = free.Add(charTime(n, baud))
		time.Sleep(time.Until(free))
	}
	return time.Since(began)
}
