package douyintest

import (
	"slices"
	"time"
)

// Entry is one line of the platform's books. Amount in fen is signed: what the
// merchant earns by it, before commission.
type Entry struct {
	Time        time.Time
	What        string // redeem, undo, refund
	Order       string
	Certificate string
	Verify      string
	Shop        string
	Serial      int
	Amount      int64
}

// Books are all lines so far.
func (p *Platform) Books() []Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.books)
}

// Net is the sum of the books in fen.
func (p *Platform) Net() (fen int64) {
	for _, e := range p.Books() {
		fen += e.Amount
	}
	return fen
}

// Redeemed says how many uses of a voucher stand.
func (p *Platform) Redeemed(certificate string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if v := p.byID(certificate); v != nil {
		return v.standing()
	}
	return 0
}

func (p *Platform) byID(certificate string) *voucher {
	for _, v := range p.vouchers {
		if v.id == certificate {
			return v
		}
	}
	return nil
}

// redeem books one use.
func (p *Platform) redeem(v *voucher, shop string) *use {
	u := &use{verify: p.id(), shop: shop, at: p.now(), serial: len(v.done) + 1}
	p.settle(v, u)
	return u
}

func (p *Platform) settle(v *voucher, u *use) {
	v.done = append(v.done, u)
	if v.standing() >= v.uses {
		v.state = stateUsed
	}
	p.book("redeem", v, u, v.worth(u))
}

func (v *voucher) worth(u *use) int64 { return share(v.original, v.uses, (u.serial-1)%v.uses+1) }

func (p *Platform) undo(v *voucher, u *use) {
	u.undone = p.now()
	v.state = stateUnused
	p.book("undo", v, u, -v.worth(u))
}

func (p *Platform) book(what string, v *voucher, u *use, amount int64) {
	e := Entry{p.now(), what, v.order.id, v.id, u.verify, u.shop, u.serial, amount}
	p.books = append(p.books, e)
	if p.cfg.Remember != nil {
		p.cfg.Remember(e)
	}
	p.note("%s %s in %s: %d fen", what, v.id, u.shop, amount)
}

// Review ends the review of a voucher that is Held: the platform redeems it by
// itself, or leaves it unused.
func (p *Platform) Review(certificate string, fine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.byID(certificate)
	if v == nil || v.held == nil {
		return
	}
	v.kind = SetMeal
	if fine {
		v.held.at = p.now()
		p.settle(v, v.held)
	}
	v.held = nil
}
