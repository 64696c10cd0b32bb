// Package ctxwatch lets plain blocking calls honour a context.
//
// A read or write with a deadline is the oldest cancellable call there is.
// Watch moves that deadline when the context ends, so that the call returns;
// the function Watch gives back takes the watch down again and waits for a
// move already under way, so that a late one never hits the next call.
//
//	unwatch := ctxwatch.Watch(ctx, func() { conn.SetReadDeadline(ctxwatch.Past) })
//	n, err := conn.Read(buf)
//	unwatch()
package ctxwatch

import (
	"context"
	"time"
)

// Past is a deadline that is over: setting it ends blocked calls at once.
var Past = time.Unix(1, 0)

// Watch calls onEnd once, from another goroutine, when ctx ends.
//
// The returned unwatch must be called exactly once. It reports whether onEnd
// ran; when it returns, onEnd is not running and will never run again.
// A context that cannot end costs nothing.
func Watch(ctx context.Context, onEnd func()) (unwatch func() bool) {
	if ctx.Done() == nil {
		return never
	}
	ran := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ran)
		onEnd()
	})
	return func() bool {
		if stop() {
			return false
		}
		<-ran
		return true
	}
}

func never() bool { return false }
