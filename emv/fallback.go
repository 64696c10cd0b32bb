package emv

import (
	"errors"
	"fmt"
)

// Why a stripe is not taken. The texts are for the cashier.
var (
	ErrUseChip     = errors.New("emv: this card has a chip: insert it")
	ErrNoFallback  = errors.New("emv: the chip cannot be read, and swiping instead is not allowed here: take another card")
	ErrChipRefused = errors.New("emv: the chip was read and refused the payment: swiping cannot change that, take another card")
)

// ChipTry is what became of the chip before the card was swiped.
type ChipTry uint8

// What can have become of it.
const (
	ChipNotTried   ChipTry = iota
	ChipUnreadable         // no or a failed answer to reset, or the chip stopped answering
	ChipRefused            // the card was read: declined, blocked (6A81), or the payment failed behind it
)

// Fallback says when a terminal takes the stripe of a card that has a chip
// (降级交易). The zero value has no chip reader and takes every stripe.
type Fallback struct {
	ChipReader bool
	Allowed    bool // the acquirer allows fallback
	MinTries   int  // unreadable tries before it; 0 means 2, what schemes usually ask
}

// Swipe judges a swipe: err nil takes it. fallback says that the card has a chip
// that could not be read, which the entry mode must tell the host.
//
// Errors: ErrUseChip, ErrNoFallback, ErrChipRefused.
func (f Fallback) Swipe(code ServiceCode, chip ChipTry, tries int) (fallback bool, err error) {
	need := f.MinTries
	if need <= 0 {
		need = 2
	}
	switch {
	case !f.ChipReader:
		return false, nil
	case chip == ChipRefused:
		return false, ErrChipRefused
	case !code.Chip():
		return false, nil
	case chip != ChipUnreadable || tries < need:
		return false, ErrUseChip
	case !f.Allowed:
		return false, ErrNoFallback
	}
	return true, nil
}

// Describe says the three digits in words (ISO/IEC 7813).
func (c ServiceCode) Describe() []string {
	first := map[int]string{1: "international, magnetic stripe", 2: "international, chip", 5: "national, magnetic stripe", 6: "national, chip", 7: "private", 9: "test"}
	second := map[int]string{0: "normal authorisation", 2: "authorised online by the issuer", 4: "authorised online by the issuer, except by agreement"}
	third := [...]string{
		"no restriction, PIN required", "no restriction", "goods and services only", "ATM only, PIN required", "cash only",
		"goods and services only, PIN required", "no restriction, PIN if there is a PIN pad", "goods and services only, PIN if there is a PIN pad",
	}
	word := func(s string, place, digit int) string {
		if s == "" {
			return fmt.Sprintf("digit %d: reserved (%d)", place, digit)
		}
		return s
	}
	a, b, d := int(c)/100%10, int(c)/10%10, int(c)%10
	last := ""
	if d >= 0 && d < len(third) {
		last = third[d]
	}
	return []string{word(first[a], 1, a), word(second[b], 2, b), word(last, 3, d)}
}
