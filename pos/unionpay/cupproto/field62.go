package cupproto

import (
	"fmt"
	"strconv"

	"github.com/openecr/openecr/emv"
)

// SignOnDevice is field 62 of a sign-on request: which machine this is.
type SignOnDevice struct {
	Approval string // 入网许可证编号, four characters
	Serial   string // 设备序列号, to 95 characters
}

const signOnMark = "Sequence No"

// ParseSignOnDevice reads field 62 of a sign-on request. Errors: *Error.
func ParseSignOnDevice(v []byte) (SignOnDevice, error) {
	r := reader{field: 62, v: v}
	if r.text(len(signOnMark)) != signOnMark && r.fault == nil {
		r.at = 0
		r.fail(malformed("it does not begin with %q", signOnMark))
	}
	n := int(r.number(2))
	if r.fault == nil && n < 4 {
		r.fail(malformed("a length of %d", n))
	}
	d := SignOnDevice{Approval: r.text(4), Serial: r.text(n - 4)}
	if err := r.end(); err != nil {
		return SignOnDevice{}, err
	}
	return d, nil
}

// Append appends the field. Errors: *Error.
func (d SignOnDevice) Append(dst []byte) ([]byte, error) {
	w := writer{field: 62, b: []byte(signOnMark)}
	if len(d.Approval) != 4 {
		w.fail("approval number", malformed("want four characters"))
	}
	w.number("length", int64(len(d.Approval)+len(d.Serial)), 2)
	w.b = append(append(w.b, d.Approval...), d.Serial...)
	return w.done(dst)
}

// SetSignOnDevice sets field 62 of a sign-on request.
func (m *Message) SetSignOnDevice(d SignOnDevice) {
	v, err := d.Append(nil)
	m.set(62, v, err)
}

// AppendQuery appends field 62 of a CA key or AID query: how many the terminal has
// got so far, 0 to 99. Errors: *Error.
func AppendQuery(dst []byte, received int) ([]byte, error) {
	w := writer{field: 62, b: []byte("1")}
	w.number("received", int64(received), 2)
	return w.done(dst)
}

// ParseQuery reads field 62 of a CA key or AID query. Errors: *Error.
func ParseQuery(v []byte) (received int, err error) {
	r := reader{field: 62, v: v}
	if r.text(1) != "1" {
		r.fail(malformed("it does not begin with 1"))
	}
	received = int(r.number(2))
	return received, r.end()
}

// What a Download says.
const (
	DownloadNone = '0' // there are none, or not the one asked for
	DownloadLast = '1' // the last list, or the one asked for
	DownloadMore = '2' // more to come: ask again
	DownloadAll  = '3' // all parameters are to be downloaded
)

// Download is field 62 of the answer to a query or download of CA keys and AIDs: a
// flag, then TLV objects.
type Download struct {
	Flag byte // DownloadNone ...
	TLV  []byte
}

// ParseDownload reads the answer. TLV points into v. Errors: *Error.
func ParseDownload(v []byte) (Download, error) {
	if len(v) == 0 {
		return Download{}, inField(62, 0, ErrTruncated)
	}
	if v[0] < DownloadNone || v[0] > DownloadAll {
		return Download{}, inField(62, 0, malformed("the flag is none of 0 to 3"))
	}
	if _, err := emv.Parse(v[1:], emv.Options{}); err != nil {
		return Download{}, inField(62, 1, malformed("no TLV objects"))
	}
	return Download{Flag: v[0], TLV: v[1:len(v):len(v)]}, nil
}

// Append appends the answer. Errors: *Error.
func (d Download) Append(dst []byte) ([]byte, error) {
	out := append(append(dst, d.Flag), d.TLV...)
	if _, err := ParseDownload(out[len(dst):]); err != nil {
		return dst, err
	}
	return out, nil
}

