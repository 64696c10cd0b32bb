package report_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/report"
)

// hostile texts are what a spreadsheet must not act on.
var hostile = []string{
	"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", " =1", "\u00a0=1", "'=1", "\uff1d1", "|calc", "%0A=1", "\u200b=1",
	"_x0041_", "_x003D_1", "00123", "1E5", "12:30", "3/4", "6222021234", "1,000", "a\"b,c\r\nd;e\tf", "中文 姓名", "", "'", "\x00=1", "x\x1by", string([]byte{0xff, '='}),
}

// csvRows reads an export as a spreadsheet would.
func csvRows(t testing.TB, b []byte) []map[string]string {
	text, ok := strings.CutPrefix(string(b), "\ufeff")
	require.True(t, ok, "a byte order mark")
	require.Equal(t, strings.Count(text, "\n"), strings.Count(text, "\r\n"), "lines end with CR LF")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	var list []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = r[i]
		}
		list = append(list, m)
	}
	return list
}

func xlsxRows(t testing.TB, b []byte, sheet string) (list []map[string]string, f *excelize.File) {
	f, err := excelize.OpenReader(bytes.NewReader(b))
	require.NoError(t, err)
	rows, err := f.GetRows(sheet)
	require.NoError(t, err)
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			if i < len(r) {
				m[name] = r[i]
			}
		}
		list = append(list, m)
	}
	return list, f
}

func exports(t testing.TB, b *report.Book, r report.Report) (list [4][]byte) {
	var out [4]bytes.Buffer
	require.NoError(t, b.CSV(t.Context(), &out[0], r))
	require.NoError(t, report.LinesCSV(&out[1], r))
	require.NoError(t, b.JSONL(t.Context(), &out[2], r))
	require.NoError(t, b.XLSX(t.Context(), &out[3], r))
	for i := range out {
		list[i] = out[i].Bytes()
	}
	return list
}

func TestExportsRepeatByteForByte(t *testing.T) {
	s := newShop(t)
	aDay(s)
	z, err := s.book().Z(t.Context(), report.ZRequest{CarryOver: boss})
	require.NoError(t, err)
	first := exports(t, s.book(), z)
	s.put(did{amount: cny(9)}) // later
	s.then("c1", pos.Event{Kind: pos.EventPrinted, Slip: pos.SlipCustomer})
	s.reopen()
	again, err := s.book().Numbered(t.Context(), 1)
	require.NoError(t, err)
	for range 5 {
		for i, want := range exports(t, s.book(), again) {
			require.True(t, bytes.Equal(first[i], want), "export %d", i)
		}
	}
}

func TestExportsAreExact(t *testing.T) {
	s := newShop(t)
	aDay(s)
	big := int64(1<<50 - 3)
	s.put(did{id: "0012", ref: "00042", amount: cny(big)})
	b := s.book()
	x, err := b.X(t.Context(), report.Window{})
	require.NoError(t, err)
	all := exports(t, b, x)
	rows := csvRows(t, all[0])
	sheet, f := xlsxRows(t, all[3], "Attempts")
	require.Len(t, rows, 18)
	require.Len(t, sheet, 18)
	lines := bytes.Split(bytes.TrimSpace(all[2]), []byte("\n"))
	require.Len(t, lines, 19)
	sum := map[pos.Currency]int64{}
	for i, row := range rows {
		var l struct{ Attempt report.Entry }
		require.NoError(t, json.Unmarshal(lines[i+1], &l))
		minor, err := strconv.ParseInt(row["effect_minor"], 10, 64)
		require.NoError(t, err)
		require.Equal(t, l.Attempt.Effect, minor)
		m, err := pos.ParseMoney(row["effect"], pos.Currency(row["currency"]))
		require.NoError(t, err)
		require.Equal(t, minor, m.Minor())
		require.Equal(t, row["effect_minor"], sheet[i]["effect_minor"])
		require.Equal(t, row["effect"], sheet[i]["effect"])
		require.Equal(t, string(l.Attempt.Attempt), sheet[i]["attempt"])
		sum[l.Attempt.Currency] += minor
	}
	require.Equal(t, sums(x.Totals), sum)
	last := rows[17]
	require.Equal(t, "'0012", last["attempt"])
	require.Equal(t, "00042", report.Unquote(last["reference"]))
	require.Equal(t, "11258999068426.21", last["amount"])
	kind, err := f.GetCellType("Attempts", "B19")
	require.NoError(t, err)
	require.Equal(t, excelize.CellTypeInlineString, kind, "ids are text")
	var head struct{ Report report.Report }
	require.NoError(t, json.Unmarshal(lines[0], &head))
	require.Equal(t, x, head.Report)

	sections, _ := xlsxRows(t, all[3], "Report")
	require.Len(t, csvRows(t, all[1]), len(sections))
	require.Equal(t, "total", sections[0]["section"])
	require.Equal(t, strconv.FormatInt(x.Totals[0].Net, 10), sections[0]["net_minor"])
}

