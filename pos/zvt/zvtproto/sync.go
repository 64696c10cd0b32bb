package zvtproto

import "fmt"

// Receipt synchronisation (P15 rev 13.08, tag 1F1F): the terminal puts its
// receipt number into tag 1F1F of the status-information, the register
// mirrors it in its next transaction. If the register is one behind, the
// terminal takes back the last payment by itself, since the register never
// got its result. A new register sends the tag with length 0, never with the
// value 0.

// LastReceipt reads tag 1F1F. fresh says that the tag is there and empty: the
// register knows no number yet. ok is false without the tag or with a value
// that is not a positive number of at most 8 bytes of digits; the raw bytes
// are then in the TLV.
//
// The value's encoding is inferred: BCD, as receipt numbers are.
func (f *Fields) LastReceipt() (number uint64, fresh, ok bool) {
	v, found := f.tlvValue(TagUniqueID)
	if !found {
		return 0, false, false
	}
	if len(v) == 0 {
		return 0, true, true
	}
	n, digits := parseBCD(v)
	return n, false, digits && n != 0
}

// LastReceiptBytes is the value of tag 1F1F as it came, to be mirrored
// unchanged with SetLastReceiptBytes.
func (f *Fields) LastReceiptBytes() ([]byte, bool) { return f.tlvValue(TagUniqueID) }

// SetLastReceiptBytes sets tag 1F1F; nil is the length 0 of a new register.
// Fails with ErrRange for a value of zeros.
func (f *Fields) SetLastReceiptBytes(v []byte) error {
	if len(v) > 0 && bigEndian(v[max(0, len(v)-8):]) == 0 {
		return &TagError{Tag: TagUniqueID, Offset: -1, Err: ErrRange}
	}
	return f.setTag(Primitive(TagUniqueID, v...))
}

// SequenceID numbers the APDUs of a session (P15 rev 13.08, tag 1F73, 3 bytes
// of BCD). 0 in the registration asks for numbering; the first message then
// is 1, and 1 follows 999999. A repeat reuses its number.
type SequenceID uint32

// MaxSequenceID is the last number before 1 comes again.
const MaxSequenceID SequenceID = 999_999

// Next is the number of the next message.
func (s SequenceID) Next() SequenceID {
	if s >= MaxSequenceID {
		return 1
	}
	return s + 1
}

// Object is tag 1F73 with the number; ErrRange above MaxSequenceID.
func (s SequenceID) Object() (Object, error) {
	v, err := appendBCD(nil, uint64(s), 3)
	if err != nil {
		return Object{}, &TagError{Tag: TagMessageSequence, Offset: -1, Err: ErrRange}
	}
	return Primitive(TagMessageSequence, v...), nil
}

// SequenceID reads tag 1F73.
func (f *Fields) SequenceID() (SequenceID, bool) {
	v, ok := f.tlvValue(TagMessageSequence)
	if !ok || len(v) != 3 {
		return 0, false
	}
	n, ok := parseBCD(v)
	return SequenceID(n), ok
}

// SetSequenceID sets tag 1F73.
func (f *Fields) SetSequenceID(s SequenceID) error {
	o, err := s.Object()
	if err != nil {
		return err
	}
	return f.setTag(o)
}

// Capabilities are what a register tells about itself in the TLV container
// of its registration. Always send them: without a container the terminal
// sends none either, and the register never learns how the cardholder was
// verified (P15 chapter 9).
type Capabilities struct {
	// Commands the terminal may send (tag 26): CmdPrintText for text blocks.
	Commands []Command
	// PrinterWidth in characters, 1 to 99; 0 sends none (tag 12).
	PrinterWidth int
	// MaxAPDU the register can take, up to 65535; 0 sends none (tag 1A).
	MaxAPDU int
	// Charset the register asks for when HasCharset (tag 27 with one 14).
	// It holds only when the terminal's answer repeats it.
	Charset    Charset
	HasCharset bool
}

// TLV writes the container. Errors: ErrRange.
func (c Capabilities) TLV() (TLV, error) {
	var t TLV
	if len(c.Commands) > 0 {
		list := Object{Tag: TagCommands}
		for _, cmd := range c.Commands {
			list.Children = append(list.Children, Primitive(TagCommand, cmd.Class(), cmd.Instr()))
		}
		t.Add(list)
	}
	if c.PrinterWidth != 0 {
		if c.PrinterWidth < 0 || c.PrinterWidth > 99 {
			return TLV{}, fmt.Errorf("zvtproto: printer width %d: %w", c.PrinterWidth, ErrRange)
		}
		t.Add(Primitive(TagPrinterWidth, byte(c.PrinterWidth/10<<4|c.PrinterWidth%10)))
	}
	if c.MaxAPDU != 0 {
		if c.MaxAPDU < 0 || c.MaxAPDU > MaxData {
			return TLV{}, fmt.Errorf("zvtproto: maximum APDU %d: %w", c.MaxAPDU, ErrRange)
		}
		t.Add(Primitive(TagMaxAPDU, byte(c.MaxAPDU>>8), byte(c.MaxAPDU)))
	}
	if c.HasCharset {
		t.Add(Constructed(TagCharsets, Primitive(TagCharset, byte(c.Charset))))
	}
	return t, nil
}

// ParseCapabilities reads what a registration says, skipping what is
// malformed.
func ParseCapabilities(t TLV) Capabilities {
	var c Capabilities
	list, _ := t.Find(TagCommands)
	for _, o := range list.Children {
		if o.Tag == TagCommand && len(o.Value) == 2 {
			c.Commands = append(c.Commands, Command(bigEndian(o.Value)))
		}
	}
	if v, ok := t.Value(TagPrinterWidth); ok {
		n, _ := parseBCD(v)
		c.PrinterWidth = int(min(n, 99))
	}
	if v, ok := t.Value(TagMaxAPDU); ok && len(v) <= 4 {
		c.MaxAPDU = int(min(bigEndian(v), MaxData))
	}
	if v, ok := t.Value(TagCharsets, TagCharset); ok && len(v) == 1 {
		c.Charset, c.HasCharset = Charset(v[0]), true
	}
	return c
}

// Takes says whether the register listed the command.
func (c Capabilities) Takes(cmd Command) bool {
	for _, listed := range c.Commands {
		if listed == cmd {
			return true
		}
	}
	return false
}
