package cupproto

// F60 is field 60 (自定义域): what kind of transaction this is, in which batch. It
// may end after any part; a part is sent when one behind it is.
type F60 struct {
	MessageType string // 60.1 消息类型码, two digits: "22" of a sale
	Batch       uint32 // 60.2 批次号, 1 to 999999
	Network     string // 60.3 网络管理信息码, three digits; "000" of financial messages
	// ReaderCapability is 60.4 终端读取能力, a digit: '0' unknown, '2' stripe, '5' contact
	// chip, '6' contactless too. 0 ends the field.
	ReaderCapability byte
	// ICCondition is 60.5 IC卡条件代码: '0' not used, '1' the last chip transaction
	// went well, '2' it failed (fallback).
	ICCondition byte
	// Partial is 60.6 支持部分扣款和返回余额: '0' no, '1' yes.
	Partial byte
	// AccountType is 60.7 账户类型, three digits: 048 issuer points, 065 alliance
	// points, 066 cash.
	AccountType string
}

// ParseF60 reads field 60. Errors: *Error.
func ParseF60(v []byte) (F60, error) {
	r := reader{field: 60, v: v}
	f := F60{MessageType: r.digits(2), Batch: uint32(r.number(6))}
	if r.left() > 0 {
		f.Network = r.digits(3)
	}
	for _, p := range []*byte{&f.ReaderCapability, &f.ICCondition, &f.Partial} {
		if r.left() > 0 && r.fault == nil {
			if s := r.digits(1); s != "" {
				*p = s[0]
			}
		}
	}
	if r.left() > 0 {
		f.AccountType = r.digits(3)
	}
	if err := r.end(); err != nil {
		return F60{}, err
	}
	return f, nil
}

// Append appends the field. Errors: *Error.
func (f F60) Append(dst []byte) ([]byte, error) {
	w := writer{field: 60}
	w.digits("60.1", f.MessageType, 2)
	w.number("60.2 batch", int64(f.Batch), 6)
	rest := f.AccountType != ""
	singles := [...]byte{f.ReaderCapability, f.ICCondition, f.Partial}
	last := len(singles)
	for !rest && last > 0 && singles[last-1] == 0 {
		last--
	}
	if f.Network != "" || last > 0 {
		w.digits("60.3", orText(f.Network, "000"), 3)
	}
	for i, c := range singles[:last] {
		if c == 0 {
			c = '0'
		}
		w.digits([...]string{"60.4", "60.5", "60.6"}[i], string([]byte{c}), 1)
	}
	if rest {
		w.digits("60.7", f.AccountType, 3)
	}
	return w.done(dst)
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// SetF60 sets field 60.
func (m *Message) SetF60(f F60) {
	v, err := f.Append(nil)
	m.set(60, v, err)
}

// F60 reads field 60. Errors: *Error, also when it is not there.
func (m *Message) F60() (F60, error) {
	v, _ := m.Get(60)
	return ParseF60(v)
}
