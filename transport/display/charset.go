package display

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Charset is what the display takes bytes for. It must be the one the display
// was set to, by its switches or Config.Setup.
type Charset string

// Charsets. A Chinese character takes two columns in GBK.
const (
	ASCII  Charset = ""
	CP437  Charset = "cp437"
	CP850  Charset = "cp850"
	CP852  Charset = "cp852"
	CP858  Charset = "cp858"
	CP866  Charset = "cp866"
	CP1252 Charset = "cp1252"
	GBK    Charset = "gbk"
)

var charsets = map[Charset]encoding.Encoding{
	ASCII: nil, CP437: charmap.CodePage437, CP850: charmap.CodePage850, CP852: charmap.CodePage852, CP858: charmap.CodePage858,
	CP866: charmap.CodePage866, CP1252: charmap.Windows1252, GBK: simplifiedchinese.GBK,
}

func (c Charset) known() bool {
	_, ok := charsets[c]
	return ok
}

// Decode returns the text that bytes on a display show; what has no meaning is a
// question mark. It is the other direction, for simulators.
func (c Charset) Decode(b []byte) string {
	e := charsets[c]
	if e == nil {
		e = charmap.CodePage437 // ASCII in its first half
	}
	text, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return strings.Repeat(unknownChar, len(b))
	}
	return strings.ReplaceAll(string(text), "\uFFFD", unknownChar)
}

// unknownChar stands for what a charset lacks.
const unknownChar = "?"

// char encodes one character: printable bytes only, or one space or question
// mark. GBK takes two bytes and two columns.
func (c Charset) char(r rune) string {
	switch {
	case r < ' ' || r == 0x7F || r >= 0x80 && r <= 0x9F:
		return " "
	case r < 0x7F:
		return string(r)
	}
	e := charsets[c]
	if e == nil {
		return unknownChar
	}
	text, err := e.NewEncoder().String(string(r))
	if err != nil || text == "" || len(text) > 2 || strings.IndexFunc(text[:1], isControl) >= 0 {
		return unknownChar
	}
	return text
}

// isControl sees bytes, given as text of one byte.
func isControl(r rune) bool { return r < ' ' || r == 0x7F }

// line encodes a text for one line: cut and filled to Columns bytes, which are
// columns in every charset here.
func (c Config) line(text string, right bool) string {
	var b strings.Builder
	for _, r := range text {
		encoded := c.Charset.char(r)
		if b.Len()+len(encoded) > Columns {
			break
		}
		b.WriteString(encoded)
	}
	pad := strings.Repeat(" ", Columns-b.Len())
	if right {
		return pad + b.String()
	}
	return b.String() + pad
}
