package zvtproto

// RequestFile (04 0C) is the terminal asking for a part of a file while the register writes it with 08 14 (P15 chapter 3).
type RequestFile struct{ Fields }

// Command is 04 0C.
func (*RequestFile) Command() Command { return CmdRequestFile }

// SoftwareUpdate (08 10) starts a software update (P15 chapter 2); its data is kept as it is.
type SoftwareUpdate struct{ Payload }

// Command is 08 10.
func (*SoftwareUpdate) Command() Command { return CmdSoftwareUpdate }

// ReadFile (08 11) reads a file of the terminal (P15 chapter 2); its data is kept as it is, see [FileData].
type ReadFile struct{ Payload }

// Command is 08 11.
func (*ReadFile) Command() Command { return CmdReadFile }

// DeleteFile (08 12) deletes a file of the terminal (P15 chapter 2); its data is kept as it is, see [FileData].
type DeleteFile struct{ Payload }

// Command is 08 12.
func (*DeleteFile) Command() Command { return CmdDeleteFile }

// ChangeConfiguration (08 13) changes the terminal's configuration (P15 chapter 2); its data is kept as it is, see [FileData].
type ChangeConfiguration struct{ Payload }

// Command is 08 13.
func (*ChangeConfiguration) Command() Command { return CmdChangeConfiguration }

// WriteFile (08 14) writes files to the terminal: password and a container of
// tag 2D for each file, with 1D the id and 1F00 the size; the terminal then
// asks for the parts with 04 0C (P15 chapter 2).
//
// Single source: the layout is that of EVerest/zvt.
type WriteFile struct{ Protected }

// Command is 08 14.
func (*WriteFile) Command() Command { return CmdWriteFile }

// FileData writes the data of the commands 08 11 to 08 13: the password, if
// one is given, and the TLV container.
//
// Single source: EVerest/zvt sends 08 13 with a bare container; which of the
// others want a password is unverified.
func FileData(p Password, t TLV) (Payload, error) {
	var data []byte
	var err error
	if p != "" {
		if data, err = appendPassword(data, p); err != nil {
			return Payload{}, err
		}
	}
	var f Fields
	if err := f.SetTLV(t); err != nil {
		return Payload{}, err
	}
	data, err = f.AppendData(data)
	return Payload{Data: data}, err
}
