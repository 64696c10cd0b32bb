package cupproto

import "bytes"

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
