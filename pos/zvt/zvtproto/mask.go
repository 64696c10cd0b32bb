package zvtproto

import "bytes"

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
		n := &nodes[i]
		switch {
		case len(n.children) > 0:
			maskNodes(n.children)
		case n.isTag && n.tag.Constructed():
			clear(n.value) // not readable inside
		case n.isTag:
			info, known := n.tag.Info()
			maskValue(info.Encoding, info.Secret, known, n.tag == TagTrack1, n.value)
		case n.part == 0:
			info, _ := n.bmp.Info()
			maskValue(info.Encoding, info.Secret, true, n.bmp == BMPTrack1, n.value)
		default:
			maskPart(n.part, n.value)
		}
	}
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
