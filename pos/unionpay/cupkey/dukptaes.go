package cupkey

import (
	"encoding/binary"
	"fmt"
	"math"
)

// usage says what an AES key is derived for, X9.24-3:2017 6.3.2.
type usage uint16

const (
	usagePIN          usage = 0x1000
	usageMAC          usage = 0x2000 // generate
	usageVerify       usage = 0x2001
	usageData         usage = 0x3000
	usageIntermediate usage = 0x8000
	usageInitial      usage = 0x8001
)

// InitialAESKey derives a device's initial key from the base derivation key and
// the initial key id (BDK id and derivation id, four bytes each). X9.24-3:2017 6.3.1.
func InitialAESKey(base Key, id [IDLen]byte) (Key, error) {
	return deriveAES(base, usageInitial, id)
}

// NewAESDUKPT makes an AES DUKPT store of a device with its initial key and its id.
func NewAESDUKPT(initial Key, id [IDLen]byte, counter Counter, how Settings) (*DUKPT, error) {
	if initial.Algorithm() != AES || counter == nil {
		return nil, fmt.Errorf("%w: AES DUKPT wants an AES key and a counter", ErrKey)
	}
	d := &DUKPT{Memory: NewMemory(initial, how), counter: counter, last: math.MaxUint32, bits: maxAESBits}
	d.session = func(n uint32) (Session, error) { return aesSession(initial, id, n, how) }
	return d, nil
}

// deriveAES encrypts derivation data under a key: version, block, usage,
// algorithm, length, and eight bytes of context. X9.24-3:2017 6.3.2 and 6.3.3.
func deriveAES(key Key, u usage, context [8]byte) (Key, error) {
	alg := map[int]uint16{16: 2, 24: 3, 32: 4}[key.Len()]
	if key.Algorithm() != AES || alg == 0 {
		return Key{}, fmt.Errorf("%w: AES DUKPT derives from AES keys", ErrKey)
	}
	var out []byte
	for block := byte(1); len(out) < key.Len(); block++ {
		var d [16]byte
		d[0], d[1] = 1, block
		binary.BigEndian.PutUint16(d[2:], uint16(u))
		binary.BigEndian.PutUint16(d[4:], alg)
		binary.BigEndian.PutUint16(d[6:], uint16(8*key.Len()))
		copy(d[8:], context[:])
		key.ecb(d[:])
		out = append(out, d[:]...)
	}
	defer wipe(out)
	return NewKey(AES, out[:key.Len()])
}

// aesTransactionKey walks down the tree, a step for each bit that is set.
func aesTransactionKey(initial Key, id [IDLen]byte, n uint32) (Key, error) {
	key, at := initial, uint32(0)
	for bit := uint32(1) << 31; bit > 0; bit >>= 1 {
		if n&bit == 0 {
			continue
		}
		at |= bit
		var err error
		if key, err = deriveAES(key, usageIntermediate, aesContext(id, at)); err != nil {
			return Key{}, err
		}
	}
	return key, nil
}

// aesContext is the derivation id and the counter.
func aesContext(id [IDLen]byte, n uint32) (c [8]byte) {
	copy(c[:4], id[4:])
	binary.BigEndian.PutUint32(c[4:], n)
	return c
}

func aesSession(initial Key, id [IDLen]byte, n uint32, how Settings) (Session, error) {
	key, err := aesTransactionKey(initial, id, n)
	if err != nil {
		return nil, err
	}
	s := &derived{how: how, ksn: binary.BigEndian.AppendUint32(id[:], n)}
	for _, x := range []struct {
		out *Key
		u   usage
	}{{&s.pin, usagePIN}, {&s.mac, usageMAC}, {&s.answer, usageVerify}, {&s.data, usageData}} {
		if *x.out, err = deriveAES(key, x.u, aesContext(id, n)); err != nil {
			return nil, err
		}
	}
	return s, nil
}
