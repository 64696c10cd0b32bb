package meituantest

import (
	"fmt"
	"time"
)

// Business is the platform's line of business.
type Business int

// The lines of business.
const (
	Dining   Business = 1
	Services Business = 58
)

// Kind is a kind of voucher on sale.
type Kind int

// The kinds.
const (
	SetMeal     Kind = iota // 128.00 yuan, sold for 88.00
	CashVoucher             // 100.00 yuan, sold for 79.90
	Order                   // three of 50.00 yuan, sold for 40.00 each
	Bulk                    // four of 30.00 yuan, sold for 20.00, at least two at once (量贩)
	Group                   // services: group purchase 拼团, 60.00 yuan, sold for 45.00
	TimesCard               // services: times-card 次卡
	Expired                 // cannot be prepared
	Refunded                // cannot be prepared
	WrongShop               // can be prepared, and is refused when redeemed
	Stranger                // of another shop
	Pending                 // dining: frozen 已冻结
)

var kinds = map[Kind]struct {
	title       string
	face, price int64
	count       int
	least       int
	bizType     int
}{
	SetMeal:     {"双人套餐", 12800, 8800, 1, 1, 0},
	CashVoucher: {"100元代金券", 10000, 7990, 1, 1, 0},
	Order:       {"50元代金券", 5000, 4000, 3, 1, 0},
	Bulk:        {"量贩小吃券", 3000, 2000, 4, 2, 0},
	Group:       {"拼团理发", 6000, 4500, 1, 1, 203},
	TimesCard:   {"理发次卡", 30000, 20000, 5, 1, 205},
	Expired:     {"过期套餐", 12800, 8800, 1, 1, 0},
	Refunded:    {"已退套餐", 12800, 8800, 1, 1, 0},
	WrongShop:   {"分店套餐", 7000, 6000, 1, 1, 0},
	Stranger:    {"他店套餐", 12800, 8800, 1, 1, 0},
	Pending:     {"冻结套餐", 12800, 8800, 1, 1, 0},
}

// Ready is what a customer holds: the codes of one order.
type Ready struct {
	Code  string // the first
	Codes []string
	Order string
	Title string
	Face  int64 // fen, of one
	Price int64
}

// voucher is one voucher.
type voucher struct {
	code, order string
	serial      int
	kind        Kind
	business    Business
	token       string
	used        bool
	at          time.Time
	account     string
}

// Sell puts an order of a kind into a customer's hands.
func (p *Platform) Sell(b Business, k Kind) Ready {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial++
	what := kinds[k]
	r := Ready{Order: fmt.Sprintf("49%017d", p.serial), Title: what.title, Face: what.face, Price: what.price}
	for range what.count {
		p.serial++
		v := &voucher{code: fmt.Sprintf("0%03d%08d", p.serial%997, 10_000_019*p.serial%100_000_000), order: r.Order, serial: p.serial, kind: k, business: b, token: DiningToken}
		if b == Services {
			v.token = ServicesToken
		}
		if k == Stranger {
			v.token = StrangerToken
		}
		p.vouchers[v.code] = v
		p.order = append(p.order, v)
		r.Codes = append(r.Codes, v.code)
	}
	r.Code = r.Codes[0]
	return r
}

// Redeemed reports whether a code stands redeemed.
func (p *Platform) Redeemed(code string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.vouchers[code]
	return v != nil && v.used
}

func (v *voucher) book(p *Platform, used bool) {
	v.used = used
	fen := kinds[v.kind].face
	if !used {
		fen = -fen
	}
	p.books = append(p.books, Entry{Time: p.now(), Code: v.code, Fen: fen})
}

// of is the voucher of a code that the caller's shop may see, or why not.
func (p *Platform) of(q *request, name string) (*voucher, *failure) {
	v := p.vouchers[q.text(name)]
	switch {
	case v == nil || v.business != q.business:
		return nil, &failure{"SIM_NO_CODE", "券码不存在 " + q.text(name)}
	case v.token != q.token:
		return nil, &failure{"SIM_WRONG_SHOP", "该券不适用本店"}
	}
	return v, nil
}

// unused is the voucher of a code that could be redeemed, and all of its order.
func (p *Platform) unused(q *request, name string) (*voucher, []*voucher, *failure) {
	v, failed := p.of(q, name)
	if failed != nil {
		return nil, nil, failed
	}
	switch {
	case v.used:
		return nil, nil, &failure{"SIM_USED", "该券已使用 " + v.code}
	case v.kind == Expired:
		return nil, nil, &failure{"SIM_EXPIRED", "该券已过期"}
	case v.kind == Refunded:
		return nil, nil, &failure{"SIM_REFUNDED", "该券已退款"}
	case v.kind == Pending:
		return nil, nil, &failure{"SIM_FROZEN", "该券已冻结"}
	}
	list := []*voucher{v}
	for _, o := range p.order {
		if o.order == v.order && o != v && !o.used {
			list = append(list, o)
		}
	}
	return v, list, nil
}

// steal redeems the code of a call for another till.
func (p *Platform) steal(q *request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range []string{"code", "receiptCode"} {
		if v := p.vouchers[q.text(name)]; v != nil && !v.used {
			v.used, v.at, v.account = true, p.now(), "another till"
		}
	}
}
