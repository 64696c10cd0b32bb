package emv

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Limits of decoding. Card data is small; whoever sends more is no card.
const (
	// MaxDepth bounds templates in templates; cards nest four deep (6F A5 BF0C 73).
	MaxDepth = 16
	// MaxObjects bounds one message: a field 55 holds about thirty, a CA key file a hundred.
	MaxObjects = 1024
	// maxTagLen: EMV uses two bytes, kernel 2 and terminals three, some vendors four.
	maxTagLen = 4
	// maxLengthLen: a length of more than three bytes cannot be true here.
	maxLengthLen = 3
)

// What can be wrong with an encoding; test with errors.Is. Every error is a *SyntaxError.
var (
	ErrTruncated  = errors.New("it ends too early")
	ErrTag        = errors.New("tag of more than four bytes")
	ErrIndefinite = errors.New("indefinite length (80), which EMV does not allow")
	ErrLength     = errors.New("length of more than three bytes")
	ErrDepth      = errors.New("templates nested too deep")
	ErrTooMany    = errors.New("too many data objects")
)

// SyntaxError says where an encoding is wrong.
type SyntaxError struct {
	Offset int // of the byte in the message, from 0
	Tag    Tag // the object it happened in; 0 if none
	Err    error
}

// Error names offset, tag and cause.
func (e *SyntaxError) Error() string {
	if e.Tag == 0 {
		return fmt.Sprintf("emv: TLV at offset %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("emv: TLV at offset %d, tag %s: %v", e.Offset, e.Tag, e.Err)
}

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Tag is a BER-TLV tag as its bytes read: 0x5A, 0x9F26, 0xDF8129.
type Tag uint32

// ParseTag reads a tag in hex digits, such as "9F26".
func ParseTag(s string) (Tag, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return 0, fmt.Errorf("emv: tag %q is not hex digits", s)
	}
	t, n, err := readTag(b)
	if err != nil || n != len(b) {
		return 0, fmt.Errorf("emv: %q is not one tag", s)
	}
	return t, nil
}

// String returns the tag in upper-case hex digits.
func (t Tag) String() string {
	var b [maxTagLen]byte
	return strings.ToUpper(hex.EncodeToString(t.append(b[:0])))
}

// Constructed reports whether the value is made of other objects (bit 6 of the
// first byte).
func (t Tag) Constructed() bool { return t.first()&0x20 != 0 }

func (t Tag) first() byte {
	for t > 0xFF {
		t >>= 8
	}
	return byte(t)
}

func (t Tag) append(dst []byte) []byte {
	for shift := 24; shift > 0; shift -= 8 {
		if t>>shift != 0 {
			dst = append(dst, byte(t>>shift))
		}
	}
	return append(dst, byte(t))
}

// Object is one data object. Value aliases what was decoded.
type Object struct {
	Tag    Tag
	Value  []byte
	Offset int // of the tag in the message
	Depth  int // 0 at the top, 1 in a template, ...
}

// Objects are data objects in the order of the message, each template before
// what it holds.
type Objects []Object

// Options say how lenient decoding is. The zero value is for card data.
type Options struct {
	// KeepFF takes FF for the beginning of a tag. Without it FF between objects is
	// skipped like 00, because cards pad with it and no EMV tag begins so.
	KeepFF bool
	// Flat leaves templates closed.
	Flat bool
	// Lenient leaves a template whose content is no TLV closed instead of failing.
	Lenient bool

	// partial keeps what could be read of a template that ends in an error, and
	// goes on behind it.
	partial bool
}

// Parse decodes a message: all of it, or an error that says where it fails.
//
// 00 (and FF, see Options) between objects is padding and skipped (B3, B.1).
// Lengths need not be minimal. Values alias data. With an error come the objects
// before it.
func Parse(data []byte, o Options) (Objects, error) { return AppendParse(nil, data, o) }

// AppendParse is Parse into a slice that is used again: it allocates nothing
// when dst has room.
func AppendParse(dst Objects, data []byte, o Options) (Objects, error) {
	return o.parse(dst, data, 0, 0, len(dst))
}

func (o Options) parse(dst Objects, data []byte, base, depth, first int) (Objects, error) {
	if depth > MaxDepth {
		return dst, &SyntaxError{Offset: base, Err: ErrDepth}
	}
	for at := 0; at < len(data); {
		if data[at] == 0 || data[at] == 0xFF && !o.KeepFF {
			at++
			continue
		}
		if len(dst)-first >= MaxObjects {
			return dst, &SyntaxError{Offset: base + at, Err: ErrTooMany}
		}
		obj, size, err := readObject(data[at:])
		if err != nil {
			return dst, &SyntaxError{Offset: base + at + size, Tag: obj.Tag, Err: err}
		}
		obj.Offset, obj.Depth = base+at, depth
		dst = append(dst, obj)
		if obj.Tag.Constructed() && !o.Flat {
			inner, err := o.parse(dst, obj.Value, base+at+size-len(obj.Value), depth+1, first)
			switch {
			case err == nil || o.partial && !errors.Is(err, ErrTooMany):
				dst = inner
			case !o.Lenient || errors.Is(err, ErrTooMany):
				return inner, err
			}
		}
		at += size
	}
	return dst, nil
}

// readObject reads one object. On an error, size is how far it got.
func readObject(b []byte) (o Object, size int, err error) {
	tag, n, err := readTag(b)
	if err != nil {
		return Object{}, n, err
	}
	o.Tag = tag
	length, m, err := readLength(b[n:])
	if err != nil {
		return o, n, err
	}
	if length > len(b)-n-m {
		return o, n, fmt.Errorf("%w: length %d, but %d bytes are left", ErrTruncated, length, len(b)-n-m)
	}
	o.Value = b[n+m : n+m+length : n+m+length]
	return o, n + m + length, nil
}

func readTag(b []byte) (Tag, int, error) {
	if len(b) == 0 {
		return 0, 0, ErrTruncated
	}
	t := Tag(b[0])
	if b[0]&0x1F != 0x1F {
		return t, 1, nil
	}
	for n := 1; n < maxTagLen; n++ {
		if n == len(b) {
			return 0, n, ErrTruncated
		}
		t = t<<8 | Tag(b[n])
		if b[n]&0x80 == 0 {
			return t, n + 1, nil
		}
	}
	return 0, 0, ErrTag
}

func readLength(b []byte) (length, size int, err error) {
	switch {
	case len(b) == 0:
		return 0, 0, ErrTruncated
	case b[0] < 0x80:
		return int(b[0]), 1, nil
	case b[0] == 0x80:
		return 0, 0, ErrIndefinite
	}
	n := int(b[0] & 0x7F)
	if n > maxLengthLen {
		return 0, 0, fmt.Errorf("%w: length byte %02X", ErrLength, b[0])
	}
	if n >= len(b) {
		return 0, 0, ErrTruncated
	}
	for _, c := range b[1 : n+1] {
		length = length<<8 | int(c)
	}
	return length, n + 1, nil
}

// Find returns the value of the first object with the tag, at any depth.
func (l Objects) Find(tag Tag) ([]byte, bool) {
	for i := range l {
		if l[i].Tag == tag {
			return l[i].Value, true
		}
	}
	return nil, false
}

// ErrTooLong: a value does not fit three bytes of length.
var ErrTooLong = errors.New("emv: value longer than 16 MB")

// Append appends one object with the shortest length there is. Errors: ErrTooLong.
func Append(dst []byte, tag Tag, value []byte) ([]byte, error) {
	n := len(value)
	dst = tag.append(dst)
	switch {
	case n < 0x80:
		dst = append(dst, byte(n))
	case n <= 0xFF:
		dst = append(dst, 0x81, byte(n))
	case n <= 0xFFFF:
		dst = append(dst, 0x82, byte(n>>8), byte(n))
	case n <= 0xFFFFFF:
		dst = append(dst, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		return nil, fmt.Errorf("%w: tag %s", ErrTooLong, tag)
	}
	return append(dst, value...), nil
}
