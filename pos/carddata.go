package pos

import "strings"

// HoldsCardData reports whether the text contains what looks like a full card
// number (13 to 19 digits, spaces and dashes between them allowed, Luhn-valid,
// beginning as cards do) or magnetic track data. PCI DSS 4.0.1, 3.3.1 and 3.5.1
// forbid both at rest.
//
// Time stamps and order numbers that begin like a year do not match, so that
// a shop's own numbering is not refused by chance.
func HoldsCardData(s string) bool {
	found := false
	eachDigitRun(s, func(start, end int, digits []byte) {
		found = found || looksLikePAN(digits)
	})
	return found
}

// MaskCardData returns the text with every card number shown as first six and
// last four, and everything of a track after it removed.
func MaskCardData(s string) string {
	if !HoldsCardData(s) {
		return s
	}
	var b strings.Builder
	at := 0
	eachDigitRun(s, func(start, end int, digits []byte) {
		if !looksLikePAN(digits) {
			return
		}
		b.WriteString(s[at:start])
		b.Write(digits[:6])
		b.WriteString(strings.Repeat("*", len(digits)-10))
		b.Write(digits[len(digits)-4:])
		at = end
		if at < len(s) && (s[at] == '=' || s[at] == 'D') {
			at++
			for at < len(s) && s[at] >= '0' && s[at] <= '9' {
				at++
			}
		}
	})
	b.WriteString(s[at:])
	return b.String()
}

// eachDigitRun calls f for every run of digits. A single space or dash may
// stand between groups of four or more, as on a card. digits is reused between calls.
func eachDigitRun(s string, f func(start, end int, digits []byte)) {
	var buf [32]byte
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		start, digits := i, buf[:0]
		end, group := i, 0
		for i < len(s) {
			c := s[i]
			if c >= '0' && c <= '9' {
				digits = append(digits, c)
				i++
				group++
				end = i
				continue
			}
			if (c == ' ' || c == '-') && group >= cardGroup && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' {
				i++
				group = 0
				continue
			}
			break
		}
		f(start, end, digits)
	}
}

// cardGroup is the shortest group of digits that cards print, the last one apart.
const cardGroup = 4

// Lengths of a primary account number, ISO/IEC 7812-1.
const (
	minPANLen = 13
	maxPANLen = 19
)

func looksLikePAN(d []byte) bool {
	if len(d) < minPANLen || len(d) > maxPANLen || !issuedPrefix(d) {
		return false
	}
	sum, double := 0, false
	for i := len(d) - 1; i >= 0; i-- {
		n := int(d[i] - '0')
		if double {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum, double = sum+n, !double
	}
	return sum%10 == 0
}

// issuedPrefix knows the first digits that card schemes issue: 3-6, 8 and 9
// (domestic Chinese cards), and of the 2 range Mir and Mastercard.
func issuedPrefix(d []byte) bool {
	switch d[0] {
	case '3', '4', '5', '6', '8', '9':
		return true
	case '2':
		n := int(d[0]-'0')*1000 + int(d[1]-'0')*100 + int(d[2]-'0')*10 + int(d[3]-'0')
		return n >= 2200 && n <= 2204 || n >= 2221 && n <= 2720
	}
	return false
}
