package zvtproto

import "fmt"

// Protected is the data part of the commands that begin with the password,
// three bytes without a BMP, followed by BMPs.
type Protected struct {
	Password Password
	Fields
}

// AppendData appends the password and the fields. Fails with ErrFormat when
// the password is not six digits.
func (m *Protected) AppendData(dst []byte) ([]byte, error) {
	dst, err := appendPassword(dst, m.Password)
	if err != nil {
		return dst, err
	}
	return m.Fields.AppendData(dst)
}

// DecodeData reads the password and the fields.
func (m *Protected) DecodeData(data []byte) error {
	*m = Protected{Fields: Fields{List: m.List[:0]}}
	var err error
	if m.Password, data, err = takePassword(data); err != nil {
		return err
	}
	return m.decode(data, passwordSize)
}

// Format prints the password masked, and the fields.
func (m Protected) Format(s fmt.State, _ rune) {
	writeState(s, fmt.Sprintf("%v %v", m.Password, m.List))
}
