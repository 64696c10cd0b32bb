package zvtproto

// RepeatReceipt (06 20) asks for the last result again. Service byte (BMP 03): bit 0 sends the status-information, bit 1 does not print; tag 1F01 chooses the receipt (P15 chapter 2). Not every terminal implements the service byte (Portalum.Zvt issue 26).
type RepeatReceipt struct{ Protected }

// Command is 06 20.
func (*RepeatReceipt) Command() Command { return CmdRepeatReceipt }
