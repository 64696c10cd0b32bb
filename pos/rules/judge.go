package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
)

// The ids of rules that have none of their own in the file. Limits and lists
// are called as the file calls them, behind "limit." and "list.".
const (
	RulePermission   = "permission"
	RuleCurrency     = "currency"
	RuleTraining     = "training"
	RuleHours        = "hours"
	RuleVelocity     = "velocity"
	RuleDuplicate    = "duplicate"
	RuleRefundAlone  = "refund.alone"
	RuleUnreferenced = "refund.unreferenced"
	RuleRefundSum    = "refund.sum"

	RuleVoucherStaff  = "voucher.staff"
	RuleVoucherShop   = "voucher.shop"
	RuleVoucherHours  = "voucher.hours"
	RuleVoucherEntry  = "voucher.entry"
	RuleVoucherBill   = "voucher.per_bill"
	RuleVoucherOnce   = "voucher.once"
	RuleVoucherWindow = "voucher.undo_window"
	RuleVoucherUndo   = "voucher.undo"
	RuleVoucherAlone  = "voucher.alone"

	limitPrefix = "limit."
	listPrefix  = "list."
)

// also joins the ids of several rules that all want a second person.
const also = "+"

// Request is what is judged: everything that the verdict depends on, besides
// the counters and the configuration.
type Request struct {
	pos.Ask
	Role operators.Role // of the operator; empty if nobody of that name works here
	// Replayed is set when the request is read from an old journal, which does
	// not tell how a code came in, and nothing of a card's number.
	Replayed bool
}

// Verdict is what comes of a request.
type Verdict struct {
	pos.Ruling
	Alerts []Alert
}

// words are what a rule found and what to do, in both languages.
type words struct{ text, chinese, advice, adviceChinese string }

// bench collects what the rules say about one request.
type bench struct {
	*Config
	n     *Counters
	q     *Request
	date  Date // business
	day   int
	local time.Time

	denied *pos.Ruling
	asked  []pos.Ruling
	alerts []Alert
}

// Judge says what a shop's rules make of a request, given what has happened so
// far. It is pure: the same inputs give the same verdict, and nothing changes.
//
// The first rule that denies decides. Otherwise a second person is asked for
// all rules that want one, together.
func Judge(c *Config, n *Counters, q Request) Verdict {
	date := c.calendar.Date(q.Time)
	b := bench{Config: c, n: n, q: &q, date: Date(date), day: dayOf(date), local: q.Time.In(c.calendar.Zone)}
	for _, rule := range []func(*bench){(*bench).permission, (*bench).currency, (*bench).training, (*bench).hours,
		(*bench).lists, (*bench).limits, (*bench).velocity, (*bench).refund, (*bench).vouchers, (*bench).duplicate} {
		if rule(&b); b.denied != nil {
			break
		}
	}
	b.patterns()
	return Verdict{Ruling: b.ruling(), Alerts: b.alerts}
}

func (b *bench) ruling() pos.Ruling {
	r := pos.Ruling{Act: pos.ActAllow}
	switch {
	case b.denied != nil:
		r = *b.denied
	case len(b.asked) > 0:
		r = b.asked[0]
		for _, more := range b.asked[1:] {
			r.Rule += also + more.Rule
			r.Text, r.Chinese = r.Text+"; "+more.Text, r.Chinese+";"+more.Chinese
		}
	default:
		for _, a := range b.alerts {
			if a.Rule == RuleVelocity {
				r.Rule, r.Text, r.Chinese = a.Rule, a.Text, a.Chinese
			}
		}
	}
	r.Token = b.q.Token
	return r
}

func (b *bench) say(act pos.Act, rule string, w words) {
	r := pos.Ruling{Act: act, Rule: rule, Text: w.text, Chinese: w.chinese, Advice: w.advice, AdviceChinese: w.adviceChinese}
	if act == pos.ActAsk {
		r.Who = string(operators.Supervisor)
		b.asked = append(b.asked, r)
	} else if b.denied == nil {
		b.denied = &r
	}
}

func (b *bench) deny(rule string, w words) { b.say(pos.ActDeny, rule, w) }

// taking reports whether money or vouchers come in.
func (b *bench) taking() bool { return slices.Contains(takings, b.q.Action) }

// money reports whether the request has an amount to look at.
func (b *bench) money() bool { return b.q.Amount.Currency() != "" && b.q.Action != pos.ActionSettle }

