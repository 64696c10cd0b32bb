package tmalltest

import (
	"fmt"
	"time"
)

// Order puts trades with a refund each on the shop's list, one every minute back from now.
func (p *Platform) Order(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range n {
		id := 4_100_000_000_000_000_000 + int64(len(p.trades)) // beyond what a float64 holds
		at := moment(p.now().Add(-time.Duration(i) * time.Minute))
		p.trades = append(p.trades, reply{"tid": id, "status": "TRADE_FINISHED", "type": "eticket", "title": "门票", "payment": "58.00", "total_fee": "66.00", "created": at, "modified": at,
			"orders": reply{"order": []reply{{"oid": fmt.Sprint(id), "num": 1, "price": "66.00", "payment": "58.00", "title": "双人门票"}}}})
		p.refunds = append(p.refunds, reply{"refund_id": fmt.Sprint(id + 1), "tid": id, "oid": id, "status": "SUCCESS", "refund_fee": "58.00", "created": at, "modified": at})
	}
}

// part is a page of a list.
func slice(q *request, list []reply) (some []reply, more bool) {
	size := q.number("page_size")
	from := min((max(1, q.number("page_no"))-1)*size, len(list))
	to := min(from+size, len(list))
	return list[from:to], to < len(list)
}

func (p *Platform) sold(q *request) (reply, *failure) {
	if q.form.Get("type") == "" || q.form.Get("fields") == "" || q.number("page_size") > 100 {
		return nil, &failure{"isv.invalid-parameter", "参数错误"}
	}
	part, more := slice(q, p.trades)
	if q.form.Get("use_has_next") == "true" {
		return reply{"has_next": more, "trades": reply{"trade": part}}, nil
	}
	return reply{"total_results": len(p.trades), "trades": reply{"trade": part}}, nil
}

func (p *Platform) refundList(q *request) (reply, *failure) {
	part, more := slice(q, p.refunds)
	return reply{"has_next": more, "refunds": reply{"refund": part}}, nil
}

func find(list []reply, name, id string) (reply, *failure) {
	for _, r := range list {
		if fmt.Sprint(r[name]) == id {
			return r, nil
		}
	}
	return nil, &failure{"isv.sim-not-found", "不存在"}
}

func (p *Platform) trade(q *request) (reply, *failure) {
	t, failed := find(p.trades, "tid", q.form.Get("tid"))
	return reply{"trade": t}, failed
}

func (p *Platform) refund(q *request) (reply, *failure) {
	r, failed := find(p.refunds, "refund_id", q.form.Get("refund_id"))
	return reply{"refund": r}, failed
}
