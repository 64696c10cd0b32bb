package cupkey

import (
	"errors"
	"fmt"
)

// ErrTrack: a track is too long, or holds something that is no digit.
var ErrTrack = errors.New("cupkey: track data cannot be encrypted")

// maxTrack is the longest track 3 (ISO/IEC 4909).
const maxTrack = 104

// EncryptTrack hides the part of a track that matters: the last whole block of
// digits before its last packed byte, 16 digits under DES and 32 under SM4. The
// rest stays, so that a host finds its card. digits are 0-9 and D in ASCII; the
// result holds hex digits anywhere, and no track parser may touch it.
// A shorter track is filled with F on the left first (one source). Errors: ErrTrack.
func EncryptTrack(key Key, digits []byte) ([]byte, error) {
	return cryptTrack(key, digits, key.ecb)
}

// DecryptTrack is the host's side of EncryptTrack; F filled in stays.
func DecryptTrack(key Key, digits []byte) ([]byte, error) {
	return cryptTrack(key, digits, key.unECB)
}

func cryptTrack(key Key, digits []byte, crypt func([]byte)) ([]byte, error) {
	if key.IsZero() {
		return nil, ErrNoKeys
	}
	if len(digits) == 0 || len(digits) > maxTrack {
		return nil, fmt.Errorf("%w: %d digits", ErrTrack, len(digits))
	}
	width := 2 * key.blockSize()
	out := append([]byte(nil), digits...)
	for len(out) < width+1 { // the shortest that has a block before its last byte
		out = append([]byte{'F'}, out...)
	}
	end := len(out) - 2 + len(out)%2
	part := out[end-width : end]
	block := make([]byte, width/2)
	defer wipe(block)
	for i, c := range part {
		n, ok := hexDigit(c)
		if !ok {
			return nil, fmt.Errorf("%w: there is something between its digits", ErrTrack)
		}
		setNibble(block, i, n)
	}
	crypt(block)
	hexUpper(part, block)
	return out, nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
