package emv

import (
	"cmp"
	"slices"
	"strings"
)

// Format is how a value is written (B3, 4.3).
type Format uint8

// The formats. n is right justified BCD, cn left justified BCD with F behind,
// a, an and ans are text.
const (
	FormatB Format = iota
	FormatN
	FormatCN
	FormatA
	FormatAN
	FormatANS
	FormatTemplate
)

// String returns the word of the books: n, cn, an ...
func (f Format) String() string {
	names := [...]string{"b", "n", "cn", "a", "an", "ans", "template"}
	if int(f) < len(names) {
		return names[f]
	}
	return "?"
}

// Source says who makes a value. The zero value: anyone.
type Source uint8

// The sources.
const (
	FromCard Source = iota + 1
	FromTerminal
	FromIssuer
)

// String returns card, terminal or issuer.
func (s Source) String() string {
	names := [...]string{"", "card", "terminal", "issuer"}
	if int(s) < len(names) {
		return names[s]
	}
	return "?"
}

// Secrecy says how a value may be shown, from freely to not at all.
type Secrecy uint8

// The degrees. Text and logs show of a card number its first six and last four
// digits, of a track the same and nothing else, and of a hidden value its length
// (PCI DSS 4.0.1, 3.3.1 and 3.4.1).
const (
	Plain Secrecy = iota
	MaskedPAN
	MaskedTrack1
	MaskedTrack2
	Hidden
)

// String names the degree.
func (s Secrecy) String() string {
	names := [...]string{"plain", "masked card number", "masked track 1", "masked track 2", "hidden"}
	if int(s) < len(names) {
		return names[s]
	}
	return "?"
}

// family is a set of schemes that give a tag their own meaning; 0 is all of them.
type family uint8

const (
	forVisa family = 1 << iota
	forMastercard
	forUnionPay
	forAmex
	forJCB
	forDiscover
)

func familyOf(r RID) family {
	switch r {
	case RIDVisa:
		return forVisa
	case RIDMastercard:
		return forMastercard
	case RIDUnionPay:
		return forUnionPay
	case RIDAmex:
		return forAmex
	case RIDJCB:
		return forJCB
	case RIDDiscover:
		return forDiscover
	}
	return 0
}

// Entry is what the dictionary knows of a tag.
type Entry struct {
	Tag     Tag
	Name    string
	Format  Format
	Min     int // bytes
	Max     int // bytes; 0 means that no length is known
	Source  Source
	Secrecy Secrecy

	families family
	means    meaning
}

// Fits reports whether a value may have so many bytes.
func (e Entry) Fits(size int) bool { return size >= e.Min && (e.Max == 0 || size <= e.Max) }

// Lookup tells what a tag means in an application of the scheme, or, with RID 0,
// in any. Where schemes disagree and rid does not decide, the entry names all
// meanings, has the strictest secrecy, and claims no length. ok is false for
// tags the dictionary does not have.
func Lookup(tag Tag, rid RID) (e Entry, ok bool) { return lookup(tag, rid, -1) }

// LookupSized is Lookup for a value that is there: its length decides between
// meanings where rid does not.
func LookupSized(tag Tag, rid RID, size int) (e Entry, ok bool) {
	return lookup(tag, rid, max(size, 0))
}

func lookup(tag Tag, rid RID, size int) (Entry, bool) {
	all := entries(tag)
	if len(all) == 0 {
		return Entry{Tag: tag, Secrecy: Hidden}, false
	}
	var e Entry
	if i := slices.IndexFunc(all, func(e Entry) bool { return e.families&familyOf(rid) != 0 }); i >= 0 {
		e = all[i]
	} else {
		e = together(all, size)
	}
	if size >= 0 {
		e.Secrecy = secrecy(all, size)
	}
	return e, true
}

// together is the one entry that fits, or what several have in common.
func together(all []Entry, size int) Entry {
	var fit []Entry
	for _, e := range all {
		if e.families == 0 && (size < 0 || e.Fits(size)) {
			return e
		}
		if size < 0 || e.Fits(size) {
			fit = append(fit, e)
		}
	}
	if len(fit) == 0 {
		fit = all
	}
	if len(fit) == 1 {
		return fit[0]
	}
	e := Entry{Tag: fit[0].Tag, Format: fit[0].Format, Source: fit[0].Source, Secrecy: strictest(fit)}
	var names []string
	for _, f := range fit {
		if !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
		if f.Format != e.Format {
			e.Format = FormatB
		}
	}
	e.Name = strings.Join(names, " / ")
	return e
}

// secrecy does not ask the RID, which the sender may have chosen: the strictest
// meaning that fits holds. Private tags belong to whoever made the terminal, so
// one that does not fit the meaning we know is hidden.
func secrecy(all []Entry, size int) Secrecy {
	var fit []Entry
	for _, e := range all {
		if e.Fits(size) {
			fit = append(fit, e)
		}
	}
	switch {
	case len(fit) > 0:
		return strictest(fit)
	case all[0].Tag.first() >= 0xC0:
		return Hidden
	}
	return strictest(all)
}

func strictest(list []Entry) Secrecy {
	s := Plain
	for _, e := range list {
		s = max(s, e.Secrecy)
	}
	return s
}

// entries returns the rows of a tag.
func entries(tag Tag) []Entry {
	first, found := slices.BinarySearchFunc(dictionary, tag, func(e Entry, t Tag) int { return cmp.Compare(e.Tag, t) })
	if !found {
		return nil
	}
	end := first + 1
	for end < len(dictionary) && dictionary[end].Tag == tag {
		end++
	}
	return dictionary[first:end]
}

// Name returns the name of a tag in the dictionary, or "" if it has none.
func (t Tag) Name() string {
	e, _ := Lookup(t, 0)
	return e.Name
}

// Tags returns all rows of the dictionary in the order of their tags; a tag
// whose meaning depends on the scheme has several.
func Tags() []Entry { return slices.Clone(dictionary) }
