package cupproto

import (
	"fmt"
	"sync"
)

// maxField is the last field there is: the profile has one bitmap.
const maxField = 64

// entry is a row of the field table.
type entry struct {
	format           Format
	chinese, english string
}

func fixed(k Kind, n int) Format { return Format{Kind: k, Max: n} }
func ll(k Kind, n int) Format    { return Format{Kind: k, Max: n, Prefix: 2} }
func lll(k Kind, n int) Format   { return Format{Kind: k, Max: n, Prefix: 3} }

// domestic is the common profile (中国银联 POS 终端消息域).
var domestic = [maxField + 1]entry{
	0:  {fixed(Digits, 4), "消息类型", "message type"},
	2:  {ll(Digits, 19), "主账号", "card number"},
	3:  {fixed(Digits, 6), "交易处理码", "processing code"},
	4:  {fixed(Digits, 12), "交易金额", "amount"},
	11: {fixed(Digits, 6), "受卡方系统跟踪号", "STAN"},
	12: {fixed(Digits, 6), "受卡方所在地时间", "time"},
	13: {fixed(Digits, 4), "受卡方所在地日期", "date"},
	14: {fixed(Digits, 4), "卡有效期", "expiry"},
	15: {fixed(Digits, 4), "清算日期", "settlement date"},
	22: {fixed(Digits, 3), "服务点输入方式码", "entry mode"},
	23: {Format{Kind: Digits, Max: 3, Right: true}, "卡序列号", "card sequence number"},
	25: {fixed(Digits, 2), "服务点条件码", "condition code"},
	26: {fixed(Digits, 2), "服务点PIN获取码", "longest PIN"},
	32: {ll(Digits, 11), "受理方标识码", "acquirer"},
	35: {ll(Track, 37), "2磁道数据", "track 2"},
	36: {lll(Track, 104), "3磁道数据", "track 3"},
	37: {fixed(Text, 12), "检索参考号", "RRN"},
	38: {fixed(Text, 6), "授权标识应答码", "authorisation code"},
	39: {fixed(Text, 2), "应答码", "response code"},
	40: {lll(Text, 999), "自定义域", "private data"},
	41: {fixed(Text, 8), "受卡机终端标识码", "terminal"},
	42: {fixed(Text, 15), "受卡方标识码", "merchant"},
	44: {ll(Text, 25), "附加响应数据", "additional response"},
	47: {lll(Text, 999), "自定义域", "private data"},
	48: {lll(Digits, 322), "附加数据-私有", "additional data"},
	49: {fixed(Text, 3), "交易货币代码", "currency"},
	52: {fixed(Bytes, 8), "个人标识码数据", "PIN block"},
	53: {fixed(Digits, 16), "安全控制信息", "security control"},
	54: {lll(Text, 20), "附加金额", "balance"},
	55: {lll(Bytes, 255), "IC卡数据域", "chip data"},
	58: {lll(Text, 100), "PBOC电子钱包数据", "e-purse data"},
	59: {lll(Bytes, 600), "自定义域", "tagged data"},
	60: {lll(Digits, 17), "自定义域", "transaction control"},
	61: {lll(Digits, 29), "原始信息域", "original transaction"},
	62: {lll(Bytes, 512), "自定义域", "data of the message type"},
	63: {lll(Text, 163), "自定义域", "operator, scheme and texts"},
	64: {fixed(Bytes, 8), "MAC", "message authentication code"},
}

// FieldName returns the Chinese and the English name of a field of the common
// profile; both are empty for a field it does not have.
func FieldName(number int) (chinese, english string) {
	if number < 0 || number > maxField {
		return "", ""
	}
	return domestic[number].chinese, domestic[number].english
}

// Layout is the format of every field. A nil *Layout is the common domestic
// profile. Immutable and safe for concurrent use; made by NewLayout.
type Layout struct {
	formats [maxField + 1]Format
	spec    specification
}

// NewLayout is the common profile with the formats of some fields changed, added
// or, with the zero Format, taken away. Field 64 is a MAC of 8 bytes and cannot change.
// Errors: an *Error with ErrFormat.
func NewLayout(changes map[int]Format) (*Layout, error) {
	l := &Layout{}
	for n := range domestic {
		l.formats[n] = domestic[n].format
	}
	for n, f := range changes {
		if n < 2 || n >= maxField {
			return nil, &Error{Field: n, Offset: -1, Err: malformed("fields 2 to 63 can be changed")}
		}
		if f != (Format{}) {
			if err := f.check(); err != nil {
				return nil, &Error{Field: n, Offset: -1, Err: err}
			}
		}
		l.formats[n] = f
	}
	l.spec = l.newSpec()
	return l, nil
}

// Format returns how a field travels, and whether there is such a field.
func (l *Layout) Format(number int) (Format, bool) {
	if number < 0 || number > maxField {
		return Format{}, false
	}
	f := l.or().formats[number]
	return f, f.Kind != 0
}

func (l *Layout) or() *Layout {
	if l == nil {
		return domesticLayout()
	}
	return l
}

var domesticLayout = sync.OnceValue(func() *Layout {
	l, err := NewLayout(nil)
	if err != nil {
		panic(err) // no changes, no errors
	}
	return l
})

// String counts the fields, for logs.
func (l *Layout) String() string {
	count := 0
	for _, f := range l.or().formats[2:] {
		if f.Kind != 0 {
			count++
		}
	}
	return fmt.Sprintf("layout of %d fields", count)
}
