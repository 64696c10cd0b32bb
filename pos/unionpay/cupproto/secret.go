package cupproto

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/openecr/openecr/emv"
)

// span is a part of a value, from byte (or digit) from up to before to.
type span struct{ from, to int }

// all of a value.
func all(v []byte) []span {
	if len(v) == 0 {
		return nil
	}
	return []span{{0, len(v)}}
}

// safeFields hold nothing that must be hidden, whatever the message.
var safeFields = map[int]bool{3: true, 4: true, 11: true, 12: true, 13: true, 14: true, 15: true, 22: true, 23: true, 25: true, 26: true,
	32: true, 37: true, 38: true, 39: true, 41: true, 42: true, 49: true, 53: true, 54: true, 60: true, 61: true, 64: true}

// secrets are the parts of a field that must not be shown: PCI DSS 4.0.1, 3.3 and
// 3.4, and keys. What is not known to be harmless is hidden whole.
func (m *Message) secrets(field int, v []byte) []span {
	if safeFields[field] {
		return nil
	}
	switch field {
	case 2:
		return panSpans(v)
	case 44:
		if f := ParseF44(v); f.Text == "" && len(v) <= 2*institutionLen+3 {
			return nil
		}
		return cardNumbers(v)
	case 48:
		return m.secrets48(v)
	case 55:
		return chipSecrets(v)
	case 59:
		return elementSecrets(v)
	case 62:
		switch {
		case !m.harmless62(v):
		case m.MTI == "0320":
			return nil // amounts as long as a card number
		default:
			return cardNumbers(v)
		}
	case 63:
		return cardNumbers(v)
	}
	return all(v)
}

// panSpans leaves first six and last four of a card number.
func panSpans(v []byte) []span {
	if len(v) < emv.MinPAN {
		return all(v)
	}
	return []span{{6, len(v) - 4}}
}

// cardNumbers are the runs of digits in a text that may be a card number.
func cardNumbers(v []byte) []span {
	var out []span
	from := -1
	for i := 0; i <= len(v); i++ {
		if i < len(v) && v[i] >= '0' && v[i] <= '9' {
			if from < 0 {
				from = i
			}
			continue
		}
		if from >= 0 && i-from >= emv.MinPAN {
			out = append(out, span{from + 6, i - 4})
		}
		from = -1
	}
	return out
}

// secrets48 hides card numbers of an upload, and what is none of the known forms.
func (m *Message) secrets48(v []byte) []span {
	n := len(v)
	switch {
	case strings.HasPrefix(m.MTI, "05") && n == TotalsLen, n <= 12 && n < emv.MinPAN+1:
		return nil
	case strings.HasPrefix(m.MTI, "03") && n >= uploadCount && (n-uploadCount)%uploadItem == 0:
		var out []span
		for at := uploadCount; at < n; at += uploadItem {
			pan := v[at+8 : at+8+uploadPAN]
			zeros := uploadPAN - len(bytes.TrimLeft(pan, "0"))
			for _, s := range panSpans(pan[zeros:]) {
				out = append(out, span{at + 8 + zeros + s.from, at + 8 + zeros + s.to})
			}
		}
		return out
	}
	return all(v)
}

// harmlessTags of field 55 and 62 hold no card data: amounts, results, cryptograms,
// parameters of applications, public keys, and the e-slip's own (FFxx, one source).
var harmlessTags = []emv.Tag{0x9F26, 0x9F27, 0x9F10, 0x9F37, 0x9F36, 0x95, 0x9A, 0x9C, 0x9F02, 0x5F2A, 0x82, 0x9F1A, 0x9F03,
	0x9F33, 0x9F34, 0x9F35, 0x9F1E, 0x84, 0x9F09, 0x9F41, 0x9F63, 0x91, 0x71, 0x72, 0x8A, 0xDF31, 0x5F34, 0x9F21, 0x4F, 0x50, 0x9F12, 0x9F06,
	0x9B, 0x86, 0x9F18, 0x9F5B}

// downloadTags belong to downloads of CA keys and AIDs only.
var downloadTags = []emv.Tag{0x9F22, 0xDF05, 0xDF06, 0xDF07, 0xDF02, 0xDF04, 0xDF03, 0xDF01, 0x9F08, 0xDF11, 0xDF12, 0xDF13, 0x9F1B, 0xDF15,
	0xDF16, 0xDF17, 0xDF14, 0xDF18, 0x9F7B, 0xDF19, 0xDF20, 0xDF21}

