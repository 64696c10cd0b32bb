package paper

import (
	"time"

	"github.com/openecr/openecr/transport/escpos/internal/ink"
)

// on reads the usual switch: its lowest bit.
func on(n byte) bool { return n&1 == 1 }

func (h *Head) esc(cmd []byte) {
	m := &h.modes
	n := byte(0)
	if len(cmd) > 2 {
		n = cmd[2]
	}
	switch cmd[1] {
	case '@':
		h.line, h.x = h.line[:0], 0
		h.initialise()
	case '!':
		m.fontB = n&0x01 != 0
		m.look.Bold = n&0x08 != 0
		m.look.Height, m.look.Width = 1+int(n>>4&1), 1+int(n>>5&1)
		m.look.Underline = int(n >> 7)
	case 'E', 'G':
		m.look.Bold = on(n)
	case '-':
		m.look.Underline = int(n & 3)
		if n&3 == 3 {
			m.look.Underline = 0
		}
	case 'M':
		m.fontB = on(n)
	case 'a':
		if len(h.line) == 0 {
			m.align = n & 3
		}
	case 't':
		m.page = n
	case 'R':
		m.country = n
	case '2':
		m.spacing = defaultSpacing
	case '3':
		m.spacing = int(n)
	case 'd':
		h.feedLines(int(n))
	case 'J':
		h.flushAndFeed(int(n))
	case 'i':
		h.cut(true, 0)
	case 'm':
		h.cut(false, 0)
	case 'p':
		h.Pulse(n, time.Duration(cmd[3])*2*time.Millisecond, time.Duration(cmd[4])*2*time.Millisecond)
	case '*':
		h.columns(cmd)
	case '$':
		h.moveTo(int(cmd[2]) | int(cmd[3])<<8)
	case '\\':
		h.moveTo(h.x + int(int16(uint16(cmd[2])|uint16(cmd[3])<<8)))
	case ' ', '=', 'c', 'D', 'U', 'V', 'T', '{', '%', '?', '&', 'r', 'B', 'u', 'v', '<': // nothing to see
	default:
		h.unknown(cmd)
	}
}

func (h *Head) moveTo(x int) { h.x = min(max(x, 0), h.modes.area) }

// flushAndFeed is ESC J: the line, then dots.
func (h *Head) flushAndFeed(dots int) {
	height := h.flush()
	if height == 0 && dots > 0 {
		h.moves++
	}
	h.advance(max(height, dots))
}

// columns is ESC *: a column image in the line, 8 or 24 dots high.
func (h *Head) columns(cmd []byte) {
	width, data := int(cmd[3])|int(cmd[4])<<8, cmd[5:]
	rows, scaleX, scaleY := 8, 1, 1
	switch cmd[2] {
	case 0:
		scaleX, scaleY = 2, 3
	case 1:
		scaleY = 3
	case 32:
		rows, scaleX = 24, 2
	case 33:
		rows = 24
	default:
		h.unknown(cmd)
		return
	}
	b := ink.NewBitmap(min(width*scaleX, h.cfg.Width), rows*scaleY)
	per := rows / 8
	for x := range min(width, h.cfg.Width) {
		for y := range rows {
			if data[x*per+y/8]&(0x80>>(y%8)) != 0 {
				b.Fill(x*scaleX, y*scaleY, scaleX, scaleY)
			}
		}
	}
	if b.Width > 0 {
		h.add(item{image: b, cells: 1, look: h.modes.look})
	}
}

func (h *Head) fs(cmd []byte) {
	m := &h.modes
	n := byte(0)
	if len(cmd) > 2 {
		n = cmd[2]
	}
	switch cmd[1] {
	case '&':
		m.chineseOn = !h.cfg.Western
	case '.':
		m.chineseOn = false
	case '!':
		m.chinese.Width, m.chinese.Height = 1+int(n>>2&1), 1+int(n>>3&1)
		m.chineseUL = n&0x80 != 0
	case 'W':
		m.chinese.Width, m.chinese.Height = 1+int(n&1), 1+int(n&1)
	case '-':
		m.chineseUL = n&3 != 0
	case 'S', 'C': // spacing and code system: as they are
	default:
		h.unknown(cmd)
	}
}

func (h *Head) gs(cmd []byte) (ask Ask) {
	m := &h.modes
	n := byte(0)
	if len(cmd) > 2 {
		n = cmd[2]
	}
	switch cmd[1] {
	case '!':
		m.look.Width, m.look.Height = 1+int(n>>4&7), 1+int(n&7)
		m.chinese.Width, m.chinese.Height = m.look.Width, m.look.Height
	case 'B':
		m.look.Inverse = on(n)
	case 'L':
		m.left = min(int(n)|int(cmd[3])<<8, h.cfg.Width-1)
		m.area = min(m.area, h.cfg.Width-m.left)
	case 'W':
		m.area = min(max(int(n)|int(cmd[3])<<8, 1), h.cfg.Width-m.left)
	case 'V':
		h.gsCut(cmd)
	case 'v':
		h.raster(cmd)
	case 'h':
		h.bars.height = int(n)
	case 'w':
		h.bars.module = min(max(int(n), 1), 6)
	case 'H':
		h.bars.text = n & 3
	case 'k':
		h.barcode(cmd)
	case '(':
		return h.paren(cmd)
	case '8':
		h.graphics(cmd[2], cmd[7:], cmd)
	case 'r':
		return Ask{Kind: AskStatus, Arg: n}
	case 'I':
		return Ask{Kind: AskIdentity, Arg: n}
	case 'a':
		return Ask{Kind: AskAuto, Arg: n}
	case 'f', 'b', 'P', 'T':
	default:
		h.unknown(cmd)
	}
	return ask
}

