package zvtproto

// PositiveResponse is 80 00: the command is accepted. Data holds BMPs or, in
// the dialogues 06 E0 to 06 E3, key codes.
//
// P15: 84 00 means the same; Alternative says that it was used.
type PositiveResponse struct {
	Alternative bool
	Payload
}

// Command is 80 00, or 84 00.
func (m *PositiveResponse) Command() Command {
	if m.Alternative {
		return CmdNegative
	}
	return CmdPositive
}

// Fields reads the data as BMPs.
func (m *PositiveResponse) Fields() (Fields, error) { return fieldsOf(m.Data) }

// NegativeResponse is 84 and an error code, never 00.
type NegativeResponse struct {
	Code ResultCode
	Payload
}

// Codes a register answers to the terminal.
const (
	// CodeNotIssuedYet (84 9C): goods are not issued yet, ask again in two
	// seconds. P15 chapter 3.
	CodeNotIssuedYet ResultCode = 0x9C
	// CodePartialIssue (84 9D) with the amount in BMP 04. P15 chapter 3.
	CodePartialIssue ResultCode = 0x9D
	// CodeNotPossible (84 83): command or BMP not understood.
	CodeNotPossible ResultCode = 0x83
	// CodePrinter (84 CC): no printer or no paper.
	CodePrinter ResultCode = 0xCC
)

// Command is 84 and the code.
func (m *NegativeResponse) Command() Command { return CmdNegative | Command(m.Code) }

// Fields reads the data as BMPs.
func (m *NegativeResponse) Fields() (Fields, error) { return fieldsOf(m.Data) }

// cmdWrongCurrency is 84 1E, with which a terminal may refuse a registration.
const cmdWrongCurrency = CmdNegative | 0x1E

func isResultAndCurrency(data []byte) bool {
	if len(data) <= 1 {
		return len(data) == 1
	}
	_, ok := bareCurrency(ResultCode(data[0]), data[1:])
	return ok && len(data) == 3
}

// WrongCurrency reads 84 1E xx 6F and the currency the terminal would take, 0
// when it does not say (P15 chapter 2).
func (m *NegativeResponse) WrongCurrency() (c Currency, ok bool) {
	if m.Command() != cmdWrongCurrency || !isResultAndCurrency(m.Data) || ResultCode(m.Data[0]) != ResultWrongCurrency {
		return 0, false
	}
	c, _ = bareCurrency(ResultWrongCurrency, m.Data[1:])
	return c, true
}

// AppendPositive appends 80 00 00.
func AppendPositive(dst []byte) []byte { return append(dst, 0x80, 0x00, 0x00) }

// AppendNegative appends 84 code 00.
func AppendNegative(dst []byte, code ResultCode) []byte {
	return append(dst, 0x84, byte(code), 0x00)
}

// NewPartialIssue is the answer 84 9D 07 04 and the amount that was issued
// (P15 chapter 3, vending). Fails with ErrRange.
func NewPartialIssue(issued Amount) (*NegativeResponse, error) {
	value, err := AppendAmount([]byte{byte(BMPAmount)}, issued)
	if err != nil {
		return nil, err
	}
	return &NegativeResponse{Code: CodePartialIssue, Payload: Payload{Data: value}}, nil
}

func fieldsOf(data []byte) (Fields, error) {
	var f Fields
	err := f.DecodeData(data)
	return f, err
}
