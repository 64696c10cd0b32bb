package cupproto

import (
	"errors"
	"fmt"
	"strings"
)

// Explanation is a body in words, secrets masked: what a decode tool shows.
type Explanation struct {
	Length int `json:"length"` // of the body in bytes, without length prefix
	// Prefixed says that a length prefix stood in front; offsets count from behind it.
	Prefixed bool   `json:"length_prefix"`
	TPDU     string `json:"tpdu,omitempty"`
	// Header is the twelve digits, HeaderWords what they say.
	Header      string `json:"header,omitempty"`
	HeaderWords string `json:"header_words,omitempty"`
	MTI         string `json:"mti"`
	// Kind is the transaction, "" if the table has none, Chinese its name; Reply says
	// that this is the host's answer to one.
	Kind    TransactionKind `json:"kind,omitempty"`
	Chinese string          `json:"chinese,omitempty"`
	Reply   bool            `json:"reply"`
	Fields  []Item          `json:"fields"`
	// Problems are what is wrong with the body; see Err.
	Problems []Problem `json:"problems,omitempty"`
}

// Item is a field, or a part of one.
type Item struct {
	Field   int    `json:"field,omitempty"` // 0 of a part
	ID      string `json:"id,omitempty"`    // of a part: "60.2", "A3", "9F26"
	Chinese string `json:"chinese,omitempty"`
	English string `json:"english,omitempty"`
	// Offset counts from the first byte of the body and Size includes the length
	// prefix; fields only.
	Offset int `json:"offset,omitempty"`
	Size   int `json:"size,omitempty"`
	// Value is digits or text, else hexadecimal; * is a character that is not shown.
	Value   string `json:"value"`
	Meaning string `json:"meaning,omitempty"`
	Parts   []Item `json:"parts,omitempty"`
}

// Problem is something wrong with the body.
type Problem struct {
	Field  int    `json:"field"` // or one of the Part constants
	Offset int    `json:"offset"`
	Text   string `json:"text"`
	err    error
}

// Describe takes bytes apart, with or without length prefix, TPDU and header, which
// it finds out itself. It explains what it can of damaged ones.
func Describe(b []byte) Explanation {
	g, ok := guess(b)
	if !ok {
		e := Explanation{Length: len(b), Fields: []Item{}}
		e.problem(&Error{Field: PartMTI, Offset: 0, Err: malformed("there is no message type here, with or without length, TPDU and header")})
		return e
	}
	e := g.profile.Describe(b[g.length:])
	e.Prefixed = g.length > 0
	return e
}

// Describe takes a body of a known profile apart.
func (p Profile) Describe(body []byte) Explanation {
	e := Explanation{Length: len(body), Fields: []Item{}}
	if err := p.check(); err != nil {
		e.problem(err)
		return e
	}
	f, at, err := p.readBefore(body)
	if err != nil {
		e.problem(err)
		if at = p.before(); len(body) < at {
			return e
		}
		f = &Frame{}
	}
	if !p.NoTPDU {
		e.TPDU = f.TPDU.String()
	}
	if !p.NoHeader && err == nil {
		e.Header, e.HeaderWords = f.Header.Digits(), f.Header.words()
	}
	places, m, fault := walk(p.Layout, body, at)
	defer m.Clear()
	e.MTI = m.MTI
	if t, ok := Identify(m); ok {
		e.Kind, e.Chinese, e.Reply = t.Kind, t.Chinese, m.MTI != t.RequestMTI
	}
	for _, s := range places {
		if s.field > PartBitmap {
			e.Fields = append(e.Fields, m.item(s))
		}
	}
	if fault != nil {
		e.problem(fault)
	}
	return e
}

func (e *Explanation) problem(err error) {
	var at *Error
	if errors.As(err, &at) {
		e.Problems = append(e.Problems, Problem{Field: at.Field, Offset: at.Offset, Text: partName(at.Field) + ": " + at.Err.Error(), err: err})
	}
}

// Err joins the problems; nil when there are none.
func (e Explanation) Err() error {
	var all []error
	for _, p := range e.Problems {
		all = append(all, p.err)
	}
	return errors.Join(all...)
}

func (h Header) words() string {
	class := map[int]string{ClassStripe: "stripe cards", ClassChip: "chip cards"}[h.Class]
	return fmt.Sprintf("class %d %s, spec %02d, state %d, the host asks for %v, version %06d", h.Class, orText(class, "value-added"), h.SpecVersion, h.State, h.Request, h.Sub)
}

// item explains a field.
func (m *Message) item(s place) Item {
	zh, en := FieldName(s.field)
	return Item{Field: s.field, Chinese: zh, English: en, Offset: s.offset, Size: s.size, Value: m.shown(s.field, s.value),
		Meaning: m.meaning(s.field, s.value), Parts: m.parts(s.field, s.value)}
}

// String is the explanation as lines of text.
func (e Explanation) String() string {
	var b strings.Builder
	side := "request"
	if e.Reply {
		side = "reply"
	}
	if e.Kind == "" {
		fmt.Fprintf(&b, "%s unknown transaction, %d bytes\n", orText(e.MTI, "----"), e.Length)
	} else {
		fmt.Fprintf(&b, "%s %s, %s %s, %d bytes\n", e.MTI, side, e.Kind, e.Chinese, e.Length)
	}
	if e.TPDU != "" {
		fmt.Fprintf(&b, "  TPDU %s\n", e.TPDU)
	}
	if e.Header != "" {
		fmt.Fprintf(&b, "  header %s: %s\n", e.Header, e.HeaderWords)
	}
	for _, i := range e.Fields {
		i.write(&b, 1)
	}
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "  problem at byte %d: %s\n", p.Offset, p.Text)
	}
	return b.String()
}

func (i Item) write(b *strings.Builder, depth int) {
	b.WriteString(strings.Repeat("  ", depth))
	id := i.ID
	if i.Field > 0 {
		id = fmt.Sprintf("%2d", i.Field)
	}
	name := strings.TrimSpace(i.Chinese + " " + i.English)
	fmt.Fprintf(b, "%s%s: %s", id, strings.TrimRight(" "+name, " "), i.Value)
	if i.Meaning != "" {
		fmt.Fprintf(b, "  (%s)", i.Meaning)
	}
	b.WriteByte('\n')
	for _, p := range i.Parts {
		p.write(b, depth+2)
	}
}
