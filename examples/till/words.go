package main

import "github.com/openecr/openecr/pos"

// word is a text for people in the chosen language; a word that has none
// comes back without the part before its point, so that a new state or class shows as it is.
func (a *app) word(key string) string {
	w, ok := words[key]
	if !ok {
		w, ok = voucherWords[key]
	}
	switch {
	case ok && a.lang() == pos.Chinese:
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

// words in English and Chinese.
var words = map[string][2]string{
	"attempt": {"attempt", "交易编号"}, "original": {"original", "原交易"}, "reference": {"reference", "订单号"},
	"card": {"card", "卡号"}, "auth": {"approval", "授权码"}, "receipt": {"receipt", "凭证号"}, "terminal": {"terminal", "终端"},
	"answer": {"answer", "应答"}, "change": {"change", "找零"}, "approved": {"approved", "实收"}, "reason": {"reason", "原因"},
	"alert": {"alert", "告警"}, "do": {"now:", "请:"}, "why": {"why:", "原因:"}, "money": {"money:", "资金:"},
	"blocked": {"in the way:", "被此交易占用:"}, "recovered": {"recovered", "已恢复"}, "open": {"still open", "仍未了结"},
	"moved.no": {"none was taken", "未扣款"}, "moved.maybe": {"may have moved", "可能已扣款"}, "moved.yes": {"a part is here", "已收部分款项"},
	"screen.unknown": {"RESULT NOT KNOWN: do not take another payment, do not hand over goods", "结果未明,请勿重复收款"},

	"state.intent": {"begun", "已登记"}, "state.armed": {"sent, no answer yet", "已发出,未应答"},
	"state.unknown": {"outcome unknown", "结果未明"}, "state.reversing": {"being undone", "冲正中"},
	"state.approved": {"approved", "已收款,待确认"}, "state.confirmed": {"confirmed", "已收款,已确认"},
	"state.declined": {"declined", "被拒绝"}, "state.canceled": {"canceled", "已取消"}, "state.not_sent": {"not sent", "未发出"},
	"state.denied":   {"denied by a rule", "规则不允许"},
	"state.reversed": {"reversed", "已冲正"}, "state.manual": {"waits for a person", "待人工处理"}, "state.forced": {"forced paid", "人工认定已付"},

	"type.charge": {"charge", "收款"}, "type.void": {"void", "撤销"}, "type.refund": {"refund", "退款"}, "type.preauth": {"pre-authorisation", "预授权"},
	"type.completion": {"completion", "预授权完成"}, "type.redeem": {"redemption", "核销"}, "type.settle": {"settlement", "结算"}, "type.reversal": {"reversal", "冲正"},

	"class.outcome_unknown": {"OUTCOME UNKNOWN", "结果未明"}, "class.partial": {"only a part was approved", "仅部分付款成功"},
	"class.declined": {"declined", "交易被拒"}, "class.canceled": {"canceled", "交易已取消"}, "class.not_sent": {"nothing was sent", "未发出"},
	"class.busy": {"device busy", "设备忙"}, "class.invalid": {"invalid request", "请求有误"}, "class.denied": {"denied by a rule", "不符合门店规则"},
	"class.conflict": {"in conflict with the journal", "与记录冲突"}, "class.not_found": {"no such attempt", "查无此单"},
	"class.unsupported": {"the device cannot do that", "设备不支持"}, "class.closed": {"till closed", "收银台已关闭"},
	"class.journal": {"journal failed", "日志故障"}, "class.printer": {"printer failed", "打印机故障"}, "class.usage": {"wrong use", "用法错误"}, "class.other": {"failed", "失败"},
	"class.books": {"books differ", "账目不符"},

	"slip.customer": {"customer's slip", "顾客联"}, "slip.merchant": {"merchant's slip", "商户联"}, "slip.admin": {"slip", "终端凭条"},

	"advice.manual":   {"look at the terminal, then: till resolve", "请人工核对后执行 till resolve"},
	"advice.unknown":  {"do not charge again; run: till recover", "请勿重复收款,执行 till recover"},
	"advice.orphan":   {"confirm it once the sale is recorded, or abandon it", "销售入账后请 confirm,否则 abandon"},
	"advice.returned": {"confirm it once the register has recorded it", "收银系统记账后请 confirm"},
	"advice.alert":    {"later evidence contradicts this; look at the alerts", "后续证据与此不符,请查看告警"},
	"advice.usage":    {"correct the command line; see --help", "请检查命令参数,见 --help"},
	"aborting":        {"stopping; a second Ctrl-C leaves without the answer (the journal keeps what was begun)", "正在取消;再按 Ctrl-C 将不等结果直接退出(日志保留记录)"},

	"approve": {"%s: a supervisor must agree (rule %s)", "%s,需主管确认(规则 %s)"}, "approve.name": {"supervisor: ", "主管: "},
	"do.twice": {"ask the platform: one order was paid twice there", "同一订单入账两次,请联系平台"}, "do.foreign": {"whose is it? look in the other registers' journals, or refund it at the platform", "本机无此单,请核对其他收银台或在平台退款"},
	"do.amount": {"ask the platform; book the difference", "请联系平台并登记差额"}, "do.undone": {"the till says reversed and the platform kept the money: refund it there", "本机已冲正而平台仍入账,请在平台退款"},
	"do.undone.other": {"reversed on another day: look for its undo in that day's bill", "冲正在另一日,请核对当日账单"}, "do.missing": {"query it; if it stays missing, ask the platform", "请查询;仍缺失则联系平台"},

	"rules.good": {"the file can be used", "规则文件可用"}, "rules.none": {"nothing would have been denied or asked", "没有会被拒绝或需确认的交易"},
	"rules.sum": {"%d attempts judged: %d denied, %d asked, %d alerts", "共判定 %d 笔:拒绝 %d,需确认 %d,告警 %d"},
	"act.deny":  {"denied", "拒绝"}, "act.ask": {"asked", "需确认"}, "alert.rule": {"alert: %s (%s)", "告警:%s(%s)"},

	"recover.none": {"nothing is open", "没有未了结的交易"}, "recover.settled": {"decided now", "现已了结"}, "recover.orphan": {"approved, not confirmed", "已收款,待确认"},
	"recover.unresolved": {"still in doubt", "仍未明"}, "recover.manual": {"waits for a person", "待人工处理"},

	"settle.journal": {"journal", "日志"}, "settle.peer": {"terminal", "终端"}, "settle.equal": {"the books are equal", "账目相符"},
	"settle.differs": {"THE BOOKS DIFFER by", "账目不符,差额"}, "settle.orphans": {"not confirmed by the register", "收银系统未确认"},
	"verify.ok": {"the journal is sound: every record is there and unchanged", "日志完整,未被改动"}, "verify.step": {"verified", "已验证"},
	"status.ready": {"ready", "就绪"}, "status.not": {"not ready", "未就绪"},
	"list.head":    {"time|type|amount|state|card|receipt|reference|attempt|now", "时间|类型|金额|状态|卡号|凭证号|订单号|交易编号|处理"},
	"batch.number": {"batch", "批次号"}, "batch.note": {"must still reach the host", "待补送"}, "batch.trouble": {"refused by the host; a person must look", "主机拒绝,须人工处理"},
	"batch.settling": {"a settlement is not finished: till recover, then till settle", "批结算未完成:请执行 till recover, 再执行 till settle"}, "batch.dropped": {"given up: it will not be sent again", "已放弃:不再补送"}, "batch.givenup": {"given up: these items are in no settlement any more; keep this list", "已放弃:以上交易不再参加任何结算,请保存此清单"},
	"signon.done": {"signed on", "签到成功"}, "signoff.done": {"signed off", "签退成功"}, "echo.done": {"the host answers", "主机应答正常"},
	"print.waiting": {"waiting for the printer", "等待打印机"}, "print.nearend": {"the paper is nearly used up", "纸将用尽"},
	"drawer.open": {"the drawer is open", "钱箱已打开"}, "drawer.sent": {"the printer has taken the pulse for the drawer", "打印机已发出开箱脉冲"},
	"list.none": {"nothing found", "无记录"},

	"report.fee": {"fees", "手续费"}, "report.unpriced": {"without a known fee", "手续费未知"}, "report.sales": {"sales", "收款"}, "report.refunds": {"refunds", "退款"},
	"report.voids": {"voids", "撤销"}, "report.net": {"net", "净额"}, "report.holds": {"holds", "预授权"}, "report.total": {"TOTALS", "合计"}, "report.tender": {"BY TENDER", "按付款方式"},
	"report.channel": {"BY CHANNEL", "按渠道"}, "report.hour": {"BY HOUR", "按时段"}, "report.operator": {"BY OPERATOR", "按操作员"}, "report.voucher": {"BY VOUCHER", "按券种"},
	"report.exception": {"EXCEPTIONS", "异常交易"}, "report.forecast": {"SHOULD BE PAID OUT", "预计到账"}, "report.drawer": {"DRAWER", "钱箱"}, "report.float": {"float", "备用金"},
	"report.cash": {"cash by the journal", "现金净收"}, "report.expected": {"expected", "应有"}, "report.counted": {"counted", "实点"}, "report.over": {"over (+) or short (-)", "长款(+)短款(-)"},
	"report.more": {"others", "其他"}, "report.supervisor": {"carried over by", "结转主管"}, "report.nobody": {"(nobody named)", "(未登记)"},
	"exception.UNKNOWN": {"outcome unknown", "结果未明"}, "exception.MANUAL": {"waits for a person", "待人工处理"}, "exception.FORCED": {"forced paid", "人工认定已付"},
	"exception.DENIED": {"forbidden by a rule", "规则拒绝"}, "exception.DECLINED": {"declined", "被拒绝"}, "exception.LATE_APPROVAL": {"late approval", "迟到成功"}, "exception.ALERT": {"other alerts", "其他告警"},
	"exception.UNCONFIRMED": {"not confirmed", "未确认"}, "exception.CORRECTED": {"corrected since the last Z", "更正前次日结"},
	"tender.cash": {"cash", "现金"}, "tender.card": {"card", "银行卡"}, "tender.wechat": {"WeChat Pay", "微信支付"}, "tender.alipay": {"Alipay", "支付宝"}, "tender.douyin": {"Douyin voucher", "抖音团购"},
	"channel.counter": {"counter", "线下"}, "channel.online": {"online", "线上"},
	"report.open":   {"The day stays open: recover, resolve or confirm these, or let a supervisor carry them over (--carry-over).", "未能日结:请先 recover、resolve 或 confirm 以下交易,或由主管结转(--carry-over)。"},
	"report.closed": {"The day is closed. Show its report with --number %d; close the day once more only with --again.", "该营业日已日结。用 --number %d 查看报表;确需再次日结请加 --again。"},
	"report.lanes":  {"all lanes", "全部收银台"},
	"report.carry":  {"A supervisor must agree to carry these over:", "须由主管同意结转以下交易:"},

	"ports.none":     {"no port or device was found; plug one in, or connect over the network", "未发现串口或USB设备,请插入设备或使用网络连接"},
	"ports.nousb":    {"There is no USB on this machine: no controller, no device.", "本机没有USB:无控制器,无设备。"},
	"ports.onlyhubs": {"No USB device is plugged in (%d hubs).", "未插入USB设备(仅有%d个集线器)。"},
	"ports.unseen":   {"USB devices cannot be listed here: %s", "此处无法列出USB设备:%s"},
	"ports.watching": {"watching; Ctrl-C ends it", "监视中,按 Ctrl-C 结束"},
	"ports.arrived":  {"plugged in", "已插入"}, "ports.departed": {"pulled out", "已拔出"}, "ports.changed": {"now", "现状"},
	"ports.probably": {"probably", "可能是"}, "ports.serial": {"serial no.", "序列号"}, "ports.nodes": {"nodes", "设备文件"},
	"ports.connect": {"connect", "连接"}, "ports.missing": {"missing", "缺少权限"}, "ports.builtin": {"serial port", "串口"},
	"kind.unknown": {"unknown device", "未知设备"}, "kind.terminal": {"card terminal", "刷卡终端"}, "kind.printer": {"printer", "打印机"},
	"kind.scanner": {"scanner", "扫码枪"}, "kind.serial adapter": {"serial adapter (whatever is behind it)", "串口转换器(其后设备未知)"},
	"kind.card reader": {"card reader", "读卡器"}, "kind.display": {"customer display", "客显"},
	"kind.keyboard": {"keyboard, or a scanner that types", "键盘,或键盘式扫码枪"}, "kind.hub": {"hub", "集线器"},
	"sure.weak": {"weak guess", "把握小"}, "sure.likely": {"likely", "很可能"}, "sure.strong": {"almost certain", "基本确定"},
}
