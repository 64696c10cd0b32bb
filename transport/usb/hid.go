package usb

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrReport: bytes that are no report of the kind asked for.
var ErrReport = errors.New("not such a HID report")

// Keyboard reports of the boot protocol (HID 1.11, appendix B.1): modifiers,
// a reserved byte, six usages.
const (
	lenBootKeyboard = 8
	keyShift        = 0x02 | 0x20 // left or right
	keyRollOver     = 0x01        // in all places: too many keys
)

// keys maps usages of the keyboard page to characters of the US layout, plain
// and shifted (HID Usage Tables 1.12, table 12).
var keys = map[byte][2]byte{
	0x28: {'\r', '\r'}, 0x2A: {'\b', '\b'}, 0x2B: {'\t', '\t'}, 0x2C: {' ', ' '}, 0x2D: {'-', '_'}, 0x2E: {'=', '+'},
	0x2F: {'[', '{'}, 0x30: {']', '}'}, 0x31: {'\\', '|'}, 0x33: {';', ':'}, 0x34: {'\'', '"'}, 0x35: {'`', '~'},
	0x36: {',', '<'}, 0x37: {'.', '>'}, 0x38: {'/', '?'},
	0x54: {'/', '/'}, 0x55: {'*', '*'}, 0x56: {'-', '-'}, 0x57: {'+', '+'}, 0x58: {'\r', '\r'}, 0x62: {'0', '0'}, 0x63: {'.', '.'},
}

const shiftedDigits = ")!@#$%^&*("

// character returns what a key writes on a US keyboard; 0 for none.
func character(usage byte, shift bool) byte {
	at := 0
	if shift {
		at = 1
	}
	switch {
	case usage >= 0x04 && usage <= 0x1D:
		return "aA"[at] + usage - 0x04
	case usage >= 0x1E && usage <= 0x27:
		digit := (usage - 0x1E + 1) % 10
		if shift {
			return shiftedDigits[digit]
		}
		return '0' + digit
	case usage >= 0x59 && usage <= 0x61:
		return '1' + usage - 0x59
	}
	return keys[usage][at]
}

// DecodeKeyboard returns what is written by the keys that are down in report
// and were not in before, on a US keyboard; before is the report that came
// before this one, nil at the beginning. Enter is "\r". Keys without a
// character write nothing.
//
// Errors wrap ErrReport. Pure, and safe for concurrent use.
func DecodeKeyboard(before, report []byte) (string, error) {
	if len(report) < lenBootKeyboard || before != nil && len(before) < lenBootKeyboard {
		return "", fmt.Errorf("usb: %w: %d bytes are no keyboard report of 8", ErrReport, len(report))
	}
	var text strings.Builder
	for _, usage := range report[2:lenBootKeyboard] {
		if usage == keyRollOver {
			return "", nil
		}
		if usage == 0 || before != nil && slices.Contains(before[2:lenBootKeyboard], usage) {
			continue
		}
		if c := character(usage, report[0]&keyShift != 0); c != 0 {
			text.WriteByte(c)
		}
	}
	return text.String(), nil
}

// AppendKeyboard returns the reports of somebody typing text on a US keyboard:
// each key down, then up. Characters that keyboard lacks are an error.
func AppendKeyboard(reports [][]byte, text string) ([][]byte, error) {
	for _, c := range []byte(text) {
		usage, shift := byte(0), false
		for u := byte(0x04); u < 0x64 && usage == 0; u++ {
			for _, s := range []bool{false, true} {
				if usage == 0 && character(u, s) == c {
					usage, shift = u, s
				}
			}
		}
		if usage == 0 || c == 0 {
			return reports, fmt.Errorf("usb: no key writes %q", c)
		}
		down := make([]byte, lenBootKeyboard)
		if down[2] = usage; shift {
			down[0] = 0x02
		}
		reports = append(reports, down, make([]byte, lenBootKeyboard))
	}
	return reports, nil
}

// The report of bar code scanners on usage page 8C, as Honeywell, Access-IS and
// Zebra lay it out (Access-IS LSR118 manual; other makers may differ).
const (
	lenPOSScan  = 64
	posScanID   = 0x02
	posScanFrom = 5
	posScanData = 56
	posScanMore = 63 // bit 0: continued in the next report
)

// POSScan is one report of a scanner.
type POSScan struct {
	// AIM is the symbology identifier, such as "]E0" for EAN-13; empty where
	// the scanner sends none.
	AIM  string
	Data []byte // up to 56 bytes of any value
	More bool   // the next report continues it
}

// DecodePOSScan reads a report of usage page 8C. Errors wrap ErrReport. Pure,
// and safe for concurrent use; Data is a copy.
func DecodePOSScan(report []byte) (POSScan, error) {
	if len(report) < lenPOSScan || report[0] != posScanID || report[1] > posScanData {
		return POSScan{}, fmt.Errorf("usb: %w: no scan of 64 bytes with report id 02", ErrReport)
	}
	s := POSScan{Data: bytes.Clone(report[posScanFrom : posScanFrom+int(report[1])]), More: report[posScanMore]&1 != 0}
	if report[2] == ']' {
		s.AIM = string(report[2:posScanFrom])
	}
	return s, nil
}

// AppendPOSScan returns the reports of one scan.
func AppendPOSScan(reports [][]byte, aim string, data []byte) [][]byte {
	for first := true; first || len(data) > 0; first = false {
		r := make([]byte, lenPOSScan)
		r[0] = posScanID
		copy(r[2:posScanFrom], aim)
		n := copy(r[posScanFrom:posScanFrom+posScanData], data)
		r[1] = byte(n)
		if data = data[n:]; len(data) > 0 {
			r[posScanMore] = 1
		}
		reports = append(reports, r)
	}
	return reports
}
