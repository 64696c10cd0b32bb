package douyin

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/openecr/openecr/pos"
)

// plan is what one order of a redemption or its undo consists of, as a journal
// keeps it beside the Verification.
type plan struct {
	Began   Time   `json:"b"` // by the platform's clock
	Order   ID     `json:"o"`
	Tickets []item `json:"t"`
}

// item is a voucher of a plan.
type item struct {
	Certificate ID     `json:"i"`
	Title       string `json:"n"`
	Card        bool   `json:"c,omitempty"` // a times-card
	Worth       []Fen  `json:"w"`           // of every use of ours
	Price       []Fen  `json:"p"`
	Verify      []ID   `json:"v,omitempty"` // of an undo: the redemptions
}

// titleMax bounds a title in a handle: forty of them must fit.
const titleMax = 60

// redemption is one order on its way: all that is needed to send it, to send it
// again, and to ask.
type redemption struct {
	plan plan
	v    *Verification
	done *Verified // what is known of it, one entry for every use
}

// Keys of the handle. Those of several orders are numbered.
const (
	keyPlan   = "plan"
	keyVerify = "verify"
	keyTail   = "code" // masked
)

// handle writes everything the redemption consists of.
func (d *Driver) handle(list []*redemption, tail string) (pos.Handle, error) {
	h := pos.Handle{}
	for i, r := range list {
		v, err := r.v.Handle(d.cfg.Seal)
		if err != nil {
			return nil, err
		}
		h[keyVerify+strconv.Itoa(i)] = string(v)
		h[keyPlan+strconv.Itoa(i)] = r.plan.text()
	}
	if tail != "" {
		h[keyTail] = tail
	}
	for k, v := range h {
		if len(v) > pos.MaxTextLen {
			return nil, fmt.Errorf("douyin: %w: %d bytes of %s are more than the journal takes; redeem fewer at once", pos.ErrInvalid, len(v), k)
		}
	}
	return h, nil
}

// text is base64: a journal must find no run of digits in it.
func (p plan) text() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // of strings and numbers
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parsePlan(text string) (p plan, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil || p.Order == "" {
		return p, fmt.Errorf("douyin: %w: the journal's note of this redemption cannot be read", pos.ErrManual)
	}
	for _, t := range p.Tickets {
		if len(t.Price) != len(t.Worth) {
			return p, fmt.Errorf("douyin: %w: the journal's note of this redemption does not add up", pos.ErrManual)
		}
	}
	return p, nil
}

// plans are those of a handle, in order.
func plans(h pos.Handle) (list []plan, err error) {
	for i := 0; ; i++ {
		text, ok := h[keyPlan+strconv.Itoa(i)]
		if !ok {
			break
		}
		p, err := parsePlan(text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("douyin: %w: the journal has no note of what was sent", pos.ErrManual)
	}
	return list, nil
}

// recall reads a redemption back from its handle.
func (d *Driver) recall(h pos.Handle) ([]*redemption, error) {
	all, err := plans(h)
	if err != nil {
		return nil, err
	}
	var list []*redemption
	for i, p := range all {
		v, err := ParseVerification([]byte(h[keyVerify+strconv.Itoa(i)]), d.cfg.Seal)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", pos.ErrManual, err)
		}
		list = append(list, &redemption{plan: p, v: v})
	}
	return list, nil
}

// use is one use of a redemption, flat, with what became of it.
type use struct {
	item  *item
	order ID
	n     int // of the item
	UseOutcome
}

// uses flattens redemptions in their order. What is not known is Unknown.
func uses(list []*redemption) (all []use) {
	for _, r := range list {
		at := 0
		for i := range r.plan.Tickets {
			it := &r.plan.Tickets[i]
			for n := range it.Worth {
				u := use{item: it, order: r.plan.Order, n: n, UseOutcome: UseOutcome{Certificate: it.Certificate, Reason: NotUnderstood}}
				if r.done != nil && at < len(r.done.Uses) {
					u.UseOutcome = r.done.Uses[at]
				}
				all, at = append(all, u), at+1
			}
		}
	}
	return all
}

// worth is what a use counts: by the platform's answer, else as prepared.
func (u use) worth() Fen {
	if u.Amount.Original > 0 {
		return u.Amount.Original
	}
	return u.item.Worth[u.n]
}

func (u use) price() Fen {
	if u.Amount.Original > 0 {
		return u.Amount.Pay
	}
	return u.item.Price[u.n]
}

var states = map[Verdict]pos.VoucherState{Redeemed: pos.VoucherRedeemed, Refused: pos.VoucherRefused, Used: pos.VoucherRefused, Pending: pos.VoucherPending}

// verdict is a use in the Till's words.
func (u use) verdict() pos.VoucherVerdict {
	v := pos.VoucherVerdict{ID: pos.KeepID(string(u.item.Certificate)), Title: u.item.Title, Verdict: states[u.Verdict], Amount: u.worth().Money(),
		Price: u.price().Money(), Reference: pos.KeepID(string(u.Verify))}
	if v.Verdict == "" {
		v.Verdict = pos.VoucherUnknown
	}
	if u.Verdict != Redeemed {
		v.Text = said(u.Text, u.Reason)
		if u.Code != 0 {
			v.Code = strconv.FormatInt(u.Code, 10)
		}
	}
	return v
}

// said is the platform's text with the reason in words.
func said(text string, reason Reason) string {
	switch {
	case text == "":
		return reason.String()
	case reason == ReasonOther:
		return text
	}
	return text + " (" + reason.String() + ")"
}

// reply is a whole redemption in the Till's words. What is pending or unknown
// leaves the outcome open.
func (d *Driver) reply(list []*redemption, asked pos.Money) pos.Reply {
	r := pos.Reply{Scheme: Platform, TerminalID: pos.KeepID(string(d.cfg.Shop)), MerchantID: pos.KeepID(string(d.m.account))}
	var redeemed, refused, open int
	var sum Fen
	for _, u := range uses(list) {
		v := u.verdict()
		r.Vouchers = append(r.Vouchers, v)
		switch u.Verdict {
		case Redeemed:
			redeemed++
			sum += u.worth()
			r.PeerTime = u.Time.Time
			if r.Receipt == "" {
				r.Receipt = v.Reference
			}
		case Refused, Used:
			refused++
			r.Code, r.Text = v.Code, v.Text
		default:
			open++
			r.Code, r.Text = v.Code, v.Text
		}
	}
	if len(list) == 1 {
		r.RRN = pos.KeepID(string(list[0].plan.Order))
	}
	switch {
	case open > 0:
	case redeemed > 0 && refused == 0:
		r.Outcome, r.Approved = pos.OutcomeApproved, asked
	case redeemed > 0:
		r.Outcome, r.Approved = pos.OutcomeApproved, pos.FromMinor(min(int64(sum), asked.Minor()), asked.Currency())
	case refused > 0:
		r.Outcome = pos.OutcomeDeclined
	}
	if r.Outcome == pos.OutcomeApproved {
		r.UndoUntil = d.undoUntil(r.PeerTime)
	}
	return r
}

// undoUntil is when the platform's hour ends, by the time of redemption where
// the platform names it.
func (d *Driver) undoUntil(redeemed time.Time) time.Time {
	if redeemed.IsZero() {
		redeemed = d.m.c.Now()
	}
	return redeemed.Add(UndoWindow).Truncate(time.Second)
}
