package cupproto

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/moov-io/iso8583"
	iso8583errors "github.com/moov-io/iso8583/errors"
)

// LengthPrefix is the number of bytes of the length before a body on a TCP
// connection: binary, high byte first, not counting itself. It is no part of a body;
// the zero frame.Length of transport/frame writes and reads it.
const LengthPrefix = 2

// MaxBody is the longest body the length prefix can say.
const MaxBody = 1<<16 - 1

const (
	mtiLen    = 2
	bitmapLen = 8
	macLen    = 8
	maxANI    = 64 // the known one has 14 bytes
)

// Profile is how one acquirer's bodies look. The zero value is the common domestic
// one: TPDU, header, the common fields.
type Profile struct {
	NoTPDU   bool    // nothing before the header
	NoHeader bool    // overseas and private hosts
	ANI      int     // bytes between TPDU and header: 14 at one known host, else 0
	Layout   *Layout // formats of the fields; nil is the common one
}

// Frame is a body: addresses, header, message.
type Frame struct {
	TPDU    TPDU
	ANI     []byte // exactly Profile.ANI bytes; nil sends zeros
	Header  Header
	Message *Message
}

// Reply is a frame that answers f: addresses swapped, the same header.
func (f *Frame) Reply(m *Message) *Frame {
	return &Frame{TPDU: f.TPDU.Swapped(), ANI: bytes.Clone(f.ANI), Header: f.Header, Message: m}
}

// before is how many bytes stand before the MTI.
func (p Profile) before() int {
	n := p.ANI
	if !p.NoTPDU {
		n += TPDULen
	}
	if !p.NoHeader {
		n += HeaderLen
	}
	return n
}

func (p Profile) check() error {
	if p.ANI < 0 || p.ANI > maxANI {
		return &Error{Field: PartANI, Offset: -1, Err: malformed("a profile with %d bytes of ANI", p.ANI)}
	}
	return nil
}

// AppendBody appends a body: TPDU, header, MTI, bitmap and fields, without the
// length prefix. With field 64 set to 8 zero bytes the body is ready for MACInput and
// SealMAC. Errors: *Error naming the field; nothing of dst's length changes then.
func (p Profile) AppendBody(dst []byte, f *Frame) ([]byte, error) {
	out, err := p.appendBefore(dst, f)
	if err != nil {
		return dst, err
	}
	packed, err := p.pack(f.Message)
	if err != nil {
		return dst, err
	}
	out = append(out, packed...)
	if n := len(out) - len(dst); n > MaxBody {
		return dst, &Error{Field: PartEnd, Offset: -1, Err: tooLong(n, MaxBody, "bytes")}
	}
	return out, nil
}

func (p Profile) appendBefore(dst []byte, f *Frame) ([]byte, error) {
	if err := p.check(); err != nil {
		return dst, err
	}
	if f == nil || f.Message == nil {
		return dst, &Error{Field: PartMTI, Offset: -1, Err: malformed("there is no message")}
	}
	if !p.NoTPDU {
		dst = f.TPDU.append(dst)
	}
	switch {
	case f.ANI == nil:
		dst = append(dst, make([]byte, p.ANI)...)
	case len(f.ANI) != p.ANI:
		return dst, &Error{Field: PartANI, Offset: -1, Err: malformed("%d bytes where there must be %d", len(f.ANI), p.ANI)}
	default:
		dst = append(dst, f.ANI...)
	}
	if p.NoHeader {
		return dst, nil
	}
	return f.Header.append(dst)
}

// pack has the library put MTI, bitmap and fields together.
func (p Profile) pack(m *Message) ([]byte, error) {
	l := p.Layout.or()
	if err := m.err(); err != nil {
		return nil, err
	}
	msg := iso8583.NewMessage(l.spec)
	if err := msg.BinaryField(0, []byte(m.MTI)); err != nil {
		return nil, &Error{Field: PartMTI, Offset: -1, Err: err}
	}
	for n, v := range m.all() {
		if _, ok := l.Format(n); !ok {
			return nil, &Error{Field: n, Offset: -1, Err: ErrUnknownField}
		}
		if err := msg.BinaryField(n, v); err != nil {
			return nil, &Error{Field: n, Offset: -1, Err: err}
		}
	}
	packed, err := msg.Pack()
	var bad *problem
	switch {
	case errors.As(err, &bad):
		return nil, &Error{Field: bad.field, Offset: -1, Err: bad.err}
	case err != nil:
		return nil, &Error{Field: PartEnd, Offset: -1, Err: err}
	}
	return packed, nil
}

