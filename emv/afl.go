package emv

import "fmt"

// maxAFL is what an answer has room for (B3, annex A): 63 groups.
const maxAFL = 252

// AFLGroup is a run of records in one file, First to Last; the first Signed of
// them go into offline data authentication.
type AFLGroup struct{ SFI, First, Last, Signed int }

// AFL says where the card keeps its data (application file locator, 应用文件定位器).
type AFL []AFLGroup

// DecodeAFL reads the value of tag 94. Errors: ErrValue if it is no multiple of
// four bytes, over 252, or has a group that a terminal must refuse (B3 10.2).
func DecodeAFL(value []byte) (AFL, error) {
	if len(value)%4 != 0 || len(value) > maxAFL {
		return nil, fmt.Errorf("%w: tag 94 has %d bytes, where groups of four and at most %d belong", ErrValue, len(value), maxAFL)
	}
	var l AFL
	for i := 0; i < len(value); i += 4 {
		g := AFLGroup{int(value[i] >> 3), int(value[i+1]), int(value[i+2]), int(value[i+3])}
		switch {
		case value[i]&7 != 0 || g.SFI < 1 || g.SFI > 30:
			return nil, fmt.Errorf("%w: group %d of tag 94 names no file (%02X)", ErrValue, i/4+1, value[i])
		case g.First < 1 || g.Last < g.First:
			return nil, fmt.Errorf("%w: group %d of tag 94 has records %d to %d", ErrValue, i/4+1, g.First, g.Last)
		case g.Signed > g.Last-g.First+1:
			return nil, fmt.Errorf("%w: group %d of tag 94 has %d signed records of %d", ErrValue, i/4+1, g.Signed, g.Last-g.First+1)
		}
		l = append(l, g)
	}
	return l, nil
}

// Append appends the value of tag 94.
func (l AFL) Append(dst []byte) []byte {
	for _, g := range l {
		dst = append(dst, byte(g.SFI<<3), byte(g.First), byte(g.Last), byte(g.Signed))
	}
	return dst
}

// Describe says each group.
func (l AFL) Describe() []string {
	var out []string
	for _, g := range l {
		s := fmt.Sprintf("SFI %d, records %d to %d", g.SFI, g.First, g.Last)
		if g.First == g.Last {
			s = fmt.Sprintf("SFI %d, record %d", g.SFI, g.First)
		}
		if g.Signed > 0 {
			s += fmt.Sprintf(", %d signed", g.Signed)
		}
		out = append(out, s)
	}
	return out
}
