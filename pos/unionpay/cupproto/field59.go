package cupproto

import (
	"fmt"
	"log/slog"
)

// Tags of field 59.
const (
	TagPINBlockSM4 = "A1" // 16 bytes
	TagTerminal    = "A2" // terminal information 终端信息: elements again
	TagPayCode     = "A3" // QR payment code 付款码, in a scan sale
	TagVoucher     = "A4" // payment voucher number 付款凭证码, reply of a scan sale, request of its void
	TagLocation    = "A5" // 位置: elements again, 01 longitude, 02 latitude, 03 or 05 coordinate system
)

// Tags within TagTerminal.
const (
	TerminalType    = "01" // 设备类型
	TerminalSerial  = "02" // TUSN 终端序列号
	TerminalFactor  = "03" // 加密随机因子: last six digits of the card or code
	TerminalCipher  = "04" // 硬件序列号密文, eight hex digits: an SM4 MAC over serial and factor
	TerminalVersion = "05" // 应用程序版本号
)

// Element is one tag of field 59 with its value. It prints without the value.
type Element struct {
	Tag   string // two characters
	Value []byte // to 999 bytes
}

// Elements are tags with values: two characters, the length in digits, the value.
type Elements []Element

// maxElements bounds a field; five are known, and none is shorter than five bytes.
const maxElements = 64

// ParseElements reads field 59, or the value of TagTerminal and TagLocation: with
// three digits of length, or with two if that does not fit, as one captured message has
// them. The values point into v. Errors: *Error, of the form with three digits.
func ParseElements(v []byte) (Elements, error) {
	out, _, err := parseElements(v)
	return out, err
}

// parseElements also says how many bytes tag and length of an element have.
func parseElements(v []byte) (out Elements, head int, err error) {
	if out, err = elementsOf(v, longLength); err == nil {
		return out, tagLen + longLength, nil
	}
	if short, shortErr := elementsOf(v, shortLength); shortErr == nil {
		return short, tagLen + shortLength, nil
	}
	return nil, 0, err
}

// Digits of an element: of its tag, and of its length in the two known forms.
const (
	tagLen      = 2
	longLength  = 3
	shortLength = 2
)

func elementsOf(v []byte, lengthDigits int) (Elements, error) {
	r := reader{field: 59, v: v}
	var out Elements
	for r.left() > 0 && r.fault == nil {
		tag, n := r.text(tagLen), int(r.number(lengthDigits))
		from := r.at
		r.text(n)
		if len(out) == maxElements {
			r.fail(tooLong(len(out)+1, maxElements, "elements"))
		}
		if r.fault == nil {
			out = append(out, Element{Tag: tag, Value: v[from:r.at:r.at]})
		}
	}
	if r.fault != nil {
		return nil, r.fault
	}
	return out, nil
}

// Append appends the elements with three digits of length. Errors: *Error.
func (l Elements) Append(dst []byte) ([]byte, error) { return l.append(dst, longLength) }

// AppendShort appends the elements with two digits of length, as some hosts want them
// (one captured message). Errors: *Error.
func (l Elements) AppendShort(dst []byte) ([]byte, error) { return l.append(dst, shortLength) }

func (l Elements) append(dst []byte, lengthDigits int) ([]byte, error) {
	w := writer{field: 59}
	for _, e := range l {
		if len(e.Tag) != tagLen {
			w.fail("tag", malformed("want two characters"))
		}
		w.b = append(w.b, e.Tag...)
		w.number("length of "+e.Tag, int64(len(e.Value)), lengthDigits)
		w.b = append(w.b, e.Value...)
	}
	return w.done(dst)
}

// Find returns the value of the first element with a tag.
func (l Elements) Find(tag string) ([]byte, bool) {
	for _, e := range l {
		if e.Tag == tag {
			return e.Value, true
		}
	}
	return nil, false
}

// SetElements sets field 59.
func (m *Message) SetElements(l Elements) {
	v, err := l.Append(nil)
	m.set(59, v, err)
}

// Elements reads field 59; none if it is not there. Errors: *Error.
func (m *Message) Elements() (Elements, error) {
	v, _ := m.Get(59)
	return ParseElements(v)
}

// String is the tag and the length.
func (e Element) String() string { return fmt.Sprintf("%q (%d bytes)", e.Tag, len(e.Value)) }

// GoString is String.
func (e Element) GoString() string { return e.String() }

// Format prints tag and length, whatever the verb.
func (e Element) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.String()) }

// LogValue logs tag and length.
func (e Element) LogValue() slog.Value { return slog.StringValue(e.String()) }

// MarshalText writes tag and length.
func (e Element) MarshalText() ([]byte, error) { return []byte(e.String()), nil }
