package displaytest

import (
	"strings"

	"github.com/openecr/openecr/transport/display"
)

const (
	// maxLine bounds a line command: twice the glass, and anything longer is noise.
	maxLine = 2 * display.Columns
	digits  = 8
)

// Screen is what a display shows.
type Screen struct {
	// Lines is the text of two-line displays, twenty columns each; of LED8 the
	// first is the digits.
	Lines      [display.Lines]string
	Lamp       display.Kind // of LED8; 0 is none
	Brightness int          // 1 to 4; 4 after switching on
	Unknown    int          // commands and bytes that made no sense
}

// String returns the lines in a frame, and the lamp.
func (s Screen) String() string {
	lamp := map[display.Kind]string{display.Price: " price", display.Total: " total", display.Paid: " paid", display.Change: " change"}[s.Lamp]
	var b strings.Builder
	for _, l := range s.Lines {
		b.WriteString("|" + l + "|")
	}
	return b.String() + lamp
}

// Parser is the display without its cable. The zero value needs a Model. Not
// for concurrent use.
type Parser struct {
	Model   display.Model
	Charset display.Charset

	cells      [display.Lines][display.Columns]byte
	x, y       int
	stringMode bool
	deaf       bool // ESC = 1: what follows is the printer's
	shown      string
	lamp       display.Kind
	dim        int // brightness below the highest
	unknown    int
	cmd        []byte // an unfinished command
}

// Write takes bytes. It never fails.
func (p *Parser) Write(b []byte) (int, error) {
	for _, c := range b {
		p.byte(c)
	}
	return len(b), nil
}

// Screen returns what is shown now.
func (p *Parser) Screen() Screen {
	s := Screen{Lamp: p.lamp, Brightness: display.MaxBrightness - p.dim, Unknown: p.unknown}
	if p.Model == display.LED8 {
		s.Lines[0] = strings.Repeat(" ", max(digits-len(strings.ReplaceAll(p.shown, ".", "")), 0)) + p.shown
		return s
	}
	for i := range p.cells {
		row := p.cells[i]
		for j, c := range row {
			if c == 0 {
				row[j] = ' '
			}
		}
		s.Lines[i] = p.Charset.Decode(row[:])
	}
	return s
}

func (p *Parser) byte(c byte) {
	p.cmd = append(p.cmd, c)
	need, known := p.length()
	switch {
	case !known:
		p.cmd = nil
		p.unknown++
	case need > 0 && len(p.cmd) >= need:
		cmd := p.cmd
		p.cmd = nil
		p.run(cmd)
	case need == 0 && c == '\r':
		cmd := p.cmd
		p.cmd = nil
		p.line(cmd[2], cmd[3:len(cmd)-1])
	case need == 0 && len(p.cmd) > maxLine:
		p.cmd = nil
		p.unknown++
	}
}

// lengths of commands in bytes, by their beginning; 0 ends with CR.
var (
	escLengths = map[byte]int{'@': 2, 'Q': 0, 'l': 4, '_': 3, '*': 3, 0x11: 2, 0x12: 2, 0x13: 2, '=': 3, 'f': 3, 'c': 3, 't': 3, 'R': 3, 's': 3}
	usLengths  = map[byte]int{'$': 4, 'X': 3, 1: 2, 2: 2, 3: 2}
)

// length returns how long the command in p.cmd is, as far as that is known.
func (p *Parser) length() (need int, known bool) {
	var table map[byte]int
	switch p.cmd[0] {
	case 0x1B:
		table = escLengths
	case 0x1F:
		if p.Model != display.DMD {
			return 0, false
		}
		table = usLengths
	default:
		return 1, true
	}
	if len(p.cmd) == 1 {
		return 2, true
	}
	need, known = table[p.cmd[1]]
	if known && need == 0 && len(p.cmd) >= 3 && strings.IndexByte("ABD", p.cmd[2]) < 0 {
		return 0, false
	}
	return need, known
}

// run does a command of known length.
func (p *Parser) run(c []byte) {
	if c[0] == 0x1B && c[1] == '=' {
		p.deaf = c[2] == 1
		return
	}
	if p.deaf {
		return
	}
	if p.stringMode && c[0] != 0x0C {
		p.unknown++ // only CLR leaves this mode
		return
	}
	switch {
	case len(c) == 1:
		p.single(c[0])
	case c[0] == 0x1B && c[1] == '@':
		p.clear()
		p.dim = 0
	case c[0] == 0x1B && c[1] == 'l', c[0] == 0x1F && c[1] == '$':
		p.move(int(c[2])-1, int(c[3])-1)
	case c[0] == 0x1B && c[1] == '*', c[0] == 0x1F && c[1] == 'X':
		if c[2] < 1 || c[2] > display.MaxBrightness {
			p.unknown++
			return
		}
		p.dim = display.MaxBrightness - int(c[2])
	case c[1] == 's':
		if p.Model != display.LED8 || c[2] < '0' || c[2] > '4' {
			p.unknown++
			return
		}
		p.lamp = display.Kind(c[2] - '0')
	}
}

func (p *Parser) single(c byte) {
	switch {
	case c == 0x0C:
		p.clear()
	case c == 0x18:
		p.cells[p.y] = [display.Columns]byte{}
		p.x = 0
	case c == 0x0B:
		p.move(0, 0)
	case c < ' ' || c == 0x7F || p.Model == display.LED8:
		p.unknown++
	default:
		p.cells[p.y][p.x] = c
		if p.x++; p.x == display.Columns {
			p.x, p.y = 0, 1-p.y
		}
	}
}

func (p *Parser) move(x, y int) {
	if x < 0 || x >= display.Columns || y < 0 || y >= display.Lines {
		p.unknown++
		return
	}
	p.x, p.y = x, y
}

func (p *Parser) clear() {
	p.cells, p.x, p.y, p.stringMode, p.shown = [display.Lines][display.Columns]byte{}, 0, 0, false, ""
}

// line shows a text: ESC Q A upper, B lower, D upper and scrolling.
func (p *Parser) line(which byte, text []byte) {
	if p.deaf {
		return
	}
	if p.Model == display.LED8 {
		p.digits(string(text))
		return
	}
	if p.Model != display.CD5220 || len(text) > display.Columns && which != 'D' {
		p.unknown++
		return
	}
	for _, c := range text {
		if c < ' ' || c == 0x7F {
			p.unknown++
			return
		}
	}
	row := 0
	if which == 'B' {
		row = 1
	}
	p.cells[row] = [display.Columns]byte{}
	copy(p.cells[row][:], text)
	p.stringMode = true
}

func (p *Parser) digits(text string) {
	plain := strings.ReplaceAll(text, ".", "")
	if len(plain) > digits || len(text)-len(plain) > 1 || strings.Trim(plain, "0123456789") != "" {
		p.unknown++
		return
	}
	p.shown = text
}
