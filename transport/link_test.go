package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
	"github.com/openecr/openecr/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ack = 0x06
	nak = 0x15
)

// pair is a connected link and the bare line at its other end.
func pair(t *testing.T, acks *transport.Acks, change ...func(*transport.LinkConfig)) (*transport.Link, *transporttest.PipeConn) {
	t.Helper()
	near, far := transporttest.Pipe()
	cfg := transport.LinkConfig{
		Dialer:  transport.DialFunc("pipe://", func(context.Context) (transport.Conn, error) { return near, nil }),
		Framing: frame.DLE{},
		Acks:    acks,
	}
	for _, c := range change {
		c(&cfg)
	}
	link := transport.NewLink(cfg)
	if err := link.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { link.Close(); far.Close() })
	return link, far
}

func framed(t *testing.T, payload string) []byte {
	t.Helper()
	wire, err := frame.DLE{}.AppendFrame(nil, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

func expect(t *testing.T, r io.Reader, want ...byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("peer read % X (%d, %v)\n     want % X", got, n, err, want)
	}
}

func receive(t *testing.T, link *transport.Link, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got, err := link.Receive(ctx); err != nil || string(got) != want {
		t.Errorf("Receive: got %q, %v; want %q", got, err, want)
	}
}

func sentBytes(err error) int {
	var e *transport.LinkError
	if errors.As(err, &e) {
		return e.Sent
	}
	return -1
}

func TestSendReturnsWhenAcknowledged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, &transport.Acks{})
		go func() {
			expect(t, peer, framed(t, "pay")...)
			time.Sleep(time.Second)
			peer.Write([]byte{ack})
		}()
		begun := time.Now()
		if err := link.Send(t.Context(), []byte("pay")); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != time.Second {
			t.Errorf("returned after %v, want when the ACK came", took)
		}
	})
}

func TestSilenceIsRepeatedTwiceAfterT2ThenReported(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, &transport.Acks{})
		wire := framed(t, "pay")
		begun := time.Now()
		err := link.Send(t.Context(), []byte("pay"))
		if !errors.Is(err, transport.ErrNoAck) || transport.NothingSent(err) || sentBytes(err) != 3*len(wire) {
			t.Errorf("got %v; want ErrNoAck with %d bytes sent", err, 3*len(wire))
		}
		if took := time.Since(begun); took != 15*time.Second {
			t.Errorf("gave up after %v, want 15s", took)
		}
		if link.Connected() {
			t.Error("the connection outlived a transmission error")
		}
		_ = peer
	})
}

func TestNakIsRepeatedAtOnce(t *testing.T) {
	cases := []struct {
		name    string
		answers []byte
		err     error
		sends   int
	}{
		{"one NAK then ACK", []byte{nak, ack}, nil, 2},
		{"two NAKs then ACK", []byte{nak, nak, ack}, nil, 3},
		{"three NAKs", []byte{nak, nak, nak}, transport.ErrNak, 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				link, peer := pair(t, &transport.Acks{})
				wire := framed(t, "pay")
				go func() {
					for _, answer := range c.answers {
						expect(t, peer, wire...)
						peer.Write([]byte{answer})
					}
				}()
				begun := time.Now()
				err := link.Send(t.Context(), []byte("pay"))
				if !errors.Is(err, c.err) || (c.err == nil) != (err == nil) {
					t.Errorf("got %v, want %v", err, c.err)
				}
				if err != nil && sentBytes(err) != c.sends*len(wire) {
					t.Errorf("got %d bytes sent, want %d", sentBytes(err), c.sends*len(wire))
				}
				if time.Since(begun) != 0 {
					t.Errorf("took %v", time.Since(begun))
				}
			})
		})
	}
}

