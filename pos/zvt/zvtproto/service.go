package zvtproto

import "fmt"

// SwitchProtocol (08 02) switches to another protocol (P15 chapter 2); its data is kept as it is.
type SwitchProtocol struct{ Payload }

// Command is 08 02.
func (*SwitchProtocol) Command() Command { return CmdSwitchProtocol }

// OPTStart (08 20) starts an OPT action (online personalisation of the terminal, P15 chapter 2); its data is kept as it is.
type OPTStart struct{ Payload }

// Command is 08 20.
func (*OPTStart) Command() Command { return CmdOPTStart }

// OPT21 (08 21) is one of the OPT commands (P15 chapter 2); its data is kept as it is.
type OPT21 struct{ Payload }

// Command is 08 21.
func (*OPT21) Command() Command { return CmdOPT21 }

// OPT22 (08 22) is one of the OPT commands (P15 chapter 2); its data is kept as it is.
type OPT22 struct{ Payload }

// Command is 08 22.
func (*OPT22) Command() Command { return CmdOPT22 }

// OPT23 (08 23) is one of the OPT commands (P15 chapter 2); its data is kept as it is.
type OPT23 struct{ Payload }

// Command is 08 23.
func (*OPT23) Command() Command { return CmdOPT23 }

// OPT24 (08 24) is one of the OPT commands (P15 chapter 2); its data is kept as it is.
type OPT24 struct{ Payload }

// Command is 08 24.
func (*OPT24) Command() Command { return CmdOPT24 }

// SelectLanguage (08 30) chooses the terminal's language (P15 chapter 2); its data is kept as it is.
type SelectLanguage struct{ Payload }

// Command is 08 30.
func (*SelectLanguage) Command() Command { return CmdSelectLanguage }

// ActivateCardReader (08 50) switches the card reader (P15 chapter 2); its data is kept as it is.
type ActivateCardReader struct{ Payload }

// Command is 08 50.
func (*ActivateCardReader) Command() Command { return CmdActivateCardReader }

// BlockedList (06 E4) carries the blocked list from the terminal (P15 chapter 3); its data is kept as it is.
type BlockedList struct{ Payload }

// Command is 06 E4.
func (*BlockedList) Command() Command { return CmdBlockedList }

// DialUp (06 D8 to 06 DD) is the terminal asking the register to dial, send,
// receive and hang up (P15 chapter 3); its data is kept as it is.
type DialUp struct {
	// Step is the instruction byte, D8 to DD.
	Step byte
	Payload
}

// Command is 06 and the step.
func (m *DialUp) Command() Command { return 0x0600 | Command(m.Step) }

// BaudRate is the code of a line speed (P16).
type BaudRate byte

// Line speeds.
const (
	Baud9600   BaudRate = 0x00
	Baud19200  BaudRate = 0x01
	Baud57600  BaudRate = 0x06
	Baud115200 BaudRate = 0x07
)

// ChangeBaudRate (08 40) changes the speed of the serial line. It is answered
// at the old speed; the new one holds two seconds later (P16).
type ChangeBaudRate struct {
	Rate BaudRate
	Fields
}

// Command is 08 40.
func (*ChangeBaudRate) Command() Command { return CmdChangeBaudRate }

// AppendData appends the code.
func (m *ChangeBaudRate) AppendData(dst []byte) ([]byte, error) {
	return m.Fields.AppendData(append(dst, byte(m.Rate)))
}

// DecodeData reads the code.
func (m *ChangeBaudRate) DecodeData(data []byte) error {
	*m = ChangeBaudRate{Fields: Fields{List: m.List[:0]}}
	if len(data) == 0 {
		return fmt.Errorf("zvtproto: baud rate: %w", ErrTruncated)
	}
	m.Rate = BaudRate(data[0])
	return m.decode(data[1:], 1)
}
