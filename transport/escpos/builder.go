package escpos

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/openecr/openecr/transport/escpos/internal/ink"
)

// MaxDocument bounds a document in bytes: two metres of picture on 80 mm.
const MaxDocument = 2 << 20

// What can be wrong with a document; test with errors.Is.
var (
	// ErrProfile: the profile contradicts itself or lacks what is required.
	ErrProfile = errors.New("escpos: printer profile cannot be right")
	// ErrTooLong: the document is longer than MaxDocument. Print several.
	ErrTooLong = errors.New("escpos: document is too long for one slip")
	// ErrCode: the data of a bar code or QR code does not fit it; the message
	// says what would.
	ErrCode = errors.New("escpos: code cannot be printed")
)

// Style is how a text looks. The zero value is plain.
type Style struct {
	Bold, Underline, Inverse bool
	// Width and Height are factors from 1 to 8; 0 means 1, more means 8.
	Width, Height int
	Align         Align
}

func (s Style) normal() Style {
	s.Width, s.Height = min(max(s.Width, 1), 8), min(max(s.Height, 1), 8)
	return s
}

// Builder writes a document for one printer. The same calls give the same
// bytes. The first error sticks and is returned by Document. Not safe for
// concurrent use.
type Builder struct {
	profile Profile
	out     []byte
	ends    []int // where a line is complete
	now     state
	face    ink.Face
	gbk     *gbkEncoder
	err     error
}

// state is what the printer has been told.
type state struct {
	style   Style
	page    int // index into CodePages
	chinese bool
}

// NewBuilder begins a document: the printer is initialised, with the
// international set USA, so that ASCII is ASCII, and Chinese mode off where
// there is one, for its firmware powers up with it on.
func NewBuilder(p Profile) *Builder {
	b := &Builder{profile: p}
	if b.err = b.profile.check(); b.err != nil {
		return b
	}
	b.start()
	return b
}

func (p *Profile) check() error {
	if p.Dots == 0 {
		p.Dots = p.Columns * cellDots
	}
	if p.Buffer == 0 {
		p.Buffer = DefaultBuffer
	}
	switch {
	case p.Columns < minColumns || p.Columns > maxColumns:
		return fmt.Errorf("%w: %d columns; there are %d to %d", ErrProfile, p.Columns, minColumns, maxColumns)
	case p.Dots < p.Columns*cellDots || p.Dots > maxDots:
		return fmt.Errorf("%w: %d dots for %d columns; a column takes %d, a printer has no more than %d",
			ErrProfile, p.Dots, p.Columns, cellDots, maxDots)
	case p.Buffer < minBuffer:
		return fmt.Errorf("%w: a buffer of %d bytes", ErrProfile, p.Buffer)
	}
	for _, c := range p.CodePages {
		if c.Map == nil {
			return fmt.Errorf("%w: code page %d has no table", ErrProfile, c.Number)
		}
	}
	return nil
}

func (b *Builder) start() {
	b.now = state{style: Style{}.normal(), page: -1}
	b.out = append(b.out, 0x1B, 0x40)
	if b.profile.Chinese != NoChinese {
		b.out = append(b.out, 0x1C, 0x2E)
		b.gbk = newGBKEncoder(b.profile.Chinese)
	}
	b.out = append(b.out, 0x1B, 0x52, 0x00, 0x1B, 0x32)
	b.end()
}

// end marks a place where the document may pause.
func (b *Builder) end() {
	if b.err == nil && len(b.out) > MaxDocument {
		b.err = ErrTooLong
	}
	b.ends = append(b.ends, len(b.out))
}

// Columns is how many cells a line has at a width factor.
func (b *Builder) Columns(style Style) int {
	return max(2, b.profile.Columns/style.normal().Width)
}

// Text prints one paragraph, wrapped as Wrap does it. It may hold any
// characters from anywhere: see Clean, and the package comment for those the
// printer has not.
func (b *Builder) Text(style Style, text string) {
	for _, line := range Wrap(text, b.Columns(style)) {
		b.line(style, line)
	}
}

// Row prints columns side by side; see Layout. Style.Align does not matter.
func (b *Builder) Row(style Style, columns ...Column) {
	style.Align = Left
	for _, line := range Layout(b.Columns(style), columns...) {
		b.line(style, line)
	}
}

// Rule prints a line across the paper.
func (b *Builder) Rule() { b.line(Style{}, strings.Repeat("-", b.profile.Columns)) }

