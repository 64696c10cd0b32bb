package cupkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/emmansun/gmsm/sm4"
)

// Algorithm is the block cipher a key is for.
type Algorithm int

// Algorithms. A DES key has 8 bytes, 16 (two keys, used as K1 K2 K1) or 24.
const (
	DES Algorithm = iota
	SM4           // 国密, GB/T 32907-2016: 16 bytes
	AES           // 16, 24 or 32 bytes
)

// Errors of keys; test with errors.Is.
var (
	// ErrKey: a key has a length its algorithm does not know.
	ErrKey = errors.New("cupkey: a key of a wrong length")
	// ErrCheckValue: the check value that came with a key is not the key's. The
	// master key here and at the host differ, or the message is damaged: no key of
	// it was taken; sign on again, and if it stays so have the master key loaded anew.
	ErrCheckValue = errors.New("cupkey: the check value does not belong to the key (校验值不符)")
	// ErrNoKeys: there are no working keys. Sign on first.
	ErrNoKeys = errors.New("cupkey: no working keys; sign on first (请先签到)")
)

// Key is a clear key. It prints as a mask; the zero value is no key.
//
// The bytes stand behind a function, because fmt prints what is in unexported
// fields of other types without asking, and follows pointers where a verb does not fit.
type Key struct{ hidden func() *keyBytes }

type keyBytes struct {
	alg   Algorithm
	b     []byte
	block cipher.Block
}

// NewKey copies key; the caller should wipe its own. Errors: ErrKey.
func NewKey(alg Algorithm, key []byte) (Key, error) {
	var block cipher.Block
	err := ErrKey
	switch {
	case alg == DES && len(key) == 8:
		block, err = des.NewCipher(key)
	case alg == DES && (len(key) == 16 || len(key) == 24):
		block, err = des.NewTripleDESCipher(append(append(make([]byte, 0, 32), key...), key[:8]...)[:24])
	case alg == SM4 && len(key) == 16:
		block, err = sm4.NewCipher(key)
	case alg == AES:
		if block, err = aes.NewCipher(key); err != nil {
			err = ErrKey
		}
	}
	if err != nil {
		return Key{}, fmt.Errorf("%w: %d bytes", ErrKey, len(key))
	}
	k := &keyBytes{alg, append([]byte(nil), key...), block}
	return Key{func() *keyBytes { return k }}, nil
}

func (k Key) get() *keyBytes {
	if k.hidden == nil {
		return nil
	}
	return k.hidden()
}

// Algorithm is what the key is for.
func (k Key) Algorithm() Algorithm {
	if k.hidden == nil {
		return 0
	}
	return k.get().alg
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.hidden == nil }

// Len is the number of bytes, 0 of no key.
func (k Key) Len() int {
	if k.hidden == nil {
		return 0
	}
	return len(k.get().b)
}

// Use lends the bytes to f, which must not keep them.
func (k Key) Use(f func(key []byte)) {
	if k.hidden != nil {
		f(k.get().b)
	}
}

// Equal compares two keys in constant time.
func (k Key) Equal(o Key) bool {
	return k.hidden != nil && o.hidden != nil && k.get().alg == o.get().alg && subtle.ConstantTimeCompare(k.get().b, o.get().b) == 1
}

// blockSize is that of the cipher: 8 or 16.
func (k Key) blockSize() int { return k.get().block.BlockSize() }

// ecb encrypts whole blocks, one by one, in place.
func (k Key) ecb(b []byte) {
	for n := k.blockSize(); len(b) >= n; b = b[n:] {
		k.get().block.Encrypt(b, b)
	}
}

func (k Key) unECB(b []byte) {
	for n := k.blockSize(); len(b) >= n; b = b[n:] {
		k.get().block.Decrypt(b, b)
	}
}

// CheckLen is how much of an encrypted zero block a check value has.
const CheckLen = 4

// CheckValue encrypts a block of zeros and returns its first four bytes (KCV,
// 校验值): it tells whether two sides have the same key and nothing else.
func (k Key) CheckValue() [CheckLen]byte {
	var out [CheckLen]byte
	if k.hidden == nil {
		return out
	}
	zero := make([]byte, k.blockSize())
	k.ecb(zero)
	copy(out[:], zero)
	return out
}

// Wrap encrypts another key block by block (ECB), as a host sends working keys.
func (k Key) Wrap(other Key) []byte {
	out := append([]byte(nil), other.get().b...)
	k.ecb(out)
	return out
}

// unwrap decrypts a key that was wrapped under k.
func (k Key) unwrap(wrapped []byte) (Key, error) {
	if n := k.blockSize(); len(wrapped) == 0 || len(wrapped)%n != 0 {
		return Key{}, fmt.Errorf("%w: %d encrypted bytes", ErrKey, len(wrapped))
	}
	clear := append([]byte(nil), wrapped...)
	k.unECB(clear)
	defer wipe(clear)
	return NewKey(k.get().alg, clear)
}

func wipe(b []byte) { clear(b) }

const keyMask = "key ***"

// String returns a mask.
func (k Key) String() string { return keyMask }

// GoString returns a mask.
func (k Key) GoString() string { return keyMask }

// Format prints a mask, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, keyMask) }

// MarshalJSON writes a mask.
func (k Key) MarshalJSON() ([]byte, error) { return []byte(`"` + keyMask + `"`), nil }

// MarshalText writes a mask.
func (k Key) MarshalText() ([]byte, error) { return []byte(keyMask), nil }

// LogValue logs a mask.
func (k Key) LogValue() slog.Value { return slog.StringValue(keyMask) }
