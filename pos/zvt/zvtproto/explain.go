package zvtproto

import (
	"bytes"
	"fmt"
	"strings"
)

// Explanation is an APDU in words, secrets masked: what a decode tool shows.
type Explanation struct {
	// Direction given, or guessed from the control field when Guessed.
	Direction Direction `json:"direction"`
	Guessed   bool      `json:"guessed,omitempty"`
	// Command is the control field, as "06 01".
	Command string `json:"command"`
	Name    string `json:"name"`
	// DataLength is the number of data bytes that are there.
	DataLength int `json:"data_length"`
	// Hex is the whole APDU, masked.
	Hex   string `json:"hex"`
	Items []Item `json:"items,omitempty"`
	// Problems are what is wrong with the APDU; see Err.
	Problems []Problem `json:"problems,omitempty"`
}

// Item is one part of an APDU.
type Item struct {
	// Offset counts from the first byte of the APDU, Size includes number
	// and length.
	Offset int `json:"offset"`
	Size   int `json:"size"`
	// ID is "BMP 04" or "tag 1F10"; a part without a number has none.
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	// Hex is the value, masked; a container has Items instead.
	Hex string `json:"hex,omitempty"`
	// Value is the meaning in words.
	Value string `json:"value,omitempty"`
	Items []Item `json:"items,omitempty"`
}

// Explain takes an APDU apart. It explains what it can of a damaged one.
func Explain(apdu []byte, dir Direction) Explanation {
	own := bytes.Clone(apdu)
	d := dissect(own, dir)
	maskNodes(d.nodes)
	clear(own[min(d.unread, d.end):]) // what could not be read may be anything
	e := Explanation{
		Direction: d.dir, Guessed: d.guessed, Name: "unknown command",
		DataLength: d.end - d.dataAt, Hex: spacedHex(own), Problems: d.problems,
	}
	if len(own) >= 2 {
		e.Command = fmt.Sprintf("%02X %02X", own[0], own[1])
		if d.known {
			e.Name = d.command.Name()
		}
	}
	if d.command.Class() == 0x84 {
		code := ResultCode(d.command.Instr())
		e.Items = append(e.Items, Item{Offset: 1, Size: 1, Name: "code", Hex: fmt.Sprintf("%02X", byte(code)), Value: responseCode(code)})
	}
	x := explainer{d: d, currency: EUR}
	for i := range d.nodes {
		if d.nodes[i].bmp == BMPCurrency && d.nodes[i].part == 0 {
			if c, err := ParseCurrency(d.nodes[i].value); err == nil {
				x.currency = c
			}
		}
	}
	e.Items = append(e.Items, x.items(d.nodes)...)
	return e
}

// responseCode names what 84 xx says, which for three codes differs from the
// same result code.
func responseCode(c ResultCode) string {
	switch c {
	case 0:
		return "positive, the same as 80 00"
	case CodeNotIssuedYet:
		return "please wait; of a register: goods not issued yet"
	case CodePartialIssue:
		return "goods issued in part"
	}
	return c.String()
}

func spacedHex(b []byte) string { return fmt.Sprintf("% X", b) }

// Err joins the problems; nil when there are none.
func (e Explanation) Err() error { return joinProblems(e.Problems) }

// String is the explanation as lines of text.
func (e Explanation) String() string {
	var b strings.Builder
	guess := ""
	if e.Guessed {
		guess = " (guessed)"
	}
	fmt.Fprintf(&b, "%s %s, %v%s, %d data bytes\n", e.Command, e.Name, e.Direction, guess, e.DataLength)
	writeItems(&b, e.Items, 1)
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "  problem at byte %d: %s\n", p.Offset, p.Text)
	}
	return b.String()
}

func writeItems(b *strings.Builder, items []Item, depth int) {
	for _, i := range items {
		fmt.Fprintf(b, "%s%4d  ", strings.Repeat("  ", depth), i.Offset)
		if i.ID != "" {
			b.WriteString(i.ID + " ")
		}
		b.WriteString(i.Name)
		if i.Value != "" {
			b.WriteString(": " + i.Value)
		} else if i.Hex != "" {
			b.WriteString(": " + i.Hex)
		}
		b.WriteByte('\n')
		writeItems(b, i.Items, depth+1)
	}
}

// explainer puts the nodes of one APDU into words. The nodes are masked
// already.
type explainer struct {
	d        *dissection
	currency Currency
}

func (x *explainer) items(nodes []node) []Item {
	var out []Item
	for i := range nodes {
		n := &nodes[i]
		item := Item{Offset: n.offset, Size: n.size}
		switch {
		case n.isTag:
			item.ID = fmt.Sprintf("tag %02X", uint32(n.tag))
			item.Name = n.tag.Name()
			info, known := n.tag.Info()
			item.Value = x.describeTag(info, known, n)
		case n.part != 0:
			item.Name = n.part.String()
			item.Value = x.describePart(n.part, n.value)
		default:
			item.ID = fmt.Sprintf("BMP %02X", byte(n.bmp))
			item.Name = n.bmp.Name()
			item.Value = x.describeBMP(n.bmp, n.value)
		}
		if item.Items = x.items(n.children); len(item.Items) == 0 {
			item.Hex = spacedHex(n.value)
		}
		out = append(out, item)
	}
	return out
}

