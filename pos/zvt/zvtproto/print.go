package zvtproto

import (
	"bytes"
	"fmt"
)

// Attribute is the attribute byte of a print line (P15 chapter 3, 06 D1; tag 09).
type Attribute byte

// Attributes. The low four bits are the indentation in characters.
const (
	AttributeReserved     Attribute = 0x80
	AttributeCentred      Attribute = 0x40
	AttributeDoubleWidth  Attribute = 0x20
	AttributeDoubleHeight Attribute = 0x10
	AttributeIndent       Attribute = 0x0F
	// AttributeLastLine is what this package writes for the last line.
	AttributeLastLine Attribute = 0x81
	// AttributeFeed: the next byte is the number of empty lines.
	AttributeFeed Attribute = 0xFF
)

// LastLine says that the line ends a receipt: bit 7 set, and neither 80,
// which is reserved, nor FF, which in a 06 D1 is a feed.
func (a Attribute) LastLine() bool {
	return a&0x80 != 0 && a != AttributeReserved && a != AttributeFeed
}

// PrintLine (06 D1) is one line of a receipt, from the terminal to the
// register's printer or from the register to the terminal's. The line may end
// a receipt (P15 chapter 3).
type PrintLine struct {
	Attribute Attribute
	// Text in the character set agreed at registration; empty is one feed.
	// After AttributeFeed it is the count, one byte.
	Text []byte
}

// Command is 06 D1.
func (*PrintLine) Command() Command { return CmdPrintLine }

// AppendData appends attribute and text.
func (m *PrintLine) AppendData(dst []byte) ([]byte, error) {
	return append(append(dst, byte(m.Attribute)), m.Text...), nil
}

// DecodeData reads the data of 06 D1.
func (m *PrintLine) DecodeData(data []byte) error {
	if len(data) == 0 {
		return fmt.Errorf("zvtproto: print line without attribute: %w", ErrTruncated)
	}
	m.Attribute, m.Text = Attribute(data[0]), bytes.Clone(data[1:])
	return nil
}

// PrintText (06 D3) is a block of text: tag 25 with the lines, 1F07 the kind
// of receipt, 14 the character set, 1F37 receipt information. The terminal
// sends it only when the register listed 06 D3 in tag 26 (P15 chapter 3).
type PrintText struct{ Fields }

// Command is 06 D3.
func (*PrintText) Command() Command { return CmdPrintText }
