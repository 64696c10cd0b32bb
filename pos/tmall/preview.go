package tmall

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

// look is what notice and platform said of a code.
type look struct {
	code   pos.Secret
	tag    string
	issued Issued
	before *Before
	at     time.Time
}

// lookedMax is how many codes are remembered: those of one bill and the next.
const lookedMax = 16

// Bounds of a code. How long the platform's are is not published.
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
		return pos.Secret{}, fmt.Errorf("tmall: %w: this is no voucher code of %d to %d letters and digits", pos.ErrInvalid, codeLeast, codeMost)
	}
	return pos.NewSecret([]byte(text)), nil
}

// tagBytes: 80 bits tell all codes of a shop apart.
const tagBytes = 10

// tag names a code without giving it away: keyed with the secret, and spelt
// in letters, so that nobody takes it for a card number.
func (c *Client) tag(code pos.Secret) string {
	var mac []byte
	c.cfg.Secret.Use(func(key []byte) {
		h := hmac.New(sha256.New, key)
		h.Write([]byte("voucher tag " + reveal(code)))
		mac = h.Sum(nil)
	})
	var b strings.Builder
	for _, m := range mac[:tagBytes] {
		b.WriteByte('a' + m>>4)
		b.WriteByte('a' + m&15)
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
	in, err := d.cfg.Issued(ctx, code)
	if err != nil {
		return look{}, err
	}
	if in.Order == "" || in.Worth.Currency() != pos.CNY || in.Worth.Minor() <= 0 || in.Worth.Minor() > yuanMax {
		return look{}, fmt.Errorf("tmall: %w: the ticket's notice has no order or no worth in yuan", pos.ErrInvalid)
	}
	before, err := d.c.BeforeConsume(ctx, code, in, d.cfg.Station)
	if errors.Is(err, ErrRefused) {
		return look{}, fmt.Errorf("%w: %w", pos.ErrDeclined, err)
	}
	return look{code: code, tag: d.c.tag(code), issued: in, before: before, at: time.Now()}, err
}

// takeLook is what is known of a code, asked anew unless it is fresh. It goes
// with one redemption and is forgotten.
func (d *Driver) takeLook(ctx context.Context, code pos.Secret) (look, error) {
	clean, err := normal(code)
	if err != nil {
		return look{}, err
	}
	tag := d.c.tag(clean)
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
	v := pos.Voucher{ID: l.tag, Title: l.before.Title, Kind: "e-ticket 电子凭证", Worth: l.issued.Worth, Price: l.issued.Price, Uses: min(l.before.Left, pos.MaxVouchers),
		From: l.before.From.Time, Expires: l.before.Until.Time}
	v.Why = l.before.unusable(d.c.cfg.Clock())
	v.Usable = v.Why == ""
	return pos.Preview{Platform: Platform, Order: string(l.issued.Order), Vouchers: []pos.Voucher{v}}
}

// unusable is why a ticket cannot be redeemed now; the platform remains the judge.
func (b *Before) unusable(now time.Time) string {
	switch {
	case b.Left < 1:
		return "no use left (已用完)"
	case !b.From.IsZero() && now.Before(b.From.Time):
		return "valid from " + stamp(b.From.Time) + " (未到使用时间)"
	case !b.Until.IsZero() && now.After(b.Until.Time):
		return "expired on " + stamp(b.Until.Time) + " (已过期)"
	}
	return ""
}
