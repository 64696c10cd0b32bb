package tmall

import (
	"errors"
	"fmt"
	"strings"
)

// The classes of error; decide with errors.Is.
var (
	// ErrNotSent: nothing has left this machine.
	ErrNotSent = errors.New("tmall: nothing was sent")
	// ErrRefused: the platform answered, and its answer is not success.
	ErrRefused = errors.New("tmall: refused by the platform")
	// ErrDoubt: there is no answer that could be believed. It may have been done.
	ErrDoubt = errors.New("tmall: no answer that can be believed")
)

// Error is every error of a call: what was called, what it means, and the
// platform's own words.
type Error struct {
	Method  string // of the call
	Class   error  // one of the classes
	Status  int    // of HTTP, 0 without an answer
	Code    string // the platform's code, or "ret_code 0"
	Text    string
	Sub     string // sub_code, the more telling of the two
	SubText string
	Request string // request_id, which the platform's support asks for
	Err     error  // the cause, if it is ours or the network's
}

// Error says all of it.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s", e.Class, e.Method)
	if e.Status != 0 && e.Status != 200 {
		fmt.Fprintf(&b, ", HTTP %d", e.Status)
	}
	for _, s := range []string{e.Code, e.Text, e.Sub, e.SubText} {
		if s != "" {
			b.WriteString(" " + s)
		}
	}
	if e.Request != "" {
		fmt.Fprintf(&b, " (request_id %s)", e.Request)
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

// words are the code and text to show.
func (e *Error) words() (code, text string) {
	code, text = e.Sub, e.SubText
	if code == "" {
		code = e.Code
	}
	if text == "" {
		text = e.Text
	}
	return code, text
}
