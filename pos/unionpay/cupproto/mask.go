package cupproto

import "bytes"

// Mask returns what of a body may be written to a trace: it has the same length,
// and card numbers keep first six and last four digits; tracks, PIN, keys, chip data
// that may name the card, payment codes and private fields become zero. A masked body
// parses like the original. One that cannot be read keeps TPDU, header, MTI and bitmap
// only. A body of this profile; the function Mask guesses the profile.
func (p Profile) Mask(body []byte) []byte {
	f, err := p.ParseBody(body)
	if err != nil {
		end := p.before() + mtiLen + bitmapLen
		if p.check() != nil || len(body) < end {
			return nil
		}
		return bytes.Clone(body[:end])
	}
	m := f.Message.Clone()
	for n, v := range f.Message.all() {
		m.Set(n, blanked(v, f.Message.secrets(n, v), blankOf(p.Layout, n)))
	}
	f.Message.Clear()
	f.Message = m
	out, err := p.AppendBody(nil, f)
	if err != nil {
		return nil
	}
	return out
}

// blankOf is what hides a character of a field: a digit in packed fields.
func blankOf(l *Layout, field int) byte {
	if f, _ := l.Format(field); f.packed() {
		return '0'
	}
	return 0
}

// Mask masks a body whose profile is guessed as Describe does; it fits as
// transport.Masker behind a function that drops the direction.
func Mask(body []byte) []byte {
	g, ok := guess(body)
	if !ok {
		return nil
	}
	return append(bytes.Clone(body[:g.length]), g.profile.Mask(body[g.length:])...)
}
