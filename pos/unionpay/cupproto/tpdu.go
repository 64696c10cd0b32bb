package cupproto

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// TPDULen is the length of a TPDU.
const TPDULen = 5

// tpduID marks data of a transaction.
const tpduID = 0x60

// TPDU is the address on the way to the host (传输协议数据单元). Addresses are four
// digits, as two bytes show them: 0x0006 is written 0006.
type TPDU struct {
	ID                  byte // 60; 0 means 60 when sent
	Destination, Source uint16
}

// ParseTPDU reads ten hex digits, such as "6000060000".
func ParseTPDU(s string) (TPDU, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != TPDULen {
		return TPDU{}, &Error{Field: PartTPDU, Offset: -1, Err: malformed("want ten hexadecimal digits, such as 6000060000")}
	}
	return readTPDU(b), nil
}

func readTPDU(b []byte) TPDU {
	return TPDU{ID: b[0], Destination: binary.BigEndian.Uint16(b[1:]), Source: binary.BigEndian.Uint16(b[3:])}
}

// Swapped is the TPDU of the answer: source and destination change places.
func (t TPDU) Swapped() TPDU { return TPDU{ID: t.ID, Destination: t.Source, Source: t.Destination} }

// String returns the ten digits.
func (t TPDU) String() string { return fmt.Sprintf("%X", t.append(nil)) }

func (t TPDU) append(dst []byte) []byte {
	if t.ID == 0 {
		t.ID = tpduID
	}
	dst = append(dst, t.ID)
	dst = binary.BigEndian.AppendUint16(dst, t.Destination)
	return binary.BigEndian.AppendUint16(dst, t.Source)
}
