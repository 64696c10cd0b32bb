package douyin

import (
	"context"
	"fmt"
)

// Verdict is what became of one use of a voucher.
type Verdict uint8

// The verdicts. The zero value is Unknown.
const (
	Unknown  Verdict = iota // nobody knows: repeat the same Verification, or ask
	Redeemed                // done; hand over the goods
	Refused                 // not redeemed, definitely
	Used                    // redeemed before: AlreadyUsed. After a doubt it may be by us, see Merchant.Outcome
	Pending                 // the platform reviews it and may redeem it by itself
)

var verdictWords = [...]string{"unknown", "redeemed", "refused", "already used", "pending"}

// String is a word for people.
func (v Verdict) String() string {
	if int(v) < len(verdictWords) {
		return verdictWords[v]
	}
	return fmt.Sprintf("verdict %d", uint8(v))
}

// VerifyResult is the platform's word on one code (verify_results).
type VerifyResult struct {
	Result        Count  `json:"result"`
	Text          string `json:"msg"`
	Code          Hidden `json:"code"` // as it was sent
	Verify        ID     `json:"verify_id"`
	Certificate   ID     `json:"certificate_id"`
	CertificateNo Hidden `json:"certificate_no"`
	Origin        Hidden `json:"origin_code"`
	Account       ID     `json:"account_id"`
	Order         ID     `json:"order_id"`
	Product       ID     `json:"product_id"`
	Amounts       struct {
		TimesCard struct {
			Amount Amount `json:"amount"`
		} `json:"time_card_amount"`
		Serial struct {
			Serial Count  `json:"serial_numb"`
			Amount Amount `json:"amount"`
		} `json:"times_card_serial_amount"`
	} `json:"verify_amount_info"`
	Raw Hidden `json:"-"`
}

// UnmarshalJSON reads the platform's element and keeps it in Raw.
func (r *VerifyResult) UnmarshalJSON(b []byte) error {
	type fields VerifyResult
	return keep(b, (*fields)(r), &r.Raw)
}

// UseOutcome is what became of one use.
type UseOutcome struct {
	Certificate ID
	Verdict     Verdict
	Reason      Reason
	// Code and Text are the platform's, verbatim; 0 by a query.
	Code int64
	Text string
	// Verify names the redemption, for Cancel; "" if not redeemed.
	Verify ID
	Time   Time // by a query
	Serial int64
	Amount Amount // of this use, where the platform says it
}

// Verified is the outcome of a Verification, one entry for every use, in the
// order of Verification.Uses, each as often as it has Times.
type Verified struct {
	Uses  []UseOutcome
	LogID string
}

// Count says how many uses have the verdict.
func (v *Verified) Count(verdict Verdict) (n int) {
	for _, u := range v.Uses {
		if u.Verdict == verdict {
			n++
		}
	}
	return n
}

// err is nil only if every use is redeemed.
func (v *Verified) err(ep Endpoint) error {
	if len(v.Uses) > 0 && v.Count(Redeemed) == len(v.Uses) {
		return nil
	}
	e := &Error{Endpoint: ep, LogID: v.LogID, HTTPStatus: 200}
	pick := func(verdict Verdict, class error, retry bool) *Error {
		e.Class, e.Retry = class, retry
		for _, u := range v.Uses {
			if u.Verdict == verdict {
				e.Reason, e.Code, e.Text = u.Reason, u.Code, u.Text
				break
			}
		}
		return e
	}
	switch {
	case len(v.Uses) == 0 || v.Count(Unknown) > 0:
		return pick(Unknown, ErrDoubt, true)
	case v.Count(Pending) > 0:
		return pick(Pending, ErrPending, true)
	case v.Count(Redeemed) > 0 && v.Count(Refused) > 0:
		return pick(Refused, ErrPartial, false)
	case v.Count(Redeemed) > 0:
		return pick(Used, ErrPartial, false)
	case v.Count(Refused) > 0:
		return pick(Refused, ErrRefused, false)
	}
	return pick(Used, ErrRefused, false)
}

// Verify redeems (验券): it sends v once, or twice if the platform did not take
// the token. Have v.Handle durable before.
//
// nil: every use is redeemed. Otherwise the outcome of each use is returned
// beside the error wherever the platform named it: ErrRefused none is redeemed;
// ErrPartial some are; ErrPending the platform reviews; ErrDoubt repeat the same
// v (the token makes it one redemption) or ask with Outcome. AlreadyUsed
// (1208 or 2) on the first try means somebody else's; after a doubt ask Outcome.
// Every other class: nothing happened.
//
// Safe for concurrent use, but one order must not be redeemed by two at once.
func (m *Merchant) Verify(ctx context.Context, v *Verification) (*Verified, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	var reply struct {
		head
		Results []VerifyResult `json:"verify_results"`
	}
	a, err := m.post(ctx, VerifyEndpoint, v.body(), &reply, v.hidden()...)
	if err != nil {
		return nil, err
	}
	out := v.match(reply.Results)
	out.LogID = a.logID
	return out, out.err(VerifyEndpoint)
}

// match gives every use its result: by code, as the platform asks, else by
// certificate. Uses without a result stay Unknown.
func (v *Verification) match(results []VerifyResult) *Verified {
	taken := make([]bool, len(results))
	hidden := v.hidden()
	out := &Verified{}
	for _, u := range v.Uses {
		for range u.times() {
			o := UseOutcome{Certificate: u.Certificate, Reason: NotUnderstood}
			if i := findResult(results, taken, u); i >= 0 {
				taken[i] = true
				o = results[i].outcome(u, hidden)
			}
			out.Uses = append(out.Uses, o)
		}
	}
	return out
}

func findResult(results []VerifyResult, taken []bool, u Use) int {
	for i := range results {
		if !taken[i] && results[i].Code.Equal(u.Code) {
			return i
		}
	}
	for i := range results {
		if !taken[i] && results[i].Code.IsZero() && u.Certificate != "" && results[i].Certificate == u.Certificate {
			return i
		}
	}
	return -1
}

func (r *VerifyResult) outcome(u Use, hidden []Hidden) UseOutcome {
	o := UseOutcome{Certificate: r.Certificate, Code: int64(r.Result), Text: words(r.Text, hidden), Amount: r.amount(), Serial: int64(r.Amounts.Serial.Serial)}
	if o.Certificate == "" {
		o.Certificate = u.Certificate
	}
	switch m := meaningOf(o.Code); {
	case r.Result == 0 && r.Verify != "" && (u.Certificate == "" || o.Certificate == u.Certificate):
		o.Verdict, o.Verify = Redeemed, r.Verify
	case r.Result == 0: // a success that does not say which redemption, or of another voucher
		o.Reason = NotUnderstood
	case m.class == ErrPending:
		o.Verdict, o.Reason = Pending, m.reason
	case m.class == ErrDoubt:
		o.Reason = m.reason
	case m.reason == AlreadyUsed:
		o.Verdict, o.Reason = Used, m.reason
	default:
		o.Verdict, o.Reason = Refused, m.reason
	}
	return o
}

func (r *VerifyResult) amount() Amount {
	if r.Amounts.Serial.Serial != 0 {
		return r.Amounts.Serial.Amount
	}
	return r.Amounts.TimesCard.Amount
}
