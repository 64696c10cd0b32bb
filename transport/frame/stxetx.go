package frame

import (
	"bytes"
	"fmt"
)

// LRCRange says which bytes the LRC covers. Terminals differ, also between
// models that speak the same protocol.
type LRCRange int

// Ranges of the LRC.
const (
	LRCPayloadETX    LRCRange = iota // payload and ETX: POSLINK, Concert E+, Transbank, NCCC
	LRCPayload                       // payload alone
	LRCSTXPayloadETX                 // STX, payload and ETX
	LRCSTXPayload                    // STX and payload
)

// MaxSTXETXPayload bounds a payload where STXETX.Max does not: POSLINK answers
// with a signature are the longest known, a few kilobytes.
const MaxSTXETXPayload = 64 << 10

// LRCBase7F is the value the LRC of ECR17 starts from; elsewhere it is 00.
const LRCBase7F = 0x7F

// STXETX frames a payload as 02 | payload | 03 | LRC, the LRC being the xor of
// Base and the bytes LRC names. The zero value is what POSLINK, Concert E+,
// Transbank POS Integrado and NCCC use; ECR17 has Base 7F and either
// LRCPayload or LRCPayloadETX.
//
// The LRC may itself be 02 or 03: the frame ends one byte after the first ETX.
// A payload therefore cannot hold ETX, unless Fixed gives its length.
type STXETX struct {
	LRC   LRCRange
	Base  byte
	Max   int // longest payload; 0 means MaxSTXETXPayload
	Fixed int // exact length of each payload; 0 means it ends at ETX. NCCC: 400
}

func (f STXETX) max() int {
	if f.Max > 0 {
		return f.Max
	}
	return MaxSTXETXPayload
}

func (f STXETX) sum(payload []byte) byte {
	sum := f.Base ^ xor(payload)
	if f.LRC == LRCSTXPayload || f.LRC == LRCSTXPayloadETX {
		sum ^= stx
	}
	if f.LRC == LRCPayloadETX || f.LRC == LRCSTXPayloadETX {
		sum ^= etx
	}
	return sum
}

// AppendFrame appends payload as a frame. Errors: ErrPayload if it holds an
// ETX or has not the Fixed length, ErrTooLong.
func (f STXETX) AppendFrame(dst, payload []byte) ([]byte, error) {
	switch {
	case f.Fixed > 0 && len(payload) != f.Fixed:
		return dst, fmt.Errorf("%w: %d bytes, want %d", ErrPayload, len(payload), f.Fixed)
	case f.Fixed == 0 && bytes.IndexByte(payload, etx) >= 0:
		return dst, fmt.Errorf("%w: it holds an ETX", ErrPayload)
	case f.Fixed == 0 && len(payload) > f.max():
		return dst, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, len(payload), f.max())
	}
	dst = append(dst, stx)
	dst = append(dst, payload...)
	return append(dst, etx, f.sum(payload)), nil
}

// Split takes one frame from the start of buf; see transport.Framing. The
// payload aliases buf. Errors: ErrNoise, ErrChecksum, ErrTooLong, ErrBroken.
func (f STXETX) Split(buf []byte) (payload []byte, size int, err error) {
	if len(buf) == 0 {
		return nil, 0, nil
	}
	if buf[0] != stx {
		return nil, noiseRun(buf, stx), ErrNoise
	}
	n, err := f.payloadLen(buf[1:])
	if err != nil {
		return nil, noiseRun(buf, stx), err
	}
	if n < 0 || len(buf) < n+3 {
		return nil, 0, nil
	}
	payload, size = buf[1:1+n], n+3
	if f.sum(payload) != buf[size-1] {
		return nil, size, ErrChecksum
	}
	return payload, size, nil
}

// payloadLen finds the length of the payload at the start of rest, or -1.
func (f STXETX) payloadLen(rest []byte) (int, error) {
	if f.Fixed > 0 {
		if len(rest) <= f.Fixed {
			return -1, nil
		}
		if rest[f.Fixed] != etx {
			return 0, fmt.Errorf("%w: no ETX after %d bytes", ErrBroken, f.Fixed)
		}
		return f.Fixed, nil
	}
	n := bytes.IndexByte(rest[:min(len(rest), f.max()+1)], etx)
	if n < 0 && len(rest) > f.max() {
		return 0, fmt.Errorf("%w: no ETX within %d bytes", ErrTooLong, f.max())
	}
	return n, nil
}
