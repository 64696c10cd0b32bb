package emv

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// shown is a value as it may be seen: hex digits, a mask, or its length.
func shown(tag Tag, value []byte) (text string, plain bool) {
	e, _ := LookupSized(tag, 0, len(value))
	switch {
	case tag.Constructed():
		return fmt.Sprintf("(%s of data objects)", bytesOf(len(value))), false
	case e.Secrecy == Plain:
		return fmt.Sprintf("%X", value), true
	case len(value) == 0:
		return "", false
	}
	mask := ""
	switch e.Secrecy {
	case MaskedPAN:
		if p, err := DecodePAN(value); err == nil {
			mask = p.String()
		}
	case MaskedTrack1:
		if t, err := ParseTrack1(value); err == nil {
			mask = t.String()
		}
	case MaskedTrack2:
		if t, err := DecodeTrack2(value); err == nil {
			mask = t.String()
		}
	}
	if mask == "" {
		mask = fmt.Sprintf("(%s, not shown)", bytesOf(len(value)))
	}
	return mask, false
}

func bytesOf(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// String says tag, name and value, masked as the dictionary demands: 9F02
// amount, authorised: 000000001280. Values of unknown tags are not shown.
func (o Object) String() string {
	text, _ := shown(o.Tag, o.Value)
	head := o.Tag.String()
	if e, ok := LookupSized(o.Tag, 0, len(o.Value)); ok {
		head += " " + e.Name
	}
	return strings.TrimSpace(head + ": " + text)
}

// GoString returns the mask.
func (o Object) GoString() string { return o.String() }

// Format prints the mask, whatever the verb. An Object in an unexported field of
// another type is beyond its reach: fmt prints such fields byte by byte. Do not
// print types that hold one there.
func (o Object) Format(f fmt.State, _ rune) { io.WriteString(f, o.String()) }

// LogValue logs the mask.
func (o Object) LogValue() slog.Value { return slog.StringValue(o.String()) }

// MarshalText writes the mask.
func (o Object) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// MarshalJSON writes tag, name, offset, depth, length and the value, masked.
func (o Object) MarshalJSON() ([]byte, error) {
	e, _ := LookupSized(o.Tag, 0, len(o.Value))
	v := struct {
		Tag    string `json:"tag"`
		Name   string `json:"name,omitempty"`
		Offset int    `json:"offset"`
		Depth  int    `json:"depth"`
		Length int    `json:"length"`
		Value  string `json:"value,omitempty"`
		Masked string `json:"masked,omitempty"`
	}{Tag: o.Tag.String(), Name: e.Name, Offset: o.Offset, Depth: o.Depth, Length: len(o.Value)}
	if text, plain := shown(o.Tag, o.Value); plain {
		v.Value = text
	} else if !o.Tag.Constructed() {
		v.Masked = text
	}
	return json.Marshal(v)
}

// String says all objects, masked, with semicolons between them.
func (l Objects) String() string {
	list := make([]string, len(l))
	for i, o := range l {
		list[i] = o.String()
	}
	return strings.Join(list, "; ")
}

// GoString returns the masks.
func (l Objects) GoString() string { return l.String() }

// Format prints the masks, whatever the verb; see Object.Format for its limit.
func (l Objects) Format(f fmt.State, _ rune) { io.WriteString(f, l.String()) }

// LogValue logs the masks.
func (l Objects) LogValue() slog.Value { return slog.StringValue(l.String()) }
