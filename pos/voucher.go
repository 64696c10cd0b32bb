package pos

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// MaxVouchers bounds the uses of vouchers in one redemption: four full orders
// of the platform with the largest ones.
const MaxVouchers = 40

// Previewer is implemented by drivers of tenders that can be looked at before
// they are used, such as vouchers. Preview never uses anything up.
type Previewer interface {
	Preview(ctx context.Context, code Secret) (Preview, error)
}

// Preview is what a scanned or typed code stands for.
type Preview struct {
	Platform string    `json:"platform"`        // for people, and for receipts: "douyin"
	Order    string    `json:"order,omitempty"` // the platform's order
	Vouchers []Voucher `json:"vouchers"`
}

// Voucher is one voucher as its platform describes it.
type Voucher struct {
	ID       string    `json:"id"` // names it in RedeemRequest.Uses; never the code that redeems it
	Title    string    `json:"title"`
	Kind     string    `json:"kind,omitempty"`
	Worth    Money     `json:"worth"`             // what its next use counts in a sale
	Each     []Money   `json:"each,omitempty"`    // of every use left, in order, where they differ
	Price    Money     `json:"price,omitzero"`    // what the customer paid for all of it
	Receives Money     `json:"receives,omitzero"` // what the merchant will receive for the next use; zero if unknown
	Uses     int       `json:"uses"`              // left
	From     time.Time `json:"from,omitzero"`
	Expires  time.Time `json:"expires,omitzero"`
	Usable   bool      `json:"usable"`
	Why      string    `json:"why,omitempty"` // why it cannot be used now, for people
}

// VoucherUse says which voucher to use, and how often.
type VoucherUse struct {
	Voucher string // Voucher.ID
	Times   int    // zero is once
}

// RedeemRequest asks to use up vouchers (核销).
type RedeemRequest struct {
	// Tender, Reference, Due, Attempt and Operator are as in ChargeRequest.
	Tender    string
	Reference string
	Due       Money
	Attempt   AttemptID
	Operator  string
	// Code is what was scanned or typed. Codes are further ones, of other
	// orders, redeemed in the same attempt.
	Code  Secret
	Codes []Secret
	// Entry and Token are as in ChargeRequest.
	Entry CodeEntry
	Token string
	// Uses says which vouchers of the codes. Empty takes the only usable one of
	// each code, once; where there are several it is ErrInvalid.
	Uses []VoucherUse
	// Amount is what the vouchers count in this sale: what Preview told, or less
	// where the sale comes to less. Zero takes what they are worth: the Till
	// then looks first (Previewer), and refuses if that is more than Due.
	Amount Money
}

// charge is the part that every attempt has.
func (r RedeemRequest) charge() ChargeRequest {
	return ChargeRequest{Tender: r.Tender, Amount: r.Amount, Reference: r.Reference, Due: r.Due, Attempt: r.Attempt, Operator: r.Operator, Code: r.Code, Entry: r.Entry, Token: r.Token}
}

// times is how many vouchers it uses up.
func (r RedeemRequest) times() int {
	if len(r.Uses) == 0 {
		return 1 + len(r.Codes)
	}
	total := 0
	for _, u := range r.Uses {
		total += max(1, u.Times)
	}
	return total
}

// VoucherState is what became of one use of a voucher.
type VoucherState string

// The states. The zero value is not used: nobody knowing is VoucherUnknown.
const (
	VoucherRedeemed VoucherState = "redeemed"
	VoucherRefused  VoucherState = "refused" // not used up, definitely
	VoucherPending  VoucherState = "pending" // the platform holds it and may redeem it by itself
	VoucherUnknown  VoucherState = "unknown"
	VoucherUndone   VoucherState = "undone" // redeemed once, and taken back
)