// maxFeed bounds one Feed: no slip wants half a metre of nothing.
const maxFeed = 100

// Feed moves the paper by lines, 1 to 100.
func (b *Builder) Feed(lines int) {
	if b.err != nil || lines <= 0 {
		return
	}
	b.out = append(b.out, 0x1B, 0x64, byte(min(lines, maxFeed)))
	b.end()
}

// line prints one line, which fits.
func (b *Builder) line(style Style, text string) {
	if b.err != nil {
		return
	}
	style = style.normal()
	codes, ok := b.encode(text)
	if !ok && !b.profile.NoPictures {
		b.drawLine(style, text)
		return
	}
	b.setStyle(style)
	for _, c := range codes {
		b.print(c)
	}
	b.out = append(b.out, 0x0A)
	b.end()
}

// setStyle tells the printer what differs. FS ! stands before GS !: firmware
// that scales Chinese by GS ! takes the later of the two, older firmware knows
// FS ! only.
func (b *Builder) setStyle(s Style) {
	was := b.now.style
	if s.Align != was.Align {
		b.out = append(b.out, 0x1B, 0x61, byte(s.Align))
	}
	if s.Bold != was.Bold {
		b.out = append(b.out, 0x1B, 0x45, flag(s.Bold, 1))
	}
	if s.Underline != was.Underline {
		b.out = append(b.out, 0x1B, 0x2D, flag(s.Underline, 1))
	}
	if s.Inverse != was.Inverse {
		b.out = append(b.out, 0x1D, 0x42, flag(s.Inverse, 1))
	}
	resized := s.Width != was.Width || s.Height != was.Height
	if b.profile.Chinese != NoChinese && (resized || s.Underline != was.Underline) {
		b.out = append(b.out, 0x1C, 0x21, flag(s.Width > 1, 0x04)|flag(s.Height > 1, 0x08)|flag(s.Underline, 0x80))
		resized = true // FS ! also took the size of Chinese back
	}
	if resized {
		b.out = append(b.out, 0x1D, 0x21, byte(s.Width-1)<<4|byte(s.Height-1))
	}
	b.now.style = s
}

func flag(on bool, v byte) byte {
	if on {
		return v
	}
	return 0
}

// code is one character as the printer takes it.
type code struct {
	page    int // index of the code page; -1 for ASCII, chinesePage for two bytes
	bytes   [2]byte
	unknown bool
}

const (
	anyPage     = -1
	chinesePage = -2
)

// encode finds each character in the printer's tables. ok is false when one is
// in none; it is then Replacement.
func (b *Builder) encode(text string) (codes []code, ok bool) {
	ok = true
	page := b.now.page
	for _, r := range text {
		c := b.find(r, page)
		if c.unknown {
			ok = false
			for range runeCells(r) - 1 {
				codes = append(codes, c)
			}
		}
		if c.page >= 0 {
			page = c.page
		}
		codes = append(codes, c)
	}
	return codes, ok
}

// find looks in ASCII, the code page in use, the others, the Chinese font, and
// among plainer characters that look alike.
func (b *Builder) find(r rune, page int) code {
	if r < 0x7F {
		return code{page: anyPage, bytes: [2]byte{byte(r)}}
	}
	if runeCells(r) == 2 {
		if pair, ok := b.gbk.encode(r); ok {
			return code{page: chinesePage, bytes: pair}
		}
		return code{page: anyPage, bytes: [2]byte{Replacement}, unknown: true}
	}
	if page >= 0 {
		if c, ok := high(b.profile.CodePages[page].Map, r); ok {
			return code{page: page, bytes: [2]byte{c}}
		}
	}
	for i, p := range b.profile.CodePages {
		if c, ok := high(p.Map, r); ok {
			return code{page: i, bytes: [2]byte{c}}
		}
	}
	if a, ok := alike(r); ok {
		return code{page: anyPage, bytes: [2]byte{a}}
	}
	return code{page: anyPage, bytes: [2]byte{Replacement}, unknown: true}
}

// high looks a character up in the upper half of a table. Bytes below 80 hex
// are never taken from a table: there are commands among them.
func high(m *charmap.Charmap, r rune) (byte, bool) {
	c, ok := m.EncodeRune(r)
	return c, ok && c >= 0x80
}

