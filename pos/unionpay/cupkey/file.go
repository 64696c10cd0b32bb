package cupkey

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/crypto/argon2"

	"github.com/openecr/openecr/internal/durable"
)

// File is a Store in a file, sealed with AES-256-GCM. Keys changed by a sign-on
// are on disk before Install returns. One process uses a file at a time; the
// driver's own lock on its terminal sees to that.
type File struct {
	path string
	head fileHead
	key  []byte

	install sync.Mutex // one at a time, file and memory together
	*Memory
}

var _ Store = (*File)(nil)

// Unlock is what opens a sealed file: a passphrase, or a key of 32 bytes that
// the system keeps (a TPM, a credential store). Exactly one must be given.
type Unlock struct {
	Passphrase []byte
	Key        []byte
}

// The cost of a passphrase: Argon2id, as RFC 9106 part 4 recommends second.
const (
	argonTime    = 3
	argonMemory  = 64 << 10 // KiB
	argonThreads = 4
	saltLen      = 16
	sealKeyLen   = 32
	// maxKeyFile bounds what is read: a key file has less than 1 kB.
	maxKeyFile = 64 << 10
)

// Errors of key files.
var (
	// ErrUnlock: neither or both ways to unlock, or a key of a wrong length.
	ErrUnlock = errors.New("cupkey: give a passphrase, or a key of 32 bytes")
	// ErrKeyFile: the file is no key file, damaged, or locked with something else.
	ErrKeyFile = errors.New("cupkey: the key file cannot be opened: wrong passphrase or key, or damaged")
)

// fileHead is the clear part of the file; it is authenticated with the rest.
type fileHead struct {
	Format  string `json:"format"`
	Salt    []byte `json:"salt,omitempty"`
	Time    uint32 `json:"time,omitempty"`
	Memory  uint32 `json:"memory,omitempty"`
	Threads uint8  `json:"threads,omitempty"`
}

const fileFormat = "openecr-keys-1"

type fileBody struct {
	Head   fileHead `json:"head"`
	Sealed []byte   `json:"sealed"`
}

// fileKeys is the secret part.
type fileKeys struct {
	Algorithm            Algorithm
	Master               []byte
	PIN, MAC, Track      []byte
	Method               MACAlgorithm
	WorkingKeysInstalled bool
}

// CreateFile makes a key file with a master key. It does not overwrite one.
func CreateFile(path string, u Unlock, master Key, how Settings) (*File, error) {
	f := &File{path: path, head: fileHead{Format: fileFormat}, Memory: NewMemory(master, how)}
	if len(u.Passphrase) > 0 {
		f.head.Salt = make([]byte, saltLen)
		if _, err := rand.Read(f.head.Salt); err != nil {
			return nil, err
		}
		f.head.Time, f.head.Memory, f.head.Threads = argonTime, argonMemory, argonThreads
	}
	var err error
	if f.key, err = f.head.key(u); err != nil {
		return nil, err
	}
	if master.IsZero() {
		return nil, ErrNoKeys
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cupkey: %s: %w", path, os.ErrExist)
	}
	return f, f.save(working{})
}

// OpenFile opens a key file. Errors: ErrKeyFile, ErrUnlock, those of the file.
func OpenFile(path string, u Unlock) (*File, error) {
	if st, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("cupkey: %w", err)
	} else if st.Size() > maxKeyFile {
		return nil, ErrKeyFile
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cupkey: %w", err)
	}
	var body fileBody
	if json.Unmarshal(b, &body) != nil || body.Head.Format != fileFormat || !body.Head.sane() {
		return nil, ErrKeyFile
	}
	f := &File{path: path, head: body.Head}
	if f.key, err = f.head.key(u); err != nil {
		return nil, err
	}
	about, err := json.Marshal(f.head)
	if err != nil {
		return nil, err
	}
	clear, err := unseal(f.key, body.Sealed, about)
	if err != nil {
		return nil, ErrKeyFile
	}
	defer wipe(clear)
	var keys fileKeys
	if json.Unmarshal(clear, &keys) != nil {
		return nil, ErrKeyFile
	}
	f.Memory, err = keys.open()
	return f, err
}

// sane refuses a cost that would only serve to stop the machine.
func (h fileHead) sane() bool {
	return h.Time <= 100 && h.Memory <= 1<<20 && len(h.Salt) <= 64 && (len(h.Salt) == 0) == (h.Time == 0) && (h.Time == 0 || h.Threads > 0)
}

func (h fileHead) key(u Unlock) ([]byte, error) {
	switch {
	case len(u.Passphrase) > 0 && len(u.Key) == 0 && len(h.Salt) > 0:
		return argon2.IDKey(u.Passphrase, h.Salt, h.Time, h.Memory, h.Threads, sealKeyLen), nil
	case len(u.Passphrase) == 0 && len(u.Key) == sealKeyLen && len(h.Salt) == 0:
		return append([]byte(nil), u.Key...), nil
	}
	return nil, ErrUnlock
}

func (k fileKeys) open() (*Memory, error) {
	defer func() {
		for _, b := range [][]byte{k.Master, k.PIN, k.MAC, k.Track} {
			wipe(b)
		}
	}()
	master, err := NewKey(k.Algorithm, k.Master)
	if err != nil {
		return nil, ErrKeyFile
	}
	m := NewMemory(master, Settings{MAC: k.Method})
	if !k.WorkingKeysInstalled {
		return m, nil
	}
	for _, x := range []struct {
		b   []byte
		out *Key
	}{{k.PIN, &m.keys.pin}, {k.MAC, &m.keys.mac}, {k.Track, &m.keys.track}} {
		if len(x.b) == 0 {
			continue
		}
		if *x.out, err = NewKey(k.Algorithm, x.b); err != nil {
			return nil, ErrKeyFile
		}
	}
	return m, nil
}

// Install implements Store: on disk first, then in use.
func (f *File) Install(_ context.Context, w Wrapped) error {
	f.install.Lock()
	defer f.install.Unlock()
	keys, err := w.open(f.master)
	if err != nil {
		return err
	}
	if err := f.save(keys); err != nil {
		return fmt.Errorf("cupkey: keeping the new working keys: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = keys
	return nil
}

// save writes the file beside itself and renames it, synced.
func (f *File) save(keys working) error {
	k := fileKeys{Algorithm: f.master.Algorithm(), Method: f.how.MAC, WorkingKeysInstalled: !keys.mac.IsZero()}
	for _, x := range []struct {
		key Key
		out *[]byte
	}{{f.master, &k.Master}, {keys.pin, &k.PIN}, {keys.mac, &k.MAC}, {keys.track, &k.Track}} {
		x.key.Use(func(b []byte) { *x.out = b })
	}
	clear, err := json.Marshal(k)
	if err != nil {
		return err
	}
	defer wipe(clear)
	about, err := json.Marshal(f.head)
	if err != nil {
		return err
	}
	sealed, err := seal(f.key, clear, about)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(fileBody{f.head, sealed}, "", "  ")
	if err != nil {
		return err
	}
	return durable.Replace(f.path, append(b, '\n'), 0o600)
}
