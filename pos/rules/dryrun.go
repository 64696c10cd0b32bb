package rules

import (
	"context"
	"fmt"
	"time"

	"github.com/openecr/openecr/pos"
)

// MaxFindings bounds what a Report lists; what is beyond is only counted.
const MaxFindings = 10_000

// Report is what a file would have done to an old journal.
type Report struct {
	Revision string         `json:"revision,omitempty"`
	Judged   int            `json:"judged"`
	Denied   int            `json:"denied"`
	Asked    int            `json:"asked"`
	Alerts   int            `json:"alerts"`
	ByRule   map[string]int `json:"by_rule"` // alerts too
	Findings []Finding      `json:"findings"`
}

// Finding is one attempt that would not have gone ahead by itself.
type Finding struct {
	Attempt  pos.AttemptID `json:"attempt"`
	Time     time.Time     `json:"time"`
	Type     pos.Type      `json:"type"`
	Amount   pos.Money     `json:"amount"`
	Till     string        `json:"till"`
	Operator string        `json:"operator,omitempty"`
	Approver string        `json:"approver,omitempty"` // who agreed then
	Ruling   pos.Ruling    `json:"ruling"`
}

// DryRun judges every attempt of an old journal as if the file had been in
// force, and changes nothing: what would have been denied or asked, by rule.
// Of Options it needs Journal, and Book where the file has permissions; roles
// are those of today. shop is the one all of it happened in.
//
// What the journal does not tell is left out: how a code came in, and a card's
// first digits. What a denial would have kept out is counted all the same.
func DryRun(ctx context.Context, cfg *Config, o Options, shop string) (*Report, error) {
	if len(cfg.Permissions) > 0 && o.Book == nil {
		return nil, fmt.Errorf("%w: permissions: there is no book of operators to look roles up in", ErrConfig)
	}
	run := dryRun{r: &Rules{cfg: cfg, opt: o, n: NewCounters(cfg)}, shop: shop, payments: map[pos.AttemptID]paid{},
		report: &Report{Revision: cfg.Revision, ByRule: map[string]int{}, Findings: []Finding{}}}
	if err := each(ctx, o.Journal, pos.Filter{}, run.one); err != nil {
		return nil, fmt.Errorf("rules: %w: %w", pos.ErrJournal, err)
	}
	return run.report, nil
}

// paid is what a dry run remembers of a payment, for those that give it back.
type paid struct {
	attempt pos.Attempt
	back    int64
}

type dryRun struct {
	r        *Rules
	shop     string
	payments map[pos.AttemptID]paid
	report   *Report
}

func (d *dryRun) one(a pos.Attempt) {
	if a.State == pos.StateDenied {
		return
	}
	q := d.request(a)
	v := Judge(d.r.cfg, d.r.n, q)
	d.note(a, v)
	d.r.n.Observe(a)
	if !a.State.Paid() {
		return
	}
	if p, ok := d.payments[a.Original]; ok {
		p.back += a.Approved.Minor()
		d.payments[a.Original] = p
	}
	if a.Original == "" {
		d.payments[a.ID] = paid{attempt: pos.Attempt{ID: a.ID, Type: a.Type, State: a.State, Amount: a.Amount, Approved: a.Approved, Created: a.Created}}
	}
}

// request is the attempt as it was asked for.
func (d *dryRun) request(a pos.Attempt) Request {
	ask := pos.Ask{Action: d.r.n.actionOf(a), Type: a.Type, Attempt: a.ID, Till: a.Till, Shop: d.shop, Operator: a.Operator, Tender: a.Tender,
		Reference: a.Reference, Amount: a.Amount, Token: a.Token, Uses: a.Uses, Time: a.Created, Date: d.r.cfg.calendar.Date(a.Created)}
	if p, ok := d.payments[a.Original]; ok {
		ask.Original = &p.attempt
		ask.Sum = pos.FromMinor(p.back+a.Amount.Minor(), a.Amount.Currency())
	} else if a.Original != "" { // of before the journal, or of a completion
		ask.Original, ask.Sum = &pos.Attempt{ID: a.Original, Approved: a.Amount, Created: a.Created}, a.Amount
	}
	q := d.r.request(ask)
	q.Replayed = true
	return q
}

func (d *dryRun) note(a pos.Attempt, v Verdict) {
	r := d.report
	r.Judged++
	for _, alert := range v.Alerts {
		r.Alerts++
		r.ByRule[alert.Rule]++
	}
	switch v.Act {
	case pos.ActAllow:
		return
	case pos.ActAsk:
		r.Asked++
	default:
		r.Denied++
	}
	if r.ByRule[v.Rule]++; len(r.Findings) < MaxFindings {
		r.Findings = append(r.Findings, Finding{Attempt: a.ID, Time: a.Created, Type: a.Type, Amount: a.Amount, Till: a.Till,
			Operator: a.Operator, Approver: a.Approver, Ruling: v.Ruling})
	}
}