// CAKey is a public key of a certification authority (公钥), the TLV of a CA key
// list or download. A list holds RID and Index only.
type CAKey struct {
	RID       []byte // 9F06, five bytes
	Index     byte   // 9F22
	Expiry    string // DF05 YYYYMMDD
	HashAlg   byte   // DF06
	KeyAlg    byte   // DF07
	Modulus   []byte // DF02
	Exponent  []byte // DF04
	Checksum  []byte // DF03, SHA-1
	expiryBCD bool
}

// ParseCAKeys reads the objects of a list or download; each key begins with 9F06.
// Errors: *Error.
func ParseCAKeys(tlv []byte) ([]CAKey, error) {
	var out []CAKey
	err := eachGroup(tlv, func(o emv.Object, first bool) error {
		if first {
			out = append(out, CAKey{})
		}
		return out[len(out)-1].take(o)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (k *CAKey) take(o emv.Object) error {
	switch o.Tag {
	case 0x9F06:
		k.RID = o.Value
	case 0x9F22:
		return oneByte(&k.Index, o)
	case 0xDF05:
		switch {
		case len(o.Value) == 8 && isDigits(string(o.Value)):
			k.Expiry = string(o.Value)
		case len(o.Value) == 4 && checkDigits(o.Value, 8, false, false) < 0:
			k.Expiry, k.expiryBCD = string(appendASCII(nil, o.Value, 8, false)), true
		default:
			return malformed("the expiry is no date")
		}
	case 0xDF06:
		return oneByte(&k.HashAlg, o)
	case 0xDF07:
		return oneByte(&k.KeyAlg, o)
	case 0xDF02:
		k.Modulus = o.Value
	case 0xDF04:
		k.Exponent = o.Value
	case 0xDF03:
		k.Checksum = o.Value
	}
	return nil
}

func oneByte(to *byte, o emv.Object) error {
	if len(o.Value) != 1 {
		return malformed("%v has %d bytes where there must be one", o.Tag, len(o.Value))
	}
	*to = o.Value[0]
	return nil
}

// eachGroup walks over objects; the first of a group is a 9F06.
func eachGroup(tlv []byte, take func(o emv.Object, first bool) error) error {
	objects, err := emv.Parse(tlv, emv.Options{Flat: true})
	if err != nil {
		return inField(62, 0, malformed("no TLV objects"))
	}
	for i, o := range objects {
		if i == 0 && o.Tag != 0x9F06 {
			return inField(62, o.Offset, malformed("it begins with %v, not 9F06", o.Tag))
		}
		if err := take(o, o.Tag == 0x9F06); err != nil {
			return inField(62, o.Offset, err)
		}
	}
	return nil
}

// Append appends the key's objects; without Modulus only RID and index, with Expiry
// if there is one. Errors: *Error.
func (k CAKey) Append(dst []byte) ([]byte, error) {
	if len(k.RID) != 5 {
		return dst, inField(62, -1, malformed("a RID of %d bytes", len(k.RID)))
	}
	w := tlvWriter{b: dst}
	w.object(0x9F06, k.RID)
	w.object(0x9F22, []byte{k.Index})
	if k.Expiry != "" {
		e := []byte(k.Expiry)
		if k.expiryBCD {
			e, _ = appendDigits(nil, e, false, false)
		}
		w.object(0xDF05, e)
	}
	if len(k.Modulus) > 0 {
		w.object(0xDF06, []byte{k.HashAlg})
		w.object(0xDF07, []byte{k.KeyAlg})
		w.object(0xDF02, k.Modulus)
		w.object(0xDF04, k.Exponent)
		w.object(0xDF03, k.Checksum)
	}
	return w.done(dst)
}

// tlvWriter appends objects; it remembers the first error.
type tlvWriter struct {
	b     []byte
	fault error
}

func (w *tlvWriter) object(tag emv.Tag, v []byte) {
	if w.fault == nil {
		w.b, w.fault = emv.Append(w.b, tag, v)
	}
}

// optional appends an object that has a value.
func (w *tlvWriter) optional(tag emv.Tag, v []byte) {
	if len(v) > 0 {
		w.object(tag, v)
	}
}

func (w *tlvWriter) done(dst []byte) ([]byte, error) {
	if w.fault != nil {
		return dst, inField(62, -1, fmt.Errorf("%w: %v", ErrTooLong, w.fault))
	}
	return w.b, nil
}

// AID are the parameters of a chip application (IC卡参数), the TLV of an AID list or
// download; values as they travel. Empty ones are not sent. A list holds AID only.
type AID struct {
	AID              []byte // 9F06
	Selection        []byte // DF01 ASI 应用选择指示符: 00 partial match, 01 exact
	Version          []byte // 9F08
	TACDefault       []byte // DF11
	TACOnline        []byte // DF12
	TACDenial        []byte // DF13
	FloorLimit       []byte // 9F1B 终端最低限额
	Threshold        []byte // DF15 偏置随机选择的阈值
	MaxPercent       []byte // DF16
	TargetPercent    []byte // DF17
	DDOL             []byte // DF14
	OnlinePIN        []byte // DF18
	ECashLimit       []byte // 9F7B 终端电子现金交易限额
	ContactlessFloor []byte // DF19
	ContactlessMax   []byte // DF20
	CVMLimit         []byte // DF21
}

// tags pairs the values with their tags, in the order they are sent.
func (a *AID) tags() []struct {
	tag emv.Tag
	v   *[]byte
} {
	return []struct {
		tag emv.Tag
		v   *[]byte
	}{{0x9F06, &a.AID}, {0xDF01, &a.Selection}, {0x9F08, &a.Version}, {0xDF11, &a.TACDefault}, {0xDF12, &a.TACOnline},
		{0xDF13, &a.TACDenial}, {0x9F1B, &a.FloorLimit}, {0xDF15, &a.Threshold}, {0xDF16, &a.MaxPercent}, {0xDF17, &a.TargetPercent},
		{0xDF14, &a.DDOL}, {0xDF18, &a.OnlinePIN}, {0x9F7B, &a.ECashLimit}, {0xDF19, &a.ContactlessFloor}, {0xDF20, &a.ContactlessMax}, {0xDF21, &a.CVMLimit}}
}

// ParseAIDs reads the objects of a list or download; each application begins with
// 9F06. Objects this type does not have are passed over. Errors: *Error.
func ParseAIDs(tlv []byte) ([]AID, error) {
	var out []AID
	err := eachGroup(tlv, func(o emv.Object, first bool) error {
		if first {
			out = append(out, AID{})
		}
		for _, t := range out[len(out)-1].tags() {
			if t.tag == o.Tag {
				*t.v = o.Value
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Append appends the application's objects. Errors: *Error.
func (a AID) Append(dst []byte) ([]byte, error) {
	if len(a.AID) < 5 || len(a.AID) > 16 {
		return dst, inField(62, -1, malformed("an AID of %d bytes", len(a.AID)))
	}
	w := tlvWriter{b: dst}
	for _, t := range a.tags() {
		w.optional(t.tag, *t.v)
	}
	return w.done(dst)
}

// Parameter is one of a parameter download (field 62, 60.3 360) or of a status
// upload (362): two digits of tag, then a value of the tag's length.
type Parameter struct{ Tag, Value string }

// Tags of parameters.
const (
	ParameterAppKind     = "11" // 应用种类
	ParameterTimeout     = "12" // 超时时间, seconds
	ParameterRedial      = "13" // 重拨次数
	ParameterManagement  = "17" // 管理电话
	ParameterTip         = "18" // 是否支持小费
	ParameterTipPercent  = "19" // 小费百分比
	ParameterKeyed       = "20" // 是否支持手工输入卡号
	ParameterAutoSignOff = "21" // 是否自动签退
	ParameterMerchant    = "22" // 商户名称, GBK, blanks behind
	ParameterRetries     = "23" // 重发次数
	ParameterOffline     = "24" // 离线上送方式
	ParameterKeyIndex    = "25" // 主密钥索引
	ParameterSwitches    = "26" // 交易开关, bitmap of 4 bytes
	ParameterMaxOffline  = "27" // 离线上送笔数
	ParameterDial        = "51" // 拨号统计
)

// parameterLens are the lengths of values; those of 01 to 05 are inferred.
var parameterLens = map[string]int{"01": 1, "02": 1, "03": 1, "04": 1, "05": 1, "11": 2, "12": 2, "13": 1, "14": 14, "15": 14, "16": 14, "17": 14,
	"18": 1, "19": 2, "20": 1, "21": 1, "22": 40, "23": 1, "24": 1, "25": 1, "26": 4, "27": 2, "51": 12}

// ParseParameters reads field 62 of parameters or a status. A tag that is not known
// ends it with an error, because its length is not known either. Errors: *Error.
func ParseParameters(v []byte) ([]Parameter, error) {
	r := reader{field: 62, v: v}
	var out []Parameter
	for r.left() > 0 && r.fault == nil {
		at, tag := r.at, r.text(2)
		n, ok := parameterLens[tag]
		if !ok {
			if r.fault == nil {
				r.at = at
				r.fail(malformed("a parameter that is not known"))
			}
			break
		}
		out = append(out, Parameter{Tag: tag, Value: r.text(n)})
	}
	if r.fault != nil {
		return nil, r.fault
	}
	return out, nil
}

// AppendParameters appends parameters; shorter values get blanks behind. Errors:
// *Error: an unknown tag, a value that is too long.
func AppendParameters(dst []byte, list []Parameter) ([]byte, error) {
	w := writer{field: 62}
	for _, p := range list {
		n, ok := parameterLens[p.Tag]
		if !ok {
			w.fail("parameter "+strconv.Quote(p.Tag), malformed("it is not known"))
		}
		w.b = append(w.b, p.Tag...)
		w.padded("parameter "+p.Tag, []byte(p.Value), n)
	}
	return w.done(dst)
}

// ICUpload is field 62 of an IC item in a batch upload (one source).
type ICUpload struct {
	Failed  bool // 71: the chip refused; else 61: TC of an approved transaction
	Foreign bool
	Amount  int64 // fen
	// Reason and Result are of failed items: "05" or "11", and "22" or "10".
	Reason, Result string
}

// ParseICUpload reads it. Errors: *Error.
func ParseICUpload(v []byte) (ICUpload, error) {
	r := reader{field: 62, v: v}
	mark, u := r.text(2), ICUpload{}
	if r.fault == nil && mark != "61" && mark != "71" {
		r.at = 0
		r.fail(malformed("it begins with neither 61 nor 71"))
	}
	u.Failed, u.Foreign = mark == "71", r.digits(2) == "01"
	if u.Reason = r.digits(2); !u.Failed {
		u.Reason = ""
	}
	u.Amount = r.number(12)
	r.text(3) // currency
	if u.Failed {
		u.Result = r.digits(2)
	}
	if err := r.end(); err != nil {
		return ICUpload{}, err
	}
	return u, nil
}

// Append appends it. Errors: *Error.
func (u ICUpload) Append(dst []byte) ([]byte, error) {
	w := writer{field: 62, b: []byte("61")}
	reason, foreign := "00", "00"
	if u.Failed {
		w.b, reason = []byte("71"), u.Reason
	}
	if u.Foreign {
		foreign = "01"
	}
	w.digits("card kind", foreign, 2)
	w.digits("reason", reason, 2)
	w.number("amount", u.Amount, 12)
	w.b = append(w.b, CNY...)
	if u.Failed {
		w.digits("result", u.Result, 2)
	}
	return w.done(dst)
}

// SetICUpload sets field 62 of an IC item.
func (m *Message) SetICUpload(u ICUpload) {
	v, err := u.Append(nil)
	m.set(62, v, err)
}