func (h *Head) gsCut(cmd []byte) {
	switch cmd[2] {
	case 0, '0':
		h.cut(true, 0)
	case 1, '1':
		h.cut(false, 0)
	case 0x41:
		h.cut(true, cutFeed+int(cmd[3]))
	case 0x42:
		h.cut(false, cutFeed+int(cmd[3]))
	default:
		h.unknown(cmd)
	}
}

// raster is GS v 0.
func (h *Head) raster(cmd []byte) {
	if cmd[2] != '0' || cmd[3]&^0x33 != 0 {
		h.unknown(cmd)
		return
	}
	stride, rows := int(cmd[4])|int(cmd[5])<<8, int(cmd[6])|int(cmd[7])<<8
	if stride == 0 || rows == 0 {
		return
	}
	h.sheet.Pictures++
	b := &ink.Bitmap{Width: stride * 8, Height: rows, Stride: stride, Bits: cmd[8:]}
	h.picture(b, 1+int(cmd[3]&1), 1+int(cmd[3]>>1&1))
}

// paren is the family GS ( X.
func (h *Head) paren(cmd []byte) (ask Ask) {
	p := cmd[5:]
	switch {
	case cmd[2] == 'k' && len(p) >= 2 && p[0] == 0x31:
		h.qrCommand(p[1], p[2:], cmd)
	case cmd[2] == 'L':
		h.graphics('L', p, cmd)
	case cmd[2] == 'H' && len(p) == 6 && p[0] == 0x30 && p[1] == 0x30:
		return Ask{Kind: AskProcess, ID: [4]byte(p[2:6])}
	case cmd[2] == 'D': // real-time commands on and off: the host's business
	default:
		h.unknown(cmd)
	}
	return ask
}

// qrCommand is GS ( k with cn 31h.
func (h *Head) qrCommand(fn byte, p, cmd []byte) {
	switch {
	case fn == 0x41:
	case fn == 0x43 && len(p) == 1:
		h.qr.module = min(max(int(p[0]), 1), 16)
	case fn == 0x45 && len(p) == 1:
		h.qr.level = int(p[0]-'0') & 3
	case fn == 0x50 && len(p) >= 1:
		h.qr.data = string(p[1:])
	case fn == 0x51:
		h.printQR()
	default:
		h.unknown(cmd)
	}
}

// printQR draws the code; one wider than the paper is not printed, as on printers.
func (h *Head) printQR() {
	code, err := ink.QRCode(h.qr.data, h.qr.level)
	if err != nil || h.qr.data == "" || code.Width*h.qr.module > h.modes.area {
		h.sheet.Unknown += len(h.qr.data)
		return
	}
	h.endLine()
	h.note("QR", h.qr.data)
	h.picture(code, h.qr.module, h.qr.module)
}

func (h *Head) note(kind, data string) {
	if len(h.sheet.Codes) < maxPulses {
		h.sheet.Codes = append(h.sheet.Codes, Code{Row: h.y, Kind: kind, Data: data})
	}
}

// graphics is GS ( L and GS 8 L: function 112 stores a raster, 50 prints it.
func (h *Head) graphics(letter byte, p, cmd []byte) {
	if letter != 'L' || len(p) < 2 || p[0] != 0x30 {
		h.unknown(cmd)
		return
	}
	switch p[1] {
	case 2, 50:
		if h.stored != nil {
			h.sheet.Pictures++
			h.picture(h.stored, h.scaleX, h.scaleY)
			h.stored = nil
		}
	case 112:
		if len(p) < 10 {
			h.unknown(cmd)
			return
		}
		width, rows := int(p[6])|int(p[7])<<8, int(p[8])|int(p[9])<<8
		stride := (width + 7) / 8
		if stride*rows == 0 || len(p)-10 < stride*rows {
			h.unknown(cmd)
			return
		}
		h.stored = &ink.Bitmap{Width: width, Height: rows, Stride: stride, Bits: append([]byte(nil), p[10:10+stride*rows]...)}
		h.scaleX, h.scaleY = 1+int(p[3]-1)&1, 1+int(p[4]-1)&1
	default:
		h.unknown(cmd)
	}
}

// symbologies by the m of form A; form B is 41h more.
var symbologies = [...]struct {
	name string
	kind ink.Symbology
}{
	{"UPC-A", ink.EAN13}, {"UPC-E", 0}, {"EAN-13", ink.EAN13}, {"EAN-8", ink.EAN8}, {"Code 39", ink.Code39},
	{"ITF", ink.ITF}, {"Codabar", 0}, {"Code 93", 0}, {"Code 128", ink.Code128},
}

// barcode is GS k; what cannot be drawn is not printed, as on printers.
func (h *Head) barcode(cmd []byte) {
	m, data := int(cmd[2]), cmd[3:]
	if m >= 0x41 {
		m, data = m-0x41, cmd[4:]
	} else {
		data = []byte(trimNUL(data))
	}
	if m >= len(symbologies) || len(data) == 0 {
		h.unknown(cmd)
		return
	}
	s := symbologies[m]
	if s.name == "UPC-A" {
		data = append([]byte{'0'}, data...)
	}
	modules, err := ink.Bars(s.kind, data)
	if err != nil {
		h.unknown(cmd)
		return
	}
	b := ink.DrawBars(modules, h.bars.module, max(h.bars.height, 1))
	if b.Width > h.modes.area {
		h.unknown(cmd)
		return
	}
	text := string(data)
	if s.kind == ink.Code128 {
		text = ink.Text128(data)
	}
	h.endLine()
	h.note(s.name, text)
	if h.bars.text&1 != 0 {
		h.hri(text, b.Width)
	}
	h.picture(b, 1, 1)
	if h.bars.text&2 != 0 {
		h.hri(text, b.Width)
	}
}