func TestReceiverAcknowledgesAtOnceAndAsksAgainForDamage(t *testing.T) {
	good := framed(t, "card inserted")
	damaged := bytes.Clone(good)
	damaged[5] ^= 1
	cases := []struct {
		name   string
		wire   []byte
		answer []byte
		after  time.Duration
	}{
		{"a good frame is ACKed", good, []byte{ack}, 0},
		{"a damaged frame is NAKed", damaged, []byte{nak}, 0},
		{"a frame that stops is NAKed after T1", good[:7], []byte{nak}, 200 * time.Millisecond},
		{"noise is NAKed once, after T1", []byte{1, 2, 3}, []byte{nak}, 200 * time.Millisecond},
		{"noise before a frame is forgiven", append([]byte{1, 2, 3}, good...), []byte{ack}, 0},
		{"a frame broken off by a new one is forgiven", append(bytes.Clone(good[:7]), good...), []byte{ack}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				link, peer := pair(t, &transport.Acks{})
				go func() {
					begun := time.Now()
					peer.Write(c.wire)
					expect(t, peer, c.answer...)
					if took := time.Since(begun); took != c.after {
						t.Errorf("answered after %v, want %v", took, c.after)
					}
					if c.answer[0] == nak {
						peer.Write(good)
						expect(t, peer, ack)
					}
				}()
				receive(t, link, "card inserted")
				synctest.Wait()
			})
		})
	}
}

func TestRepetitionOfTheLastFrameIsAckedButNotDeliveredTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, &transport.Acks{})
		go func() {
			peer.Write(framed(t, "status"))
			expect(t, peer, ack)
			time.Sleep(5 * time.Second) // our ACK was lost on the way
			peer.Write(framed(t, "status"))
			expect(t, peer, ack)
			peer.Write(framed(t, "done"))
			expect(t, peer, ack)
		}()
		receive(t, link, "status")
		receive(t, link, "done")
		if got := link.Stats().Repeats; got != 1 {
			t.Errorf("got %d repeats, want 1", got)
		}
	})
}

func TestTheSameFrameAfterOurAnswerIsNew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, &transport.Acks{})
		go func() {
			for range 2 {
				peer.Write(framed(t, "status"))
				expect(t, peer, ack)
				expect(t, peer, framed(t, "thanks")...)
				peer.Write([]byte{ack})
			}
		}()
		for range 2 {
			receive(t, link, "status")
			if err := link.Send(t.Context(), []byte("thanks")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestRepeatsAreDeliveredWhenAskedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, &transport.Acks{DeliverRepeats: true})
		peer.Write(append(framed(t, "wait"), framed(t, "wait")...))
		receive(t, link, "wait")
		receive(t, link, "wait")
	})
}

func TestAnswerArrivingInsteadOfAckIsKeptAndEndsTheWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, &transport.Acks{})
		go func() {
			expect(t, peer, framed(t, "pay")...)
			peer.Write(framed(t, "accepted")) // its ACK was lost
			expect(t, peer, ack)
		}()
		begun := time.Now()
		if err := link.Send(t.Context(), []byte("pay")); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 500*time.Millisecond {
			t.Errorf("waited %v for the lost ACK, want 500ms", took)
		}
		if link.Stats().Resent != 0 {
			t.Error("a request that had been answered was repeated")
		}
		receive(t, link, "accepted")
	})
}

func TestCrossingFramesAreBothDelivered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, &transport.Acks{})
		go func() {
			peer.Write(framed(t, "status"))
			expect(t, peer, framed(t, "abort")...)
			expect(t, peer, ack)
			peer.Write([]byte{nak}) // ours was damaged where they crossed
			expect(t, peer, framed(t, "abort")...)
			peer.Write([]byte{ack})
		}()
		if err := link.Send(t.Context(), []byte("abort")); err != nil {
			t.Fatal(err)
		}
		receive(t, link, "status")
	})
}

func TestSendWorksWhileAnotherGoroutineReceives(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, &transport.Acks{})
		got := make(chan string)
		go func() {
			p, err := link.Receive(t.Context())
			got <- fmt.Sprint(string(p), err)
		}()
		synctest.Wait()
		go func() {
			expect(t, peer, framed(t, "abort")...)
			peer.Write([]byte{ack})
			time.Sleep(time.Minute)
			peer.Write(framed(t, "aborted"))
			expect(t, peer, ack)
		}()
		if err := link.Send(t.Context(), []byte("abort")); err != nil {
			t.Error(err)
		}
		if s := <-got; s != "aborted<nil>" {
			t.Errorf("received %s", s)
		}
	})
}

