package frame

import (
	"encoding/binary"
	"fmt"
	"math"
)

// LengthFormat says how a length is written.
type LengthFormat int

// Formats of a length prefix.
const (
	BigEndian    LengthFormat = iota // binary, high byte first: ISO 8583 hosts, OPI
	LittleEndian                     // binary, low byte first
	BCD                              // two decimal digits a byte: 01 23 is 123
	ASCII                            // decimal digits: "0123"
)

// MaxLengthPayload bounds a payload where Length.Max does not. No message of a
// terminal or an acquirer comes near; a wrong prefix announces gigabytes.
const MaxLengthPayload = 1 << 20

// Length frames a payload as its length followed by itself. The zero value is
// two bytes, high byte first, not counting themselves: what most acquirer hosts
// speak over TCP. There is no checksum and no mark to find the next frame by:
// after an error, drop the connection.
type Length struct {
	Bytes     int // of the prefix: 1, 2 or 4; BCD 1 to 4; ASCII 1 to 8; 0 means 2
	Format    LengthFormat
	Inclusive bool // the length counts the prefix as well
	Max       int  // longest payload; 0 means MaxLengthPayload, or what fits
}

func (f Length) size() int {
	if f.Bytes == 0 {
		return 2
	}
	return f.Bytes
}

// limit returns the longest payload, or ErrConfig.
func (f Length) limit() (int, error) {
	n, fits := f.size(), 0
	switch f.Format {
	case BigEndian, LittleEndian:
		if n == 1 || n == 2 || n == 4 {
			fits = int(min(int64(1)<<(8*n)-1, math.MaxInt32))
		}
	case BCD:
		if n >= 1 && n <= 4 {
			fits = pow10(2*n) - 1
		}
	case ASCII:
		if n >= 1 && n <= 8 {
			fits = pow10(n) - 1
		}
	}
	if fits == 0 || f.Max < 0 {
		return 0, fmt.Errorf("%w: format %d with %d bytes", ErrConfig, f.Format, n)
	}
	if f.Inclusive {
		fits -= n
	}
	if f.Max > 0 {
		return min(f.Max, fits), nil
	}
	return min(MaxLengthPayload, fits), nil
}

// AppendFrame appends payload behind its length. Errors: ErrTooLong, ErrConfig.
func (f Length) AppendFrame(dst, payload []byte) ([]byte, error) {
	limit, err := f.limit()
	if err != nil {
		return dst, err
	}
	value := len(payload)
	if value > limit {
		return dst, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, value, limit)
	}
	if f.Inclusive {
		value += f.size()
	}
	return append(f.appendLength(dst, value), payload...), nil
}

func (f Length) appendLength(dst []byte, value int) []byte {
	n := f.size()
	for i := range n {
		switch f.Format {
		case BigEndian:
			dst = append(dst, byte(value>>(8*(n-1-i))))
		case LittleEndian:
			dst = append(dst, byte(value>>(8*i)))
		case BCD:
			pair := value / pow10(2*(n-1-i)) % 100
			dst = append(dst, byte(pair/10<<4|pair%10))
		case ASCII:
			dst = append(dst, byte('0'+value/pow10(n-1-i)%10))
		}
	}
	return dst
}

// Split takes one frame from the start of buf; see transport.Framing. The
// payload aliases buf and may be empty: many hosts send bare lengths as a sign
// of life. Errors: ErrBroken, ErrTooLong (both with all of buf to skip),
// ErrConfig.
func (f Length) Split(buf []byte) (payload []byte, size int, err error) {
	limit, err := f.limit()
	if err != nil {
		return nil, max(1, len(buf)), err
	}
	n := f.size()
	if len(buf) < n {
		return nil, 0, nil
	}
	value, ok := f.parse(buf[:n])
	if f.Inclusive {
		value -= n
	}
	switch {
	case !ok || value < 0:
		return nil, len(buf), fmt.Errorf("%w: length % X", ErrBroken, buf[:n])
	case value > limit:
		return nil, len(buf), fmt.Errorf("%w: %d bytes announced, at most %d", ErrTooLong, value, limit)
	case len(buf) < n+value:
		return nil, 0, nil
	}
	return buf[n : n+value], n + value, nil
}

func (f Length) parse(prefix []byte) (value int, ok bool) {
	switch f.Format {
	case BigEndian, LittleEndian:
		var wide [4]byte
		if f.Format == BigEndian {
			copy(wide[4-len(prefix):], prefix)
			return int(binary.BigEndian.Uint32(wide[:]) & (1<<31 - 1)), wide[0] < 0x80
		}
		copy(wide[:], prefix)
		return int(binary.LittleEndian.Uint32(wide[:]) & (1<<31 - 1)), wide[3] < 0x80
	}
	for _, b := range prefix {
		high, low := int(b>>4), int(b&0x0F)
		if f.Format == ASCII {
			if high != 3 {
				return 0, false
			}
			high = 0
		}
		if high > 9 || low > 9 {
			return 0, false
		}
		if f.Format == BCD {
			value = value*10 + high
		}
		value = value*10 + low
	}
	return value, true
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}
