package zvtproto

// part says what stands in the data of a command before the BMPs, for Mask
// and Explain. The messages themselves read their data with their own code; a
// test compares the two.
type part uint8

const (
	partPassword         part = iota + 1
	partOptionalPassword      // all of the data or nothing
	partConfig
	partCurrency // optional two bare bytes
	partResult
	partAbortCurrency
	partReceiptNumber
	partReceiptNumberTo // optional
	partTimeout         // optional
	partIntermediate
	partMinutes // optional
	partAttribute
	partText   // the rest is text
	partOpaque // the rest is not looked into
	partVersion
	partState
	partBaud
	partResponse // BMPs when they can be read, else opaque
)

type commandRow struct {
	cmd   Command
	dir   Direction // DirectionUnknown: both
	name  string
	make  func() Message
	parts []part
}

var (
	justPassword = []part{partPassword}
	justOpaque   = []part{partOpaque}
)

// row finds the command for a direction; nil when there is none. Both 84 xx
// and 84 00 share one row.
func (c Command) row(dir Direction) *commandRow {
	if c.Class() == 0x84 {
		c = CmdNegative
	}
	for i := range commandTable {
		r := &commandTable[i]
		if r.cmd == c && (dir == DirectionUnknown || r.dir == DirectionUnknown || r.dir == dir) {
			return r
		}
	}
	return nil
}

