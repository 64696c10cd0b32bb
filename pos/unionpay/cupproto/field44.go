package cupproto

// F44 is field 44 of a reply (附加响应数据): who issued the card and who acquired the
// transaction, or a text that says what went wrong.
type F44 struct {
	Issuer   string // 接收机构标识码, to 11 characters
	Acquirer string // 收单机构标识码, to 11 characters
	Text     string // instead of both
}

// institutionLen is the length of an institution's number, filled with blanks.
const institutionLen = 11

// ParseF44 reads field 44. Digits and blanks are institutions, anything else is a text
// in GBK.
func ParseF44(v []byte) F44 {
	s := string(v)
	for _, c := range v {
		if c != ' ' && (c < '0' || c > '9') {
			return F44{Text: trimmed(fromGBK(s))}
		}
	}
	if len(s) <= institutionLen {
		return F44{Issuer: trimmed(s)}
	}
	return F44{Issuer: trimmed(s[:institutionLen]), Acquirer: trimmed(s[institutionLen:min(len(s), 2*institutionLen)])}
}

// Append appends the text, or both institutions with three blanks behind. Errors:
// *Error: too long, or not to be written in GBK.
func (f F44) Append(dst []byte) ([]byte, error) {
	w := writer{field: 44}
	if f.Text != "" {
		s := writer{field: 44}
		s.gbk("text", f.Text, domestic[44].format.Max)
		w.fault, w.b = s.fault, []byte(trimmed(string(s.b)))
		return w.done(dst)
	}
	w.padded("issuer", []byte(f.Issuer), institutionLen)
	w.padded("acquirer", []byte(f.Acquirer), institutionLen)
	w.padded("reserve", nil, 3)
	return w.done(dst)
}

// SetF44 sets field 44.
func (m *Message) SetF44(f F44) {
	v, err := f.Append(nil)
	m.set(44, v, err)
}

// F44 reads field 44; empty if it is not there.
func (m *Message) F44() F44 {
	v, _ := m.Get(44)
	return ParseF44(v)
}
