package zvtproto

import "fmt"

// ReceiptLine is one line of a receipt, however it was sent.
type ReceiptLine struct {
	// Text is empty for a blank line.
	Text string `json:"text"`

	Centred      bool `json:"centred,omitempty"`
	DoubleWidth  bool `json:"double_width,omitempty"`
	DoubleHeight bool `json:"double_height,omitempty"`
	// Indent is 0 to 15 characters.
	Indent int `json:"indent,omitempty"`
	// Barcode stands instead of a text.
	Barcode *Barcode `json:"barcode,omitempty"`
	// Last ends a receipt; more lines belong to the next one.
	Last bool `json:"last,omitempty"`
}

// Barcode is tag E3 in a text block (P15 chapter 9).
type Barcode struct {
	Type    BarcodeType `json:"type"`
	Content string      `json:"content"`
}

// BarcodeType is tag 1F2E: 00 UPC-A to 08 EAN-128, 09 to 0C QR codes of error
// correction level L, M, Q and H.
type BarcodeType byte

// Kinds of barcode the documents' text names.
const (
	BarcodeUPCA   BarcodeType = 0x00
	BarcodeEAN128 BarcodeType = 0x08
	BarcodeQRL    BarcodeType = 0x09
	BarcodeQRM    BarcodeType = 0x0A
	BarcodeQRQ    BarcodeType = 0x0B
	BarcodeQRH    BarcodeType = 0x0C
)

// ReceiptType is tag 1F07: whose receipt it is (P15 chapter 9).
type ReceiptType byte

// Receipt types.
const (
	ReceiptMerchant       ReceiptType = 0x01
	ReceiptCustomer       ReceiptType = 0x02
	ReceiptAdministration ReceiptType = 0x03
)

// String is the type in English.
func (t ReceiptType) String() string {
	switch t {
	case ReceiptMerchant:
		return "merchant receipt"
	case ReceiptCustomer:
		return "customer receipt"
	case ReceiptAdministration:
		return "administration receipt"
	}
	return unknownCode(byte(t))
}

// ReceiptInfo is tag 1F37 (P15 chapter 9).
type ReceiptInfo byte

// Bits of ReceiptInfo. ReceiptMandatory: it must be printed.
const (
	ReceiptPositive      ReceiptInfo = 0x01
	ReceiptSignatureLine ReceiptInfo = 0x02
	ReceiptNegative      ReceiptInfo = 0x04
	ReceiptMandatory     ReceiptInfo = 0x80
)

// style puts the printing attributes of a line into the line.
func (l *ReceiptLine) style(a Attribute) {
	if a&0x80 != 0 {
		return // reserved, or no style but an end
	}
	l.Centred = a&AttributeCentred != 0
	l.DoubleWidth = a&AttributeDoubleWidth != 0
	l.DoubleHeight = a&AttributeDoubleHeight != 0
	l.Indent = int(a & AttributeIndent)
}

// attribute is the other way; ErrRange for an indentation above 15.
func (l *ReceiptLine) attribute() (Attribute, error) {
	if l.Indent < 0 || l.Indent > int(AttributeIndent) {
		return 0, fmt.Errorf("zvtproto: indentation of %d characters: %w", l.Indent, ErrRange)
	}
	a := Attribute(l.Indent)
	if l.Centred {
		a |= AttributeCentred
	}
	if l.DoubleWidth {
		a |= AttributeDoubleWidth
	}
	if l.DoubleHeight {
		a |= AttributeDoubleHeight
	}
	return a, nil
}

// endReceipt marks the last line, or adds a blank one that ends an empty
// receipt.
func endReceipt(lines []ReceiptLine) []ReceiptLine {
	if n := len(lines); n > 0 && !lines[n-1].Last {
		lines[n-1].Last = true
		return lines
	}
	return append(lines, ReceiptLine{Last: true})
}

// AppendLines appends what the message prints: one line, none, or the blank
// lines of a feed. A message without text that ends the receipt marks the
// line before it.
func (m *PrintLine) AppendLines(lines []ReceiptLine, cs Charset) []ReceiptLine {
	switch {
	case m.Attribute == AttributeFeed:
		count := byte(1)
		if len(m.Text) > 0 {
			count = m.Text[0]
		}
		return append(lines, make([]ReceiptLine, count)...)
	case m.Attribute.LastLine() && len(m.Text) == 0:
		return endReceipt(lines)
	}
	l := ReceiptLine{Text: cs.Decode(m.Text), Last: m.Attribute.LastLine()}
	l.style(m.Attribute)
	return append(lines, l)
}

// PrintLines turns a receipt into messages 06 D1. A last line is followed by
// an empty message that says so, since the attribute that ends a receipt has
// no room for a style.
//
// Errors: ErrFormat for a barcode, which 06 D1 cannot carry, or for a
// character that is not in the character set; ErrRange for the indentation.
func PrintLines(lines []ReceiptLine, cs Charset) ([]*PrintLine, error) {
	out := make([]*PrintLine, 0, len(lines)+1)
	for i := range lines {
		l := &lines[i]
		a, err := l.attribute()
		if err != nil {
			return nil, err
		}
		text, ok := cs.Append(nil, l.Text)
		if !ok || l.Barcode != nil {
			return nil, fmt.Errorf("zvtproto: receipt line %d: %w", i+1, ErrFormat)
		}
		out = append(out, &PrintLine{Attribute: a, Text: text})
		if l.Last {
			out = append(out, &PrintLine{Attribute: AttributeLastLine})
		}
	}
	return out, nil
}

