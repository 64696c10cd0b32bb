package frame

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/openecr/openecr/internal/crc"
)

// MaxAPDU is the largest APDU of ZVT: class, instruction, FF, two length bytes
// and 65,535 bytes of data (PA00P015 rev. 13.08, 1.2).
const MaxAPDU = 5 + 65535

// MaxDLEFrame is MaxAPDU with each byte stuffed, and 6 bytes around it.
const MaxDLEFrame = 2*MaxAPDU + 6

// DLE is the serial framing of ZVT (PA00P016 rev. 04):
//
//	10 02 | payload, each 10 sent as 10 10 | 10 03 | CRC low, CRC high
//
// The CRC is CRC-16/KERMIT over the payload as it was before stuffing,
// followed by 03. It is not stuffed itself: exactly two raw bytes follow 10 03,
// and a frame may legally end in 10 03 10 10.
type DLE struct{}

// AppendFrame appends payload as a frame. The error is ErrTooLong.
func (DLE) AppendFrame(dst, payload []byte) ([]byte, error) {
	if len(payload) > MaxAPDU {
		return dst, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, len(payload), MaxAPDU)
	}
	sum := dleSum(payload)
	escapes := bytes.Count(payload, dleOnly)
	dst = slices.Grow(dst, len(payload)+escapes+6)
	dst = append(dst, dle, stx)
	if dense(escapes, len(payload)) {
		for _, b := range payload {
			if dst = append(dst, b); b == dle {
				dst = append(dst, dle)
			}
		}
	} else {
		for ; escapes > 0; escapes-- {
			i := bytes.IndexByte(payload, dle)
			dst = append(append(dst, payload[:i+1]...), dle)
			payload = payload[i+1:]
		}
		dst = append(dst, payload...)
	}
	return append(dst, dle, etx, byte(sum), byte(sum>>8)), nil
}

var dleOnly = []byte{dle}

// dense reports whether so many of n bytes are escapes that walking byte by
// byte beats looking for the next one.
func dense(escapes, n int) bool { return escapes > n/16 }

// nextDLE is bytes.IndexByte for a DLE that is probably near.
func nextDLE(p []byte) int {
	for i, b := range p[:min(len(p), 4)] {
		if b == dle {
			return i
		}
	}
	return bytes.IndexByte(p, dle)
}

func dleSum(payload []byte) uint16 {
	return crc.Kermit(crc.Kermit(0, payload), []byte{etx})
}

// Split takes one frame from the start of buf; see transport.Framing. The
// payload aliases buf unless bytes were stuffed; then it is a fresh slice.
// Errors: ErrNoise, ErrChecksum, ErrBroken, ErrTooLong.
func (DLE) Split(buf []byte) (payload []byte, size int, err error) {
	switch {
	case len(buf) == 0:
		return nil, 0, nil
	case buf[0] != dle:
		return nil, noiseRun(buf, dle), ErrNoise
	case len(buf) == 1:
		return nil, 0, nil
	case buf[1] != stx:
		return nil, 1, ErrNoise
	}
	end, stuffed, err := dleEnd(buf)
	if err != nil && end > 0 {
		return nil, end, err
	}
	if end == 0 {
		if len(buf) > MaxDLEFrame {
			return nil, len(buf), ErrTooLong
		}
		return nil, 0, nil
	}
	body, size := buf[2:end], end+4
	if len(buf) < size {
		return nil, 0, nil
	}
	if len(body)-stuffed > MaxAPDU {
		return nil, size, ErrTooLong
	}
	if stuffed > 0 {
		body = unstuff(body, stuffed)
	}
	if dleSum(body) != uint16(buf[end+2])|uint16(buf[end+3])<<8 {
		return nil, size, ErrChecksum
	}
	return body, size, nil
}

// dleEnd finds the 10 03 that ends the frame at the start of buf, and counts
// the stuffed bytes before it; end is 0 while it is missing. With an error,
// end is how much to skip: up to a new 10 02, or a broken frame as a whole.
func dleEnd(buf []byte) (end, stuffed int, err error) {
	for i := 2; ; {
		k := nextDLE(buf[i:])
		if k < 0 || i+k+1 >= len(buf) {
			return 0, stuffed, nil
		}
		i += k
		switch buf[i+1] {
		case dle:
			stuffed++
		case etx:
			if err == nil {
				return i, stuffed, nil
			}
			if len(buf) < i+4 {
				return 0, stuffed, nil
			}
			return i + 4, stuffed, err
		case stx:
			// Noise, not damage: the sender has begun again, asking it to do
			// so once more would only make it repeat a good frame.
			return i, stuffed, fmt.Errorf("%w: a frame broken off by a new one", ErrNoise)
		default:
			// Read on to the end: one broken frame is one NAK.
			err = fmt.Errorf("%w: 10 %02X inside", ErrBroken, buf[i+1])
		}
		i += 2
	}
}

func unstuff(body []byte, stuffed int) []byte {
	if dense(stuffed, len(body)) {
		plain, n := make([]byte, len(body)-stuffed), 0
		for i := 0; i < len(body) && n < len(plain); i++ {
			plain[n] = body[i]
			n++
			if body[i] == dle {
				i++
			}
		}
		return plain
	}
	plain := make([]byte, 0, len(body)-stuffed)
	for {
		i := bytes.IndexByte(body, dle)
		if i < 0 {
			return append(plain, body...)
		}
		plain = append(plain, body[:i+1]...)
		body = body[i+2:]
	}
}
