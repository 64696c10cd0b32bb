package douyintest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// preparation is what a verify_token stands for.
type preparation struct {
	order   *order
	request string // the codes and shop it was used with; "" if unused
	answer  []reply
}

func (p *Platform) prepare(r *request) (reply, *failure) {
	data, code := r.query.Get("encrypted_data"), r.query.Get("code")
	if (data == "") == (code == "") {
		return nil, &failure{data: 1502, gateway: 1502, text: "code 和 encrypted_data 二选一"}
	}
	var o *order
	for _, v := range p.vouchers {
		if v.code == code || v.order.data == data {
			o = v.order
		}
	}
	if o == nil && data != "" {
		return nil, &failure{data: 1221, gateway: 1221, text: "券码解密失败"}
	}
	if o == nil || o.account != r.account || o.vouchers[0].kind == ThirdParty {
		return nil, &failure{data: 1212, gateway: 1212, text: "券码 " + code + " 不存在"}
	}
	list := []reply{}
	for _, v := range o.vouchers {
		if v.state == stateUnused {
			list = append(list, p.show(v, time.Second, false))
		}
	}
	token := p.noise(21)
	p.prepared[token] = &preparation{order: o}
	return reply{"verify_token": token, "order_id": o.id, "certificates": list, "certificates_v2": list}, nil
}

// show is a voucher in the platform's words. The documented samples count time
// in milliseconds here and seconds there, so unit says.
func (p *Platform) show(v *voucher, unit time.Duration, past bool) reply {
	at := func(t time.Time) int64 { return t.UnixNano() / int64(unit) }
	c := reply{"certificate_id": json.Number(v.id), "encrypted_code": v.key, "status": v.state, "start_time": at(v.start), "expire_time": at(v.expire),
		"sku":          reply{"sku_id": v.order.product.id, "title": v.order.product.title, "groupon_type": v.order.product.kind, "market_price": v.original, "account_id": v.order.account},
		"amount":       amounts(v.original, v.pay, v.platform),
		"future_field": reply{"kept": true}}
	if v.kind == ThirdParty {
		c["code"] = v.code
	}
	if v.uses > 1 {
		var serials []reply
		for n := range v.uses {
			serials = append(serials, reply{"serial_numb": n + 1, "amount": amounts(share(v.original, v.uses, n+1), share(v.pay, v.uses, n+1), 0)})
		}
		c["time_card"] = reply{"times_count": v.uses, "times_used": v.standing(), "serial_amount_list": serials}
	}
	if !past {
		return c
	}
	records := []reply{}
	for _, u := range v.done {
		if u.undone.IsZero() {
			records = append(records, reply{"verify_id": u.verify, "certificate_id": v.id, "verify_time": at(u.at), "can_cancel": p.now().Sub(u.at) < time.Hour,
				"verify_type": 4, "poi_id": json.Number(u.shop), "times_card_serial_num": u.serial})
		}
	}
	c["verify_records"] = records
	if len(records) > 0 {
		c["verify"] = records[len(records)-1]
	}
	return c
}

func amounts(original, pay, platform int64) reply {
	return reply{"original_amount": original, "pay_amount": pay, "coupon_pay_amount": pay, "payment_discount_amount": 0, "merchant_ticket_amount": 0,
		"platform_discount_amount": platform, "list_market_amount": original, "original_currency": "CNY"}
}

func (p *Platform) verify(r *request) (reply, *failure) {
	results, f := p.verifyOne(r.body, r.account)
	return reply{"verify_results": results}, f
}

// verifyOne redeems one order's vouchers: the same token with the same codes
// gets the same answer, a new token on a used voucher 1208.
func (p *Platform) verifyOne(body map[string]any, account string) ([]reply, *failure) {
	r := &request{body: body}
	codes, third := r.texts("encrypted_codes"), r.texts("codes")
	token, shop := r.text("verify_token"), r.text("poi_id")
	switch {
	case token == "" || shop == "" || (len(codes) == 0) == (len(third) == 0):
		return nil, &failure{data: 1502, gateway: 1502, text: "参数缺失"}
	case len(third) > 0 && r.text("order_id") == "":
		return nil, &failure{data: 4000001, gateway: 4000001, text: "order_id 必填"}
	}
	all := append(codes, third...)
	asked := shop + "\n" + strings.Join(slices.Sorted(slices.Values(all)), "\n")
	ready := p.prepared[token]
	if ready == nil && len(third) > 0 {
		ready = &preparation{}
		p.prepared[token] = ready
	}
	switch {
	case ready == nil || ready.request != "" && ready.request != asked:
		return nil, &failure{data: 2100005, gateway: 2100005, text: "verify_token 不合法"}
	case ready.request != "" && !p.take("forget-answer"):
		return ready.answer, nil
	}
	results := p.verifyAll(all, shop, account, ready, r.text("order_id"))
	// An answer that changed nothing may come out differently later.
	if slices.ContainsFunc(results, func(r reply) bool { return r["result"] == 0 }) {
		ready.request, ready.answer = asked, results
	}
	return results, nil
}

