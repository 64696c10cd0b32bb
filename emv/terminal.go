package emv

import "fmt"

// TerminalType says whose a terminal is and how it works: 22 is a merchant's,
// attended, offline with online capability (终端类型; tag 9F35, B4 A1). It is BCD:
// 0x22.
type TerminalType byte

// DecodeTerminalType reads the value of tag 9F35. Errors: ErrValue unless it has 1 byte.
func DecodeTerminalType(value []byte) (TerminalType, error) {
	v, err := decodeBits(TagTerminalType, value, 1)
	return TerminalType(v), err
}

// Attended reports whether somebody stands beside the terminal.
func (t TerminalType) Attended() bool { return t&0xF >= 1 && t&0xF <= 3 }

// Describe says it in words.
func (t TerminalType) Describe() []string {
	owners := [...]string{"", "financial institution", "merchant", "cardholder"}
	ways := [...]string{"", "online only", "offline with online capability", "offline only"}
	owner, way := int(t>>4), int(t&0xF)
	if owner < 1 || owner > 3 || way < 1 || way > 6 {
		return []string{"reserved terminal type " + t.String()}
	}
	if way > 3 {
		return []string{owners[owner] + ", unattended, " + ways[way-3]}
	}
	return []string{owners[owner] + ", attended, " + ways[way]}
}

// String returns the value in digits.
func (t TerminalType) String() string { return fmt.Sprintf("%02X", byte(t)) }
