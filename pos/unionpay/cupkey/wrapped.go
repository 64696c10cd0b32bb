package cupkey

import (
	"crypto/subtle"
	"errors"
	"fmt"
)

// Wrapped are working keys as a sign-on reply brings them: each encrypted under
// the master key, with its check value. They are no secret without it.
type Wrapped struct {
	PIN, MAC, Track WrappedKey
}

// WrappedKey is one of them. The zero value is absent.
type WrappedKey struct {
	Bytes []byte
	Check [CheckLen]byte
}

// ErrWorkingKeys: field 62 of a sign-on reply has a layout that is not known.
var ErrWorkingKeys = errors.New("cupkey: the key field of the sign-on reply has an unknown layout")

// The network management codes (field 60.3) that ask for keys.
const (
	KeysSingleDES = "001" // PIK and MAK of 8 bytes
	KeysTripleDES = "003" // PIK of 16 bytes, MAK of 8 or 16
	KeysWithTrack = "004" // as 003, and a TDK of 16 bytes
	KeysSM4       = "006" // three keys of 16 bytes (one source)
)

// ParseWorkingKeys takes field 62 of a sign-on reply apart, by the code that
// asked for it. A MAK whose second half is zero has 8 bytes.
// Errors: ErrWorkingKeys.
func ParseWorkingKeys(code string, field []byte) (Wrapped, error) {
	size, track := 16, false
	switch code {
	case KeysSingleDES:
		size = 8
	case KeysTripleDES:
	case KeysWithTrack, KeysSM4:
		track = true
	default:
		return Wrapped{}, fmt.Errorf("%w: code %q", ErrWorkingKeys, code)
	}
	want := 2 * (size + CheckLen)
	if track {
		want += size + CheckLen
	}
	if len(field) != want {
		return Wrapped{}, fmt.Errorf("%w: %d bytes, code %s has %d", ErrWorkingKeys, len(field), code, want)
	}
	next := func() WrappedKey {
		var k WrappedKey
		k.Bytes = append([]byte(nil), field[:size]...)
		copy(k.Check[:], field[size:])
		field = field[size+CheckLen:]
		return k
	}
	w := Wrapped{PIN: next(), MAC: next()}
	if track {
		w.Track = next()
	}
	if code != KeysSM4 && size == 16 && subtle.ConstantTimeCompare(w.MAC.Bytes[8:], make([]byte, 8)) == 1 {
		w.MAC.Bytes = w.MAC.Bytes[:8]
	}
	return w, nil
}

// AppendWorkingKeys is the host's side of ParseWorkingKeys: keys as field 62,
// encrypted under the master key. track is used if the code has one.
func AppendWorkingKeys(dst []byte, code string, master, pin, mac, track Key) ([]byte, error) {
	size := 16
	keys := []Key{pin, mac}
	switch code {
	case KeysSingleDES:
		size = 8
	case KeysTripleDES:
	case KeysWithTrack, KeysSM4:
		keys = append(keys, track)
	default:
		return nil, fmt.Errorf("%w: code %q", ErrWorkingKeys, code)
	}
	if master.IsZero() {
		return nil, ErrNoKeys
	}
	for i, k := range keys {
		short := i == 1 && k.Len() == 8 && code != KeysSM4 // a MAK of single length
		if k.Len() != size && !short {
			return nil, fmt.Errorf("%w: %d bytes in layout %s", ErrKey, k.Len(), code)
		}
		block := make([]byte, size)
		copy(block, master.Wrap(k))
		check := k.CheckValue()
		dst = append(append(dst, block...), check[:]...)
	}
	return dst, nil
}

// open decrypts the keys and checks all of them.
func (w Wrapped) open(master Key) (working, error) {
	var k working
	for _, x := range []struct {
		name string
		in   WrappedKey
		out  *Key
	}{{"PIN", w.PIN, &k.pin}, {"MAC", w.MAC, &k.mac}, {"track", w.Track, &k.track}} {
		if len(x.in.Bytes) == 0 {
			continue
		}
		key, err := master.unwrap(x.in.Bytes)
		if err != nil {
			return working{}, fmt.Errorf("%s key: %w", x.name, err)
		}
		if key.CheckValue() != x.in.Check {
			return working{}, fmt.Errorf("%s key: %w", x.name, ErrCheckValue)
		}
		*x.out = key
	}
	if k.pin.IsZero() || k.mac.IsZero() {
		return working{}, fmt.Errorf("%w: PIN or MAC key is missing", ErrWorkingKeys)
	}
	return k, nil
}

// working are the keys of a signed-on terminal.
type working struct{ pin, mac, track Key }
