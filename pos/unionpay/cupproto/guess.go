package cupproto

import "encoding/binary"

// guessed is how bytes are taken for a body.
type guessed struct {
	length  int // bytes of the length prefix in front
	profile Profile
}

// guess finds out whether bytes begin with a length, a TPDU and a header. It
// takes the first form that can be read whole, else the first whose MTI is one.
func guess(b []byte) (guessed, bool) {
	var best guessed
	found := false
	for _, length := range []int{LengthPrefix, 0} {
		if length > 0 && (len(b) < LengthPrefix || int(binary.BigEndian.Uint16(b)) != len(b)-LengthPrefix) {
			continue
		}
		for _, p := range []Profile{{}, {NoHeader: true}, {NoTPDU: true}, {NoTPDU: true, NoHeader: true}} {
			g := guessed{length, p}
			if !plausible(b[length:], p) {
				continue
			}
			if _, err := p.ParseBody(b[length:]); err == nil {
				return g, true
			}
			if !found {
				best, found = g, true
			}
		}
	}
	return best, found
}

// plausible says that TPDU, header and MTI look like some.
func plausible(b []byte, p Profile) bool {
	at := p.before()
	if len(b) < at+mtiLen {
		return false
	}
	if !p.NoTPDU && b[0] != tpduID {
		return false
	}
	if !p.NoHeader && (b[at-HeaderLen] < 0x60 || b[at-HeaderLen] > 0x69) {
		return false
	}
	mti := b[at : at+mtiLen]
	return mti[0] >= 1 && mti[0] <= 8 && mti[1]&0x0F == 0 && mti[1]>>4 <= 5
}
