package zvtproto

import "fmt"

// StatusInformation (04 0F) is the terminal's result of a transaction. The
// money moved exactly when Approved; the register's answer 80 00 00 makes a
// payment final (P15 chapter 3).
type StatusInformation struct{ Fields }

// Command is 04 0F.
func (*StatusInformation) Command() Command { return CmdStatusInformation }

// Approved says that the transaction succeeded: result code 27 is there and
// 00, and the authorisation system's code A0 is absent or 00.
//
// Inferred from P15's note that host codes A0 to AF come as 27=00 with BMP A0
// set; confirm with the acquirer.
func (m *StatusInformation) Approved() bool {
	code, ok := m.ResultCode()
	as, hasAS := m.Value(BMPResultCodeAS)
	return ok && code == 0 && (!hasAS || len(as) == 1 && as[0] == 0)
}

// statusOrder is the order of P15 3.1.1, which old registers rely on, with
// the BMPs of card reading and of the end of day at their places there.
var statusOrder = [...]BMP{0x27, 0x04, 0x60, 0x0B, 0x37, 0x0C, 0x0D, 0x0E, 0x17, 0x19, 0x22, 0x29, 0x3B, 0x49, 0x4C,
	0x87, 0x8A, 0x8C, 0x9A, 0xBA, 0x2A, 0x3C, 0xA0, 0x88, 0x8B, 0x2D, 0x23, 0x24, 0xA7, 0x2E}

// statusRank is the place in statusOrder; BMPs not named there come after
// them, the TLV container is last.
func statusRank(b BMP) int {
	if b == BMPTLV {
		return len(statusOrder) + 1
	}
	for i, o := range statusOrder {
		if o == b {
			return i
		}
	}
	return len(statusOrder)
}

// AppendData appends the fields in the order of P15 3.1.1, whatever the order
// of the list.
func (m *StatusInformation) AppendData(dst []byte) ([]byte, error) {
	n := len(m.List)
	if n > MaxFields {
		return dst, fmt.Errorf("zvtproto: %d BMPs: %w", n, ErrTooLong)
	}
	var order, rank [MaxFields]uint8 // a stable insertion sort on the stack
	for i := range n {
		r := uint8(statusRank(m.List[i].BMP))
		j := i
		for ; j > 0 && rank[j-1] > r; j-- {
			order[j], rank[j] = order[j-1], rank[j-1]
		}
		order[j], rank[j] = uint8(i), r
	}
	var err error
	for _, i := range order[:n] {
		if dst, err = appendField(dst, &m.List[i]); err != nil {
			return dst, err
		}
	}
	return dst, nil
}
