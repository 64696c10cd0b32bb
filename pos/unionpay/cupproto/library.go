//go:build !386 && !arm && !mips && !mipsle

package cupproto

import (
	"errors"
	"strconv"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	iso8583errors "github.com/moov-io/iso8583/errors"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
)

// specification is the library's.
type specification = *iso8583.MessageSpec

// newSpec tells the library about the fields.
func (l *Layout) newSpec() *iso8583.MessageSpec {
	s := &iso8583.MessageSpec{Name: "China UnionPay POS", Fields: map[int]field.Field{
		1: field.NewBitmap(&field.Spec{Length: bitmapLen, Description: "bitmap", Enc: encoding.Binary, Pref: prefix.Binary.Fixed, DisableAutoExpand: true}),
	}}
	for n, f := range l.formats {
		if f.Kind == 0 {
			continue
		}
		_, english := FieldName(n)
		s.Fields[n] = &cell{of: &cellSpec{spec: &field.Spec{Length: f.Max, Description: english}, number: n, format: f}}
	}
	return s
}

// pack has the library put MTI, bitmap and fields together.
func (p Profile) pack(m *Message) ([]byte, error) {
	l := p.Layout.or()
	if err := m.check(l); err != nil {
		return nil, err
	}
	msg := iso8583.NewMessage(l.spec)
	if err := msg.BinaryField(0, []byte(m.MTI)); err != nil {
		return nil, &Error{Field: PartMTI, Offset: -1, Err: err}
	}
	for n, v := range m.all() {
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
