package douyintest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

func (p *Platform) get(r *request) (reply, *failure) {
	for _, v := range p.vouchers {
		if v.key == r.query.Get("encrypted_code") && v.order.account == r.account {
			return reply{"certificate": p.show(v, time.Millisecond, true)}, nil
		}
	}
	return nil, &failure{data: 1212, gateway: 1212, text: "券不存在"}
}

func (p *Platform) query(r *request) (reply, *failure) {
	code, id := r.query.Get("encrypted_code"), r.query.Get("order_id")
	if (code == "") == (id == "") {
		return nil, &failure{data: 1502, gateway: 1502, text: "二选一"}
	}
	list := []reply{}
	for _, v := range p.vouchers {
		if (v.key == code || v.order.id == id) && v.order.account == r.account {
			list = append(list, p.show(v, time.Second, true))
		}
	}
	if len(list) == 0 {
		return nil, &failure{data: 3100101, gateway: 3100101, text: "订单不存在"}
	}
	return reply{"certificates": list, "certificates_v2": list}, nil
}

func (p *Platform) records(r *request) (reply, *failure) {
	type row struct {
		v *voucher
		u *use
	}
	var rows []row
	shop := r.query.Get("poi_ids")
	for _, v := range p.vouchers {
		for _, u := range v.done {
			if v.order.account == r.account && (shop == "" || shop == u.shop) && within(u.at, r) {
				rows = append(rows, row{v, u})
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.u.verify[13:], b.u.verify[13:]) })
	size, err := strconv.Atoi(r.query.Get("size"))
	if err != nil || size < 1 || size > 20 {
		return nil, &failure{data: 2100005, gateway: 2100005, text: "size"}
	}
	after, _ := strconv.Atoi(r.query.Get("cursor"))
	list := []reply{}
	for i := after; i < len(rows) && len(list) < size; i++ {
		one := rows[i]
		c := reply{"verify_id": one.u.verify, "certificate_id": one.v.id, "verify_time": one.u.at.Unix(), "verify_type": 4, "status": 1,
			"certificate_status": one.v.state, "can_cancel": p.now().Sub(one.u.at) < undoWindow, "code": one.v.code, "poi_id": one.u.shop,
			"order_id": one.v.order.id, "amount": amounts(one.v.worth(one.u), share(one.v.pay, one.v.uses, (one.u.serial-1)%one.v.uses+1), 0), "cursor": strconv.Itoa(i + 1)}
		if !one.u.undone.IsZero() {
			c["status"], c["cancel_time"] = 2, one.u.undone.Unix()
		}
		list = append(list, c)
	}
	return reply{"total": len(rows), "records": list}, nil
}

// within says whether a moment is between start_time and end_time.
func within(t time.Time, r *request) bool {
	start, _ := strconv.ParseInt(r.query.Get("start_time"), 10, 64)
	end, _ := strconv.ParseInt(r.query.Get("end_time"), 10, 64)
	return t.Unix() >= start && (end == 0 || t.Unix() <= end)
}

func (p *Platform) shops(r *request) (reply, *failure) {
	names := map[string]string{Shop: "一号店", Branch: "二号店", StrangerShop: "别家店"}
	ids := []string{Shop, Branch}
	if r.account == Stranger {
		ids = []string{StrangerShop}
	}
	list := []reply{}
	for _, id := range ids {
		if want := r.query.Get("poi_id"); want == "" || want == id {
			list = append(list, reply{"poi": reply{"poi_id": id, "poi_name": names[id], "address": "中山路1号", "latitude": 31.2, "longitude": 121.4},
				"account": reply{"parent_account": reply{"account_id": r.account, "account_name": "模拟商家", "account_type": "Trademark"}}})
		}
	}
	return reply{"total": len(list), "pois": list}, nil
}

// catalogue is what a merchant sells, in the order it was stocked.
func (p *Platform) catalogue(account string) (list []reply) {
	seen := map[string]bool{}
	for _, o := range p.orders {
		if o.account == account && !seen[o.product.id] {
			seen[o.product.id] = true
			list = append(list, reply{"product": reply{"product_id": o.product.id, "product_name": o.product.title, "product_type": 1, "account_id": account}, "online_status": 1})
		}
	}
	return list
}

func (p *Platform) products(r *request) (reply, *failure) {
	all := p.catalogue(r.account)
	after, _ := strconv.Atoi(r.query.Get("cursor"))
	count, err := strconv.Atoi(r.query.Get("count"))
	if err != nil || count < 1 {
		return nil, &failure{data: 2100005, gateway: 2100005, text: "count"}
	}
	after = min(after, len(all))
	end := min(after+count, len(all))
	return reply{"products": all[after:end], "has_more": end < len(all), "next_cursor": strconv.Itoa(end)}, nil
}

func (p *Platform) productsByID(r *request) (reply, *failure) {
	ids := strings.Split(r.query.Get("product_ids"), ",")
	list := []reply{}
	for _, one := range p.catalogue(r.account) {
		if slices.Contains(ids, one["product"].(reply)["product_id"].(string)) {
			list = append(list, one)
		}
	}
	return reply{"product_onlines": list}, nil
}