func (b *bench) permission() {
	if len(b.Permissions) == 0 {
		return
	}
	p, known := b.Permissions[b.q.Role]
	switch {
	case b.q.Operator == "":
		b.deny(RulePermission, words{"nobody is named as operator", "未指定操作员", "Sign on with your name, then try again.", "请先登录操作员再试。"})
	case b.q.Role == "":
		b.deny(RulePermission, words{fmt.Sprintf("nobody called %q works here", b.q.Operator), fmt.Sprintf("没有名为“%s”的操作员", b.q.Operator),
			"Sign on with a name from the list of operators.", "请使用已登记的操作员登录。"})
	case known && names(p.May, b.q.Action):
	case known && names(p.Ask, b.q.Action):
		b.say(pos.ActAsk, RulePermission, words{fmt.Sprintf("a %s may not do this alone: %s", b.q.Role, b.q.Action),
			fmt.Sprintf("%s不能单独执行:%s", roleWords[b.q.Role], actionWords[b.q.Action]), "Call a supervisor.", "请主管到场确认。"})
	default:
		b.deny(RulePermission, words{fmt.Sprintf("a %s may not do this: %s", b.q.Role, b.q.Action),
			fmt.Sprintf("%s无权执行:%s", roleWords[b.q.Role], actionWords[b.q.Action]), "Let somebody do it who may.", "请由有权限的人员操作。"})
	}
}

var (
	roleWords   = map[operators.Role]string{operators.Cashier: "收银员", operators.Supervisor: "主管"}
	actionWords = map[pos.Action]string{pos.ActionCharge: "收款", pos.ActionRedeem: "核销", pos.ActionUndoRedeem: "撤销核销", pos.ActionRefund: "退款",
		pos.ActionVoid: "撤销", pos.ActionSettle: "结算", pos.ActionReprint: "重印", pos.ActionForce: "人工认定", pos.ActionX: "中途报表", pos.ActionZ: "日结报表", pos.ActionConfig: "设置"}
)

func names(list []pos.Action, a pos.Action) bool {
	return slices.Contains(list, a) || slices.Contains(list, anyAction)
}

func (b *bench) currency() {
	if c := b.q.Amount.Currency(); b.money() && len(b.Currencies) > 0 && !slices.Contains(b.Currencies, c) {
		b.deny(RuleCurrency, words{fmt.Sprintf("this shop takes %v, not %s", b.Currencies, c), fmt.Sprintf("本店只收 %v,不收 %s", b.Currencies, c),
			"Enter the amount in a currency of the shop.", "请用本店币种重新输入金额。"})
	}
}

func (b *bench) training() {
	if b.Training == nil || b.q.Tender == "" {
		return
	}
	switch practice := slices.Contains(b.Training.Tenders, b.q.Tender); {
	case b.Training.On && !practice:
		b.deny(RuleTraining, words{fmt.Sprintf("the register is in training, and tender %q moves real money", b.q.Tender), fmt.Sprintf("培训模式下不能使用真实支付方式“%s”", b.q.Tender),
			"Choose a training tender, or end the training.", "请选用培训支付方式,或退出培训模式。"})
	case !b.Training.On && practice:
		b.deny(RuleTraining, words{fmt.Sprintf("tender %q is for training only", b.q.Tender), fmt.Sprintf("支付方式“%s”仅供培训", b.q.Tender),
			"Choose another tender.", "请选用其他支付方式。"})
	}
}

func (b *bench) hours() {
	h := b.Hours
	if h == nil || !within(h.Actions, takings, b.q.Action) {
		return
	}
	if slices.Contains(h.Closed, b.date) || len(h.Open) > 0 && !open(h.Open, b.local) {
		b.say(h.Act, RuleHours, words{fmt.Sprintf("the shop is closed: %s", b.local.Format("Mon 2006-01-02 15:04")), fmt.Sprintf("非营业时间:%s", b.local.Format("2006-01-02 15:04")),
			"Try again in business hours.", "请在营业时间内操作。"})
	}
}

// open reports whether a moment lies in one of the spans.
func open(list []Opening, at time.Time) bool {
	m := Clock(at.Hour()*60 + at.Minute())
	return slices.ContainsFunc(list, func(o Opening) bool {
		if o.From < o.To {
			return m >= o.From && m < o.To && o.on(at.Weekday())
		}
		return m >= o.From && o.on(at.Weekday()) || m < o.To && o.on((at.Weekday()+6)%7)
	})
}

