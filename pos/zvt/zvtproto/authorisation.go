package zvtproto

// Authorisation (06 01) asks for a payment: amount (BMP 04), currency (49), payment type (19), card data for a keyed or read card, and the TLV container (P15 chapter 2).
type Authorisation struct{ Fields }

// Command is 06 01.
func (*Authorisation) Command() Command { return CmdAuthorisation }

// Balance (06 03) asks for the balance of a card (P15 chapter 2).
type Balance struct{ Fields }

// Command is 06 03.
func (*Balance) Command() Command { return CmdBalance }

// ActivateCard (06 04) activates a card (P15 chapter 2).
type ActivateCard struct{ Fields }

// Command is 06 04.
func (*ActivateCard) Command() Command { return CmdActivateCard }

// Procurement (06 05) is the procurement command (P15 chapter 2).
type Procurement struct{ Fields }

// Command is 06 05.
func (*Procurement) Command() Command { return CmdProcurement }

// PrepaidTopUp (06 09) tops up a prepaid account (P15 chapter 2).
type PrepaidTopUp struct{ Fields }

// Command is 06 09.
func (*PrepaidTopUp) Command() Command { return CmdPrepaidTopUp }

// TaxFree (06 0A) begins a tax-free transaction (P15 chapter 2).
type TaxFree struct{ Fields }

// Command is 06 0A.
func (*TaxFree) Command() Command { return CmdTaxFree }

// BookTip (06 0C) adds a tip to a payment: amount (BMP 04), receipt number (87) (P15 chapter 2).
type BookTip struct{ Fields }

// Command is 06 0C.
func (*BookTip) Command() Command { return CmdBookTip }

// TelephonicAuthorisation (06 21) books a payment approved by telephone: amount (BMP 04) and the approval in BMP 3B (P15 chapter 2).
type TelephonicAuthorisation struct{ Protected }

// Command is 06 21.
func (*TelephonicAuthorisation) Command() Command { return CmdTelephonicAuthorisation }
