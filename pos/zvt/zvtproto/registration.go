package zvtproto

import "fmt"

// Config is the configuration byte of a registration (P15 chapter 2).
type Config byte

// Bits of Config.
const (
	ConfigPrintPayment       Config = 0x02 // the register prints payment receipts
	ConfigPrintAdmin         Config = 0x04 // the register prints administration receipts
	ConfigIntermediateStatus Config = 0x08 // send 04 FF
	ConfigNoPaymentAtPT      Config = 0x10 // no payment started at the terminal
	ConfigNoAdminAtPT        Config = 0x20 // no administration started at the terminal
	ConfigPrintLines         Config = 0x80 // print through 06 D1 and 06 D3
)

// Usual values: the terminal prints; the register prints text blocks; the
// register has full control; and what holds after a log-off.
const (
	ConfigTerminalPrints  Config = 0x08
	ConfigRegisterPrints  Config = 0x8E
	ConfigRegisterControl Config = 0xBE
	ConfigAfterLogOff     Config = 0x86
)

// Bits of the service byte (BMP 03) of a registration (P15 chapter 2).
const (
	ServiceNoMenu   byte = 0x01 // no service menu on the terminal's key
	ServiceCapitals byte = 0x02 // texts in capitals
)

// Bits of the service byte (BMP 03) of other commands.
const (
	// RepeatStatusInformation asks 06 20 for the status-information.
	RepeatStatusInformation byte = 0x01
	// RepeatNoPrint asks 06 20 not to print.
	RepeatNoPrint byte = 0x02
	// EnquiryOmitVersion asks 05 01 not to send the software version.
	EnquiryOmitVersion byte = 0x02
	// EnquirySendTLV asks 05 01 for the TLV container.
	EnquirySendTLV byte = 0x04
)

// Registration (06 00) begins a session with the terminal and says what the
// register can do (P15 chapter 2). Password, configuration, then the currency as two
// bare bytes, then service byte (BMP 03) and TLV container, which may follow
// only when there is a currency.
type Registration struct {
	Password Password
	Config   Config
	// Currency 0 sends none.
	Currency Currency
	Fields
}

// Command is 06 00.
func (*Registration) Command() Command { return CmdRegistration }

// AppendData fails with ErrFormat when fields are set without a currency.
func (m *Registration) AppendData(dst []byte) ([]byte, error) {
	dst, err := appendPassword(dst, m.Password)
	if err != nil {
		return dst, err
	}
	dst = append(dst, byte(m.Config))
	if m.Currency == 0 && len(m.List) == 0 {
		return dst, nil
	}
	if m.Currency == 0 {
		return dst, fmt.Errorf("zvtproto: registration with fields needs a currency: %w", ErrFormat)
	}
	if dst, err = AppendCurrency(dst, m.Currency); err != nil {
		return dst, err
	}
	return m.Fields.AppendData(dst)
}

// DecodeData reads the data of 06 00.
func (m *Registration) DecodeData(data []byte) error {
	*m = Registration{Fields: Fields{List: m.List[:0]}}
	var err error
	rest := data
	if m.Password, rest, err = takePassword(rest); err != nil {
		return err
	}
	if len(rest) == 0 {
		return fmt.Errorf("zvtproto: registration without configuration byte: %w", ErrTruncated)
	}
	m.Config, rest = Config(rest[0]), rest[1:]
	if len(rest) == 0 {
		return nil
	}
	if len(rest) < 2 {
		return fmt.Errorf("zvtproto: registration's currency: %w", ErrTruncated)
	}
	if m.Currency, err = ParseCurrency(rest[:2]); err != nil {
		return err
	}
	if m.Currency == 0 {
		return fmt.Errorf("zvtproto: registration's currency 0000: %w", ErrFormat)
	}
	return m.decode(rest[2:], 6)
}

// LogOff (06 02) ends the session: the configuration returns to 86, TLV is
// off.
type LogOff struct{ Fields }

// Command is 06 02.
func (*LogOff) Command() Command { return CmdLogOff }
