package rules_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/rules"
)

var shanghai = time.FixedZone("CST", 8*3600)

// noon is a Wednesday.
var noon = time.Date(2026, 3, 18, 12, 0, 0, 0, shanghai)

func cny(minor int64) pos.Money { return pos.FromMinor(minor, pos.CNY) }

// parse reads a file that holds the sections given.
func parse(t testing.TB, sections string) *rules.Config {
	t.Helper()
	if sections != "" {
		sections = ", " + sections
	}
	c, err := rules.Parse([]byte(`{"version": 1, "calendar": {"zone": "Asia/Shanghai", "cut_off": "04:00"}, "currencies": ["CNY", "EUR"]` + sections + `}`))
	require.NoError(t, err)
	return c
}

// past is a journal in memory: attempts as they ended.
type past struct{ list []pos.Attempt }

func (p *past) add(ago time.Duration, change ...func(*pos.Attempt)) *past {
	seq := int64(10 * (len(p.list) + 1))
	a := pos.Attempt{ID: pos.AttemptID(fmt.Sprint("a", seq)), Type: pos.TypeCharge, State: pos.StateConfirmed, Till: "till-1", Operator: "li",
		Tender: "card", Reference: fmt.Sprint("o", seq), Amount: cny(1000), Seq: seq, Updated: seq, Created: noon.Add(-ago)}
	for _, f := range change {
		f(&a)
	}
	a.Approved = a.Amount
	p.list = append(p.list, a)
	return p
}

func (p *past) times(n int, change ...func(*pos.Attempt)) *past {
	for range n {
		p.add(time.Minute, change...)
	}
	return p
}

func amount(minor int64) func(*pos.Attempt)  { return func(a *pos.Attempt) { a.Amount = cny(minor) } }
func token(s string) func(*pos.Attempt)      { return func(a *pos.Attempt) { a.Token = s } }
func state(s pos.State) func(*pos.Attempt)   { return func(a *pos.Attempt) { a.State = s } }
func typed(y pos.Type) func(*pos.Attempt)    { return func(a *pos.Attempt) { a.Type = y } }
func reference(s string) func(*pos.Attempt)  { return func(a *pos.Attempt) { a.Reference = s } }
func operator(s string) func(*pos.Attempt)   { return func(a *pos.Attempt) { a.Operator = s } }
func of(id pos.AttemptID) func(*pos.Attempt) { return func(a *pos.Attempt) { a.Original = id } }
func card(s string) func(*pos.Attempt)       { return func(a *pos.Attempt) { a.Card = s } }
func ask(f func(*pos.Ask)) func(rules.Request) rules.Request {
	return func(q rules.Request) rules.Request { f(&q.Ask); return q }
}

func judge(c *rules.Config, p *past, change func(rules.Request) rules.Request) rules.Verdict {
	n := rules.NewCounters(c)
	if p != nil {
		for _, a := range p.list {
			n.Observe(a)
		}
	}
	q := rules.Request{Role: operators.Cashier, Ask: pos.Ask{Action: pos.ActionCharge, Type: pos.TypeCharge, Attempt: "new", Till: "till-1", Shop: "shop-7",
		Operator: "li", Tender: "card", Reference: "order", Amount: cny(1000), Time: noon}}
	if change != nil {
		q = change(q)
	}
	return rules.Judge(c, n, q)
}

func refund(sum int64) func(rules.Request) rules.Request {
	return ask(func(a *pos.Ask) {
		a.Action, a.Type, a.Sum, a.Amount = pos.ActionRefund, pos.TypeRefund, cny(sum), cny(100)
		a.Original = &pos.Attempt{ID: "a10", Approved: cny(100_000)}
	})
}

func void(approved int64) func(rules.Request) rules.Request {
	return ask(func(a *pos.Ask) {
		a.Action, a.Type, a.Amount = pos.ActionVoid, pos.TypeVoid, cny(approved)
		a.Original = &pos.Attempt{ID: "a10", Type: pos.TypeCharge, Approved: cny(approved)}
	})
}

func redeem(f func(*pos.Ask)) func(rules.Request) rules.Request {
	return ask(func(a *pos.Ask) {
		a.Action, a.Type, a.Tender, a.Uses, a.Entry = pos.ActionRedeem, pos.TypeRedeem, "douyin", 1, pos.EntryScanned
		if f != nil {
			f(a)
		}
	})
}

