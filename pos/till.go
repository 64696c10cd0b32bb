package pos

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config is everything a Till needs. ID, Journal and at least the drivers of
// the tenders in use must be given; the rest has sound zero values.
type Config struct {
	// ID names the lane: 1 to 12 letters, digits or dashes. It is the first part of every attempt id.
	ID string
	// Journal keeps the truth. Lanes of one process share one. Its value must
	// be comparable, as a pointer is.
	Journal Journal
	// Drivers by tender name. "cash" is built in. The Till closes them.
	Drivers map[string]Driver
	// AutoConfirm confirms full approvals in the same breath as they are
	// recorded, for registers without a database of their own. Without it every
	// approval waits for Confirm and comes back as an orphan until then.
	AutoConfirm bool
	// Route finds the tender of a scanned code, for requests that name none:
	// wallet.Router is one. It must not keep the code. Nil: no code routes itself.
	Route func(code Secret) (tender string, err error)
	// Shop names the branch, for Rules that hold in some only.
	Shop string
	// Rules say what may be done, by whom, and how much of it. Nil allows
	// everything. The lanes on one journal share one value, which must be
	// comparable, as a pointer is.
	Rules Rules
	// Approver asks a second person where Rules want one. Without it they are denied.
	Approver Approver
	// Calendar tells business dates; the zero value changes them at midnight, local time.
	Calendar Calendar
	// Progress is called while payments run, from the goroutine that runs them.
	Progress func(Progress)
	// Times are the intervals of recovery; zero fields take the defaults.
	Times Times
	// Logger takes what nobody waits for; nil is silent.
	Logger *slog.Logger
	// Now is the wall clock, a label on records only; nil is time.Now.
	Now func() time.Time
}

// Times are the intervals of recovery. All are measured on the monotonic clock.
type Times struct {
	AskEvery   time.Duration // between two questions about one attempt; default 3 s
	AskAtMost  time.Duration // how long one call goes on asking; default 60 s
	Quarantine time.Duration // before a weak "not found" is believed; default 210 s: terminal deadline 180 s + 30 s
	UndoTries  int           // refused undos before a person is called; default 3
	Orderly    time.Duration // how long an outcome may take to be written after ctx ended; default 10 s
}

// Defaults of Times (facts: ask a terminal for 60 s after its 180 s deadline; undo three times).
const (
	DefaultAskEvery   = 3 * time.Second
	DefaultAskAtMost  = 60 * time.Second
	DefaultQuarantine = 210 * time.Second
	DefaultUndoTries  = 3
	DefaultOrderly    = 10 * time.Second
)

func (t Times) withDefaults() Times {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&t.AskEvery, DefaultAskEvery)
	def(&t.AskAtMost, DefaultAskAtMost)
	def(&t.Quarantine, DefaultQuarantine)
	def(&t.Orderly, DefaultOrderly)
	if t.UndoTries <= 0 {
		t.UndoTries = DefaultUndoTries
	}
	return t
}

// Till is one lane of a shop. Its methods may be called concurrently; each
// device still does one thing at a time, and says ErrBusy to the second caller.
type Till struct {
	cfg     Config
	counter atomic.Int64

	desk *desk // shared with the other lanes; guarded by desks.mu

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup

	recovered Recovery // what Open found
}

// Open checks the configuration and looks once at everything an earlier run
// left open: attempts that were never sent are closed, doubtful ones are asked
// for, undos are tried again. What stays unresolved does not fail Open; it
// blocks its own device, and Recovered tells of it.
//
// Errors: ErrInvalid for the configuration, ErrJournal if the journal cannot be read.
func Open(ctx context.Context, cfg Config) (*Till, error) {
	const op = "open till"
	if err := checkTillID(cfg.ID); err != nil {
		return nil, &Error{Op: op, Class: ErrInvalid, Err: err}
	}
	if cfg.Journal == nil {
		return nil, &Error{Op: op, Class: ErrInvalid, Err: errors.New("a Till without a Journal would lose money; pos/journal has one")}
	}
	if _, taken := cfg.Drivers[Cash]; taken {
		return nil, &Error{Op: op, Class: ErrInvalid, Err: fmt.Errorf("the tender %q is built in", Cash)}
	}
	cfg.Drivers = maps.Clone(cfg.Drivers)
	cfg.Times = cfg.Times.withDefaults()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	shared, err := desks.take(cfg)
	if err != nil {
		return nil, &Error{Op: op, Class: ErrConflict, Err: err}
	}
	t := &Till{cfg: cfg, desk: shared}
	r, err := t.recoverAll(ctx, once)
	if err != nil {
		desks.leave(cfg.Journal, cfg.ID)
		return nil, &Error{Op: op, Class: ErrNotSent, Err: err}
	}
	t.recovered = r
	return t, nil
}

// desks holds what the tills of this process share, by journal. A journal
// belongs to one process, so what is claimed here is claimed for everybody.
var desks deskSet

type deskSet struct {
	mu   sync.Mutex
	open map[Journal]*desk
}

// desk is what the lanes on one journal share.
type desk struct {
	lanes   map[string]bool         // open tills: two of one name would take each other's payment for one that crashed
	running map[AttemptID]bool      // attempts a call is working on
	doubted map[AttemptID]time.Time // since when this process knows of a doubt
	rules   Rules                   // of every lane
	judging chan struct{}           // holds one while a request is judged and begun
}