func TestNoCellBecomesAFormula(t *testing.T) {
	s := newShop(t)
	for i, name := range hostile {
		s.put(did{id: fmt.Sprintf("h%d", i), operator: name + " ", ref: "ref " + strconv.Itoa(i), scheme: name, text: name, amount: cny(1)})
	}
	b := s.book()
	x, err := b.X(t.Context(), report.Window{})
	require.NoError(t, err)
	all := exports(t, b, x)
	for _, export := range [][]byte{all[0], all[1]} {
		for _, row := range csvRows(t, export) {
			for name, cell := range row {
				if cell == "" || strings.HasSuffix(name, "_minor") || strings.HasSuffix(name, "_count") {
					continue
				}
				require.NotContains(t, "=@\t\r+|%\uff1d", string([]rune(cell)[0]), "%s: %q", name, cell)
				require.NotContains(t, cell, "\n")
			}
		}
	}
	rows, f := xlsxRows(t, all[3], "Attempts")
	require.Len(t, rows, len(hostile))
	for r := range len(hostile) {
		for c := range 30 {
			cell, err := excelize.CoordinatesToCellName(c+1, r+2)
			require.NoError(t, err)
			formula, err := f.GetCellFormula("Attempts", cell)
			require.NoError(t, err)
			require.Empty(t, formula)
		}
	}
}

func FuzzNamesComeThrough(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Add(strings.Repeat("长", 1365))
	f.Fuzz(func(t *testing.T, name string) {
		if name = strings.ToValidUTF8(name, "\ufffd"); name == "" || len(name) > pos.MaxTextLen {
			return // no journal takes such a name
		}
		a := pos.Attempt{ID: "a", Seq: 1, Updated: 1, Type: pos.TypeCharge, State: pos.StateConfirmed, Operator: name, Amount: cny(1), Approved: cny(1)}
		b, err := report.New(report.Config{Journal: lone{a: a}, Zone: shanghai})
		require.NoError(t, err)
		x, err := b.X(t.Context(), report.Window{})
		require.NoError(t, err)
		var text, book bytes.Buffer
		require.NoError(t, b.CSV(t.Context(), &text, x))
		require.NoError(t, b.XLSX(t.Context(), &book, x))
		cell := csvRows(t, text.Bytes())[0]["operator"]
		require.True(t, utf8.ValidString(cell))
		require.Equal(t, oneLine(name), report.Unquote(cell))
		require.NotContains(t, "=+-@\t\r\n", string([]rune(cell + " ")[0]))
		rows, _ := xlsxRows(t, book.Bytes(), "Attempts")
		require.Equal(t, oneLine(name), rows[0]["operator"])
	})
}

// lone is a journal of one attempt.
type lone struct {
	report.Journal
	a pos.Attempt
}

func (l lone) Head() int64 { return l.a.Updated }

func (l lone) Find(context.Context, pos.Filter) ([]pos.Attempt, error) { return nil, nil }

func (l lone) Scan(_ context.Context, _ pos.Filter, _ int, visit func(int, *pos.Attempt) error) error {
	return visit(0, &l.a)
}

// oneLine is what a cell keeps of a text.
func oneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029':
		case r == 0xfffe || r == 0xffff:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
