package tmalltest

import (
	"fmt"
	"time"
)

// Kind is a kind of ticket.
type Kind int

// The kinds.
const (
	Single    Kind = iota // one use of 66.00 yuan, sold for 58.00
	Multi                 // five uses of 20.00 yuan, sold for 15.00 each
	Expired               // cannot be redeemed, as its dates say
	Used                  // has no use left
	WrongShop             // can be looked at, and is refused when redeemed
)

var kinds = map[Kind]struct {
	title        string
	worth, price int64
	uses         int
}{
	Single: {"双人门票", 6600, 5800, 1}, Multi: {"五次洗车", 2000, 1500, 5}, Expired: {"过期门票", 6600, 5800, 1},
	Used: {"已用门票", 6600, 5800, 0}, WrongShop: {"他店门票", 7000, 6000, 1},
}

// Ticket is what the notice of issue told the shop, and the code the customer holds.
type Ticket struct {
	Code, Token, Order string
	Worth, Price       int64 // fen, of one use
}

type ticket struct {
	Ticket
	kind  Kind
	left  int
	until time.Time
}

// line is one line of the log.
type line struct {
	code, order, serial, pos string
	act, num                 int
	worth                    int64
	at                       time.Time
}

// Issue sells a ticket.
func (p *Platform) Issue(k Kind) Ticket {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial++
	what := kinds[k]
	t := &ticket{Ticket: Ticket{Code: fmt.Sprintf("%012d", 7_000_019*p.serial), Token: fmt.Sprintf("token-of-issue-%06d", p.serial),
		Order: fmt.Sprintf("31%016d", p.serial), Worth: what.worth, Price: what.price}, kind: k, left: what.uses, until: p.now().Add(30 * 24 * time.Hour)}
	if k == Expired {
		t.until = p.now().Add(-time.Hour)
	}
	p.tickets[t.Code] = t
	return t.Ticket
}

// Find is the shop's own store of notices.
func (p *Platform) Find(code string) (Ticket, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.tickets[code]
	if t == nil {
		return Ticket{}, false
	}
	return t.Ticket, true
}

// of is the ticket of a call, or why not.
func (p *Platform) of(q *request, name string) (*ticket, *failure) {
	t := p.tickets[q.form.Get(name)]
	if t == nil || t.Order != q.form.Get("order_id") || t.Token != q.form.Get("token") {
		return nil, &failure{"isv.sim-no-ticket", "没有该凭证 " + q.form.Get(name)}
	}
	return t, nil
}

func moment(t time.Time) string { return t.In(china).Format(time.DateTime) }

func (p *Platform) before(q *request) (reply, *failure) {
	t, failed := p.of(q, "verify_code")
	if failed != nil {
		return nil, failed
	}
	return reply{"ret_code": 1, "item_title": kinds[t.kind].title, "left_num": t.left, "code_left_num": t.left, "order_id": t.Order,
		"valid_start": moment(t.until.Add(-60 * 24 * time.Hour)), "valid_ends": moment(t.until)}, nil
}

func (p *Platform) book(t *ticket, act, num int, serial, pos string) {
	t.left -= num
	p.logs = append(p.logs, line{code: t.Code, order: t.Order, serial: serial, pos: pos, act: act, num: max(num, -num), worth: t.Worth, at: p.now()})
	p.books = append(p.books, Entry{Time: p.now(), Code: t.Code, Fen: t.Worth * int64(num)})
}

func (p *Platform) consume(q *request) (reply, *failure) {
	t, failed := p.of(q, "verify_code")
	num, serial := q.number("consume_num"), q.form.Get("serial_num")
	switch {
	case failed != nil:
		return nil, failed
	case serial == "" || p.logged(serial, 1) != nil:
		return nil, &failure{"isv.sim-serial", "流水号重复"}
	case t.kind == WrongShop, t.left < num, num < 1, p.now().After(t.until):
		return reply{"ret_code": 0}, nil
	}
	p.book(t, 1, num, serial, q.form.Get("posid"))
	return reply{"ret_code": 1, "item_title": kinds[t.kind].title, "left_num": t.left, "code_left_num": t.left, "consume_secial_num": serial}, nil
}

// logged is the line of a serial.
func (p *Platform) logged(serial string, act int) *line {
	for i := range p.logs {
		if p.logs[i].serial == serial && p.logs[i].act == act {
			return &p.logs[i]
		}
	}
	return nil
}

func (p *Platform) reverse(q *request) (reply, *failure) {
	t, failed := p.of(q, "reverse_code")
	serial := q.form.Get("consume_secial_num")
	l := p.logged(serial, 1)
	switch {
	case failed != nil:
		return nil, failed
	case l == nil || l.code != t.Code || l.num != q.number("reverse_num") || p.logged(serial, 2) != nil || p.now().Sub(l.at) > time.Hour:
		return reply{"ret_code": 0}, nil
	}
	p.book(t, 2, -l.num, serial, q.form.Get("posid"))
	return reply{"ret_code": 1, "left_num": t.left}, nil
}

func (p *Platform) oplogs(q *request) (reply, *failure) {
	var list []reply
	total, skip := 0, (q.number("page_no")-1)*q.number("page_size")
	for _, l := range p.logs {
		at := moment(l.at)
		if code := q.form.Get("code"); code != "" && code != l.code || at < q.form.Get("start_time") || at > q.form.Get("end_time") {
			continue
		}
		if total++; total > skip && len(list) < q.number("page_size") {
			list = append(list, reply{"pos_id": l.pos, "order_id": l.order, "num": l.num, "amount": float64(l.worth*int64(l.num)) / 100,
				"consume_serial_num": l.serial, "op_type": l.act, "op_time": at})
		}
	}
	return reply{"total_results": total, "eticket_op_logs": reply{"eticket_op_log": list}}, nil
}
