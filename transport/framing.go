package transport

import "errors"

// Framing says where one message ends and the next begins. It is pure: it
// takes bytes, returns bytes, keeps nothing, and uses builtin types only, so
// that codecs satisfy it without importing this package. A value may be used
// by several links at once.
type Framing interface {
	// AppendFrame appends payload, framed, to dst. It fails on a payload the
	// framing cannot carry (too long, empty where that has no form).
	AppendFrame(dst, payload []byte) ([]byte, error)

	// Split looks at the start of buf:
	//
	//	size == 0, err == nil   more bytes are needed
	//	size > 0,  err == nil   one frame of size bytes; payload is its content
	//	size > 0,  err != nil   the first size bytes are damaged or noise: skip them
	//
	// payload may alias buf or be a fresh slice; a caller that keeps it past
	// the next use of buf copies it, as Link does. An error whose Noise method
	// returns true says that the bytes lay outside any frame. A framing used
	// with Acks ends a run of noise before an ACK or NAK byte.
	Split(buf []byte) (payload []byte, size int, err error)
}

// isNoise reports whether a framing says that skipped bytes were no frame.
func isNoise(err error) bool {
	var n interface{ Noise() bool }
	return errors.As(err, &n) && n.Noise()
}
