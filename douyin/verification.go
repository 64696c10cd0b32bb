package douyin

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openecr/openecr/pos"
)

// UsesMax bounds the vouchers and uses of one Verification. The platform sells
// ten vouchers in an order at most; a times-card may have more uses.
const UsesMax = 100

// Use is one voucher of a Verification.
type Use struct {
	Certificate ID
	// Code is the encrypted code, or the merchant's own code (三方码).
	Code Hidden
	// Times is how often; zero is once. More is for times-cards.
	Times int
	// Before is how often a times-card had been used when it was prepared.
	Before int
}

func (u Use) times() int { return max(1, u.Times) }

// Verification is everything a redemption consists of, before it is sent:
// the token that makes it one redemption however often it is sent, the shop and
// the vouchers. Make its Handle durable, then Verify.
type Verification struct {
	Token Hidden
	Shop  ID
	Order ID
	Uses  []Use
	// ThirdParty says that Uses hold the merchant's own codes.
	ThirdParty bool
	// Account is for cloud-chain merchants (云连锁) only.
	Account ID
	// Extra is verify_extra: dynamic vouchers (动态券), extra prices.
	Extra *VerifyExtra
}

// VerifyExtra is what a few kinds of voucher want besides.
type VerifyExtra struct {
	DynamicCoupon *DynamicCoupon `json:"dynamic_coupon_info,omitempty"`
	TotalVerify   *bool          `json:"total_verify,omitempty"`
	OfflinePrice  *OfflinePrice  `json:"offline_add_price_info,omitempty"`
}

// DynamicCoupon is how much of a voucher the bill uses.
type DynamicCoupon struct {
	Deducted Fen   `json:"actual_deduction_amount"`
	Time     int64 `json:"biz_time"` // seconds
}

// OfflinePrice says that the customer paid more at the till.
type OfflinePrice struct {
	Added bool `json:"is_offline_add_price"`
}

// Verification chooses vouchers of p for redemption in shop; none chosen is all,
// once each. Certificate and Times of a Use are read, the rest is filled in.
//
// Errors: ErrInvalid if p has no such voucher, or not so many uses.
func (p *Prepared) Verification(shop ID, chosen ...Use) (*Verification, error) {
	v := &Verification{Token: p.Token, Shop: shop, Order: p.Order}
	if len(chosen) == 0 {
		for i := range p.Certificates {
			chosen = append(chosen, Use{Certificate: p.Certificates[i].ID})
		}
	}
	for _, u := range chosen {
		c := p.certificate(u.Certificate)
		if c == nil {
			return nil, invalid(VerifyEndpoint, "certificate %s was not prepared", u.Certificate)
		}
		if u.Times < 0 || u.times() > c.Uses() {
			return nil, invalid(VerifyEndpoint, "certificate %s has %d uses left, not %d", u.Certificate, c.Uses(), u.Times)
		}
		u.Code = c.Encrypted
		if c.TimesCard != nil {
			u.Before = int(c.TimesCard.Used)
		}
		v.Uses = append(v.Uses, u)
	}
	return v, v.check()
}

func (p *Prepared) certificate(id ID) *Certificate {
	for i := range p.Certificates {
		if p.Certificates[i].ID == id {
			return &p.Certificates[i]
		}
	}
	return nil
}

// NewThirdParty makes the redemption of the merchant's own codes (三方码), which
// need no Prepare but their order. Its token is new: never make a second one
// while the first is in doubt, and never send two of one order at once.
func NewThirdParty(shop, order ID, codes ...pos.Secret) (*Verification, error) {
	token := make([]byte, 16)
	if _, err := rand.Read(token); err != nil {
		return nil, err
	}
	v := &Verification{Token: Hide(hex.EncodeToString(token)), Shop: shop, Order: order, ThirdParty: true}
	for _, c := range codes {
		v.Uses = append(v.Uses, Use{Code: Hidden{c}})
	}
	return v, v.check()
}

func (v *Verification) check() error {
	total := 0
	for i, u := range v.Uses {
		total += u.times()
		if u.Code.IsZero() {
			return invalid(VerifyEndpoint, "a voucher without its code")
		}
		if i < UsesMax && slices.ContainsFunc(v.Uses[:i], func(o Use) bool { return u.Certificate != "" && o.Certificate == u.Certificate }) {
			return invalid(VerifyEndpoint, "certificate %s twice; say how many times instead", u.Certificate)
		}
	}
	switch {
	case v.Token.IsZero():
		return invalid(VerifyEndpoint, "no verify_token")
	case v.Shop == "":
		return invalid(VerifyEndpoint, "the shop is needed")
	case v.ThirdParty && v.Order == "":
		return invalid(VerifyEndpoint, "third-party codes need their order")
	case total == 0 || total > UsesMax:
		return invalid(VerifyEndpoint, "%d uses, at least 1 and at most %d", total, UsesMax)
	}
	return nil
}

// hidden is what must not come back in an error.
func (v *Verification) hidden() []Hidden {
	all := []Hidden{v.Token}
	for _, u := range v.Uses {
		all = append(all, u.Code)
	}
	return all
}

