package zvtproto

import "fmt"

// Limits of one APDU (P15, "length byte"; see [AppendAPDU]).
const (
	// MaxShortData is the longest data part the one-byte length can give.
	MaxShortData = 0xFE
	// MaxData is the longest data part of any APDU: the extended length has
	// 16 bits.
	MaxData = 0xFFFF
	// MaxAPDU is the longest whole APDU: class, instruction, FF, two length
	// bytes and the data.
	MaxAPDU = 5 + MaxData
)

// APDU is one message as it travels: control field and data, no meaning yet.
type APDU struct {
	Class, Instr byte
	// Data is the part after the length.
	Data []byte
}

// Command returns the control field as one number, 0x0601 for 06 01.
func (a APDU) Command() Command { return Command(a.Class)<<8 | Command(a.Instr) }

// String shows the command and how much data there is, never the data.
func (a APDU) String() string {
	return fmt.Sprintf("%v, %d data bytes", a.Command(), len(a.Data))
}

// Format shows the same as String for every verb: the data may hold a card
// number or a password. Explain shows the data, masked.
func (a APDU) Format(s fmt.State, _ rune) { writeState(s, a.String()) }

// MarshalText gives the form of String.
func (a APDU) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// AppendAPDU appends class, instruction, length and data to dst.
//
// The length is one byte 00..FE, or FF and two bytes, low byte first, for
// longer data. Fails with ErrTooLong above MaxData.
//
// P15; captured terminals send 06 D3 FF 61 04 for 461 hex bytes.
func AppendAPDU(dst []byte, a APDU) ([]byte, error) {
	n := len(a.Data)
	switch {
	case n > MaxData:
		return dst, fmt.Errorf("zvtproto: %d data bytes: %w", n, ErrTooLong)
	case n > MaxShortData:
		dst = append(dst, a.Class, a.Instr, 0xFF, byte(n), byte(n>>8))
	default:
		dst = append(dst, a.Class, a.Instr, byte(n))
	}
	return append(dst, a.Data...), nil
}

// header reads class, instruction and length at the start of b. size is the
// size of the whole APDU, 0 while the length itself is not complete.
func header(b []byte) (dataAt, size int) {
	if len(b) < 3 {
		return 0, 0
	}
	if b[2] != 0xFF {
		return 3, 3 + int(b[2])
	}
	if len(b) < 5 {
		return 0, 0
	}
	return 5, 5 + int(b[3]) + int(b[4])<<8
}

// ParseAPDU reads exactly one APDU. Data of the result aliases b.
//
// Errors: ErrTruncated when b is shorter than its own length says,
// ErrTrailing when it is longer; in the second case the APDU is returned
// too.
func ParseAPDU(b []byte) (APDU, error) {
	at, size := header(b)
	if size == 0 || len(b) < size {
		return APDU{}, fmt.Errorf("zvtproto: APDU of %d bytes: %w", len(b), ErrTruncated)
	}
	a := APDU{Class: b[0], Instr: b[1], Data: b[at:size:size]}
	if len(b) > size {
		return a, fmt.Errorf("zvtproto: %d bytes after the APDU: %w", len(b)-size, ErrTrailing)
	}
	return a, nil
}
