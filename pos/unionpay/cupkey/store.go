package cupkey

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"

	"github.com/openecr/openecr/emv"
)

// Store keeps the keys of one terminal. A PIN pad or HSM implements it with keys
// that never leave it. Safe for concurrent use.
type Store interface {
	// Install takes the working keys of a sign-on reply, all of them or, when a
	// check value is wrong, none: the old ones stay. Errors: ErrCheckValue,
	// ErrKey, ErrWorkingKeys; errors.ErrUnsupported where keys are derived.
	Install(ctx context.Context, keys Wrapped) error
	// Session returns the keys of one transaction. Errors: ErrNoKeys.
	Session(ctx context.Context) (Session, error)
	// Seal encrypts what must survive a crash and may be read by this terminal
	// only, such as the card number for a reversal; Open reads it again. about
	// is authenticated but not hidden. A Store that cannot returns
	// errors.ErrUnsupported: the driver then keeps no such data.
	Seal(ctx context.Context, clear, about []byte) ([]byte, error)
	Open(ctx context.Context, sealed, about []byte) ([]byte, error)
}

// Session is what one transaction does with its keys.
type Session interface {
	// MAC authenticates a message of ours; CheckMAC one of the host's (ErrMAC).
	MAC(message []byte) ([MACLen]byte, error)
	CheckMAC(message, mac []byte) error
	// PINBlock encrypts a PIN; the card number may be absent.
	PINBlock(pin PIN, pan emv.PAN) ([]byte, error)
	// Track encrypts a track's digits. Without a key for it the error is ErrNoKeys.
	Track(digits []byte) ([]byte, error)
	// KSN names the key where one is derived for each transaction; else nil.
	KSN() []byte
}

// Settings say how keys are used. The zero value is UnionPay's MAC.
type Settings struct {
	MAC MACAlgorithm
}

// ErrSealed: sealed data is damaged, or belongs to another terminal or purpose.
var ErrSealed = errors.New("cupkey: sealed data cannot be opened with this terminal's key")

// Memory is a Store that keeps its keys in memory: for tests and laboratories,
// and inside File. Make one with NewMemory.
type Memory struct {
	master Key
	how    Settings

	mu   sync.Mutex
	keys working
}

var _ Store = (*Memory)(nil)

// NewMemory makes a store with a master key and no working keys.
func NewMemory(master Key, how Settings) *Memory { return &Memory{master: master, how: how} }

// Install implements Store.
func (m *Memory) Install(_ context.Context, w Wrapped) error {
	if m.master.IsZero() {
		return errors.New("cupkey: there is no master key; load one first (请先灌装主密钥)")
	}
	keys, err := w.open(m.master)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = keys
	return nil
}

// Session implements Store.
func (m *Memory) Session(context.Context) (Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys.mac.IsZero() {
		return nil, ErrNoKeys
	}
	return workingSession{m.keys, m.how}, nil
}

type workingSession struct {
	keys working
	how  Settings
}

func (s workingSession) MAC(message []byte) ([MACLen]byte, error) {
	return MAC(s.how.MAC, s.keys.mac, message)
}

func (s workingSession) CheckMAC(message, mac []byte) error {
	return CheckMAC(s.how.MAC, s.keys.mac, message, mac)
}

func (s workingSession) PINBlock(pin PIN, pan emv.PAN) ([]byte, error) {
	return PINBlock(s.keys.pin, pin, pan)
}

func (s workingSession) Track(digits []byte) ([]byte, error) {
	return EncryptTrack(s.keys.track, digits)
}

func (s workingSession) KSN() []byte { return nil }

// Seal implements Store, with a key derived from the master key.
func (m *Memory) Seal(_ context.Context, clear, about []byte) ([]byte, error) {
	return seal(m.sealKey(), clear, about)
}

// Open implements Store. Errors: ErrSealed.
func (m *Memory) Open(_ context.Context, sealed, about []byte) ([]byte, error) {
	return unseal(m.sealKey(), sealed, about)
}

func (m *Memory) sealKey() []byte {
	h := sha256.New()
	h.Write([]byte("openecr cupkey seal 1\x00"))
	m.master.Use(func(b []byte) { h.Write(b) })
	return h.Sum(nil)
}

// seal is AES-256-GCM with a random nonce in front.
func seal(key, clear, about []byte) ([]byte, error) {
	g, err := gcm(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, g.NonceSize(), g.NonceSize()+len(clear)+g.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return g.Seal(nonce, nonce, clear, about), nil
}

func unseal(key, sealed, about []byte) ([]byte, error) {
	g, err := gcm(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < g.NonceSize() {
		return nil, ErrSealed
	}
	clear, err := g.Open(nil, sealed[:g.NonceSize()], sealed[g.NonceSize():], about)
	if err != nil {
		return nil, ErrSealed
	}
	return clear, nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
