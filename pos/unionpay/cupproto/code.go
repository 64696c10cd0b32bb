package cupproto

// Class is what kind of answer a response code is (应答码分类).
type Class byte

// Classes. A code that is not in the table is class C.
const (
	ClassApproved Class = 'A' // 交易成功
	ClassMayRetry Class = 'B' // 交易失败, may be tried again
	ClassFailed   Class = 'C' // 交易失败, do not try again
	ClassOperator Class = 'D' // 交易失败, the operator must act
	ClassSystem   Class = 'E' // 交易失败, system fault
)

// String returns the letter and what it means.
func (c Class) String() string {
	switch c {
	case ClassApproved:
		return "A approved"
	case ClassMayRetry:
		return "B failed, may be tried again"
	case ClassFailed:
		return "C failed"
	case ClassOperator:
		return "D failed, the operator must act"
	case ClassSystem:
		return "E system fault"
	}
	return "unknown class"
}

// Advice is what to do about a code. No answer of the host asks for a reversal: a
// host that answered knows the outcome, also with 68 and 98.
type Advice int

// Advices.
const (
	AdviceNone        Advice = iota // tell the customer
	AdviceRetry                     // the cashier may start a new transaction
	AdvicePIN                       // the customer may enter the PIN again, in a new transaction
	AdviceSignOn                    // sign on again, then retry
	AdviceCallIssuer                // the customer asks the issuer
	AdviceCapture                   // keep the card, if that is house policy (没收)
	AdviceChip                      // use the chip instead of the stripe
	AdviceUpload                    // upload the items of the batch
	AdviceCallService               // the acquirer must set something right
	AdviceLater                     // try again in some minutes
	AdvicePartial                   // a part was approved: field 4 says how much
)

var advices = [...]string{"tell the customer 告知持卡人", "may be tried again 可重试", "enter the PIN again 重新输入密码",
	"sign on again, then retry 重新签到后再试", "the customer should call the issuer 联系发卡行", "keep the card 没收卡",
	"use the chip 请插芯片卡", "upload the items of the batch 批上送", "call the acquirer's service 联系收单机构",
	"try again later 稍后再试", "only a part is approved, see the amount 部分批准"}

// String says it in words.
func (a Advice) String() string {
	if a < 0 || int(a) >= len(advices) {
		return "unknown advice"
	}
	return advices[a]
}

// Code is a response code (field 39, 应答码) explained.
type Code struct {
	Code             string
	Class            Class
	Chinese, English string
	Advice           Advice
}

// Approved reports whether a host approved: 00, 10 (a part, see field 4), 11, A2, A4,
// A5, A6. Never compare with "00". For a chip's own Y1 and Y3 see ApprovedOffline.
func Approved(code string) bool {
	switch code {
	case "00", "10", "11", "A2", "A4", "A5", "A6":
		return true
	}
	return false
}

// ApprovedOffline reports whether a chip approved without the host: Y1, Y3 of tag 8A.
// A host never answers so.
func ApprovedOffline(code string) bool { return code == "Y1" || code == "Y3" }

// LookupCode explains a code. One that is not in the table is class C, 交易失败; the
// code itself survives.
func LookupCode(code string) Code {
	if c, ok := codes[code]; ok {
		c.Code = code
		return c
	}
	if len(code) == 2 && (code[0] == 'D' && code[1] >= '1' && code[1] <= 'C' || code[0] == 'F' && code[1] >= '1' && code[1] <= '5') {
		return Code{Code: code, Class: ClassFailed, Chinese: "文件或机构类错误", English: "error of a file or institution"}
	}
	return Code{Code: code, Class: ClassFailed, Chinese: "交易失败", English: "failed, unknown code"}
}

