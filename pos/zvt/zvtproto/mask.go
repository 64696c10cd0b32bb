package zvtproto

import (
	"bytes"
	"fmt"
)

// Mask returns a copy of a whole APDU that may be written to a trace: card
// numbers keep their first six and last four digits, the others become the
// nibble E; tracks become E; passwords, verification values, chip data, and
// everything this package cannot look into become zero. Lengths stay, so the
// copy parses like the original. Texts lose the middle of whatever looks like
// a card number.
//
// An APDU that cannot be read to its end keeps only control field and length.
// Direction is guessed as in Parse.
func Mask(apdu []byte) []byte {
	out := bytes.Clone(apdu)
	d := dissect(out, DirectionUnknown)
	if len(d.problems) > 0 {
		clear(out[min(d.dataAt, len(out)):])
		if d.dataAt == len(out) && len(out) > 3 {
			clear(out[3:])
		}
		return out
	}
	maskNodes(d.nodes)
	return out
}

// maskNodes replaces secrets in place.
func maskNodes(nodes []node) {
	for i := range nodes {
		if n := &nodes[i]; len(n.children) > 0 {
			maskNodes(n.children)
		} else {
			maskNode(n, n.value)
		}
	}
}

// maskNode replaces what is secret in value, which is n's or a copy of it.
func maskNode(n *node, value []byte) {
	switch {
	case n.isTag && n.tag.Constructed():
		clear(value) // not readable inside
	case n.isTag:
		info, known := n.tag.Info()
		maskValue(info.Encoding, info.Secret, known, n.tag == TagTrack1, value)
	case n.part == 0:
		info, _ := n.bmp.Info()
		maskValue(info.Encoding, info.Secret, true, n.bmp == BMPTrack1, value)
	default:
		maskPart(n.part, value)
	}
}

// starred are the hexadecimal digits of an APDU that is not masked yet, with a
// star for each digit that must not be shown: a secret, or anything that could
// not be read and may be one.
func starred(d *dissection) []byte {
	digits := []byte(fmt.Sprintf("%X", d.apdu))
	stars := func(from, to int) {
		for i := 2 * from; i < 2*to; i++ {
			digits[i] = '*'
		}
	}
	var walk func(nodes []node)
	walk = func(nodes []node) {
		for i := range nodes {
			n := &nodes[i]
			if len(n.children) > 0 {
				walk(n.children)
				continue
			}
			at := n.offset + n.size - len(n.value)
			if n.hidden() {
				stars(at, at+len(n.value))
				continue
			}
			masked := bytes.Clone(n.value)
			maskNode(n, masked)
			for k := range 2 * len(masked) {
				if m := nibbleAt(masked, k); m != nibbleAt(n.value, k) || m == 0xE && n.isPacked() {
					digits[2*at+k] = '*'
				}
			}
		}
	}
	walk(d.nodes)
	stars(min(d.unread+d.plain, d.end), len(d.apdu))
	return digits
}

// hidden says that masking clears the whole value, so that a secret which is
// zero looks no different.
func (n *node) hidden() bool {
	probe := bytes.Repeat([]byte{0xA5}, len(n.value)) // no digit, no letter: only clear changes it
	maskNode(n, probe)
	return len(probe) > 0 && probe[0] == 0
}

// isPacked says that the value is a card number or track whose masked digits are nibbles E.
func (n *node) isPacked() bool {
	var e Encoding
	if n.isTag {
		info, _ := n.tag.Info()
		e = info.Encoding
	} else if n.part == 0 {
		info, _ := n.bmp.Info()
		e = info.Encoding
	}
	return e == EncodingPAN || e == EncodingTrack
}

func maskPart(p part, value []byte) {
	switch p {
	case partPassword, partOptionalPassword, partOpaque, partResponse:
		clear(value)
	case partText, partVersion:
		maskText(value)
	}
}

// maskValue replaces what is secret in one value. Values of unknown tags are
// searched for card numbers, as text and as BCD.
func maskValue(e Encoding, secret, known, asCharacters bool, value []byte) {
	switch {
	case !known:
		maskDigits(maskText(value))
	case secret && e == EncodingPAN:
		maskPAN(value)
	case secret && e == EncodingTrack && !asCharacters:
		for at := range 2 * len(value) {
			if nibbleAt(value, at) <= 9 {
				setNibble(value, at, 0xE)
			}
		}
	case secret:
		clear(value)
	case e == EncodingText:
		maskText(value)
	}
}

// maskPAN leaves the digits that PAN.String leaves.
func maskPAN(value []byte) {
	shown := parsePAN(value).String()
	for at := range len(shown) {
		if shown[at] == '*' && nibbleAt(value, at) <= 9 {
			setNibble(value, at, 0xE)
		}
	}
}

func nibbleAt(b []byte, at int) byte {
	if at%2 == 0 {
		return b[at/2] >> 4
	}
	return b[at/2] & 15
}
