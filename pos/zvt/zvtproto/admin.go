package zvtproto

import "fmt"

// EndOfDay (06 50) closes the day and sends the totals (settlement, Kassenschnitt; P15 chapter 2).
type EndOfDay struct{ Protected }

// Command is 06 50.
func (*EndOfDay) Command() Command { return CmdEndOfDay }

// SendTurnoverTotals (06 10) asks for the totals without closing (P15 chapter 2).
type SendTurnoverTotals struct{ Protected }

// Command is 06 10.
func (*SendTurnoverTotals) Command() Command { return CmdSendTurnoverTotals }

// SendOfflineTransactions (06 51) sends stored offline payments to the host (P15 chapter 2).
type SendOfflineTransactions struct{ Protected }

// Command is 06 51.
func (*SendOfflineTransactions) Command() Command { return CmdSendOfflineTransactions }

// Initialisation (06 93) initialises the terminal at its host (P15 chapter 2).
type Initialisation struct{ Protected }

// Command is 06 93.
func (*Initialisation) Command() Command { return CmdInitialisation }

// SetTerminalID (06 1B) sets the terminal id (BMP 29) or, without it, clears it; the turnover store must be empty (P15 chapter 2).
type SetTerminalID struct{ Protected }

// Command is 06 1B.
func (*SetTerminalID) Command() Command { return CmdSetTerminalID }

// SetDateTime (06 91) sets the terminal's clock: BMP AA date YYMMDD, 0C time (P15 chapter 2).
type SetDateTime struct{ Protected }

// Command is 06 91.
func (*SetDateTime) Command() Command { return CmdSetDateTime }

// Diagnosis (06 70) checks the connection to the host; tag 1B chooses the kind (P15 chapter 2).
type Diagnosis struct{ Fields }

// Command is 06 70.
func (*Diagnosis) Command() Command { return CmdDiagnosis }

// ResetTerminal (06 18) restarts the terminal (P15 chapter 2).
type ResetTerminal struct{ Fields }

// Command is 06 18.
func (*ResetTerminal) Command() Command { return CmdResetTerminal }

// PrintSystemConfiguration (06 1A) prints the terminal's configuration (P15 chapter 2).
type PrintSystemConfiguration struct{ Fields }

// Command is 06 1A.
func (*PrintSystemConfiguration) Command() Command { return CmdPrintSystemConfiguration }

// SelfTest (06 79) runs the terminal's self test (P15 chapter 2).
type SelfTest struct{ Fields }

// Command is 06 79.
func (*SelfTest) Command() Command { return CmdSelfTest }

// ServiceMode (08 01) opens the terminal's service mode (P15 chapter 2).
type ServiceMode struct{ Fields }

// Command is 08 01.
func (*ServiceMode) Command() Command { return CmdServiceMode }

// ReprintReceipts (06 12) prints stored receipts again, From to To; both are
// receipt numbers, To 0 sends only From (P15 chapter 2).
type ReprintReceipts struct {
	Password Password
	From, To uint16
	Fields
}

// Command is 06 12.
func (*ReprintReceipts) Command() Command { return CmdReprintReceipts }

// AppendData appends password and numbers; ErrRange above 9999.
func (m *ReprintReceipts) AppendData(dst []byte) ([]byte, error) {
	dst, err := appendPassword(dst, m.Password)
	if err != nil {
		return dst, err
	}
	if dst, err = appendBCD(dst, uint64(m.From), 2); err != nil {
		return dst, err
	}
	if m.To != 0 || len(m.List) > 0 {
		if dst, err = appendBCD(dst, uint64(m.To), 2); err != nil {
			return dst, err
		}
	}
	return m.Fields.AppendData(dst)
}

// DecodeData reads the data of 06 12.
func (m *ReprintReceipts) DecodeData(data []byte) error {
	*m = ReprintReceipts{Fields: Fields{List: m.List[:0]}}
	var err error
	rest := data
	if m.Password, rest, err = takePassword(rest); err != nil {
		return err
	}
	numbers := []*uint16{&m.From, &m.To}
	if len(rest) == 2 {
		numbers = numbers[:1]
	}
	for _, n := range numbers {
		if len(rest) < 2 {
			return fmt.Errorf("zvtproto: receipt number: %w", ErrTruncated)
		}
		v, ok := parseBCD(rest[:2])
		if !ok {
			return fmt.Errorf("zvtproto: receipt number: %w", ErrFormat)
		}
		*n, rest = uint16(v), rest[2:]
	}
	return m.decode(rest, len(data)-len(rest))
}

// ChangePassword (06 95) replaces the terminal's password (P15 chapter 2).
type ChangePassword struct {
	Old, New Password
	Fields
}

// Command is 06 95.
func (*ChangePassword) Command() Command { return CmdChangePassword }

// AppendData appends both passwords.
func (m *ChangePassword) AppendData(dst []byte) ([]byte, error) {
	dst, err := appendPassword(dst, m.Old)
	if err != nil {
		return dst, err
	}
	if dst, err = appendPassword(dst, m.New); err != nil {
		return dst, err
	}
	return m.Fields.AppendData(dst)
}

// DecodeData reads the data of 06 95.
func (m *ChangePassword) DecodeData(data []byte) error {
	*m = ChangePassword{Fields: Fields{List: m.List[:0]}}
	var err error
	if m.Old, data, err = takePassword(data); err != nil {
		return err
	}
	if m.New, data, err = takePassword(data); err != nil {
		return err
	}
	return m.decode(data, 2*passwordSize)
}

// StatusEnquiry (05 01) asks what state the terminal is in; the answer is a
// [StatusReport]. An empty Password sends none, and then no fields either
// (P15 chapter 2).
type StatusEnquiry struct {
	Password Password
	Fields
}

// Command is 05 01.
func (*StatusEnquiry) Command() Command { return CmdStatusEnquiry }

// AppendData fails with ErrFormat for fields without a password.
func (m *StatusEnquiry) AppendData(dst []byte) ([]byte, error) {
	if m.Password == "" && len(m.List) == 0 {
		return dst, nil
	}
	dst, err := appendPassword(dst, m.Password)
	if err != nil {
		return dst, err
	}
	return m.Fields.AppendData(dst)
}

// DecodeData reads the data of 05 01.
func (m *StatusEnquiry) DecodeData(data []byte) error {
	*m = StatusEnquiry{Fields: Fields{List: m.List[:0]}}
	if len(data) == 0 {
		return nil
	}
	var err error
	if m.Password, data, err = takePassword(data); err != nil {
		return err
	}
	return m.decode(data, passwordSize)
}
