package meituantest

import (
	"fmt"
	"strconv"
	"time"
)

var china = time.FixedZone("CST", 8*60*60)

// yuan writes fen as the platform does, as a number.
func yuan(fen int64) float64 { return float64(fen) / 100 }

func moment(t time.Time) string { return t.In(china).Format(time.DateTime) }

// dealID is the deal of a kind, beyond what a float32 holds.
func dealID(k Kind) int { return 400_000_001 + int(k) }

// validity of everything sold, from now.
const validity = 30 * 24 * time.Hour

func (p *Platform) prepareDining(q *request) (reply, *failure) {
	v, list, failed := p.unused(q, "code")
	if failed != nil {
		return nil, failed
	}
	what := kinds[v.kind]
	r := reply{"dealId": dealID(v.kind), "dealTitle": what.title, "dealValue": yuan(what.face), "dealPrice": yuan(what.price), "count": len(list),
		"minConsume": what.least, "couponEndTime": p.now().Add(validity).In(china).Format(time.DateOnly), "couponCode": v.code,
		"vourcher": v.kind == CashVoucher || v.kind == Order, "result": 0, "message": "", "volume": 0}
	if len(list) == 1 {
		r["couponBuyPrice"] = yuan(what.price)
	}
	if v.kind == Bulk {
		r["volume"], r["singleValue"], r["dealValue"] = 1, yuan(what.face), yuan(what.face*int64(what.count))
	}
	return r, nil
}

// use redeems vouchers of an order, the code's own first, all or none.
func (p *Platform) use(q *request, name string, count int, account string) (*voucher, []*voucher, *failure) {
	v, list, failed := p.unused(q, name)
	switch {
	case failed != nil:
		return nil, nil, failed
	case v.kind == WrongShop:
		return nil, nil, &failure{"SIM_WRONG_SHOP", "该券不适用本店"}
	case count < kinds[v.kind].least || count > len(list):
		return nil, nil, &failure{"SIM_COUNT", "张数错误"}
	}
	for _, o := range list[:count] {
		o.at, o.account = p.now(), account
		o.book(p, true)
	}
	return v, list[:count], nil
}

func (p *Platform) consumeDining(q *request) (reply, *failure) {
	v, list, failed := p.use(q, "code", q.number("num"), "门店帐号")
	if failed != nil {
		return nil, failed
	}
	var codes []string
	for _, o := range list {
		codes = append(codes, o.code)
	}
	return reply{"couponCodes": codes, "dealId": dealID(v.kind), "dealTitle": kinds[v.kind].title, "dealValue": yuan(kinds[v.kind].face)}, nil
}

func (p *Platform) cancelDining(q *request) (reply, *failure) {
	if q.number("type") != 1 || q.text("eId") == "" || q.text("eName") == "" {
		return nil, &failure{"SIM_PARAMETER", "缺少参数"}
	}
	v, failed := p.of(q, "couponCode")
	switch {
	case failed != nil:
		return nil, failed
	case !v.used:
		return reply{"result": 1, "message": "该券未使用"}, nil
	case p.now().Sub(v.at) > time.Hour: // a window of the simulator's own
		return reply{"result": 2, "message": "已超过撤销时间"}, nil
	}
	v.book(p, false)
	return reply{"result": 0, "message": "成功"}, nil
}

func (p *Platform) queryDining(q *request) (reply, *failure) {
	v, failed := p.of(q, "couponCode")
	switch {
	case failed != nil:
		return nil, failed
	case !v.used && v.kind == Pending:
		return reply{"couponCode": v.code, "couponStatusDesc": "已冻结"}, nil
	case !v.used:
		return nil, &failure{"SIM_NOT_USED", "未查到验券记录"}
	}
	return v.dining(), nil
}

func (v *voucher) dining() reply {
	what := kinds[v.kind]
	return reply{"couponCode": v.code, "couponBuyPrice": yuan(what.price), "couponCancelStatus": 1, "couponStatusDesc": "已使用", "couponUseTime": moment(v.at),
		"dealId": dealID(v.kind), "dealTitle": what.title, "dealValue": yuan(what.face), "verifyAcct": v.account, "verifyType": "第三方"}
}

