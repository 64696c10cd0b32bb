package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/openecr/openecr/transport"
)

// trace is the file of --trace, shared by the taps of all tenders. A nil trace,
// or one without a file, records nothing.
type trace struct {
	f    *os.File
	taps []*transport.Tap
}

// openTrace opens the transcript of --trace.
func (a *app) openTrace() (*trace, error) {
	if a.traceFile == "" {
		return &trace{}, nil
	}
	f, err := os.OpenFile(a.traceFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, &usageError{fmt.Errorf("--trace: %w", err)}
	}
	return &trace{f: f}, nil
}

// tap records one tender's conversation, masked as its protocol needs.
func (t *trace) tap(mask func([]byte) []byte) *transport.Tap {
	if t == nil || t.f == nil {
		return nil
	}
	tap := transport.NewTap(t.f, func(_ transport.Direction, payload []byte) []byte { return mask(payload) })
	t.taps = append(t.taps, tap)
	return tap
}

func (t *trace) close() error {
	if t == nil || t.f == nil {
		return nil
	}
	var errs []error
	for _, tap := range t.taps {
		errs = append(errs, tap.Err())
	}
	return errors.Join(append(errs, t.f.Close())...)
}
