package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
)

// Bounds of the memory.
const (
	// MaxFacts bounds the attempts of a business week and the day before it. A
	// journal with more than that is not counted any more: Judge fails, and so denies.
	MaxFacts = 250_000
	// MaxRedeemed bounds the redeemed vouchers that are remembered, newest first.
	MaxRedeemed = 200_000
	// RememberDays is how long redeemed vouchers are remembered after a restart.
	RememberDays = 92
	// maxAmount is what one attempt counts at most, in minor units, so that no sum overflows.
	maxAmount = 1 << 44
)

// fact is what the counters keep of one attempt.
type fact struct {
	id, original   pos.AttemptID
	seq, updated   int64
	action         pos.Action
	till, operator string
	tender, ref    string
	token, card    string
	amount         int64 // minor units: approved, or asked for while it has not ended
	currency       pos.Currency
	at             int64 // wall clock, nanoseconds
	day            int   // business day, days since 1970
	uses           int
	counted, tried bool // it holds money, or may; the peer may have heard of it
}

// use is how much of one limit is used up.
type use struct {
	minor int64
	count int
}

// useKey is one counter: a limit, a period and whose.
type useKey struct {
	limit, since int
	whose        string
}

// Counters are what has happened on a journal so far, as far as rules look
// back: an attempt for each of the current business week, and sums of them.
// They depend on nothing but the attempts observed.
type Counters struct {
	cfg      *Config
	today    int   // business day of the newest attempt
	newest   int64 // its sequence number
	facts    map[pos.AttemptID]*fact
	order    []*fact // by seq
	byToken  map[string][]*fact
	bills    map[string][]*fact // redemptions by reference
	uses     map[useKey]use
	redeemed map[string]map[pos.AttemptID]bool // which attempts used up a token
	redeems  map[pos.AttemptID]redemption      // also those of long ago
	queue    []pos.AttemptID                   // of redeems, oldest first
}

// redemption is what is remembered of one for long.
type redemption struct {
	tokens string
	undone bool
}

// NewCounters returns counters that have seen nothing.
func NewCounters(cfg *Config) *Counters {
	return &Counters{cfg: cfg, facts: map[pos.AttemptID]*fact{}, byToken: map[string][]*fact{}, bills: map[string][]*fact{},
		uses: map[useKey]use{}, redeemed: map[string]map[pos.AttemptID]bool{}, redeems: map[pos.AttemptID]redemption{}}
}

// Full reports whether more happened than is counted.
func (n *Counters) Full() bool { return len(n.facts) >= MaxFacts }

// day is the number of a business day since 1970.
func (c *Config) day(at time.Time) int { return dayOf(c.calendar.Date(at)) }

func dayOf(date string) int {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return 0 // Calendar.Date writes no such thing
	}
	return int(t.Unix() / int64(24*time.Hour/time.Second))
}

// monday is the first day of the day's week; 1970-01-01 was a Thursday.
func monday(day int) int { return day - (day+3)%7 }

// floor is the first day that is still kept: the week, and the day before it
// for what looks back some hours.
func floor(today int) int { return monday(today) - 1 }

// Observe takes an attempt as it stands now. The same again changes nothing;
// an older state of it is ignored.
func (n *Counters) Observe(a pos.Attempt) {
	if a.State == pos.StateDenied || a.Type == "" {
		return
	}
	n.remember(a)
	day := n.cfg.day(a.Created)
	old := n.facts[a.ID]
	switch {
	case old != nil && old.updated >= a.Updated:
		return
	case old == nil && (n.Full() || a.Seq < n.newest && day < floor(n.today)):
		return // of long ago
	}
	if a.Seq > n.newest {
		n.newest = a.Seq
		n.turn(day)
	}
	f := n.factOf(a, day)
	if old == nil {
		old = f
		n.insert(f)
	} else {
		n.count(old, -1)
		n.retoken(old, f.token)
		*old = *f
	}
	n.count(old, 1)
}

func (n *Counters) factOf(a pos.Attempt, day int) *fact {
	f := &fact{id: a.ID, original: a.Original, seq: a.Seq, updated: a.Updated, action: n.actionOf(a), till: a.Till, operator: a.Operator,
		tender: a.Tender, ref: a.Reference, token: a.Token, card: a.Token, amount: a.Amount.Minor(), currency: a.Amount.Currency(),
		at: a.Created.UnixNano(), day: day, uses: a.Uses, counted: a.State.Live() || a.State.Paid(), tried: a.State != pos.StateNotSent}
	if a.State.Paid() {
		f.amount = a.Approved.Minor()
	}
	if f.card == "" {
		f.card = a.Card
	}
	return f
}

// actionOf is the action that an attempt was.
func (n *Counters) actionOf(a pos.Attempt) pos.Action {
	switch a.Type {
	case pos.TypePreauth, pos.TypeCompletion:
		return pos.ActionCharge
	case pos.TypeVoid, pos.TypeRefund:
		if _, ok := n.redeems[a.Original]; ok {
			return pos.ActionUndoRedeem
		}
	}
	return pos.Action(a.Type)
}

// insert puts a new fact into every index, by its sequence number.
func (n *Counters) insert(f *fact) {
	n.facts[f.id] = f
	n.order = bySeq(n.order, f)
	if f.token != "" {
		n.byToken[f.token] = bySeq(n.byToken[f.token], f)
	}
	if f.action == pos.ActionRedeem {
		n.bills[f.ref] = bySeq(n.bills[f.ref], f)
	}
}

