package qr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Form is the kind of characters a value is made of.
type Form uint8

// Forms (MPM 1.1, 3.3). ANS is printable ASCII.
const (
	Any     Form = iota // S: any character that prints
	Digits              // N
	Alnum               // letters and digits
	ANS                 // 20 to 7E
	decimal             // an amount: digits and one point
)

var formNames = [...]string{"text", "digits", "letters and digits", "printable ASCII", "an amount"}

// String returns the name.
func (f Form) String() string {
	if int(f) >= len(formNames) {
		return "unknown"
	}
	return formNames[f]
}

// classes says which forms allow a byte, one bit each. Bytes of characters
// beyond ASCII are Any's, and looked at again.
var classes = func() (t [256]uint8) {
	for c := range 256 {
		switch {
		case c >= '0' && c <= '9':
			t[c] = 1<<Any | 1<<Digits | 1<<Alnum | 1<<ANS | 1<<decimal
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			t[c] = 1<<Any | 1<<Alnum | 1<<ANS
		case c == '.':
			t[c] = 1<<Any | 1<<ANS | 1<<decimal
		case c >= 0x20 && c <= 0x7E:
			t[c] = 1<<Any | 1<<ANS
		case c >= utf8.RuneSelf:
			t[c] = 1 << Any
		}
	}
	return t
}()

// holds reports whether a value has the form.
func (f Form) holds(value string) bool {
	forms, high := uint8(0xFF), uint8(0)
	for i := 0; i < len(value); i++ {
		forms &= classes[value[i]] // no branch: values are short and mostly right
		high |= value[i]
	}
	switch {
	case forms&(1<<f) == 0:
		return false
	case f == decimal:
		return amountForm(value)
	case high >= utf8.RuneSelf:
		return prints(value)
	}
	return true
}

func prints(value string) bool {
	for _, r := range value {
		if r >= 0x4E00 && r <= 0x9FFF || r >= 0x20 && r < 0x7F {
			continue // ideographs and ASCII, the usual
		}
		if !unicode.IsPrint(r) && !unicode.Is(unicode.Cf, r) {
			return false
		}
	}
	return true
}

// amountForm: no leading or second point, and not zero.
func amountForm(value string) bool {
	return value != "" && value[0] != '.' && strings.Count(value, ".") <= 1 && strings.Trim(value, "0.") != ""
}

// shape is what a value must look like; lengths in characters.
type shape struct {
	form     Form
	min, max uint8
}

// rootShapes are those of MPM 1.1, table 3.1. IDs without one are not looked at.
var rootShapes = [100]shape{
	0: {Digits, 2, 2}, 1: {Digits, 2, 2},
	2: {ANS, 1, 99}, 3: {ANS, 1, 99}, 4: {ANS, 1, 99}, 5: {ANS, 1, 99}, 6: {ANS, 1, 99}, 7: {ANS, 1, 99}, 8: {ANS, 1, 99},
	9: {ANS, 1, 99}, 10: {ANS, 1, 99}, 11: {ANS, 1, 99}, 12: {ANS, 1, 99}, 13: {ANS, 1, 99}, 14: {ANS, 1, 99}, 15: {ANS, 1, 99},
	16: {ANS, 1, 99}, 17: {ANS, 1, 99}, 18: {ANS, 1, 99}, 19: {ANS, 1, 99}, 20: {ANS, 1, 99}, 21: {ANS, 1, 99}, 22: {ANS, 1, 99},
	23: {ANS, 1, 99}, 24: {ANS, 1, 99}, 25: {ANS, 1, 99},
	52: {Digits, 4, 4}, 53: {Digits, 3, 3}, 54: {decimal, 1, 13}, 55: {Digits, 2, 2}, 56: {decimal, 1, 13}, 57: {decimal, 1, 5},
	58: {Alnum, 2, 2}, 59: {ANS, 1, 25}, 60: {ANS, 1, 15}, 61: {ANS, 1, 10},
}

// guidShape is that of object 00 in 26 to 51 and 80 to 99.
var guidShape = shape{ANS, 1, 32}

