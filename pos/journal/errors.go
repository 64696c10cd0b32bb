package journal

import (
	"errors"
	"fmt"
	"strings"

	"github.com/openecr/openecr/pos"
)

// The kinds of failure. Every error of this package that is not one of
// pos.Admit, pos.Reduce or pos.CheckEvent wraps pos.ErrJournal too, and is an
// *Error with the details.
var (
	// ErrLocked: another process, or another Open of this one, has the
	// journal. Nothing was touched; close the other one.
	ErrLocked = errors.New("the journal is open elsewhere")
	// ErrCorrupt: what is on disk is not what was written. The journal does
	// not open for charging; open it ReadOnly to export what can be read.
	ErrCorrupt = errors.New("the journal is damaged")
	// ErrRollback: the file is older than what was once acknowledged: an old
	// copy was put back, or its newest part is lost. Payments may be missing
	// from it; see Config.AcceptRollback.
	ErrRollback = errors.New("the journal is older than it was")
	// ErrSchema: the file was written by a newer version, or is something else. It is not touched.
	ErrSchema = errors.New("the journal has another format")
	// ErrFull: there is no room for a new attempt. Nothing was written; make
	// room. Attempts that have begun can still be ended.
	ErrFull = errors.New("the disk of the journal is full")
	// ErrFenced: a later opening wrote to the file. This one has stopped for good.
	ErrFenced = errors.New("the journal was taken over")
	// ErrPoisoned: a sync or commit failed earlier, so nothing more is
	// written until the journal is reopened and verified. Reads still work.
	ErrPoisoned = errors.New("the journal stopped after a failure")
	// ErrReadOnly: the journal was opened for reading.
	ErrReadOnly = errors.New("the journal is open for reading only")
	// ErrClosed: the journal was closed. Nothing was written.
	ErrClosed = errors.New("the journal is closed")
)

// Error is a failure of the store. errors.Is finds pos.ErrJournal, the kind
// and the cause in it.
type Error struct {
	Op     string // "open", "append", ...
	Kind   error  // one of the kinds above; nil for a passing failure such as a busy file
	Path   string
	Seq    int64 // record it is about, 0 if none
	Offset int64 // byte in the file, -1 if not known
	PID    int   // of the process that holds the lock, 0 if not known
	Err    error // the cause
}

// Error says what was being done, what failed, where, and what to do.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "journal: %s %s", e.Op, e.Path)
	if e.Kind != nil {
		fmt.Fprintf(&b, ": %v", e.Kind)
	}
	if e.PID != 0 {
		fmt.Fprintf(&b, " (held by process %d)", e.PID)
	}
	if e.Seq != 0 {
		fmt.Fprintf(&b, " (record %d)", e.Seq)
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, " (byte %d)", e.Offset)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap reaches pos.ErrJournal, the kind and the cause.
func (e *Error) Unwrap() []error {
	list := []error{pos.ErrJournal}
	if e.Kind != nil {
		list = append(list, e.Kind)
	}
	if e.Err != nil {
		list = append(list, e.Err)
	}
	return list
}

func (j *Journal) fail(op string, kind, cause error) *Error {
	return &Error{Op: op, Kind: kind, Path: j.cfg.Path, Offset: -1, Err: cause}
}

// corrupt says which record is damaged.
func (j *Journal) corrupt(op string, seq int64, cause error) *Error {
	e := j.fail(op, ErrCorrupt, cause)
	e.Seq = seq
	return e
}