func undo(ago time.Duration) func(rules.Request) rules.Request {
	return ask(func(a *pos.Ask) {
		a.Action, a.Type = pos.ActionUndoRedeem, pos.TypeVoid
		a.Original = &pos.Attempt{ID: "a10", Type: pos.TypeRedeem, Approved: cny(1000), Created: noon.Add(-ago)}
	})
}

func sumOf(minor int64) func(rules.Request) rules.Request {
	return ask(func(a *pos.Ask) { a.Amount = cny(minor) })
}

func at(when time.Time) func(rules.Request) rules.Request {
	return ask(func(a *pos.Ask) { a.Time = when })
}

func withToken(s string) func(rules.Request) rules.Request {
	return ask(func(a *pos.Ask) { a.Token = s })
}

func withBIN(s string) func(rules.Request) rules.Request {
	return ask(func(a *pos.Ask) { a.BIN = s })
}

func as(name string, role operators.Role, action pos.Action) func(rules.Request) rules.Request {
	return func(q rules.Request) rules.Request {
		q.Operator, q.Role, q.Action = name, role, action
		return q
	}
}

const (
	roles    = `"permissions": {"cashier": {"may": ["charge"], "ask": ["void"]}, "supervisor": {"may": ["*"]}}`
	payment  = `"limits": [{"id": "one", "per": "payment", "tenders": ["card"], "min": "1.00 CNY", "max": "50.00 CNY"}]`
	daily    = `"limits": [{"id": "day", "per": "day", "by": "%s", "max": "50.00 CNY"%s}]`
	weekly   = `"limits": [{"id": "week", "per": "week", "by": "till", "count": 2, "act": "ask"}]`
	hours    = `"hours": {"open": [{"days": ["wed"], "from": "22:00", "to": "02:00"}, {"from": "09:00", "to": "18:00"}], "closed": ["2026-03-19"]}`
	listed   = `"lists": [{"id": "bad", "list": "block", "tokens": ["tok-x"], "bins": ["622200-622299", "41111111"], "from": "2026-03-01", "until": "2026-03-18"}, {"id": "vip", "list": "allow", "tokens": ["tok-x"], "tenders": ["wechat"]}]`
	only     = `"lists": [{"id": "staff", "list": "only", "tokens": ["tok-x"], "tenders": ["canteen"]}]`
	vouchers = `"vouchers": {%s}`
)

