package cupproto

import "fmt"

// place is where a field stands in a body.
type place struct {
	field, offset, size int
	value               []byte
}

// walk goes over MTI, bitmap and fields from byte at, as far as it can, without the
// library: to explain what ParseBody refuses, and where the library does not compile.
// The error is what ParseBody says.
func walk(l *Layout, b []byte, at int) (places []place, m *Message, fault *Error) {
	l = l.or()
	m = &Message{}
	step := func(n int) bool {
		f, ok := l.Format(n)
		if !ok {
			fault = &Error{Field: n, Offset: at, Err: ErrUnknownField}
			return false
		}
		count, total, wrong, err := f.extent(b[at:])
		if err != nil {
			fault = &Error{Field: n, Offset: at + wrong, Err: err}
			return false
		}
		v := f.appendValue(nil, b[at:at+total], count, total)
		places = append(places, place{n, at, total, v})
		if n == PartMTI {
			m.MTI = string(v)
		} else {
			m.Set(n, v)
		}
		at += total
		return true
	}
	if !step(PartMTI) {
		return places, m, fault
	}
	if len(b)-at < bitmapLen {
		return places, m, &Error{Field: PartBitmap, Offset: at, Err: ErrTruncated}
	}
	bits := b[at : at+bitmapLen]
	if bits[0]&0x80 != 0 {
		return places, m, &Error{Field: PartBitmap, Offset: at, Err: ErrExtended}
	}
	at += bitmapLen
	for n := 2; n <= maxField; n++ {
		if bits[(n-1)/8]&(0x80>>((n-1)%8)) != 0 && !step(n) {
			return places, m, fault
		}
	}
	if at < len(b) {
		return places, m, trailing(at, len(b)-at)
	}
	return places, m, nil
}

func trailing(at, count int) *Error {
	return &Error{Field: PartEnd, Offset: at, Err: fmt.Errorf("%w: %d", ErrTrailing, count)}
}

// pack is MTI, bitmap and fields without the library.
func pack(l *Layout, m *Message) ([]byte, error) {
	if err := m.check(l); err != nil {
		return nil, err
	}
	out, err := l.formats[PartMTI].append(nil, []byte(m.MTI))
	if err != nil {
		return nil, &Error{Field: PartMTI, Offset: -1, Err: err}
	}
	bits := len(out)
	out = append(out, make([]byte, bitmapLen)...)
	for n, v := range m.all() {
		out[bits+(n-1)/8] |= 0x80 >> ((n - 1) % 8)
		if out, err = l.formats[n].append(out, v); err != nil {
			return nil, &Error{Field: n, Offset: -1, Err: err}
		}
	}
	return out, nil
}

// check finds what setters could not do, and fields the layout does not have.
func (m *Message) check(l *Layout) error {
	if err := m.err(); err != nil {
		return err
	}
	for n := range m.all() {
		if l.formats[n].Kind == 0 {
			return &Error{Field: n, Offset: -1, Err: ErrUnknownField}
		}
	}
	return nil
}
