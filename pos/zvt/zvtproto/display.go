package zvtproto

// DisplayText (06 E0) shows text lines (BMP F1 to F8) for a time (BMP F0) (P15 chapter 2).
type DisplayText struct{ Fields }

// Command is 06 E0.
func (*DisplayText) Command() Command { return CmdDisplayText }

// DisplayTextFunctionKey (06 E1) shows text and waits for a key, answered in the data of 80 00, see [Key] (P15 chapter 2).
type DisplayTextFunctionKey struct{ Fields }

// Command is 06 E1.
func (*DisplayTextFunctionKey) Command() Command { return CmdDisplayTextFunctionKey }

// NumericInput (06 E2) asks the customer for digits (P15 chapter 2).
type NumericInput struct{ Fields }

// Command is 06 E2.
func (*NumericInput) Command() Command { return CmdNumericInput }

// PINCheck (06 E3) asks for a PIN and checks it (P15 chapter 2).
type PINCheck struct{ Fields }

// Command is 06 E3.
func (*PINCheck) Command() Command { return CmdPINCheck }

// DisplayImage (06 F0) shows an image sent in parts (BMP 70 to 75) (P15 chapter 2).
type DisplayImage struct{ Fields }

// Command is 06 F0.
func (*DisplayImage) Command() Command { return CmdDisplayImage }

// InputRequest (04 0D) is the terminal asking the register for an input (tag 32, P15 chapter 3).
type InputRequest struct{ Fields }

// Command is 04 0D.
func (*InputRequest) Command() Command { return CmdInputRequest }

// MenuRequest (04 0E) is the terminal asking the register to show a menu (tag 29, P15 chapter 3).
type MenuRequest struct{ Fields }

// Command is 04 0E.
func (*MenuRequest) Command() Command { return CmdMenuRequest }

// Key is the key code in the answer to a dialogue (P15 chapter 2, 06 E1).
type Key byte

// Keys.
const (
	KeyOK      Key = 0x0D
	KeyClear   Key = 0x18
	KeyStop    Key = 0x1B
	KeyF1      Key = 0x31
	KeyF2      Key = 0x32
	KeyF3      Key = 0x33
	KeyF4      Key = 0x34
	KeyDown    Key = 0x44
	KeyF       Key = 0x46
	KeyUp      Key = 0x55
	KeyTimeout Key = 0x6C // no key: time ran out
	KeyCard    Key = 0xDC // no key: a card was inserted
)
