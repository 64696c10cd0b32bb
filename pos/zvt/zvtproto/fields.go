package zvtproto

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
)

// MaxFields bounds the BMPs of one APDU: there are 256 numbers, and repeats
// are rare.
const MaxFields = 256

// usualFields is room for the BMPs of a full status-information.
const usualFields = 24

// Field is one BMP and its value, without the length. Its methods print it
// with secrets masked.
type Field struct {
	BMP   BMP
	Value []byte
}

// String is number and value in hexadecimal, masked where the BMP is secret.
func (f Field) String() string {
	return fmt.Sprintf("%02X=%s", byte(f.BMP), maskedHex(f.BMP, f.Value))
}

// Format masks for every verb.
func (f Field) Format(s fmt.State, _ rune) { writeState(s, f.String()) }

// GoString masks.
func (f Field) GoString() string { return f.String() }

// MarshalJSON masks.
func (f Field) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		BMP   string `json:"bmp"`
		Name  string `json:"name"`
		Value string `json:"value"`
	}{fmt.Sprintf("%02X", byte(f.BMP)), f.BMP.Name(), maskedHex(f.BMP, f.Value)})
}

// LogValue masks.
func (f Field) LogValue() slog.Value { return slog.StringValue(f.String()) }

// maskedHex prints a value for people, secrets replaced.
func maskedHex(b BMP, value []byte) string {
	info := bmpTable[b]
	switch {
	case info.Encoding == EncodingPAN:
		return parsePAN(value).String()
	case info.Secret:
		return fmt.Sprintf("[%d secret bytes]", len(value))
	case info.Encoding == EncodingTLV:
		t, err := ParseTLV(value)
		if err != nil {
			return fmt.Sprintf("[%d unreadable bytes]", len(value))
		}
		return t.String()
	case info.Encoding == EncodingText:
		value = maskText(bytes.Clone(value))
	}
	return string(appendNibbles(nil, value))
}

// Fields are the BMPs of an APDU in the order of the wire. The zero value is
// empty and ready to use.
//
// A copy shares List until one of the copies is changed: Set, Add and Delete
// make a new list. Decoding into the same Fields again reuses its List (not
// the values), so take a Clone of what must outlive the next decode.
//
// Where a BMP is repeated, the accessors take the first (inferred; P15 says
// only that repeats occur). For the fields that decide about money, repeats
// that differ are refused with ErrConflict when decoding.
type Fields struct {
	List []Field `json:"fields,omitempty"`
}

// Format prints the fields on one line with secrets masked.
func (f Fields) Format(s fmt.State, _ rune) { writeState(s, fmt.Sprint(f.List)) }

// Clone returns a copy that shares nothing.
func (f *Fields) Clone() Fields {
	out := Fields{List: make([]Field, len(f.List))}
	for i, e := range f.List {
		out.List[i] = Field{BMP: e.BMP, Value: bytes.Clone(e.Value)}
	}
	return out
}

// Has says whether the BMP is there, whatever its value.
func (f *Fields) Has(b BMP) bool {
	_, ok := f.Value(b)
	return ok
}

// Value returns the bytes of the first BMP b; they are shared, not copied.
func (f *Fields) Value(b BMP) ([]byte, bool) {
	for i := range f.List {
		if f.List[i].BMP == b {
			return f.List[i].Value, true
		}
	}
	return nil, false
}

// Add appends a BMP, also when it is there already. The value is copied; its
// length is checked when encoding.
func (f *Fields) Add(b BMP, value []byte) {
	f.List = append(f.List[:len(f.List):len(f.List)], Field{BMP: b, Value: append([]byte{}, value...)})
}

// Set replaces the first BMP b and removes its repeats, or appends it.
func (f *Fields) Set(b BMP, value []byte) {
	list := make([]Field, 0, len(f.List)+1)
	done := false
	for _, e := range f.List {
		if e.BMP != b {
			list = append(list, e)
		} else if !done {
			list = append(list, Field{BMP: b, Value: append([]byte{}, value...)})
			done = true
		}
	}
	if !done {
		list = append(list, Field{BMP: b, Value: append([]byte{}, value...)})
	}
	f.List = list
}

// Delete removes every BMP b.
func (f *Fields) Delete(b BMP) {
	list := make([]Field, 0, len(f.List))
	for _, e := range f.List {
		if e.BMP != b {
			list = append(list, e)
		}
	}
	f.List = list
}