// verifyBody is a Verification on the wire. Empty lists are left out.
type verifyBody struct {
	Token     string       `json:"verify_token"`
	Shop      ID           `json:"poi_id"`
	Encrypted []string     `json:"encrypted_codes,omitempty"`
	Codes     []string     `json:"codes,omitempty"`
	Order     ID           `json:"order_id,omitempty"`
	Account   ID           `json:"account_id,omitempty"`
	Extra     *VerifyExtra `json:"verify_extra,omitempty"`
}

func (v *Verification) body() verifyBody {
	b := verifyBody{Token: v.Token.text(), Shop: v.Shop, Account: v.Account, Extra: v.Extra}
	var codes []string
	for _, u := range v.Uses {
		for range u.times() {
			codes = append(codes, u.Code.text())
		}
	}
	if v.ThirdParty {
		b.Codes, b.Order = codes, v.Order
	} else {
		b.Encrypted = codes
	}
	return b
}

// handle is a Verification at rest.
type handle struct {
	Token      string       `json:"t"`
	Shop       ID           `json:"s"`
	Order      ID           `json:"o"`
	Account    ID           `json:"a,omitempty"`
	ThirdParty bool         `json:"p,omitempty"`
	Extra      *VerifyExtra `json:"x,omitempty"`
	Uses       []handleUse  `json:"u"`
}

type handleUse struct {
	Certificate ID     `json:"i,omitempty"`
	Code        string `json:"c"`
	Times       int    `json:"n,omitempty"`
	Before      int    `json:"b,omitempty"`
}

// handleMax bounds what ParseVerification reads.
const handleMax = 256 << 10

// ErrNeedsSeal says that a Handle would hold codes anybody could redeem.
var ErrNeedsSeal = errors.New("douyin: the merchant's own codes are kept sealed only")

// Handle writes v for a journal, so that after a crash the very same redemption
// can be sent again. It is base64 text: printable, without long runs of digits.
// With seal (AES-256-GCM, say) it is encrypted. Without, it holds the
// verify_token and the encrypted codes, which are worth nothing without the
// app's token; third-party codes are ErrNeedsSeal then.
func (v *Verification) Handle(seal cipher.AEAD) ([]byte, error) {
	if v.ThirdParty && seal == nil {
		return nil, ErrNeedsSeal
	}
	h := handle{Token: v.Token.text(), Shop: v.Shop, Order: v.Order, Account: v.Account, ThirdParty: v.ThirdParty, Extra: v.Extra}
	for _, u := range v.Uses {
		h.Uses = append(h.Uses, handleUse{u.Certificate, u.Code.text(), u.Times, u.Before})
	}
	b, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	if seal != nil {
		nonce := make([]byte, seal.NonceSize(), seal.NonceSize()+len(b)+seal.Overhead())
		if _, err := rand.Read(nonce); err != nil {
			return nil, err
		}
		b = seal.Seal(nonce, nonce, b, []byte(handleLabel))
	}
	return []byte(base64.RawURLEncoding.EncodeToString(b)), nil
}

// handleLabel binds a sealed handle to its purpose.
const handleLabel = "douyin verification"

// ParseVerification reads a Handle, with the seal it was written with.
func ParseVerification(b []byte, seal cipher.AEAD) (*Verification, error) {
	if len(b) > handleMax {
		return nil, fmt.Errorf("douyin: a handle of %d bytes is too long", len(b))
	}
	plain := make([]byte, base64.RawURLEncoding.DecodedLen(len(b)))
	n, err := base64.RawURLEncoding.Decode(plain, b)
	if err != nil {
		return nil, errors.New("douyin: not a handle")
	}
	if plain = plain[:n]; seal != nil {
		if n < seal.NonceSize() {
			return nil, errors.New("douyin: not a sealed handle")
		}
		if plain, err = seal.Open(nil, plain[:seal.NonceSize()], plain[seal.NonceSize():], []byte(handleLabel)); err != nil {
			return nil, errors.New("douyin: the handle was sealed with another key")
		}
	}
	var h handle
	if json.Unmarshal(plain, &h) != nil {
		return nil, errors.New("douyin: not a handle")
	}
	v := &Verification{Token: Hide(h.Token), Shop: h.Shop, Order: h.Order, Account: h.Account, ThirdParty: h.ThirdParty, Extra: h.Extra}
	for _, u := range h.Uses {
		v.Uses = append(v.Uses, Use{u.Certificate, Hide(u.Code), u.Times, u.Before})
	}
	return v, v.check()
}

// The pauses the platform asks for after a redemption without a clear answer
// (certificate.verify): five of 5 s, then 40 s each, 14 tries in all.
const (
	retriesSoon = 5
	retriesMax  = 14
	pauseSoon   = 5 * time.Second
	pauseLater  = 40 * time.Second
	// UndoWindow is how long after a redemption Cancel is taken. The platform may
	// close it earlier: CanCancel and its answer decide, not the clock.
	UndoWindow = time.Hour
)

// RetryDelay is the pause before try n of a Verify, counted from 0 for the
// first repetition; false says that there were enough.
func RetryDelay(n int) (time.Duration, bool) {
	switch {
	case n < 0 || n >= retriesMax:
		return 0, false
	case n < retriesSoon:
		return pauseSoon, true
	}
	return pauseLater, true
}