func (p *Platform) verifyAll(codes []string, shop, account string, ready *preparation, orderID string) []reply {
	result2 := p.take("result-2")
	var results []reply
	for _, code := range codes {
		v := p.byCode(code)
		if v == nil || v.order.account != account || ready.order != nil && v.order != ready.order || orderID != "" && v.order.id != orderID {
			results = append(results, reply{"result": 1212, "msg": "券不存在 " + code, "code": code})
			continue
		}
		one := reply{"code": code, "certificate_id": v.id, "order_id": v.order.id, "account_id": v.order.account, "product_id": v.order.product.id}
		result, msg := p.refusal(v, shop)
		if result == 1208 && result2 {
			result = 2
		}
		one["result"], one["msg"] = result, msg
		if result == 0 {
			u := p.redeem(v, shop)
			one["verify_id"] = u.verify
			one["origin_code"] = v.code
			n := (u.serial-1)%v.uses + 1
			one["verify_amount_info"] = reply{"times_card_serial_amount": reply{"serial_numb": n, "amount": amounts(v.worth(u), share(v.pay, v.uses, n), v.platform)}}
		}
		results = append(results, one)
	}
	return results
}

func (p *Platform) byCode(code string) *voucher {
	for _, v := range p.vouchers {
		if v.key == code || v.kind == ThirdParty && v.code == code {
			return v
		}
	}
	return nil
}

// refusal is why a voucher cannot be redeemed; 0 if it can.
func (p *Platform) refusal(v *voucher, shop string) (int, string) {
	now := p.now()
	switch {
	case v.state == stateRefunded:
		return 1250, "券已退款"
	case v.state == stateUsed && v.uses > 1:
		return 1241, "次卡剩余次数不足"
	case v.state == stateUsed:
		return 1208, "券已核销"
	case now.Before(v.start) || !now.Before(v.expire):
		return 1250, "不在有效期"
	case !slices.Contains(v.order.product.shops, shop):
		return 3000002, "门店不适用"
	case v.kind == Gifting:
		return 2119006, "转赠中"
	case v.kind == Held:
		if v.held == nil {
			v.held = &use{verify: p.id(), shop: shop, serial: len(v.done) + 1}
		}
		return 1229, "风控审核中"
	}
	return 0, "success"
}

func (p *Platform) batchVerify(r *request) (reply, *failure) {
	list, _ := r.body["certificate_batch_verify_list"].([]any)
	var out []reply
	for _, one := range list {
		body, _ := one.(map[string]any)
		if body == nil {
			return nil, &failure{data: 2100005, gateway: 2100005, text: "list"}
		}
		body["poi_id"] = r.text("poi_id")
		results, f := p.verifyOne(body, r.account)
		if f != nil {
			return nil, f
		}
		out = append(out, reply{"verify_results": results})
	}
	return reply{"certificate_verify_resp_list": out}, nil
}

// undoWindow is how long a redemption can be taken back.
const undoWindow = time.Hour

func (p *Platform) cancel(r *request) (reply, *failure) {
	if batch, ok := r.body["batch_cancel_info"].(map[string]any); ok {
		b := &request{body: batch}
		return p.cancelAll(b.texts("verify_id_list"))
	}
	token := r.text("cancel_token")
	if token != "" && p.canceled[token] {
		return reply{}, nil
	}
	verify, count := r.text("verify_id"), r.text("times_card_cancel_count")
	var list []string
	if n, err := strconv.Atoi(count); err == nil && n > 0 && verify == "0" {
		list = p.latest(r.text("certificate_id"), n)
	} else {
		v, _ := p.find(verify)
		if v == nil || v.id != r.text("certificate_id") {
			return nil, &failure{data: 1212, gateway: 1212, text: "核销记录不存在"}
		}
		list = []string{verify}
	}
	data, f := p.cancelAll(list)
	if f == nil && token != "" {
		p.canceled[token] = true
	}
	return data, f
}

// cancelAll takes back all or none.
func (p *Platform) cancelAll(list []string) (reply, *failure) {
	for _, id := range list {
		v, u := p.find(id)
		switch {
		case v == nil:
			return nil, &failure{data: 1212, gateway: 1212, text: "核销记录不存在"}
		case !u.undone.IsZero():
			return nil, &failure{data: 3000001, gateway: 3000001, text: "已撤销"}
		case p.now().Sub(u.at) >= undoWindow:
			return nil, &failure{data: 3000001, gateway: 3000001, sub: 2034000910, text: "超过可撤销时间"}
		}
	}
	results := []reply{}
	for _, id := range list {
		v, u := p.find(id)
		p.undo(v, u)
		results = append(results, reply{"order_id": v.order.id, "verify_id": id, "result_code": 0, "result_msg": "success"})
	}
	return reply{"cancel_results": results}, nil
}

func (p *Platform) find(verify string) (*voucher, *use) {
	for _, v := range p.vouchers {
		for _, u := range v.done {
			if u.verify == verify {
				return v, u
			}
		}
	}
	return nil, nil
}

func (p *Platform) latest(certificate string, n int) (list []string) {
	v := p.byID(certificate)
	if v == nil {
		return nil
	}
	for _, u := range slices.Backward(v.done) {
		if u.undone.IsZero() && len(list) < n {
			list = append(list, u.verify)
		}
	}
	return list
}
