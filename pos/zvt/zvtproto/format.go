package zvtproto

import (
	"fmt"
	"io"
	"strings"
)

// formatMessage prints a message on one line with secrets masked, whatever
// the verb. Every message needs its own Format: inside other values fmt does
// not ask the fields of a pointer how they want to be printed when the verb
// does not fit, as %s.
func formatMessage(s fmt.State, m Message) { _, _ = io.WriteString(s, messageString(m)) }

func messageString(m Message) string {
	c := m.Command()
	apdu, err := Append(nil, m)
	if err != nil {
		return fmt.Sprintf("%v, not complete: %v", c, err)
	}
	d := dissect(apdu, DirectionUnknown)
	maskNodes(d.nodes)
	x := explainer{d: d, currency: EUR}
	parts := []string{c.String()}
	for i := range d.nodes {
		n := &d.nodes[i]
		if n.part != 0 {
			parts = append(parts, fmt.Sprintf("%v=%s", n.part, x.describePart(n.part, n.value)))
		} else {
			parts = append(parts, Field{BMP: n.bmp, Value: n.value}.String())
		}
	}
	return strings.Join(parts, " ")
}

// Format prints the message on one line with secrets masked.
func (m EndOfDay) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m SendTurnoverTotals) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m SendOfflineTransactions) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Initialisation) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m SetTerminalID) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m SetDateTime) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Diagnosis) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m ResetTerminal) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m PrintSystemConfiguration) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m SelfTest) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m ServiceMode) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m ReprintReceipts) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m ChangePassword) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m StatusEnquiry) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Authorisation) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Balance) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m ActivateCard) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Procurement) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m PrepaidTopUp) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m TaxFree) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m BookTip) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m TelephonicAuthorisation) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Completion) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m StatusReport) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Aborted) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Abort) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m SetTime) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m DisplayText) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m DisplayTextFunctionKey) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m NumericInput) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m PINCheck) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m DisplayImage) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m InputRequest) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m MenuRequest) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m RequestFile) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m SoftwareUpdate) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m ReadFile) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m DeleteFile) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m ChangeConfiguration) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m WriteFile) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m IntermediateStatus) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Unknown) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m PrintLine) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m PrintText) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m CloseCardSession) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m SendAPDUs) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m CardPoll) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m ReadCard) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Registration) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m LogOff) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m RepeatReceipt) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m PreAuthorisation) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m PartialReversal) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m BookTotal) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m PreAuthReversal) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m ExternalReservationReversal) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m PositiveResponse) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m NegativeResponse) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Reversal) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m Refund) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m SwitchProtocol) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m OPTStart) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m OPT21) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m OPT22) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m OPT23) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m OPT24) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m SelectLanguage) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m ActivateCardReader) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m BlockedList) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m DialUp) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m ChangeBaudRate) Format(s fmt.State, _ rune) { formatMessage(s, &m) }

// Format prints the message on one line with secrets masked.
func (m StatusInformation) Format(s fmt.State, _ rune) { formatMessage(s, &m) }