// day are the redemptions of a date, from offset on.
func (p *Platform) day(q *request) (page []*voucher, total int) {
	for _, v := range p.order {
		if v.used && v.token == q.token && v.business == q.business && v.at.In(china).Format(time.DateOnly) == q.text("date") {
			total++
			if total > q.number("offset") && len(page) < q.number("limit") {
				page = append(page, v)
			}
		}
	}
	return page, total
}

func (p *Platform) listDining(q *request) (reply, *failure) {
	page, total := p.day(q)
	list := []reply{}
	for _, v := range page {
		list = append(list, v.dining())
	}
	return reply{"couponCodes": list, "total": total}, nil
}

func (p *Platform) prepareServices(q *request) (reply, *failure) {
	v, list, failed := p.unused(q, "receiptCode")
	if failed != nil {
		return nil, failed
	}
	what := kinds[v.kind]
	return reply{"count": len(list), "orderId": v.order, "receiptCode": v.code, "dealId": dealID(v.kind), "dealTitle": what.title, "dealPrice": yuan(what.price),
		"dealMarketPrice": strconv.FormatFloat(yuan(what.face), 'f', 2, 64), "bizType": what.bizType, "mobile": "138****0000",
		"receiptEndDate": p.now().Add(validity).UnixMilli(), "tgTimesCardFlag": v.kind == TimesCard}, nil
}

func (p *Platform) consumeServices(q *request) (reply, *failure) {
	id := q.text("requestId")
	if id == "" {
		return nil, &failure{"SIM_PARAMETER", "requestId不能为空"}
	}
	if again, ok := p.requests[id]; ok {
		return again, nil
	}
	v, list, failed := p.use(q, "receiptCode", q.number("count"), q.text("appShopAccount"))
	if failed != nil {
		return nil, failed
	}
	var result []reply
	for _, o := range list {
		result = append(result, reply{"orderId": o.order, "receiptCode": o.code, "dealId": dealID(v.kind), "dealTitle": kinds[v.kind].title,
			"dealPrice": yuan(kinds[v.kind].price), "dealMarketPrice": yuan(kinds[v.kind].face), "bizType": kinds[v.kind].bizType, "flowId": o.flow()})
	}
	p.requests[id] = reply{"result": result}
	return p.requests[id], nil
}

func (v *voucher) flow() string { return fmt.Sprintf("77%017d", v.serial) }

func (p *Platform) cancelServices(q *request) (reply, *failure) {
	v, failed := p.of(q, "receiptCode")
	switch {
	case failed != nil:
		return nil, failed
	case !v.used:
		return nil, &failure{"SIM_NOT_USED", "该券未使用"}
	case q.number("dealId") != dealID(v.kind):
		return nil, &failure{"SIM_DEAL", "套餐错误"}
	case p.now().Sub(v.at) > 10*time.Minute:
		return nil, &failure{"SIM_TOO_LATE", "核销超过10分钟,不可撤销"}
	}
	v.book(p, false)
	return reply{"result": []reply{{"receiptCode": v.code, "orderId": v.order}}}, nil
}

func (p *Platform) queryServices(q *request) (reply, *failure) {
	v, failed := p.of(q, "receiptCode")
	switch {
	case failed != nil:
		return nil, failed
	case !v.used:
		return nil, &failure{"SIM_NOT_USED", "未查到验券记录"}
	}
	return v.service(), nil
}

func (v *voucher) service() reply {
	what := kinds[v.kind]
	return reply{"receiptCode": v.code, "dealId": dealID(v.kind), "dealTitle": what.title, "dealPrice": yuan(what.price), "dealMarketPrice": yuan(what.face),
		"verifyAccount": v.account, "verifyChannel": "15", "verifyTime": moment(v.at), "bizType": what.bizType}
}

func (p *Platform) listServices(q *request) (reply, *failure) {
	page, total := p.day(q)
	list := []reply{}
	for _, v := range page {
		r := v.service()
		r["flowId"], r["refundStatus"] = v.flow(), 1
		list = append(list, r)
	}
	return reply{"totalCount": total, "records": list}, nil
}
