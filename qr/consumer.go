package qr

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/openecr/openecr/emv"
)

// MaxConsumer is the longest consumer-presented payload in characters of Base64
// (inferred).
const MaxConsumer = 512

// MaxApplications is how many cards a consumer-presented payload offers.
const MaxApplications = 2

// Tags of a consumer-presented payload (CPM 1.1, table 4.1).
const (
	TagConsumerFormat    emv.Tag = 0x85
	TagApplication       emv.Tag = 0x61
	TagCommon            emv.Tag = 0x62
	TagAppTransparent    emv.Tag = 0x63 // in 61
	TagCommonTransparent emv.Tag = 0x64 // in 62
)

// consumerFormat is what tag 85 holds.
const consumerFormat = "CPV01"

// Application is one card a customer's phone offers; the first is preferred.
type Application struct {
	AID      []byte
	Label    string
	PAN      emv.PAN     // masked; of the track or the common template where it is not here; may be zero
	Track2   emv.Track2  // masked; never store it
	LastFour string      // 9F25
	Objects  emv.Objects // all of the template
}

// ConsumerPayload is what a customer's phone shows the shop. It is good for one
// payment. Printing it masks card data.
type ConsumerPayload struct {
	Applications []Application
	Common       emv.Objects // of template 62
	Objects      emv.Objects // all, in their order
	Problems     []Problem
}

