package escpos

import "golang.org/x/text/encoding/charmap"

// Profile is what a program must know about a printer to write for it. It is
// plain data: take one of Profiles, change what differs, pass it on. A Builder
// checks it.
//
// ESC/POS has no reliable way to ask. What is not set is not used: a printer
// described too modestly still prints everything, as pictures.
type Profile struct {
	Name string
	// Columns is how many cells of font A (12 by 24 dots) fit a line: 32 on
	// paper of 58 mm, 48 on 80 mm, 42 where an inch has 180 dots. Required.
	Columns int
	// Dots is the printable width: 384 on 58 mm, 576 on 80 mm; 0 means 12 a column.
	Dots int
	// CodePages are tried in order for characters beyond ASCII.
	CodePages []CodePage
	// Chinese says which characters the double-byte font holds (汉字模式).
	Chinese Chinese
	// NativeQR and NativeBarcodes let the printer draw codes by itself: shorter,
	// and sharper on some. Without, they are sent as pictures.
	NativeQR, NativeBarcodes bool
	// NoPictures is for printers that take no raster at all: what cannot be said
	// in characters becomes "?", and codes and images are errors.
	NoPictures bool
	// Cutter says there is one; without, Cut feeds for tearing by hand.
	Cutter bool
	// Drawer says there is a connector for a cash drawer.
	Drawer bool
	// RealTimeDrawer says that DLE DC4 opens the drawer also while the printer is
	// without paper; else the drawer waits for it like everything in the stream.
	RealTimeDrawer bool
	// Status says how the printer can be asked; it guides Printer.
	Status StatusAbility
	// Confirm says how the printer tells what it has printed; it guides Printer.
	Confirm Confirm
	// Buffer is the receive buffer in bytes; 0 means DefaultBuffer. Printer never
	// has more than half of it on its way.
	Buffer int
}

// DefaultBuffer is the smallest receive buffer printers have.
const DefaultBuffer = 4096

// CodePage is a table of 256 characters and its number for ESC t. Numbers from
// 16 on differ by maker; those of Profiles are the common ones.
type CodePage struct {
	Number byte
	Map    *charmap.Charmap
}

// Chinese is the extent of a printer's double-byte font.
type Chinese int

// Extents. Most printers sold in China hold GBK; four-byte GB18030 comes out as
// rubbish everywhere, so it is never sent: those characters are drawn.
const (
	NoChinese Chinese = iota
	GB2312            // 6,763 ideographs
	GBK               // 20,902 ideographs
)

// StatusAbility says whether a printer answers DLE EOT.
type StatusAbility int

// Abilities.
const (
	// NoStatus: it never answers, or the line has no way back. Printer then
	// cannot promise more than that the bytes left.
	NoStatus StatusAbility = iota
	// RealTimeStatus: DLE EOT 1 to 4, at any time.
	RealTimeStatus
)

// Confirm is how a printer tells how far it has come.
type Confirm int

// Ways to tell.
const (
	// NoConfirm: Printer asks for the real-time status around each piece. A loss
	// of the buffer is noticed only if the connection breaks with it, or the
	// printer is still silent at the next piece.
	NoConfirm Confirm = iota
	// ConfirmTry: Printer tries ConfirmStatus once and falls back to NoConfirm
	// when nothing comes back.
	ConfirmTry
	// ConfirmStatus: GS r 1 is executed in order behind the data before it, and
	// not while paper is out (Epson TM-T85 specification; HPRT TP80K manual). The
	// answer proves that the data was processed; its last line may still be under
	// the head. Answers carry no number: two are asked each time, so that a stray
	// byte of a noisy line is not taken for one.
	ConfirmStatus
	// ConfirmProcess: GS ( H function 48 sends a process ID back when the data
	// before it has been printed (Epson ESC/POS reference, GS ( H). An ID whose
	// data was cleared is never sent.
	ConfirmProcess
)

var (
	western = []CodePage{
		{0, charmap.CodePage437}, {2, charmap.CodePage850}, {0x10, charmap.Windows1252},
		{0x12, charmap.CodePage852}, {0x11, charmap.CodePage866}, {0x13, charmap.CodePage858},
	}
	basic = []CodePage{{0, charmap.CodePage437}}
)

// Profiles returns the printers known by name. The generic ones ask for the
// least; the others hold what the maker's documents say. Everything else about
// a printer is for the shop to set.
func Profiles() []Profile {
	generic := Profile{CodePages: basic, Status: RealTimeStatus, Confirm: ConfirmTry}
	with := func(p Profile, name string, columns int, change func(*Profile)) Profile {
		p.Name, p.Columns, p.Dots = name, columns, columns*cellDots
		if change != nil {
			change(&p)
		}
		return p
	}
	return []Profile{
		with(generic, "generic-58", 32, nil),
		with(generic, "generic-80", 48, func(p *Profile) { p.Cutter, p.Drawer = true, true }),
		with(generic, "chinese-58", 32, func(p *Profile) { p.Chinese, p.Drawer = GBK, true }),
		with(generic, "chinese-80", 48, func(p *Profile) { p.Chinese, p.Cutter, p.Drawer = GBK, true, true }),
		// TM-T20: GS ( H is in Epson's ESC/POS reference for this model.
		with(generic, "epson-tm-t20", 48, func(p *Profile) {
			p.CodePages, p.NativeQR, p.NativeBarcodes = western, true, true
			p.Cutter, p.Drawer, p.RealTimeDrawer, p.Confirm = true, true, true, ConfirmProcess
		}),
		// SRP-350: DLE EOT and GS r are in its command manual, and 180 dots an inch
		// (ESC *), hence 512 dots and 42 columns (inferred); too old for QR codes.
		with(generic, "bixolon-srp-350", 42, func(p *Profile) {
			p.Dots = 512
			p.NativeBarcodes, p.Cutter, p.Drawer, p.Confirm = true, true, true, ConfirmStatus
		}),
	}
}

// ProfileByName finds one of Profiles.
func ProfileByName(name string) (Profile, bool) {
	for _, p := range Profiles() {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}

// cellDots is the width of a cell of font A.
const cellDots = 12

// Limits of a profile: nothing printed on a till's paper is outside.
const (
	minColumns, maxColumns = 12, 96
	maxDots                = 1024
	minBuffer              = 45 // what a switch under a TM-T88III chooses
)
