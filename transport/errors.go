package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// What can go wrong on a link; test with errors.Is. Context errors
// (context.Canceled, context.DeadlineExceeded) are reachable the same way.
var (
	// ErrTimeout: the time given to the call is over.
	ErrTimeout = errors.New("timed out")
	// ErrClosed: this side closed or dropped the link.
	ErrClosed = errors.New("link closed")
	// ErrNotConnected: Connect has not been called, or not succeeded.
	ErrNotConnected = errors.New("not connected")
	// ErrLost: the medium failed or the peer hung up; the cause is wrapped too.
	ErrLost = errors.New("connection lost")
	// ErrNak: the peer refused every repetition of the frame.
	ErrNak = errors.New("peer answered NAK to every repetition")
	// ErrNoAck: the peer acknowledged no repetition of the frame. It may
	// still have received it.
	ErrNoAck = errors.New("no acknowledgement")
	// ErrDamaged: bytes arrived that are no valid frame; they were skipped.
	ErrDamaged = errors.New("damaged frame")
	// ErrFlood: the peer sent more frames than anybody received.
	ErrFlood = errors.New("too many frames nobody received")
)

// The values of LinkError.Op.
const (
	OpConnect = "connect"
	OpSend    = "send"
	OpReceive = "receive"
)

// LinkError is the error of every Link method.
type LinkError struct {
	Op   string // OpConnect, OpSend or OpReceive
	Peer string // the dialer's text
	// Sent counts the bytes of this Send, repetitions included, handed to the
	// medium: an upper bound of what the peer can have received of it. It is
	// always 0 for the other operations.
	Sent int
	// Guess names the protocol the peer seems to speak instead, when it sent
	// something and none of it could be understood. Mostly empty.
	Guess string
	Err   error
}

// Error says what was tried with whom, how much had left, and why it failed.
func (e *LinkError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "transport: %s %s: ", e.Op, e.Peer)
	if e.Op == OpSend {
		fmt.Fprintf(&b, "%d bytes sent: ", e.Sent)
	}
	fmt.Fprint(&b, e.Err)
	if e.Guess != "" {
		fmt.Fprintf(&b, " (the peer seems to speak %s)", e.Guess)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *LinkError) Unwrap() error { return e.Err }

// Timeout reports whether time was up, as in net.Error.
func (e *LinkError) Timeout() bool { return errors.Is(e.Err, ErrTimeout) }

// NothingSent reports whether err proves that not one byte of the request left
// this machine: only a Connect or a Send that failed with none handed to the
// medium. Everything else, nil, unknown errors and failed Receives included,
// is false. Where err joins several errors, one that is no such proof spoils
// the others.
func NothingSent(err error) bool {
	proved, spoiled := evidence(err)
	return proved && !spoiled
}

func evidence(err error) (proved, spoiled bool) {
	if err == nil {
		return false, false
	}
	if e, ok := err.(*LinkError); ok {
		none := e.Sent == 0 && (e.Op == OpSend || e.Op == OpConnect)
		return none, !none
	}
	switch u := err.(type) {
	case interface{ Unwrap() error }:
		return evidence(u.Unwrap())
	case interface{ Unwrap() []error }:
		for _, part := range u.Unwrap() {
			p, s := evidence(part)
			proved, spoiled = proved || p, spoiled || s
		}
	}
	return proved, spoiled
}

// contextError turns the end of ctx into ErrTimeout or its cancellation.
func contextError(ctx context.Context) error {
	err := ctx.Err()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, err) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return err
}

// lost wraps what the medium reported.
func lost(err error) error {
	switch {
	case errors.Is(err, ErrLost):
		return err
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the peer hung up: %w", ErrLost, err)
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
