package receipt

import (
	"image"
	"strings"
	"unicode"

	"github.com/openecr/openecr/pos"
)

// Limits of a slip. Text beyond them is cut with an ellipsis; more items are an error.
const (
	// MaxItems bounds the lines of one sale: half a metre of goods is 150 lines, a wholesale trolley some hundred.
	MaxItems = 1000
	// MaxText bounds one text in characters, such as the name of a product: five lines of paper.
	MaxText = 200
	// MaxLines bounds what is printed as it came, such as a terminal's own receipt.
	MaxLines = pos.MaxSlipLines
	// MaxRows bounds the rows of one section of a report.
	MaxRows = 500
	// MaxTenders bounds the payments of one sale.
	MaxTenders = 100
)

// Slip is what one piece of paper says, from top to bottom. It is a value:
// rendering does not change it, and several goroutines may render it at once.
type Slip struct {
	// Title names the slip in a window, a file or a list; it is not printed by itself.
	Title  string
	Lang   pos.Lang
	Blocks []Block
}

// Block is one part of a slip: Paragraph, Pair, Verbatim, Rule, Gap, QR, Barcode or Logo.
type Block interface{ block() }

// Align says where a text stands.
type Align int

// Alignments.
const (
	Left Align = iota
	Center
	Right
)

// Size says how large a text is.
type Size int

// Sizes: as the paper's columns are, twice as high, or twice as high and wide.
const (
	Normal Size = iota
	Tall
	Large
)

// Paragraph is text; long ones wrap.
type Paragraph struct {
	Content string
	Align   Align
	Size    Size
	Bold    bool
	Inverse bool // white on black: what nobody may overlook
}

// Pair is a label and a value, or a thing and its price, at both ends of a
// line. What does not fit beside each other stands one below the other.
type Pair struct {
	Label, Value string
	Size         Size
	Bold         bool
}

// Verbatim are lines somebody else laid out, such as a terminal's own receipt:
// equal columns, no wrapping by words.
type Verbatim struct{ Lines []string }

// Rule is a line across the paper.
type Rule struct{ Double bool }

// Gap is empty space, in lines.
type Gap struct{ Lines int }

// QR is a QR code with a caption below it.
type QR struct{ Content, Caption string }

// Barcode is a Code 128 with its text below it.
type Barcode struct{ Content string }

// Logo is a picture, drawn in black and white and centred.
type Logo struct{ Picture image.Image }

func (Paragraph) block() {}
func (Pair) block()      {}
func (Verbatim) block()  {}
func (Rule) block()      {}
func (Gap) block()       {}
func (QR) block()        {}
func (Barcode) block()   {}
func (Logo) block()      {}

// plain makes a text from outside harmless: one line, no control characters,
// no direction marks, no full card numbers, at most limit characters.
func plain(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range pos.MaskCardData(s) {
		if n == limit {
			return strings.TrimRight(b.String(), " ") + "…"
		}
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			r = ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar, unicode.Is(unicode.Co, r):
			continue
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
