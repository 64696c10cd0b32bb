package zvtproto

import (
	"encoding/json"
	"fmt"
)

// Message is one command, response or notice with its meaning. All of them
// are pointers to the small structs of this package.
type Message interface {
	// Command is the control field.
	Command() Command
	// AppendData appends the data part, without control field and length.
	AppendData(dst []byte) ([]byte, error)
	// DecodeData replaces the message by what data says, copying what it
	// keeps. On error the message holds what could be read before it.
	DecodeData(data []byte) error
}

// Append appends the whole APDU of m to dst. On error dst is returned as it
// was.
func Append(dst []byte, m Message) ([]byte, error) {
	start := len(dst)
	c := m.Command()
	out, err := m.AppendData(append(dst, c.Class(), c.Instr(), 0))
	if err != nil {
		return dst[:start], err
	}
	n := len(out) - start - 3
	switch {
	case n > MaxData:
		return dst[:start], fmt.Errorf("zvtproto: %v with %d data bytes: %w", c, n, ErrTooLong)
	case n > MaxShortData:
		out = append(out, 0, 0)
		copy(out[start+5:], out[start+3:start+3+n])
		out[start+2], out[start+3], out[start+4] = 0xFF, byte(n), byte(n>>8)
	default:
		out[start+2] = byte(n)
	}
	return out, nil
}

// Encode returns the whole APDU of m.
func Encode(m Message) ([]byte, error) { return Append(nil, m) }

// Decode reads a whole APDU into m, whose command must be the APDU's. With
// the same m again it allocates only the values.
//
// Errors: ErrFormat for another command, those of ParseAPDU and of the
// message.
func Decode(apdu []byte, m Message) error {
	a, err := ParseAPDU(apdu)
	if err != nil {
		return err
	}
	if r, ok := m.(*NegativeResponse); ok && a.Class == 0x84 {
		r.Code = ResultCode(a.Instr)
	}
	if r, ok := m.(*PositiveResponse); ok && a.Command() == CmdNegative {
		r.Alternative = true
	}
	if r, ok := m.(*Unknown); ok {
		r.Cmd = a.Command()
	}
	if a.Command() != m.Command() {
		return fmt.Errorf("zvtproto: %v where %v was expected: %w", a.Command(), m.Command(), ErrFormat)
	}
	return m.DecodeData(a.Data)
}

// Parse reads a whole APDU. The direction tells messages of the same control
// field apart; with DirectionUnknown the register's meaning is tried first.
// A control field this package does not know gives *Unknown and no error.
//
// On an error in the data the message is returned too, with what could be
// read before the error: after an abort the result code may be all that
// matters.
//
// Errors: *UnknownBMPError, ErrTruncated, ErrTrailing, ErrFormat,
// ErrConflict.
func Parse(apdu []byte, dir Direction) (Message, error) {
	a, err := ParseAPDU(apdu)
	if err != nil {
		return nil, err
	}
	var m Message
	switch row := a.Command().row(dir); {
	case a.Class == 0x84 && a.Instr == 0:
		m = &PositiveResponse{Alternative: true}
	case a.Class == 0x84:
		m = &NegativeResponse{Code: ResultCode(a.Instr)}
	case a.Command() == CmdCompletion && isStatusReport(a.Data):
		m = &StatusReport{}
	case row == nil:
		m = &Unknown{Cmd: a.Command()}
	default:
		m = row.make()
	}
	return m, m.DecodeData(a.Data)
}

// Unknown is a message with a control field this package does not know.
type Unknown struct {
	Cmd Command
	Payload
}

// Command is the control field it came with.
func (m *Unknown) Command() Command { return m.Cmd }

// Payload is data this package does not look into.
type Payload struct {
	Data Opaque
}

// AppendData appends the data as it is.
func (p *Payload) AppendData(dst []byte) ([]byte, error) { return append(dst, p.Data...), nil }

// DecodeData keeps a copy.
func (p *Payload) DecodeData(data []byte) error {
	p.Data = append(Opaque(nil), data...)
	return nil
}

// Format prints how much data there is.
func (p Payload) Format(s fmt.State, _ rune) { writeState(s, p.Data.String()) }

// quoted is s as JSON.
func quoted(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return []byte(`""`)
	}
	return b
}
