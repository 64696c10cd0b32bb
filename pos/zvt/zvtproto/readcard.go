package zvtproto

import "fmt"

// CloseCardSession (06 C5) ends a session with a chip (P15 chapter 2).
type CloseCardSession struct{ Fields }

// Command is 06 C5.
func (*CloseCardSession) Command() Command { return CmdCloseCardSession }

// SendAPDUs (06 C6) sends commands to a chip in tag 1F46 (P15 chapter 2).
type SendAPDUs struct{ Fields }

// Command is 06 C6.
func (*SendAPDUs) Command() Command { return CmdSendAPDUs }

// CardPoll (06 E6) polls for a card, with authentication (P15 chapter 2).
type CardPoll struct{ Fields }

// Command is 06 E6.
func (*CardPoll) Command() Command { return CmdCardPoll }

// ReadCard (06 C0) reads a card without a payment. It ends with a
// status-information only, no completion (P15 chapter 2).
type ReadCard struct {
	// HasTimeout says that the timeout byte is sent; fields need it.
	HasTimeout bool
	// TimeoutSeconds 0 waits for ever.
	TimeoutSeconds byte
	Fields
}

// Command is 06 C0.
func (*ReadCard) Command() Command { return CmdReadCard }

// AppendData fails with ErrFormat for fields without a timeout.
func (m *ReadCard) AppendData(dst []byte) ([]byte, error) {
	if !m.HasTimeout {
		if len(m.List) > 0 {
			return dst, fmt.Errorf("zvtproto: read card with fields needs a timeout: %w", ErrFormat)
		}
		return dst, nil
	}
	return m.Fields.AppendData(append(dst, m.TimeoutSeconds))
}

// DecodeData reads the data of 06 C0.
func (m *ReadCard) DecodeData(data []byte) error {
	*m = ReadCard{Fields: Fields{List: m.List[:0]}}
	if len(data) == 0 {
		return nil
	}
	m.HasTimeout, m.TimeoutSeconds = true, data[0]
	return m.decode(data[1:], 1)
}
