package zvtproto

import "fmt"

// text is a meaning in English and, for what a cashier may see, in Chinese.
type text struct{ en, zh string }

// unknownCode is how a code outside the tables prints.
func unknownCode(c byte) string { return fmt.Sprintf("unknown code 0x%02X", c) }

// ResultCode is the outcome in BMP 27, of a negative response 84 xx and of an
// abort 06 1E (P15 chapter 10).
type ResultCode byte

// Result codes this package's users ask for by name.
const (
	ResultOK              ResultCode = 0x00
	ResultNotRegistered   ResultCode = 0x6B
	ResultAborted         ResultCode = 0x6C // by timeout or key
	ResultWrongCurrency   ResultCode = 0x6F
	ResultNotPossible     ResultCode = 0x83
	ResultPleaseWait      ResultCode = 0x9C
	ResultAlreadyReversed ResultCode = 0xB4
	ResultOpenPreAuths    ResultCode = 0xB8
	ResultPrinter         ResultCode = 0xCC
	ResultSystemError     ResultCode = 0xFF
)

// resultTexts is P15 chapter 10; the Chinese is this project's own.
var resultTexts = map[ResultCode]text{
	0x00: {"approved", "成功"},
	0x05: {"declined by the host", "发卡方拒绝"},
	0x37: {"wrong PIN", "密码错误"},
	0x64: {"card not readable", "卡无法读取"},
	0x65: {"no card data", "没有卡数据"},
	0x66: {"processing error", "处理错误"},
	0x67: {"function not allowed for ec and Maestro cards", ""},
	0x68: {"function not allowed for credit and tank cards", ""},
	0x6A: {"turnover file full", "交易文件已满"},
	0x6B: {"function switched off, register not registered", "功能已关闭或收银机未注册"},
	0x6C: {"aborted by timeout or key", "超时或按键取消"},
	0x6E: {"card in blocked list", "卡在黑名单中"},
	0x6F: {"wrong currency", "币种错误"},
	0x71: {"credit not sufficient", "余额不足"},
	0x72: {"chip error", "芯片错误"},
	0x73: {"card data wrong", "卡数据错误"},
	0x74: {"DUKPT engine exhausted", "密钥次数用尽"},
	0x75: {"text not authentic", ""},
	0x76: {"card number not in white list", "卡号不在白名单中"},
	0x77: {"end of day not possible", "无法结算"},
	0x78: {"card expired", "卡已过期"},
	0x79: {"card not yet valid", "卡未生效"},
	0x7A: {"card unknown", "未知卡"},
	0x7B: {"fallback to magnetic stripe not possible", "不能降级刷磁条"},
	0x7C: {"fallback to magnetic stripe not possible for this card", "不能降级刷磁条"},
	0x7E: {"fallback not possible", "不能降级"},
	0x7D: {"communication error", "通信错误"},
	0x83: {"function not possible", "功能不可用"},
	0x85: {"key missing", "缺少密钥"},
	0x89: {"PIN pad defective", "密码键盘故障"},
	0x9A: {"protocol error", "协议错误"},
	0x9B: {"dial-up error", "拨号错误"},
	0x9C: {"please wait", "请稍候"},
	0xA0: {"receiver not ready", "对方未就绪"},
	0xA1: {"no answer from the remote side", "对方无应答"},
	0xA3: {"no connection", "无连接"},
	0xA4: {"Geldkarte submission not possible", ""},
	0xA5: {"not allowed by PCI rules", "安全规范不允许"},
	0xB1: {"memory full", "内存已满"},
	0xB2: {"journal full", "日志已满"},
	0xB4: {"already reversed", "该交易已撤销"},
	0xB5: {"reversal not possible", "无法撤销"},
	0xB7: {"pre-authorisation amount wrong", "预授权金额错误"},
	0xB8: {"pre-authorisation error or list", "预授权错误或列表"},
	0xBF: {"supply voltage too low", "电压过低"},
	0xC0: {"card locking mechanism defective", "锁卡装置故障"},
	0xC1: {"merchant card locked", "商户卡锁定"},
	0xC2: {"diagnosis required", "需要诊断"},
	0xC3: {"maximum amount exceeded", "超过最大金额"},
	0xC4: {"card profile invalid", "卡配置无效"},
	0xC5: {"payment method not supported", "不支持该支付方式"},
	0xC6: {"currency not applicable", "币种不可用"},
	0xC8: {"amount too small", "金额过小"},
	0xC9: {"maximum transaction amount too small", "最大交易金额过小"},
	0xCB: {"only euro allowed", "仅支持欧元"},
	0xCC: {"printer not ready", "打印机未就绪"},
	0xCD: {"cashback not possible", "不能取现"},
	0xD2: {"function not permitted for bank cards", "银行卡不允许此功能"},
	0xDC: {"card inserted", "卡已插入"},
	0xDD: {"error ejecting the card", "退卡错误"},
	0xDE: {"error inserting the card", "吞卡错误"},
	0xE0: {"remote maintenance active", "远程维护中"},
	0xE2: {"card reader not answering", "读卡器无应答"},
	0xE3: {"shutter closed", "读卡口关闭"},
	0xE4: {"activation needed", "需要激活"},
	0xE7: {"no goods group given", "缺少商品组"},
	0xE8: {"no goods groups table", "缺少商品组表"},
	0xE9: {"restriction code not permitted", "限制码不允许"},
	0xEA: {"card code not permitted", "卡代码不允许"},
	0xEB: {"PIN algorithm unknown", "密码算法未知"},
	0xEC: {"PIN processing not possible", "无法处理密码"},
	0xED: {"PIN pad not answering", "密码键盘无应答"},
	0xF0: {"open end of day", "有未完成的结算"},
	0xF1: {"offline processing error", "脱机处理错误"},
	0xF5: {"OPT not done", "未完成 OPT"},
	0xF6: {"OPT data not available", "没有 OPT 数据"},
	0xFA: {"clearing error", "清算错误"},
	0xFB: {"turnover data defective", "交易数据损坏"},
	0xFC: {"necessary device missing", "缺少所需设备"},
	0xFD: {"baud rate not supported", "不支持该波特率"},
	0xFE: {"register error", "收银机错误"},
	0xFF: {"system error, see tag 1F17", "系统错误"},
}

