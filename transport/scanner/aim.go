package scanner

// Symbology is a family of symbols.
type Symbology string

// Symbologies that an AIM identifier can name.
const (
	Code39     Symbology = "Code 39"
	Code128    Symbology = "Code 128"
	EAN        Symbology = "EAN/UPC"
	DataBar    Symbology = "GS1 DataBar"
	Codabar    Symbology = "Codabar"
	Code93     Symbology = "Code 93"
	Code11     Symbology = "Code 11"
	ITF        Symbology = "ITF"
	PDF417     Symbology = "PDF417"
	MSI        Symbology = "MSI"
	MaxiCode   Symbology = "MaxiCode"
	QR         Symbology = "QR"
	DataMatrix Symbology = "DataMatrix"
	Aztec      Symbology = "Aztec"
	DotCode    Symbology = "DotCode"
	Other      Symbology = "other"
)

// symbologies by the letter of the identifier (ISO/IEC 15424, annex A).
var symbologies = map[byte]Symbology{
	'A': Code39, 'C': Code128, 'E': EAN, 'e': DataBar, 'F': Codabar, 'G': Code93, 'H': Code11, 'I': ITF, 'L': PDF417,
	'M': MSI, 'U': MaxiCode, 'Q': QR, 'd': DataMatrix, 'z': Aztec, 'J': DotCode, 'X': Other,
}

// gs1Carriers are the identifiers that promise GS1 element strings.
var gs1Carriers = map[string]bool{"]C1": true, "]e0": true, "]d2": true, "]Q3": true, "]J1": true}

// aimLen is the length of an identifier: ']', a letter, a modifier.
const aimLen = 3

// ParseAIM splits an AIM identifier off. ok is false, and rest all of data,
// where there is none that is known.
func ParseAIM(data []byte) (id string, symbology Symbology, rest []byte, ok bool) {
	if len(data) < aimLen || data[0] != ']' || !isModifier(data[2]) {
		return "", "", data, false
	}
	symbology, ok = symbologies[data[1]]
	if !ok {
		return "", "", data, false
	}
	return string(data[:aimLen]), symbology, data[aimLen:], true
}

// isModifier: a hexadecimal digit, or any letter for what makers define.
func isModifier(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// AIMFor returns the identifier that a scanner sends for a symbology, "]E0";
// empty for one that has none. Article numbers of eight digits are "]E4".
func AIMFor(s Symbology, digits int) string {
	for letter, known := range symbologies {
		if known != s {
			continue
		}
		modifier := byte('0')
		if s == EAN && digits == 8 {
			modifier = '4'
		}
		return string([]byte{']', letter, modifier})
	}
	return ""
}

// GS1 reports whether the scanner says that the data are GS1 element strings,
// for ParseGS1.
func (s Scan) GS1() bool { return gs1Carriers[s.AIM] }
