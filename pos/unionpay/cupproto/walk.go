package cupproto

// place is where a field stands in a body.
type place struct {
	field, offset, size int
	value               []byte
}

// walk goes over MTI, bitmap and fields from byte at, as far as it can, without the
// library: to explain what ParseBody refuses. The error is what ParseBody says.
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