// VoucherVerdict is what became of one use of a voucher. Ids are as KeepID writes them.
type VoucherVerdict struct {
	ID        string       `json:"id"`
	Title     string       `json:"title,omitempty"`
	Verdict   VoucherState `json:"verdict"`
	Code      string       `json:"code,omitempty"` // the platform's own, verbatim
	Text      string       `json:"text,omitempty"`
	Amount    Money        `json:"amount,omitzero"`     // what the use is worth
	Price     Money        `json:"price,omitzero"`      // what the customer paid for it
	Reference string       `json:"reference,omitempty"` // the platform's number of this redemption; empty if there is none
}

// keptMark begins an id that KeepID has rewritten.
const keptMark = "id:"

// keptGroup is how many digits stand together there: cards have at least four.
const keptGroup = 3

// KeepID writes a platform's id so that the journal takes it exactly: of an id
// that looks like a card number, which is refused or masked everywhere, the
// characters are grouped by three behind a mark. Other ids stay as they are.
func KeepID(id string) string {
	if !HoldsCardData(id) && !strings.HasPrefix(id, keptMark) {
		return id
	}
	var b strings.Builder
	b.WriteString(keptMark)
	for i, r := range []rune(id) {
		if i > 0 && i%keptGroup == 0 {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// PlainID is the id KeepID was given.
func PlainID(kept string) string {
	grouped, ok := strings.CutPrefix(kept, keptMark)
	if !ok {
		return kept
	}
	var b strings.Builder
	for i, r := range []rune(grouped) {
		if i%(keptGroup+1) != keptGroup {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// ChooseVouchers finds, for each preview, the vouchers that uses name, and what
// they are worth together. No uses name the only usable voucher of each preview.
// Errors wrap ErrInvalid: a voucher that is not there, not usable, or named twice.
func ChooseVouchers(previews []Preview, uses []VoucherUse) (chosen [][]VoucherUse, worth Money, err error) {
	chosen = make([][]VoucherUse, len(previews))
	found := map[string]bool{}
	for i, p := range previews {
		want := uses
		if len(uses) == 0 {
			only, err := p.only()
			if err != nil {
				return nil, worth, err
			}
			want = []VoucherUse{{Voucher: only.ID}}
		}
		for _, u := range want {
			v, ok := p.find(u.Voucher)
			if !ok {
				continue // of another code, or of none
			}
			if found[v.ID] {
				return nil, worth, fmt.Errorf("%w: voucher %s (%s) twice; say how many times instead", ErrInvalid, KeepID(v.ID), v.Title)
			}
			found[v.ID] = true
			u.Times = max(1, u.Times)
			if worth, err = v.add(worth, u.Times); err != nil {
				return nil, worth, err
			}
			chosen[i] = append(chosen[i], u)
		}
	}
	for _, u := range uses {
		if !found[u.Voucher] {
			return nil, worth, fmt.Errorf("%w: the code has no voucher %s", ErrInvalid, KeepID(u.Voucher))
		}
	}
	return chosen, worth, nil
}

// add adds what the next uses of a voucher are worth to a sum.
func (v Voucher) add(sum Money, times int) (Money, error) {
	if !v.Usable {
		return sum, fmt.Errorf("%w: %s: %s", ErrInvalid, v.Title, v.Why)
	}
	if times > v.Uses {
		return sum, fmt.Errorf("%w: %s has %d uses left, not %d", ErrInvalid, v.Title, v.Uses, times)
	}
	var err error
	for n := range times {
		if sum, err = plus(sum, v.worthOf(n)); err != nil {
			return sum, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	return sum, nil
}

// plus adds to a sum that may not have begun.
func plus(sum, m Money) (Money, error) {
	if sum == (Money{}) {
		return m, nil
	}
	return sum.Add(m)
}

func (v Voucher) worthOf(n int) Money {
	if n < len(v.Each) {
		return v.Each[n]
	}
	return v.Worth
}

func (p Preview) find(id string) (Voucher, bool) {
	for _, v := range p.Vouchers {
		if v.ID == id {
			return v, true
		}
	}
	return Voucher{}, false
}

// only is the one voucher that can be used.
func (p Preview) only() (Voucher, error) {
	var usable []Voucher
	why := "this code has no voucher that could be redeemed"
	for _, v := range p.Vouchers {
		if v.Usable {
			usable = append(usable, v)
		} else if v.Why != "" {
			why = v.Title + ": " + v.Why
		}
	}
	switch {
	case len(usable) == 1:
		return usable[0], nil
	case len(usable) > 1:
		return Voucher{}, fmt.Errorf("%w: %d vouchers could be used, say which", ErrInvalid, len(usable))
	}
	return Voucher{}, fmt.Errorf("%w: %s", ErrInvalid, why)
}

// Redeem uses up vouchers (核销). Errors are those of Charge: nil means that the
// whole amount is redeemed, ErrPartial that a part is; every use has its verdict
// in Attempt.Vouchers. What a platform holds for review is ErrOutcomeUnknown.
func (t *Till) Redeem(ctx context.Context, r RedeemRequest) (Attempt, error) {
	const op = string(TypeRedeem)
	leave, err := t.enter()
	if err != nil {
		return Attempt{}, &Error{Op: op, Class: ErrClosed}
	}
	defer leave()
	if r.Amount == (Money{}) {
		if r.Amount, err = t.worth(ctx, r); err != nil {
			return Attempt{}, &Error{Op: op, Class: classOfDriver(err), Err: err}
		}
	}
	o, err := t.incoming(TypeRedeem, r.charge())
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return Attempt{}, &Error{Op: op, Class: ErrInvalid, Err: err}
	}
	o.codes, o.uses, o.intent.Uses = r.Codes, r.Uses, r.times()
	o.intent.Digest = r.digest(o.intent.Reference)
	return t.run(ctx, o)
}

func (r RedeemRequest) check() error {
	total := len(r.Codes)
	for _, u := range r.Uses {
		if u.Voucher == "" || u.Times < 0 {
			return errors.New("a use names its voucher, and how often")
		}
		total += max(1, u.Times)
	}
	if total > MaxVouchers {
		return fmt.Errorf("more than %d uses in one redemption", MaxVouchers)
	}
	return nil
}

// worth is the amount of a redemption that names none: that of the attempt it
// repeats, or what the vouchers are worth.
func (t *Till) worth(ctx context.Context, r RedeemRequest) (Money, error) {
	if first, ok := t.redeemedBefore(ctx, r); ok {
		return first.Amount, nil
	}
	tender, err := t.tenderOf(r.charge())
	if err != nil {
		return Money{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	var previews []Preview
	for _, code := range append([]Secret{r.Code}, r.Codes...) {
		p, err := t.preview(ctx, tender, code)
		if err != nil {
			return Money{}, err
		}
		previews = append(previews, p)
	}
	_, sum, err := ChooseVouchers(previews, r.Uses)
	if err != nil {
		return sum, err
	}
	if cmp, err := sum.Cmp(r.Due); r.Due != (Money{}) && (err != nil || cmp > 0) {
		return sum, fmt.Errorf("%w: worth %s, but due is %s: name the amount it shall count for", ErrInvalid, sum, r.Due)
	}
	return sum, nil
}

// redeemedBefore finds the redemption that a request without an amount
// repeats: its vouchers are used by now, and a preview would only say so.
func (t *Till) redeemedBefore(ctx context.Context, r RedeemRequest) (Attempt, bool) {
	if r.Attempt != "" {
		a, err := t.cfg.Journal.Get(ctx, r.Attempt)
		return a, err == nil && a.Type == TypeRedeem && a.Digest == r.digest(a.Reference)
	}
	if r.Reference == "" || r.Due != (Money{}) {
		return Attempt{}, false // a further voucher of a split sale
	}
	list, err := t.cfg.Journal.Find(ctx, Filter{Reference: r.Reference, Types: []Type{TypeRedeem, TypeVoid, TypeRefund}, Limit: everything})
	if err != nil {
		return Attempt{}, false
	}
	given := map[AttemptID]bool{}
	for _, a := range list {
		if a.Type.takesBack() && a.State.Paid() {
			given[a.Original] = true
		}
	}
	for _, a := range list {
		if a.Type == TypeRedeem && a.Digest == r.digest(r.Reference) && (a.State.Live() || a.State.Paid() && !given[a.ID]) {
			return a, true
		}
	}
	return Attempt{}, false
}

// VoucherDigest knows a redemption of one code, all of it, again by Attempt.Digest, within
// its sale: to find the attempt that a code was redeemed by.
func VoucherDigest(reference string, code Secret) string {
	return RedeemRequest{Code: code}.digest(reference)
}

// digest is of the codes and uses, salted with the sale. It is cut so short that some sixty
// thousand codes of twelve digits share it: enough to tell one voucher from another
// at the same till, too little to find a code in a journal.
func (r RedeemRequest) digest(reference string) string {
	h := sha256.New()
	fmt.Fprintf(h, "voucher\x00%s\x00", reference)
	for _, code := range append([]Secret{r.Code}, r.Codes...) {
		code.Use(func(b []byte) { h.Write(b) })
		h.Write([]byte{0})
	}
	for _, u := range r.Uses {
		fmt.Fprintf(h, "%s\x00%d\x00", u.Voucher, max(1, u.Times))
	}
	return hex.EncodeToString(h.Sum(nil)[:digestLen])
}

// digestLen is the length of a digest in bytes.
const digestLen = 3

// Preview looks at a voucher without using it. Empty tender: as in
// ChargeRequest. Tenders that cannot be looked at return ErrUnsupported.
func (t *Till) Preview(ctx context.Context, tender string, code Secret) (Preview, error) {
	const op = "preview"
	leave, err := t.enter()
	if err != nil {
		return Preview{}, &Error{Op: op, Class: ErrClosed}
	}
	defer leave()
	tender, err = t.tenderOf(ChargeRequest{Tender: tender, Code: code})
	if err != nil {
		return Preview{}, &Error{Op: op, Class: ErrInvalid, Err: err}
	}
	p, err := t.preview(ctx, tender, code)
	if err != nil {
		return Preview{}, &Error{Op: op, Class: classOfDriver(err), Err: err}
	}
	return p, nil
}

func (t *Till) preview(ctx context.Context, tender string, code Secret) (Preview, error) {
	d, _, err := t.driver(tender)
	if err != nil {
		return Preview{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	p, ok := d.(Previewer)
	if !ok {
		return Preview{}, fmt.Errorf("%w: tender %q cannot be looked at", ErrUnsupported, tender)
	}
	return p.Preview(ctx, code)
}

// Bounds of what a verdict may say; MaxVouchers of them fit beside the rest of a reply.
const (
	maxVoucherTitle = 96
	maxVoucherText  = 160
	maxVoucherWord  = 64
)

// cleanVouchers bounds and masks what a platform said of vouchers.
func cleanVouchers(list []VoucherVerdict) []VoucherVerdict {
	var out []VoucherVerdict
	for _, v := range list[:min(len(list), MaxVouchers)] {
		v.ID, v.Reference = clip(MaskCardData(v.ID), maxVoucherWord), clip(MaskCardData(v.Reference), maxVoucherWord)
		v.Title, v.Text = clip(MaskCardData(v.Title), maxVoucherTitle), clip(MaskCardData(v.Text), maxVoucherText)
		v.Code = clip(MaskCardData(v.Code), maxVoucherWord)
		out = append(out, v)
	}
	return out
}

func (v VoucherVerdict) texts() []string {
	return []string{v.ID, v.Title, string(v.Verdict), v.Code, v.Text, v.Reference, string(v.Amount.Currency()), string(v.Price.Currency())}
}