// String is the meaning in English. Codes 01 to 63 hex without an entry are
// the host's own; others print as unknown.
func (c ResultCode) String() string {
	if t, ok := resultTexts[c]; ok {
		return t.en
	}
	if c >= 0x01 && c <= 0x63 {
		return fmt.Sprintf("host or network code %d", byte(c))
	}
	return unknownCode(byte(c))
}

// Chinese is the meaning in Chinese, or the code.
func (c ResultCode) Chinese() string {
	if t, ok := resultTexts[c]; ok && t.zh != "" {
		return t.zh
	}
	if c >= 0x01 && c <= 0x63 {
		return fmt.Sprintf("主机或网络代码 %d", byte(c))
	}
	return fmt.Sprintf("代码 0x%02X", byte(c))
}

// TerminalState is the state in the answer to a status enquiry (05 01, P15
// chapter 2). The codes are those of ResultCode where both exist.
type TerminalState byte

// StateReady: the terminal takes payments.
const StateReady TerminalState = 0x00

var stateTexts = map[TerminalState]string{
	0x00: "ready",
	0x51: "initialisation necessary",
	0x62: "date or time wrong",
	0x9C: "please wait",
	0xB1: "memory full",
	0xB2: "journal full",
	0xBF: "supply voltage too low",
	0xC0: "card locking mechanism defective",
	0xC1: "merchant card locked",
	0xC2: "diagnosis required",
	0xC4: "card profile invalid",
	0xCC: "printer not ready",
	0xDC: "card inserted",
	0xDF: "out of order",
	0xE0: "remote maintenance active",
	0xE2: "card reader not answering",
	0xE3: "shutter closed",
	0xE4: "activation needed",
	0xF0: "open end of day",
	0xF6: "OPT data not available",
	// The documents list E1 without this package's source saying what it
	// means.
	0xE1: "state E1",
}

func (s TerminalState) known() bool { _, ok := stateTexts[s]; return ok }

// String is the meaning in English.
func (s TerminalState) String() string {
	if t, ok := stateTexts[s]; ok {
		return t
	}
	return unknownCode(byte(s))
}

// Intermediate is what the terminal is waiting for (04 FF, P15 chapter 3).
type Intermediate byte

// Intermediate statuses this package's users ask for by name.
const (
	IntermediateWatchPINPad Intermediate = 0x01
	IntermediateWaitingHost Intermediate = 0x04
	IntermediateInsertCard  Intermediate = 0x0A
	IntermediateRemoveCard  Intermediate = 0x0B
	IntermediateAborted     Intermediate = 0x0D
	IntermediateProcessing  Intermediate = 0x0E
	IntermediatePleaseWait  Intermediate = 0x17
	IntermediateTakeGoods   Intermediate = 0x1C
	IntermediateDeclined    Intermediate = 0x1D
	IntermediateSeeText     Intermediate = 0xFF
)