// codes are from Q/CUP 006.6-2014 annex A; the classes from terminals' tables. Where
// sources give two classes, the careful one stands here.
var codes = map[string]Code{
	"00": {Class: 'A', Chinese: "交易成功", English: "approved"},
	"01": {Class: 'C', Chinese: "请持卡人与发卡银行联系", English: "refer to issuer", Advice: AdviceCallIssuer},
	"02": {Class: 'C', Chinese: "请持卡人与发卡银行联系", English: "refer to issuer, special condition", Advice: AdviceCallIssuer},
	"03": {Class: 'C', Chinese: "无效商户", English: "invalid merchant", Advice: AdviceCallService},
	"04": {Class: 'D', Chinese: "此卡被没收", English: "capture card", Advice: AdviceCapture},
	"05": {Class: 'C', Chinese: "持卡人认证失败", English: "cardholder not authenticated"},
	"06": {Class: 'E', Chinese: "出错", English: "error", Advice: AdviceCallService},
	"07": {Class: 'D', Chinese: "特殊条件下没收卡", English: "capture card, special condition", Advice: AdviceCapture},
	"09": {Class: 'B', Chinese: "请求正在处理中", English: "request in progress", Advice: AdviceLater},
	"10": {Class: 'A', Chinese: "部分金额批准", English: "approved in part", Advice: AdvicePartial},
	"11": {Class: 'A', Chinese: "成功, VIP客户", English: "approved, VIP"},
	"12": {Class: 'C', Chinese: "无效的关联交易", English: "invalid transaction"},
	"13": {Class: 'B', Chinese: "无效金额", English: "invalid amount", Advice: AdviceRetry},
	"14": {Class: 'B', Chinese: "无效卡号", English: "invalid card number", Advice: AdviceRetry},
	"15": {Class: 'C', Chinese: "此卡无对应发卡方", English: "no such issuer"},
	"19": {Class: 'C', Chinese: "重新送入交易", English: "re-enter transaction"},
	"20": {Class: 'C', Chinese: "无效应答", English: "invalid response"},
	"21": {Class: 'C', Chinese: "卡未初始化", English: "card not initialised", Advice: AdviceCallIssuer},
	"22": {Class: 'C', Chinese: "关联交易错误, 或超过天数", English: "original transaction wrong, or too old"},
	"23": {Class: 'C', Chinese: "不可接受的交易费", English: "unacceptable fee"},
	"25": {Class: 'C', Chinese: "找不到原始交易", English: "original transaction not found"},
	"30": {Class: 'C', Chinese: "报文格式错误", English: "message format error", Advice: AdviceCallService},
	"31": {Class: 'C', Chinese: "不支持的银行", English: "institution not supported"},
	"33": {Class: 'D', Chinese: "过期的卡, 没收", English: "expired card, capture", Advice: AdviceCapture},
	"34": {Class: 'D', Chinese: "有作弊嫌疑的卡, 没收", English: "suspected fraud, capture", Advice: AdviceCapture},
	"35": {Class: 'D', Chinese: "与受理方联系, 没收", English: "contact acquirer, capture", Advice: AdviceCapture},
	"36": {Class: 'D', Chinese: "受限制的卡, 没收", English: "restricted card, capture", Advice: AdviceCapture},
	"37": {Class: 'D', Chinese: "与受理方安全部门联系, 没收", English: "call acquirer security, capture", Advice: AdviceCapture},
	"38": {Class: 'D', Chinese: "密码输入次数超限, 没收", English: "PIN tries exceeded, capture", Advice: AdviceCapture},
	"40": {Class: 'C', Chinese: "请求的功能不支持", English: "function not supported"},
	"41": {Class: 'D', Chinese: "挂失卡, 没收", English: "lost card, capture", Advice: AdviceCapture},
	"42": {Class: 'B', Chinese: "无此账户", English: "no such account", Advice: AdviceRetry},
	"43": {Class: 'D', Chinese: "被窃卡, 没收", English: "stolen card, capture", Advice: AdviceCapture},
	"45": {Class: 'C', Chinese: "不允许降级交易, 请使用芯片", English: "fallback not allowed, use the chip", Advice: AdviceChip},
	"51": {Class: 'C', Chinese: "余额不足", English: "insufficient funds"},
	"54": {Class: 'C', Chinese: "该卡已过期", English: "expired card"},
	"55": {Class: 'C', Chinese: "密码错误", English: "wrong PIN", Advice: AdvicePIN},
	"57": {Class: 'C', Chinese: "不允许此卡交易", English: "not permitted to cardholder"},
	"58": {Class: 'C', Chinese: "发卡方不允许该卡在本终端进行此交易", English: "not permitted to terminal"},
	"59": {Class: 'C', Chinese: "卡片校验错", English: "card verification failed"},
	"60": {Class: 'C', Chinese: "与受理方安全部门联系", English: "contact acquirer security", Advice: AdviceCallService},
	"61": {Class: 'C', Chinese: "交易金额超限", English: "exceeds amount limit"},
	"62": {Class: 'C', Chinese: "受限制的卡", English: "restricted card"},
	"64": {Class: 'C', Chinese: "交易金额与原交易不匹配", English: "amount differs from the original"},
	"65": {Class: 'C', Chinese: "超出消费次数限制", English: "exceeds number of uses"},
	"66": {Class: 'C', Chinese: "与受理方安全部门联系", English: "contact acquirer security", Advice: AdviceCallService},
	"67": {Class: 'D', Chinese: "没收此卡", English: "capture card", Advice: AdviceCapture},
	"68": {Class: 'C', Chinese: "发卡方应答超时", English: "issuer's answer too late"},
	"75": {Class: 'C', Chinese: "密码输入次数超限", English: "PIN tries exceeded", Advice: AdviceCallIssuer},
	"77": {Class: 'D', Chinese: "批次号不一致, 请重新签到", English: "batch number differs", Advice: AdviceSignOn},
	"90": {Class: 'C', Chinese: "日终处理中, 请稍后重试", English: "end of day in progress", Advice: AdviceLater},
	"91": {Class: 'C', Chinese: "发卡方状态不正常", English: "issuer cannot operate", Advice: AdviceLater},
	"92": {Class: 'C', Chinese: "发卡方线路异常", English: "network unreachable", Advice: AdviceLater},
	"93": {Class: 'C', Chinese: "交易违法, 不能完成", English: "violation of law"},
	"94": {Class: 'C', Chinese: "拒绝, 重复交易", English: "duplicate transaction"},
	"95": {Class: 'C', Chinese: "对账差错, 请上送明细", English: "reconciliation error", Advice: AdviceUpload},
	"96": {Class: 'E', Chinese: "系统异常", English: "system malfunction", Advice: AdviceLater},
	"97": {Class: 'D', Chinese: "终端号未登记", English: "terminal not registered", Advice: AdviceCallService},
	"98": {Class: 'E', Chinese: "发卡方超时", English: "issuer timed out"},
	"99": {Class: 'B', Chinese: "PIN格式错, 请重新签到", English: "PIN format error", Advice: AdviceSignOn},
	"A0": {Class: 'B', Chinese: "MAC校验错, 请重新签到", English: "MAC error", Advice: AdviceSignOn},
	"A1": {Class: 'C', Chinese: "转账货币不一致", English: "transfer currencies differ"},
	"A2": {Class: 'A', Chinese: "交易成功, 请向发卡方确认", English: "approved, to be confirmed with the issuer"},
	"A3": {Class: 'C', Chinese: "到账账户不存在", English: "no such receiving account"},
	"A4": {Class: 'A', Chinese: "交易成功, 请向发卡方确认", English: "approved, to be confirmed with the issuer"},
	"A5": {Class: 'A', Chinese: "交易成功, 请向发卡方确认", English: "approved, to be confirmed with the issuer"},
	"A6": {Class: 'A', Chinese: "交易成功, 请向发卡方确认", English: "approved, to be confirmed with the issuer"},
	"A7": {Class: 'C', Chinese: "安全处理失败", English: "security processing failed", Advice: AdviceCallService},
	"A8": {Class: 'C', Chinese: "归属地信息缺失", English: "home location missing"},
	"B1": {Class: 'C', Chinese: "无欠费", English: "nothing owed"},
	"C1": {Class: 'C', Chinese: "受理方状态非法", English: "acquirer status invalid", Advice: AdviceCallService},
	"N1": {Class: 'C', Chinese: "未登折账目已超限", English: "too many entries not in the passbook"},
	"P1": {Class: 'C', Chinese: "未留手机号", English: "no telephone number on file"},
	"Y1": {Class: ClassApproved, Chinese: "脱机交易成功", English: "chip approved offline"},
	"Y3": {Class: ClassApproved, Chinese: "不能联机, 脱机交易成功", English: "unable to go online, chip approved"},
	"Z1": {Class: 'C', Chinese: "脱机交易失败", English: "chip declined offline"},
	"Z3": {Class: 'C', Chinese: "不能联机, 脱机交易失败", English: "unable to go online, chip declined"},
}
