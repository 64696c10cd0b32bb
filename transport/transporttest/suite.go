package transporttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/openecr/openecr/internal/ctxwatch"
	"github.com/openecr/openecr/transport"
)

// soon is the patience of the suite: "at once" on a machine that is busy.
const soon = 2 * time.Second

// MakePair opens the medium under test, a, and its peer, b. stop closes what
// the two leave behind; it may be nil. b needs to be no more than a Conn.
type MakePair func() (a, b transport.Conn, stop func(), err error)

// TestConn checks that a medium keeps the promises of transport.Conn: bytes
// arrive whole and in order, deadlines end reads and writes, Close ends both
// at once from any goroutine, data written before Close arrives, and nothing
// is left running or open. Every medium of this module passes it.
func TestConn(t *testing.T, makePair MakePair) {
	checks := []struct {
		name  string
		check func(t *testing.T, a, b transport.Conn)
	}{
		{"bytes go both ways", checkRoundTrip},
		{"all 256 byte values pass unchanged", checkAllBytes},
		{"crumbs arrive in order", checkCrumbs},
		{"a read deadline ends a blocked read, and data still arrives after it", checkReadDeadline},
		{"a past read deadline ends a read at once", checkPastDeadline},
		{"a write deadline ends a blocked write", checkWriteDeadline},
		{"close ends a blocked read", checkCloseRead},
		{"close ends a blocked write", checkCloseWrite},
		{"a cancelled context ends a read soon", checkCancel},
		{"close may come from many goroutines, twice", checkConcurrentClose},
		{"read, write and close may race", checkRace},
		{"after close nothing works", checkAfterClose},
		{"data written before close is readable", checkDataBeforeClose},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			leaks := goleak.IgnoreCurrent()
			open := descriptors()
			a, b, stop, err := makePair()
			if err != nil {
				t.Fatalf("no pair: %v", err)
			}
			c.check(t, a, b)
			a.Close()
			b.Close()
			if stop != nil {
				stop()
			}
			if err := goleak.Find(leaks); err != nil {
				t.Error(err)
			}
			if now := descriptors(); now > open {
				t.Errorf("%d descriptors open, %d before", now, open)
			}
		})
	}
}

// descriptors counts open files where the system tells, and is 0 elsewhere.
func descriptors() int {
	if runtime.GOOS != "linux" {
		return 0
	}
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

func write(t *testing.T, c transport.Conn, p []byte) {
	t.Helper()
	c.SetWriteDeadline(time.Now().Add(soon))
	for len(p) > 0 { // a short write without an error is the medium's right
		n, err := c.Write(p)
		if err != nil {
			t.Fatalf("write: %v", err)
		}
		p = p[n:]
	}
	c.SetWriteDeadline(time.Time{})
}

func expect(t *testing.T, c transport.Conn, want []byte) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(soon))
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil {
		t.Fatalf("read %d of %d bytes: %v", n, len(want), err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("read % X\nwant % X", got, want)
	}
	c.SetReadDeadline(time.Time{})
}

func checkRoundTrip(t *testing.T, a, b transport.Conn) {
	for range 20 {
		write(t, a, []byte("request"))
		expect(t, b, []byte("request"))
		write(t, b, []byte("answer"))
		expect(t, a, []byte("answer"))
	}
}

func allBytes() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

func checkAllBytes(t *testing.T, a, b transport.Conn) {
	write(t, a, allBytes())
	expect(t, b, allBytes())
	write(t, b, allBytes())
	expect(t, a, allBytes())
}

func checkCrumbs(t *testing.T, a, b transport.Conn) {
	all := allBytes()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, c := range all {
			b.Write([]byte{c})
		}
	}()
	expect(t, a, all)
	<-done
}