func (o Opening) on(d time.Weekday) bool {
	return len(o.Days) == 0 || slices.Contains(o.Days, weekdays[d])
}

// lists looks the card or payer up. An allow list outranks the others.
func (b *bench) lists() {
	if !b.taking() || b.listed(ListAllow) {
		return
	}
	for i := range b.Lists {
		l := &b.Lists[i]
		switch {
		case !b.effective(l):
		case l.List == ListBlock && l.names(b.q):
			b.deny(listPrefix+l.ID, words{"this card or payer is blocked", "该卡或付款人在黑名单中",
				"Ask for another means of payment. Do not discuss why.", "请客人更换支付方式,无需说明原因。"})
		case l.List == ListOnly && !l.names(b.q) && !(b.q.Replayed && b.q.Token == ""):
			b.deny(listPrefix+l.ID, words{"only certain cards are taken here, and this is none of them, or cannot be told", "此处仅受理指定卡,该卡不在名单内或无法识别",
				"Ask for another means of payment.", "请客人更换支付方式。"})
		}
	}
}

// listed reports whether a list of that kind names the request.
func (b *bench) listed(kind ListKind) bool {
	return slices.ContainsFunc(b.Lists, func(l List) bool { return l.List == kind && b.effective(&l) && l.names(b.q) })
}

func (b *bench) effective(l *List) bool {
	return (len(l.Tenders) == 0 || slices.Contains(l.Tenders, b.q.Tender)) && b.date >= l.From && (l.Until == "" || b.date <= l.Until)
}

func (l *List) names(q *Request) bool {
	if q.Token != "" && slices.ContainsFunc(strings.Fields(q.Token), func(t string) bool { return slices.Contains(l.Tokens, t) }) {
		return true
	}
	return slices.ContainsFunc(l.BINs, func(s string) bool {
		from, to := binRange(s)
		if len(q.BIN) < len(from) {
			return false
		}
		digits := q.BIN[:len(from)]
		return digits >= from && digits <= to
	})
}

// limits checks single payments and what they add up to.
func (b *bench) limits() {
	if !b.money() {
		return
	}
	for i := range b.Limits {
		l := &b.Limits[i]
		if !l.covers(b.q.Action, b.q.Tender, b.q.Amount.Currency()) {
			continue
		}
		if l.Per == PerPayment {
			b.single(l)
		} else if whose, ok := l.whose(b.q.Till, b.q.Operator, b.q.Tender, b.q.Token); ok {
			b.period(l, b.n.uses[useKey{i, l.since(b.day), whose}])
		}
	}
}

func (b *bench) single(l *Limit) {
	amount := b.q.Amount.Minor()
	switch {
	case l.Min != (Sum{}) && amount < l.Min.Minor():
		b.say(l.Act, limitPrefix+l.ID, words{fmt.Sprintf("%s is less than %s", b.q.Amount, l.Min), fmt.Sprintf("金额 %s 低于下限 %s", b.q.Amount, l.Min),
			"Take another tender for so little.", "金额过小,请更换支付方式。"})
	case l.Max != (Sum{}) && amount > l.Max.Minor():
		b.say(l.Act, limitPrefix+l.ID, words{fmt.Sprintf("%s is more than %s in one payment", b.q.Amount, l.Max), fmt.Sprintf("金额 %s 超过单笔限额 %s", b.q.Amount, l.Max),
			"Check the amount, or take another tender.", "请核对金额,或更换支付方式。"})
	}
}

func (b *bench) period(l *Limit, u use) {
	if old := b.n.facts[b.q.Attempt]; old != nil && old.counted {
		return // it is counted already
	}
	const advice, adviceChinese = "Take another tender, or call a supervisor.", "请更换支付方式,或联系主管。"
	amount := b.q.Amount.Minor()
	switch {
	case l.Max != (Sum{}) && amount > l.Max.Minor()-u.minor:
		used := pos.FromMinor(u.minor, l.Max.Currency())
		b.say(l.Act, limitPrefix+l.ID, words{fmt.Sprintf("%s of %s a %s are used up, %s is too much (by %s)", used, l.Max, l.Per, b.q.Amount, l.By),
			fmt.Sprintf("%s限额 %s 已用 %s,本次 %s 超限", periodWords[l.Per], l.Max, used, b.q.Amount), advice, adviceChinese})
	case l.Count > 0 && u.count >= l.Count:
		b.say(l.Act, limitPrefix+l.ID, words{fmt.Sprintf("all %d a %s are used up (by %s)", l.Count, l.Per, l.By),
			fmt.Sprintf("%s限 %d 笔已用完", periodWords[l.Per], l.Count), advice, adviceChinese})
	}
}

