package zvt

import (
	"strings"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/zvt/zvtproto"
)

// slipCollector turns print lines (06 D1) and text blocks (06 D3) into slips.
type slipCollector struct {
	slips []pos.Slip
	lines []zvtproto.ReceiptLine
	count int
}

// line takes one 06 D1. They carry no kind; the first receipt of a payment is
// taken for the merchant's and the second for the customer's, the order of
// P15 2.1 unless the register asked for another.
func (c *slipCollector) line(m *zvtproto.PrintLine, cs zvtproto.Charset) {
	if len(c.lines) >= pos.MaxSlipLines {
		c.flush(c.nextKind())
	}
	c.lines = m.AppendLines(c.lines, cs)
	if n := len(c.lines); n > 0 && c.lines[n-1].Last {
		c.flush(c.nextKind())
	}
}

// block takes one 06 D3, which usually says whose receipt it is.
func (c *slipCollector) block(m *zvtproto.PrintText, cs zvtproto.Charset) {
	kind, ok := m.Type()
	c.lines = append(c.lines, m.Lines(cs)...)
	if !ok {
		if n := len(c.lines); n > 0 && c.lines[n-1].Last {
			c.flush(c.nextKind())
		}
		return
	}
	switch kind {
	case zvtproto.ReceiptCustomer:
		c.flush(pos.SlipCustomer)
	case zvtproto.ReceiptMerchant:
		c.flush(pos.SlipMerchant)
	default:
		c.flush(pos.SlipAdmin)
	}
}

func (c *slipCollector) nextKind() pos.SlipKind {
	c.count++
	switch c.count {
	case 1:
		return pos.SlipMerchant
	case 2:
		return pos.SlipCustomer
	}
	return pos.SlipAdmin
}

// flush ends the slip; a second block of the same kind continues the first.
func (c *slipCollector) flush(kind pos.SlipKind) {
	if len(c.lines) == 0 {
		return
	}
	text := make([]string, 0, len(c.lines))
	for _, l := range c.lines {
		text = append(text, strings.Repeat(" ", l.Indent)+l.Text)
	}
	c.lines = nil
	if n := len(c.slips); n > 0 && c.slips[n-1].Kind == kind {
		c.slips[n-1].Lines = append(c.slips[n-1].Lines, text...)
		return
	}
	c.slips = append(c.slips, pos.Slip{Kind: kind, Lines: text})
}

// done returns the slips, with a last one that was never closed.
func (c *slipCollector) done() []pos.Slip {
	c.flush(c.nextKind())
	return c.slips
}

// displayText joins what the terminal shows (tag 24).
func displayText(m *zvtproto.IntermediateStatus, cs zvtproto.Charset) string {
	return strings.TrimSpace(strings.Join(m.Texts(cs), " "))
}

// printable keeps what can be shown of a vendor's text.
func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return -1
		}
		return r
	}, zvtproto.CharsetCP437.Decode(b))
}