// print appends one character, with the switches it needs.
func (b *Builder) print(c code) {
	switch {
	case c.page == chinesePage:
		if !b.now.chinese {
			b.out = append(b.out, 0x1C, 0x26)
			b.now.chinese = true
		}
		b.out = append(b.out, c.bytes[0], c.bytes[1])
		return
	case c.page >= 0:
		// In Chinese mode the bytes from 81 on begin a pair.
		if b.now.chinese {
			b.out = append(b.out, 0x1C, 0x2E)
			b.now.chinese = false
		}
		if b.now.page != c.page {
			b.out = append(b.out, 0x1B, 0x74, b.profile.CodePages[c.page].Number)
			b.now.page = c.page
		}
	}
	b.out = append(b.out, c.bytes[0])
}

// alike is the plainer character of the same width for typographic ones.
func alike(r rune) (byte, bool) {
	switch r {
	case '“', '”', '„', '«', '»', '″':
		return '"', true
	case '‘', '’', '‚', '′', '‹', '›':
		return '\'', true
	case '‐', '‑', '‒', '–', '—', '―', '−', '─', '━':
		return '-', true
	case '·', '•', '…':
		return '.', true
	case '×', '✕':
		return 'x', true
	case '│', '┃', '¦':
		return '|', true
	}
	return 0, false
}

// gbkEncoder looks characters up in GBK, or in the part that is GB2312.
type gbkEncoder struct{ only2312 bool }

func newGBKEncoder(c Chinese) *gbkEncoder { return &gbkEncoder{only2312: c == GB2312} }

// encode returns the two bytes. A nil encoder knows none.
func (g *gbkEncoder) encode(r rune) (pair [2]byte, ok bool) {
	if g == nil {
		return pair, false
	}
	var src [4]byte
	var dst [4]byte
	n := copy(src[:], string(r))
	enc := simplifiedchinese.GBK.NewEncoder()
	written, _, err := enc.Transform(dst[:], src[:n], true)
	if err != nil || written != 2 {
		return pair, false
	}
	pair = [2]byte{dst[0], dst[1]}
	if g.only2312 {
		ok = pair[0] >= 0xA1 && pair[0] <= 0xF7 && pair[1] >= 0xA1
	} else {
		ok = pair[0] >= 0x81 && pair[1] >= 0x40 && pair[1] != 0x7F
	}
	return pair, ok
}

// Drawer opens a cash drawer: 50 ms on, half a second off (ESC p).
func (b *Builder) Drawer(pin Pin) {
	if b.err != nil {
		return
	}
	if !b.profile.Drawer {
		b.err = fmt.Errorf("escpos: %s has no drawer connector: %w", b.profile.Name, errors.ErrUnsupported)
		return
	}
	b.out = append(b.out, drawerPulse(pin)...)
	b.end()
}

// Pin is a pin of the drawer connector.
type Pin int

// Pins: drawer 1 and drawer 2.
const (
	Pin2 Pin = iota
	Pin5
)

func drawerPulse(pin Pin) []byte { return []byte{0x1B, 0x70, byte(pin & 1), 0x19, 0xFA} }

// CutKind says how far a cut goes.
type CutKind int

// Cuts. Partial leaves a bridge, so that the slip does not fall.
const (
	Partial CutKind = iota
	Full
)

// tearFeed brings the last line past the tear-off edge.
const tearFeed = 4

// Cut feeds the end of the slip past the cutter and cuts. Without a cutter it
// feeds far enough to tear by hand.
func (b *Builder) Cut(kind CutKind) {
	if b.err != nil {
		return
	}
	if !b.profile.Cutter {
		b.Feed(tearFeed)
		return
	}
	m := byte(0x42)
	if kind == Full {
		m = 0x41
	}
	b.out = append(b.out, 0x1D, 0x56, m, 0x00)
	b.end()
}

// Document returns what was built, or the first error. The builder can go on;
// the document does not change.
func (b *Builder) Document() (*Document, error) {
	if b.err != nil {
		return nil, b.err
	}
	return &Document{profile: b.profile, data: append([]byte(nil), b.out...), ends: append([]int(nil), b.ends...)}, nil
}

// Document is a slip ready to print: bytes, and the places between them where
// printing may pause. Immutable; safe for concurrent use.
type Document struct {
	profile Profile
	data    []byte
	ends    []int
}

// Bytes returns a copy of the whole stream.
func (d *Document) Bytes() []byte { return append([]byte(nil), d.data...) }

// Profile is what it was built for.
func (d *Document) Profile() Profile { return d.profile }
