package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"time"

	"github.com/openecr/openecr/pos"
)

// Form says which report it is.
type Form string

// The forms of report.
const (
	X     Form = "X"     // looks at any time, changes nothing 不清零
	Z     Form = "Z"     // closes the business day, numbered 日结
	Shift Form = "shift" // what operators must hand over 交班
)

// Report is the figures of one window. All amounts are integers of minor
// units, and no two currencies are ever added. Its JSON names stay.
type Report struct {
	Form   Form   `json:"form"`
	Number int    `json:"number,omitempty"` // of a Z
	Till   string `json:"till,omitempty"`   // empty: all lanes
	Day    Day    `json:"day,omitempty"`
	// From and To bound the window by time, [From, To). Of a Z they are the
	// moments of the closing before and its own, and bound nothing.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Since and UpTo bound it in the journal: records (Since, UpTo].
	Since      int64  `json:"since"`
	UpTo       int64  `json:"up_to"`
	Operator   string `json:"operator,omitempty"`
	Supervisor string `json:"supervisor,omitempty"` // who carried Open over

	Totals    []Line `json:"totals"`
	Tenders   []Line `json:"tenders"`
	Channels  []Line `json:"channels"`
	Hours     []Line `json:"hours"` // of the shop's clock, 00 to 23
	Operators []Line `json:"operators"`
	Vouchers  []Line `json:"vouchers"`

	Exceptions []Exception `json:"exceptions"`
	// Open had not ended when the report was made, or was not confirmed. In a
	// Z these are carried over: their money is in a later Z, once it is known.
	Open     []Item   `json:"open"`
	Forecast []Payout `json:"forecast"`
	Drawers  []Drawer `json:"drawers,omitempty"`
	// Check is a code over all of the above, of letters only. A Z made again
	// has the same one.
	Check string `json:"check"`
}

// Figure is how many and how much, in minor units. Both can be negative in a
// Z that takes back what an earlier one had counted.
type Figure struct {
	Count int64 `json:"count"`
	Minor int64 `json:"minor"`
}

// Line is one row of a section: everything of one key in one currency.
type Line struct {
	Key      string       `json:"key"`
	Currency pos.Currency `json:"currency"`
	Sales    Figure       `json:"sales"`
	Refunds  Figure       `json:"refunds"`
	Voids    Figure       `json:"voids"`
	// Net is sales less refunds and voids.
	Net int64 `json:"net_minor"`
	// Fee is what the channels keep, as far as known; Unpriced is how many
	// movements have no known fee.
	Fee      int64 `json:"fee_minor"`
	Unpriced int64 `json:"unpriced"`
	// Holds are pre-authorisations (预授权): no money yet.
	Holds Figure `json:"holds"`
}

// Money is an amount of the line.
func (l Line) Money(minor int64) pos.Money { return pos.FromMinor(minor, l.Currency) }

// What an exception is.
const (
	Unknown      = "UNKNOWN"       // sent, no outcome 结果未明
	Manual       = "MANUAL"        // a person must tell 待人工
	Forced       = "FORCED"        // a person said it is paid 人工认定
	Denied       = "DENIED"        // forbidden by a rule of the shop 规则拒绝
	Declined     = "DECLINED"      // refused by the peer 被拒
	LateApproval = "LATE_APPROVAL" // success heard of after the end 迟到成功
	OtherAlert   = "ALERT"         // other evidence that does not fit 告警
	Unconfirmed  = "UNCONFIRMED"   // approved, the register never confirmed 未确认
	Corrected    = "CORRECTED"     // an earlier Z had counted it otherwise 更正
)

// Exception is what somebody should look at, with the first of its attempts.
type Exception struct {
	Kind     string       `json:"kind"`
	Currency pos.Currency `json:"currency"`
	Figure
	Items []Item `json:"items,omitempty"`
}

// MaxItems is how many attempts of one exception a report names; the count is
// always whole, and the export holds them all.
const MaxItems = 100

// Item is one attempt in a list.
type Item struct {
	Attempt   pos.AttemptID `json:"attempt"`
	Reference string        `json:"reference"`
	Tender    string        `json:"tender"`
	Type      pos.Type      `json:"type"`
	State     pos.State     `json:"state"`
	Amount    pos.Money     `json:"amount"`
	Operator  string        `json:"operator,omitempty"`
	Reason    string        `json:"reason,omitempty"`
	Seq       int64         `json:"seq"`
}

func itemOf(a pos.Attempt) Item {
	return Item{a.ID, a.Reference, a.Tender, a.Type, a.State, a.Amount, a.Operator, a.Reason, a.Seq}
}

// Payout is what a channel should pay on a day (预计到账).
type Payout struct {
	Day      Day          `json:"day"`
	Tender   string       `json:"tender"`
	Currency pos.Currency `json:"currency"`
	Count    int64        `json:"count"`
	Net      int64        `json:"net_minor"`
	Fee      int64        `json:"fee_minor"`
	Pays     int64        `json:"pays_minor"` // net less fee
}

// Drawer is the cash of one operator (钱箱).
type Drawer struct {
	Operator string    `json:"operator"`
	Float    pos.Money `json:"float"`    // put in at the beginning 备用金
	Cash     pos.Money `json:"cash"`     // taken less given back, by the journal
	Expected pos.Money `json:"expected"` // what should be in it
	Counted  pos.Money `json:"counted"`  // what is in it 实点
	Over     pos.Money `json:"over"`     // counted less expected: below zero is short 长短款
}

// seal computes the check. The encoding is that of package json, whose order
// of fields is that of the type.
func (r *Report) seal() error {
	r.Check = ""
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	r.Check = letters(sum[:checkBytes])
	return nil
}

// checkBytes of the hash are kept: nobody finds another report with the same 128 bits.
const checkBytes = 16

// letters writes bytes without digits, so that no check can be taken for a card number.
func letters(b []byte) string {
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, 'a'+c>>4, 'a'+c&15)
	}
	return string(out)
}

func sortLines(list []Line) {
	slices.SortFunc(list, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Currency, b.Currency))
	})
}
