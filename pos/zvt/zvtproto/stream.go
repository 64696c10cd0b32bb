package zvtproto

import "fmt"

// Port is where a terminal listens for a register over TCP, unless it is set
// otherwise (P16).
const Port = 20007

// Stream frames APDUs on a TCP connection, where they follow each other with
// nothing between (P16): segments may split and join them anywhere. It holds
// nothing; the zero value is ready, also for several connections at once. It
// satisfies the framing contract of package transport.
type Stream struct {
	// AnyClass accepts every first byte. Without it Split refuses what no
	// ZVT message begins with, so that another protocol on the port is
	// noticed at once and not when its bytes happen to make up a length.
	AnyClass bool
}

// NoiseError says that the stream does not continue with a ZVT message. There
// is no way to find the next one: close the connection.
type NoiseError struct {
	// First is the byte that is no class.
	First byte
}

// Error names the byte.
func (e *NoiseError) Error() string {
	return fmt.Sprintf("zvtproto: no ZVT message begins with %02X", e.First)
}

// Noise says that the bytes lay outside any frame.
func (e *NoiseError) Noise() bool { return true }

// Unwrap returns ErrFormat.
func (e *NoiseError) Unwrap() error { return ErrFormat }

// knownClass lists the classes of P15 chapters 2 and 3; 0F is used by a
// vendor's extensions (single source: EVerest/zvt).
func knownClass(c byte) bool {
	switch c {
	case 0x04, 0x05, 0x06, 0x08, 0x0F, 0x80, 0x84:
		return true
	}
	return false
}

// AppendFrame appends payload, which must be one whole APDU. Errors:
// ErrTruncated, ErrTrailing.
func (Stream) AppendFrame(dst, payload []byte) ([]byte, error) {
	if _, err := ParseAPDU(payload); err != nil {
		return dst, err
	}
	return append(dst, payload...), nil
}

// Split looks for one APDU at the start of buf. payload is the whole APDU and
// aliases buf; size 0 without an error asks for more bytes. With an error, a
// *NoiseError, size is all of buf.
//
// No APDU is longer than MaxAPDU, so buf never needs to be.
func (s Stream) Split(buf []byte) (payload []byte, size int, err error) {
	if len(buf) == 0 {
		return nil, 0, nil
	}
	if !s.AnyClass && !knownClass(buf[0]) {
		return nil, len(buf), &NoiseError{First: buf[0]}
	}
	_, size = header(buf)
	if size == 0 || len(buf) < size {
		return nil, 0, nil
	}
	return buf[:size:size], size, nil
}
