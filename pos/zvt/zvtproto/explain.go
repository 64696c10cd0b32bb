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
	// Hex is the whole APDU; two stars stand for a masked byte, one for a masked nibble.
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
	// Hex is the value, with stars for what is masked; a container has Items instead.
	Hex string `json:"hex,omitempty"`
	// Value is the meaning in words.
	Value string `json:"value,omitempty"`
	// Amount is the value of an amount, and the sum of totals.
	Amount *ItemAmount `json:"amount,omitempty"`
	// CurrencyAssumed says that the APDU names no currency, so that the euro is meant.
	CurrencyAssumed bool `json:"currency_assumed,omitempty"`
	// Code is a result code in hexadecimal, and Meaning what it says.
	Code    string `json:"code,omitempty"`
	Meaning string `json:"meaning,omitempty"`
	Items   []Item `json:"items,omitempty"`
}

// ItemAmount is money in minor units. Currency is the three letters, or the
// number for a currency this package does not list.
type ItemAmount struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

// Undecoded is the name of an Item of bytes that could not be read.
const Undecoded = "undecoded"

// Explain takes an APDU apart. It explains what it can of a damaged one.
func Explain(apdu []byte, dir Direction) Explanation {
	own := bytes.Clone(apdu)
	d := dissect(own, dir)
	digits := starred(d)
	maskNodes(d.nodes)
	e := Explanation{
		Direction: d.dir, Guessed: d.guessed, Name: "unknown command",
		DataLength: d.end - d.dataAt, Hex: spaced(digits), Problems: d.problems,
	}
	if len(own) >= 2 {
		e.Command = fmt.Sprintf("%02X %02X", own[0], own[1])
		if d.known {
			e.Name = d.command.Name()
		}
	}
	if d.command.Class() == 0x84 {
		code := ResultCode(d.command.Instr())
		e.Items = append(e.Items, Item{Offset: 1, Size: 1, Name: "code", Hex: fmt.Sprintf("%02X", byte(code)),
			Value: responseCode(code), Code: fmt.Sprintf("%02X", byte(code)), Meaning: responseCode(code)})
	}
	x := explainer{d: d, digits: digits, currency: EUR, assumed: true}
	for i := range d.nodes {
		if d.nodes[i].bmp == BMPCurrency && d.nodes[i].part == 0 {
			if c, err := ParseCurrency(d.nodes[i].value); err == nil && c != 0 {
				x.currency, x.assumed = c, false
			}
		}
	}
	e.Items = append(e.Items, x.items(d.nodes)...)
	e.Items = append(e.Items, x.undecoded(d.unread, d.end)...)
	e.Items = append(e.Items, x.undecoded(d.end, len(own))...)
	return e
}

// undecoded is the item of bytes that nobody could read.
func (x *explainer) undecoded(from, to int) []Item {
	if from >= to {
		return nil
	}
	return []Item{{Offset: from, Size: to - from, Name: Undecoded, Hex: x.hex(from, to)}}
}

// hex is a piece of the APDU, with stars.
func (x *explainer) hex(from, to int) string { return spaced(x.digits[2*from : 2*to]) }

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

// spaced writes two hexadecimal digits a byte.
func spaced(digits []byte) string {
	out := make([]byte, 0, len(digits)/2*3)
	for i := 0; i+1 < len(digits); i += 2 {
		if i > 0 {
			out = append(out, ' ')
		}
		out = append(out, digits[i], digits[i+1])
	}
	return string(out)
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
		if i.Code != "" {
			b.WriteString(": " + i.Code + " " + i.Meaning)
		} else if i.Value != "" {
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
	digits   []byte // of the whole APDU, with stars
	currency Currency
	assumed  bool // the APDU names no currency
}

func (x *explainer) items(nodes []node) []Item {
	var out []Item
	for i := range nodes {
		n := &nodes[i]
		item := Item{Offset: n.offset, Size: n.size}
		encoding := EncodingBinary
		switch {
		case n.isTag:
			item.ID = fmt.Sprintf("tag %02X", uint32(n.tag))
			item.Name = n.tag.Name()
			info, known := n.tag.Info()
			item.Value = x.describeTag(info, known, n)
			encoding = info.Encoding
		case n.part != 0:
			item.Name = n.part.String()
			item.Value = x.describePart(n.part, n.value)
			if n.part == partResult {
				encoding = EncodingResult
			}
		default:
			item.ID = fmt.Sprintf("BMP %02X", byte(n.bmp))
			item.Name = n.bmp.Name()
			item.Value = x.describeBMP(n.bmp, n.value)
			info, _ := n.bmp.Info()
			encoding = info.Encoding
		}
		x.addFields(&item, encoding, n.value)
		if item.Items = x.items(n.children); len(item.Items) == 0 {
			item.Hex = x.hex(n.offset+n.size-len(n.value), n.offset+n.size)
		}
		out = append(out, item)
	}
	return out
}

// addFields gives programs what Value says in words.
func (x *explainer) addFields(item *Item, e Encoding, v []byte) {
	switch e {
	case EncodingResult:
		if len(v) == 1 {
			item.Code, item.Meaning = fmt.Sprintf("%02X", v[0]), ResultCode(v[0]).String()
		}
		return
	case EncodingAmount:
		a, ok := parseBCD(v)
		if !ok {
			return
		}
		item.Amount = &ItemAmount{Minor: int64(a)}
	case EncodingTotals:
		t, err := ParseTotals(v)
		if err != nil {
			return
		}
		_, sum := t.Sum()
		item.Amount = &ItemAmount{Minor: int64(sum)}
	default:
		return
	}
	item.Amount.Currency = x.currency.String()
	if item.CurrencyAssumed = x.assumed; x.assumed {
		item.Value += ", currency not named, " + item.Amount.Currency + " assumed"
	}
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
