package zvtproto

import (
	"errors"
	"fmt"
)

// Sentinels, for errors.Is. Every error of this package wraps one of them or
// is an *UnknownBMPError.
var (
	// ErrTruncated: the bytes end before the length they announce.
	ErrTruncated = errors.New("truncated")
	// ErrTrailing: bytes follow where the message should have ended.
	ErrTrailing = errors.New("trailing bytes")
	// ErrTooLong: longer than the format can say, or than a limit allows.
	ErrTooLong = errors.New("too long")
	// ErrRange: a number that the field cannot hold.
	ErrRange = errors.New("out of range")
	// ErrFormat: bytes that are not what the field must be.
	ErrFormat = errors.New("malformed")
	// ErrConflict: a field that decides about money is repeated with another
	// value.
	ErrConflict = errors.New("repeated with another value")
	// ErrDepth: TLV objects nested deeper than MaxTLVDepth.
	ErrDepth = errors.New("nested too deep")
)

// UnknownBMPError says that a BMP is not in the table, so that its length
// and everything after it cannot be known. The receiver answers 84 83 00
// (P15: a BMP that is known but not supported is ignored instead).
type UnknownBMPError struct {
	BMP BMP
	// Offset counts from the first data byte of the APDU.
	Offset int
}

// Error names the BMP and its offset.
func (e *UnknownBMPError) Error() string {
	return fmt.Sprintf("zvtproto: unknown BMP %02X at data byte %d", byte(e.BMP), e.Offset)
}

// FieldError says which field could not be read or written. It never quotes
// the field's value.
type FieldError struct {
	BMP BMP
	// Offset counts from the first data byte of the APDU; -1 when encoding.
	Offset int
	Err    error
}

// Error names the BMP, its offset if known, and what is wrong with it.
func (e *FieldError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("zvtproto: BMP %02X (%s): %v", byte(e.BMP), e.BMP.Name(), e.Err)
	}
	return fmt.Sprintf("zvtproto: BMP %02X (%s) at data byte %d: %v", byte(e.BMP), e.BMP.Name(), e.Offset, e.Err)
}

// Unwrap returns the sentinel.
func (e *FieldError) Unwrap() error { return e.Err }

// TagError says which TLV object could not be read or written. It never
// quotes the object's value.
type TagError struct {
	Tag Tag
	// Offset counts from the first byte inside the container; -1 when
	// encoding.
	Offset int
	Err    error
}

// Error names the tag, its offset if known, and what is wrong with it.
func (e *TagError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("zvtproto: tag %v: %v", e.Tag, e.Err)
	}
	return fmt.Sprintf("zvtproto: tag %v at container byte %d: %v", e.Tag, e.Offset, e.Err)
}

// Unwrap returns the sentinel.
func (e *TagError) Unwrap() error { return e.Err }
