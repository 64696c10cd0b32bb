package emv

import (
	"errors"
	"fmt"
	"strings"
)

// Explanation is what bytes mean, for people. Card numbers and tracks in it are
// masked, and what the dictionary does not know is not shown.
type Explanation struct {
	Items    []Item    `json:"items,omitempty"`
	Problems []Problem `json:"problems,omitempty"`
}

// Item is one data object, or one entry of a data object list.
type Item struct {
	Offset int      `json:"offset"`
	Tag    string   `json:"tag"`
	Name   string   `json:"name,omitempty"`
	Length int      `json:"length"`
	Value  string   `json:"value,omitempty"` // hex digits, or the mask
	Words  []string `json:"words,omitempty"`
	Items  []Item   `json:"items,omitempty"`
}

// Problem is what is wrong with the bytes.
type Problem struct {
	Offset int    `json:"offset"`
	Tag    string `json:"tag,omitempty"`
	Text   string `json:"text"`
}

// Explain says what a message means. rid is the scheme's; with 0 the AID in the
// message decides, if there is one. What could be read before a problem is there.
func Explain(data []byte, o Options, rid RID) Explanation {
	var e Explanation
	_, err := Parse(data, o)
	if err != nil {
		e.Problems = append(e.Problems, problem(err, 0, 0))
		o.partial = true
	}
	list, _ := Parse(data, o)
	if rid == 0 {
		rid = list.RID()
	}
	d := describer{rid: rid}
	if v, ok := list.Find(TagCurrency); ok {
		number, err := decodeDigits(v)
		if err == nil {
			d.currency = int(number)
		}
	}
	e.Items, _ = e.items(list, d, 0)
	return e
}

// items takes the objects of one depth, each with what it holds.
func (e *Explanation) items(list Objects, d describer, depth int) (out []Item, rest Objects) {
	for len(list) > 0 && list[0].Depth >= depth {
		o := list[0]
		list = list[1:]
		item := e.item(o, d)
		item.Items, list = e.items(list, d, depth+1)
		out = append(out, item)
	}
	return out, list
}

func (e *Explanation) item(o Object, d describer) Item {
	entry, known := LookupSized(o.Tag, d.rid, len(o.Value))
	item := Item{Offset: o.Offset, Tag: o.Tag.String(), Name: entry.Name, Length: len(o.Value)}
	if !o.Tag.Constructed() {
		item.Value, _ = shown(o.Tag, o.Value)
	}
	words, err := d.describe(o.Tag, o.Value)
	item.Words = words
	switch {
	case err != nil:
		e.Problems = append(e.Problems, problem(err, o.Offset, o.Tag))
	case known && !entry.Fits(len(o.Value)):
		item.Words = append(item.Words, "of unusual length: "+sizes(entry, len(o.Value)))
	}
	return item
}

func sizes(e Entry, got int) string {
	switch {
	case e.Max == 0:
		return fmt.Sprintf("%s, where at least %d belong", bytesOf(got), e.Min)
	case e.Min == e.Max:
		return fmt.Sprintf("%s, where %d belong", bytesOf(got), e.Min)
	}
	return fmt.Sprintf("%s, where %d to %d belong", bytesOf(got), e.Min, e.Max)
}

// problem says an error in the offsets of the whole message.
func problem(err error, offset int, tag Tag) Problem {
	p := Problem{Offset: offset, Text: strings.TrimPrefix(err.Error(), "emv: ")}
	var syntax *SyntaxError
	switch {
	case tag != 0:
		p.Tag = tag.String()
		p.Text = strings.TrimSuffix(p.Text, " (tag "+p.Tag+")")
		p.Text = strings.TrimPrefix(strings.TrimPrefix(p.Text, "emv: "), "not a value of its tag: ")
	case errors.As(err, &syntax):
		p.Offset, p.Text = syntax.Offset, syntax.Err.Error()
		if syntax.Tag != 0 {
			p.Tag = syntax.Tag.String()
		}
	}
	return p
}

// String says where and what: byte 7, tag 9F36: it ends too early.
func (p Problem) String() string {
	if p.Tag == "" {
		return fmt.Sprintf("byte %d: %s", p.Offset, p.Text)
	}
	return fmt.Sprintf("byte %d, tag %s: %s", p.Offset, p.Tag, p.Text)
}

// ExplainDOL says what a data object list asks for.
func ExplainDOL(list []byte) Explanation {
	var e Explanation
	d, err := ParseDOL(list)
	for _, entry := range d {
		known, _ := LookupSized(entry.Tag, 0, entry.Length)
		e.Items = append(e.Items, Item{Offset: entry.Offset, Tag: entry.Tag.String(), Name: known.Name, Length: entry.Length})
	}
	if err != nil {
		e.Problems = append(e.Problems, problem(err, 0, 0))
	}
	return e
}

// String prints a line for each object, its words below it, and the problems.
func (e Explanation) String() string {
	var s strings.Builder
	for _, i := range e.Items {
		i.write(&s, 0)
	}
	for _, p := range e.Problems {
		fmt.Fprintf(&s, "  problem at %s\n", p)
	}
	return s.String()
}

func (i Item) write(s *strings.Builder, depth int) {
	indent := strings.Repeat("  ", depth)
	fmt.Fprintf(s, "%s%6d  %s", indent, i.Offset, strings.TrimSpace(i.Tag+" "+i.Name))
	switch {
	case i.Value != "":
		s.WriteString(": " + i.Value)
	case len(i.Items) == 0 && i.Length == 0:
		s.WriteString(": empty")
	case len(i.Items) == 0:
		s.WriteString(": " + bytesOf(i.Length))
	}
	if len(i.Words) == 1 {
		s.WriteString(", " + i.Words[0])
	}
	s.WriteString("\n")
	if len(i.Words) > 1 {
		for _, w := range i.Words {
			fmt.Fprintf(s, "%s          %s\n", indent, w)
		}
	}
	for _, inside := range i.Items {
		inside.write(s, depth+1)
	}
}