func checkReadDeadline(t *testing.T, a, b transport.Conn) {
	a.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	begun := time.Now()
	n, err := a.Read(make([]byte, 8))
	wantTimeout(t, n, err)
	if took := time.Since(begun); took < 10*time.Millisecond || took > soon {
		t.Errorf("ended after %v, want 20ms", took)
	}
	write(t, b, []byte("late"))
	expect(t, a, []byte("late"))
}

func checkPastDeadline(t *testing.T, a, _ transport.Conn) {
	a.SetReadDeadline(ctxwatch.Past)
	n, err := a.Read(make([]byte, 8))
	wantTimeout(t, n, err)
}

func wantTimeout(t *testing.T, n int, err error) {
	t.Helper()
	var timeout interface{ Timeout() bool }
	if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("got n=%d, %v; want a deadline error with Timeout()", n, err)
	}
}

// fill writes until an error, and returns it.
func fill(c transport.Conn) error {
	block := make([]byte, 4096)
	for {
		if _, err := c.Write(block); err != nil {
			return err
		}
	}
}

func checkWriteDeadline(t *testing.T, a, _ transport.Conn) {
	a.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	result := make(chan error, 1)
	go func() { result <- fill(a) }()
	select {
	case err := <-result:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v, want a deadline error", err)
		}
	case <-time.After(soon):
		a.Close()
		t.Fatal("the write never ended")
	}
}

func endsOnClose(t *testing.T, a transport.Conn, call func() error) {
	t.Helper()
	result := make(chan error, 1)
	go func() { result <- call() }()
	time.Sleep(20 * time.Millisecond)
	begun := time.Now()
	a.Close()
	select {
	case err := <-result:
		if err == nil {
			t.Error("no error after close")
		}
		if took := time.Since(begun); took > soon/2 {
			t.Errorf("ended %v after close", took)
		}
	case <-time.After(soon):
		t.Fatal("close did not end the call")
	}
}

func checkCloseRead(t *testing.T, a, _ transport.Conn) {
	endsOnClose(t, a, func() error { _, err := a.Read(make([]byte, 8)); return err })
}

func checkCloseWrite(t *testing.T, a, _ transport.Conn) {
	endsOnClose(t, a, func() error { return fill(a) })
}

func checkCancel(t *testing.T, a, b transport.Conn) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	unwatch := ctxwatch.Watch(ctx, func() { a.SetReadDeadline(ctxwatch.Past) })
	n, err := a.Read(make([]byte, 8))
	if !unwatch() {
		t.Errorf("the read ended before the context: n=%d, %v", n, err)
	}
	wantTimeout(t, n, err)
	write(t, b, []byte("after"))
	expect(t, a, []byte("after"))
}

func checkConcurrentClose(t *testing.T, a, _ transport.Conn) {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { a.Close() })
	}
	all.Wait()
	a.Close()
}

func checkRace(t *testing.T, a, b transport.Conn) {
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { fill(a) })
		all.Go(func() { io.Copy(io.Discard, a) })
	}
	all.Go(func() { io.Copy(io.Discard, b) })
	all.Go(func() {
		for range 50 {
			a.SetDeadline(time.Now().Add(time.Hour))
		}
		time.Sleep(5 * time.Millisecond)
		a.Close()
		b.Close()
	})
	finished := make(chan struct{})
	go func() { all.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-time.After(soon):
		t.Fatal("something is still blocked after close")
	}
}

func checkAfterClose(t *testing.T, a, _ transport.Conn) {
	a.Close()
	if n, err := a.Read(make([]byte, 8)); n != 0 || err == nil {
		t.Errorf("read after close: n=%d, %v", n, err)
	}
	if n, err := a.Write([]byte("x")); n != 0 || err == nil {
		t.Errorf("write after close: n=%d, %v", n, err)
	}
}

func checkDataBeforeClose(t *testing.T, a, b transport.Conn) {
	last := bytes.Repeat([]byte("last words "), 90)
	write(t, a, last)
	if err := a.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	expect(t, b, last)
}
