package douyin

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/openecr/openecr/internal/durable"
)

// TokenStore keeps tokens for all who share an app, so that one of them asks
// the platform and the others use the answer.
type TokenStore interface {
	// Update calls f with the token kept under key (zero if none), keeps what f
	// returns and returns it. Nobody else's f for that key runs meanwhile. An
	// error of f is returned as it is and changes nothing; if only keeping fails,
	// the token is returned along with the error.
	Update(ctx context.Context, key string, f func(Token) (Token, error)) (Token, error)
}

// MemoryTokens keeps tokens for the Clients of one process. The zero value is
// ready. Safe for concurrent use.
type MemoryTokens struct {
	mu    sync.Mutex
	slots map[string]*tokenSlot
}

type tokenSlot struct {
	turn  chan struct{}
	token Token
}

// Update implements TokenStore.
func (m *MemoryTokens) Update(ctx context.Context, key string, f func(Token) (Token, error)) (Token, error) {
	slot := m.slot(key)
	select {
	case slot.turn <- struct{}{}:
	case <-ctx.Done():
		return Token{}, ctx.Err()
	}
	defer func() { <-slot.turn }()
	t, err := f(slot.token)
	if err == nil {
		slot.token = t
	}
	return t, err
}

func (m *MemoryTokens) slot(key string) *tokenSlot {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.slots == nil {
		m.slots = map[string]*tokenSlot{}
	}
	if m.slots[key] == nil {
		m.slots[key] = &tokenSlot{turn: make(chan struct{}, 1)}
	}
	return m.slots[key]
}

// FileTokens keeps tokens in files of one directory, for the processes of one
// machine or of a shared disk that has file locks. Files have mode 0600; a file
// that others may read is not believed and replaced. Safe for concurrent use.
type FileTokens struct {
	// Dir must exist.
	Dir string
	// Seal encrypts the files, for example AES-256-GCM with a key from the
	// system's key store. nil leaves the token readable for the file's owner.
	Seal cipher.AEAD
}

// lockPoll is the pause between two tries for a file another process has locked.
const lockPoll = 10 * time.Millisecond

// tokenFileMax bounds what is read from a token file.
const tokenFileMax = 64 << 10

// Update implements TokenStore.
func (s *FileTokens) Update(ctx context.Context, key string, f func(Token) (Token, error)) (Token, error) {
	sum := sha256.Sum256([]byte(key))
	path := filepath.Join(s.Dir, "douyin-"+hex.EncodeToString(sum[:12])+".token")
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return Token{}, err
	}
	defer lock.Close()
	if err := acquire(ctx, lock); err != nil {
		return Token{}, err
	}
	stored := s.read(path, key)
	t, err := f(stored)
	if err != nil || t.Value.Equal(stored.Value) && t.Expires.Equal(stored.Expires) {
		return t, err
	}
	return t, s.write(path, key, t)
}

func acquire(ctx context.Context, lock *os.File) error {
	poll := time.NewTicker(lockPoll)
	defer poll.Stop()
	for {
		err := durable.TryLock(lock)
		if err == nil || !errors.Is(err, durable.ErrHeld) {
			return err
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tokenFile is the content of a file.
type tokenFile struct {
	Token   string `json:"token"`
	Fetched int64  `json:"fetched_ms"`
	Expires int64  `json:"expires_ms"`
}

// read gives the token of a file, or none: a damaged file costs one fetch.
func (s *FileTokens) read(path, key string) Token {
	info, err := os.Stat(path)
	if err != nil || info.Size() > tokenFileMax || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return Token{}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return Token{}
	}
	if s.Seal != nil {
		n := s.Seal.NonceSize()
		if len(b) < n {
			return Token{}
		}
		if b, err = s.Seal.Open(nil, b[:n], b[n:], []byte(key)); err != nil {
			return Token{}
		}
	}
	var f tokenFile
	if json.Unmarshal(b, &f) != nil {
		return Token{}
	}
	t := Token{Value: Hide(f.Token), Fetched: time.UnixMilli(f.Fetched), Expires: time.UnixMilli(f.Expires)}
	if !headerSafe(t.Value) {
		return Token{}
	}
	return t
}

func (s *FileTokens) write(path, key string, t Token) error {
	b, err := json.Marshal(tokenFile{Token: t.Value.text(), Fetched: t.Fetched.UnixMilli(), Expires: t.Expires.UnixMilli()})
	if err != nil {
		return err
	}
	if s.Seal != nil {
		nonce := make([]byte, s.Seal.NonceSize(), s.Seal.NonceSize()+len(b)+s.Seal.Overhead())
		if _, err := rand.Read(nonce); err != nil {
			return err
		}
		b = s.Seal.Seal(nonce, nonce, b, []byte(key))
	}
	if err := durable.Replace(path, b, 0o600); err != nil {
		return fmt.Errorf("douyin: token fetched but not kept: %w", err)
	}
	return nil
}
