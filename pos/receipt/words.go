package receipt

import "github.com/openecr/openecr/pos"

// word is a text of a slip in its language. A key without one shows what
// stands behind its point, so that a new state or tender prints as it is.
func word(lang pos.Lang, key string) string {
	w, ok := words[key]
	switch {
	case ok && lang == pos.Chinese:
		return w[1]
	case ok:
		return w[0]
	}
	for i := range key {
		if key[i] == '.' {
			return key[i+1:]
		}
	}
	return key
}

// words in English and Chinese; the Chinese ones are those of UnionPay's 签购单.
var words = map[string][2]string{
	"copy.customer": {"customer copy", "顾客联"}, "copy.merchant": {"merchant copy", "商户联"}, "copy.admin": {"", "存根联"},
	"reprint": {"REPRINT No.", "重印 第"}, "reprint.end": {"", "次"}, "test": {"TEST - NO PAYMENT", "测试 - 非交易凭证"},

	"type.charge": {"PAYMENT", "消费"}, "type.void": {"VOID", "消费撤销"}, "type.refund": {"REFUND", "退货"},
	"type.preauth": {"PRE-AUTHORISATION", "预授权"}, "type.completion": {"COMPLETION", "预授权完成"},
	"type.redeem": {"VOUCHER", "团购核销"}, "type.settle": {"SETTLEMENT", "结算"}, "sale": {"RECEIPT", "销售小票"},
	"report.X": {"X REPORT", "X 报表(不清零)"}, "report.Z": {"Z REPORT", "Z 报表(日结)"}, "report.shift": {"SHIFT REPORT", "交班报表"},

	"unknown":    {"RESULT NOT KNOWN", "结果未明"},
	"unknown.do": {"Do not take another payment. Do not hand over goods.", "请勿重复收款,请勿交付商品"},
	"doing.ask":  {"The till is asking what became of it.", "系统正在查询交易结果"}, "doing.undo": {"The till is taking it back.", "系统正在冲正"},
	"doing.person":  {"A person must look at the terminal or the bank's list.", "须人工核对终端或银行流水"},
	"doubt.timeout": {"no answer in time", "应答超时"}, "doubt.cut": {"the connection broke", "连接中断"}, "doubt.garbled": {"the answer could not be read", "应答无法识别"},
	"doubt.crash": {"the till stopped in the middle", "收银台中途退出"}, "doubt.cancel": {"canceled while it was under way", "交易途中取消"},
	"doubt.amount": {"another amount was answered", "应答金额不符"}, "doubt.journal": {"the journal failed", "日志故障"},
	"since":  {"SINCE THEN:", "此后:"},
	"unpaid": {"NOT PAID", "未收款"}, "unpaid.back": {"NOTHING WAS GIVEN BACK", "未退款"}, "unredeemed": {"NOT REDEEMED", "未核销"},
	"unsettled": {"NOT SETTLED", "未结算"},
	"forced":    {"TAKEN AS PAID BY HAND", "人工认定已付"}, "hold": {"This is a hold, not a payment.", "此为预授权,非消费"},
	"paid": {"PAID", "已收款"}, "returned": {"GIVEN BACK", "已退款"}, "redeemed": {"REDEEMED", "已核销"}, "settled": {"SETTLED", "已结算"},
	"held": {"HELD", "已冻结"}, "partial": {"ONLY A PART WAS APPROVED", "仅部分付款成功"},
	"evidence": {"Later evidence contradicts this slip; ask before relying on it.", "后续证据与本单不符,请先核对"},

	"state.declined": {"declined", "被拒绝"}, "state.canceled": {"canceled", "已取消"}, "state.not_sent": {"not sent", "未发出"},
	"state.reversed": {"taken back", "已冲正"}, "state.manual": {"waits for a person", "待人工处理"}, "state.unknown": {"outcome unknown", "结果未明"},
	"state.armed": {"sent, no answer yet", "已发出,未应答"}, "state.reversing": {"being taken back", "冲正中"}, "state.intent": {"begun", "已登记"},

	"merchant": {"Merchant", "商户号"}, "terminal": {"Terminal", "终端号"}, "operator": {"Operator", "操作员"}, "till": {"Till", "收银台"},
	"tender": {"Tender", "付款方式"}, "card": {"Card", "卡号"}, "entry": {"Entry", "读卡方式"}, "scheme": {"Scheme", "卡组织"},
	"receipt": {"Receipt", "凭证号"}, "stan": {"Trace", "流水号"}, "auth": {"Approval", "授权码"}, "rrn": {"Reference No.", "参考号"},
	"time": {"Time", "日期时间"}, "order": {"Order", "订单号"}, "attempt": {"Attempt", "交易编号"}, "original": {"Original", "原交易"},
	"answer": {"Answer", "应答"}, "reason": {"Reason", "原因"}, "amount": {"AMOUNT", "金额"}, "asked": {"Asked for", "应收"}, "approved": {"Approved", "实收"},
	"signature": {"Cardholder's signature", "持卡人签名"}, "given": {"Cash given", "收现"}, "change": {"Change", "找零"},
	"chip.aid": {"AID", "AID"}, "chip.label": {"Application", "应用标签"}, "chip.cryptogram": {"TC", "TC"}, "chip.tvr": {"TVR", "TVR"},
	"chip.tsi": {"TSI", "TSI"}, "chip.atc": {"ATC", "ATC"}, "chip.cvm": {"CVM", "CVM"},

	"tender.card": {"Card", "银行卡"}, "tender.cash": {"Cash", "现金"}, "tender.wechat": {"WeChat Pay", "微信支付"}, "tender.alipay": {"Alipay", "支付宝"},
	"tender.unionpay": {"UnionPay", "银联"}, "tender.douyin": {"Douyin voucher", "抖音团购"}, "tender.meituan": {"Meituan voucher", "美团团购"},
	"tender.tmall": {"Tmall voucher", "天猫电子凭证"},
	"entry.insert": {"chip", "插卡"}, "entry.tap": {"contactless", "挥卡"}, "entry.swipe": {"magnetic stripe", "刷卡"},
	"entry.manual": {"keyed", "手输"}, "entry.code": {"code", "扫码"},

	"total": {"TOTAL", "合计"}, "open": {"STILL TO PAY", "待付"}, "items": {"items", "件商品"},
	"voucher": {"Voucher", "券码"}, "voucher.platform": {"Platform", "平台"}, "voucher.order": {"Platform order", "平台订单"}, "voucher.id": {"Redemption", "核销编号"},
	"voucher.shop": {"Shop", "门店"}, "voucher.paid": {"Customer paid", "顾客实付"}, "voucher.platformsubsidy": {"Platform subsidy", "平台补贴"},
	"voucher.merchantsubsidy": {"Merchant subsidy", "商家补贴"}, "voucher.worth": {"Counts", "抵扣"}, "voucher.verdict": {"Voucher", "券状态"},
	"voucher.redeemed": {"redeemed", "已核销"}, "voucher.refused": {"NOT REDEEMED", "未核销"}, "voucher.pending": {"held for review, NOT REDEEMED YET", "平台审核中,尚未核销"},
	"voucher.unknown": {"NOT KNOWN", "结果未明"}, "voucher.undone": {"undone", "已撤销"},
	"voucher.undo": {"Can be undone until", "可撤销至"},

	"journal": {"Till's journal", "收银日志"}, "peer": {"Terminal or host", "终端/主机"}, "count": {"Count", "笔数"},
	"equal": {"THE BOOKS AGREE", "账目相符"}, "differ": {"THE BOOKS DIFFER BY", "账目不符,差额"}, "unconfirmed": {"not confirmed by the register", "收银系统未确认"},
	"number": {"Number", "编号"}, "from": {"From", "起"}, "to": {"To", "止"}, "unfinished": {"NOT FINISHED", "未了结交易"}, "check": {"Check", "校验"},
}
