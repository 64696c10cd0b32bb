package douyin

import (
	"context"
	"slices"
	"time"
)

// clockGrain is how much earlier than our own start the platform may have booked
// a redemption: its times are whole seconds, and ours is known to two.
const clockGrain = 5 * time.Second

// Outcome asks what became of v after a doubt, without sending it again. since
// is when v was first sent, by Client.Now.
//
// A use is Redeemed if the platform has it used in v.Shop, not before since, and
// not more often than v asked; Used if it was used elsewhere or earlier; Refused
// with NotRedeemed if it is unused, with Refunded if its money went back; Unknown
// if it is not listed, or used more often than v explains. The error is as of
// Verify. "Not redeemed" right after a cut may still change: the request can be
// on its way. It is final once the connection is gone and a while has passed, or
// after a Verify of the same v was answered.
//
// Another till of the same shop that redeems the same voucher in the same
// moments cannot be told apart by a query: let one till at a time redeem an
// order, and name in others the redemptions (verify_id) that are known to belong
// to other sales.
func (m *Merchant) Outcome(ctx context.Context, v *Verification, since time.Time, others ...ID) (*Verified, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	if since.IsZero() {
		return nil, invalid(QueryEndpoint, "since when is needed")
	}
	list, err := m.certificatesOf(ctx, v)
	if err != nil {
		return nil, err
	}
	out := &Verified{}
	for _, u := range v.Uses {
		out.Uses = append(out.Uses, u.judge(find(list, u), v.Shop, since.Add(-clockGrain), others)...)
	}
	return out, out.err(QueryEndpoint)
}

// certificatesOf asks by order, or voucher by voucher where it is not known.
func (m *Merchant) certificatesOf(ctx context.Context, v *Verification) ([]Certificate, error) {
	if v.Order != "" {
		return m.Certificates(ctx, CertificateQuery{Order: v.Order})
	}
	var all []Certificate
	for _, u := range v.Uses {
		list, err := m.Certificates(ctx, CertificateQuery{Encrypted: u.Code})
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func find(list []Certificate, u Use) *Certificate {
	for i := range list {
		c := &list[i]
		if u.Certificate != "" && c.ID == u.Certificate || same(c.Encrypted, u.Code) || same(c.Code, u.Code) {
			return c
		}
	}
	return nil
}

// judge tells what the platform's memory of a voucher means for a use of ours.
func (u Use) judge(c *Certificate, shop ID, since time.Time, others []ID) []UseOutcome {
	outcomes := make([]UseOutcome, u.times())
	set := func(verdict Verdict, reason Reason) []UseOutcome {
		for i := range outcomes {
			outcomes[i].Certificate = u.Certificate
			if outcomes[i].Verdict == Unknown {
				outcomes[i].Verdict, outcomes[i].Reason = verdict, reason
			}
		}
		return outcomes
	}
	if c == nil {
		return set(Unknown, NotFound)
	}
	var ours []Redemption
	for _, r := range c.redemptions() {
		if r.Shop == "" || r.Time.IsZero() {
			return set(Unknown, NotUnderstood) // whose it is cannot be told
		}
		if r.Shop == shop && !r.Time.Before(since) && !slices.Contains(others, r.Verify) {
			ours = append(ours, r)
		}
	}
	if c.TimesCard != nil && len(c.redemptions()) > int(c.TimesCard.Used) {
		return set(Unknown, NotUnderstood) // the count lags behind the list
	}
	ours = u.sincePrepared(c, ours)
	if len(ours) > len(outcomes) {
		return set(Unknown, ReasonOther) // more than we asked for: somebody else's are among them
	}
	for i, r := range ours {
		outcomes[i] = UseOutcome{Certificate: c.ID, Verdict: Redeemed, Verify: r.Verify, Time: r.Time, Serial: int64(r.Serial)}
	}
	if c.TimesCard != nil && !c.listed() && int(c.TimesCard.Used) != u.Before {
		return set(Unknown, NotUnderstood)
	}
	return set(c.otherwise())
}

// sincePrepared leaves out uses of a times-card that were there when it was
// prepared: two sales may follow each other within the grain of the clock.
func (u Use) sincePrepared(c *Certificate, ours []Redemption) []Redemption {
	if c.TimesCard == nil {
		return ours
	}
	slices.SortStableFunc(ours, func(a, b Redemption) int { return a.Time.Compare(b.Time.Time) })
	fresh := max(0, int(c.TimesCard.Used)-u.Before)
	return ours[max(0, len(ours)-fresh):]
}

// listed says whether the answer names every use it counts.
func (c *Certificate) listed() bool {
	uses := 0
	if c.Status == StatusUsed {
		uses = 1
	}
	if c.TimesCard != nil {
		uses = int(c.TimesCard.Used)
	}
	return len(c.redemptions()) >= uses
}

// otherwise is what a voucher says of a use that is not among its redemptions.
func (c *Certificate) otherwise() (Verdict, Reason) {
	switch {
	case c.Status == StatusRefunded || c.Status == StatusRefundAsked || c.Status == StatusRefunding:
		return Refused, Refunded
	case c.Status == StatusUsed && !c.listed():
		return Unknown, NotUnderstood
	case c.Status == StatusUsed:
		return Used, AlreadyUsed
	case c.Status == StatusUnused || c.Status == StatusInitial:
		return Refused, NotRedeemed
	}
	return Unknown, ReasonOther
}

// UndoState is what a query says about an Undo.
type UndoState uint8

// The states. The zero value is UndoUnknown.
const (
	UndoUnknown UndoState = iota
	Undone                // the redemption is gone: the voucher can be used again, or its money went back
	NotUndone             // it stands
)

// UndoOutcome asks whether one redemption still stands, after a Cancel without
// an answer. by finds its voucher. That an undone redemption leaves the voucher's
// list is inferred, not documented: where it stays, this says NotUndone, and
// Records shows its state.
func (m *Merchant) UndoOutcome(ctx context.Context, by CertificateQuery, certificate, verify ID) (UndoState, error) {
	list, err := m.Certificates(ctx, by)
	if err != nil {
		return UndoUnknown, err
	}
	for i := range list {
		if list[i].ID != certificate {
			continue
		}
		for _, r := range list[i].redemptions() {
			if r.Verify == verify {
				return NotUndone, nil
			}
		}
		if verdict, _ := list[i].otherwise(); verdict == Unknown || !list[i].listed() {
			return UndoUnknown, nil
		}
		return Undone, nil
	}
	return UndoUnknown, nil
}