var additionalShapes = [50]shape{
	1: {Any, 1, 25}, 2: {Any, 1, 25}, 3: {Any, 1, 25}, 4: {Any, 1, 25}, 5: {Any, 1, 25}, 6: {Any, 1, 25}, 7: {Any, 1, 25},
	8: {Any, 1, 25}, 9: {ANS, 1, 3}, 10: {Any, 1, 20}, 11: {ANS, 3, 3},
}

var languageShapes = [3]shape{{Alnum, 2, 2}, {Any, 1, 25}, {Any, 1, 15}}

// shapeOf finds the shape of an object; ok is false where there is none.
func shapeOf(o *Object, template ID) (sh shape, ok bool) {
	switch {
	case o.Depth == 0:
		sh = rootShapes[o.ID]
	case o.Depth > 1 || template.guided():
		if o.ID == IDGUID {
			sh = guidShape
		}
	case template == IDAdditional && o.ID < 50:
		sh = additionalShapes[o.ID]
	case template == IDLanguage && int(o.ID) < len(languageShapes):
		sh = languageShapes[o.ID]
	}
	return sh, sh.max > 0
}

// check looks at what the objects say. The structure is sound by now.
func (s *scanner) check() {
	template, exponent := ID(0), 2
	if c, ok := s.p.Find(IDCurrency); ok {
		exponent = decimals(c)
	}
	for i := range s.p.Objects {
		o := &s.p.Objects[i]
		if o.Depth == 0 {
			template = o.ID
		}
		within := template
		if o.Depth > 1 {
			within = s.parent(i)
		}
		s.shape(o, within)
		s.meaning(i, o, within, exponent)
	}
	s.mandatory()
	s.tip()
}

// parent is the template of an object two levels down.
func (s *scanner) parent(i int) ID {
	for ; i > 0 && s.p.Objects[i].Depth > 1; i-- {
	}
	return s.p.Objects[i].ID
}

func (s *scanner) shape(o *Object, template ID) {
	sh, ok := shapeOf(o, template)
	if !ok || o.Value == "" {
		return
	}
	n := len(o.Value)
	if s.wide && sh.form == Any { // others hold one byte a character, or fail
		n = utf8.RuneCountInString(o.Value)
	}
	switch {
	case n < int(sh.min) || n > int(sh.max):
		s.problem(ErrFormat, Violation, o, template, "%d characters, where %s belong", n, sh.lengths())
	case !sh.form.holds(o.Value):
		s.problem(ErrFormat, Violation, o, template, "%q is not %s", o.Value, sh.form)
	}
}

func (sh shape) lengths() string { return between(int(sh.min), int(sh.max)) }

// meaning checks values that have a list or a range.
func (s *scanner) meaning(i int, o *Object, template ID, exponent int) {
	switch {
	case o.Depth == 0:
		s.rootMeaning(i, o, exponent)
	case o.Depth > 1:
	case template == IDAdditional && o.ID == IDConsumerRequest:
		if !askable(o.Value) {
			s.problem(ErrFormat, Violation, o, template, "%q: only A (address), M (mobile) and E (e-mail) can be asked for", o.Value)
		}
	case template == IDAdditional && o.ID >= 50:
		s.guid(i, o, template)
	case template == IDAdditional && o.ID >= 12, template == IDLanguage && o.ID > IDLocalCity:
		s.problem(ErrReserved, Note, o, template, "")
	}
}

// askable: an app can be asked for address, mobile number and e-mail.
func askable(value string) bool {
	for _, c := range []byte(value) {
		if c != 'A' && c != 'M' && c != 'E' {
			return false
		}
	}
	return true
}