func (x *explainer) describePart(p part, v []byte) string {
	switch p {
	case partPassword, partOptionalPassword:
		return Password("x").String()
	case partConfig:
		return Config(v[0]).String()
	case partCurrency, partAbortCurrency:
		return describe(EncodingCurrency, v, x.currency)
	case partResult:
		return ResultCode(v[0]).String()
	case partReceiptNumber, partReceiptNumberTo:
		return string(appendNibbles(nil, v))
	case partTimeout:
		return fmt.Sprint(v[0])
	case partIntermediate:
		return Intermediate(v[0]).String()
	case partMinutes:
		return string(appendNibbles(nil, v))
	case partAttribute:
		return Attribute(v[0]).String()
	case partText:
		return fmt.Sprintf("%q", CharsetCP437.Decode(v))
	case partVersion:
		return CharsetCP437.Decode(v)
	case partState:
		return TerminalState(v[0]).String()
	case partBaud:
		return BaudRate(v[0]).String()
	}
	return Opaque(v).String()
}

func (x *explainer) describeBMP(b BMP, v []byte) string {
	info, _ := b.Info()
	switch {
	case b == BMPPaymentType && len(v) == 1:
		switch {
		case x.d.command == CmdCompletion:
			return describeStatusByte(v[0])
		case x.d.command == CmdReadCard:
			return fmt.Sprintf("card type %02X", v[0])
		case x.d.dir == ToRegister:
			return PaymentType(v[0]).Reported()
		}
		return PaymentType(v[0]).Requested()
	case b == BMPReceiptNumber && bytes.Equal(v, []byte{0xFF, 0xFF}):
		return "none"
	case info.Secret && info.Encoding != EncodingPAN:
		return fmt.Sprintf("[%d secret bytes]", len(v))
	case info.Encoding == EncodingBinary && info.Size == 1 && len(v) == 1:
		return fmt.Sprint(v[0])
	case b == BMPCardName:
		v, _, _ = bytes.Cut(v, []byte{0})
	case b == BMPAuthorisationID || b == BMPVUNumber:
		v = bytes.TrimRight(v, " \x00")
	}
	return describe(info.Encoding, v, x.currency)
}

// describe puts a value of an encoding into words; "" leaves the hexadecimal
// to speak.
func describe(e Encoding, v []byte, c Currency) string {
	switch e {
	case EncodingAmount:
		if a, ok := parseBCD(v); ok {
			return fmt.Sprintf("%s (%d minor units)", Amount(a).describe(c), a)
		}
	case EncodingCurrency:
		if n, err := ParseCurrency(v); err == nil {
			return fmt.Sprintf("%s (%d)", n, uint16(n))
		}
	case EncodingASCII, EncodingText:
		return fmt.Sprintf("%q", CharsetCP437.Decode(v))
	case EncodingPAN:
		return parsePAN(v).String()
	case EncodingTime:
		if _, ok := parseBCD(v); ok && len(v) == 3 {
			return fmt.Sprintf("%02X:%02X:%02X", v[0], v[1], v[2])
		}
	case EncodingDate:
		if _, ok := parseBCD(v); !ok {
			return ""
		}
		switch len(v) {
		case 2:
			return fmt.Sprintf("month %02X, day %02X", v[0], v[1])
		case 3:
			return fmt.Sprintf("20%02X-%02X-%02X", v[0], v[1], v[2])
		case 4:
			return fmt.Sprintf("%02X%02X-%02X-%02X", v[0], v[1], v[2], v[3])
		}
	case EncodingBCD:
		return string(appendNibbles(nil, v))
	case EncodingResult:
		if len(v) == 1 {
			return ResultCode(v[0]).String()
		}
	case EncodingCardType:
		if len(v) <= 2 && len(v) > 0 {
			return CardType(bigEndian(v)).String()
		}
	case EncodingTotals:
		if t, err := ParseTotals(v); err == nil {
			return t.describe(c)
		}
	}
	return ""
}

func (t Totals) describe(c Currency) string {
	count, sum := t.Sum()
	s := fmt.Sprintf("%d payments, %s", count, sum.describe(c))
	for i, g := range t.groups() {
		if g.Count != 0 || g.Sum != 0 {
			s += fmt.Sprintf("; %s %d, %s", totalNames[i], g.Count, g.Sum.describe(c))
		}
	}
	return s
}

func (x *explainer) describeTag(info TagInfo, known bool, n *node) string {
	v := n.value
	switch {
	case n.tag.Constructed():
		if len(n.children) == 0 && len(v) > 0 {
			return Opaque(v).String()
		}
		return ""
	case !known:
		return ""
	case info.Secret:
		return fmt.Sprintf("[%d secret bytes]", len(v))
	case n.tag == TagCommand && len(v) == 2:
		return Command(bigEndian(v)).String()
	case len(v) != 1:
		return describe(info.Encoding, v, x.currency)
	}
	switch n.tag {
	case TagAttribute:
		return Attribute(v[0]).String()
	case TagCharset:
		return Charset(v[0]).String()
	case TagAuthentication:
		return Authentication(v[0]).String()
	case TagTechnology:
		return Technology(v[0]).String()
	case TagOnline:
		return map[byte]string{0: "offline", 1: "online"}[v[0]]
	case TagReceiptType:
		return ReceiptType(v[0]).String()
	case TagReceiptInfo:
		return ReceiptInfo(v[0]).String()
	}
	return describe(info.Encoding, v, x.currency)
}
