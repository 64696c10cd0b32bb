package pos

import (
	"context"
	"slices"
	"time"
)

// Journal is the durable record of every attempt: append-only, one writer,
// shared by the lanes (Tills) of one process. Implementations pass
// postest.TestJournal; pos/journal keeps it in SQLite.
//
// All methods may be called concurrently.
type Journal interface {
	// Append makes the events durable, all or none, in order, and returns the
	// attempt of the last one as it then stands. Each event goes through
	// Reduce; an intent first through Admit, in the same critical section that
	// appends it, with every attempt of its reference, every uncertain or
	// intended one of its device, and its original. CheckEvent is asked too.
	//
	// When it returns nil the events survive a power cut. When it returns an
	// error they may not be assumed written; errors of Admit, Reduce and
	// CheckEvent come back as they are and mean nothing was written. Errors
	// of the store wrap ErrJournal.
	Append(ctx context.Context, events ...Event) (Attempt, error)
	// Get returns one attempt, or an error for which errors.Is(err, ErrNotFound) holds.
	Get(ctx context.Context, id AttemptID) (Attempt, error)
	// Find returns the attempts that match, oldest first.
	Find(ctx context.Context, f Filter) ([]Attempt, error)
	// Epoch is raised and made durable each time the journal is opened; keys
	// are derived from it so that they never repeat.
	Epoch() int64
}

// DefaultFindLimit bounds an answer of Find that names no limit: more than a
// shop's day, less than a mistake.
const DefaultFindLimit = 10_000

// everything is a limit no journal reaches: attempts that have not ended must
// never be cut off an answer.
const everything = 1 << 30

// Filter chooses attempts. Zero fields do not restrict.
type Filter struct {
	Till      string
	Reference string
	Tender    string
	Device    string
	Original  AttemptID
	Types     []Type
	States    []State
	Amount    Money     // exactly this amount asked for
	LastFour  string    // of the masked card number
	From, To  time.Time // created in [From, To)
	AfterSeq  int64     // begun after this journal sequence number
	Newest    bool      // newest first instead of oldest first
	Limit     int       // 0 means DefaultFindLimit
}

// Match reports whether an attempt fits the filter (the limit and order apart).
func (f Filter) Match(a Attempt) bool {
	return (f.Till == "" || f.Till == a.Till) &&
		(f.Reference == "" || f.Reference == a.Reference) &&
		(f.Tender == "" || f.Tender == a.Tender) &&
		(f.Device == "" || f.Device == a.Device) &&
		(f.Original == "" || f.Original == a.Original) &&
		(len(f.Types) == 0 || slices.Contains(f.Types, a.Type)) &&
		(len(f.States) == 0 || slices.Contains(f.States, a.State)) &&
		(f.Amount == (Money{}) || f.Amount == a.Amount) &&
		(f.LastFour == "" || f.LastFour == a.LastFour()) &&
		a.Seq > f.AfterSeq &&
		(f.From.IsZero() || !a.Created.Before(f.From)) &&
		(f.To.IsZero() || a.Created.Before(f.To))
}

// LiveStates are the states of attempts that have not ended.
func LiveStates() []State {
	return []State{StateIntent, StateArmed, StateUnknown, StateReversing, StateManual}
}
