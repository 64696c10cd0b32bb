package ctxwatch_test

import (
	"context"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"errors"

	"go.uber.org/goleak"

	"github.com/openecr/openecr/internal/ctxwatch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCancellingEndsABlockedRead(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	unwatch := ctxwatch.Watch(ctx, func() { a.SetReadDeadline(ctxwatch.Past) })
	time.AfterFunc(5*time.Millisecond, cancel)
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %v, want a deadline error", err)
	}
	if !unwatch() {
		t.Error("unwatch says the context did not end")
	}
}

func TestUnwatchWaitsForARunningCallback(t *testing.T) {
	var finished atomic.Bool
	started := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	unwatch := ctxwatch.Watch(ctx, func() {
		close(started)
		time.Sleep(10 * time.Millisecond)
		finished.Store(true)
	})
	cancel()
	<-started
	if !unwatch() || !finished.Load() {
		t.Error("unwatch returned before the callback had ended")
	}
}

func TestUnwatchedContextsDoNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	unwatch := ctxwatch.Watch(ctx, func() { t.Error("called after unwatch") })
	if unwatch() {
		t.Error("unwatch says the context ended")
	}
	cancel()
	if ctxwatch.Watch(context.Background(), func() {})() {
		t.Error("a context without end ended")
	}
}
