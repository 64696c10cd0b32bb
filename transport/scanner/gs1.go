package scanner

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrGS1: the data are no GS1 element strings.
var ErrGS1 = errors.New("not GS1 element strings")

const (
	// fnc1 ends an element of variable length; it arrives as GS.
	fnc1 = 0x1D
	// maxElements is beyond any symbol: each takes four bytes or more of the
	// 7,089 digits of the largest QR code, and none may come twice with sense.
	maxElements = 64
)

// Element is one fact of a GS1 symbol.
type Element struct {
	AI    string // application identifier: "01", "3103"
	Title string // GS1's own word for it: "GTIN", "NET WEIGHT (kg)"
	Value string
	// Decimals is where the point stands in Value, from the right, for
	// identifiers that say so: 3103 001250 is 1.250 kg.
	Decimals int
	currency bool
	date     bool
}

// ParseGS1 splits element strings, "01...1710...", at their known lengths and
// at FNC1, and verifies check digits and dates. A leading FNC1 is skipped.
//
// The error is ErrGS1 and names the byte; it does not repeat the data.
func ParseGS1(data []byte) ([]Element, error) {
	var list []Element
	rest := bytes.TrimPrefix(data, []byte{fnc1})
	at := len(data) - len(rest)
	if len(rest) == 0 {
		return nil, fmt.Errorf("%w: no data", ErrGS1)
	}
	for len(rest) > 0 {
		if len(list) == maxElements {
			return nil, fmt.Errorf("%w: more than %d elements", ErrGS1, maxElements)
		}
		e, size, err := element(rest)
		if err != nil {
			return nil, fmt.Errorf("%w: at byte %d: %w", ErrGS1, at+1, err)
		}
		list = append(list, e)
		rest, at = rest[size:], at+size
	}
	return list, nil
}

// element reads the first element; size includes the FNC1 that ends it.
func element(data []byte) (e Element, size int, err error) {
	ai, known := findAI(data)
	if !known {
		return e, 0, errors.New("unknown application identifier")
	}
	body := data[len(ai.digits)+ai.point:]
	e = Element{AI: string(data[:len(ai.digits)+ai.point]), Title: ai.title, currency: ai.currency, date: ai.date}
	if ai.point == 1 {
		e.Decimals = int(data[len(ai.digits)] - '0')
	}
	n := bytes.IndexByte(body, fnc1)
	ended := n >= 0
	if !ended {
		n = len(body)
	}
	if ai.predefined() {
		n, ended = min(ai.max, len(body)), len(body) > ai.max && body[ai.max] == fnc1
	}
	switch {
	case n < ai.min:
		return e, 0, fmt.Errorf("(%s) has %d characters, wants %d", e.AI, n, ai.min)
	case n > ai.max:
		return e, 0, fmt.Errorf("(%s) has %d characters, at most %d fit: is FNC1 missing?", e.AI, n, ai.max)
	}
	e.Value = string(body[:n])
	if err := ai.check(e.Value); err != nil {
		return e, 0, fmt.Errorf("(%s) %w", e.AI, err)
	}
	size = len(e.AI) + n
	if ended {
		size++
	}
	return e, size, nil
}

// findAI looks the longest identifier up; none is the beginning of another.
func findAI(data []byte) (identifier, bool) {
	for n := 4; n >= 2; n-- {
		if len(data) < n {
			continue
		}
		for _, ai := range identifiers[string(data[:min(n, len(data))])] {
			if ai.point == 0 || len(data) > n && data[n] >= '0' && data[n] <= '9' {
				return ai, true
			}
		}
	}
	return identifier{}, false
}

func (ai identifier) check(value string) error {
	digits := len(value) - len(strings.TrimLeft(value, "0123456789"))
	if digits < min(ai.numeric, len(value)) {
		return errors.New("has other characters than digits")
	}
	for i := 0; i < len(value); i++ {
		if c := value[i]; c < ' ' || c > '~' {
			return errors.New("has characters outside ASCII")
		}
	}
	if ai.checked > 0 && CheckDigit(value[:ai.checked-1]) != value[ai.checked-1] {
		return errors.New("has a wrong check digit")
	}
	if ai.date {
		if _, err := gs1Date(value, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// Decimal returns the value with its point: "1.250".
func (e Element) Decimal() string {
	value := e.Value
	if e.currency && len(value) > 3 {
		value = value[3:] // ISO 4217 number first
	}
	if e.Decimals == 0 {
		return value
	}
	for len(value) <= e.Decimals {
		value = "0" + value
	}
	point := len(value) - e.Decimals
	return value[:point] + "." + value[point:]
}

// Date returns the day of an identifier that holds one (11 to 17). Day 00 means
// the last of the month. The century is the one that is nearest to today (GS1
// General Specifications, 7.12).
func (e Element) Date() (time.Time, error) {
	if !e.date {
		return time.Time{}, fmt.Errorf("%w: (%s) is no date", ErrGS1, e.AI)
	}
	return gs1Date(e.Value, time.Now())
}

func gs1Date(value string, now time.Time) (time.Time, error) {
	number := func(i int) int { return int(value[i]-'0')*10 + int(value[i+1]-'0') }
	year, month, day := number(0), number(2), number(4)
	year += now.Year() / 100 * 100
	switch gap := year%100 - now.Year()%100; {
	case gap >= 51:
		year -= 100
	case gap <= -50:
		year += 100
	}
	lastDay := day == 0
	if lastDay {
		day = 1
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if month < 1 || date.Day() != day || date.Month() != time.Month(month) {
		return time.Time{}, errors.New("is no date YYMMDD")
	}
	if lastDay {
		date = date.AddDate(0, 1, -1)
	}
	return date, nil
}
