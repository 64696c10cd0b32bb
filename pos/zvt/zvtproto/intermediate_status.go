package zvtproto

import "fmt"

// IntermediateStatus (04 FF) says what the terminal is waiting for. Every one
// restarts T4; TimeoutMinutes, when given, is the new T4 (P15 chapter 3).
type IntermediateStatus struct {
	Status Intermediate
	// HasTimeout says that the timeout byte is there.
	HasTimeout bool
	// TimeoutMinutes is 0 to 99.
	TimeoutMinutes int
	// Fields holds a TLV container; tag 24 has the texts to show.
	Fields
}

// Command is 04 FF.
func (*IntermediateStatus) Command() Command { return CmdIntermediateStatus }

// AppendData appends status, timeout and fields. The documents want the
// timeout before a TLV container; their own example leaves it out, so both are
// written as the fields say.
func (m *IntermediateStatus) AppendData(dst []byte) ([]byte, error) {
	dst = append(dst, byte(m.Status))
	if m.HasTimeout {
		if m.TimeoutMinutes < 0 {
			return dst, fmt.Errorf("zvtproto: timeout of %d minutes: %w", m.TimeoutMinutes, ErrRange)
		}
		var err error
		if dst, err = appendBCD(dst, uint64(m.TimeoutMinutes), 1); err != nil {
			return dst, err
		}
	}
	return m.Fields.AppendData(dst)
}

// DecodeData reads the data of 04 FF, with or without the timeout byte before
// a TLV container.
func (m *IntermediateStatus) DecodeData(data []byte) error {
	*m = IntermediateStatus{Fields: Fields{List: m.List[:0]}}
	if len(data) == 0 {
		return fmt.Errorf("zvtproto: intermediate status: %w", ErrTruncated)
	}
	m.Status = Intermediate(data[0])
	rest := data[1:]
	if !intermediateHasTimeout(rest) {
		return m.decode(rest, 1)
	}
	minutes, ok := parseBCD(rest[:1])
	if !ok {
		return fmt.Errorf("zvtproto: timeout of intermediate status: %w", ErrFormat)
	}
	m.HasTimeout, m.TimeoutMinutes = true, int(minutes)
	return m.decode(rest[1:], 2)
}

// intermediateHasTimeout says whether rest begins with the timeout byte. The
// byte 06 may be six minutes or the container itself: it is the container
// only when its length then ends exactly at the end of the data.
func intermediateHasTimeout(rest []byte) bool {
	if len(rest) == 0 {
		return false
	}
	if rest[0] != byte(BMPTLV) {
		return true
	}
	if len(rest) == 1 || endsAtContainer(rest[1:]) {
		return true
	}
	return !endsAtContainer(rest)
}

// endsAtContainer says whether b is one TLV container and nothing else.
func endsAtContainer(b []byte) bool {
	if len(b) < 2 || b[0] != byte(BMPTLV) {
		return false
	}
	_, _, end, err := fieldAt(b, 0)
	return err == nil && end == len(b)
}
