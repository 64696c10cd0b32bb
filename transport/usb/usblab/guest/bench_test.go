//go:build usblab && cgo && libusb

package guest_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/usb"
)

// echo makes a device that sends back what it gets.
func echo(b *testing.B) {
	d, port := bulk()
	plug(b, d)
	c := far(b, port)
	done := make(chan struct{})
	go func() { defer close(done); io.Copy(c.(io.Writer), c.(io.Reader)) }()
	b.Cleanup(func() { c.Close(); <-done })
}

// BenchmarkBulkEcho measures our Conn against a bare loop over gousb, in turns.
func BenchmarkBulkEcho(b *testing.B) {
	for _, size := range []int{64, 16 << 10} {
		b.Run(map[int]string{64: "64B", 16 << 10: "16KiB"}[size], func(b *testing.B) {
			echo(b)
			message, answer := make([]byte, size), make([]byte, size)
			rounds := 300
			if size > 64 {
				rounds = 60
			}
			ours := func() time.Duration {
				c := dial(b, "usb://2fb8:2205/W3")
				defer c.Close()
				return timeEcho(b, rounds, func() error {
					if _, err := c.Write(message); err != nil {
						return err
					}
					_, err := io.ReadFull(c, answer)
					return err
				})
			}
			theirs := func() time.Duration {
				in, out, stop := bare(b, 0x2FB8, 0x2205)
				defer stop()
				return timeEcho(b, rounds, func() error {
					if _, err := out.Write(message); err != nil {
						return err
					}
					for n := 0; n < size; {
						got, err := in.Read(answer[n:])
						if err != nil {
							return err
						}
						n += got
					}
					return nil
				})
			}
			for b.Loop() {
				// The best of several short turns each: an emulated machine on busy
				// cores is uneven, and what is fastest was disturbed least.
				mine, bareLoop := time.Hour, time.Hour
				for range 6 {
					bareLoop = min(bareLoop, theirs())
					mine = min(mine, ours())
				}
				b.ReportMetric(bareLoop.Seconds()/mine.Seconds(), "of-bare-gousb")
				b.ReportMetric(float64(2*size*rounds)/mine.Seconds()/1e6, "MB/s")
				b.ReportMetric(mine.Seconds()/float64(rounds)*1e6, "us/echo")
			}
		})
	}
}

func timeEcho(b *testing.B, rounds int, once func() error) time.Duration {
	for range 20 {
		require.NoError(b, once())
	}
	begun := time.Now()
	for range rounds {
		require.NoError(b, once())
	}
	return time.Since(begun)
}

// BenchmarkListHere lists this machine's devices, some twenty with the hubs.
func BenchmarkListHere(b *testing.B) {
	for b.Loop() {
		_, err := usb.List(b.Context())
		require.NoError(b, err)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/0.3, "of-300ms")
}

// BenchmarkDial opens and closes a device.
func BenchmarkDial(b *testing.B) {
	for _, w := range ways {
		b.Run(w.name, func(b *testing.B) {
			d, _ := w.make()
			plug(b, d)
			dialer := parse(b, w.text)
			for b.Loop() {
				c, err := dialer.Dial(b.Context())
				require.NoError(b, err)
				require.NoError(b, transport.Abort(c))
			}
		})
	}
}
