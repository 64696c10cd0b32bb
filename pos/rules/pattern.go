package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/openecr/openecr/pos"
)

// The ids of alerts. RuleVelocity is one too.
const (
	AlertMedian       = "alert.median"       // an amount far above the usual
	AlertRound        = "alert.round"        // round amounts in a row
	AlertNearLimit    = "alert.near_limit"   // again and again just below a limit
	AlertNight        = "alert.night"        // use at night
	AlertRefunds      = "alert.refunds"      // many refunds by one operator
	AlertUnreferenced = "alert.unreferenced" // a refund that names no sale
	AlertSameCard     = "alert.same_card"    // always the same card
)

var alertIDs = []string{RuleVelocity, AlertMedian, AlertRound, AlertNearLimit, AlertNight, AlertRefunds, AlertUnreferenced, AlertSameCard}

const (
	// maxRun bounds a pattern's length, and with it how far one looks back.
	maxRun = 100
	// maxBack is how many attempts are looked through for one pattern.
	maxBack = 500
	// fewest charges of which a median says something.
	fewest = 20
	// sample is of how many charges the median is taken.
	sample = 101
	// roundMajor: an amount of whole tens is round: 3 of 3 zeros with cents.
	roundMajor = 10
	// nearPart: the last tenth below a limit is near it.
	nearPart = 10
)

// Alert (告警) is an unusual pattern. It stops nothing.
type Alert struct {
	Rule     string        `json:"rule"`
	Text     string        `json:"text"`
	Chinese  string        `json:"text_zh"`
	Till     string        `json:"till"`
	Operator string        `json:"operator,omitempty"`
	Attempt  pos.AttemptID `json:"attempt,omitempty"` // of the request that completed the pattern
	Time     time.Time     `json:"time"`
}

// Sink takes alerts: a log, a screen in the office, a messenger. Alert is
// called from the goroutine that wants to pay and must not wait for anything.
type Sink interface {
	Alert(a Alert)
}

func (b *bench) alert(rule, text, chinese string) {
	if !slices.Contains(b.Alerts.Off, rule) {
		b.alerts = append(b.alerts, Alert{Rule: rule, Text: text, Chinese: chinese, Till: b.q.Till, Operator: b.q.Operator, Attempt: b.q.Attempt, Time: b.q.Time})
	}
}

// patterns looks for what is unusual about a request, whatever becomes of it.
func (b *bench) patterns() {
	switch b.q.Action {
	case pos.ActionCharge:
		b.median()
		b.round()
		b.sameCard()
		b.nearLimits()
		b.night()
	case pos.ActionRefund:
		b.refunds()
		b.nearLimits()
		b.night()
	case pos.ActionRedeem, pos.ActionUndoRedeem, pos.ActionVoid:
		b.night()
	}
}

// back visits the newest attempts first, up to maxBack of them.
func (b *bench) back(visit func(f *fact) (more bool)) {
	for i := len(b.n.order) - 1; i >= max(0, len(b.n.order)-maxBack); i-- {
		if f := b.n.order[i]; f.id != b.q.Attempt && !visit(f) {
			return
		}
	}
}

func (b *bench) median() {
	var buf [sample]int64
	amounts := buf[:0]
	b.back(func(f *fact) bool {
		if f.counted && f.action == pos.ActionCharge && f.till == b.q.Till && f.currency == b.q.Amount.Currency() {
			amounts = append(amounts, f.amount)
		}
		return len(amounts) < sample
	})
	if len(amounts) < fewest {
		return
	}
	slices.Sort(amounts)
	median := amounts[len(amounts)/2]
	if b.q.Amount.Minor()/int64(b.Alerts.Median) >= median {
		m := pos.FromMinor(median, b.q.Amount.Currency())
		b.alert(AlertMedian, fmt.Sprintf("%s is at least %d times the usual %s", b.q.Amount, b.Alerts.Median, m),
			fmt.Sprintf("金额 %s 达到平常 %s 的 %d 倍以上", b.q.Amount, m, b.Alerts.Median))
	}
}

