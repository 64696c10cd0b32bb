package qr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/openecr/openecr/pos"
)

// Explanation is what a merchant-presented payload means, for people.
type Explanation struct {
	Valid    bool      `json:"valid"` // as strictly as was asked for
	Amount   string    `json:"amount,omitempty"`
	Items    []Item    `json:"items,omitempty"`
	Schemes  []Scheme  `json:"schemes,omitempty"`
	Problems []Problem `json:"problems,omitempty"` // the first that matters is the error
}

// Item is one object.
type Item struct {
	ID     string   `json:"id"`
	Name   string   `json:"name,omitempty"`
	Offset int      `json:"offset"`
	Length int      `json:"length"` // characters
	Value  string   `json:"value,omitempty"`
	Words  []string `json:"words,omitempty"`
	Items  []Item   `json:"items,omitempty"`
}

// Explain says what a payload means. What could be read is there even if it is
// not valid. profiles name what is in the templates; their rules count as those of EMVCo do.
func Explain(text string, o Options, profiles []Profile) Explanation {
	p, err := Parse(text, o)
	e := Explanation{Valid: err == nil, Schemes: p.Schemes(profiles), Problems: p.Problems}
	for i := range e.Schemes {
		for j := range e.Schemes[i].Problems {
			problem := e.Schemes[i].Problems[j]
			e.Problems = append(e.Problems, problem)
			e.Valid = e.Valid && (o.Lenient || problem.Severity > Violation)
		}
		e.Schemes[i].Problems = nil
	}
	names := map[int]string{} // by offset
	for _, s := range e.Schemes {
		for _, f := range s.Fields {
			names[f.Offset] = f.Name
		}
	}
	e.Items = p.items(0, 0, len(p.Objects), names)
	for i := range e.Schemes {
		e.tell(&e.Schemes[i])
		e.nest(&e.Schemes[i])
	}
	if m, err := p.Amount(); err == nil && e.Valid {
		e.Amount = m.String()
	} else if errors.Is(err, ErrNoAmount) && e.Valid {
		e.Amount = "typed by the customer"
	}
	return e
}

// items are the objects of one template.
func (p *Payload) items(template ID, from, to int, names map[int]string) (out []Item) {
	for i := from; i < to; {
		o := p.Objects[i]
		inside := p.Inside(i)
		item := Item{ID: o.ID.String(), Name: o.ID.name(), Offset: o.Offset, Length: utf8.RuneCountInString(o.Value), Value: o.Value}
		if o.Depth > 0 {
			item.Name = o.ID.subName(template)
		}
		if name := names[o.Offset]; name != "" && o.Depth > 0 {
			item.Name = name
		}
		if len(inside) > 0 {
			item.Value = ""
			item.Items = p.items(o.ID, i+1, i+1+len(inside), names)
		} else if o.Depth == 0 {
			item.Words = words(o)
		} else if o.Value == Ask && template == IDAdditional {
			item.Words = []string{"the app asks the customer"}
		}
		out = append(out, item)
		i += 1 + len(inside)
	}
	return out
}

// tell puts the scheme's name beside its template.
func (e *Explanation) tell(s *Scheme) {
	for i := range e.Items {
		if e.Items[i].ID == s.ID.String() {
			e.Items[i].Words = append(e.Items[i].Words, s.Name)
		}
	}
}

// nest puts what only the scheme knows to be objects into their template.
func (e *Explanation) nest(s *Scheme) {
	for _, f := range s.Fields {
		way := strings.Split(f.ID, "-")
		if len(way) != 3 {
			continue
		}
		for i := range e.Items {
			for j := range e.Items[i].Items {
				if in := &e.Items[i].Items[j]; e.Items[i].ID == way[0] && in.ID == way[1] {
					in.Value = ""
					in.Items = append(in.Items, Item{ID: way[2], Name: f.Name, Offset: f.Offset, Length: utf8.RuneCountInString(f.Value), Value: f.Value})
				}
			}
		}
	}
}

func words(o Object) []string {
	meaning := map[ID]map[string]string{
		IDInitiation: {"11": "static: for many payments", "12": "dynamic: for one payment"},
		IDTip:        {"01": "the app asks for a tip", "02": "a fixed fee is added", "03": "a percentage is added"},
		IDCategory:   {"0000": "not given"},
	}[o.ID][o.Value]
	if o.ID == IDCurrency {
		if n, err := strconv.Atoi(o.Value); err == nil {
			c, _ := pos.CurrencyByNumber(n)
			meaning = string(c)
		}
	}
	if meaning == "" {
		return nil
	}
	return []string{meaning}
}

// Wrong returns the problems that keep it from being valid under o.
func (e Explanation) Wrong(o Options) (wrong []Problem) {
	for _, p := range e.Problems {
		if p.Severity == Fatal || p.Severity == Violation && !o.Lenient {
			wrong = append(wrong, p)
		}
	}
	return wrong
}

// String is the explanation in lines.
func (e Explanation) String() string {
	var b strings.Builder
	lines(&b, e.Items, "")
	if e.Amount != "" {
		fmt.Fprintf(&b, "amount: %s\n", e.Amount)
	}
	return b.String()
}

func lines(b *strings.Builder, items []Item, indent string) {
	for _, i := range items {
		left := fmt.Sprintf("%4d  %s%s", i.Offset, indent, i.ID)
		if i.Name != "" {
			left += " " + i.Name
		}
		if i.Value != "" {
			left += ": " + shown(i.Value)
		}
		if len(i.Words) > 0 {
			left += " (" + strings.Join(i.Words, "; ") + ")"
		}
		fmt.Fprintln(b, left)
		lines(b, i.Items, indent+"  ")
	}
}

// shown keeps a value from moving the cursor of whoever reads it.
func shown(value string) string {
	if Any.holds(value) {
		return value
	}
	return strconv.Quote(value)
}