// chipSecrets are the values of objects that are not known to be harmless.
func chipSecrets(v []byte) []span {
	objects, err := emv.Parse(v, emv.Options{Lenient: true})
	if err != nil {
		return all(v)
	}
	var out []span
	for _, o := range objects {
		if slices.Contains(harmlessTags, o.Tag) || len(o.Value) == 0 || o.Tag.Constructed() && followed(objects, o) {
			continue
		}
		at := valueOffset(v, o)
		out = append(out, span{at, at + len(o.Value)})
	}
	return out
}

// followed says that a template was opened: what is in it stands for itself.
func followed(objects emv.Objects, template emv.Object) bool {
	i := slices.IndexFunc(objects, func(o emv.Object) bool { return o.Offset == template.Offset })
	return i+1 < len(objects) && objects[i+1].Depth > template.Depth
}

// valueOffset is where an object's value begins: behind its tag and its length.
func valueOffset(v []byte, o emv.Object) int {
	at := o.Offset + 1
	for t := o.Tag; t > 0xFF; t >>= 8 {
		at++
	}
	if v[at] < 0x80 {
		return at + 1
	}
	return at + 1 + int(v[at]&0x7F)
}

// harmlessElements of field 59, and within the terminal information.
var harmlessElements = []string{TagVoucher, TagLocation}
var harmlessTerminal = []string{TerminalType, TerminalSerial, TerminalVersion}

func elementSecrets(v []byte) []span {
	elements, head, err := parseElements(v)
	if err != nil {
		return all(v)
	}
	var out []span
	at := 0
	for _, e := range elements {
		at += head
		inner, innerHead, err := parseElements(e.Value)
		switch {
		case slices.Contains(harmlessElements, e.Tag):
		case e.Tag == TagTerminal && err == nil:
			out = append(out, terminalSecrets(inner, innerHead, at)...)
		case len(e.Value) > 0:
			out = append(out, span{at, at + len(e.Value)})
		}
		at += len(e.Value)
	}
	return out
}

func terminalSecrets(inner Elements, head, at int) []span {
	var out []span
	for _, e := range inner {
		at += head
		if len(e.Value) > 0 && !slices.Contains(harmlessTerminal, e.Tag) {
			out = append(out, span{at, at + len(e.Value)})
		}
		at += len(e.Value)
	}
	return out
}

// harmless62 says that field 62 is one of the forms without keys or card data.
func (m *Message) harmless62(v []byte) bool {
	f60, err := m.F60()
	if err != nil || len(m.MTI) != 4 {
		return false
	}
	switch m.MTI {
	case "0800", "0820", "0810", "0830":
		switch f60.Network {
		case "001", "003", "004", "005", "006":
			_, err := ParseSignOnDevice(v)
			return m.MTI == "0800" && err == nil
		case "360", "362":
			_, err := ParseParameters(v)
			return err == nil
		case "370", "372", "380", "382":
			return m.harmlessDownload(v)
		}
	case "0320":
		_, err := ParseICUpload(v)
		return err == nil
	}
	return false
}

// harmlessDownload says that a list of CA keys or AIDs holds nothing else.
func (m *Message) harmlessDownload(v []byte) bool {
	if len(v) == 0 {
		return false
	}
	if len(v) <= 3 && isDigits(string(v)) {
		return true
	}
	tlv := v
	if m.MTI[2] == '1' || m.MTI[2] == '3' {
		tlv = v[1:]
	}
	objects, err := emv.Parse(tlv, emv.Options{})
	return err == nil && !slices.ContainsFunc(objects, func(o emv.Object) bool {
		return !slices.Contains(downloadTags, o.Tag) && !slices.Contains(harmlessTags, o.Tag)
	})
}

// blanked is a copy of a value with its secrets replaced by c.
func blanked(v []byte, hide []span, c byte) []byte {
	out := bytes.Clone(v)
	for _, s := range hide {
		for i := s.from; i < s.to; i++ {
			out[i] = c
		}
	}
	return out
}

// shown is a value as it may be shown: text, or hexadecimal, with stars.
func (m *Message) shown(field int, v []byte) string {
	hide := m.secrets(field, v)
	if f := domestic[field].format; f.packed() || f.Kind == Text {
		if s := fromGBK(string(blanked(v, hide, '*'))); printable(s) {
			return s
		}
	} else if field == 64 || field == 62 || field == 59 {
		if s := string(blanked(v, hide, '*')); isASCII(s) {
			return s
		}
	}
	return starredHex(v, hide)
}

func starredHex(v []byte, hide []span) string {
	out := []byte(fmt.Sprintf("%X", v))
	for _, s := range hide {
		for i := 2 * s.from; i < 2*s.to; i++ {
			out[i] = '*'
		}
	}
	return string(out)
}

func printable(s string) bool {
	for _, r := range s {
		if r < ' ' || r == 0x7F || r == '�' {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
