package tmall

import (
	"bytes"
	"encoding/json"
	"errors"
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
	return "", errors.New("tmall: neither a string nor a number")
}

// Yuan is an amount that the platform writes in yuan, kept in fen.
type Yuan int64

// yuanMax bounds an amount: no order of a shop comes to ten million.
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
		return 0, errors.New("tmall: not an amount in yuan")
	}
	fen := new(big.Rat).Mul(r, big.NewRat(100, 1))
	whole, err := strconv.ParseInt(fen.FloatString(0), 10, 64)
	if err != nil || whole > yuanMax || whole < -yuanMax {
		return 0, errors.New("tmall: an amount beyond all orders")
	}
	dust := new(big.Rat).Sub(fen, big.NewRat(whole, 1))
	if dust.Abs(dust).Cmp(big.NewRat(1, 10)) > 0 {
		return 0, errors.New("tmall: an amount with parts of a fen")
	}
	return Yuan(whole), nil
}

// Money is the amount in the Till's terms.
func (y Yuan) Money() pos.Money { return pos.FromMinor(int64(y), pos.CNY) }

// reveal is for the wire only.
func reveal(s pos.Secret) (text string) {
	s.Use(func(b []byte) { text = string(b) })
	return text
}

// China is the time zone of the platform's texts: UTC+8, no summer time.
var China = time.FixedZone("CST", 8*60*60)

// Time is a time the platform writes as "2006-01-02 15:04:05" in China's zone.
// Zero is unknown.
type Time struct{ time.Time }

// UnmarshalJSON reads it. A text in another form is unknown, not an error.
func (t *Time) UnmarshalJSON(b []byte) error {
	*t = Time{}
	text, err := plain(b)
	if at, bad := time.ParseInLocation(time.DateTime, text, China); bad == nil {
		t.Time = at
	}
	return err
}

// stamp is a time for the wire.
func stamp(t time.Time) string { return t.In(China).Format(time.DateTime) }