// ParseBody reads a whole body. Every byte must belong to something: what follows
// the last field is an error. The frame keeps nothing of b.
// Errors: *Error naming field and offset; a message that could not be read says
// nothing about the money, treat it as no message.
func (p Profile) ParseBody(b []byte) (*Frame, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if len(b) > MaxBody {
		return nil, &Error{Field: PartEnd, Offset: MaxBody, Err: tooLong(len(b), MaxBody, "bytes")}
	}
	f, at, err := p.readBefore(b)
	if err != nil {
		return nil, err
	}
	f.Message, err = p.unpack(b, at)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (p Profile) readBefore(b []byte) (*Frame, int, error) {
	f, at := &Frame{}, 0
	if !p.NoTPDU {
		if len(b) < TPDULen {
			return nil, 0, &Error{Field: PartTPDU, Offset: 0, Err: ErrTruncated}
		}
		f.TPDU, at = readTPDU(b), TPDULen
	}
	if p.ANI > 0 {
		if len(b)-at < p.ANI {
			return nil, 0, &Error{Field: PartANI, Offset: at, Err: ErrTruncated}
		}
		f.ANI = bytes.Clone(b[at : at+p.ANI])
		at += p.ANI
	}
	if p.NoHeader {
		return f, at, nil
	}
	if len(b)-at < HeaderLen {
		return nil, 0, &Error{Field: PartHeader, Offset: at, Err: ErrTruncated}
	}
	h, wrong, err := readHeader(b[at : at+HeaderLen])
	if err != nil {
		return nil, 0, &Error{Field: PartHeader, Offset: at + wrong, Err: err}
	}
	f.Header = h
	return f, at + HeaderLen, nil
}

// unpack has the library walk over the fields behind byte at.
func (p Profile) unpack(b []byte, at int) (*Message, error) {
	msg := iso8583.NewMessage(p.Layout.or().spec)
	err := msg.Unpack(b[at:])
	if msg.Bitmap().IsSet(1) { // the library walks on as if it were not
		return nil, &Error{Field: PartBitmap, Offset: at + mtiLen, Err: ErrExtended}
	}
	if err != nil {
		return nil, unpackError(msg, err, len(b), at)
	}
	m, end := collect(msg, len(b)-at)
	if at+end != len(b) {
		return nil, trailing(at+end, len(b)-at-end)
	}
	return m, nil
}

func trailing(at, count int) *Error {
	return &Error{Field: PartEnd, Offset: at, Err: fmt.Errorf("%w: %d", ErrTrailing, count)}
}

// collect takes the values out of the library's message. The int is how many bytes
// they had.
func collect(msg *iso8583.Message, size int) (*Message, int) {
	m, s := &Message{}, &store{}
	arena := make([]byte, 0, 2*size) // a packed byte is two digits at most
	end := bitmapLen
	bits := msg.Bitmap()
	for n := 0; n <= maxField; n++ {
		if n == 1 || n > 1 && !bits.IsSet(n) {
			continue
		}
		c, ok := msg.GetField(n).(*cell)
		if !ok || !c.came {
			continue // where an error stopped the walk
		}
		end += len(c.data)
		from := len(arena)
		arena = c.appendTo(arena)
		if n == 0 {
			m.MTI = string(arena[from:])
			continue
		}
		s.values[n] = arena[from:len(arena):len(arena)]
	}
	m.hidden = func() *store { return s }
	return m, end
}

// unpackError finds out where the library stopped.
func unpackError(msg *iso8583.Message, err error, length, at int) error {
	var bad *problem
	if errors.As(err, &bad) {
		return &Error{Field: bad.field, Offset: length - bad.rest, Err: bad.err}
	}
	out := &Error{Field: PartBitmap, Offset: at + mtiLen, Err: ErrTruncated}
	var where *iso8583errors.UnpackError
	if errors.As(err, &where) {
		if n, err := strconv.Atoi(where.FieldID); err == nil && n > PartBitmap {
			_, end := collect(msg, length)
			out.Field, out.Offset, out.Err = n, at+end, ErrUnknownField
		}
	}
	return out
}
