package cupproto

// F61 is field 61 (原始信息域): the transaction this one is about. Parts at the end
// that are not used are left out.
type F61 struct {
	Batch uint32 // 61.1 原始交易批次号; may be 0 in a refund
	STAN  uint32 // 61.2 原始交易流水号; may be 0 in a refund
	Date  string // 61.3 原始交易日期 MMDD; "0000" in a reversal for silence
	// AuthMethod is 61.4 原始授权方式: 00 terminal, 01 telephone, 02 stand-in.
	AuthMethod string
	// AuthInstitution is 61.5 原始授权机构, eleven digits.
	AuthInstitution string
}

// ParseF61 reads field 61. Errors: *Error.
func ParseF61(v []byte) (F61, error) {
	r := reader{field: 61, v: v}
	f := F61{Batch: uint32(r.number(6))}
	if r.left() > 0 {
		f.STAN = uint32(r.number(6))
	}
	for _, p := range []struct {
		to *string
		n  int
	}{{&f.Date, 4}, {&f.AuthMethod, 2}, {&f.AuthInstitution, 11}} {
		if r.left() > 0 {
			*p.to = r.digits(p.n)
		}
	}
	if err := r.end(); err != nil {
		return F61{}, err
	}
	return f, nil
}

// Append appends the field, at least batch and STAN. Errors: *Error.
func (f F61) Append(dst []byte) ([]byte, error) {
	w := writer{field: 61}
	w.number("61.1 batch", int64(f.Batch), 6)
	w.number("61.2 STAN", int64(f.STAN), 6)
	if f.Date != "" || f.AuthMethod != "" || f.AuthInstitution != "" {
		w.digits("61.3 date", orText(f.Date, "0000"), 4)
	}
	if f.AuthMethod != "" || f.AuthInstitution != "" {
		w.digits("61.4 method", orText(f.AuthMethod, "00"), 2)
	}
	if f.AuthInstitution != "" {
		w.digits("61.5 institution", f.AuthInstitution, 11)
	}
	return w.done(dst)
}

// SetF61 sets field 61.
func (m *Message) SetF61(f F61) {
	v, err := f.Append(nil)
	m.set(61, v, err)
}

// F61 reads field 61. Errors: *Error, also when it is not there.
func (m *Message) F61() (F61, error) {
	v, _ := m.Get(61)
	return ParseF61(v)
}