func (p *Platform) orderList(r *request) (reply, *failure) {
	var all []*order
	for _, o := range p.orders {
		if want := r.query.Get("order_id"); o.account == r.account && (want == "" || want == o.id) {
			all = append(all, o)
		}
	}
	page, _ := strconv.Atoi(r.query.Get("page_num"))
	size, err := strconv.Atoi(r.query.Get("page_size"))
	if err != nil || size < 1 || size > 100 || page < 1 {
		return nil, &failure{data: 2100005, gateway: 2100005, text: "page_size"}
	}
	start := (page - 1) * size
	if c, err := strconv.Atoi(r.query.Get("cursor")); err == nil {
		start = c
	}
	start = min(start, len(all))
	end := min(start+size, len(all))
	list := []reply{}
	for _, o := range all[start:end] {
		items := []reply{}
		for _, v := range o.vouchers {
			items = append(items, reply{"certificate_id": v.id, "order_item_id": v.id, "item_status": 200})
		}
		list = append(list, reply{"order_id": o.id, "order_status": 200, "order_type": 21, "original_amount": o.pay, "pay_amount": o.pay, "discount_amount": 0,
			"create_order_time": o.created.Unix(), "pay_time": o.created.Unix(), "sku_id": o.product.id, "sku_name": o.product.title, "count": len(o.vouchers), "certificate": items})
	}
	return reply{"orders": list, "page": reply{"total": len(all)}, "search_after": reply{"CursorValue": strconv.Itoa(end)}}, nil
}

// ledgerAfter is how old a redemption must be to have a ledger.
const ledgerAfter = time.Hour

func (p *Platform) rows(account string, fits func(*voucher, *use) bool) []reply {
	list := []reply{}
	for _, v := range p.vouchers {
		for _, u := range v.done {
			if v.order.account != account || !u.undone.IsZero() || p.now().Sub(u.at) < ledgerAfter || !fits(v, u) {
				continue
			}
			list = append(list, reply{"id": u.verify, "ledger_id": u.verify, "order_id": v.order.id, "verify_id": u.verify, "poi_id": u.shop, "account_id": account,
				"status": 1, "ledger_time": u.at.Add(ledgerAfter).Unix(), "certificate": reply{"certificate_id": v.id, "code": v.code},
				"goods":            reply{"group_name": v.order.product.title, "sku_id": v.order.product.id},
				"amount":           reply{"original": v.worth(u), "pay": share(v.pay, v.uses, (u.serial-1)%v.uses+1), "coupon_pay": share(v.pay, v.uses, (u.serial-1)%v.uses+1), "merchant_ticket": 0, "goods": v.worth(u)},
				"order_attrribute": reply{"source": "live", "room_id": "7600000000000000001"}})
		}
	}
	return list
}

func (p *Platform) ledger(r *request) (reply, *failure) {
	zone := time.FixedZone("UTC+8", 8*60*60)
	day := r.query.Get("bill_date")
	all := p.rows(r.account, func(_ *voucher, u *use) bool { return u.at.In(zone).Format(time.DateOnly) == day })
	after, _ := strconv.Atoi(r.query.Get("cursor"))
	size, err := strconv.Atoi(r.query.Get("size"))
	if err != nil || size < 1 || size > 50 {
		return nil, &failure{data: 2100005, gateway: 2100005, text: "size"}
	}
	after = min(after, len(all))
	end := min(after+size, len(all))
	return reply{"ledger_records": all[after:end], "has_more": end < len(all), "cursor": strconv.Itoa(end)}, nil
}

func (p *Platform) ledgerOf(r *request) (reply, *failure) {
	ids := strings.Split(r.query.Get("certificate_ids"), ",")
	return reply{"ledger_records": p.rows(r.account, func(v *voucher, _ *use) bool { return slices.Contains(ids, v.id) })}, nil
}

// refundWindow is how long after a redemption money can be given back.
const refundWindow = 30 * 24 * time.Hour

func (p *Platform) refund(r *request) (reply, *failure) {
	if r.text("account_id") == "" || len(r.texts("refund_reason_code")) == 0 {
		return nil, &failure{data: 2100005, gateway: 2100005, text: "参数"}
	}
	for _, v := range p.vouchers {
		if v.order.id != r.text("order_id") || v.order.account != r.account {
			continue
		}
		for _, u := range v.done {
			if v.state == stateRefunded || !u.undone.IsZero() || p.now().Sub(u.at) > refundWindow {
				continue
			}
			v.state = stateRefunded
			p.book("refund", v, u, -v.worth(u))
			p.refunds = append(p.refunds, p.books[len(p.books)-1])
			return reply{"after_sale_id": "8" + u.verify}, nil
		}
	}
	return nil, &failure{data: 1263, gateway: 1263, text: "没有可退的履约单"}
}

func (p *Platform) refundList(r *request) (reply, *failure) {
	list := []reply{}
	for _, e := range p.refunds {
		list = append(list, reply{"after_sale_id": "8" + e.Verify, "order_id": e.Order, "after_sale_status": 2, "refund_amount": -e.Amount})
	}
	return reply{"after_sale_orders": list, "has_more": false}, nil
}

func (p *Platform) issued(r *request) (reply, *failure) {
	list := []reply{}
	for _, o := range p.orders {
		if o.id != r.text("order_id") {
			continue
		}
		for i, code := range r.texts("codes") {
			if i < len(o.vouchers) {
				o.vouchers[i].code = code
				list = append(list, reply{"certificate_id": o.vouchers[i].id, "code": code})
			}
		}
		return reply{"certificates": list}, nil
	}
	return nil, &failure{data: 3100101, gateway: 3100101, text: "订单不存在"}
}

func (p *Platform) audited(r *request) (reply, *failure) {
	if r.text("after_sale_id") == "" {
		return nil, &failure{data: 2100005, gateway: 2100005, text: "参数"}
	}
	return reply{}, nil
}
