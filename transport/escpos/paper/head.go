package paper

import (
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/openecr/openecr/transport/escpos/internal/ink"
)

// Config describes a print head.
type Config struct {
	Width int // printable dots, 8 to MaxWidth; others are brought inside
	// ChineseOn powers up in double-byte mode, as Chinese firmware does.
	ChineseOn bool
	// Western has no Chinese font: FS & does nothing.
	Western bool
	// NoRealTime leaves DLE DC4 to somebody else: a printer does it when it
	// arrives, not when its turn comes.
	NoRealTime bool
}

// AskKind says what a host wants to know.
type AskKind int

// Questions that stand in the stream and are answered in order; those asked in
// real time (DLE EOT) are taken out before.
const (
	AskNothing  AskKind = iota
	AskStatus           // GS r: Arg 1 paper, 2 drawer
	AskIdentity         // GS I: Arg as sent
	AskAuto             // GS a: Arg is the mask; 0 is off
	AskProcess          // GS ( H: ID comes back when what stands before it is printed
)

// Ask is a question of the host.
type Ask struct {
	Kind AskKind
	Arg  byte
	ID   [4]byte
}

// Head prints a stream, command by command. Not safe for concurrent use.
type Head struct {
	cfg   Config
	sheet *Sheet
	y     int // row of the line being printed
	modes modes
	line  []item
	x     int // where the next item goes, inside the print area
	face  ink.Face
	moves int
	full  bool

	qr     qrState
	bars   barState
	stored *ink.Bitmap // GS ( L
	scaleX int
	scaleY int
}

// modes are what ESC @ sets back.
type modes struct {
	look       ink.Look
	chinese    ink.Look // its scale for double-byte characters; the rest is not used
	chineseUL  bool
	chineseOn  bool
	fontB      bool
	align      byte
	spacing    int
	left, area int
	page       byte
	country    byte
}

type qrState struct {
	module int
	level  int
	data   string
}

type barState struct {
	height, module int
	text           byte
}

// item is a character or column image of the line being gathered.
type item struct {
	r     rune
	cells int
	look  ink.Look
	fontB bool
	image *ink.Bitmap
	x     int
}

// defaultSpacing is the distance of lines after ESC @ and ESC 2.
const defaultSpacing = 30

// NewHead makes a head over fresh paper.
func NewHead(cfg Config) *Head {
	cfg.Width = min(max(cfg.Width, 8), MaxWidth)
	h := &Head{cfg: cfg, sheet: &Sheet{Width: cfg.Width}}
	h.Reset()
	return h
}

// Reset is a power cycle: modes and the unprinted line are gone, paper stays.
func (h *Head) Reset() {
	h.line, h.x = nil, 0
	h.qr = qrState{module: 3, level: 0}
	h.stored = nil
	h.bars = barState{height: 162, module: 3}
	h.initialise()
}

func (h *Head) initialise() {
	plain := ink.Look{Width: 1, Height: 1}
	h.modes = modes{look: plain, chinese: plain, chineseOn: h.cfg.ChineseOn && !h.cfg.Western,
		spacing: defaultSpacing, area: h.cfg.Width}
	h.qr.module, h.bars = 3, barState{height: 162, module: 3}
}

// Moves counts lines, bands of pictures, codes and feeds printed since the
// start: the steps at which paper can end.
func (h *Head) Moves() int { return h.moves }

// Blank reports that nothing is on the current sheet, and nothing gathered.
func (h *Head) Blank() bool { return h.y == 0 && len(h.line) == 0 && len(h.sheet.Pulses) == 0 }

// Take tears the paper off: the sheet so far, and a new one begins.
func (h *Head) Take() *Sheet {
	s := h.sheet
	s.grow(h.y)
	h.sheet, h.y, h.full = &Sheet{Width: h.cfg.Width}, 0, false
	return s
}

// Step does what stands at the start of buf and returns how many bytes that
// was: 0 when more are needed. A sheet that is full takes no more dots.
func (h *Head) Step(buf []byte) (size int, ask Ask) {
	if len(buf) == 0 {
		return 0, ask
	}
	c := buf[0]
	if h.modes.chineseOn && c >= 0x81 && c <= 0xFE {
		return h.pair(buf), ask
	}
	if size = Split(buf); size == 0 {
		return 0, ask
	}
	cmd := buf[:size]
	if size == 2 && !short(cmd) {
		h.unknown(cmd) // its data is too long to be true
		return size, ask
	} else if c == 0x10 && size == 1 {
		h.sheet.Unknown++
		return size, ask
	}
	switch {
	case c >= 0x20 && c != 0x7F:
		h.char(h.decode(c), 1)
	case c == 0x1B:
		h.esc(cmd)
	case c == 0x1C:
		h.fs(cmd)
	case c == 0x1D:
		ask = h.gs(cmd)
	case c == 0x10:
		h.dle(cmd)
	case c == 0x0A:
		h.feedLines(1)
	case c == 0x09:
		h.tab()
	case c == 0x0D, c == 0x00:
	default:
		h.sheet.Unknown++
	}
	return size, ask
}