var commandTable = [...]commandRow{
	{CmdStatusInformation, ToRegister, "status-information", func() Message { return new(StatusInformation) }, nil},
	{CmdIntermediateStatus, ToRegister, "intermediate status", func() Message { return new(IntermediateStatus) }, []part{partIntermediate, partMinutes}},
	{CmdPositive, DirectionUnknown, "positive response", func() Message { return new(PositiveResponse) }, []part{partResponse}},
	{CmdNegative, DirectionUnknown, "negative response", func() Message { return new(NegativeResponse) }, []part{partResponse}},
	{CmdCompletion, ToRegister, "completion", func() Message { return new(Completion) }, nil},
	{CmdAborted, ToRegister, "abort by the terminal", func() Message { return new(Aborted) }, []part{partResult, partAbortCurrency}},
	{CmdPrintLine, DirectionUnknown, "print line", func() Message { return new(PrintLine) }, []part{partAttribute, partText}},
	{CmdPrintText, DirectionUnknown, "print text block", func() Message { return new(PrintText) }, nil},
	{CmdStatusEnquiry, ToTerminal, "status enquiry", func() Message { return new(StatusEnquiry) }, []part{partOptionalPassword}},
	{CmdRegistration, ToTerminal, "registration", func() Message { return new(Registration) }, []part{partPassword, partConfig, partCurrency}},
	{CmdAuthorisation, ToTerminal, "authorisation", func() Message { return new(Authorisation) }, nil},
	{CmdLogOff, ToTerminal, "log-off", func() Message { return new(LogOff) }, nil},
	{CmdBalance, ToTerminal, "balance enquiry", func() Message { return new(Balance) }, nil},
	{CmdActivateCard, ToTerminal, "activate card", func() Message { return new(ActivateCard) }, nil},
	{CmdProcurement, ToTerminal, "procurement", func() Message { return new(Procurement) }, nil},
	{CmdPrepaidTopUp, ToTerminal, "prepaid top-up", func() Message { return new(PrepaidTopUp) }, nil},
	{CmdTaxFree, ToTerminal, "tax free", func() Message { return new(TaxFree) }, nil},
	{CmdBookTip, ToTerminal, "book tip", func() Message { return new(BookTip) }, nil},
	{CmdSendTurnoverTotals, ToTerminal, "send turnover totals", func() Message { return new(SendTurnoverTotals) }, justPassword},
	{CmdReprintReceipts, ToTerminal, "reprint receipts", func() Message { return new(ReprintReceipts) }, []part{partPassword, partReceiptNumber, partReceiptNumberTo}},
	{CmdResetTerminal, ToTerminal, "reset terminal", func() Message { return new(ResetTerminal) }, nil},
	{CmdPrintSystemConfiguration, ToTerminal, "print system configuration", func() Message { return new(PrintSystemConfiguration) }, nil},
	{CmdSetTerminalID, ToTerminal, "set or reset terminal id", func() Message { return new(SetTerminalID) }, justPassword},
	{CmdRepeatReceipt, ToTerminal, "repeat receipt", func() Message { return new(RepeatReceipt) }, justPassword},
	{CmdTelephonicAuthorisation, ToTerminal, "telephonic authorisation", func() Message { return new(TelephonicAuthorisation) }, justPassword},
	{CmdPreAuthorisation, ToTerminal, "pre-authorisation", func() Message { return new(PreAuthorisation) }, nil},
	{CmdPartialReversal, ToTerminal, "partial reversal of a pre-authorisation", func() Message { return new(PartialReversal) }, nil},
	{CmdBookTotal, ToTerminal, "book total of a pre-authorisation", func() Message { return new(BookTotal) }, nil},
	{CmdPreAuthReversal, ToTerminal, "pre-authorisation reversal", func() Message { return new(PreAuthReversal) }, nil},
	{CmdExternalReservationReversal, ToTerminal, "reverse external reservation", func() Message { return new(ExternalReservationReversal) }, nil},
	{CmdReversal, ToTerminal, "reversal", func() Message { return new(Reversal) }, justPassword},
	{CmdRefund, ToTerminal, "refund", func() Message { return new(Refund) }, justPassword},
	{CmdEndOfDay, ToTerminal, "end of day", func() Message { return new(EndOfDay) }, justPassword},
	{CmdSendOfflineTransactions, ToTerminal, "send offline transactions", func() Message { return new(SendOfflineTransactions) }, justPassword},
	{CmdDiagnosis, ToTerminal, "diagnosis", func() Message { return new(Diagnosis) }, nil},
	{CmdSelfTest, ToTerminal, "self test", func() Message { return new(SelfTest) }, nil},
	{CmdSetDateTime, ToTerminal, "set date and time in the terminal", func() Message { return new(SetDateTime) }, justPassword},
	{CmdInitialisation, ToTerminal, "initialisation", func() Message { return new(Initialisation) }, justPassword},
	{CmdChangePassword, ToTerminal, "change password", func() Message { return new(ChangePassword) }, []part{partPassword, partPassword}},
	{CmdAbort, ToTerminal, "abort by the register", func() Message { return new(Abort) }, nil},
	{CmdReadCard, ToTerminal, "read card", func() Message { return new(ReadCard) }, []part{partTimeout}},
	{CmdCloseCardSession, ToTerminal, "close card session", func() Message { return new(CloseCardSession) }, nil},
	{CmdSendAPDUs, ToTerminal, "send APDUs to the card", func() Message { return new(SendAPDUs) }, nil},
	{CmdDisplayText, ToTerminal, "display text", func() Message { return new(DisplayText) }, nil},
	{CmdDisplayTextFunctionKey, ToTerminal, "display text with function key", func() Message { return new(DisplayTextFunctionKey) }, nil},
	{CmdNumericInput, ToTerminal, "display text with numeric input", func() Message { return new(NumericInput) }, nil},
	{CmdPINCheck, ToTerminal, "PIN check", func() Message { return new(PINCheck) }, nil},
	{CmdCardPoll, ToTerminal, "card poll with authentication", func() Message { return new(CardPoll) }, nil},
	{CmdDisplayImage, ToTerminal, "display image", func() Message { return new(DisplayImage) }, nil},
	{CmdServiceMode, ToTerminal, "activate service mode", func() Message { return new(ServiceMode) }, nil},
	{CmdSwitchProtocol, ToTerminal, "switch protocol", func() Message { return new(SwitchProtocol) }, justOpaque},
	{CmdSoftwareUpdate, ToTerminal, "software update", func() Message { return new(SoftwareUpdate) }, justOpaque},
	{CmdReadFile, ToTerminal, "read file", func() Message { return new(ReadFile) }, justOpaque},
	{CmdDeleteFile, ToTerminal, "delete file", func() Message { return new(DeleteFile) }, justOpaque},
	{CmdChangeConfiguration, ToTerminal, "change configuration", func() Message { return new(ChangeConfiguration) }, justOpaque},
	{CmdWriteFile, ToTerminal, "write file", func() Message { return new(WriteFile) }, justPassword},
	{CmdOPTStart, ToTerminal, "start OPT action", func() Message { return new(OPTStart) }, justOpaque},
	{CmdOPT21, ToTerminal, "OPT command 21", func() Message { return new(OPT21) }, justOpaque},
	{CmdOPT22, ToTerminal, "OPT command 22", func() Message { return new(OPT22) }, justOpaque},
	{CmdOPT23, ToTerminal, "OPT command 23", func() Message { return new(OPT23) }, justOpaque},
	{CmdOPT24, ToTerminal, "OPT command 24", func() Message { return new(OPT24) }, justOpaque},
	{CmdSelectLanguage, ToTerminal, "select language", func() Message { return new(SelectLanguage) }, justOpaque},
	{CmdChangeBaudRate, ToTerminal, "change baud rate", func() Message { return new(ChangeBaudRate) }, []part{partBaud}},
	{CmdActivateCardReader, ToTerminal, "activate card reader", func() Message { return new(ActivateCardReader) }, justOpaque},
	{CmdSetTime, ToRegister, "set time in the register", func() Message { return new(SetTime) }, nil},
	{CmdRequestFile, ToRegister, "request file", func() Message { return new(RequestFile) }, nil},
	{CmdInputRequest, ToRegister, "input request", func() Message { return new(InputRequest) }, nil},
	{CmdMenuRequest, ToRegister, "menu request", func() Message { return new(MenuRequest) }, nil},
	{CmdBlockedList, ToRegister, "blocked list", func() Message { return new(BlockedList) }, justOpaque},
	{0x06D8, ToRegister, "dial-up D8", func() Message { return &DialUp{Step: 0xD8} }, justOpaque},
	{0x06D9, ToRegister, "dial-up D9", func() Message { return &DialUp{Step: 0xD9} }, justOpaque},
	{0x06DA, ToRegister, "dial-up DA", func() Message { return &DialUp{Step: 0xDA} }, justOpaque},
	{0x06DB, ToRegister, "dial-up DB", func() Message { return &DialUp{Step: 0xDB} }, justOpaque},
	{0x06DC, ToRegister, "dial-up DC", func() Message { return &DialUp{Step: 0xDC} }, justOpaque},
	{0x06DD, ToRegister, "dial-up DD", func() Message { return &DialUp{Step: 0xDD} }, justOpaque},
}
