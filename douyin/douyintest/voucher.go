package douyintest

import (
	"encoding/base64"
	"fmt"
	"time"
)

// Kind says what a ready voucher is for.
type Kind string

// The kinds on the shelf.
const (
	SetMeal     Kind = "set-meal"     // 团购套餐, redeems
	CashVoucher Kind = "cash-voucher" // 代金券, redeems
	TimesCard   Kind = "times-card"   // 次卡 of 5 uses
	Pair        Kind = "pair"         // an order of two vouchers
	Held        Kind = "held"         // 1229: kept for review, see Review
	Expired     Kind = "expired"
	NotYet      Kind = "not-yet"
	BranchOnly  Kind = "branch-only" // valid in Branch only
	Gifting     Kind = "gifting"     // 2119006
	RefundedOne Kind = "refunded"
	UsedOne     Kind = "used" // redeemed long ago in Branch
	ThirdParty  Kind = "third-party"
	Foreign     Kind = "foreign" // of the merchant Stranger
)

// Ready is a voucher to try.
type Ready struct {
	Kind        Kind
	Code        string // typed, 15 digits
	Link        string // what the customer's QR code says
	Data        string // encrypted_data behind it
	Order       string
	Certificate string
	Title       string
	Pay         int64 // fen, by the customer, for all uses
	Uses        int
}

// The states of a voucher, as the platform numbers them.
const (
	stateUnused   = 1
	stateUsed     = 2
	stateRefunded = 4
)

type order struct {
	id, account, data, link string
	pay                     int64
	vouchers                []*voucher
	product                 *product
	created                 time.Time
}

type product struct {
	id, title string
	kind      int
	shops     []string
}

type voucher struct {
	kind          Kind
	id, code, key string // key is the encrypted code
	order         *order
	pay, original int64
	platform      int64 // its subsidy
	uses          int
	state         int
	start, expire time.Time
	done          []*use
	held          *use // waits for Review
}

// use is one redemption.
type use struct {
	verify string
	shop   string
	at     time.Time
	serial int
	undone time.Time
}

func (v *voucher) standing() (n int) {
	for _, u := range v.done {
		if u.undone.IsZero() {
			n++
		}
	}
	return n
}

// shelf is what New stocks, this many orders of each kind.
var shelf = []struct {
	kind         Kind
	title        string
	groupon      int
	pay          int64
	platform     int64
	uses, number int
	many         int
}{
	{SetMeal, "双人火锅套餐", 1, 19400, 7495, 1, 1, 40},
	{CashVoucher, "100元代金券", 2, 8800, 0, 1, 1, 10},
	{TimesCard, "洗车5次卡", 3, 10001, 0, 5, 1, 6},
	{Pair, "单人午餐", 1, 2990, 100, 1, 2, 6},
	{Held, "四人烤肉套餐", 1, 29800, 0, 1, 1, 3},
	{Expired, "旧套餐", 1, 5000, 0, 1, 1, 2},
	{NotYet, "节日套餐", 1, 6000, 0, 1, 1, 2},
	{BranchOnly, "分店套餐", 1, 7000, 0, 1, 1, 2},
	{Gifting, "转赠中的套餐", 1, 7100, 0, 1, 1, 2},
	{RefundedOne, "已退款套餐", 1, 7200, 0, 1, 1, 2},
	{UsedOne, "已使用套餐", 1, 7300, 0, 1, 1, 2},
	{ThirdParty, "景区门票", 1, 7400, 0, 1, 1, 4},
	{Foreign, "别家套餐", 1, 7500, 0, 1, 1, 2},
}

func (p *Platform) stock() {
	for _, s := range shelf {
		item := &product{id: p.id(), title: s.title, kind: s.groupon, shops: []string{Shop, Branch}}
		switch s.kind {
		case BranchOnly:
			item.shops = []string{Branch}
		case Foreign:
			item.shops = []string{StrangerShop}
		}
		for range s.many {
			p.sell(item, s.kind, s.pay, s.platform, s.uses, s.number)
		}
	}
}

// Sell puts one more order of a kind on the shelf.
func (p *Platform) Sell(kind Kind) Ready {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.orders {
		v := o.vouchers[0]
		if v.kind == kind {
			return p.sell(o.product, kind, v.pay, v.platform, v.uses, len(o.vouchers)).ready()
		}
	}
	return Ready{}
}

func (p *Platform) sell(item *product, kind Kind, pay, platform int64, uses, number int) *order {
	now := p.now()
	o := &order{id: p.id(), account: Account, product: item, created: now.Add(-24 * time.Hour), pay: pay * int64(number)}
	if kind == Foreign {
		o.account = Stranger
	}
	o.data = "CgYIASAHKAESLgos" + p.noise(33) + "=="
	o.link = p.short()
	p.links["/"+o.link+"/"] = o.data
	for range number {
		v := &voucher{kind: kind, id: p.id(), code: fmt.Sprintf("1%014d", p.rng.Int64N(1e14)), key: "CgwIARDiHRjb" + p.noise(24) + "+/A=", order: o,
			pay: pay, original: pay + platform, platform: platform, uses: uses, state: stateUnused, start: now.Add(-48 * time.Hour), expire: now.Add(90 * 24 * time.Hour)}
		p.prepareKind(v, now)
		o.vouchers, p.vouchers = append(o.vouchers, v), append(p.vouchers, v)
	}
	p.orders = append(p.orders, o)
	return o
}

func (p *Platform) prepareKind(v *voucher, now time.Time) {
	switch v.kind {
	case Expired:
		v.expire = now.Add(-time.Hour)
	case NotYet:
		v.start = now.Add(24 * time.Hour)
	case RefundedOne:
		v.state = stateRefunded
	case UsedOne:
		v.state = stateUsed
		v.done = []*use{{verify: p.id(), shop: Branch, at: now.Add(-20 * time.Hour), serial: 1}}
	}
}

func (p *Platform) noise(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(p.rng.Uint32())
	}
	return base64.RawStdEncoding.EncodeToString(b)
}

// short is the path of a short link.
func (p *Platform) short() string {
	const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := make([]byte, 8)
	for i := range b {
		b[i] = letters[p.rng.IntN(len(letters))]
	}
	return string(b)
}

func (o *order) ready() Ready {
	v := o.vouchers[0]
	return Ready{Kind: v.kind, Code: v.code, Link: "https://v.douyin.com/" + o.link + "/", Data: o.data, Order: o.id, Certificate: v.id,
		Title: o.product.title, Pay: o.pay, Uses: v.uses}
}

// Ready lists an order of every kind and more, to try, in a fixed order.
func (p *Platform) Ready() []Ready {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []Ready
	for _, o := range p.orders {
		list = append(list, o.ready())
	}
	return list
}

// Of lists those of one kind.
func (p *Platform) Of(kind Kind) []Ready {
	var list []Ready
	for _, r := range p.Ready() {
		if r.Kind == kind {
			list = append(list, r)
		}
	}
	return list
}

// share is what use number serial of a voucher is worth: the remainder of a
// division goes to the first.
func share(total int64, uses, serial int) int64 {
	part := total / int64(uses)
	if serial == 1 {
		return total - part*int64(uses-1)
	}
	return part
}
