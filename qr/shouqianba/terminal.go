package shouqianba

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/openecr/openecr/internal/durable"
	"github.com/openecr/openecr/pos"
)

// Terminal is who a till is at Shouqianba. It prints without its key.
type Terminal struct {
	Serial string     // terminal_sn
	Key    pos.Secret // terminal_key
	Day    string     // of the last check-in, 2006-01-02 in China; empty before the first
}

// Store keeps a terminal's identity. A Save that returned nil must outlive a
// power cut. A terminal has one Store, and one process at a time.
type Store interface {
	// Load returns the identity, or ErrNotActivated.
	Load(ctx context.Context) (Terminal, error)
	// Save replaces the identity.
	Save(ctx context.Context, t Terminal) error
}

// Errors about a terminal's identity. Nothing was sent.
var (
	// ErrNotActivated: the store holds no terminal. Call Activate with a code of the shop.
	ErrNotActivated = errors.New("the terminal is not activated at Shouqianba (终端未激活)")
	// ErrActivated: the store holds a terminal already; an activation would lose it.
	ErrActivated = errors.New("the store holds an activated terminal already")
	// ErrStore: the identity cannot be read or written down.
	ErrStore = errors.New("the terminal's identity cannot be kept")
)

// MemoryStore keeps an identity for the life of a process: for tests, and for
// programs that keep it elsewhere. The zero value is empty.
type MemoryStore struct {
	mu sync.Mutex
	t  Terminal
}

// NewMemoryStore holds t.
func NewMemoryStore(t Terminal) *MemoryStore { return &MemoryStore{t: t} }

// Load returns what was saved last.
func (m *MemoryStore) Load(context.Context) (Terminal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.t.Serial == "" {
		return Terminal{}, ErrNotActivated
	}
	return m.t, nil
}

// Save keeps t.
func (m *MemoryStore) Save(_ context.Context, t Terminal) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.t = t
	return nil
}

// FileStore keeps an identity in a file that only its owner can read. At every
// moment the file holds the old identity or the new one, wholly.
type FileStore struct{ Path string }

// fileMode of an identity: it holds a key.
const fileMode = 0o600

// maxFile bounds an identity's file; a real one has about 120 bytes.
const maxFile = 4 << 10

// file is the identity as it is written down.
type file struct {
	Serial string `json:"terminal_sn"`
	Key    string `json:"terminal_key"`
	Day    string `json:"checked_in,omitempty"`
}

// Load reads the file. No file is ErrNotActivated; one that others can read, or that
// cannot be understood, is ErrStore.
func (s FileStore) Load(context.Context) (Terminal, error) {
	info, err := os.Stat(s.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Terminal{}, ErrNotActivated
	case err != nil:
		return Terminal{}, fmt.Errorf("%w: %w", ErrStore, err)
	case info.Size() > maxFile:
		return Terminal{}, fmt.Errorf("%w: %s is no identity: %d bytes", ErrStore, s.Path, info.Size())
	case exposed(info.Mode()):
		return Terminal{}, fmt.Errorf("%w: others can read %s; make it mode 0600 and activate anew", ErrStore, s.Path)
	}
	text, err := os.ReadFile(s.Path)
	if err != nil {
		return Terminal{}, fmt.Errorf("%w: %w", ErrStore, err)
	}
	var f file
	if json.Unmarshal(text, &f) != nil || f.Serial == "" || f.Key == "" {
		return Terminal{}, fmt.Errorf("%w: %s is no identity", ErrStore, s.Path)
	}
	return Terminal{Serial: f.Serial, Key: pos.NewSecret([]byte(f.Key)), Day: f.Day}, nil
}

// Save writes the file beside itself and lets it take the old one's place.
func (s FileStore) Save(_ context.Context, t Terminal) error {
	f := file{Serial: t.Serial, Day: t.Day}
	t.Key.Use(func(b []byte) { f.Key = string(b) })
	text, err := json.Marshal(f)
	if err == nil {
		err = durable.Replace(s.Path, text, fileMode)
	}
	clear(text)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	return nil
}