func TestALateAckIsNotTakenForTheNextFrame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, &transport.Acks{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := link.Send(ctx, []byte("pay"))
		if !errors.Is(err, transport.ErrTimeout) || transport.NothingSent(err) {
			t.Fatalf("got %v, want a timeout with bytes sent", err)
		}
		go func() {
			expect(t, peer, framed(t, "pay")...)
			peer.Write([]byte{ack})
			expect(t, peer, framed(t, "abort")...)
			peer.Write([]byte{nak})
			expect(t, peer, framed(t, "abort")...)
			peer.Write([]byte{ack})
		}()
		if err := link.Send(t.Context(), []byte("abort")); err != nil {
			t.Error(err)
		}
		if got := link.Stats().Resent; got != 1 {
			t.Errorf("got %d repetitions, want the one that NAK asked for", got)
		}
	})
}

func TestReceiveTimeoutLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, nil)
		wire := framed(t, "half and half")
		peer.Write(wire[:6])
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := link.Receive(ctx)
		if !errors.Is(err, transport.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) || transport.NothingSent(err) {
			t.Errorf("got %v", err)
		}
		peer.Write(wire[6:])
		receive(t, link, "half and half")
	})
}

func TestEveryWayToEndACallThatWaits(t *testing.T) {
	ends := []struct {
		name string
		end  func(link *transport.Link, peer *transporttest.PipeConn, cancel func())
		want error
	}{
		{"cancelling", func(_ *transport.Link, _ *transporttest.PipeConn, cancel func()) { cancel() }, context.Canceled},
		{"closing", func(l *transport.Link, _ *transporttest.PipeConn, _ func()) { l.Close() }, transport.ErrClosed},
		{"dropping", func(l *transport.Link, _ *transporttest.PipeConn, _ func()) { l.Drop() }, transport.ErrClosed},
		{"the peer hanging up", func(_ *transport.Link, p *transporttest.PipeConn, _ func()) { p.Close() }, transport.ErrLost},
	}
	calls := []struct {
		name string
		acks *transport.Acks
		call func(ctx context.Context, l *transport.Link) error
	}{
		{"Receive", nil, func(ctx context.Context, l *transport.Link) error { _, err := l.Receive(ctx); return err }},
		{"Send awaiting its ACK", &transport.Acks{}, func(ctx context.Context, l *transport.Link) error { return l.Send(ctx, []byte("x")) }},
		{"Send into a full line", nil, func(ctx context.Context, l *transport.Link) error { return l.Send(ctx, make([]byte, frame.MaxAPDU)) }},
	}
	for _, e := range ends {
		for _, c := range calls {
			t.Run(e.name+" ends "+c.name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					link, peer := pair(t, c.acks)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					time.AfterFunc(time.Second, func() { e.end(link, peer, cancel) })
					begun := time.Now()
					err := c.call(ctx, link)
					if !errors.Is(err, e.want) || transport.NothingSent(err) {
						t.Errorf("got %v, want %v", err, e.want)
					}
					if took := time.Since(begun); took != time.Second {
						t.Errorf("ended after %v", took)
					}
				})
			})
		}
	}
}

// crumbling is a Conn whose reads go through a reader of testing/iotest.
type crumbling struct {
	transport.Conn
	r io.Reader
}

func (c crumbling) Read(p []byte) (int, error) { return c.r.Read(p) }

