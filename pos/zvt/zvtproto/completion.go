package zvtproto

import (
	"bytes"
	"fmt"
)

// Completion (06 0F) ends a command well. After a registration it carries the
// status byte (BMP 19), terminal id (29) and currency (49) (P15 chapter 3).
type Completion struct{ Fields }

// Command is 06 0F.
func (*Completion) Command() Command { return CmdCompletion }

// Bits of the status byte (BMP 19) in the completion of a registration.
const (
	RegistrationInitNeeded      byte = 0x01
	RegistrationDiagnosisNeeded byte = 0x02
	RegistrationOPTNeeded       byte = 0x04
	RegistrationFillingStation  byte = 0x08
	RegistrationVending         byte = 0x10
)

// StatusReport is the completion 06 0F of a status enquiry 05 01: software
// version, state and TLV container, the first two without BMP (P15 chapter 2,
// 05 01).
type StatusReport struct {
	// HasVersion says that a version is sent, even an empty one.
	HasVersion bool
	// Version in the terminal's bytes; ASCII in practice.
	Version []byte
	State   TerminalState
	Fields
}

// Command is 06 0F.
func (*StatusReport) Command() Command { return CmdCompletion }

// AppendData appends version, state and fields.
func (m *StatusReport) AppendData(dst []byte) ([]byte, error) {
	n := len(m.Version)
	if n > MaxLLLVAR {
		return dst, fmt.Errorf("zvtproto: software version of %d bytes: %w", n, ErrTooLong)
	}
	if m.HasVersion {
		dst = append(dst, 0xF0|byte(n/100), 0xF0|byte(n/10%10), 0xF0|byte(n%10))
		dst = append(dst, m.Version...)
	}
	return m.Fields.AppendData(append(dst, byte(m.State)))
}

// DecodeData reads the data of 06 0F after 05 01.
func (m *StatusReport) DecodeData(data []byte) error {
	*m = StatusReport{Fields: Fields{List: m.List[:0]}}
	rest := data
	if n, ok := lllvarAt(rest); ok {
		if n > len(rest)-3 {
			return fmt.Errorf("zvtproto: software version: %w", ErrTruncated)
		}
		m.HasVersion, m.Version = true, bytes.Clone(rest[3:3+n])
		rest = rest[3+n:]
	}
	if len(rest) == 0 {
		return fmt.Errorf("zvtproto: terminal state: %w", ErrTruncated)
	}
	m.State = TerminalState(rest[0])
	return m.decode(rest[1:], len(data)-len(rest)+1)
}

func lllvarAt(b []byte) (n int, ok bool) {
	if len(b) < 3 {
		return 0, false
	}
	for _, c := range b[:3] {
		if c>>4 != 0xF || c&15 > 9 {
			return 0, false
		}
		n = n*10 + int(c&15)
	}
	return n, true
}

// isStatusReport tells the two forms of 06 0F apart: the documents leave that
// to the register, which knows what it asked. Inferred: data that begins with
// an LLLVAR length, is a single byte, or begins with a byte that is no BMP of
// a completion and is followed by nothing or a TLV container.
func isStatusReport(data []byte) bool {
	if _, ok := lllvarAt(data); ok || len(data) == 1 {
		return true
	}
	if len(data) == 0 {
		return false
	}
	if info, ok := BMP(data[0]).Info(); ok && info.Class != LengthUnknown && BMP(data[0]) < 0xA0 && !TerminalState(data[0]).known() {
		return false
	}
	if data[1] != byte(BMPTLV) {
		return false
	}
	_, _, end, err := fieldAt(data, 1)
	return err == nil && end == len(data)
}

// Aborted (06 1E) ends a command without success. The result code alone is
// also the whole message of many terminals (P15 chapter 3).
type Aborted struct {
	Result ResultCode
	// Currency stands bare after the result 6F (wrong currency): the one the
	// terminal would take. 0 when absent.
	Currency Currency
	Fields
}

// Command is 06 1E.
func (*Aborted) Command() Command { return CmdAborted }

// AppendData appends result, currency and fields.
func (m *Aborted) AppendData(dst []byte) ([]byte, error) {
	dst = append(dst, byte(m.Result))
	if m.Currency != 0 {
		if m.Result != ResultWrongCurrency {
			return dst, fmt.Errorf("zvtproto: an abort carries a currency only with result 6F: %w", ErrFormat)
		}
		var err error
		if dst, err = AppendCurrency(dst, m.Currency); err != nil {
			return dst, err
		}
	}
	return m.Fields.AppendData(dst)
}

// DecodeData reads the data of 06 1E.
func (m *Aborted) DecodeData(data []byte) error {
	*m = Aborted{Fields: Fields{List: m.List[:0]}}
	if len(data) == 0 {
		return fmt.Errorf("zvtproto: abort without result code: %w", ErrTruncated)
	}
	m.Result = ResultCode(data[0])
	at := 1
	if c, ok := bareCurrency(m.Result, data[1:]); ok {
		m.Currency, at = c, 3
	}
	return m.decode(data[at:], at)
}

// bareCurrency reads the currency after result 6F: two digits bytes with
// nothing or a TLV container behind (inferred from P15's `6F [CC]`).
func bareCurrency(r ResultCode, rest []byte) (Currency, bool) {
	if r != ResultWrongCurrency || len(rest) < 2 || len(rest) > 2 && rest[2] != byte(BMPTLV) {
		return 0, false
	}
	c, err := ParseCurrency(rest[:2])
	return c, err == nil && c != 0
}

// Abort (06 B0) asks the terminal to stop. Legal while the register is master
// or where the command allows it; after it always wait for the final message:
// a payment that already went through reports success (P15 chapter 2).
type Abort struct{ Fields }

// Command is 06 B0.
func (*Abort) Command() Command { return CmdAbort }

// SetTime (04 01) is the terminal telling the register the host's time: BMP
// AA date, 0C time (P15 chapter 3).
type SetTime struct{ Fields }

// Command is 04 01.
func (*SetTime) Command() Command { return CmdSetTime }
