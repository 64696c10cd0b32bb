package report

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// byteOrderMark lets Excel on a Chinese Windows read UTF-8.
const byteOrderMark = "\ufeff"

// CSV writes every attempt of a report: UTF-8 with a byte order mark, lines
// that end with CR LF, amounts in major units and as the integer of minor
// units, ids as text. The same journal gives the same bytes.
//
// A text that a spreadsheet could take for a formula, a number or a date
// begins with an apostrophe; Unquote takes it off again.
func (b *Book) CSV(ctx context.Context, w io.Writer, r Report) error {
	t, err := newTable(w, entryColumns)
	if err != nil {
		return err
	}
	if err := b.Entries(ctx, r, func(e Entry) error { return t.row(&e) }); err != nil {
		return err
	}
	return t.end()
}

// LinesCSV writes the lines of a report's sections in the form of CSV.
func LinesCSV(w io.Writer, r Report) error {
	t, err := newTable(w, lineColumns)
	if err != nil {
		return err
	}
	for _, l := range r.lines() {
		if err := t.row(&l); err != nil {
			return err
		}
	}
	return t.end()
}

// table writes rows of one type as CSV.
type table[T any] struct {
	out     *csv.Writer
	columns []column[T]
	cells   []string
}

func newTable[T any](w io.Writer, columns []column[T]) (*table[T], error) {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return nil, err
	}
	t := &table[T]{out: csv.NewWriter(w), columns: columns, cells: make([]string, len(columns))}
	t.out.UseCRLF = true
	for i, c := range columns {
		t.cells[i] = c.name
	}
	return t, t.out.Write(t.cells)
}

func (t *table[T]) row(v *T) error {
	for i, c := range t.columns {
		switch {
		case c.num != nil:
			t.cells[i] = strconv.FormatInt(c.num(v), 10)
		case c.free:
			t.cells[i] = Quote(c.text(v))
		default:
			t.cells[i] = c.text(v)
		}
	}
	return t.out.Write(t.cells)
}

func (t *table[T]) end() error {
	t.out.Flush()
	return t.out.Error()
}

// Quote makes a text harmless in a cell of a CSV: one line, and with an
// apostrophe before it where a spreadsheet would calculate, round or reformat it.
func Quote(s string) string {
	if suspicious(s) { // what plain would turn into a space
		return "'" + plain(s)
	}
	if s = plain(s); suspicious(s) {
		return "'" + s
	}
	return s
}

// Unquote returns the text that Quote was given, on one line.
func Unquote(cell string) string { return strings.TrimPrefix(cell, "'") }

// suspicious texts begin like a formula, also in full width or behind spaces,
// like an apostrophe, or like a number or date.
func suspicious(s string) bool {
	if s == "" {
		return false
	}
	if s[0] == '\t' || s[0] == '\r' || s[0] == '\n' || s[0] == '\'' {
		return true
	}
	s = strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
	switch first, _ := utf8.DecodeRuneInString(s); first {
	case '=', '+', '-', '@', '|', '%', '\uff1d', '\uff0b', '\uff0d', '\uff20', '\u2212': // the last ones in full width, and a minus sign
		return true
	}
	return likeNumber(s)
}

// likeNumber reports whether a spreadsheet could read a number, date or time:
// it begins with a digit or point and holds little but digits and their signs.
func likeNumber(s string) bool {
	if s == "" || s[0] != '.' && (s[0] < '0' || s[0] > '9') {
		return false
	}
	letters := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters <= 4 // 1E5, 3 May, 12:30 PM, 1 Sept
}

// JSONL writes a report as JSON Lines: the report itself under "report", then
// every attempt under "attempt". Amounts are integers of minor units; texts
// are as the journal has them. The same journal gives the same bytes.
func (b *Book) JSONL(ctx context.Context, w io.Writer, r Report) error {
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(struct {
		Report Report `json:"report"`
	}{r}); err != nil {
		return err
	}
	err := b.Entries(ctx, r, func(e Entry) error {
		return enc.Encode(struct {
			Attempt Entry `json:"attempt"`
		}{e})
	})
	if err != nil {
		return err
	}
	return buffered.Flush()
}
