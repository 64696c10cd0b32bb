package qr

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Part is one object of a profile's template, or one stretch of a primitive.
type Part struct {
	ID       ID // of the object; in a primitive its place
	Name     string
	Form     Form
	Min, Max int // characters; Max 0 is no limit
	Required bool
	Begins   string   // what the value begins with
	OneOf    []string // the values there are; nil is any
	Parts    []Part   // what the value holds, when it is a template itself
}

// Profile is how one scheme uses one template: plain data, which a shop may
// change and add to.
type Profile struct {
	Name    string // such as "PromptPay"
	Country string // ISO 3166-1 alpha-2; "" is anywhere
	// First and Last are the IDs of the root it stands at.
	First, Last ID
	// GUID is what object 00 holds, in any case; * stands for any characters but
	// a slash. "" with Fixed is a primitive.
	GUID  string
	Fixed bool // Parts follow each other without IDs
	Parts []Part
	// Any lists parts of which at least one must be there.
	Any []ID
	// Currencies are numbers of ISO 4217; nil is any.
	Currencies []string
	// Whole says that amounts have no decimals.
	Whole bool
	// Single marks rules known from one source only: breaking them is a Note.
	Single bool
	Source string
}

// between says a range.
func between(low, high int) string {
	switch {
	case high == 0:
		return fmt.Sprintf("at least %d", low)
	case low == high:
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

// SchemeField is one value a profile names.
type SchemeField struct {
	ID     string `json:"id"` // "29-01"
	Name   string `json:"name"`
	Offset int    `json:"offset"`
	Value  string `json:"value"`
}

// Scheme is a profile found in a payload.
type Scheme struct {
	Profile  *Profile      `json:"-"`
	Name     string        `json:"name"`
	ID       ID            `json:"id"` // where in the root
	Fields   []SchemeField `json:"fields,omitempty"`
	Problems []Problem     `json:"problems,omitempty"`
}

// Schemes finds profiles in a payload and checks their rules. The first profile
// that fits a template holds.
func (p *Payload) Schemes(profiles []Profile) []Scheme {
	var found []Scheme
	for i := range p.Objects {
		o := &p.Objects[i]
		if o.Depth > 0 || !o.ID.account() && o.ID < FirstUnreserved {
			continue
		}
		for j := range profiles {
			if f := &profiles[j]; f.fits(p, i) {
				found = append(found, f.read(p, i))
				break
			}
		}
	}
	return found
}

// fits reports whether object i of the payload follows the profile.
func (f *Profile) fits(p *Payload, i int) bool {
	o := &p.Objects[i]
	if o.ID < f.First || o.ID > f.Last || f.Country != "" && p.Value(IDCountry) != f.Country {
		return false
	}
	if f.GUID == "" {
		return f.Fixed
	}
	for _, in := range p.Inside(i) {
		if in.ID == IDGUID && in.Depth == o.Depth+1 {
			ok, err := path.Match(strings.ToUpper(f.GUID), strings.ToUpper(in.Value))
			return ok && err == nil
		}
	}
	return false
}

// read takes the values out and checks them.
func (f *Profile) read(p *Payload, i int) Scheme {
	o := p.Objects[i]
	r := schemeReader{scheme: Scheme{Profile: f, Name: f.Name, ID: o.ID}}
	if f.Fixed {
		r.fixed(o)
	} else {
		r.objects(o.ID.String(), o.Offset, p.Inside(i), f.Parts)
		r.any(o)
	}
	r.money(p)
	return r.scheme
}

type schemeReader struct{ scheme Scheme }

func (r *schemeReader) wrong(id, name string, offset int, detail string, args ...any) {
	severity := Violation
	if r.scheme.Profile.Single {
		severity = Note
	}
	r.scheme.Problems = append(r.scheme.Problems, Problem{ID: id, Name: name, Offset: offset, Severity: severity,
		Err: ErrProfile, Text: says(ErrProfile, r.scheme.Name+": "+detail, args...)})
}

// fixed cuts a primitive at the widths of its parts.
func (r *schemeReader) fixed(o Object) {
	want := 0
	for _, part := range r.scheme.Profile.Parts {
		want += part.Max
	}
	if n := len(o.Value); n != want {
		r.wrong(o.ID.String(), o.ID.name(), o.Offset, "%d characters, where %d belong", n, want)
		return
	}
	at := 0
	for _, part := range r.scheme.Profile.Parts {
		r.value(o.ID.String(), part, o.Offset+4+at, o.Value[at:at+part.Max])
		at += part.Max
	}
}

// objects checks what a template holds.
func (r *schemeReader) objects(within string, offset int, inside []Object, parts []Part) {
	for _, part := range parts {
		i := slices.IndexFunc(inside, func(o Object) bool { return o.ID == part.ID })
		id := within + "-" + part.ID.String()
		if i >= 0 {
			r.value(id, part, inside[i].Offset, inside[i].Value)
			continue
		}
		if part.Required {
			r.wrong(id, part.Name, offset, "it is missing")
		}
	}
}

func (r *schemeReader) value(id string, part Part, offset int, value string) {
	r.scheme.Fields = append(r.scheme.Fields, SchemeField{ID: id, Name: part.Name, Offset: offset, Value: value})
	n := utf8.RuneCountInString(value)
	switch {
	case n < part.Min || part.Max > 0 && n > part.Max:
		r.wrong(id, part.Name, offset, "%d characters, where %s belong", n, between(part.Min, part.Max))
	case !part.Form.holds(value):
		r.wrong(id, part.Name, offset, "%q is not %s", value, part.Form)
	case !strings.HasPrefix(value, part.Begins):
		r.wrong(id, part.Name, offset, "%q does not begin with %s", value, part.Begins)
	case part.OneOf != nil && !slices.Contains(part.OneOf, value):
		r.wrong(id, part.Name, offset, "%q is none of %s", value, strings.Join(part.OneOf, ", "))
	}
	if part.Parts != nil {
		r.nested(id, offset, value, part.Parts)
	}
}

// nested reads a template that only the scheme knows to be one.
func (r *schemeReader) nested(id string, offset int, value string, parts []Part) {
	s := scanner{p: &Payload{Text: value}, wide: !ascii(value), last: math.MaxInt} // no byte is known to be ASCII
	for at := 0; at < len(value); {
		end, ok := s.object(value, offset+4, at, 1, 0, &s.seen)
		if !ok {
			break
		}
		at = end
	}
	for _, p := range s.p.Problems {
		r.wrong(id, "", p.Offset, "%s", p.Text)
	}
	r.objects(id, offset, s.p.Objects, parts)
}

func (r *schemeReader) any(o Object) {
	want := r.scheme.Profile.Any
	if want == nil {
		return
	}
	var names []string
	for _, id := range want {
		full := o.ID.String() + "-" + id.String()
		if slices.ContainsFunc(r.scheme.Fields, func(f SchemeField) bool { return f.ID == full }) {
			return
		}
		names = append(names, full)
	}
	r.wrong(o.ID.String(), o.ID.name(), o.Offset, "one of %s must be there", strings.Join(names, ", "))
}

// money checks currency and decimals.
func (r *schemeReader) money(p *Payload) {
	f := r.scheme.Profile
	if i, ok := p.find([]ID{IDCurrency}); ok && f.Currencies != nil && !slices.Contains(f.Currencies, p.Objects[i].Value) {
		o := p.Objects[i]
		r.wrong(o.ID.String(), o.ID.name(), o.Offset, "currency %s, where %s belongs", o.Value, strings.Join(f.Currencies, " or "))
	}
	if i, ok := p.find([]ID{IDAmount}); ok && f.Whole && strings.Contains(p.Objects[i].Value, ".") {
		o := p.Objects[i]
		r.wrong(o.ID.String(), o.ID.name(), o.Offset, "amounts have no decimals")
	}
}
