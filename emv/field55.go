package emv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxField55 is what field 55 of ISO 8583 has room for (LLLVAR, 255 bytes).
const MaxField55 = 255

// Errors of BuildField55; test with errors.Is.
var (
	ErrMissing         = errors.New("emv: data for the host is missing")
	ErrField55TooLong  = errors.New("emv: data for the host is too long for field 55")
	ErrField55BadValue = errors.New("emv: data for the host has the wrong length")
)

// MissingError names the tags that a list demands and the source does not have.
type MissingError struct {
	List string
	Tags []Tag
}

// Error names list and tags.
func (e *MissingError) Error() string {
	var names []string
	for _, t := range e.Tags {
		name := t.String()
		if n := t.Name(); n != "" {
			name += " (" + n + ")"
		}
		names = append(names, name)
	}
	return fmt.Sprintf("%v: field 55 of %s lacks %s", ErrMissing, e.List, strings.Join(names, ", "))
}

// Unwrap returns ErrMissing.
func (e *MissingError) Unwrap() error { return ErrMissing }

// TagList says which tags a message to the host carries, in order.
type TagList struct {
	Name      string
	Mandatory []Tag
	Optional  []Tag // sent if the source has them
	Max       int   // bytes; 0 means MaxField55
}

// BuildField55 gathers the tags of a list from a source, such as Objects.Find,
// in the order of the list, the mandatory ones first.
//
// Errors, before anything can be sent: *MissingError, ErrField55BadValue for a
// value the dictionary says cannot be, ErrField55TooLong. None of them shows a value.
func BuildField55(list TagList, source func(Tag) ([]byte, bool)) ([]byte, error) {
	limit := list.Max
	if limit <= 0 {
		limit = MaxField55
	}
	var out []byte
	missing := &MissingError{List: list.Name}
	for i, tag := range slices.Concat(list.Mandatory, list.Optional) {
		value, ok := source(tag)
		if !ok {
			if i < len(list.Mandatory) {
				missing.Tags = append(missing.Tags, tag)
			}
			continue
		}
		if e, known := LookupSized(tag, 0, len(value)); known && !e.Fits(len(value)) {
			return nil, fmt.Errorf("%w: tag %s (%s) has %d bytes", ErrField55BadValue, tag, e.Name, len(value))
		}
		var err error
		if out, err = Append(out, tag, value); err != nil {
			return nil, err
		}
		if len(out) > limit {
			return nil, fmt.Errorf("%w: %s ends in tag %s beyond %d bytes", ErrField55TooLong, list.Name, tag, limit)
		}
	}
	if len(missing.Tags) > 0 {
		return nil, missing
	}
	return out, nil
}

// online is what every scheme's host needs to check the cryptogram.
var online = [...]Tag{
	TagCryptogram, TagCID, TagIAD, TagUnpredictableNumber, TagATC, TagTVR, TagDate, TagType, TagAmount, TagCurrency, TagAIP, TagTerminalCountry,
	TagAmountOther, TagTerminalCapabilities,
}

var unionPayMore = [...]Tag{TagCVMResults, TagTerminalType, TagIFDSerial, TagDFName, TagTerminalVersion, TagSequenceCounter, TagCardProductID}

// UnionPayOnline is the list of a sale, authorisation or balance inquiry, with
// contacts and without (联机交易); the sequence counter (9F41) is filled from the STAN.
func UnionPayOnline() TagList {
	return TagList{Name: "a UnionPay online request", Mandatory: slices.Clone(online[:]), Optional: slices.Clone(unionPayMore[:])}
}

// UnionPayReversal is the list of a reversal (冲正). The script results are there
// if a script was performed.
func UnionPayReversal() TagList {
	return TagList{Name: "a UnionPay reversal", Mandatory: []Tag{TagTVR, TagIAD, TagATC}, Optional: []Tag{TagIFDSerial, TagDeviceScriptResults}}
}

// UnionPayScriptNotice is the list that tells what became of an issuer script
// (脚本结果通知). Which tags are mandatory is inferred.
func UnionPayScriptNotice() TagList {
	return TagList{
		Name: "a UnionPay script notice",
		Mandatory: []Tag{TagTerminalCapabilities, TagTVR, TagUnpredictableNumber, TagIAD, TagCryptogram, TagATC, TagAIP, TagDeviceScriptResults,
			TagTerminalCountry, TagDate},
		Optional: []Tag{TagIFDSerial},
	}
}

// UnionPayTCUpload is the list of the batch upload of certificates (TC上送): the
// online list with the card's last cryptogram (CID 40) and the response code.
func UnionPayTCUpload() TagList {
	l := UnionPayOnline()
	l.Name, l.Optional = "a UnionPay TC upload", append(l.Optional, TagARC, TagECIssuerCode)
	return l
}

// VisaOnline is the list of an online request of Visa. Inferred.
func VisaOnline() TagList {
	return TagList{
		Name: "a Visa online request",
		Mandatory: []Tag{TagAIP, TagTVR, TagDate, TagType, TagCurrency, TagAmount, TagAmountOther, TagIAD, TagTerminalCountry, TagCryptogram,
			TagTerminalCapabilities, TagATC, TagUnpredictableNumber},
		Optional: append(slices.Clone(internationalMore[:]), 0x9F6E, TagTTQ, 0x9F7C),
	}
}

// MastercardOnline is the list of an online request of Mastercard, which allows
// no other card data in it. Inferred.
func MastercardOnline() TagList {
	l := VisaOnline()
	l.Name, l.Optional = "a Mastercard online request", append(slices.Clone(internationalMore[:]), 0x9F53, 0x9F6E)
	return l
}

var internationalMore = [...]Tag{TagDFName, TagPANSequence, TagTerminalVersion, TagIFDSerial, TagCID, TagCVMResults, TagTerminalType, TagSequenceCounter}
