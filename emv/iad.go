package emv

import (
	"fmt"
	"slices"
)

// maxIAD is the longest value of tag 9F10 (B3, annex A).
const maxIAD = 32

// IADFormat is a scheme's way to write the issuer application data.
type IADFormat byte

// The formats. Unknown ones keep their bytes in IAD.Rest.
const (
	IADUnknown  IADFormat = iota
	IADUnionPay           // 07 DKI CVN CVR(03 ...) algorithm, as PBOC (JR/T 0025)
	IADVisa               // 06 DKI CVN CVR(03 ...): Visa's formats 0, 1 and 3
	IADVisa2              // 1F CVN DKI CVR: Visa's formats 2 and 4, 32 bytes
	IADMChip              // DKI CVN CVR DAC counters: M/Chip, 18, 20, 26 or 28 bytes
	IADCCD                // 0F CCI DKI CVR counters 0F ...: common core definitions, 32 bytes
)

// String names the format.
func (f IADFormat) String() string {
	switch f {
	case IADUnionPay:
		return "UnionPay (PBOC)"
	case IADVisa:
		return "Visa format 0, 1 or 3"
	case IADVisa2:
		return "Visa format 2 or 4"
	case IADMChip:
		return "M/Chip"
	case IADCCD:
		return "common core definitions"
	}
	return "unknown format"
}

// IAD is what a card tells its issuer (issuer application data, 发卡行应用数据). What a
// format does not have is zero. It aliases nothing.
type IAD struct {
	Format     IADFormat
	KeyIndex   byte   // derivation key index, DKI
	CVN        byte   // cryptogram version number; of CCD the common core identifier
	CVRBytes   []byte // card verification results as they are, with their length byte where there is one
	Algorithm  byte   // UnionPay: 01 3DES, 04 SM4 (inferred)
	DAC        []byte // M/Chip: data authentication code or dynamic number
	Counters   []byte // M/Chip and CCD
	Rest       []byte // the issuer's own data, or all of an unknown format
	RestLength bool   // whether Rest has a length byte in front (UnionPay, Visa)
}

// DecodeIAD reads the value of tag 9F10. A known rid decides which formats are
// tried; with 0 the form alone does, and M/Chip, which has no mark, is not
// guessed. What fits no format is IADUnknown and no error. Errors: ErrValue for
// more than 32 bytes.
func DecodeIAD(value []byte, rid RID) (IAD, error) {
	if len(value) > maxIAD {
		return IAD{}, fmt.Errorf("%w: tag 9F10 has %d bytes, where %d are the most", ErrValue, len(value), maxIAD)
	}
	v := slices.Clone(value)
	short := len(v) >= 7 && v[3] == 3
	long := len(v) == maxIAD
	known := familyOf(rid)
	switch {
	case short && v[0] == 7 && len(v) >= 8 && (known == 0 || known&(forUnionPay|forVisa) != 0):
		i := IAD{Format: IADUnionPay, KeyIndex: v[1], CVN: v[2], CVRBytes: v[3:7], Algorithm: v[7]}
		return i.withRest(v[8:]), nil
	case short && v[0] == 6 && (known == 0 || known&(forVisa|forUnionPay) != 0):
		i := IAD{Format: IADVisa, KeyIndex: v[1], CVN: v[2], CVRBytes: v[3:7]}
		return i.withRest(v[7:]), nil
	case long && v[0] == 0x1F && (known == 0 || known&forVisa != 0):
		return IAD{Format: IADVisa2, CVN: v[1], KeyIndex: v[2], CVRBytes: v[3:8], Rest: v[8:]}, nil
	case long && v[0] == 0x0F && v[16] == 0x0F && (v[1]>>4 == 0xA):
		return IAD{Format: IADCCD, CVN: v[1], KeyIndex: v[2], CVRBytes: v[3:8], Counters: v[8:16], Rest: v[17:]}, nil
	case known == forMastercard && slices.Contains([]int{18, 20, 26, 28}, len(v)):
		return IAD{Format: IADMChip, KeyIndex: v[0], CVN: v[1], CVRBytes: v[2:8], DAC: v[8:10], Counters: v[10:]}, nil
	}
	return IAD{Rest: v}, nil
}

// withRest takes what follows, with its length byte where it is right.
func (i IAD) withRest(v []byte) IAD {
	if len(v) > 0 && int(v[0]) == len(v)-1 {
		i.RestLength, v = true, v[1:]
	}
	i.Rest = v
	return i
}

// Append appends the value of tag 9F10.
func (i IAD) Append(dst []byte) []byte {
	switch i.Format {
	case IADUnionPay:
		dst = append(append(append(dst, 7, i.KeyIndex, i.CVN), i.CVRBytes...), i.Algorithm)
	case IADVisa:
		dst = append(append(dst, 6, i.KeyIndex, i.CVN), i.CVRBytes...)
	case IADVisa2:
		dst = append(append(dst, 0x1F, i.CVN, i.KeyIndex), i.CVRBytes...)
	case IADMChip:
		dst = append(append(append(dst, i.KeyIndex, i.CVN), i.CVRBytes...), i.DAC...)
		dst = append(dst, i.Counters...)
	case IADCCD:
		dst = append(append(append(dst, 0x0F, i.CVN, i.KeyIndex), i.CVRBytes...), i.Counters...)
		dst = append(dst, 0x0F)
	}
	if i.RestLength {
		dst = append(dst, byte(len(i.Rest)))
	}
	return append(dst, i.Rest...)
}

// CVR returns the results in their bits; ok is false for formats whose bits are
// their own.
func (i IAD) CVR() (c CVR, ok bool) {
	if (i.Format != IADUnionPay && i.Format != IADVisa) || len(i.CVRBytes) != 4 {
		return 0, false
	}
	return CVR(i.CVRBytes[1])<<16 | CVR(i.CVRBytes[2])<<8 | CVR(i.CVRBytes[3]), true
}

// Describe says it in words.
func (i IAD) Describe() []string {
	if i.Format == IADUnknown {
		return []string{i.Format.String()}
	}
	out := []string{i.Format.String(), fmt.Sprintf("key index %02X, cryptogram version %02X", i.KeyIndex, i.CVN)}
	if i.Format == IADUnionPay {
		algorithm := map[byte]string{1: "3DES", 4: "SM4"}[i.Algorithm]
		if algorithm == "" {
			algorithm = "unknown"
		}
		out = append(out, fmt.Sprintf("algorithm %02X, %s", i.Algorithm, algorithm))
	}
	if c, ok := i.CVR(); ok {
		out = append(out, c.Describe()...)
	} else {
		out = append(out, fmt.Sprintf("card verification results %X", i.CVRBytes))
	}
	if i.Format == IADMChip && len(i.DAC) > 0 {
		switch i.CVN >> 1 & 3 {
		case 0:
			out = append(out, "session key by Mastercard's derivation")
		case 2:
			out = append(out, "session key by EMV's common derivation")
		}
		out = append(out, fmt.Sprintf("authentication code or dynamic number %X", i.DAC))
	}
	for _, part := range []struct {
		name  string
		value []byte
	}{{"counters", i.Counters}, {"issuer's data", i.Rest}} {
		if len(part.value) > 0 {
			out = append(out, fmt.Sprintf("%s %X", part.name, part.value))
		}
	}
	return out
}
