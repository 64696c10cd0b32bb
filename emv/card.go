package emv

import (
	"errors"
	"fmt"
)

// What a card's own data can disagree about. A host refuses such a card, and a
// terminal should before it.
var (
	ErrPANMismatch    = errors.New("emv: the card numbers in tags 5A and 57 differ")
	ErrExpiryMismatch = errors.New("emv: the expiry dates in tags 5F24 and 57 differ")
	ErrNoPAN          = errors.New("emv: no card number in tags 5A and 57")
)

// RID returns the provider that the objects name in DF name, ADF name or AID, or 0.
func (l Objects) RID() RID {
	for _, tag := range [...]Tag{TagDFName, TagADFName, TagAID} {
		if v, ok := l.Find(tag); ok && RIDOf(v).Scheme() != SchemeUnknown {
			return RIDOf(v)
		}
	}
	return 0
}

// Track2 returns tag 57. It is zero, without an error, where there is none.
// Errors: ErrTrack.
func (l Objects) Track2() (Track2, error) {
	v, ok := l.Find(TagTrack2)
	if !ok {
		return Track2{}, nil
	}
	return DecodeTrack2(v)
}

// PAN returns the card number from tag 5A, or else from tag 57, and checks that
// both say the same of number and expiry.
//
// Errors: ErrNoPAN, ErrPAN, ErrTrack, ErrPANMismatch, ErrExpiryMismatch. The last is
// a failure of certification with UnionPay (known from one source).
func (l Objects) PAN() (PAN, error) {
	track, err := l.Track2()
	if err != nil {
		return PAN{}, err
	}
	v, ok := l.Find(TagPAN)
	if !ok {
		if track.IsZero() {
			return PAN{}, ErrNoPAN
		}
		return track.PAN(), l.checkExpiry(track)
	}
	pan, err := DecodePAN(v)
	switch {
	case err != nil:
		return PAN{}, fmt.Errorf("%w (tag 5A)", err)
	case track.IsZero():
		return pan, nil
	case !pan.Equal(track.PAN()):
		return PAN{}, ErrPANMismatch
	}
	return pan, l.checkExpiry(track)
}

func (l Objects) checkExpiry(track Track2) error {
	v, ok := l.Find(TagExpiry)
	if !ok {
		return nil
	}
	d, err := DecodeDate(v)
	if err != nil {
		return fmt.Errorf("%w (tag 5F24)", err)
	}
	if d.Expiry() != track.Expiry() {
		return ErrExpiryMismatch
	}
	return nil
}