// isRound reports whether an amount is in whole tens of the main unit.
func isRound(minor int64, c pos.Currency) bool {
	unit := int64(roundMajor)
	for range c.Exponent() {
		unit *= 10
	}
	return minor%unit == 0
}

func (b *bench) round() {
	if !isRound(b.q.Amount.Minor(), b.q.Amount.Currency()) {
		return
	}
	run := 1
	b.back(func(f *fact) bool {
		if f.action != pos.ActionCharge || f.operator != b.q.Operator || !f.counted {
			return true
		}
		if !isRound(f.amount, f.currency) {
			return false
		}
		run++
		return true
	})
	if run%b.Alerts.Round == 0 {
		b.alert(AlertRound, fmt.Sprintf("%d round amounts in a row", run), fmt.Sprintf("连续 %d 笔整数金额", run))
	}
}

func (b *bench) sameCard() {
	card, run := "", 0
	b.back(func(f *fact) bool {
		if f.action != pos.ActionCharge || f.till != b.q.Till || !f.counted {
			return true
		}
		if run == 0 {
			card = f.card
		}
		if f.card == "" || f.card != card {
			return false
		}
		run++
		return true
	})
	if run > 0 && run%b.Alerts.SameCard == 0 {
		b.alert(AlertSameCard, fmt.Sprintf("the last %d charges were from one card", run), fmt.Sprintf("最近 %d 笔均为同一张卡", run))
	}
}

func (b *bench) refunds() {
	if b.q.Original == nil {
		b.alert(AlertUnreferenced, "a refund names no sale", "退款未关联销售")
	}
	n := 1
	b.back(func(f *fact) bool {
		if f.counted && f.action == pos.ActionRefund && f.operator == b.q.Operator && f.day == b.day {
			n++
		}
		return true
	})
	if n%b.Alerts.Refunds == 0 {
		b.alert(AlertRefunds, fmt.Sprintf("%d refunds by one operator today", n), fmt.Sprintf("同一操作员今日退款 %d 笔", n))
	}
}

func (b *bench) night() {
	if open([]Opening{b.Alerts.Night}, b.local) {
		b.alert(AlertNight, fmt.Sprintf("in use at night: %s", b.local.Format("15:04")), fmt.Sprintf("夜间使用:%s", b.local.Format("15:04")))
	}
}

// nearLimits looks for a series just below what would be refused or asked about.
func (b *bench) nearLimits() {
	for _, limit := range b.bounds() {
		near := func(minor int64) bool { return minor <= limit && minor > limit-limit/nearPart }
		if !near(b.q.Amount.Minor()) {
			continue
		}
		n := 1
		b.back(func(f *fact) bool {
			if f.counted && f.action == b.q.Action && f.operator == b.q.Operator && f.day == b.day && f.currency == b.q.Amount.Currency() && near(f.amount) {
				n++
			}
			return true
		})
		if n%b.Alerts.NearLimit == 0 {
			m := pos.FromMinor(limit, b.q.Amount.Currency())
			b.alert(AlertNearLimit, fmt.Sprintf("%d payments just below %s today", n, m), fmt.Sprintf("今日 %d 笔金额接近限额 %s", n, m))
		}
	}
}

// bounds are the amounts up to which a request like this goes through.
func (b *bench) bounds() (list []int64) {
	for i := range b.Limits {
		if l := &b.Limits[i]; l.Per == PerPayment && l.Max != (Sum{}) && l.covers(b.q.Action, b.q.Tender, b.q.Amount.Currency()) {
			list = append(list, l.Max.Minor())
		}
	}
	if b.q.Action == pos.ActionRefund {
		for _, s := range b.Refund.Alone {
			if s.Currency() == b.q.Amount.Currency() {
				list = append(list, s.Minor())
			}
		}
	}
	return list
}
