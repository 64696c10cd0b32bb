package escpos

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// Replacement stands where a character must not or cannot be printed.
const Replacement = '?'

// Clean makes text from outside harmless and printable: composed (NFC), tabs
// and no-break spaces turned into spaces, and every control character, line
// feeds included, bidirectional mark, zero-width or combining character and
// broken UTF-8 replaced by Replacement. What remains occupies one or two cells
// each. Split lines before: a name must not be able to begin a line of its own.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r != ideographicSpace && unicode.Is(unicode.Zs, r):
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r) && r != ideographicSpace || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
			return Replacement
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, string(Replacement))))
}

// ideographicSpace is the one space two cells wide.
const ideographicSpace = 0x3000

// plain reports text of nothing but printable ASCII.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7E {
			return false
		}
	}
	return true
}

// CellWidth is how many cells a text takes on paper: two for each Chinese or
// other wide or full-width character, one for every other, among them those
// that Clean replaces. It is a property of the text alone, the same for all
// printers.
func CellWidth(s string) int {
	if plain(s) {
		return len(s)
	}
	n := 0
	for _, r := range Clean(s) {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	if r < 0x1100 {
		return 1
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// Align is where text stands in its line or column.
type Align int

// Alignments; the zero value is left.
const (
	Left Align = iota
	Center
	Right
)

// Clip cleans a text and cuts it to at most cells cells, never inside a character.
func Clip(s string, cells int) string {
	s = Clean(s)
	n := 0
	for i, r := range s {
		if n += runeCells(r); n > cells {
			return s[:i]
		}
	}
	return s
}

// Pad clips a text and fills it with spaces to exactly cells cells.
func Pad(s string, cells int, align Align) string {
	s = Clip(s, cells)
	space := max(0, cells-CellWidth(s))
	left := 0
	switch align {
	case Center:
		left = space / 2
	case Right:
		left = space
	}
	return strings.Repeat(" ", left) + s + strings.Repeat(" ", space-left)
}

// MaxTextLines bounds one text: 8,000 characters of a name must not use up the
// roll. Where it was cut off stands CutMark.
const MaxTextLines = 100

// CutMark is the last line of a text that was longer than MaxTextLines.
const CutMark = "[...]"

// Wrap cleans a text and breaks it into lines of at most cells cells (2 or
// more): at spaces and beside wide characters where possible, else anywhere
// between characters, never inside one. A text that fits is one line, as it is;
// an empty one is one empty line. No more than MaxTextLines come back.
func Wrap(s string, cells int) []string {
	cells = max(cells, 2)
	s = Clean(s)
	var lines []string
	for len(lines) < MaxTextLines {
		end, next := breakAt(s, cells)
		lines = append(lines, s[:end])
		if s = s[next:]; s == "" {
			return lines
		}
	}
	lines[MaxTextLines-1] = Clip(CutMark, cells)
	return lines
}

// breakAt says where the first line of s ends and the next begins.
func breakAt(s string, cells int) (end, next int) {
	n, last := 0, rune(0)
	for i, r := range s {
		w := runeCells(r)
		if i > 0 && r != ' ' && (w == 2 || runeCells(last) == 2 || last == ' ') {
			end = i
		}
		if n += w; n > cells {
			if r == ' ' || end == 0 {
				end = i
			}
			trimmed := strings.TrimRight(s[:end], " ")
			if trimmed == "" { // nothing but indentation: keep it
				return i, i
			}
			return len(trimmed), end + len(s[end:]) - len(strings.TrimLeft(s[end:], " "))
		}
		last = r
	}
	return len(s), len(s)
}

// Column is one cell of a Row.
type Column struct {
	Text string
	// Width in cells; 0 shares what the others leave, by Weight.
	Width int
	// Weight of the share; 0 means 1.
	Weight int
	Align  Align
}

// columnGap is the space between columns, in cells.
const columnGap = 1

// Layout sets columns side by side on lines of cells cells, one cell apart.
// Each wraps inside its own width, so a row is as many lines as its longest
// column. Columns that leave the others less than two cells are narrowed.
func Layout(cells int, columns ...Column) []string {
	if len(columns) == 0 {
		return []string{""}
	}
	widths := shares(cells, columns)
	var texts [][]string
	height := 0
	for i, c := range columns {
		t := Wrap(c.Text, widths[i])
		texts = append(texts, t)
		height = max(height, len(t))
	}
	lines := make([]string, height)
	for y := range lines {
		var b strings.Builder
		for i, c := range columns {
			if i > 0 {
				b.WriteString(strings.Repeat(" ", columnGap))
			}
			text := ""
			if y < len(texts[i]) {
				text = texts[i][y]
			}
			b.WriteString(Pad(text, widths[i], c.Align))
		}
		lines[y] = strings.TrimRight(Clip(b.String(), cells), " ")
	}
	return lines
}

// shares divides the cells of a line.
func shares(cells int, columns []Column) []int {
	widths := make([]int, len(columns))
	left, weights := cells-columnGap*(len(columns)-1), 0
	for i, c := range columns {
		if c.Width <= 0 {
			weights += max(c.Weight, 1)
			continue
		}
		after := 2 * (len(columns) - 1 - i)
		widths[i] = max(2, min(c.Width, left-after))
		left -= widths[i]
	}
	for i, c := range columns {
		if c.Width > 0 {
			continue
		}
		w := max(c.Weight, 1)
		widths[i] = max(2, left*w/weights)
		left -= widths[i]
		weights -= w
	}
	return widths
}
