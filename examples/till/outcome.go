package main

import (
	"errors"
	"fmt"

	"github.com/openecr/openecr/pos"
)

// The exit statuses; 64 is EX_USAGE of sysexits.h.
const (
	statusOK       = 0
	statusOther    = 1
	statusDeclined = 2
	statusUnknown  = 3
	statusNotSent  = 4
	statusUsage    = 64
)

// usageError is a mistake on the command line. Nothing was sent.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// classes are the error classes with their name in JSON and their exit status.
var classes = []struct {
	err    error
	name   string
	status int
}{
	{pos.ErrOutcomeUnknown, "outcome_unknown", statusUnknown},
	{pos.ErrPartial, "partial", statusOther}, // a part of the money is here, so none of the others is true
	{pos.ErrDeclined, "declined", statusDeclined},
	{pos.ErrCanceled, "canceled", statusDeclined},
	{pos.ErrNotSent, "not_sent", statusNotSent},
	{pos.ErrBusy, "busy", statusNotSent},
	{pos.ErrInvalid, "invalid", statusNotSent},
	{pos.ErrDenied, "denied", statusNotSent},
	{pos.ErrConflict, "conflict", statusNotSent},
	{pos.ErrNotFound, "not_found", statusNotSent},
	{pos.ErrUnsupported, "unsupported", statusNotSent},
	{pos.ErrClosed, "closed", statusNotSent},
	{pos.ErrJournal, "journal", statusOther},
}

// classOf names an error and gives its exit status. The class of a *pos.Error
// decides, not what its causes wrap.
func classOf(err error) (name string, status int) {
	if errors.As(err, new(*usageError)) {
		return "usage", statusUsage
	}
	if errors.As(err, new(*printError)) {
		return "printer", statusOther
	}
	var e *pos.Error
	if errors.As(err, &e) {
		err = e.Class
	}
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c.name, c.status
		}
	}
	return "other", statusOther
}

func statusOf(err error) int {
	if err == nil {
		return statusOK
	}
	_, status := classOf(err)
	return status
}

// result is one line of --json: an attempt, and what went wrong.
type result struct {
	pos.Attempt
	Found string   `json:"found,omitempty"` // of recover: settled, orphan, unresolved, manual
	Error *failure `json:"error,omitempty"`
}

// failure is the "error" of a result.
type failure struct {
	Class     string        `json:"class"`
	Text      string        `json:"text"`
	Moved     pos.Moved     `json:"money_moved"`
	Advice    string        `json:"advice"`
	BlockedBy pos.AttemptID `json:"blocked_by,omitempty"` // the attempt in the way, which is not this one
}

// failed makes the result of an error. draft is what was asked for; it stands
// in when no attempt was begun.
func failed(draft pos.Attempt, err error, lang pos.Lang) result {
	name, status := classOf(err)
	f := &failure{Class: name, Text: oneLine(err.Error()), Moved: pos.MovedNo, Advice: adviceOf(name, lang)}
	r := result{Attempt: draft, Error: f}
	if draft.Type != "" && (status == statusNotSent || status == statusUsage) {
		r.State = pos.StateNotSent
	}
	var e *pos.Error
	if !errors.As(err, &e) {
		return r
	}
	f.Moved = e.Moved()
	if text := e.Advice(lang); text != "" {
		f.Advice = text
	}
	if e.Class == pos.ErrCanceled {
		r.State = pos.StateCanceled
	}
	var b *pos.Blocked
	switch inTheWay := errors.As(err, &b) && (e.Class == pos.ErrBusy || e.Class == pos.ErrConflict); {
	case inTheWay && b.By.ID != draft.ID:
		f.BlockedBy = b.By.ID
	case e.Attempt.State != "":
		r.Attempt = e.Attempt
	}
	return r
}

// adviceOf is for failures of which package pos has no advice.
func adviceOf(class string, lang pos.Lang) string {
	switch {
	case class == "printer" && lang == pos.Chinese:
		return "收款不受影响。排除打印机故障后再打印一次;若已打出一部分,重打的小票会标明重印。"
	case class == "printer":
		return "The payment is not affected. Put the printer right and print again; a slip that came out in part is printed whole, as a reprint."
	case class == "usage" && lang == pos.Chinese:
		return "未发出,未扣款。请检查命令参数。"
	case class == "usage":
		return "Nothing was sent. Correct the command line; see --help."
	case class == "journal" && lang == pos.Chinese:
		return "日志无法读取。请勿继续收款,联系技术人员。"
	case class == "journal":
		return "The journal cannot be trusted now. Take no more payments on it before it is looked at."
	case lang == pos.Chinese:
		return "请根据提示处理。"
	}
	return "Mend the cause, then try again."
}
