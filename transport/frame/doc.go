// Package frame holds the framings payment terminals use on the line, as pure
// functions of bytes: no reading, no timers, no acknowledgements. Each type
// satisfies transport.Framing without importing it.
//
//	DLE      10 02 payload 10 03 CRC CRC    ZVT on a serial line
//	STXETX   02 payload 03 LRC              ECR17, Concert E+, POSLINK, Transbank, NCCC
//	Length   length, payload                acquirer hosts, OPI, nexo over TCP
//
// Both directions are here, for the till and for the simulated terminal:
//
//	wire, err := frame.DLE{}.AppendFrame(nil, []byte{0x06, 0x00, 0x00})
//	payload, size, err := frame.DLE{}.Split(wire)
//
// Split returns size 0 while bytes are missing, and an error with a size for
// bytes to skip. All types are values without state; methods may be called
// concurrently.
package frame
