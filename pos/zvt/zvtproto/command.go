package zvtproto

import "fmt"

// Direction says who sends an APDU; some control fields mean different things
// each way.
type Direction uint8

const (
	// DirectionUnknown lets Parse and Explain guess from the control field.
	DirectionUnknown Direction = iota
	// ToTerminal: from the register (ECR) to the terminal (PT).
	ToTerminal
	// ToRegister: from the terminal (PT) to the register (ECR).
	ToRegister
)

// String is the direction in words.
func (d Direction) String() string {
	switch d {
	case ToTerminal:
		return "register to terminal"
	case ToRegister:
		return "terminal to register"
	}
	return "unknown direction"
}

// MarshalText gives the form of String.
func (d Direction) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Command is a control field, class and instruction: 0x0601 for 06 01.
//
// P15 chapter 2 for those of the register, chapter 3 for the terminal's.
type Command uint16

// Commands of the register (P15 chapter 2).
const (
	CmdStatusEnquiry               Command = 0x0501
	CmdRegistration                Command = 0x0600
	CmdAuthorisation               Command = 0x0601
	CmdLogOff                      Command = 0x0602
	CmdBalance                     Command = 0x0603
	CmdActivateCard                Command = 0x0604
	CmdProcurement                 Command = 0x0605
	CmdPrepaidTopUp                Command = 0x0609
	CmdTaxFree                     Command = 0x060A
	CmdBookTip                     Command = 0x060C
	CmdSendTurnoverTotals          Command = 0x0610
	CmdReprintReceipts             Command = 0x0612
	CmdResetTerminal               Command = 0x0618
	CmdPrintSystemConfiguration    Command = 0x061A
	CmdSetTerminalID               Command = 0x061B
	CmdRepeatReceipt               Command = 0x0620
	CmdTelephonicAuthorisation     Command = 0x0621
	CmdPreAuthorisation            Command = 0x0622
	CmdPartialReversal             Command = 0x0623
	CmdBookTotal                   Command = 0x0624
	CmdPreAuthReversal             Command = 0x0625
	CmdExternalReservationReversal Command = 0x0626
	CmdReversal                    Command = 0x0630
	CmdRefund                      Command = 0x0631
	CmdEndOfDay                    Command = 0x0650
	CmdSendOfflineTransactions     Command = 0x0651
	CmdDiagnosis                   Command = 0x0670
	CmdSelfTest                    Command = 0x0679
	CmdSetDateTime                 Command = 0x0691
	CmdInitialisation              Command = 0x0693
	CmdChangePassword              Command = 0x0695
	CmdAbort                       Command = 0x06B0
	CmdReadCard                    Command = 0x06C0
	CmdCloseCardSession            Command = 0x06C5
	CmdSendAPDUs                   Command = 0x06C6
	CmdDisplayText                 Command = 0x06E0
	CmdDisplayTextFunctionKey      Command = 0x06E1
	CmdNumericInput                Command = 0x06E2
	CmdPINCheck                    Command = 0x06E3
	CmdCardPoll                    Command = 0x06E6
	CmdDisplayImage                Command = 0x06F0
	CmdServiceMode                 Command = 0x0801
	CmdSwitchProtocol              Command = 0x0802
	CmdSoftwareUpdate              Command = 0x0810
	CmdReadFile                    Command = 0x0811
	CmdDeleteFile                  Command = 0x0812
	CmdChangeConfiguration         Command = 0x0813
	CmdWriteFile                   Command = 0x0814
	CmdOPTStart                    Command = 0x0820
	CmdOPT21                       Command = 0x0821
	CmdOPT22                       Command = 0x0822
	CmdOPT23                       Command = 0x0823
	CmdOPT24                       Command = 0x0824
	CmdSelectLanguage              Command = 0x0830
	CmdChangeBaudRate              Command = 0x0840
	CmdActivateCardReader          Command = 0x0850
)

// Commands of the terminal (P15 chapter 3), and those both sides send.
const (
	CmdSetTime            Command = 0x0401
	CmdRequestFile        Command = 0x040C
	CmdInputRequest       Command = 0x040D
	CmdMenuRequest        Command = 0x040E
	CmdStatusInformation  Command = 0x040F
	CmdIntermediateStatus Command = 0x04FF
	CmdCompletion         Command = 0x060F
	CmdAborted            Command = 0x061E
	CmdPrintLine          Command = 0x06D1
	CmdPrintText          Command = 0x06D3
	CmdDialUp             Command = 0x06D8
	CmdDialUpDD           Command = 0x06DD
	CmdBlockedList        Command = 0x06E4
	// CmdPositive is 80 00; CmdNegative is 84 and a code, 84 00 positive too.
	CmdPositive Command = 0x8000
	CmdNegative Command = 0x8400
)

// Class is the first byte.
func (c Command) Class() byte { return byte(c >> 8) }

// Instr is the second byte.
func (c Command) Instr() byte { return byte(c) }

// Name is the English name; 84 00 is a positive response, every other 84 xx a
// negative one. Unknown commands are called so.
func (c Command) Name() string {
	if c == CmdNegative {
		return "positive response"
	}
	if r := c.row(DirectionUnknown); r != nil {
		return r.name
	}
	return "unknown command"
}

// String is both bytes and the name.
func (c Command) String() string { return fmt.Sprintf("%02X %02X %s", c.Class(), c.Instr(), c.Name()) }