// pair prints one double-byte character; what is none becomes "?".
func (h *Head) pair(buf []byte) int {
	if len(buf) < 2 {
		return 0
	}
	if buf[1] < 0x40 || buf[1] == 0x7F || buf[1] == 0xFF {
		h.char('?', 1)
		return 1
	}
	var out [4]byte
	n, _, err := simplifiedchinese.GBK.NewDecoder().Transform(out[:], buf[:2], true)
	r, _ := utf8.DecodeRune(out[:n])
	if err != nil || r == utf8.RuneError {
		r = '?'
	}
	h.char(r, 2)
	return 2
}

// decode reads one byte in the code page in use.
func (h *Head) decode(c byte) rune {
	if c < 0x80 {
		if h.modes.country == 15 && c == '$' { // the Chinese set
			return '¥'
		}
		return rune(c)
	}
	var table *charmap.Charmap
	if table = ink.CodePage(h.modes.page); table == nil {
		return '?'
	}
	r := table.DecodeByte(c)
	if r == utf8.RuneError || r < 0xA0 {
		return '?'
	}
	return r
}

// size of an item in dots.
func (it *item) size() (width, height int) {
	if it.image != nil {
		return it.image.Width, it.image.Height
	}
	w, h := ink.CellWidth, ink.CellHeight
	if it.fontB && it.cells == 1 {
		w, h = fontBWidth, fontBHeight
	}
	return it.cells * w * it.look.Width, h * it.look.Height
}

const (
	fontBWidth  = 9
	fontBHeight = 17
)

// char gathers a character.
func (h *Head) char(r rune, cells int) {
	look := h.modes.look
	if cells == 2 {
		look.Width, look.Height = h.modes.chinese.Width, h.modes.chinese.Height
		if look.Underline = 0; h.modes.chineseUL {
			look.Underline = 1
		}
	}
	h.add(item{r: r, cells: cells, look: look, fontB: h.modes.fontB})
}

// maxItems bounds a line: one item a dot. Position commands could put any number.
const maxItems = MaxWidth

// add puts an item into the line and breaks the line where it is full.
func (h *Head) add(it item) {
	w, _ := it.size()
	if h.x > 0 && h.x+w > h.modes.area || len(h.line) >= maxItems {
		h.feedLines(1)
	}
	it.x = h.x
	h.line = append(h.line, it)
	h.x += w
}

func (h *Head) tab() {
	const stop = 8 * ink.CellWidth
	if next := (h.x/stop + 1) * stop; next < h.modes.area {
		h.x = next
	}
}

// flush prints the gathered line without moving on and returns its height.
func (h *Head) flush() int {
	height := 0
	for i := range h.line {
		_, ih := h.line[i].size()
		height = max(height, ih)
	}
	if height == 0 {
		h.x = 0
		return 0
	}
	h.moves++
	ok := h.sheet.grow(h.y + height)
	h.full = h.full || !ok
	if ok {
		h.drawLine(height)
	}
	h.line, h.x = h.line[:0], 0
	return height
}

// drawLine draws the items on a common base line and remembers them.
func (h *Head) drawLine(height int) {
	at := h.indent(h.x)
	paper := h.sheet.bitmap()
	l := Line{Row: h.y, X: at, Align: h.modes.align}
	words := false
	for i := range h.line {
		it := &h.line[i]
		_, ih := it.size()
		y := h.y + height - ih
		switch {
		case it.image != nil:
			paper.Draw(it.image, at+it.x, y, 1, 1)
			h.sheet.Pictures++
		case it.fontB && it.cells == 1:
			h.fontB(paper, it, at+it.x, y)
			words = true
		default:
			h.face.Char(paper, it.r, it.cells, at+it.x, y, it.look)
			words = true
		}
		l.add(it)
	}
	if words {
		h.remember(l)
	}
}

// indent is where something so wide begins, by margin and alignment.
func (h *Head) indent(width int) int {
	switch h.modes.align {
	case 1:
		return h.modes.left + max(0, h.modes.area-width)/2
	case 2:
		return h.modes.left + max(0, h.modes.area-width)
	}
	return h.modes.left
}

