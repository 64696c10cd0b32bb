package report

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"
)

// XLSX writes a workbook: the sheet Report with the lines of all sections, and
// the attempts on sheets of up to a million rows. All texts are text cells, so
// that no id loses a zero and no name becomes a formula. The same journal
// gives the same bytes: all times in the file are fixed.
//
// Large workbooks go through the system's folder for temporary files.
func (b *Book) XLSX(ctx context.Context, w io.Writer, r Report) (err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	book := workbook{file: f}
	if book.text, err = f.NewStyle(&excelize.Style{NumFmt: textFormat}); err != nil {
		return err
	}
	if err := f.SetSheetName("Sheet1", "Report"); err != nil {
		return err
	}
	lines, err := newSheet(&book, "Report", lineColumns)
	if err != nil {
		return err
	}
	for _, l := range r.lines() {
		if err := lines.row(&l); err != nil {
			return err
		}
	}
	attempts, err := newSheet(&book, "Attempts", entryColumns)
	if err != nil {
		return err
	}
	if err := b.Entries(ctx, r, func(e Entry) error { return attempts.row(&e) }); err != nil {
		return err
	}
	if err := errors.Join(lines.out.Flush(), attempts.out.Flush()); err != nil {
		return err
	}
	return book.write(w)
}

// textFormat is Excel's own number format 49, "@": what is typed into such a cell stays text.
const textFormat = 49

// maxRows of a sheet, its head included: a little less than Excel's 1,048,576.
const maxRows = 1_000_001

// maxExact is below what Excel keeps exactly: 15 digits.
const maxExact = 1_000_000_000_000_000

type workbook struct {
	file *excelize.File
	text int // style of text cells
}

// sheet writes rows of one type, and goes on with another sheet when it is full.
type sheet[T any] struct {
	book    *workbook
	name    string
	columns []column[T]
	number  int // of the sheet
	rows    int // on this sheet
	out     *excelize.StreamWriter
}

func newSheet[T any](book *workbook, name string, columns []column[T]) (*sheet[T], error) {
	s := &sheet[T]{book: book, name: name, columns: columns}
	return s, s.next()
}

// next begins a sheet with its head.
func (s *sheet[T]) next() (err error) {
	name := s.name
	if s.number++; s.number > 1 {
		name += " " + strconv.Itoa(s.number)
	}
	if _, err := s.book.file.NewSheet(name); err != nil {
		return err
	}
	if s.out, err = s.book.file.NewStreamWriter(name); err != nil {
		return err
	}
	head := make([]any, len(s.columns))
	for i, c := range s.columns {
		head[i] = c.name
	}
	s.rows = 1
	return s.out.SetRow("A1", head)
}

func (s *sheet[T]) row(v *T) error {
	if s.rows >= maxRows {
		if err := errors.Join(s.out.Flush(), s.next()); err != nil {
			return err
		}
	}
	cells := make([]any, len(s.columns))
	for i, c := range s.columns {
		cells[i] = cellOf(c, v, s.book.text)
	}
	s.rows++
	return s.out.SetRow("A"+strconv.Itoa(s.rows), cells)
}

func cellOf[T any](c column[T], v *T, text int) any {
	if c.num == nil {
		return excelize.Cell{StyleID: text, Value: plain(c.text(v))}
	}
	n := c.num(v)
	if n <= -maxExact || n >= maxExact {
		return excelize.Cell{StyleID: text, Value: strconv.FormatInt(n, 10)}
	}
	return n
}

// write writes the parts of the workbook in the order of their names, without
// times; the library's own order is by chance.
func (b *workbook) write(w io.Writer) (err error) {
	moment := epoch.Format(time.RFC3339)
	if err := b.file.SetDocProps(&excelize.DocProperties{Creator: "OpenECR", LastModifiedBy: "OpenECR", Created: moment, Modified: moment}); err != nil {
		return err
	}
	t, err := os.CreateTemp("", "report-*.xlsx")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close(), os.Remove(t.Name())) }()
	if err := b.file.Write(t); err != nil {
		return err
	}
	size, err := t.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	parts, err := zip.NewReader(t, size)
	if err != nil {
		return err
	}
	slices.SortFunc(parts.File, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	out := zip.NewWriter(w)
	for _, p := range parts.File {
		if err := out.Copy(p); err != nil {
			return err
		}
	}
	return out.Close()
}

// epoch stands for every time in a workbook.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