func (s *deskSet) take(cfg Config) (*desk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.open[cfg.Journal]
	if d == nil {
		d = &desk{lanes: map[string]bool{}, running: map[AttemptID]bool{}, doubted: map[AttemptID]time.Time{},
			rules: cfg.Rules, judging: make(chan struct{}, 1)}
	}
	switch {
	case d.lanes[cfg.ID]:
		return nil, fmt.Errorf("till %s is already open on this journal", cfg.ID)
	case d.rules != cfg.Rules:
		return nil, errors.New("another lane is open on this journal with other rules; lanes share one value of Rules")
	}
	if s.open == nil {
		s.open = map[Journal]*desk{}
	}
	d.lanes[cfg.ID], s.open[cfg.Journal] = true, d
	return d, nil
}

func (s *deskSet) leave(j Journal, lane string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.open[j]; d != nil {
		if delete(d.lanes, lane); len(d.lanes) == 0 {
			delete(s.open, j)
		}
	}
}

// MaxTillIDLen leaves room for epoch, counter and random tail in MaxIDLen.
const MaxTillIDLen = 12

func checkTillID(id string) error {
	if len(id) > MaxTillIDLen || strings.Contains(id, "_") {
		return fmt.Errorf("till id %q: want 1 to %d letters, digits or dashes", id, MaxTillIDLen)
	}
	return AttemptID(id).check()
}

// Recovered returns what Open found left over from an earlier run.
func (t *Till) Recovered() Recovery { return t.recovered }

// NewAttempt makes an attempt id that no other till, run or call will make
// again: till, journal epoch, counter and a random tail. A register that keeps
// the id before it calls Charge can repeat the call after its own crash and
// gets the first payment back.
func (t *Till) NewAttempt() AttemptID {
	var tail [4]byte
	rand.Read(tail[:])
	return AttemptID(t.cfg.ID + "-" +
		strconv.FormatInt(t.cfg.Journal.Epoch(), 36) + "-" +
		strconv.FormatInt(t.counter.Add(1), 36) + "-" +
		strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(tail[:])))
}

// Close refuses new calls, waits for the running ones and closes the drivers.
// The journal stays open: it belongs to whoever opened it. Closing twice is harmless.
func (t *Till) Close() error {
	t.mu.Lock()
	first := !t.closed
	t.closed = true
	t.mu.Unlock()
	t.calls.Wait()
	if !first {
		return nil
	}
	desks.leave(t.cfg.Journal, t.cfg.ID)
	var errs []error
	for name, d := range t.cfg.Drivers {
		if err := d.Close(); err != nil {
			errs = append(errs, fmt.Errorf("closing %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// enter counts a call in; the returned function counts it out.
func (t *Till) enter() (leave func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, ErrClosed
	}
	t.calls.Add(1)
	return t.calls.Done, nil
}

// claim takes attempts for this call, all or none, so that no other call of
// any lane works on them: a void and an abandonment of one payment, say.
func (t *Till) claim(ids ...AttemptID) (release func(), ok bool) {
	desks.mu.Lock()
	defer desks.mu.Unlock()
	for _, id := range ids {
		if t.desk.running[id] {
			return nil, false
		}
	}
	for _, id := range ids {
		t.desk.running[id] = true
	}
	return func() {
		desks.mu.Lock()
		defer desks.mu.Unlock()
		for _, id := range ids {
			delete(t.desk.running, id)
		}
	}, true
}

// driver finds the driver of a tender and the name of its device.
func (t *Till) driver(tender string) (Driver, string, error) {
	if tender == Cash {
		return nil, "", nil
	}
	d, ok := t.cfg.Drivers[tender]
	if !ok {
		return nil, "", fmt.Errorf("no driver for tender %q", tender)
	}
	if id, ok := d.(Identifier); ok {
		return d, id.Device(), nil
	}
	return d, tender, nil
}

// append stamps and writes events.
func (t *Till) append(ctx context.Context, events ...Event) (Attempt, error) {
	now := t.cfg.Now()
	for i := range events {
		events[i].Time = now
	}
	a, err := t.cfg.Journal.Append(ctx, events...)
	if err == nil {
		t.observe(a)
	}
	return a, err
}

// orderly gives the writing of an outcome its own bounded time, so that a
// caller who gave up cannot lose what the peer said.
func (t *Till) orderly(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), t.cfg.Times.Orderly)
}

func (t *Till) progress(p Progress) {
	if t.cfg.Progress != nil {
		t.cfg.Progress(p)
	}
}

// classOf says what a state means for the money; nil is "here, in full".
func classOf(a Attempt) error {
	switch a.State {
	case StateApproved, StateConfirmed, StateForced:
		if a.Type != TypeSettle && a.Approved != a.Amount {
			return ErrPartial
		}
		return nil
	case StateDeclined, StateReversed:
		return ErrDeclined
	case StateCanceled:
		return ErrCanceled
	case StateNotSent, StateIntent:
		return ErrNotSent
	case StateDenied:
		return ErrDenied
	}
	return ErrOutcomeUnknown
}
