package emv

import (
	"crypto/sha1"
	"errors"
	"fmt"
)

// Limits of data object lists.
const (
	// MaxDOL is the longest list a record has room for (B3, annex A).
	MaxDOL = 252
	// MaxDOLData is what a command can carry (short APDU, ISO/IEC 7816-4).
	MaxDOLData = 255
)

// ErrDOLTooLong: a list, or the data it asks for, is longer than a card may ask.
var ErrDOLTooLong = errors.New("emv: data object list asks for too much")

// DOLEntry asks for a value in a number of bytes.
type DOLEntry struct {
	Tag    Tag
	Length int // bytes, 0 to 255
	Offset int // of the tag in the list
}

// DOL is a data object list: what a card wants to be told, in order (数据对象列表;
// B3 5.4). Tags may repeat.
type DOL []DOLEntry

// ParseDOL reads a list of tags and one-byte lengths, such as the value of tag 9F38.
//
// Errors: a *SyntaxError with the offset in the list (ErrTruncated, ErrTag), or
// ErrDOLTooLong for more than 252 bytes. The entries before it are returned too.
func ParseDOL(list []byte) (DOL, error) {
	if len(list) > MaxDOL {
		return nil, fmt.Errorf("%w: %d bytes of list, where %d are the most", ErrDOLTooLong, len(list), MaxDOL)
	}
	var d DOL
	for at := 0; at < len(list); {
		tag, n, err := readTag(list[at:])
		if err != nil {
			return d, &SyntaxError{Offset: at + n, Tag: tag, Err: err}
		}
		if at+n == len(list) {
			return d, &SyntaxError{Offset: at + n, Tag: tag, Err: fmt.Errorf("%w: the length is missing", ErrTruncated)}
		}
		d = append(d, DOLEntry{tag, int(list[at+n]), at})
		at += n + 1
	}
	return d, nil
}

// AppendDOL appends the list in its encoding. Errors: ErrDOLTooLong for a list of
// more than 252 bytes or a length that is not 0 to 255.
func AppendDOL(dst []byte, d DOL) ([]byte, error) {
	start := len(dst)
	for _, e := range d {
		if e.Length < 0 || e.Length > 0xFF {
			return nil, fmt.Errorf("%w: tag %s in %d bytes", ErrDOLTooLong, e.Tag, e.Length)
		}
		dst = append(e.Tag.append(dst), byte(e.Length))
	}
	if len(dst)-start > MaxDOL {
		return nil, fmt.Errorf("%w: %d bytes of list, where %d are the most", ErrDOLTooLong, len(dst)-start, MaxDOL)
	}
	return dst, nil
}

// Size is the number of bytes the list asks for.
func (d DOL) Size() int {
	sum := 0
	for _, e := range d {
		sum += e.Length
	}
	return sum
}

// Build appends the data the list asks for (B3 5.4). source gives the value of a
// tag, or false; Objects.Find is one. rid decides the format of tags that schemes
// use differently.
//
//   - A template, and what source does not have, is zeros.
//   - Too long: n loses its leftmost bytes, everything else its rightmost.
//   - Too short: n gets zeros in front, cn FF behind, everything else zeros behind.
//
// An unpredictable number (9F37) must be new for each transaction and come from
// a random generator. Errors: ErrDOLTooLong if the data has more than 255 bytes.
func (d DOL) Build(dst []byte, rid RID, source func(Tag) ([]byte, bool)) ([]byte, error) {
	if n := d.Size(); n > MaxDOLData {
		return nil, fmt.Errorf("%w: %d bytes of data, where %d are the most", ErrDOLTooLong, n, MaxDOLData)
	}
	return d.build(dst, rid, source), nil
}

func (d DOL) build(dst []byte, rid RID, source func(Tag) ([]byte, bool)) []byte {
	for _, e := range d {
		value, ok := []byte(nil), false
		if !e.Tag.Constructed() {
			value, ok = source(e.Tag)
		}
		if !ok {
			value = nil
		}
		dst = appendFitted(dst, value, e, rid)
	}
	return dst
}

func appendFitted(dst, value []byte, e DOLEntry, rid RID) []byte {
	format := FormatB
	if known, ok := LookupSized(e.Tag, rid, len(value)); ok {
		format = known.Format
	}
	missing := e.Length - len(value)
	switch {
	case missing <= 0 && format == FormatN:
		return append(dst, value[-missing:]...)
	case missing <= 0:
		return append(dst, value[:e.Length]...)
	case format == FormatN:
		return append(appendFill(dst, 0, missing), value...)
	case format == FormatCN && len(value) > 0:
		return appendFill(append(dst, value...), 0xFF, missing)
	}
	return appendFill(append(dst, value...), 0, missing)
}

func appendFill(dst []byte, c byte, count int) []byte {
	for range count {
		dst = append(dst, c)
	}
	return dst
}

// TCHash is the value of tag 98, which a CDOL may ask for: SHA-1 over the data
// of the TDOL. A card that has no TDOL takes the terminal's default, which the
// TVR must show (TVRDefaultTDOL).
func TCHash(tdol DOL, rid RID, source func(Tag) ([]byte, bool)) [20]byte {
	return sha1.Sum(tdol.build(nil, rid, source))
}

// Describe says each entry.
func (d DOL) Describe() []string {
	var out []string
	for _, e := range d {
		out = append(out, e.String())
	}
	return out
}

// String says tag, name and length: 9F02 amount, authorised: 6 bytes.
func (e DOLEntry) String() string {
	s := e.Tag.String()
	if known, ok := LookupSized(e.Tag, 0, e.Length); ok {
		s += " " + known.Name
	}
	return s + ": " + bytesOf(e.Length)
}
