package transporttest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/openecr/openecr/transport"
	"github.com/openecr/openecr/transport/frame"
	"github.com/openecr/openecr/transport/transporttest"
)

func TestFaultsHitTheirByte(t *testing.T) {
	const text = "0123456789"
	sent := func(f transporttest.Fault) transporttest.Fault { f.Dir = transport.Sent; return f }
	cases := []struct {
		name string
		list []transporttest.Fault
		want string
		err  error
	}{
		{"none", nil, text, nil},
		{"cut after 4", []transporttest.Fault{sent(transporttest.Fault{Kind: transporttest.Cut, At: 4})}, "0123", transporttest.ErrCut},
		{"cut before the first", []transporttest.Fault{sent(transporttest.Fault{Kind: transporttest.Cut})}, "", transporttest.ErrCut},
		{"drop one", []transporttest.Fault{sent(transporttest.Fault{Kind: transporttest.Drop, At: 3})}, "012456789", nil},
		{"drop three", []transporttest.Fault{sent(transporttest.Fault{Kind: transporttest.Drop, At: 3, Count: 3})}, "0126789", nil},
		{"drop the rest", []transporttest.Fault{sent(transporttest.Fault{Kind: transporttest.Drop, At: 3, Count: -1})}, "012", nil},
		{"flip a bit", []transporttest.Fault{sent(transporttest.Fault{Kind: transporttest.Flip, At: 9, Bit: 0})}, "0123456788", nil},
		{"insert", []transporttest.Fault{sent(transporttest.Fault{Kind: transporttest.Insert, At: 5, Data: []byte("--")})}, "01234--56789", nil},
		{"delay", []transporttest.Fault{sent(transporttest.Fault{Kind: transporttest.Delay, At: 5, Wait: time.Millisecond})}, text, nil},
		{"two faults", []transporttest.Fault{
			sent(transporttest.Fault{Kind: transporttest.Flip, At: 8, Bit: 0}), sent(transporttest.Fault{Kind: transporttest.Drop, At: 2}),
		}, "013456799", nil},
	}
	for _, c := range cases {
		for _, chunk := range []int{0, 1, 3} {
			t.Run(c.name, func(t *testing.T) {
				for _, dir := range []transport.Direction{transport.Sent, transport.Received} {
					list := append([]transporttest.Fault(nil), c.list...)
					for i := range list {
						list[i].Dir = dir
					}
					a, b := transporttest.Pipe()
					conn := (&transporttest.Faults{List: list, Chunk: chunk}).Conn(a)
					var got []byte
					var err error
					if dir == transport.Sent {
						_, err = conn.Write([]byte(text))
						conn.Close()
						got, _ = io.ReadAll(b)
					} else {
						b.Write([]byte(text))
						b.Close()
						got, err = io.ReadAll(conn)
					}
					if string(got) != c.want || !errors.Is(err, c.err) {
						t.Errorf("%v, chunks of %d: got %q, %v; want %q, %v", dir, chunk, got, err, c.want, c.err)
					}
					conn.Close()
					b.Close()
				}
			})
		}
	}
}

func TestFaultyConnKeepsThePromisesOfAConn(t *testing.T) {
	transporttest.TestConn(t, func() (transport.Conn, transport.Conn, func(), error) {
		a, b := transporttest.Pipe()
		return (&transporttest.Faults{Chunk: 7}).Conn(a), b, nil, nil
	})
}

// TestEveryCutIsCountedRight breaks a link after each byte of a request and
// compares what the error claims with what the peer has.
func TestEveryCutIsCountedRight(t *testing.T) {
	wire, _ := frame.DLE{}.AppendFrame(nil, []byte("pay 10 euros"))
	for at := range len(wire) + 1 {
		near, far := transporttest.Pipe()
		faults := &transporttest.Faults{List: []transporttest.Fault{{Kind: transporttest.Cut, Dir: transport.Sent, At: int64(at)}}}
		dialer := faults.Dialer(transport.DialFunc("pipe://", func(context.Context) (transport.Conn, error) { return near, nil }))
		link := transport.NewLink(transport.LinkConfig{Dialer: dialer, Framing: frame.DLE{}})
		if err := link.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := link.Send(t.Context(), []byte("pay 10 euros"))
		link.Close()
		got, _ := io.ReadAll(far)
		if at == len(wire) {
			if err != nil || !bytes.Equal(got, wire) {
				t.Errorf("no cut: %v", err)
			}
			continue
		}
		var e *transport.LinkError
		if !errors.As(err, &e) || e.Sent != at || len(got) > e.Sent || transport.NothingSent(err) != (at == 0) || !errors.Is(err, transport.ErrLost) {
			t.Errorf("cut after %d: peer has %d, error %v", at, len(got), err)
		}
	}
}

