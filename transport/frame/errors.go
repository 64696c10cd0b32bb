package frame

import "errors"

// What Split and AppendFrame report; test with errors.Is.
var (
	// ErrNoise: bytes outside any frame. Its method Noise tells a link so.
	ErrNoise error = noise{}
	// ErrChecksum: the frame is complete and its checksum is wrong.
	ErrChecksum = errors.New("frame: wrong checksum")
	// ErrBroken: the frame ends, or escapes a byte, in a way no sender means.
	ErrBroken = errors.New("frame: broken frame")
	// ErrTooLong: the payload is longer than the framing allows.
	ErrTooLong = errors.New("frame: payload too long")
	// ErrPayload: the payload holds a byte that this framing cannot carry, or
	// has the wrong length for a framing of fixed length.
	ErrPayload = errors.New("frame: payload does not fit this framing")
	// ErrConfig: the framing's own fields contradict each other.
	ErrConfig = errors.New("frame: framing is not configured sensibly")
)

type noise struct{}

func (noise) Error() string { return "frame: noise between frames" }

// Noise marks the error for transport.Link.
func (noise) Noise() bool { return true }

// Control bytes, ISO 646.
const (
	stx = 0x02
	etx = 0x03
	ack = 0x06
	dle = 0x10
	nak = 0x15
)

// noiseRun is the length of the noise at the start of buf, which begins with
// no frame: up to a byte that can begin one, or a bare acknowledgement, which
// must not be lost in it.
func noiseRun(buf []byte, start byte) int {
	for i := 1; i < len(buf); i++ {
		if b := buf[i]; b == start || b == ack || b == nak {
			return i
		}
	}
	return len(buf)
}
