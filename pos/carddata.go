package pos

import "strings"

// HoldsCardData reports whether the text contains what looks like a full card
// number or magnetic track data. PCI DSS 4.0.1, 3.3.1 and 3.5.1 forbid both at rest.
//
// A card number is 13 to 19 digits, Luhn-valid and beginning as cards do, also
// with an expiry date run on behind it, and with a single space, dash, dot or slash between groups of four to six. Track
// data is 12 to 19 digits, a separator (=, D or ^) and four digits more, Luhn
// or not: test and domestic cards need not be.
//
// Time stamps and order numbers that begin like a year do not match, so that
// a shop's own numbering is not refused by chance; runs longer than
// maxNumberRun are counters and ids of systems, not cards.
func HoldsCardData(s string) bool {
	found := false
	eachDigitRun(s, func(r digitRun) {
		_, _, pan := r.pan()
		found = found || pan || r.track(s)
	})
	return found
}

// MaskCardData returns the text with every card number shown as first six and
// last four, and everything of a track after it removed.
func MaskCardData(s string) string {
	for range maxMaskPasses { // masking one number can bring another to light
		if !HoldsCardData(s) {
			return s
		}
		s = maskOnce(s)
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '*'
		}
		return r
	}, s)
}

// maxMaskPasses bounds the work on a hostile text; what is left then is masked whole.
const maxMaskPasses = 8

func maskOnce(s string) string {
	var b strings.Builder
	at := 0
	eachDigitRun(s, func(r digitRun) {
		if r.start < at {
			return // went with the track before it
		}
		from, to, pan := r.pan()
		if !pan {
			if !r.track(s) {
				return
			}
			from, to = 0, len(r.digits)
		}
		b.WriteString(s[at:r.start])
		b.Write(r.digits[:from])
		card := r.digits[from:to]
		b.Write(card[:6])
		b.WriteString(strings.Repeat("*", len(card)-10))
		b.Write(card[len(card)-4:])
		b.WriteString(strings.Repeat("*", len(r.digits)-to)) // an expiry date behind it
		if at = r.end; r.track(s) {
			for at++; at < len(s) && (isDigit(s[at]) || isSeparator(s[at])); at++ {
			}
		}
	})
	b.WriteString(s[at:])
	return b.String()
}

// digitRun is a run of digits in a text.
type digitRun struct {
	start, end int    // in the text
	digits     []byte // without what stands between them
}

// maxNumberRun: a number with expiry date, service code and more behind it is
// shorter; a wallet's order number of 28 digits is no card.
const maxNumberRun = 27

// pan finds the first card number in the run.
func (r digitRun) pan() (from, to int, ok bool) {
	if len(r.digits) > maxNumberRun {
		return 0, 0, false
	}
	if len(r.digits) <= maxPANLen {
		return 0, len(r.digits), looksLikePAN(r.digits)
	}
	for n := min(maxPANLen, len(r.digits)-4); n >= minPANLen; n-- {
		if looksLikePAN(r.digits[:n]) && isMonth(r.digits[n+2], r.digits[n+3]) { // an expiry date YYMM stands behind it
			return 0, n, true
		}
	}
	return 0, 0, false
}

func isMonth(tens, ones byte) bool {
	return tens == '0' && ones != '0' || tens == '1' && ones <= '2'
}

// Track data, ISO/IEC 7813: number, separator, at least the expiry date.
const (
	minTrackPAN = 12
	minTrackEnd = 4
)

// track reports whether a separator and more digits follow the run.
func (r digitRun) track(s string) bool {
	if len(r.digits) < minTrackPAN || len(r.digits) > maxPANLen || r.end >= len(s) || !isSeparator(s[r.end]) {
		return false
	}
	n := 0
	for i := r.end + 1; i < len(s) && isDigit(s[i]); i++ {
		n++
	}
	return n >= minTrackEnd
}

func isDigit(c byte) bool     { return c >= '0' && c <= '9' }
func isSeparator(c byte) bool { return c == '=' || c == 'D' || c == '^' }
func isGap(c byte) bool       { return c == ' ' || c == '-' || c == '.' || c == '/' }

// eachDigitRun calls f for every run of digits. A single gap may stand between
// groups, as on a card. The run's digits are reused between calls.
func eachDigitRun(s string, f func(digitRun)) {
	var buf [64]byte
	for i := 0; i < len(s); {
		if !isDigit(s[i]) {
			i++
			continue
		}
		start, digits := i, buf[:0]
		end, group := i, 0
		for i < len(s) {
			if isDigit(s[i]) {
				digits = append(digits, s[i])
				i++
				group++
				end = i
				continue
			}
			if n := digitsAfter(s, i); isGap(s[i]) && cardGroup(group) && n > 0 && n <= maxCardGroup {
				i++
				group = 0
				continue
			}
			break
		}
		f(digitRun{start, end, digits})
	}
}

// Cards print their number in groups of four to six; only the last may be shorter.
const (
	minCardGroup = 4
	maxCardGroup = 6
)

func cardGroup(n int) bool { return n >= minCardGroup && n <= maxCardGroup }

// digitsAfter counts the digits right behind s[i].
func digitsAfter(s string, i int) (n int) {
	for i++; i < len(s) && isDigit(s[i]); i++ {
		n++
	}
	return n
}

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
