package cupkey

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/openecr/openecr/emv"
)

// Counter hands out the numbers of transactions, each once, for ever: a number
// used twice is a key used twice. Next returns the next number above zero; it
// is durable before Next returns.
type Counter interface {
	Next(ctx context.Context) (uint32, error)
}

// ErrExhausted: the device has used all keys it can derive and must be loaded anew.
var ErrExhausted = errors.New("cupkey: DUKPT: all keys of this device are used up; it needs a new initial key")

// Lengths of DUKPT.
const (
	KSNLen = 10 // TDES: 59 bits of identity, 21 of counter
	// maxTDESCounter has 21 bits, of which a transaction uses ten at most (X9.24-1:2009 A.3).
	maxTDESCounter = 1<<21 - 1
	maxTDESBits    = 10
	IDLen          = 8 // AES: initial key id
	maxAESBits     = 16
)

// DUKPT derives the keys of each transaction from an initial key (derived
// unique key per transaction). It implements Store: Install has nothing to
// install. Made by NewDUKPT or NewAESDUKPT.
type DUKPT struct {
	*Memory // seals with the initial key
	counter Counter
	session func(n uint32) (Session, error)
	last    uint32 // number
	bits    int    // that may be set in a number; others are left out
}

var _ Store = (*DUKPT)(nil)

// InitialKey derives a device's initial key (IPEK) from the base derivation key
// of its acquirer and the device's key serial number. X9.24-1:2009 A.6.
func InitialKey(base Key, ksn [KSNLen]byte) (Key, error) {
	if base.Algorithm() != DES || base.Len() != 16 {
		return Key{}, fmt.Errorf("%w: a base key of TDES has 16 bytes", ErrKey)
	}
	ksn[7] &= 0xE0
	ksn[8], ksn[9] = 0, 0
	out := make([]byte, 16)
	copy(out, ksn[:8])
	base.ecb(out[:8])
	variant := make([]byte, 16)
	base.Use(func(b []byte) { subtle.XORBytes(variant, b, keyVariant[:]) })
	second, err := NewKey(DES, variant)
	if err != nil {
		return Key{}, err
	}
	copy(out[8:], ksn[:8])
	second.ecb(out[8:])
	return NewKey(DES, out)
}

// keyVariant makes the second key of a derivation, X9.24-1:2009 A.2.
var keyVariant = [16]byte{0xC0, 0xC0, 0xC0, 0xC0, 8: 0xC0, 0xC0, 0xC0, 0xC0}

// NewDUKPT makes a TDES DUKPT store of a device with its initial key and key
// serial number, whose counter bits do not matter.
func NewDUKPT(initial Key, ksn [KSNLen]byte, counter Counter, how Settings) (*DUKPT, error) {
	if initial.Algorithm() != DES || initial.Len() != 16 || counter == nil {
		return nil, fmt.Errorf("%w: DUKPT wants an initial key of 16 bytes and a counter", ErrKey)
	}
	d := &DUKPT{Memory: NewMemory(initial, how), counter: counter, last: maxTDESCounter, bits: maxTDESBits}
	d.session = func(n uint32) (Session, error) { return tdesSession(initial, ksn, n, how) }
	return d, nil
}

// Install says that keys are derived here.
func (d *DUKPT) Install(context.Context, Wrapped) error {
	return fmt.Errorf("cupkey: DUKPT derives its keys: %w", errors.ErrUnsupported)
}

// Session derives the keys of the next transaction. Errors: ErrExhausted, those of the counter.
func (d *DUKPT) Session(ctx context.Context) (Session, error) {
	for {
		n, err := d.counter.Next(ctx)
		switch {
		case err != nil:
			return nil, err
		case n == 0 || n > d.last:
			return nil, ErrExhausted
		case bits.OnesCount32(n) <= d.bits:
			return d.session(n)
		}
	}
}

// transactionKey walks down the tree of keys, a step for each bit that is set.
func transactionKey(initial Key, ksn [KSNLen]byte, n uint32) []byte {
	var r [8]byte
	copy(r[:], ksn[2:])
	r[5] &= 0xE0
	r[6], r[7] = 0, 0
	key := make([]byte, 16)
	initial.Use(func(b []byte) { copy(key, b) })
	for bit := uint32(1) << 20; bit > 0; bit >>= 1 {
		if n&bit == 0 {
			continue
		}
		at := binary.BigEndian.Uint64(r[:]) | uint64(bit)
		binary.BigEndian.PutUint64(r[:], at)
		key = nonReversible(key, r)
	}
	return key
}

// nonReversible is the key generation of X9.24-1:2009 A.2.
func nonReversible(key []byte, r [8]byte) []byte {
	out := make([]byte, 16)
	half := func(dst, key []byte) {
		subtle.XORBytes(dst, r[:], key[8:])
		k, err := NewKey(DES, key[:8])
		if err != nil {
			panic(err) // eight bytes are a DES key
		}
		k.ecb(dst)
		subtle.XORBytes(dst, dst, key[8:])
	}
	half(out[8:], key)
	variant := make([]byte, 16)
	subtle.XORBytes(variant, key, keyVariant[:])
	half(out[:8], variant)
	return out
}

// derived are the keys of one DUKPT transaction.
type derived struct {
	pin, mac, answer, data Key
	ksn                    []byte
	how                    Settings
}

// The variants of a TDES transaction key, X9.24-1:2009 A.4.1, by the byte of
// each half that is inverted.
const (
	pinVariant    = 7
	macVariant    = 6
	answerVariant = 4 // MAC of the host's reply
	dataVariant   = 5
)

func tdesSession(initial Key, ksn [KSNLen]byte, n uint32, how Settings) (Session, error) {
	key := transactionKey(initial, ksn, n)
	defer wipe(key)
	variant := func(at int) []byte {
		b := append([]byte(nil), key...)
		b[at] ^= 0xFF
		b[at+8] ^= 0xFF
		return b
	}
	data, err := NewKey(DES, variant(dataVariant))
	if err != nil {
		return nil, err
	}
	once := variant(dataVariant)
	data.ecb(once) // encrypted under itself
	s := &derived{how: how, ksn: make([]byte, KSNLen)}
	copy(s.ksn, ksn[:])
	tail := binary.BigEndian.Uint32(s.ksn[6:])
	binary.BigEndian.PutUint32(s.ksn[6:], tail&^maxTDESCounter|n)
	for _, x := range []struct {
		out *Key
		b   []byte
	}{{&s.pin, variant(pinVariant)}, {&s.mac, variant(macVariant)}, {&s.answer, variant(answerVariant)}, {&s.data, once}} {
		if *x.out, err = NewKey(DES, x.b); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *derived) MAC(message []byte) ([MACLen]byte, error) { return MAC(s.how.MAC, s.mac, message) }

func (s *derived) CheckMAC(message, mac []byte) error {
	return CheckMAC(s.how.MAC, s.answer, message, mac)
}

func (s *derived) PINBlock(pin PIN, pan emv.PAN) ([]byte, error) {
	if s.pin.Algorithm() == AES {
		return PINBlock4(s.pin, pin, pan)
	}
	return PINBlock(s.pin, pin, pan)
}

func (s *derived) Track(digits []byte) ([]byte, error) { return EncryptTrack(s.data, digits) }

func (s *derived) KSN() []byte { return append([]byte(nil), s.ksn...) }