var periodWords = map[Period]string{PerDay: "单日", PerWeek: "单周"}

// velocity counts the tries of one token.
func (b *bench) velocity() {
	v := b.Velocity
	if v.Off || !b.taking() || b.q.Token == "" || slices.Contains(v.Exempt, b.q.Tender) || b.listed(ListAllow) {
		return
	}
	tries := 1
	for _, f := range slices.Backward(b.n.byToken[b.q.Token]) {
		if b.q.Time.UnixNano()-f.at >= int64(v.Within) {
			break
		}
		if f.tried && f.id != b.q.Attempt && slices.Contains(takings, f.action) {
			tries++
		}
	}
	w := words{fmt.Sprintf("try %d of this card or payer within %s", tries, v.Within), fmt.Sprintf("该卡或付款人 %s 内第 %d 次交易", v.Within, tries),
		fmt.Sprintf("Ask for another means of payment, or wait %s.", v.Within), fmt.Sprintf("请客人更换支付方式,或等待 %s。", v.Within)}
	switch {
	case tries >= v.Deny:
		b.deny(RuleVelocity, w)
	case v.Warn > 0 && tries >= v.Warn:
		b.alert(RuleVelocity, w.text, w.chinese)
	}
}

// duplicate asks whether the same is really meant twice.
func (b *bench) duplicate() {
	d := b.Duplicate
	if d.Off || !b.taking() || b.q.Token == "" && !d.WithoutToken {
		return
	}
	for _, f := range slices.Backward(b.n.order) {
		if b.q.Time.UnixNano()-f.at >= int64(d.Within) {
			return
		}
		if f.counted && f.id != b.q.Attempt && f.ref != b.q.Reference && f.action == b.q.Action && f.operator == b.q.Operator &&
			f.token == b.q.Token && f.amount == b.q.Amount.Minor() && f.currency == b.q.Amount.Currency() {
			b.say(pos.ActAsk, RuleDuplicate, words{fmt.Sprintf("%s was taken just now for sale %s (attempt %s)", b.q.Amount, f.ref, f.id),
				fmt.Sprintf("刚刚已收 %s(订单 %s,交易 %s),疑似重复", b.q.Amount, f.ref, f.id),
				"Look the other sale up before taking it again.", "请先查询上一笔,确认后再收款。"})
			return
		}
	}
}

// refund bounds what is given back. A void gives all of a payment back: what one
// person may not refund alone, nobody voids alone.
func (b *bench) refund() {
	if b.q.Action == pos.ActionVoid && b.q.Original != nil && b.q.Original.Type != pos.TypePreauth {
		b.alone(b.q.Original.Approved)
		return
	}
	if b.q.Action != pos.ActionRefund {
		return
	}
	sum := b.q.Sum
	if b.q.Original == nil {
		sum = b.q.Amount
		if !b.Refund.Unreferenced {
			b.deny(RuleUnreferenced, words{"the refund names no payment", "退款未关联原交易", "Look the payment up and refund that.", "请查到原交易后再退款。"})
			return
		}
	} else if cmp, err := sum.Cmp(b.q.Original.Approved); err != nil || cmp > 0 {
		b.deny(RuleRefundSum, words{fmt.Sprintf("%s in sum is more than the %s that was taken", sum, b.q.Original.Approved),
			fmt.Sprintf("累计退款 %s 超过原收款 %s", sum, b.q.Original.Approved), "Give back what is left at most.", "最多退回剩余金额。"})
		return
	}
	b.alone(sum)
}

// alone asks a second person about a sum above the limit.
func (b *bench) alone(sum pos.Money) {
	if limit, over := above(b.Refund.Alone, sum); over {
		b.say(pos.ActAsk, RuleRefundAlone, words{fmt.Sprintf("%s given back in sum is more than %s", sum, limit), fmt.Sprintf("累计退款 %s 超过 %s", sum, limit),
			"Call a supervisor.", "请主管到场确认。"})
	}
}

// above reports whether an amount exceeds the one of its currency. Where there
// are some, an amount in any other currency exceeds them.
func above(list []Sum, m pos.Money) (limit string, over bool) {
	for _, s := range list {
		if s.Currency() == m.Currency() {
			return s.String(), m.Minor() > s.Minor()
		}
	}
	return "0", len(list) > 0
}