// Charset is tag 14 of the block; without one the character set agreed at
// registration holds.
func (m *PrintText) Charset() (Charset, bool) {
	v, ok := m.tlvValue(TagCharset)
	if !ok || len(v) != 1 {
		return 0, false
	}
	return Charset(v[0]), true
}

// Type is tag 1F07.
func (m *PrintText) Type() (ReceiptType, bool) {
	v, ok := m.tlvValue(TagReceiptType)
	if !ok || len(v) != 1 {
		return 0, false
	}
	return ReceiptType(v[0]), true
}

// SetType sets tag 1F07.
func (m *PrintText) SetType(t ReceiptType) error {
	return m.setTag(Primitive(TagReceiptType, byte(t)))
}

// Info is tag 1F37.
func (m *PrintText) Info() (ReceiptInfo, bool) {
	v, ok := m.tlvValue(TagReceiptInfo)
	if !ok || len(v) != 1 {
		return 0, false
	}
	return ReceiptInfo(v[0]), true
}

// SetInfo sets tag 1F37.
func (m *PrintText) SetInfo(i ReceiptInfo) error {
	return m.setTag(Primitive(TagReceiptInfo, byte(i)))
}

// Lines reads tag 25. agreed is the character set of the registration; tag 14
// of the block goes before it. An attribute holds for the lines that follow
// it; one that ends the receipt marks the line before it and, inferred, takes
// back the style. Other objects in tag 25 are skipped.
func (m *PrintText) Lines(agreed Charset) []ReceiptLine {
	t, _ := m.TLV()
	cs := agreed
	if own, ok := m.Charset(); ok {
		cs = own
	}
	block, _ := t.Find(TagPrintTexts)
	var lines []ReceiptLine
	var a Attribute
	for _, o := range block.Children {
		switch {
		case o.Tag == TagAttribute && len(o.Value) == 1:
			a = Attribute(o.Value[0])
			if a&0x80 != 0 && a != AttributeReserved {
				lines, a = endReceipt(lines), 0
			}
		case o.Tag == TagTextLine:
			l := ReceiptLine{Text: cs.Decode(o.Value)}
			l.style(a)
			lines = append(lines, l)
		case o.Tag == TagBarcode:
			l := ReceiptLine{Barcode: parseBarcode(o, cs)}
			l.style(a)
			lines = append(lines, l)
		}
	}
	return lines
}

func parseBarcode(o Object, cs Charset) *Barcode {
	b := &Barcode{}
	for _, c := range o.Children {
		switch {
		case c.Tag == TagBarcodeType && len(c.Value) == 1:
			b.Type = BarcodeType(c.Value[0])
		case c.Tag == TagBarcodeContent:
			b.Content = cs.Decode(c.Value)
		}
	}
	return b
}

// SetLines sets tag 25, and tag 14 when the character set is not the default
// CP437.
//
// Errors: ErrFormat for a character that is not in the set or a barcode with
// a text, ErrRange for the indentation, ErrTooLong beyond what an object
// holds.
func (m *PrintText) SetLines(lines []ReceiptLine, cs Charset) error {
	block := Object{Tag: TagPrintTexts}
	var current Attribute
	for i := range lines {
		l := &lines[i]
		a, err := l.attribute()
		if err != nil {
			return err
		}
		if a != current {
			block.Children = append(block.Children, Primitive(TagAttribute, byte(a)))
			current = a
		}
		text, ok := cs.Append(nil, l.Text)
		if !ok || l.Barcode != nil && l.Text != "" {
			return fmt.Errorf("zvtproto: receipt line %d: %w", i+1, ErrFormat)
		}
		o := Primitive(TagTextLine, text...)
		if l.Barcode != nil {
			content, ok := cs.Append(nil, l.Barcode.Content)
			if !ok {
				return fmt.Errorf("zvtproto: barcode in receipt line %d: %w", i+1, ErrFormat)
			}
			o = Constructed(TagBarcode, Primitive(TagBarcodeType, byte(l.Barcode.Type)),
				Primitive(TagBarcodeContent, content...))
		}
		block.Children = append(block.Children, o)
		if l.Last {
			block.Children = append(block.Children, Primitive(TagAttribute, byte(AttributeLastLine)))
			current = 0
		}
	}
	t, ok := m.TLV()
	if !ok && m.Has(BMPTLV) {
		return &FieldError{BMP: BMPTLV, Offset: -1, Err: ErrFormat}
	}
	if cs != CharsetCP437 {
		t.Set(Primitive(TagCharset, byte(cs)))
	}
	t.Set(block)
	return m.SetTLV(t)
}

// Texts reads the lines of tag 24 of an intermediate status.
func (m *IntermediateStatus) Texts(cs Charset) []string {
	t, _ := m.TLV()
	block, _ := t.Find(TagDisplayTexts)
	var out []string
	for _, o := range block.Children {
		if o.Tag == TagTextLine {
			out = append(out, cs.Decode(o.Value))
		}
	}
	return out
}

// SetTexts sets tag 24; ErrFormat for a character that is not in the set.
func (m *IntermediateStatus) SetTexts(lines []string, cs Charset) error {
	block := Object{Tag: TagDisplayTexts}
	for i, l := range lines {
		v, ok := cs.Append(nil, l)
		if !ok {
			return fmt.Errorf("zvtproto: display line %d: %w", i+1, ErrFormat)
		}
		block.Children = append(block.Children, Primitive(TagTextLine, v...))
	}
	return m.setTag(block)
}
