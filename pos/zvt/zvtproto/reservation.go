package zvtproto

// PreAuthorisation (06 22) reserves an amount (nexo: reservation; P15 chapter 2).
type PreAuthorisation struct{ Fields }

// Command is 06 22.
func (*PreAuthorisation) Command() Command { return CmdPreAuthorisation }

// PartialReversal (06 23) books a reservation in part: BMP 04 is the amount to RELEASE, 87 the receipt number. With only 87 FFFF it asks for the open pre-authorisations, see [NewOpenPreAuthQuery] (P15 chapter 2).
type PartialReversal struct{ Fields }

// Command is 06 23.
func (*PartialReversal) Command() Command { return CmdPartialReversal }

// BookTotal (06 24) books a reservation: BMP 04 is the amount USED, 87 the receipt number (P15 chapter 2).
type BookTotal struct{ Fields }

// Command is 06 24.
func (*BookTotal) Command() Command { return CmdBookTotal }

// PreAuthReversal (06 25) takes back a reservation by its receipt number, BMP 87 (P15 chapter 2).
type PreAuthReversal struct{ Fields }

// Command is 06 25.
func (*PreAuthReversal) Command() Command { return CmdPreAuthReversal }

// ExternalReservationReversal (06 26) takes back a reservation made elsewhere; tag 1F06 is 2 or 3 (P15 chapter 2).
type ExternalReservationReversal struct{ Fields }

// Command is 06 26.
func (*ExternalReservationReversal) Command() Command { return CmdExternalReservationReversal }

// NewOpenPreAuthQuery is 06 23 03 87 FF FF. The answer is 80 00 00 and then an
// abort 06 1E with result B8, the receipt number FFFF for none, and tag 23
// with the list (P15 chapter 2).
func NewOpenPreAuthQuery() *PartialReversal {
	m := &PartialReversal{}
	m.Set(BMPReceiptNumber, []byte{0xFF, 0xFF})
	return m
}
