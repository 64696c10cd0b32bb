package reconcile

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/openecr/openecr/pos"
)

// Record is one redemption as the platform tells it.
type Record struct {
	Key      string // its number, as VoucherVerdict.Reference has it
	Voucher  string
	Order    string
	Title    string
	Shop     string
	Amount   pos.Money
	Time     time.Time
	Undone   bool
	UndoneAt time.Time
}

// Kind is what a finding is about.
type Kind string

// The kinds of finding. What matches is counted, not listed.
const (
	OnlyHere       Kind = "only_here"        // the journal has it redeemed, the platform does not know it
	OnlyThere      Kind = "only_there"       // the platform has it redeemed, the journal does not know it
	AmountDiffers  Kind = "amount_differs"   // both have it, with different amounts
	UndoneThere    Kind = "undone_elsewhere" // redeemed here, undone at the platform by somebody else
	UndoneHere     Kind = "undone_only_here" // undone here, and it stands at the platform
	Open           Kind = "open"             // the journal's attempt has not ended
	TwiceHere      Kind = "twice_here"       // two attempts claim one redemption
	TwiceThere     Kind = "twice_there"      // the platform lists one redemption twice
	NotYetInLedger Kind = "not_in_ledger"    // redeemed on both sides, but the ledger has nothing of it
)

// Finding is one difference, with the evidence of both sides.
type Finding struct {
	Kind      Kind          `json:"kind"`
	Key       string        `json:"key,omitempty"`
	Voucher   string        `json:"voucher,omitempty"`
	Order     string        `json:"order,omitempty"`
	Title     string        `json:"title,omitempty"`
	Shop      string        `json:"shop,omitempty"`
	Attempt   pos.AttemptID `json:"attempt,omitempty"`
	Till      string        `json:"till,omitempty"`
	Operator  string        `json:"operator,omitempty"`
	Reference string        `json:"reference,omitempty"`
	Here      pos.Money     `json:"here,omitzero"`
	There     pos.Money     `json:"there,omitzero"`
	HereTime  time.Time     `json:"here_time,omitzero"`
	ThereTime time.Time     `json:"there_time,omitzero"`
	Evidence  string        `json:"evidence"`
	Act       string        `json:"act"`
	Chinese   string        `json:"act_zh"`
}

// Report is the outcome of a reconciliation.
type Report struct {
	From     time.Time    `json:"from,omitzero"`
	To       time.Time    `json:"to,omitzero"`
	Matched  int          `json:"matched"`
	Undone   int          `json:"undone"` // on both sides
	Here     pos.Money    `json:"here"`   // what stands by the journal
	There    pos.Money    `json:"there"`  // by the platform
	Counts   map[Kind]int `json:"counts"`
	Findings []Finding    `json:"findings"`
	More     int          `json:"more,omitempty"` // findings beyond MaxFindings, which are counted only
}

// Equal says that there is nothing to do.
func (r Report) Equal() bool { return len(r.Findings) == 0 }

// MaxFindings bounds a report: a day that differs in more is not read line by line.
const MaxFindings = 100_000

// Options narrow a reconciliation.
type Options struct {
	// From and To bound the redemptions that are looked at. Journal and records
	// may reach beyond: a redemption at midnight is found by either clock.
	From, To time.Time
	// Currency of sums that nobody has; default CNY.
	Currency pos.Currency
	// Ledger, if given, is what the platform pays for: rows of one key are added up.
	Ledger iter.Seq2[Record, error]
	// LedgerUntil is the time up to which redemptions must be in the ledger.
	LedgerUntil time.Time
}

// line is one use of a voucher in the journal, small because there may be millions.
type line struct {
	attempt *attempt
	verdict *pos.VoucherVerdict
	undone  bool
	seen    bool
	gone    bool // undone at the platform
	paid    bool // seen in the ledger
	open    bool // of an attempt that is not decided
	key     string
}

// attempt is what is kept of an attempt: slips and handles are not.
type attempt struct {
	id        pos.AttemptID
	till      string
	operator  string
	reference string
	at        time.Time
	vouchers  []pos.VoucherVerdict
}

// matcher is one run.
type matcher struct {
	opt    Options
	report Report
	lines  map[string]*line
	// nameless are uses without the platform's number, by voucher: a person said that they
	// are redeemed, or nobody knows yet.
	nameless map[string][]*line
}

// Vouchers matches the redemptions of a journal with a platform's records. An
// error of either stream ends it: half a comparison proves nothing.
func Vouchers(attempts iter.Seq2[pos.Attempt, error], records iter.Seq2[Record, error], opt Options) (Report, error) {
	if opt.Currency == "" {
		opt.Currency = pos.CNY
	}
	zero := pos.FromMinor(0, opt.Currency)
	m := &matcher{opt: opt, lines: map[string]*line{}, nameless: map[string][]*line{}, report: Report{From: opt.From, To: opt.To, Here: zero, There: zero, Counts: map[Kind]int{}, Findings: []Finding{}}}
	if err := m.journal(attempts); err != nil {
		return m.report, err
	}
	for r, err := range records {
		if err == nil {
			err = m.record(r)
		}
		if err != nil {
			return m.report, err
		}
	}
	if err := m.leftovers(); err != nil {
		return m.report, err
	}
	if err := m.ledger(); err != nil {
		return m.report, err
	}
	slices.SortFunc(m.report.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Attempt, b.Attempt))
	})
	return m.report, nil
}