// intermediateTexts is P15 chapter 3; the Chinese is this project's own.
var intermediateTexts = map[Intermediate]text{
	0x00: {"waiting for the amount to be confirmed", "等待确认金额"},
	0x01: {"please watch the PIN pad", "请看密码键盘"},
	0x02: {"please watch the PIN pad", "请看密码键盘"},
	0x03: {"not accepted", "不接受"},
	0x04: {"waiting for the host", "等待主机应答"},
	0x05: {"waiting for the automatic reversal", "等待自动冲正"},
	0x06: {"waiting for post-bookings", "等待补记交易"},
	0x07: {"card not admitted", "卡不被受理"},
	0x08: {"card unknown or undefined", "未知卡"},
	0x09: {"card expired", "卡已过期"},
	0x0A: {"insert card", "请插卡"},
	0x0B: {"please remove card", "请取卡"},
	0x0C: {"card not readable", "卡无法读取"},
	0x0D: {"operation aborted", "操作已取消"},
	0x0E: {"please wait, being processed", "处理中，请稍候"},
	0x0F: {"automatic end of day", "自动结算中"},
	0x10: {"card invalid", "卡无效"},
	0x11: {"balance display", "显示余额"},
	0x12: {"system malfunction", "系统故障"},
	0x13: {"payment not possible", "无法支付"},
	0x14: {"credit not sufficient", "余额不足"},
	0x15: {"wrong PIN", "密码错误"},
	0x16: {"limit not sufficient", "额度不足"},
	0x17: {"please wait", "请稍候"},
	0x18: {"PIN tries exceeded", "密码错误次数超限"},
	0x19: {"card data wrong", "卡数据错误"},
	0x1A: {"service mode", "维护模式"},
	0x1B: {"approved, please fill up", "已批准，请加油"},
	0x1C: {"approved, please take the goods", "已批准，请取货"},
	0x1D: {"declined", "已拒绝"},
	0x26: {"enter mobile number", "请输入手机号"},
	0x27: {"repeat mobile number", "请再次输入手机号"},
	0x28: {"choose currency", "请选择币种"},
	0x29: {"choose language", "请选择语言"},
	0x2A: {"please insert the card to load", "请插入待充值卡"},
	0x2B: {"offline emergency operation", "脱机应急"},
	0x2C: {"choose debit or credit", "请选择借记或贷记"},
	0x68: {"card inserted", "卡已插入"},
	0x69: {"choose currency conversion", "请选择是否货币转换"},
	0xC7: {"enter mileage", "请输入里程"},
	0xC8: {"waiting for the cashier", "等待收银员"},
	0xC9: {"automatic diagnosis", "自动诊断"},
	0xCA: {"automatic initialisation", "自动初始化"},
	0xCB: {"journal full", "日志已满"},
	0xCC: {"PIN needed", "需要密码"},
	0xD2: {"dialling", "正在拨号"},
	0xD3: {"connected", "已连接"},
	0xE0: {"choose application", "请选择应用"},
	0xE1: {"choose language", "请选择语言"},
	0xE2: {"insert cleaning card", "请插入清洁卡"},
	0xF1: {"offline", "脱机"},
	0xF2: {"online", "联机"},
	0xF3: {"offline transaction", "脱机交易"},
	0xFF: {"see the text", "请看文字提示"},
}

// withoutRemoval maps 41-5D and 66/67, "... please remove card", to what they
// repeat.
func (i Intermediate) withoutRemoval() (Intermediate, bool) {
	if i >= 0x41 && i <= 0x5D || i == 0x66 || i == 0x67 {
		return i - 0x40, true
	}
	return i, false
}

// String is the meaning in English.
func (i Intermediate) String() string {
	base, remove := i.withoutRemoval()
	t, ok := intermediateTexts[base]
	switch {
	case !ok:
		return unknownCode(byte(i))
	case remove:
		return t.en + ", please remove card"
	}
	return t.en
}

// Chinese is the meaning in Chinese, or the code.
func (i Intermediate) Chinese() string {
	base, remove := i.withoutRemoval()
	t, ok := intermediateTexts[base]
	switch {
	case !ok:
		return fmt.Sprintf("状态 0x%02X", byte(i))
	case remove:
		return t.zh + "，请取卡"
	}
	return t.zh
}
