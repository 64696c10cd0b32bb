package meituan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// ID is a platform's number, which arrives as a string or as a number that may
// be beyond 2^53.
type ID string

// UnmarshalJSON reads a string, a whole number, or null.
func (id *ID) UnmarshalJSON(b []byte) error {
	text, err := plain(b)
	*id = ID(text)
	return err
}

// plain is a JSON string or number as text; null is empty.
func plain(b []byte) (string, error) {
	b = bytes.TrimSpace(b)
	switch {
	case bytes.Equal(b, []byte("null")):
		return "", nil
	case len(b) > 0 && b[0] == '"':
		var text string
		err := json.Unmarshal(b, &text)
		return text, err
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		return string(b), nil
	}
	return "", errors.New("meituan: neither a string nor a number")
}

// Yuan is an amount that the platform writes in yuan, kept in fen.
type Yuan int64

// yuanMax bounds an amount: no voucher is worth ten million.
const yuanMax = 10_000_000_00

// UnmarshalJSON reads 78, 78.0, "78.00" or null. Floating-point dust below a
// tenth of a fen is rounded away; anything more is an error.
func (y *Yuan) UnmarshalJSON(b []byte) error {
	text, err := plain(b)
	if err != nil || text == "" {
		*y = 0
		return err
	}
	*y, err = parseYuan(text)
	return err
}

// MarshalJSON writes yuan, such as "78.00", as UnmarshalJSON reads them.
func (y Yuan) MarshalJSON() ([]byte, error) { return []byte(`"` + y.Money().Digits() + `"`), nil }

// yuanText bounds the digits of an amount.
const yuanText = 32

func parseYuan(text string) (Yuan, error) {
	r, ok := new(big.Rat), len(text) <= yuanText && !strings.ContainsAny(text, "eEpPxX_/")
	if ok {
		_, ok = r.SetString(text)
	}
	if !ok {
		return 0, errors.New("meituan: not an amount in yuan")
	}
	fen := new(big.Rat).Mul(r, big.NewRat(100, 1))
	whole, err := strconv.ParseInt(fen.FloatString(0), 10, 64)
	if err != nil || whole > yuanMax || whole < -yuanMax {
		return 0, errors.New("meituan: an amount beyond all vouchers")
	}
	dust := new(big.Rat).Sub(fen, big.NewRat(whole, 1))
	if dust.Abs(dust).Cmp(big.NewRat(1, 10)) > 0 {
		return 0, errors.New("meituan: an amount with parts of a fen")
	}
	return Yuan(whole), nil
}

// Money is the amount in the Till's terms.
func (y Yuan) Money() pos.Money { return pos.FromMinor(int64(y), pos.CNY) }

// Hidden is a voucher code (券码) read from the platform's JSON. However it is
// printed, logged or marshalled, a mask is shown; Use lends the bytes.
type Hidden struct{ pos.Secret }

// Hide makes a Hidden of text.
func Hide(text string) Hidden { return Hidden{pos.NewSecret([]byte(text))} }

// UnmarshalJSON reads a string or a number; null is the empty value.
func (h *Hidden) UnmarshalJSON(b []byte) error {
	text, err := plain(b)
	*h = Hide(text)
	return err
}

// fmt finds the embedded Format; this line fails to compile should it ever be lost.
var _ fmt.Formatter = Hidden{}

// reveal is for the wire only.
func reveal(s pos.Secret) (text string) {
	s.Use(func(b []byte) { text = string(b) })
	return text
}

// China is the time zone of the platform's texts: UTC+8, no summer time.
var China = time.FixedZone("CST", 8*60*60)

// Time is a time the platform writes as text in China's zone, or as seconds or
// milliseconds since 1970. Zero is unknown.
type Time struct{ time.Time }

// milliseconds: a number above it cannot be seconds for the next three thousand years.
const milliseconds = 100_000_000_000

var layouts = []string{time.DateTime, "2006-01-02 15:04", time.DateOnly, "2006.01.02 15:04:05"}

// UnmarshalJSON reads what it can. A text in no known form is unknown, not an error.
func (t *Time) UnmarshalJSON(b []byte) error {
	*t = Time{}
	text, err := plain(b)
	if err != nil || text == "" {
		return err
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case n > milliseconds:
			t.Time = time.UnixMilli(n)
		case n > 0:
			t.Time = time.Unix(n, 0)
		}
		return nil
	}
	for _, l := range layouts {
		if at, err := time.ParseInLocation(l, text, China); err == nil {
			t.Time = at
			return nil
		}
	}
	return nil
}