// journal reads the journal's side.
func (m *matcher) journal(attempts iter.Seq2[pos.Attempt, error]) error {
	var undone []string
	for a, err := range attempts {
		switch {
		case err != nil:
			return err
		case a.Type == pos.TypeRedeem && a.State.Live():
			m.open(a)
		case a.Type == pos.TypeRedeem:
			m.redemption(a)
		case a.Type == pos.TypeVoid && a.State.Paid():
			for _, v := range a.Vouchers {
				if v.Verdict == pos.VoucherUndone {
					undone = append(undone, v.Reference)
				}
			}
		}
	}
	for _, key := range undone {
		if l := m.lines[key]; l != nil {
			l.undone = true
		}
	}
	return nil
}

func (m *matcher) redemption(a pos.Attempt) {
	if len(a.Vouchers) == 0 {
		return
	}
	at := a.PeerTime
	if at.IsZero() {
		at = a.Created
	}
	kept := &attempt{a.ID, a.Till, a.Operator, a.Reference, at, a.Vouchers}
	block := make([]line, len(a.Vouchers))
	for i := range a.Vouchers {
		v := &a.Vouchers[i]
		standing := v.Verdict == pos.VoucherRedeemed && a.State.Paid()
		if a.State == pos.StateForced && v.Reference == "" {
			m.forced(&block[i], line{attempt: kept, verdict: v, key: fmt.Sprintf("%s/%d", a.ID, i)})
			continue
		}
		if v.Reference == "" || !standing && v.Verdict != pos.VoucherUndone {
			continue
		}
		block[i] = line{attempt: kept, verdict: v, undone: v.Verdict == pos.VoucherUndone}
		if first := m.lines[v.Reference]; first != nil {
			m.find(TwiceHere, first, Record{}, "also claimed by attempt "+string(a.ID))
			continue
		}
		m.lines[v.Reference] = &block[i]
	}
}

// forced keeps a use that a person said is redeemed.
func (m *matcher) forced(at *line, l line) {
	*at = l
	m.lines[l.key] = at
	m.nameless[l.verdict.ID] = append(m.nameless[l.verdict.ID], at)
}

// called finds the line of a record whose number the journal does not have.
func (m *matcher) called(r Record, key string) *line {
	for _, l := range m.nameless[pos.KeepID(r.Voucher)] {
		if !l.seen {
			delete(m.lines, l.key)
			if l.key = key; !l.open {
				m.lines[key] = l
			}
			return l
		}
	}
	return nil
}

// open lists an attempt nobody has decided yet.
func (m *matcher) open(a pos.Attempt) {
	for i := range a.Vouchers {
		v := &a.Vouchers[i]
		m.nameless[v.ID] = append(m.nameless[v.ID], &line{verdict: v, open: true})
	}
	if !m.within(a.Created) {
		return
	}
	m.add(Finding{Kind: Open, Attempt: a.ID, Till: a.Till, Operator: a.Operator, Reference: a.Reference, Here: a.Amount, HereTime: a.Created,
		Evidence: fmt.Sprintf("the journal has it as %s since %s", a.State, a.Changed.Format(time.DateTime))})
}

func (m *matcher) within(t time.Time) bool {
	return (m.opt.From.IsZero() || !t.Before(m.opt.From)) && (m.opt.To.IsZero() || t.Before(m.opt.To))
}

// record matches one of the platform's records.
func (m *matcher) record(r Record) error {
	key := pos.KeepID(r.Key)
	l := m.lines[key]
	if l == nil {
		l = m.called(r, key)
	}
	if l != nil && l.open {
		l.seen = true // the attempt is listed as open: nobody undoes what is not decided
		return m.sum(&m.report.There, r.Amount)
	}
	if l == nil {
		if r.Undone || !m.within(r.Time) {
			return nil // redeemed and undone without us
		}
		m.find(OnlyThere, nil, r, "the journal has no attempt with this number")
		return m.sum(&m.report.There, r.Amount)
	}
	if l.seen {
		m.find(TwiceThere, l, r, "listed a second time")
		return nil
	}
	l.seen, l.gone = true, r.Undone
	if !m.within(r.Time) && !m.within(l.attempt.at) {
		return nil
	}
	if !l.undone {
		if err := m.sum(&m.report.Here, l.verdict.Amount); err != nil {
			return err
		}
	}
	if !r.Undone {
		if err := m.sum(&m.report.There, r.Amount); err != nil {
			return err
		}
	}
	switch {
	case l.undone && r.Undone:
		m.report.Undone++
	case l.undone:
		m.find(UndoneHere, l, r, "undone by the journal, standing at the platform")
	case r.Undone:
		m.find(UndoneThere, l, r, "undone at the platform "+r.UndoneAt.Format(time.DateTime)+", not by this journal")
	case l.verdict.Amount != r.Amount:
		m.find(AmountDiffers, l, r, fmt.Sprintf("journal %s, platform %s", l.verdict.Amount, r.Amount))
	default:
		m.report.Matched++
	}
	return nil
}

