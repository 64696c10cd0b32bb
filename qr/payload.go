package qr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/openecr/openecr/internal/crc"
	"github.com/openecr/openecr/pos"
)

// Limits of a payload.
const (
	// MaxPayload is what EMVCo allows, in characters (MPM 1.1, 3.2). Encode keeps
	// it; parsing only notes it, because Singapore's shared codes are longer.
	MaxPayload = 512
	// MaxText is what the largest QR code holds (version 40, level L,
	// alphanumeric), in bytes. Nothing longer was ever scanned.
	MaxText = 4296
)

// Object is one data object. Value is a part of the parsed text.
type Object struct {
	ID     ID
	Depth  uint8 // 0 in the root, 1 in a template, 2 in a template of 62
	Offset int   // of the ID in the text, in bytes from 0
	Value  string
}

// Payload is a merchant-presented payload. Safe for concurrent use.
type Payload struct {
	// Text is what was parsed.
	Text string
	// Objects in the order of the text, each template before what it holds.
	Objects []Object
	// Problems that did not keep the payload from being read.
	Problems []Problem
}

// Options say how payloads are read; the zero value is strict.
type Options struct {
	// Lenient reads on where only the form is wrong; Problems tell.
	Lenient bool
}

// usualObject is how many bytes an object has at least on average, so that most
// payloads need no second allocation. None has less than five.
const usualObject = 9

// Parse reads a merchant-presented payload. Errors: *Problem, with one of the
// kinds above. The payload holds what could be read before, for showing only:
// nothing of it may be paid.
func Parse(text string, o Options) (*Payload, error) {
	p := &Payload{Text: text}
	s := scanner{p: p}
	s.payload()
	worst := Violation
	if o.Lenient {
		worst = Fatal
	}
	for i := range p.Problems {
		if p.Problems[i].Severity <= worst {
			problem := p.Problems[i]
			return p, &problem
		}
	}
	return p, nil
}