// Every rule, on both sides of its line.
func TestEveryRule(t *testing.T) {
	minute := func(n int) *past { return new(past).times(n, token("tok"), state(pos.StateDeclined)) }
	for _, c := range []struct {
		name     string
		sections string
		past     *past
		change   func(rules.Request) rules.Request
		act      pos.Act
		rule     string
		says     string
	}{
		{"nothing forbids", "", nil, nil, pos.ActAllow, "", ""},

		{"a cashier may charge", roles, nil, nil, pos.ActAllow, "", ""},
		{"a cashier asks for a void", roles, nil, as("li", operators.Cashier, pos.ActionVoid), pos.ActAsk, "permission", "may not do this alone: void"},
		{"a cashier may not refund", roles, nil, as("li", operators.Cashier, pos.ActionSettle), pos.ActDeny, "permission", "a cashier may not do this: settle"},
		{"a supervisor may do everything", roles, nil, as("boss", operators.Supervisor, pos.ActionZ), pos.ActAllow, "", ""},
		{"a stranger may do nothing", roles, nil, as("x", "", pos.ActionCharge), pos.ActDeny, "permission", `nobody called "x" works here`},
		{"nobody may do nothing", roles, nil, as("", "", pos.ActionCharge), pos.ActDeny, "permission", "nobody is named"},

		{"a currency of the shop", "", nil, ask(func(a *pos.Ask) { a.Amount = pos.FromMinor(1, pos.EUR) }), pos.ActAllow, "", ""},
		{"a foreign currency", "", nil, ask(func(a *pos.Ask) { a.Amount = pos.FromMinor(1, pos.USD) }), pos.ActDeny, "currency", "takes [CNY EUR], not USD"},

		{"practice in training", `"training": {"on": true, "tenders": ["card"]}`, nil, nil, pos.ActAllow, "", ""},
		{"business in training", `"training": {"on": true, "tenders": ["practice"]}`, nil, nil, pos.ActDeny, "training", "moves real money"},
		{"practice in business", `"training": {"on": false, "tenders": ["card"]}`, nil, nil, pos.ActDeny, "training", "for training only"},

		{"in hours", hours, nil, nil, pos.ActAllow, "", ""},
		{"at closing time", hours, nil, at(noon.Add(6 * time.Hour)), pos.ActDeny, "hours", "closed: Wed 2026-03-18 18:00"},
		{"past midnight of an open night", hours, nil, at(noon.Add(13 * time.Hour)), pos.ActAllow, "", ""},
		{"past midnight of another", hours, nil, at(noon.Add(-11 * time.Hour)), pos.ActDeny, "hours", ""},
		{"on a closed date", hours, nil, at(noon.Add(24 * time.Hour)), pos.ActDeny, "hours", ""},
		{"a settlement at night", hours, nil, as("li", operators.Cashier, pos.ActionSettle), pos.ActAllow, "", ""},

		{"at the least", payment, nil, sumOf(100), pos.ActAllow, "", ""},
		{"below the least", payment, nil, sumOf(99), pos.ActDeny, "limit.one", "0.99 CNY is less than 1.00 CNY"},
		{"at the most", payment, nil, sumOf(5000), pos.ActAllow, "", ""},
		{"above the most", payment, nil, sumOf(5001), pos.ActDeny, "limit.one", "50.01 CNY is more than 50.00 CNY in one payment"},
		{"above it on another tender", payment, nil, ask(func(a *pos.Ask) { a.Tender, a.Amount = "wechat", cny(5001) }), pos.ActAllow, "", ""},

		{"the day is just full", fmt.Sprintf(daily, "till", ""), new(past).times(4), nil, pos.ActAllow, "", ""},
		{"the day is over-full", fmt.Sprintf(daily, "till", ""), new(past).times(4), sumOf(1001), pos.ActDeny, "limit.day", "40.00 CNY of 50.00 CNY a day are used up, 10.01 CNY is too much (by till)"},
		{"what is under way counts", fmt.Sprintf(daily, "till", ""), new(past).times(5, state(pos.StateUnknown)), nil, pos.ActDeny, "limit.day", ""},
		{"what was refused does not", fmt.Sprintf(daily, "till", ""), new(past).times(5, state(pos.StateDeclined)), nil, pos.ActAllow, "", ""},
		{"what was given back does", fmt.Sprintf(daily, "till", ""), new(past).times(5).add(0, typed(pos.TypeVoid), of("a10")), nil, pos.ActDeny, "limit.day", ""},
		{"yesterday does not", fmt.Sprintf(daily, "till", ""), new(past).add(8*time.Hour+time.Second, amount(5000)), nil, pos.ActAllow, "", ""},
		{"since the cut-off it does", fmt.Sprintf(daily, "till", ""), new(past).add(8*time.Hour, amount(5000)), nil, pos.ActDeny, "limit.day", ""},
		{"another operator's day", fmt.Sprintf(daily, "operator", ""), new(past).times(5, operator("wang")), nil, pos.ActAllow, "", ""},
		{"a card's day", fmt.Sprintf(daily, "token", ""), new(past).times(1, token("tok"), amount(5000)), withToken("tok"), pos.ActDeny, "limit.day", ""},
		{"no card's day", fmt.Sprintf(daily, "token", ""), new(past).times(5), nil, pos.ActAllow, "", ""},
		{"the day of all, by tender", fmt.Sprintf(daily, "tender", `, "tenders": ["card"]`), new(past).times(5), nil, pos.ActDeny, "limit.day", ""},
		{"all together", fmt.Sprintf(daily, "all", ""), new(past).times(5, operator("wang")), nil, pos.ActDeny, "limit.day", ""},
		{"two of a week", weekly, new(past).add(50 * time.Hour), nil, pos.ActAllow, "", ""},
		{"three of a week", weekly, new(past).add(50 * time.Hour).add(time.Hour), nil, pos.ActAsk, "limit.week", "all 2 a week are used up"},
		{"last week's", weekly, new(past).add(57 * time.Hour).add(57 * time.Hour), nil, pos.ActAllow, "", ""},

		{"a blocked token", listed, nil, withToken("tok-x"), pos.ActDeny, "list.bad", "blocked"},
		{"a blocked range", listed, nil, withBIN("62229912"), pos.ActDeny, "list.bad", ""},
		{"beside the range", listed, nil, withBIN("622300"), pos.ActAllow, "", ""},
		{"fewer digits than the list has", listed, nil, withBIN("411111"), pos.ActAllow, "", ""},
		{"a blocked token, after its time", listed, nil, func(q rules.Request) rules.Request {
			q.Token, q.Time = "tok-x", noon.Add(24*time.Hour)
			return q
		}, pos.ActAllow, "", ""},
		{"an allow list outranks", listed, nil, func(q rules.Request) rules.Request {
			q.Token, q.Tender = "tok-x", "wechat"
			return q
		}, pos.ActAllow, "", ""},
		{"only these", only, nil, ask(func(a *pos.Ask) { a.Tender = "canteen" }), pos.ActDeny, "list.staff", "cannot be told"},
		{"one of these", only, nil, ask(func(a *pos.Ask) { a.Tender, a.Token = "canteen", "tok-x" }), pos.ActAllow, "", ""},

		{"the second try", "", minute(1), withToken("tok"), pos.ActAllow, "", ""},
		{"the third try warns", "", minute(2), withToken("tok"), pos.ActAllow, "velocity", "try 3 of this card or payer within 10m"},
		{"the fifth try", "", minute(4), withToken("tok"), pos.ActAllow, "velocity", ""},
		{"the sixth try", "", minute(5), withToken("tok"), pos.ActDeny, "velocity", "try 6"},
		{"the sixth try, later", "", minute(5), func(q rules.Request) rules.Request {
			q.Token, q.Time = "tok", noon.Add(9*time.Minute)
			return q
		}, pos.ActAllow, "", ""},
		{"what was never sent is no try", "", new(past).times(5, token("tok"), state(pos.StateNotSent)), withToken("tok"), pos.ActAllow, "", ""},
		{"no limit of tries", `"velocity": {"off": true}`, minute(20), withToken("tok"), pos.ActAllow, "", ""},

		{"the same for another sale", "", new(past).add(59*time.Second, token("tok")), withToken("tok"), pos.ActAsk, "duplicate", "10.00 CNY was taken just now for sale o10 (attempt a10)"},
		{"the same a minute later", "", new(past).add(time.Minute, token("tok")), withToken("tok"), pos.ActAllow, "", ""},
		{"the same for the same sale", "", new(past).add(time.Second, token("tok"), reference("order")), withToken("tok"), pos.ActAllow, "", ""},
		{"the same by another operator", "", new(past).add(time.Second, token("tok"), operator("wang")), withToken("tok"), pos.ActAllow, "", ""},
		{"another amount", "", new(past).add(time.Second, token("tok"), amount(999)), withToken("tok"), pos.ActAllow, "", ""},
		{"the same from nobody known", "", new(past).add(time.Second), nil, pos.ActAllow, "", ""},
		{"the same, where that matters", `"duplicate": {"within": "30s", "without_token": true}`, new(past).add(time.Second), nil, pos.ActAsk, "duplicate", ""},

		{"a refund alone", `"refund": {"alone": ["50.00 CNY"]}`, nil, refund(5000), pos.ActAllow, "", ""},
		{"a refund in sum too large", `"refund": {"alone": ["50.00 CNY"]}`, nil, refund(5001), pos.ActAsk, "refund.alone", "50.01 CNY given back in sum is more than 50.00 CNY"},
		{"a void is a refund of all", `"refund": {"alone": ["50.00 CNY"]}`, nil, void(5001), pos.ActAsk, "refund.alone", "50.01 CNY"},
		{"a small void", `"refund": {"alone": ["50.00 CNY"]}`, nil, void(5000), pos.ActAllow, "", ""},
		{"a refund in another currency", `"refund": {"alone": ["50.00 EUR"]}`, nil, refund(1), pos.ActAsk, "refund.alone", ""},
		{"more than was taken", "", nil, refund(100_001), pos.ActDeny, "refund.sum", "more than the 1000.00 CNY that was taken"},
		{"a refund of nothing", "", nil, as("li", operators.Cashier, pos.ActionRefund), pos.ActDeny, "refund.unreferenced", "names no payment"},
		{"a refund of nothing, allowed", `"refund": {"unreferenced": true}`, nil, as("li", operators.Cashier, pos.ActionRefund), pos.ActAllow, "", ""},

		{"a voucher's staff", fmt.Sprintf(vouchers, `"staff": ["li"]`), nil, redeem(nil), pos.ActAllow, "", ""},
		{"not a voucher's staff", fmt.Sprintf(vouchers, `"staff": ["wang"]`), nil, redeem(nil), pos.ActDeny, "voucher.staff", `"li" is not among those`},
		{"staff of undoing", fmt.Sprintf(vouchers, `"undo_staff": ["wang"]`), nil, undo(0), pos.ActDeny, "voucher.staff", ""},
		{"a voucher's shop", fmt.Sprintf(vouchers, `"shops": ["shop-7"]`), nil, redeem(nil), pos.ActAllow, "", ""},
		{"not a voucher's shop", fmt.Sprintf(vouchers, `"shops": ["shop-1"]`), nil, redeem(nil), pos.ActDeny, "voucher.shop", `not taken in shop "shop-7"`},
		{"a voucher's hours", fmt.Sprintf(vouchers, `"hours": [{"from": "11:00", "to": "14:00"}]`), nil, redeem(nil), pos.ActAllow, "", ""},
		{"not a voucher's hours", fmt.Sprintf(vouchers, `"hours": [{"from": "14:00", "to": "17:00"}]`), nil, redeem(nil), pos.ActDeny, "voucher.hours", "Wed 12:00"},
		{"a code scanned", fmt.Sprintf(vouchers, `"entry": ["scanned"]`), nil, redeem(nil), pos.ActAllow, "", ""},
		{"a code typed", fmt.Sprintf(vouchers, `"entry": ["scanned"]`), nil, redeem(func(a *pos.Ask) { a.Entry = pos.EntryTyped }), pos.ActDeny, "voucher.entry", `must be scanned here, not "typed"`},
		{"vouchers of a bill", fmt.Sprintf(vouchers, `"per_bill": 2`), new(past).times(1, typed(pos.TypeRedeem), reference("order")), redeem(nil), pos.ActAllow, "", ""},
		{"too many of a bill", fmt.Sprintf(vouchers, `"per_bill": 2`), new(past).times(2, typed(pos.TypeRedeem), reference("order")), redeem(nil), pos.ActDeny, "voucher.per_bill", "2 vouchers a bill at most; 2 are used"},
		{"of a bill, one undone", fmt.Sprintf(vouchers, `"per_bill": 2`), new(past).times(2, typed(pos.TypeRedeem), reference("order")).add(0, typed(pos.TypeVoid), of("a20")), redeem(nil), pos.ActAllow, "", ""},
		{"a code again", fmt.Sprintf(vouchers, `"once": true`), new(past).times(1, typed(pos.TypeRedeem), token("v1 v2")), redeem(func(a *pos.Ask) { a.Token = "v2" }), pos.ActDeny, "voucher.once", "redeemed already (attempt a10)"},
		{"a code again, undone", fmt.Sprintf(vouchers, `"once": true`), new(past).add(time.Hour, typed(pos.TypeRedeem), token("v1")).add(0, typed(pos.TypeVoid), of("a10")), redeem(func(a *pos.Ask) { a.Token = "v1" }), pos.ActAllow, "", ""},
		{"a code again, refused before", fmt.Sprintf(vouchers, `"once": true`), new(past).add(0, typed(pos.TypeRedeem), token("v1"), state(pos.StateDeclined)), redeem(func(a *pos.Ask) { a.Token = "v1" }), pos.ActAllow, "", ""},
		{"undone in time", fmt.Sprintf(vouchers, `"undo_within": "1h"`), nil, undo(time.Hour), pos.ActAllow, "", ""},
		{"undone too late", fmt.Sprintf(vouchers, `"undo_within": "1h"`), nil, undo(time.Hour + time.Second), pos.ActDeny, "voucher.undo_window", "can be undone for 1h0m0s"},
		{"undone by two", fmt.Sprintf(vouchers, `"undo_second": true`), nil, undo(0), pos.ActAsk, "voucher.undo", ""},
		{"a small voucher", fmt.Sprintf(vouchers, `"alone": ["10.00 CNY"]`), nil, redeem(nil), pos.ActAllow, "", ""},
		{"a large voucher", fmt.Sprintf(vouchers, `"alone": ["9.99 CNY"]`), nil, redeem(nil), pos.ActAsk, "voucher.alone", "10.00 CNY is more than 9.99 CNY"},

		{"two that ask, together", `"refund": {"alone": ["50.00 CNY"]}, "permissions": {"cashier": {"ask": ["refund"]}}`, nil, refund(5001), pos.ActAsk, "permission+refund.alone", "; 50.01 CNY"},
		{"one that denies is stronger", `"permissions": {"cashier": {"ask": ["charge"]}}, ` + payment, nil, sumOf(5001), pos.ActDeny, "limit.one", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := judge(parse(t, c.sections), c.past, c.change)
			assert.Equal(t, c.act, v.Act, "%+v", v)
			assert.Equal(t, c.rule, v.Rule)
			assert.Contains(t, v.Text, c.says)
			if c.act != pos.ActAllow {
				for what, text := range map[string]string{"text": v.Text, "Chinese": v.Chinese, "advice": v.Advice, "Chinese advice": v.AdviceChinese} {
					assert.NotEmpty(t, text, what)
				}
				assert.Equal(t, c.act == pos.ActAsk, v.Who == string(operators.Supervisor))
			}
		})
	}
}