// leftovers are what the platform does not know.
func (m *matcher) leftovers() error {
	for _, l := range m.lines {
		if l.seen || l.undone || !m.within(l.attempt.at) {
			continue
		}
		m.find(OnlyHere, l, Record{}, "the platform's records of the time have no such number")
		if err := m.sum(&m.report.Here, l.verdict.Amount); err != nil {
			return err
		}
	}
	return nil
}

// ledger looks for what was redeemed and is not paid for, or with another amount.
func (m *matcher) ledger() error {
	if m.opt.Ledger == nil {
		return nil
	}
	sums := map[string]pos.Money{}
	for r, err := range m.opt.Ledger {
		if err != nil {
			return err
		}
		l := m.lines[pos.KeepID(r.Key)]
		if l == nil {
			continue // listed by the records already
		}
		l.paid = true
		key := pos.KeepID(r.Key)
		was, ok := sums[key]
		if !ok {
			was = pos.FromMinor(0, r.Amount.Currency())
		}
		if sums[key], err = was.Add(r.Amount); err != nil {
			return err
		}
	}
	for key, l := range m.lines {
		if !l.seen || l.gone || l.undone || !m.within(l.attempt.at) {
			continue
		}
		if sum := sums[key]; l.paid && sum != l.verdict.Amount {
			m.find(AmountDiffers, l, Record{Amount: sum}, fmt.Sprintf("journal %s, ledger %s", l.verdict.Amount, sum))
		} else if !l.paid && l.attempt.at.Before(m.opt.LedgerUntil) {
			m.find(NotYetInLedger, l, Record{}, "redeemed, and not in the ledger")
		}
	}
	return nil
}

func (m *matcher) sum(to *pos.Money, amount pos.Money) error {
	if amount == (pos.Money{}) {
		return nil
	}
	next, err := to.Add(amount)
	if err != nil {
		return err
	}
	*to = next
	return nil
}

// find adds a finding of both sides.
func (m *matcher) find(kind Kind, l *line, r Record, evidence string) {
	f := Finding{Kind: kind, Key: r.Key, Voucher: r.Voucher, Order: r.Order, Title: r.Title, Shop: r.Shop, There: r.Amount, ThereTime: r.Time, Evidence: evidence}
	if l != nil {
		f.Key, f.Voucher, f.Title = pos.PlainID(l.verdict.Reference), pos.PlainID(l.verdict.ID), l.verdict.Title
		f.Attempt, f.Till, f.Operator, f.Reference = l.attempt.id, l.attempt.till, l.attempt.operator, l.attempt.reference
		f.Here, f.HereTime = l.verdict.Amount, l.attempt.at
	}
	m.add(f)
}

func (m *matcher) add(f Finding) {
	f.Act, f.Chinese = acts[f.Kind][0], acts[f.Kind][1]
	m.report.Counts[f.Kind]++
	if len(m.report.Findings) == MaxFindings {
		m.report.More++
		return
	}
	m.report.Findings = append(m.report.Findings, f)
}

// acts are what is proposed for each kind, in English and Chinese.
var acts = map[Kind][2]string{
	OnlyHere:       {"query the attempt; if the platform denies it, ask its support with order and number", "查询该笔;如平台无记录,凭订单与核销编号联系平台"},
	OnlyThere:      {"find who redeemed it (another till, the merchant's app); if nobody did, undo it within the hour", "查明由谁核销(其他收银台或商家App);无人认领则在一小时内撤销"},
	AmountDiffers:  {"book the platform's amount, and look why it differs", "以平台金额入账,并查明差异原因"},
	UndoneThere:    {"the voucher may be used again: find who undid it, and book the redemption back", "该券可再次使用:查明由谁撤销,并冲回销售"},
	UndoneHere:     {"undo it again, or apply for a refund once the hour is over", "再次撤销;超过一小时请申请退款"},
	Open:           {"till recover; then till resolve if it stays open", "执行 till recover;仍未了结再执行 till resolve"},
	TwiceHere:      {"one redemption was taken for two sales: find the second sale's payment", "同一核销被记入两笔销售:核对第二笔的收款"},
	TwiceThere:     {"tell the platform's support; do not book it twice", "联系平台;勿重复入账"},
	NotYetInLedger: {"wait a day, then ask the platform for the ledger entry", "次日复核,仍无则向平台查询账单"},
}
