package zvtproto

// Reversal (06 30) voids a payment before the end of day: receipt number (BMP 87), and optionally amount (void in the words of this project; nexo: ReversalRequest; P15 chapter 2).
type Reversal struct{ Protected }

// Command is 06 30.
func (*Reversal) Command() Command { return CmdReversal }

// Refund (06 31) pays an amount (BMP 04) to the customer's card (P15 chapter 2).
type Refund struct{ Protected }

// Command is 06 31.
func (*Refund) Command() Command { return CmdRefund }
