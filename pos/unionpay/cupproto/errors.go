package cupproto

import (
	"errors"
	"fmt"
)

// Sentinels, for errors.Is. Every error of this package wraps one of them.
var (
	// ErrTruncated: the bytes end before what they announce.
	ErrTruncated = errors.New("it ends too early")
	// ErrTrailing: bytes follow where the message should have ended.
	ErrTrailing = errors.New("bytes follow behind the last field")
	// ErrTooLong: longer than the field may be.
	ErrTooLong = errors.New("too long")
	// ErrFormat: not what the field must be.
	ErrFormat = errors.New("malformed")
	// ErrUnknownField: the profile has no such field, so its length cannot be known.
	ErrUnknownField = errors.New("the profile has no such field (see NewLayout)")
	// ErrExtended: bit 1 announces 128 fields, which the terminal profile does not have.
	ErrExtended = errors.New("bit 1 announces fields 65 to 128, which terminals do not have")
	// ErrNoMAC: the message has no field 64.
	ErrNoMAC = errors.New("the message has no MAC (field 64)")
	// ErrMismatch: the reply belongs to another request.
	ErrMismatch = errors.New("the reply belongs to another request")
	// ErrKind: no transaction of that kind.
	ErrKind = errors.New("unknown kind of transaction")
)

// Parts of a body that are no fields, see Error.Field.
const (
	PartMTI    = 0
	PartBitmap = 1
	PartTPDU   = -1
	PartANI    = -2
	PartHeader = -3
	PartEnd    = -4 // behind the last field
)

// Error says which field could not be read or written. It never quotes the
// field's value.
type Error struct {
	// Field is the number of the field, or one of the Part constants.
	Field int
	// Offset counts from the first byte of the body, or of the field where a field's
	// own parts are read; -1 when writing.
	Offset int
	Err    error
}

// Error names field, offset and cause.
func (e *Error) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("cupproto: %s: %v", partName(e.Field), e.Err)
	}
	return fmt.Sprintf("cupproto: %s at byte %d: %v", partName(e.Field), e.Offset, e.Err)
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.Err }

func partName(field int) string {
	switch field {
	case PartMTI:
		return "MTI"
	case PartBitmap:
		return "bitmap"
	case PartTPDU:
		return "TPDU"
	case PartANI:
		return "ANI"
	case PartHeader:
		return "header"
	case PartEnd:
		return "end of the message"
	}
	if zh, en := FieldName(field); en != "" {
		return fmt.Sprintf("field %d (%s %s)", field, zh, en)
	}
	return fmt.Sprintf("field %d", field)
}

// inField is an error of a field's own parts.
func inField(field, offset int, err error) error {
	return &Error{Field: field, Offset: offset, Err: err}
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(format, args...))
}

func tooLong(got, limit int, of string) error {
	return fmt.Errorf("%w: %d %s, %d at most", ErrTooLong, got, of, limit)
}
