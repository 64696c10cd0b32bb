package cupproto

import (
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// F63 is field 63 (自定义域). A request holds the operator in Code ("01 "), a refund
// "000"; a reply the scheme of the card and texts for the slip.
type F63 struct {
	Code     string // 63.1, to three characters: operator, or CUP VIS MCC MAE JCB DCC AMX
	Issuer   string // 63.2.1 发卡方信息, to 20 bytes in GBK
	UnionPay string // 63.2.2 中国银联信息, to 20
	Acquirer string // 63.2.3 受理机构信息, to 20
	Terminal string // 63.2.4 POS终端专用, to 60
}

// ParseF63 reads field 63; it may end anywhere, also within a part. Errors: *Error,
// if it is shorter than the code.
func ParseF63(v []byte) (F63, error) {
	r := reader{field: 63, v: v}
	f := F63{Code: trimmed(r.text(3))}
	for _, p := range []struct {
		to *string
		n  int
	}{{&f.Issuer, 20}, {&f.UnionPay, 20}, {&f.Acquirer, 20}, {&f.Terminal, 60}} {
		*p.to = trimmed(fromGBK(r.text(min(p.n, r.left()))))
	}
	if r.fault == nil && r.left() > 0 { // longer in some profiles: keep it
		f.Terminal = trimmed(f.Terminal + fromGBK(r.text(r.left())))
	}
	if r.fault != nil {
		return F63{}, r.fault
	}
	return f, nil
}

// Append appends the code alone, or the code and all texts filled with blanks.
// Errors: *Error: a text is too long, or cannot be written in GBK.
func (f F63) Append(dst []byte) ([]byte, error) {
	w := writer{field: 63}
	w.padded("63.1", []byte(f.Code), 3)
	if f.Issuer+f.UnionPay+f.Acquirer+f.Terminal != "" {
		w.gbk("issuer", f.Issuer, 20)
		w.gbk("UnionPay", f.UnionPay, 20)
		w.gbk("acquirer", f.Acquirer, 20)
		w.gbk("terminal", f.Terminal, 60)
	}
	return w.done(dst)
}

func (w *writer) gbk(what, s string, n int) {
	b, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		w.fail(what, malformed("a character that GBK does not have"))
		return
	}
	w.padded(what, []byte(b), n)
}

// fromGBK decodes a text; what is no GBK (a character cut in two) becomes U+FFFD.
func fromGBK(s string) string {
	out, err := simplifiedchinese.GBK.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "�")
	}
	return out
}

func trimmed(s string) string { return strings.TrimRight(s, " \x00") }

// SetF63 sets field 63.
func (m *Message) SetF63(f F63) {
	v, err := f.Append(nil)
	m.set(63, v, err)
}

// F63 reads field 63. Errors: *Error, also when it is not there.
func (m *Message) F63() (F63, error) {
	v, _ := m.Get(63)
	return ParseF63(v)
}
