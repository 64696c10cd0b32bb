package douyin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// ID is an identifier of the platform: order, certificate, verification, shop
// (门店 poi), account. They are numbers of 19 digits that come as strings and
// sometimes as JSON numbers beyond 2^53; they are text here and nothing rounds them.
type ID string

// UnmarshalJSON takes a string, or an integer of any length; null is "".
func (id *ID) UnmarshalJSON(b []byte) error {
	text, err := plainText(b)
	if err != nil {
		return err
	}
	if len(b) > 0 && b[0] != '"' && strings.ContainsAny(text, ".eE") {
		return fmt.Errorf("douyin: %s is not an identifier", b)
	}
	*id = ID(text)
	return nil
}

// Count is a number of things, or one of the platform's enumerations. It comes
// as a JSON number or a string.
type Count int64

// UnmarshalJSON takes an integer, also in a string; null and "" are 0.
func (n *Count) UnmarshalJSON(b []byte) error { return integer(b, (*int64)(n)) }

// Fen is an amount of money in fen, a hundredth of a yuan, as all of the
// platform's life services (生活服务) count.
type Fen int64

// UnmarshalJSON takes an integer, also in a string; null and "" are 0.
func (f *Fen) UnmarshalJSON(b []byte) error { return integer(b, (*int64)(f)) }

// Money is the amount in yuan renminbi.
func (f Fen) Money() pos.Money { return pos.FromMinor(int64(f), pos.CNY) }

// Time is a moment the platform names. Some endpoints count seconds and some
// milliseconds; both are understood. The zero Time stands for none.
type Time struct{ time.Time }

// millisecondsFrom is the number from which a moment counts in milliseconds:
// as seconds it is the year 5138, as milliseconds March 1973.
const millisecondsFrom = 100_000_000_000

// UnmarshalJSON takes seconds or milliseconds since 1970; null, "" and 0 are the zero Time.
func (t *Time) UnmarshalJSON(b []byte) error {
	var n int64
	if err := integer(b, &n); err != nil {
		return err
	}
	t.Time = moment(n)
	return nil
}

// MarshalJSON writes milliseconds since 1970, and 0 for the zero Time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("0"), nil
	}
	return strconv.AppendInt(nil, t.UnixMilli(), 10), nil
}

func moment(n int64) time.Time {
	switch {
	case n == 0:
		return time.Time{}
	case n >= millisecondsFrom || n <= -millisecondsFrom:
		return time.UnixMilli(n)
	}
	return time.Unix(n, 0)
}

// plainText is what a JSON string or number says; null says nothing.
func plainText(b []byte) (string, error) {
	switch {
	case len(b) == 0 || b[0] == '{' || b[0] == '[' || b[0] == 't' || b[0] == 'f':
		return "", fmt.Errorf("douyin: %d bytes of JSON are neither text nor a number", len(b))
	case b[0] == 'n':
		return "", nil
	case b[0] != '"':
		return string(b), nil
	case bytes.IndexByte(b, '\\') < 0:
		return string(b[1 : len(b)-1]), nil
	}
	var text string
	err := json.Unmarshal(b, &text)
	return text, err
}

func integer(b []byte, n *int64) error {
	text, err := plainText(b)
	if err != nil {
		return err
	}
	if text == "" {
		*n = 0
		return nil
	}
	if *n, err = strconv.ParseInt(text, 10, 64); err != nil {
		return fmt.Errorf("douyin: %d bytes of JSON are no integer", len(b))
	}
	return nil
}

// keep decodes b into what, and keeps b itself hidden in raw: fields that are
// unknown here stay in it.
func keep[T any](b []byte, what *T, raw *Hidden) error {
	*raw = Hidden{pos.NewSecret(b)}
	return json.Unmarshal(b, what)
}