func TestAlerts(t *testing.T) {
	charges := func(n int, change ...func(*pos.Attempt)) *past { return new(past).times(n, change...) }
	back := refund(100)
	for _, c := range []struct {
		name     string
		sections string
		past     *past
		change   func(rules.Request) rules.Request
		rule     string
	}{
		{"ten times the usual", "", charges(20, amount(999)), sumOf(9990), "alert.median"},
		{"not quite", "", charges(20, amount(999)), sumOf(9989), ""},
		{"too few to know", "", charges(19, amount(999)), sumOf(99900), ""},
		{"the fifth round amount", "", charges(4, amount(2000)), sumOf(5000), "alert.round"},
		{"the sixth", "", charges(5, amount(2000)), sumOf(5000), ""},
		{"not wanted", `"alerts": {"off": ["alert.round"]}`, charges(4, amount(2000)), sumOf(5000), ""},
		{"the third near the limit", payment, charges(2, amount(4999)), sumOf(4501), "alert.near_limit"},
		{"not near", payment, charges(2, amount(4999)), sumOf(4499), ""},
		{"a series of refunds near the limit", `"refund": {"alone": ["1.00 CNY"]}`, charges(2, typed(pos.TypeRefund), amount(99)), back, "alert.near_limit"},
		{"at night", "", nil, at(noon.Add(11 * time.Hour)), "alert.night"},
		{"the fifth refund", "", charges(4, typed(pos.TypeRefund)), back, "alert.refunds"},
		{"the fifth refund of two people", "", charges(4, typed(pos.TypeRefund), operator("wang")), back, ""},
		{"a refund without a sale", `"refund": {"unreferenced": true}`, nil, as("li", operators.Cashier, pos.ActionRefund), "alert.unreferenced"},
		{"always the same card", "", charges(5, card("622200******0018"), amount(1)), sumOf(1), "alert.same_card"},
		{"two cards", "", charges(4, card("622200******0018"), amount(1)).times(1, card("622200******0026"), amount(1)), sumOf(1), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := judge(parse(t, c.sections), c.past, c.change)
			var ids []string
			for _, a := range v.Alerts {
				ids = append(ids, a.Rule)
				assert.NotEmpty(t, a.Text)
				assert.NotEmpty(t, a.Chinese)
				assert.Equal(t, "till-1", a.Till)
			}
			if c.rule == "" {
				assert.Empty(t, ids)
			} else {
				assert.Equal(t, []string{c.rule}, ids)
			}
			assert.Equal(t, pos.ActAllow, v.Act)
		})
	}
}