// IsPayload reports whether a text begins as merchant-presented payloads do. It
// says nothing about the rest.
func IsPayload(text string) bool {
	return len(text) >= 6 && text[:4] == "0002" && digit(text[4]) && digit(text[5])
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// scanner takes a text apart.
type scanner struct {
	p       *Payload
	wide    bool // holds characters of several bytes
	first   int  // of these bytes, in the payload
	last    int  // of them
	byBytes bool // lengths count bytes, against the rules
	seen    ids  // in the root
}

// ids is a set.
type ids [2]uint64

func (s *ids) has(id ID) bool { return s[id>>6]&(1<<(id&63)) != 0 }
func (s *ids) add(id ID)      { s[id>>6] |= 1 << (id & 63) }

func (s *scanner) payload() {
	text := s.p.Text
	switch {
	case len(text) > MaxText:
		s.whole(ErrTooLong, Fatal, 0, "%d bytes; no QR code holds more than %d", len(text), MaxText)
		return
	case !s.characters(text):
		s.whole(ErrText, Fatal, 0, "")
		return
	case len(text) >= 4 && Digits.holds(text[:4]) && text[:2] != "00":
		s.whole(ErrFirst, Fatal, 0, "it begins with %s", text[:2])
		return
	case !IsPayload(text):
		s.whole(ErrNotPayload, Fatal, 0, "a payload begins with 0002 and two digits")
		return
	}
	s.p.Objects = make([]Object, 0, len(text)/usualObject+2)
	if !s.root() && s.wide {
		s.recount()
	}
	if s.p.fatal() {
		return
	}
	if len(text) > MaxPayload {
		if chars := utf8.RuneCountInString(text); chars > MaxPayload {
			s.whole(ErrTooLong, Note, 0, "%d characters, where EMVCo allows %d", chars, MaxPayload)
		}
	}
	s.check()
}

// recount tries again with lengths that count bytes, as careless encoders do.
func (s *scanner) recount() {
	again := scanner{p: &Payload{Text: s.p.Text}, wide: true, first: s.first, last: s.last, byBytes: true}
	if !again.root() {
		return
	}
	*s.p = *again.p
	s.byBytes, s.seen = true, again.seen
	s.whole(ErrLength, Violation, 0, "the lengths count bytes instead of characters")
}

func (p *Payload) fatal() bool {
	for i := range p.Problems {
		if p.Problems[i].Severity == Fatal {
			return true
		}
	}
	return false
}

// root reads the objects up to the checksum and compares it.
func (s *scanner) root() bool {
	text := s.p.Text
	for at := 0; at < len(text); {
		i := len(s.p.Objects)
		end, ok := s.object(text, 0, at, 0, 0, &s.seen)
		if !ok {
			return false
		}
		if at = end; s.p.Objects[i].ID == IDCRC {
			return s.checksum(&s.p.Objects[i], end)
		}
	}
	s.whole(ErrLast, Fatal, len(text), "it is missing; the code may have been cut off")
	return false
}

func (s *scanner) checksum(o *Object, end int) bool {
	text := s.p.Text
	want, err := strconv.ParseUint(o.Value, 16, 16)
	if len(o.Value) != 4 || err != nil {
		s.problem(ErrLast, Fatal, o, 0, "")
		return false
	}
	if got := crc.CCITT(crc.CCITTInit, text[:o.Offset+4]); got != uint16(want) {
		s.problem(ErrCRC, Fatal, o, 0, "it says %s, the text gives %04X", o.Value, got)
		return false
	}
	if end < len(text) {
		s.whole(ErrTrailing, Violation, end, "%d bytes that no checksum covers", len(text)-end)
	}
	return true
}

// object reads one object at text[at:] and what it holds. base is where text
// begins in the payload.
func (s *scanner) object(text string, base, at int, depth uint8, template ID, seen *ids) (end int, ok bool) {
	rest := text[at:]
	severity := Fatal
	if depth > 0 {
		severity = Violation
	}
	if len(rest) < 4 {
		s.inside(ErrTruncated, severity, template, depth, base+at, "%d bytes are left", len(rest))
		return 0, false
	}
	if !digit(rest[0]) || !digit(rest[1]) {
		s.inside(ErrID, severity, template, depth, base+at, "")
		return 0, false
	}
	o := Object{ID: ID((rest[0]-'0')*10 + rest[1] - '0'), Depth: depth, Offset: base + at}
	if !digit(rest[2]) || !digit(rest[3]) {
		s.problemAt(ErrLength, severity, o, template, "")
		return 0, false
	}
	length := int(rest[2]-'0')*10 + int(rest[3]-'0')
	size, ok := s.take(rest[4:], base+at+4, length)
	if !ok {
		s.problemAt(ErrOverrun, severity, o, template, "length %d", length)
		return 0, false
	}
	o.Value = rest[4 : 4+size]
	if length == 0 {
		s.problemAt(ErrLength, Violation, o, template, "the value is empty")
	}
	if seen.has(o.ID) {
		s.problemAt(ErrDuplicate, Fatal, o, template, "")
	}
	seen.add(o.ID)
	s.p.Objects = append(s.p.Objects, o)
	if depth == 0 && o.ID.template() || depth == 1 && template == IDAdditional && o.ID >= 50 {
		s.inner(o)
	}
	return at + 4 + size, true
}

// inner reads the objects of a template. What cannot be read stays closed.
func (s *scanner) inner(t Object) {
	var seen ids
	first := len(s.p.Objects)
	for at := 0; at < len(t.Value); {
		end, ok := s.object(t.Value, t.Offset+4, at, t.Depth+1, t.ID, &seen)
		if !ok {
			s.p.Objects = s.p.Objects[:first]
			return
		}
		at = end
	}
}

// characters reports whether text is UTF-8, and notes where it is not ASCII.
func (s *scanner) characters(text string) bool {
	if s.wide = !ascii(text); !s.wide {
		return true
	}
	for text[s.first] < utf8.RuneSelf {
		s.first++
	}
	for s.last = len(text) - 1; text[s.last] < utf8.RuneSelf; {
		s.last--
	}
	return utf8.ValidString(text[s.first : s.last+1])
}

// take returns the bytes of the n characters at offset of the payload.
func (s *scanner) take(text string, offset, n int) (size int, ok bool) {
	if !s.wide || s.byBytes {
		return n, n <= len(text) && (!s.wide || utf8.ValidString(text[:n]))
	}
	if offset+n <= s.first || offset > s.last {
		return n, n <= len(text)
	}
	for ; n > 0; n-- {
		if size == len(text) {
			return 0, false
		}
		_, w := utf8.DecodeRuneInString(text[size:])
		size += w
	}
	return size, true
}

// ascii reports whether each byte is a character, eight at a time.
func ascii(s string) bool {
	for ; len(s) >= 8; s = s[8:] {
		if (s[0]|s[1]|s[2]|s[3]|s[4]|s[5]|s[6]|s[7])&utf8.RuneSelf != 0 {
			return false
		}
	}
	high := byte(0)
	for i := range len(s) {
		high |= s[i]
	}
	return high < utf8.RuneSelf
}

// problemAt is problem for an object that is not on the heap.
func (s *scanner) problemAt(kind error, severity Severity, o Object, template ID, detail string, args ...any) {
	s.problem(kind, severity, &o, template, detail, args...)
}

// problem notes what is wrong with an object. template is the one it is in.
func (s *scanner) problem(kind error, severity Severity, o *Object, template ID, detail string, args ...any) {
	p := Problem{ID: o.ID.String(), Name: o.ID.name(), Offset: o.Offset, Severity: severity, Err: kind, Text: says(kind, detail, args...)}
	if o.Depth > 0 {
		p.ID, p.Name = template.String()+"-"+o.ID.String(), o.ID.subName(template)
		if o.Depth > 1 {
			p.ID, p.Name = IDAdditional.String()+"-"+p.ID, ""
		}
	}
	s.p.Problems = append(s.p.Problems, p)
}

// inside notes what is wrong where no object could be read.
func (s *scanner) inside(kind error, severity Severity, template ID, depth uint8, offset int, detail string, args ...any) {
	p := Problem{Offset: offset, Severity: severity, Err: kind, Text: says(kind, detail, args...)}
	switch {
	case depth == 1:
		p.ID, p.Name = template.String(), template.name()
	case depth > 1:
		p.ID = IDAdditional.String() + "-" + template.String()
	}
	s.p.Problems = append(s.p.Problems, p)
}

// whole notes what is wrong with the payload.
func (s *scanner) whole(kind error, severity Severity, offset int, detail string, args ...any) {
	s.p.Problems = append(s.p.Problems, Problem{Offset: offset, Severity: severity, Err: kind, Text: says(kind, detail, args...)})
}

// Find returns the value at a path: Find(IDAmount), Find(IDAdditional, IDStoreLabel).
func (p *Payload) Find(path ...ID) (value string, ok bool) {
	i, ok := p.find(path)
	if !ok {
		return "", false
	}
	return p.Objects[i].Value, true
}

// Value is Find for objects that may be missing: "" then.
func (p *Payload) Value(path ...ID) string {
	value, _ := p.Find(path...)
	return value
}

func (p *Payload) find(path []ID) (index int, ok bool) {
	depth := 0
	for i := range p.Objects {
		o := &p.Objects[i]
		switch {
		case int(o.Depth) > depth:
			continue // in a template that is not on the way
		case int(o.Depth) < depth:
			return 0, false // the template is over
		case depth < len(path) && o.ID == path[depth]:
			if depth++; depth == len(path) {
				return i, true
			}
		}
	}
	return 0, false
}

// Inside returns the objects a template holds, by its index in Objects.
func (p *Payload) Inside(index int) []Object {
	end := index + 1
	for end < len(p.Objects) && p.Objects[end].Depth > p.Objects[index].Depth {
		end++
	}
	return p.Objects[index+1 : end]
}

// ErrNoAmount: the payload leaves the amount to the customer.
var ErrNoAmount = errors.New("qr: the payload holds no amount; the customer types it")

// Currency is that of the payload. Errors: *Problem with ErrFormat or ErrMissing.
func (p *Payload) Currency() (pos.Currency, error) {
	i, ok := p.find([]ID{IDCurrency})
	if !ok {
		return "", &Problem{ID: IDCurrency.String(), Name: IDCurrency.name(), Offset: len(p.Text), Err: ErrMissing, Text: ErrMissing.Error()}
	}
	o := p.Objects[i]
	number, err := strconv.Atoi(o.Value)
	c, known := pos.CurrencyByNumber(number)
	if err != nil || !known {
		return "", &Problem{ID: o.ID.String(), Name: o.ID.name(), Offset: o.Offset, Err: ErrFormat, Text: says(ErrFormat, "%q is no currency of ISO 4217", o.Value)}
	}
	return c, nil
}

// Amount is what the customer is asked for, without tip and fees. Errors:
// ErrNoAmount, or a *Problem.
func (p *Payload) Amount() (pos.Money, error) {
	i, ok := p.find([]ID{IDAmount})
	if !ok {
		return pos.Money{}, ErrNoAmount
	}
	c, err := p.Currency()
	if err != nil {
		return pos.Money{}, err
	}
	m, err := pos.ParseMoney(strings.TrimSuffix(p.Objects[i].Value, "."), c)
	if err != nil || m.Minor() <= 0 {
		o := p.Objects[i]
		return pos.Money{}, &Problem{ID: o.ID.String(), Name: o.ID.name(), Offset: o.Offset, Err: ErrFormat, Text: says(ErrFormat, "%q is no amount in %s", o.Value, c)}
	}
	return m, nil
}

// Dynamic reports whether the code is for one payment (12); static ones (11) and
// those that do not say are for many.
func (p *Payload) Dynamic() bool { return p.Value(IDInitiation) == string(Dynamic) }

// String says what it is in one line.
func (p *Payload) String() string {
	return fmt.Sprintf("EMVCo payload of %d bytes for %q", len(p.Text), p.Value(IDMerchantName))
}
