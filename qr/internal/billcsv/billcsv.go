// Package billcsv reads the bills of wallets: CSV with a header, details, and a
// summary of its own header, in UTF-8 or GB18030, a line at a time.
package billcsv

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/openecr/openecr/pos"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// maxLine bounds one line: the widest bill has 27 columns of at most 128 characters.
const maxLine = 64 << 10

// maxColumns bounds a header.
const maxColumns = 100

// Options say what a platform's bill looks like.
type Options struct {
	Quote   byte   // before each field, such as ` or a tab; 0 is none
	Header  string // the column that begins the header of the details
	Summary string // the column that begins the header of the summary; empty: none
	Comment byte   // lines that begin with it are notes, such as #; 0 is none
	GBK     bool   // the file is in GB18030
}

// Row is one line by the names of its columns. The zero Row is none.
type Row struct {
	Line    int // in the file, from 1
	columns map[string]int
	fields  []string
}

// Get returns a field, without quote and spaces; empty if there is no such column.
func (r Row) Get(column string) string {
	if i, ok := r.columns[column]; ok && i < len(r.fields) {
		return r.fields[i]
	}
	return ""
}

// Has reports whether there is such a column.
func (r Row) Has(column string) bool { _, ok := r.columns[column]; return ok }

// Reader reads a bill.
type Reader struct {
	opt     Options
	scan    *bufio.Scanner
	line    int
	columns map[string]int
	summary Row
	done    bool
	notes   []string
}

// New reads from r, which it does not close.
func New(r io.Reader, opt Options) *Reader {
	if opt.GBK {
		r = simplifiedchinese.GB18030.NewDecoder().Reader(r)
	}
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 4096), maxLine)
	return &Reader{opt: opt, scan: s}
}

// Next returns the next detail line, or io.EOF after the last.
func (r *Reader) Next() (Row, error) {
	for !r.done {
		text, err := r.text()
		if err == io.EOF {
			r.done = true
			if r.columns == nil {
				return Row{}, errors.New("it has no header")
			}
			break
		}
		if err != nil {
			return Row{}, err
		}
		fields := r.split(text)
		switch {
		case r.columns == nil && fields[0] == r.opt.Header:
			if r.columns, err = header(fields); err != nil {
				return Row{}, err
			}
		case r.columns == nil:
			return Row{}, fmt.Errorf("line %d comes before the header", r.line)
		case r.opt.Summary != "" && fields[0] == r.opt.Summary:
			return Row{}, r.readSummary(fields)
		case len(fields) != len(r.columns):
			return Row{}, fmt.Errorf("line %d has %d columns, the header %d", r.line, len(fields), len(r.columns))
		default:
			return Row{Line: r.line, columns: r.columns, fields: fields}, nil
		}
	}
	return Row{}, io.EOF
}

// Summary is the summary line, after io.EOF.
func (r *Reader) Summary() Row { return r.summary }

// Notes are the comment lines read so far.
func (r *Reader) Notes() []string { return r.notes }

func (r *Reader) readSummary(head []string) error {
	columns, err := header(head)
	if err != nil {
		return err
	}
	text, err := r.text()
	if err != nil {
		return errors.New("it ends before its summary")
	}
	fields := r.split(text)
	if len(fields) != len(columns) {
		return fmt.Errorf("line %d has %d columns, the header %d", r.line, len(fields), len(columns))
	}
	r.summary = Row{Line: r.line, columns: columns, fields: fields}
	if rest, err := r.text(); err != io.EOF {
		return fmt.Errorf("line %d after the summary: %.40q", r.line, rest)
	}
	r.done = true
	return io.EOF
}

// text returns the next line that is neither empty nor a comment.
func (r *Reader) text() (string, error) {
	for r.scan.Scan() {
		r.line++
		text := strings.TrimRight(r.scan.Text(), "\r")
		if r.line == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		switch {
		case !utf8.ValidString(text), r.opt.GBK && strings.ContainsRune(text, utf8.RuneError):
			return "", fmt.Errorf("line %d is not in the encoding of this bill", r.line)
		case strings.TrimSpace(text) == "":
		case r.opt.Comment != 0 && text[0] == r.opt.Comment:
			if len(r.notes) < maxColumns {
				r.notes = append(r.notes, text)
			}
		default:
			return text, nil
		}
	}
	if err := r.scan.Err(); err != nil {
		return "", fmt.Errorf("line %d: %w", r.line+1, err)
	}
	return "", io.EOF
}

// split cuts a line at commas. With a quote before every field, a comma
// inside one does not count.
func (r *Reader) split(text string) []string {
	var fields []string
	if q := r.opt.Quote; q != 0 && text[0] == q {
		fields = strings.Split(text[1:], ","+string(rune(q)))
	} else {
		fields = strings.Split(text, ",")
	}
	for i, f := range fields {
		fields[i] = strings.Trim(f, " \t`\"")
	}
	return fields
}

func header(fields []string) (map[string]int, error) {
	if len(fields) > maxColumns {
		return nil, fmt.Errorf("its header has %d columns", len(fields))
	}
	columns := map[string]int{}
	for i, f := range fields {
		if _, twice := columns[f]; twice {
			return nil, fmt.Errorf("the column %.40q comes twice", f)
		}
		columns[f] = i
	}
	return columns, nil
}

// Yuan reads an amount: yuan with any number of decimals, rounded half up to a
// fen. A minus sign is dropped: the kind of a line says which way the money went.
func Yuan(s string) (pos.Money, error) {
	text := strings.TrimPrefix(s, "-")
	whole, decimals, _ := strings.Cut(text, ".")
	up := len(decimals) > 2 && decimals[2] >= '5'
	for _, c := range whole + decimals {
		if c < '0' || c > '9' {
			return pos.Money{}, fmt.Errorf("the amount %.40q", s)
		}
	}
	if len(decimals) > 2 {
		decimals = decimals[:2]
	}
	if decimals != "" {
		whole += "." + decimals
	}
	m, err := pos.ParseMoney(whole, pos.CNY)
	if err != nil {
		return pos.Money{}, fmt.Errorf("the amount %.40q", s)
	}
	if up {
		return m.Add(pos.FromMinor(1, pos.CNY))
	}
	return m, nil
}
