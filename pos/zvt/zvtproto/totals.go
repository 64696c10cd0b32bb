package zvtproto

import "fmt"

// TotalsSize is the length of BMP 60: two receipt numbers and seven groups of
// a count and a sum (P15 chapter 13).
const TotalsSize = 4 + 7*(1+amountSize)

// Total is one card scheme's share of the day. Count is binary on the wire,
// so 255 is its end.
type Total struct {
	Count uint8
	Sum   Amount
}

// Totals is BMP 60, the result of the end of day, by card scheme.
type Totals struct {
	// FirstReceipt and LastReceipt may be NoReceipt.
	FirstReceipt, LastReceipt uint16

	Girocard, JCB, Mastercard, Amex, Visa, Diners, Others Total
}

// groups lists the schemes in the order of the wire.
func (t *Totals) groups() [7]*Total {
	return [7]*Total{&t.Girocard, &t.JCB, &t.Mastercard, &t.Amex, &t.Visa, &t.Diners, &t.Others}
}

// totalNames names groups.
var totalNames = [7]string{"girocard", "JCB", "Mastercard", "American Express", "Visa", "Diners", "others"}

// Sum adds the schemes.
func (t Totals) Sum() (count int, sum Amount) {
	for _, g := range t.groups() {
		count += int(g.Count)
		sum += g.Sum
	}
	return count, sum
}

// Append appends the 53 bytes. Errors: ErrRange for a number the digits
// cannot hold.
func (t Totals) Append(dst []byte) ([]byte, error) {
	var err error
	for _, n := range [2]uint16{t.FirstReceipt, t.LastReceipt} {
		if n == NoReceipt {
			dst = append(dst, 0xFF, 0xFF)
		} else if dst, err = appendBCD(dst, uint64(n), 2); err != nil {
			return dst, err
		}
	}
	for _, g := range t.groups() {
		if dst, err = AppendAmount(append(dst, g.Count), g.Sum); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// ParseTotals reads BMP 60. Errors: ErrFormat for another length or for sums
// that are not digits.
func ParseTotals(b []byte) (Totals, error) {
	var t Totals
	if len(b) != TotalsSize {
		return t, fmt.Errorf("zvtproto: totals of %d bytes, not %d: %w", len(b), TotalsSize, ErrFormat)
	}
	for i, n := range [2]*uint16{&t.FirstReceipt, &t.LastReceipt} {
		field := b[2*i : 2*i+2]
		v, ok := parseBCD(field)
		switch {
		case ok:
			*n = uint16(v)
		case field[0] == 0xFF && field[1] == 0xFF:
			*n = NoReceipt
		default:
			return t, fmt.Errorf("zvtproto: receipt number in totals: %w", ErrFormat)
		}
	}
	for i, g := range t.groups() {
		at := 4 + i*(1+amountSize)
		sum, err := ParseAmount(b[at+1 : at+1+amountSize])
		if err != nil {
			return t, err
		}
		*g = Total{Count: b[at], Sum: sum}
	}
	return t, nil
}

// Totals reads BMP 60. ok is false without one; a present but malformed one
// is an error.
func (f *Fields) Totals() (t Totals, ok bool, err error) {
	v, ok := f.Value(BMPTotals)
	if !ok {
		return t, false, nil
	}
	t, err = ParseTotals(v)
	return t, err == nil, err
}

// SetTotals sets BMP 60.
func (f *Fields) SetTotals(t Totals) error {
	v, err := t.Append(nil)
	if err == nil {
		f.Set(BMPTotals, v)
	}
	return err
}