// AppendData appends the fields in the order of the list.
//
// Errors: *UnknownBMPError for a BMP not in the table, *FieldError for a
// value of the wrong length.
func (f *Fields) AppendData(dst []byte) ([]byte, error) {
	if len(f.List) > MaxFields {
		return dst, fmt.Errorf("zvtproto: %d BMPs: %w", len(f.List), ErrTooLong)
	}
	var err error
	for i := range f.List {
		if dst, err = appendField(dst, &f.List[i]); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func appendField(dst []byte, f *Field) ([]byte, error) {
	info := &bmpTable[f.BMP]
	n := len(f.Value)
	tooLong := func() error { return &FieldError{BMP: f.BMP, Offset: -1, Err: ErrTooLong} }
	switch info.Class {
	case LengthFixed:
		if n != info.Size {
			return dst, &FieldError{BMP: f.BMP, Offset: -1, Err: ErrFormat}
		}
		dst = append(dst, byte(f.BMP))
	case LengthLLVAR:
		if n > MaxLLVAR {
			return dst, tooLong()
		}
		dst = append(dst, byte(f.BMP), 0xF0|byte(n/10), 0xF0|byte(n%10))
	case LengthLLLVAR:
		if n > MaxLLLVAR {
			return dst, tooLong()
		}
		dst = append(dst, byte(f.BMP), 0xF0|byte(n/100), 0xF0|byte(n/10%10), 0xF0|byte(n%10))
	case LengthTLV:
		if n > MaxData {
			return dst, tooLong()
		}
		dst = appendTLVLength(append(dst, byte(f.BMP)), n)
	default:
		return dst, &UnknownBMPError{BMP: f.BMP, Offset: -1}
	}
	return append(dst, f.Value...), nil
}

// fieldAt finds the value of the field that starts at data[at].
func fieldAt(data []byte, at int) (b BMP, valueAt, end int, err error) {
	b = BMP(data[at])
	info := &bmpTable[b]
	rest := data[at+1:]
	n, lengthBytes := 0, 0
	switch info.Class {
	case LengthFixed:
		n = info.Size
	case LengthLLVAR, LengthLLLVAR:
		lengthBytes = 2
		if info.Class == LengthLLLVAR {
			lengthBytes = 3
		}
		if len(rest) < lengthBytes {
			return b, 0, 0, &FieldError{BMP: b, Offset: at, Err: ErrTruncated}
		}
		for _, c := range rest[:lengthBytes] {
			if c>>4 != 0xF || c&15 > 9 {
				return b, 0, 0, &FieldError{BMP: b, Offset: at, Err: ErrFormat}
			}
			n = n*10 + int(c&15)
		}
	case LengthTLV:
		if n, lengthBytes, err = tlvLength(rest); err != nil {
			return b, 0, 0, &FieldError{BMP: b, Offset: at, Err: err}
		}
	default:
		return b, 0, 0, &UnknownBMPError{BMP: b, Offset: at}
	}
	valueAt = at + 1 + lengthBytes
	if n > len(data)-valueAt {
		return b, 0, 0, &FieldError{BMP: b, Offset: at, Err: ErrTruncated}
	}
	return b, valueAt, valueAt + n, nil
}

// DecodeData reads BMPs until data ends. The values are copied once; the list
// is reused.
//
// On error the fields before the bad one are in List.
//
// Errors: *UnknownBMPError (answer 84 83 00), *FieldError with ErrTruncated,
// ErrFormat (also: an amount, currency or TLV container that is not one) or
// ErrConflict.
func (f *Fields) DecodeData(data []byte) error { return f.decode(data, 0) }

// decode is DecodeData where data starts at the given byte of the APDU's
// data.
func (f *Fields) decode(data []byte, base int) error {
	f.List = f.List[:0]
	if len(data) == 0 {
		return nil
	}
	if f.List == nil {
		f.List = make([]Field, 0, min(len(data)/2, usualFields))
	}
	data = append(make([]byte, 0, len(data)), data...)
	for at := 0; at < len(data); {
		b, valueAt, end, err := fieldAt(data, at)
		if err == nil && len(f.List) == MaxFields {
			err = &FieldError{BMP: b, Offset: at, Err: ErrTooLong}
		}
		if err == nil {
			err = f.check(b, data[valueAt:end], at)
		}
		if err != nil {
			return shift(err, base)
		}
		f.List = append(f.List, Field{BMP: b, Value: data[valueAt:end:end]})
		at = end
	}
	return nil
}

// check refuses values that would leave an amount or a result in doubt.
func (f *Fields) check(b BMP, value []byte, at int) error {
	bad := false
	switch b {
	case BMPAmount, BMPCurrency:
		_, ok := parseBCD(value)
		bad = !ok
	case BMPTLV:
		if err := checkTLV(value); err != nil {
			return &FieldError{BMP: b, Offset: at, Err: err}
		}
	}
	if bad {
		return &FieldError{BMP: b, Offset: at, Err: ErrFormat}
	}
	switch b {
	case BMPAmount, BMPCurrency, BMPResultCode, BMPResultCodeAS, BMPReceiptNumber:
		if first, ok := f.Value(b); ok && !bytes.Equal(first, value) {
			return &FieldError{BMP: b, Offset: at, Err: ErrConflict}
		}
	}
	return nil
}

// shift adds base to the offset of an error of this package.
func shift(err error, base int) error {
	switch e := err.(type) {
	case *UnknownBMPError:
		e.Offset += base
	case *FieldError:
		e.Offset += base
	}
	return err
}