// ParseConsumer reads a consumer-presented payload: Base64 of BER-TLV. Offsets
// in problems count decoded bytes, or characters while it is not decoded yet.
// Errors: *Problem. What could be read before comes with it.
func ParseConsumer(c Code, o Options) (*ConsumerPayload, error) {
	data, err := decodeConsumer(c, o)
	if err != nil {
		return &ConsumerPayload{}, err
	}
	p := &ConsumerPayload{}
	var parseErr error
	p.Objects, parseErr = emv.Parse(data, emv.Options{KeepFF: true})
	if parseErr != nil {
		return p, consumerSyntax(parseErr)
	}
	p.read()
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

func decodeConsumer(c Code, o Options) ([]byte, error) {
	text := c.bytes()
	if len(text) > MaxConsumer {
		return nil, &Problem{Err: ErrTooLong, Text: says(ErrTooLong, "%d characters of %d", len(text), MaxConsumer)}
	}
	data := make([]byte, len(text)) // more than either encoding needs
	n, err := base64.StdEncoding.Strict().Decode(data, text)
	if err != nil && o.Lenient {
		n, err = base64.RawStdEncoding.Decode(data, text)
	}
	var corrupt base64.CorruptInputError
	switch {
	case errors.As(err, &corrupt):
		return nil, &Problem{Offset: int(corrupt), Err: ErrNotPayload, Text: says(ErrNotPayload, "not Base64 at character %d", int(corrupt))}
	case n == 0:
		return nil, &Problem{Err: ErrNotPayload, Text: says(ErrNotPayload, "there is nothing in it")}
	}
	return data[:n], nil
}

func consumerSyntax(err error) *Problem {
	p := &Problem{Err: ErrNotPayload, Text: err.Error()}
	var syntax *emv.SyntaxError
	if errors.As(err, &syntax) {
		p.Offset, p.Text, p.Err = syntax.Offset, syntax.Err.Error(), ErrLength
		if errors.Is(syntax.Err, emv.ErrTruncated) {
			p.Err = ErrTruncated
		}
		if syntax.Tag != 0 {
			p.ID = syntax.Tag.String()
		}
	}
	return p
}

// read goes through the templates of the root.
func (p *ConsumerPayload) read() {
	first, commons := true, 0
	for i, o := range p.Objects {
		if o.Depth > 0 {
			continue
		}
		if first && (o.Tag != TagConsumerFormat || string(o.Value) != consumerFormat) {
			p.problem(ErrFirst, Fatal, o, "object 85 with %s comes first", consumerFormat)
		}
		inside := insideTLV(p.Objects, i)
		switch {
		case o.Tag == TagConsumerFormat && !first:
			p.problem(ErrDuplicate, Fatal, o, "")
		case o.Tag == TagApplication:
			if commons > 0 {
				p.problem(ErrFormat, Violation, o, "61 comes before 62")
			}
			p.application(o, inside)
		case o.Tag == TagCommon:
			if commons++; commons > 1 {
				p.problem(ErrDuplicate, Fatal, o, "")
			}
			p.Common = inside
			p.lengths(inside)
		case o.Tag != TagConsumerFormat:
			p.problem(ErrReserved, Note, o, "not read")
		}
		first = false
	}
	p.shareCard()
	if len(p.Applications) == 0 {
		p.Problems = append(p.Problems, Problem{ID: "61", Name: "application", Severity: Fatal, Err: ErrMissing, Text: ErrMissing.Error()})
	}
}

// shareCard gives the card of the common template to applications that have none.
func (p *ConsumerPayload) shareCard() {
	var card emv.PAN
	for _, o := range p.Common {
		if o.Tag == 0x5A && o.Depth == 1 {
			var err error
			if card, err = emv.DecodePAN(o.Value); err != nil {
				p.problem(ErrFormat, Violation, o, "not a card number")
			}
		}
	}
	for i := range p.Applications {
		if p.Applications[i].PAN.IsZero() {
			p.Applications[i].PAN = card
		}
	}
}

func insideTLV(l emv.Objects, i int) emv.Objects {
	end := i + 1
	for end < len(l) && l[end].Depth > l[i].Depth {
		end++
	}
	return l[i+1 : end : end]
}

func (p *ConsumerPayload) application(o emv.Object, inside emv.Objects) {
	if len(p.Applications) == MaxApplications {
		p.problem(ErrFormat, Fatal, o, "more than %d applications", MaxApplications)
		return
	}
	a := Application{Objects: inside}
	for _, in := range inside {
		if in.Depth != 1 {
			continue
		}
		switch in.Tag {
		case 0x4F:
			a.AID = in.Value
		case 0x50:
			a.Label = printable(in.Value)
		case 0x9F25:
			a.LastFour = fmt.Sprintf("%X", in.Value)
		case 0x5A:
			var err error
			if a.PAN, err = emv.DecodePAN(in.Value); err != nil {
				p.problem(ErrFormat, Violation, in, "not a card number")
			}
		case 0x57:
			var err error
			if a.Track2, err = emv.DecodeTrack2(in.Value); err != nil {
				p.problem(ErrFormat, Violation, in, "not a track")
			}
		}
	}
	if a.AID == nil {
		p.problem(ErrMissing, Violation, o, "4F, the name of the application")
	}
	if a.PAN.IsZero() {
		a.PAN = a.Track2.PAN()
	}
	p.lengths(inside)
	p.Applications = append(p.Applications, a)
}

// printable takes a text of a card for showing: dots where it does not print.
func printable(b []byte) string {
	out := make([]byte, len(b))
	for i, c := range b {
		if out[i] = c; c < 0x20 || c > 0x7E {
			out[i] = '.'
		}
	}
	return string(out)
}

// consumerLengths are those of CPM 1.1, tables 4.2 to 4.5, in bytes.
var consumerLengths = []struct {
	tag      emv.Tag
	name     string
	min, max int
}{
	{0x4F, "ADF name", 5, 16}, {0x50, "application label", 1, 16}, {0x57, "track 2", 1, 19}, {0x5A, "PAN", 1, 10},
	{0x5F20, "cardholder name", 2, 26}, {0x5F2D, "language preference", 2, 8}, {0x5F34, "PAN sequence number", 1, 1},
	{0x9F08, "application version", 2, 2}, {0x9F10, "issuer application data", 1, 32}, {0x9F19, "token requestor", 6, 6},
	{0x9F24, "payment account reference", 29, 29}, {0x9F25, "last four digits", 2, 2}, {0x9F26, "cryptogram", 8, 8},
	{0x9F27, "cryptogram information", 1, 1}, {0x9F36, "transaction counter", 2, 2}, {0x9F37, "unpredictable number", 4, 4},
}

func (p *ConsumerPayload) lengths(l emv.Objects) {
	seen := map[[2]int]bool{}
	for _, o := range l {
		key := [2]int{o.Depth, int(o.Tag)}
		if seen[key] {
			p.problem(ErrDuplicate, Fatal, o, "")
		}
		seen[key] = true
		for _, w := range consumerLengths {
			if n := len(o.Value); w.tag == o.Tag && (n < w.min || n > w.max) {
				p.problem(ErrFormat, Violation, o, "%d bytes, where %s belong", n, between(w.min, w.max))
			}
		}
	}
}

func (p *ConsumerPayload) problem(kind error, severity Severity, o emv.Object, detail string, args ...any) {
	problem := Problem{ID: o.Tag.String(), Offset: o.Offset, Severity: severity, Err: kind, Text: says(kind, detail, args...)}
	for _, w := range consumerLengths {
		if w.tag == o.Tag {
			problem.Name = w.name
		}
	}
	p.Problems = append(p.Problems, problem)
}

// EncodeConsumer writes a consumer-presented payload, as a phone would; a
// simulator of customers needs it. Values of templates (63, 64) are encoded by the
// caller. Errors: *Problem, or emv.ErrTooLong.
func EncodeConsumer(applications []emv.Objects, common emv.Objects) (Code, error) {
	data, err := emv.Append(nil, TagConsumerFormat, []byte(consumerFormat))
	if err != nil {
		return Code{}, err
	}
	for _, a := range applications {
		if data, err = appendTemplate(data, TagApplication, a); err != nil {
			return Code{}, err
		}
	}
	if len(common) > 0 {
		if data, err = appendTemplate(data, TagCommon, common); err != nil {
			return Code{}, err
		}
	}
	c := NewCode(base64.StdEncoding.EncodeToString(data))
	_, err = ParseConsumer(c, Options{})
	return c, err
}

func appendTemplate(dst []byte, tag emv.Tag, objects emv.Objects) ([]byte, error) {
	var inside []byte
	var err error
	for _, o := range objects {
		if inside, err = emv.Append(inside, o.Tag, o.Value); err != nil {
			return nil, err
		}
	}
	return emv.Append(dst, tag, inside)
}