func (s *scanner) rootMeaning(i int, o *Object, exponent int) {
	switch o.ID {
	case IDFormat:
		if o.Value != "01" {
			s.problem(ErrFormat, Violation, o, 0, "%q, where EMVCo has 01", o.Value)
		}
	case IDInitiation:
		if o.Value != string(Static) && o.Value != string(Dynamic) {
			s.problem(ErrFormat, Violation, o, 0, "%q is neither 11 (static) nor 12 (dynamic)", o.Value)
		}
	case IDAmount, IDFixedFee:
		if _, fraction, _ := strings.Cut(o.Value, "."); len(fraction) > exponent {
			s.problem(ErrFormat, Violation, o, 0, "%q has more than the %d decimals of its currency", o.Value, exponent)
		}
	case IDPercentFee:
		if whole, fraction, _ := strings.Cut(o.Value, "."); len(strings.TrimLeft(whole, "0")) > 2 || len(fraction) > 2 {
			s.problem(ErrFormat, Violation, o, 0, "%q is not 00.01 to 99.99", o.Value)
		}
	case IDLanguage:
		s.language(i, o)
	default:
		switch {
		case o.ID.guided():
			s.guid(i, o, 0)
		case o.ID > IDLanguage || o.ID >= 6 && o.ID <= 8 || o.ID >= 17 && o.ID < FirstAccountTemplate:
			s.problem(ErrReserved, Note, o, 0, "")
		}
	}
}

func (s *scanner) language(i int, o *Object) {
	has := ids{}
	for _, in := range s.p.Inside(i) {
		has.add(in.ID)
	}
	for _, id := range [...]ID{IDLanguageCode, IDLocalName} {
		if !has.has(id) {
			s.problem(ErrMissing, Violation, o, 0, "64-%s", id)
		}
	}
}

// guid wants a template to begin with its identifier.
func (s *scanner) guid(i int, o *Object, template ID) {
	for j := i + 1; j < len(s.p.Objects) && s.p.Objects[j].Depth > o.Depth; j++ {
		if s.p.Objects[j].Depth == o.Depth+1 && s.p.Objects[j].ID == IDGUID {
			return
		}
	}
	s.problem(ErrMissing, Violation, o, template, "a template needs an identifier in its object 00")
}

var mandatoryIDs = [...]ID{IDCategory, IDCurrency, IDCountry, IDMerchantName, IDMerchantCity}

func (s *scanner) mandatory() {
	const accounts = 1<<(LastAccount+1) - 1<<FirstAccount
	end := len(s.p.Text)
	if s.seen[0]&accounts == 0 {
		s.problem(ErrMissing, Violation, &Object{ID: FirstAccount, Offset: end}, 0, "none of the accounts 02 to 51 is there")
	}
	for _, id := range mandatoryIDs {
		if !s.seen.has(id) {
			s.problem(ErrMissing, Violation, &Object{ID: id, Offset: end}, 0, "")
		}
	}
}

// tip: 55 says which of 56 and 57 there is (MPM 1.1, 4.7.7).
func (s *scanner) tip() {
	const any = 1<<IDTip | 1<<IDFixedFee | 1<<IDPercentFee
	if s.seen[0]&any == 0 {
		return
	}
	fixed, percent := s.seen.has(IDFixedFee), s.seen.has(IDPercentFee)
	i, ok := s.p.find([]ID{IDTip})
	if !ok {
		if fixed || percent {
			s.problem(ErrTip, Violation, &Object{ID: IDTip, Offset: len(s.p.Text)}, 0, "there is a fee, but no 55")
		}
		return
	}
	o := &s.p.Objects[i]
	wantFixed, wantPercent := o.Value == string(TipFixed), o.Value == string(TipPercent)
	switch {
	case o.Value != string(TipAsk) && !wantFixed && !wantPercent:
		s.problem(ErrFormat, Violation, o, 0, "%q is not 01, 02 or 03", o.Value)
	case fixed != wantFixed || percent != wantPercent:
		s.problem(ErrTip, Violation, o, 0, "02 needs 56, 03 needs 57, and nothing else may be there")
	}
}

// decimals is how many decimals a currency has, by its number in ISO 4217.
func decimals(number string) int {
	switch number {
	case "108", "152", "262", "324", "352", "392", "410", "548", "600", "646", "704", "800", "940", "950", "952", "953", "174":
		return 0
	case "048", "368", "400", "414", "434", "512", "788":
		return 3
	case "927", "990":
		return 4
	}
	return 2
}