func TestFramesSurviveEveryWayOfReading(t *testing.T) {
	readers := map[string]func(io.Reader) io.Reader{
		"one byte at a time":            iotest.OneByteReader,
		"half of what was asked for":    iotest.HalfReader,
		"the error together with data":  iotest.DataErrReader,
		"timeouts now and then by test": func(r io.Reader) io.Reader { return r },
	}
	for name, reader := range readers {
		t.Run(name, func(t *testing.T) {
			near, far := transporttest.Pipe()
			link := transport.NewLink(transport.LinkConfig{Framing: frame.DLE{}, Dialer: transport.DialFunc("pipe://",
				func(context.Context) (transport.Conn, error) { return crumbling{near, reader(near)}, nil })})
			defer link.Close()
			if err := link.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, payload := range []string{"one", "\x10\x10\x03", "", "three"} {
				far.Write(framed(t, payload))
			}
			far.Close()
			for _, want := range []string{"one", "\x10\x10\x03", "", "three"} {
				receive(t, link, want)
			}
			if _, err := link.Receive(t.Context()); !errors.Is(err, transport.ErrLost) || !errors.Is(err, io.EOF) {
				t.Errorf("got %v, want the connection lost", err)
			}
		})
	}
}

func TestDamageWithoutAcksIsReported(t *testing.T) {
	link, peer := pair(t, nil)
	wire := framed(t, "ok")
	wire[3] ^= 0x40
	peer.Write(append(wire, framed(t, "fine")...))
	if _, err := link.Receive(t.Context()); !errors.Is(err, transport.ErrDamaged) || !errors.Is(err, frame.ErrChecksum) {
		t.Errorf("got %v", err)
	}
	receive(t, link, "fine")
}

func TestAFrameBeyondMaxFrameEndsTheConnection(t *testing.T) {
	link, peer := pair(t, nil, func(c *transport.LinkConfig) { c.MaxFrame = 64 })
	peer.Write(framed(t, string(make([]byte, 100))))
	if _, err := link.Receive(t.Context()); !errors.Is(err, transport.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if link.Connected() {
		t.Error("still connected")
	}
}

func TestAFloodEndsTheConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, &transport.Acks{})
		go func() {
			for i := 0; ; i++ {
				if _, err := peer.Write(framed(t, fmt.Sprint(i))); err != nil {
					return
				}
			}
		}()
		go io.Copy(io.Discard, peer)
		err := link.Send(t.Context(), []byte("pay")) // reads while it waits; nobody receives
		if !errors.Is(err, transport.ErrFlood) || transport.NothingSent(err) {
			t.Errorf("got %v, want ErrFlood", err)
		}
		link.Close()
	})
}

func TestErrorsNameTheProtocolThePeerSeemsToSpeak(t *testing.T) {
	bubble(t, func(t *testing.T) {
		link, peer := pair(t, nil)
		peer.Write([]byte{0x15, 0x03, 0x69})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := link.Receive(ctx)
		var e *transport.LinkError
		if !errors.As(err, &e) || e.Guess != "ECR17 (a NAK frame)" {
			t.Errorf("got %v", err)
		}
	})
}

func TestADeadConnectionIsFoundBeforeAnythingIsSent(t *testing.T) {
	link, peer := pair(t, nil)
	peer.Close()
	err := link.Send(t.Context(), []byte("pay"))
	if !errors.Is(err, transport.ErrLost) || !transport.NothingSent(err) {
		t.Errorf("got %v; want lost, with proof that nothing was sent", err)
	}
}

// bubble runs f in virtual time and lets its goroutines come to rest.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(t)
		synctest.Wait()
	})
}

func TestPendingSeesWhatNobodyAskedFor(t *testing.T) {
	ours, peer := transporttest.Pipe()
	defer peer.Close()
	link := transport.NewLink(transport.LinkConfig{Framing: frame.Length{Bytes: 1},
		Dialer: transport.DialFunc("pipe", func(context.Context) (transport.Conn, error) { return ours, nil })})
	defer link.Close()
	if link.Pending() {
		t.Error("an unconnected link has something pending")
	}
	if err := link.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if link.Pending() {
		t.Error("a silent peer has said something")
	}
	peer.Write([]byte{1, 'a', 1, 'b'})
	for _, want := range []string{"a", "b"} {
		if !link.Pending() {
			t.Errorf("%q is not pending", want)
		}
		if got, err := link.Receive(t.Context()); err != nil || string(got) != want {
			t.Errorf("received %q, %v; want %q", got, err, want)
		}
	}
	if link.Pending() {
		t.Error("everything was received, and something is pending")
	}
}