// fontB draws a character of font A at three quarters.
func (h *Head) fontB(paper *ink.Bitmap, it *item, x, y int) {
	g := ink.NewBitmap(ink.CellWidth, ink.CellHeight)
	h.face.Char(g, it.r, 1, 0, 0, ink.Look{Width: 1, Height: 1, Bold: it.look.Bold})
	for dy := range fontBHeight {
		for dx := range fontBWidth {
			if g.Black(dx*ink.CellWidth/fontBWidth, dy*ink.CellHeight/fontBHeight) {
				paper.Fill(x+dx*it.look.Width, y+dy*it.look.Height, it.look.Width, it.look.Height)
			}
		}
	}
	w, ih := it.size()
	if it.look.Inverse {
		paper.Invert(x, y, w, ih)
	} else if it.look.Underline > 0 {
		paper.Fill(x, y+ih-it.look.Underline, w, it.look.Underline)
	}
}

// add appends an item's text. Gaps that a position command left become spaces.
func (l *Line) add(it *item) {
	if it.image != nil {
		return
	}
	s := Span{Width: it.look.Width, Height: it.look.Height, Bold: it.look.Bold,
		Underline: it.look.Underline > 0, Inverse: it.look.Inverse, FontB: it.fontB}
	if n := len(l.Spans); n > 0 {
		last := l.Spans[n-1]
		last.Text = ""
		if last == s {
			l.Spans[n-1].Text += string(it.r)
			return
		}
	}
	s.Text = string(it.r)
	l.Spans = append(l.Spans, s)
}

func (h *Head) remember(l Line) {
	if len(h.sheet.Lines) < maxLines {
		h.sheet.Lines = append(h.sheet.Lines, l)
	}
}

// feedLines prints the line and moves on by n lines.
func (h *Head) feedLines(n int) {
	height := h.flush()
	if height > 0 {
		h.advance(max(height, h.modes.spacing))
		n--
	}
	if n > 0 && h.modes.spacing > 0 && height == 0 {
		h.moves++
	}
	for ; n > 0 && h.modes.spacing > 0; n-- {
		h.remember(Line{Row: h.y})
		h.advance(h.modes.spacing)
	}
}

// advance moves the paper.
func (h *Head) advance(rows int) {
	h.y += rows
	if h.y > MaxRows {
		h.y, h.full = MaxRows, true
	}
}

// picture prints dots and moves past them.
func (h *Head) picture(b *ink.Bitmap, scaleX, scaleY int) {
	h.endLine()
	height := b.Height * scaleY
	h.moves++
	if !h.sheet.grow(h.y + height) {
		h.full = true
		return
	}
	h.sheet.bitmap().Draw(b, h.indent(b.Width*scaleX), h.y, scaleX, scaleY)
	h.advance(height)
}

// endLine prints what was gathered before a picture or a cut.
func (h *Head) endLine() {
	if len(h.line) > 0 {
		h.feedLines(1)
	}
}

func (h *Head) dle(cmd []byte) {
	if len(cmd) == 5 && cmd[1] == 0x14 && cmd[2] == 1 && !h.cfg.NoRealTime {
		on := time.Duration(cmd[4]) * 100 * time.Millisecond
		h.Pulse(cmd[3], on, on)
	}
}

// maxPulses bounds what is remembered; no slip opens a drawer that often.
const maxPulses = 1000

// Pulse notes a drawer pulse on connector m, as ESC p and DLE DC4 give it.
func (h *Head) Pulse(m byte, on, off time.Duration) {
	pin := 2
	if m&1 == 1 {
		pin = 5
	}
	if len(h.sheet.Pulses) < maxPulses {
		h.sheet.Pulses = append(h.sheet.Pulses, Pulse{Row: h.y, Pin: pin, On: on, Off: off})
	}
}

func (h *Head) unknown(cmd []byte) { h.sheet.Unknown += len(cmd) }

// cutFeed is the way from head to cutter that GS V 41h and 42h feed.
const cutFeed = 64

func (h *Head) cut(full bool, feed int) {
	h.endLine()
	h.moves++
	h.advance(feed)
	h.sheet.grow(h.y)
	if len(h.sheet.Cuts) < maxPulses {
		h.sheet.Cuts = append(h.sheet.Cuts, Cut{Row: h.y, Full: full})
	}
}

// Pulses is how many drawer pulses the current sheet saw.
func (h *Head) Pulses() int { return len(h.sheet.Pulses) }

// Full reports that the current sheet holds no more.
func (h *Head) Full() bool { return h.full }

// Cuts is how often the current sheet was cut.
func (h *Head) Cuts() int { return len(h.sheet.Cuts) }

// hri draws the text of a bar code, centred over or under it.
func (h *Head) hri(text string, width int) {
	n := len(text) * ink.CellWidth
	if !h.sheet.grow(h.y + ink.CellHeight) {
		h.full = true
		return
	}
	x := h.indent(width) + (width-n)/2
	paper := h.sheet.bitmap()
	for _, r := range text {
		x += h.face.Char(paper, r, 1, x, h.y, ink.Look{Width: 1, Height: 1})
	}
	h.advance(ink.CellHeight)
}

func trimNUL(b []byte) string { return strings.TrimRight(string(b), "\x00") }
