package meituan

import (
	"errors"
	"fmt"
	"strings"
)

// The classes of error; decide with errors.Is.
var (
	// ErrNotSent: nothing has left this machine.
	ErrNotSent = errors.New("meituan: nothing was sent")
	// ErrRefused: the platform answered, and its answer is not success. Which
	// codes also say that nothing was done is not published; see DriverConfig.Refusals.
	ErrRefused = errors.New("meituan: refused by the platform")
	// ErrDoubt: there is no answer that could be believed. It may have been done.
	ErrDoubt = errors.New("meituan: no answer that can be believed")
)

// Error is every error of a call: what was called, what it means, and the
// platform's own words.
type Error struct {
	Path   string // of the call
	Class  error  // one of the classes
	Status int    // of HTTP, 0 without an answer
	Code   string // the platform's, verbatim
	Text   string // the platform's, without voucher codes
	Trace  string // traceId, which the platform's support asks for
	Err    error  // the cause, if it is ours or the network's
}

// Error says all of it.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s", e.Class, e.Path)
	if e.Status != 0 && e.Status != 200 {
		fmt.Fprintf(&b, ", HTTP %d", e.Status)
	}
	if e.Code != "" || e.Text != "" {
		fmt.Fprintf(&b, ": %s %s", e.Code, e.Text)
	}
	if e.Trace != "" {
		fmt.Fprintf(&b, " (traceId %s)", e.Trace)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap gives class and cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Class}
	}
	return []error{e.Class, e.Err}
}
