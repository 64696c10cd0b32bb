package meituan

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// look is what Prepare said of a code.
type look struct {
	code     pos.Secret
	tag      string
	prepared *Prepared
	at       time.Time
}

// lookedMax is how many codes are remembered: those of one bill and the next.
const lookedMax = 16

// Bounds of a code. The platform's have 10 to 12 digits; how long a scanned one
// may be is not published.
const (
	codeLeast = 4
	codeMost  = 64
)

// normal takes the blanks and dashes out of a typed code.
func normal(code pos.Secret) (pos.Secret, error) {
	text := strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSpace(reveal(code)))
	ok := len(text) >= codeLeast && len(text) <= codeMost
	for _, c := range []byte(text) {
		ok = ok && (c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')
	}
	if !ok {
		return pos.Secret{}, fmt.Errorf("meituan: %w: this is no voucher code of %d to %d letters and digits", pos.ErrInvalid, codeLeast, codeMost)
	}
	return pos.NewSecret([]byte(text)), nil
}

// tagBytes: 80 bits tell all codes of a shop apart.
const tagBytes = 10

// tag names a code without giving it away: keyed with the sign key, and spelt
// in letters, so that nobody takes it for a card number.
func (s *Shop) tag(code pos.Secret) string {
	var mac []byte
	s.c.cfg.SignKey.Use(func(key []byte) {
		h := hmac.New(sha256.New, key)
		h.Write([]byte("voucher tag " + reveal(code)))
		mac = h.Sum(nil)
	})
	var b strings.Builder
	for _, c := range mac[:tagBytes] {
		b.WriteByte('a' + c>>4)
		b.WriteByte('a' + c&15)
	}
	return b.String()
}

// tail is what may be shown of a code: its last four characters, if it has twelve.
func tail(code pos.Secret) string {
	if text := reveal(code); len(text) >= 12 {
		return "****" + text[len(text)-4:]
	}
	return "****"
}

// Preview asks the platform what a typed or scanned code stands for. Nothing is
// used up. What it learns may be redeemed while it is fresh.
//
// Errors: pos.ErrInvalid for a text that is no code; pos.ErrDeclined with the
// platform's *Error if it refuses the code; the *Error alone if it cannot be asked.
func (d *Driver) Preview(ctx context.Context, code pos.Secret) (pos.Preview, error) {
	d.mu.Lock()
	closed := d.closed
	d.mu.Unlock()
	if closed {
		return pos.Preview{}, errClosed
	}
	l, err := d.look(ctx, code)
	if err != nil {
		return pos.Preview{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.looked) >= lookedMax {
		clear(d.looked)
	}
	d.looked[l.tag] = l
	return d.preview(l), nil
}

func (d *Driver) look(ctx context.Context, code pos.Secret) (look, error) {
	code, err := normal(code)
	if err != nil {
		return look{}, err
	}
	p, err := d.shop.Prepare(ctx, code)
	if errors.Is(err, ErrRefused) {
		return look{}, fmt.Errorf("%w: %w", pos.ErrDeclined, err)
	}
	return look{code: code, tag: d.shop.tag(code), prepared: p, at: time.Now()}, err
}

// takeLook is what is known of a code, asked anew unless it is fresh. It goes
// with one redemption and is forgotten.
func (d *Driver) takeLook(ctx context.Context, code pos.Secret) (look, error) {
	clean, err := normal(code)
	if err != nil {
		return look{}, err
	}
	tag := d.shop.tag(clean)
	d.mu.Lock()
	l, ok := d.looked[tag]
	delete(d.looked, tag)
	d.mu.Unlock()
	if ok && time.Since(l.at) < d.cfg.Timing.Fresh {
		return l, nil
	}
	return d.look(ctx, code)
}

func (d *Driver) preview(l look) pos.Preview {
	p := l.prepared
	v := pos.Voucher{ID: l.tag, Title: p.Title, Kind: p.kind(), Worth: p.Face.Money(), Price: p.Price.Money(), Uses: min(p.Count, pos.MaxVouchers), Expires: p.Expire.Time}
	v.Why = p.unusable(d.shop.c.cfg.Clock())
	v.Usable = v.Why == ""
	return pos.Preview{Platform: Platform, Order: string(p.Order), Vouchers: []pos.Voucher{v}}
}

// Kinds of services retail in words.
var kinds = map[int]string{203: "group purchase 拼团", kindTimes: "times-card 次卡", 217: "universal voucher 通兑"}

func (p *Prepared) kind() string {
	switch word, ok := kinds[p.Kind]; {
	case ok:
		return word
	case p.Card:
		return "times-card 次卡"
	case p.Cash:
		return "cash voucher 代金券"
	}
	return "set meal 团购"
}

// unusable is why a voucher cannot be redeemed from here; the platform remains the judge.
func (p *Prepared) unusable(now time.Time) string {
	switch {
	case p.Card:
		return "times-cards are redeemed in the platform's own app (次卡请在开店宝核销)"
	case !p.Expire.IsZero() && now.After(p.lastMoment()):
		return "expired on " + p.Expire.In(China).Format(time.DateOnly) + " (已过期)"
	}
	return ""
}

// lastMoment is the end of validity: of a bare date, the end of that day.
func (p *Prepared) lastMoment() time.Time {
	end := p.Expire.In(China)
	if end.Hour() == 0 && end.Minute() == 0 && end.Second() == 0 {
		return end.AddDate(0, 0, 1)
	}
	return end
}
