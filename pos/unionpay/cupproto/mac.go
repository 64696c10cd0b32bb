package cupproto

// MACInput returns the bytes a MAC is made of: from the MTI up to before field 64,
// with bit 64 set in the bitmap. It is a part of body. On receipt call it after
// ParseBody, which makes sure that field 64 is what the body ends with.
// Errors: *Error with ErrNoMAC if there is no field 64, ErrTruncated.
//
// Hosts that take selected fields only get the same when only those are sent.
func MACInput(body []byte, p Profile) ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	at := p.before()
	if len(body) < at+mtiLen+bitmapLen {
		return nil, &Error{Field: PartBitmap, Offset: len(body), Err: ErrTruncated}
	}
	if body[at+mtiLen+bitmapLen-1]&1 == 0 {
		return nil, &Error{Field: maxField, Offset: at + mtiLen, Err: ErrNoMAC}
	}
	end := len(body) - macLen
	if end < at+mtiLen+bitmapLen {
		return nil, &Error{Field: maxField, Offset: at + mtiLen + bitmapLen, Err: ErrTruncated}
	}
	return body[at:end:end], nil
}

// SealMAC overwrites field 64, the last eight bytes of a body that was built with
// eight zero bytes there. Errors: *Error with ErrFormat if mac has not eight bytes or
// the body ends in something else than zeros.
func SealMAC(body, mac []byte) error {
	if len(mac) != macLen || len(body) < mtiLen+bitmapLen+macLen {
		return &Error{Field: maxField, Offset: -1, Err: malformed("a MAC of %d bytes for a body of %d", len(mac), len(body))}
	}
	end := body[len(body)-macLen:]
	for _, b := range end {
		if b != 0 {
			return &Error{Field: maxField, Offset: len(body) - macLen, Err: malformed("field 64 was not left zero")}
		}
	}
	copy(end, mac)
	return nil
}