func TestScriptSaysWhatDiffered(t *testing.T) {
	a, b := transporttest.Pipe()
	defer a.Close()
	defer b.Close()
	a.Write([]byte{1, 2, 9})
	ran := false
	err := transporttest.Script{
		transporttest.Send(7), transporttest.Wait(time.Millisecond), {Do: func() error { ran = true; return nil }},
		transporttest.Expect(1, 2), transporttest.Expect(3),
	}.Run(b)
	if err == nil || !strings.Contains(err.Error(), "step 5: got 09, want 03") || !ran {
		t.Errorf("got %v", err)
	}
}

const conversation = `# openecr transcript 1
+0.000000 open pipe://
+0.000100 > 3 06 00 00
+0.000200 < ack
+0.100000 < 4 80 00 01 2A
+0.100100 > ack
`

func play(t *testing.T, text string, use func(*transport.Link)) error {
	t.Helper()
	p, err := transporttest.NewPlayback(strings.NewReader(text), frame.DLE{})
	if err != nil {
		return err
	}
	link := transport.NewLink(transport.LinkConfig{Dialer: p, Framing: frame.DLE{}, Acks: &transport.Acks{}})
	if err := link.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	use(link)
	link.Close()
	return p.Close()
}

func exchange(t *testing.T) func(*transport.Link) {
	return func(l *transport.Link) {
		if err := l.Send(t.Context(), []byte{6, 0, 0}); err != nil {
			t.Error(err)
		}
		if got, err := l.Receive(t.Context()); err != nil || !bytes.Equal(got, []byte{0x80, 0, 1, 0x2A}) {
			t.Errorf("got % X, %v", got, err)
		}
	}
}

func TestPlaybackHoldsTheConversationAgain(t *testing.T) {
	if err := play(t, conversation, exchange(t)); err != nil {
		t.Error(err)
	}
	if err := play(t, conversation, func(*transport.Link) {}); err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("traffic that never happened: got %v", err)
	}
	if err := play(t, conversation+"+1 < 9 80 ..\n", nil); err == nil || !strings.Contains(err.Error(), "line 7") {
		t.Errorf("a masked transcript: got %v", err)
	}
}

func TestWhatATapRecordsPlaysBack(t *testing.T) {
	all := func(_ transport.Direction, p []byte) []byte { return p }
	for _, raw := range []bool{false, true} {
		p, err := transporttest.NewPlayback(strings.NewReader(conversation), frame.DLE{})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		cfg := transport.LinkConfig{Dialer: p, Framing: frame.DLE{}, Acks: &transport.Acks{}}
		tap := transport.NewTap(&text, all)
		if raw {
			cfg.Dialer = transporttest.Record(p, tap)
		} else {
			cfg.Tap = tap
		}
		link := transport.NewLink(cfg)
		if err := link.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		exchange(t)(link)
		link.Close()
		if err := errors.Join(p.Close(), tap.Err()); err != nil {
			t.Error(err)
		}
		if err := play(t, text.String(), exchange(t)); err != nil {
			t.Errorf("%v\n%s", err, text.String())
		}
	}
}

func TestPTYSurvivesClientsComingAndGoing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("pseudo terminals need Linux")
	}
	link := filepath.Join(t.TempDir(), "terminal")
	p, err := transporttest.OpenPTY(link)
	if err != nil {
		t.Fatal(err)
	}
	p.Write([]byte("nobody hears this"))
	for range 3 {
		if p.Present() {
			t.Error("a client is there before it came")
		}
		client, err := os.OpenFile(link, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		client.Write([]byte("hello\r\n"))
		got := make([]byte, 7)
		if _, err := io.ReadFull(p, got); err != nil || string(got) != "hello\r\n" {
			t.Errorf("got %q, %v", got, err)
		}
		p.Write([]byte("answer"))
		if n, err := io.ReadFull(client, got[:6]); err != nil || string(got[:n]) != "answer" {
			t.Errorf("client got %q, %v", got[:n], err)
		}
		client.Close()
		p.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if _, err := p.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("without a client: got %v", err)
		}
		p.SetReadDeadline(time.Time{})
	}
	p.Close()
	if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link is still there: %v", err)
	}
}
