package operators

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openecr/openecr/internal/durable"
	"github.com/openecr/openecr/pos"
)

// Role is what somebody may do.
type Role string

// The roles.
const (
	Cashier    Role = "cashier"    // 收银员
	Supervisor Role = "supervisor" // 主管: agrees to what a cashier may not do alone
)

// Limits.
const (
	// MaxOperators bounds the file; the largest shops have some hundred.
	MaxOperators = 1000
	// MaxName is the longest name, in bytes.
	MaxName = 32
	// MinPIN and MaxPIN bound a PIN, in digits.
	MinPIN, MaxPIN = 4, 12
	// LockAfter wrong PINs in a row lock somebody: as many as banks allow, and two for typing.
	LockAfter = 5
	// FirstLock is how long the first lock lasts; each further wrong PIN doubles it, up to MaxLock.
	FirstLock = time.Minute
	MaxLock   = 24 * time.Hour
	// maxFile bounds what is read.
	maxFile = 1 << 20
)

// Errors of a Book.
var (
	ErrUnknown = errors.New("nobody of that name works here")
	ErrPIN     = errors.New("the PIN is wrong")
	ErrLocked  = errors.New("locked after too many wrong PINs")
	ErrRole    = errors.New("this role may not do that")
)

// Operator is one person, without what the PIN could be guessed from.
type Operator struct {
	Name   string    `json:"name"`
	Role   Role      `json:"role"`
	Wrong  int       `json:"wrong,omitempty"`       // PINs in a row
	Locked time.Time `json:"locked_until,omitzero"` // by the wall clock
}

// entry is an operator in the file.
type entry struct {
	Operator
	PIN string `json:"pin"` // Argon2id
}

// Book is the file. Safe for concurrent use; one process writes it.
type Book struct {
	path string
	now  func() time.Time

	mu   sync.Mutex
	list []entry
}

// Open reads the file; one that is not there is an empty book.
func Open(path string) (*Book, error) {
	b := &Book{path: path, now: time.Now}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("operators: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil || len(text) > maxFile {
		return nil, fmt.Errorf("operators: %s cannot be read, or is too long: %w", path, err)
	}
	if err := json.Unmarshal(text, &b.list); err != nil || len(b.list) > MaxOperators {
		return nil, fmt.Errorf("operators: %s is no list of operators", path)
	}
	return b, nil
}

// Operators lists them by name.
func (b *Book) Operators() []Operator {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Operator, 0, len(b.list))
	for _, e := range b.list {
		out = append(out, e.Operator)
	}
	return out
}

// Find returns who has that name.
func (b *Book) Find(name string) (Operator, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.list {
		if e.Name == name {
			return e.Operator, true
		}
	}
	return Operator{}, false
}

// Set adds somebody, or gives him a new role and PIN; a lock ends.
func (b *Book) Set(name string, role Role, pin pos.Secret) error {
	switch {
	case name == "" || len(name) > MaxName || strings.TrimSpace(name) != name || pos.HoldsCardData(name):
		return fmt.Errorf("operators: a name has 1 to %d characters", MaxName)
	case role != Cashier && role != Supervisor:
		return fmt.Errorf("operators: there is no role %q; want %s or %s", role, Cashier, Supervisor)
	}
	hashed, err := hash(pin)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(b.list), func(e entry) bool { return e.Name == name })
	if len(next) >= MaxOperators {
		return fmt.Errorf("operators: a book holds %d people", MaxOperators)
	}
	next = append(next, entry{Operator{Name: name, Role: role}, hashed})
	slices.SortFunc(next, func(a, c entry) int { return strings.Compare(a.Name, c.Name) })
	return b.write(next)
}

// Remove takes somebody out. Errors: ErrUnknown.
func (b *Book) Remove(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(b.list), func(e entry) bool { return e.Name == name })
	if len(next) == len(b.list) {
		return fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	return b.write(next)
}

// Check returns who has that name and PIN. Errors: ErrUnknown, ErrPIN,
// ErrLocked; a wrong PIN is counted durably before it is said.
func (b *Book) Check(name string, pin pos.Secret) (Operator, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.list, func(e entry) bool { return e.Name == name })
	if i < 0 {
		_, _ = matches(someHash, pin) // takes as long as for somebody who works here
		return Operator{}, ErrUnknown
	}
	e := b.list[i]
	if until := e.Locked; b.now().Before(until) {
		return Operator{}, fmt.Errorf("%w until %s", ErrLocked, until.Local().Format(time.DateTime))
	}
	ok, err := matches(e.PIN, pin)
	if err != nil {
		return Operator{}, err
	}
	if ok && e.Wrong == 0 {
		return e.Operator, nil
	}
	next := slices.Clone(b.list)
	next[i].Wrong, next[i].Locked = 0, time.Time{}
	if !ok {
		next[i].Wrong = e.Wrong + 1
		if over := next[i].Wrong - LockAfter; over >= 0 {
			next[i].Locked = b.now().Add(min(FirstLock<<min(over, 12), MaxLock))
		}
	}
	if err := b.write(next); err != nil {
		return Operator{}, err
	}
	switch {
	case ok:
		return next[i].Operator, nil
	case !next[i].Locked.IsZero():
		return Operator{}, fmt.Errorf("%w; %w until %s", ErrPIN, ErrLocked, next[i].Locked.Local().Format(time.DateTime))
	}
	return Operator{}, ErrPIN
}

// write makes the new list durable, then true.
func (b *Book) write(next []entry) error {
	text, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return fmt.Errorf("operators: %w", err)
	}
	if err := durable.Replace(b.path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("operators: %w", err)
	}
	b.list = next
	return nil
}