func bySeq(list []*fact, f *fact) []*fact {
	i, _ := slices.BinarySearchFunc(list, f, func(a, b *fact) int { return cmp.Compare(a.seq, b.seq) })
	return slices.Insert(list, i, f)
}

// retoken moves a fact whose token has become another.
func (n *Counters) retoken(f *fact, token string) {
	if f.token == token {
		return
	}
	n.drop(n.byToken, f.token, f)
	if token != "" {
		n.byToken[token] = bySeq(n.byToken[token], f)
	}
}

func (n *Counters) drop(index map[string][]*fact, key string, f *fact) {
	if list := slices.DeleteFunc(index[key], func(x *fact) bool { return x == f }); len(list) > 0 {
		index[key] = list
	} else {
		delete(index, key)
	}
}

// count adds a fact to the sums of every limit it falls under, or takes it away.
func (n *Counters) count(f *fact, sign int) {
	if !f.counted {
		return
	}
	for i := range n.cfg.Limits {
		l := &n.cfg.Limits[i]
		whose, ok := l.whose(f.till, f.operator, f.tender, f.token)
		if !ok || !l.covers(f.action, f.tender, f.currency) {
			continue
		}
		key := useKey{i, l.since(f.day), whose}
		u := n.uses[key]
		u.minor += int64(sign) * min(f.amount, maxAmount)
		u.count += sign
		if u == (use{}) {
			delete(n.uses, key)
		} else {
			n.uses[key] = u
		}
	}
}

// since is the first day of the limit's period.
func (l *Limit) since(day int) int {
	if l.Per == PerWeek {
		return monday(day)
	}
	return day
}

// whose is the key a limit counts under; of a single payment there is none.
func (l *Limit) whose(till, operator, tender, token string) (string, bool) {
	switch l.By {
	case ByAll:
		return "", true
	case ByTill:
		return till, true
	case ByOperator:
		return operator, true
	case ByTender:
		return tender, true
	case ByToken:
		return token, token != ""
	}
	return "", false
}

// covers reports whether a limit looks at such a payment.
func (l *Limit) covers(action pos.Action, tender string, currency pos.Currency) bool {
	return within(l.Actions, takings, action) && (len(l.Tenders) == 0 || slices.Contains(l.Tenders, tender)) &&
		(l.Max == (Sum{}) || l.Max.Currency() == currency) && (l.Min == (Sum{}) || l.Min.Currency() == currency)
}

func within(list, otherwise []pos.Action, a pos.Action) bool {
	if len(list) == 0 {
		list = otherwise
	}
	return slices.Contains(list, a)
}

// maxTurn is how many days a shop may be closed before what is old is kept
// for another day: a clock that ran ahead for a moment must not empty the counters.
const maxTurn = 7

// turn begins another business day, and forgets what no rule looks at any more.
func (n *Counters) turn(day int) {
	step := day - n.today
	n.today = day
	if step <= 0 || step > maxTurn {
		return
	}
	n.order = slices.DeleteFunc(n.order, func(f *fact) bool {
		if f.day >= floor(day) && f.day <= day+maxTurn {
			return false
		}
		n.count(f, -1)
		delete(n.facts, f.id)
		n.drop(n.byToken, f.token, f)
		n.drop(n.bills, f.ref, f)
		return true
	})
}

// remember keeps which vouchers are used up.
func (n *Counters) remember(a pos.Attempt) {
	switch {
	case a.Type == pos.TypeRedeem:
		r, known := n.redeems[a.ID]
		if !known {
			r.tokens = a.Token
			n.redeems[a.ID] = r
			if n.queue = append(n.queue, a.ID); len(n.queue) > MaxRedeemed {
				n.free(n.queue[0])
				delete(n.redeems, n.queue[0])
				n.queue = n.queue[1:]
			}
		}
		n.free(a.ID)
		if a.State.Live() || a.State.Paid() && !r.undone {
			n.hold(a.ID)
		}
	case (a.Type == pos.TypeVoid || a.Type == pos.TypeRefund) && a.State.Paid():
		if r, known := n.redeems[a.Original]; known {
			r.undone = true
			n.redeems[a.Original] = r
			n.free(a.Original)
		}
	}
}

func (n *Counters) hold(id pos.AttemptID) {
	for _, t := range strings.Fields(n.redeems[id].tokens) {
		if n.redeemed[t] == nil {
			n.redeemed[t] = map[pos.AttemptID]bool{}
		}
		n.redeemed[t][id] = true
	}
}

func (n *Counters) free(id pos.AttemptID) {
	for _, t := range strings.Fields(n.redeems[id].tokens) {
		if delete(n.redeemed[t], id); len(n.redeemed[t]) == 0 {
			delete(n.redeemed, t)
		}
	}
}

// Used is how much of a day's or week's limit is used up: the sum in minor
// units and the number of attempts. whose is the till, operator, tender or
// token the limit counts by, and empty for all.
func (n *Counters) Used(limit string, at time.Time, whose string) (minor int64, count int, err error) {
	for i := range n.cfg.Limits {
		if l := &n.cfg.Limits[i]; l.ID == limit {
			u := n.uses[useKey{i, l.since(n.cfg.day(at)), whose}]
			return u.minor, u.count, nil
		}
	}
	return 0, 0, fmt.Errorf("%w: there is no limit %q", ErrConfig, limit)
}
