package douyin

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
)

// look is what Prepare said of a code.
type look struct {
	prepared *Prepared
	at       time.Time
	tail     string // of a typed code, masked
}

// lookedMax is how many codes are remembered: those of one bill and the next.
const lookedMax = 16

// Preview asks the platform what a scanned or typed code stands for. Nothing is
// used up. What it learns may be redeemed while it is fresh.
//
// Errors: pos.ErrInvalid for a text that is no voucher of this platform or a
// link that leads nowhere; pos.ErrDeclined with the platform's *Error if it
// refuses the code; the *Error alone if it cannot be asked.
func (d *Driver) Preview(ctx context.Context, code pos.Secret) (pos.Preview, error) {
	d.mu.Lock()
	closed := d.closed
	d.mu.Unlock()
	if closed {
		return pos.Preview{}, errClosed
	}
	l, err := d.prepare(ctx, code)
	if err != nil {
		return pos.Preview{}, err
	}
	d.remember(code, l)
	return d.preview(l.prepared), nil
}

// prepare resolves a code and asks.
func (d *Driver) prepare(ctx context.Context, code pos.Secret) (*look, error) {
	s, err := d.cfg.Resolver.Resolve(ctx, reveal(code))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("%w: %w", ctx.Err(), err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", pos.ErrInvalid, err)
	case s.Kind == ScanMiniProgram:
		return nil, fmt.Errorf("douyin: %w: this is an order of a mini-program (小程序订单)", pos.ErrUnsupported)
	}
	p, err := d.m.Prepare(ctx, s.Request(d.cfg.Shop))
	if err != nil {
		return nil, beforeSend(err)
	}
	l := &look{prepared: p, at: time.Now()}
	if !s.Code.IsZero() {
		l.tail = s.Code.Tail()
	}
	return l, nil
}

// beforeSend gives a platform's error the Till's class.
func beforeSend(err error) error {
	switch {
	case errors.Is(err, ErrRefused), errors.Is(err, ErrPermission):
		return fmt.Errorf("%w: %w", pos.ErrDeclined, err)
	case errors.Is(err, ErrInvalid):
		return fmt.Errorf("%w: %w", pos.ErrInvalid, err)
	}
	return err
}

func digest(code pos.Secret) (sum [32]byte) {
	code.Use(func(b []byte) { sum = sha256.Sum256(b) })
	return sum
}

func (d *Driver) remember(code pos.Secret, l *look) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.looked) >= lookedMax {
		clear(d.looked)
	}
	d.looked[digest(code)] = l
}

// takeLook is what is known of a code, asked anew unless it is fresh. It goes
// with one redemption and is forgotten.
func (d *Driver) takeLook(ctx context.Context, code pos.Secret) (*look, error) {
	key := digest(code)
	d.mu.Lock()
	l := d.looked[key]
	delete(d.looked, key)
	d.mu.Unlock()
	if l != nil && time.Since(l.at) < d.cfg.Timing.Fresh {
		return l, nil
	}
	return d.prepare(ctx, code)
}

// preview is what the platform prepared, in the Till's words.
func (d *Driver) preview(p *Prepared) pos.Preview {
	out := pos.Preview{Platform: Platform, Order: string(p.Order)}
	for i := range p.Certificates {
		c := &p.Certificates[i]
		v := pos.Voucher{ID: string(c.ID), Title: c.SKU.Title, Kind: c.SKU.Kind.word(), Price: c.Amount.Pay.Money(), Uses: c.Uses(),
			From: c.Start.Time, Expires: c.Expire.Time}
		if v.Uses > pos.MaxVouchers {
			v.Uses = pos.MaxVouchers
		}
		for n := range v.Uses {
			v.Each = append(v.Each, c.amountOf(n).Original.Money())
		}
		if len(v.Each) > 0 {
			v.Worth, v.Receives = v.Each[0], c.amountOf(0).Merchant().Money()
		}
		if len(slices.Compact(slices.Clone(v.Each))) <= 1 {
			v.Each = nil
		}
		v.Why = d.unusable(c)
		v.Usable = v.Why == ""
		out.Vouchers = append(out.Vouchers, v)
	}
	return out
}

// amountOf is what the n-th of the uses left is worth: uses of a times-card
// have amounts of their own, or equal shares, the remainder in the first.
func (c *Certificate) amountOf(n int) Amount {
	if c.TimesCard == nil || c.TimesCard.Total <= 1 {
		return c.Amount
	}
	serial := c.TimesCard.Used + Count(n) + 1
	for _, s := range c.TimesCard.Serials {
		if s.Serial == serial {
			return s.Amount
		}
	}
	total := Fen(c.TimesCard.Total)
	share := func(f Fen) Fen {
		if serial == 1 {
			return f - f/total*(total-1)
		}
		return f / total
	}
	a := c.Amount
	return Amount{Original: share(a.Original), Pay: share(a.Pay), CouponPay: share(a.CouponPay), MerchantTicket: share(a.MerchantTicket), PlatformDiscount: share(a.PlatformDiscount)}
}

var kindWords = map[Kind]string{SetMeal: "set meal 团购", CashVoucher: "cash voucher 代金券", TimesCard: "times-card 次卡"}

func (k Kind) word() string {
	if w, ok := kindWords[k]; ok {
		return w
	}
	return "kind " + strconv.FormatInt(int64(k), 10)
}

// unusable is why a voucher cannot be redeemed here and now; "" if nothing is
// known that speaks against it. The platform remains the judge.
func (d *Driver) unusable(c *Certificate) string {
	now := d.m.c.Now()
	day := func(t Time) string { return t.In(china).Format("2006-01-02 15:04") }
	switch {
	case c.SKU.Account != "" && d.m.account != "" && c.SKU.Account != d.m.account:
		return "of another merchant (非本商家券)"
	case c.Status != StatusUnused && c.Status != StatusInitial:
		return fmt.Sprintf("%s (不可核销)", c.Status)
	case c.Uses() == 0:
		return "no use left (次数已用完)"
	case !c.Start.IsZero() && now.Before(c.Start.Time):
		return fmt.Sprintf("valid from %s (未到使用时间)", day(c.Start))
	case !c.Expire.IsZero() && !now.Before(c.Expire.Time):
		return fmt.Sprintf("expired on %s (已过期)", day(c.Expire))
	}
	return c.closedAt(now)
}

// closedAt honours the days on which a voucher does not hold. That week days
// count from 1, Monday, is inferred.
func (c *Certificate) closedAt(now time.Time) string {
	if c.NotAvailable == nil {
		return ""
	}
	today := now.In(china)
	weekday := Count(today.Weekday())
	if weekday == 0 {
		weekday = 7
	}
	if slices.Contains(c.NotAvailable.WeekDays, weekday) {
		return fmt.Sprintf("not valid on %ss (今日不可用)", today.Weekday())
	}
	for _, off := range c.NotAvailable.Dates {
		if !now.Before(off.Start.Time) && !now.After(off.End.Time) {
			return fmt.Sprintf("not valid until %s (该时段不可用)", off.End.In(china).Format("2006-01-02 15:04"))
		}
	}
	return ""
}
