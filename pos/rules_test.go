package pos_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
)

// judge is Rules made of a function.
type judge struct {
	mu    sync.Mutex
	f     func(pos.Ask) (pos.Ruling, error)
	asked []pos.Ask
	seen  []pos.Attempt
}

func (j *judge) Judge(_ context.Context, a pos.Ask) (pos.Ruling, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.asked = append(j.asked, a)
	return j.f(a)
}

func (j *judge) Observe(a pos.Attempt) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen = append(j.seen, a)
}

func always(r pos.Ruling) *judge {
	return &judge{f: func(pos.Ask) (pos.Ruling, error) { return r, nil }}
}

var allowed = pos.Ruling{Act: pos.ActAllow}

type approver func(pos.Approval) (string, error)

func (f approver) Approve(_ context.Context, a pos.Approval) (string, error) { return f(a) }

func ruledLane(t *testing.T, r pos.Rules, change func(*pos.Config), faults ...postest.Fault) *lane {
	t.Helper()
	l := newLane(t, faults...)
	l.Close()
	l.cfg.Rules, l.cfg.Shop = r, "shop-7"
	if change != nil {
		change(&l.cfg)
	}
	l.open()
	return l
}

func denials(t *testing.T, l *lane) []pos.Attempt {
	t.Helper()
	list, err := l.Find(t.Context(), pos.Filter{States: []pos.State{pos.StateDenied}})
	require.NoError(t, err)
	return list
}

func TestRulesSeeTheWholeRequest(t *testing.T) {
	noon := time.Date(2026, 3, 15, 2, 30, 0, 0, time.UTC)
	j := always(pos.Ruling{Act: pos.ActAllow, Rule: "warned", Token: "tok-2"})
	l := ruledLane(t, j, func(c *pos.Config) {
		c.Now = func() time.Time { return noon }
		c.Calendar = pos.Calendar{Zone: time.UTC, CutOff: 4 * time.Hour}
	})
	paid, err := l.Charge(t.Context(), pos.ChargeRequest{Amount: cny(1280), Reference: "order-1", Tender: "card", Operator: "li",
		Attempt: "mine", Code: pos.NewSecret([]byte("134567890123456789")), Entry: pos.EntryScanned, Token: "tok-1", BIN: "622200"})
	require.NoError(t, err)
	assert.Equal(t, "warned", paid.Rule, "the ruling of what went ahead is journalled")
	assert.Equal(t, "tok-2", paid.Token)
	a := j.asked[0]
	require.NotNil(t, a.History)
	require.Len(t, a.Codes, 1)
	a.History, a.Codes = nil, nil
	assert.Equal(t, pos.Ask{Action: pos.ActionCharge, Type: pos.TypeCharge, Attempt: "mine", Till: "lane-1", Shop: "shop-7", Operator: "li",
		Tender: "card", Reference: "order-1", Amount: cny(1280), Token: "tok-1", BIN: "622200", Entry: pos.EntryScanned,
		Time: noon, Date: "2026-03-14"}, a)
	require.NotEmpty(t, j.seen)
	assert.Equal(t, paid, j.seen[len(j.seen)-1], "an observer hears of every durable step")

	_, err = l.Refund(t.Context(), pos.RefundRequest{Original: paid.ID, Amount: cny(300), Operator: "li", Attempt: "back-1"})
	require.NoError(t, err)
	_, err = l.Refund(t.Context(), pos.RefundRequest{Original: paid.ID, Amount: cny(500), Operator: "li", Attempt: "back-2"})
	require.NoError(t, err)
	last := j.asked[len(j.asked)-1]
	assert.Equal(t, pos.ActionRefund, last.Action)
	assert.Equal(t, cny(800), last.Sum, "with everything given back before")
	assert.Equal(t, paid.ID, last.Original.ID)
	assert.NotContains(t, fmt.Sprintf("%+v %#v", j.asked, j.asked), "134567890123456789")
}

func TestADenialIsJournalledAndStandsInNobodysWay(t *testing.T) {
	r := pos.Ruling{Act: pos.ActDeny, Rule: "limit.day", Text: "5000.00 CNY a day are used up", Advice: "Take another tender.", AdviceChinese: "请更换支付方式。"}
	j := always(r)
	l := ruledLane(t, j, nil)
	req := pos.ChargeRequest{Amount: cny(1280), Reference: "order-1", Tender: "card", Operator: "li", Attempt: "mine"}
	for range 2 {
		_, err := l.Charge(t.Context(), req)
		require.ErrorIs(t, err, pos.ErrDenied)
		var e *pos.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, pos.MovedNo, e.Moved())
		assert.Equal(t, "Take another tender.", e.Advice(pos.English))
		assert.Equal(t, "请更换支付方式。", e.Advice(pos.Chinese))
		assert.Contains(t, err.Error(), "denied by rule limit.day: 5000.00 CNY a day are used up; money moved: no. Take another tender.")
		assert.Equal(t, pos.StateDenied, e.Attempt.State)
		assert.NotEqual(t, pos.AttemptID("mine"), e.Attempt.ID)
	}
	list := denials(t, l)
	require.Len(t, list, 2)
	assert.Equal(t, pos.AttemptID("mine"), list[0].Asked)
	assert.Equal(t, "limit.day", list[0].Rule)
	assert.Equal(t, r.Text, list[0].Reason)
	assert.Empty(t, l.peer.Books())
	again, err := l.Query(t.Context(), list[0].ID)
	require.ErrorIs(t, err, pos.ErrDenied)
	assert.Equal(t, list[0], again)

	l.restart()
	assert.Equal(t, list, denials(t, l), "it survives")
	assert.Empty(t, l.Recovered())
	j.f = func(pos.Ask) (pos.Ruling, error) { return allowed, nil }
	paid, err := l.Charge(t.Context(), req)
	require.NoError(t, err, "the same id may be asked again")
	assert.Equal(t, pos.AttemptID("mine"), paid.ID)
	l.agree()
}

func TestARepeatIsNotJudged(t *testing.T) {
	for _, id := range []pos.AttemptID{"", "mine"} {
		j := always(allowed)
		l := ruledLane(t, j, nil)
		req := pos.ChargeRequest{Amount: cny(1280), Reference: "order-1", Tender: "card", Attempt: id}
		first, err := l.Charge(t.Context(), req)
		require.NoError(t, err)
		j.f = func(pos.Ask) (pos.Ruling, error) { return pos.Ruling{}, nil }
		again, err := l.Charge(t.Context(), req)
		require.NoError(t, err, "the first payment comes back, whatever the rules say by now")
		assert.Equal(t, first, again)
		assert.Len(t, j.asked, 1)
		_, err = l.charge(100, "order-2")
		require.ErrorIs(t, err, pos.ErrDenied, "the zero ruling denies")
		l.agree()
	}
}

func TestRulesThatFailDeny(t *testing.T) {
	j := &judge{f: func(pos.Ask) (pos.Ruling, error) { return allowed, errors.New("the file is gone") }}
	l := ruledLane(t, j, nil)
	for _, tender := range []string{"card", pos.Cash} {
		_, err := l.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "o", Tender: tender})
		require.ErrorIs(t, err, pos.ErrDenied)
		assert.ErrorContains(t, err, "the rules cannot be asked: the file is gone")
	}
	list := denials(t, l)
	require.Len(t, list, 2)
	assert.Equal(t, pos.RulesFailed, list[0].Rule)
	j.f = func(pos.Ask) (pos.Ruling, error) { return pos.Ruling{}, pos.ErrJournal }
	_, err := l.charge(100, "o")
	require.ErrorIs(t, err, pos.ErrNotSent, "a journal that fails is no rule")
	l.agree()
}

func TestASecondPersonAgreesOrNot(t *testing.T) {
	ask := pos.Ruling{Act: pos.ActAsk, Rule: "refund.alone", Who: "supervisor", Text: "much", Chinese: "多"}
	var approval pos.Approval
	var by string
	var refusal error
	l := ruledLane(t, always(ask), func(c *pos.Config) {
		c.Approver = approver(func(a pos.Approval) (string, error) { approval = a; return by, refusal })
	})
	charge := func() (pos.Attempt, error) {
		return l.Charge(t.Context(), pos.ChargeRequest{Amount: cny(100), Reference: "o", Tender: "card", Operator: "li"})
	}
	for _, c := range []struct {
		by   string
		err  error
		want error
		kept int
	}{{"", nil, pos.ErrDenied, 1}, {"li", nil, pos.ErrDenied, 2}, {"", errors.New("wrong PIN"), pos.ErrDenied, 3}, {"", pos.ErrCanceled, pos.ErrCanceled, 3}} {
		by, refusal = c.by, c.err
		_, err := charge()
		require.ErrorIs(t, err, c.want)
		assert.ErrorContains(t, err, "rule refund.alone: much: a second person must agree")
		assert.Len(t, denials(t, l), c.kept)
	}
	by, refusal = "boss", nil
	paid, err := charge()
	require.NoError(t, err)
	assert.Equal(t, "boss", paid.Approver)
	assert.Equal(t, "refund.alone", paid.Rule)
	assert.Equal(t, pos.Approval{Type: pos.TypeCharge, Amount: cny(100), Operator: "li", Rule: "refund.alone", Who: "supervisor", Text: "much", Chinese: "多"}, approval)

	alone := ruledLane(t, always(ask), nil)
	_, err = alone.charge(100, "o")
	require.ErrorIs(t, err, pos.ErrDenied)
	assert.ErrorContains(t, err, "cannot ask one")
}

// Minutes may pass before somebody agrees: what he agreed to must still be what is asked.
func TestWhatChangedMeanwhileIsAskedAgain(t *testing.T) {
	n := 0
	j := &judge{f: func(pos.Ask) (pos.Ruling, error) {
		n++
		return pos.Ruling{Act: pos.ActAsk, Rule: fmt.Sprint("rule-", n)}, nil
	}}
	l := ruledLane(t, j, func(c *pos.Config) {
		c.Approver = approver(func(pos.Approval) (string, error) { return "boss", nil })
	})
	_, err := l.charge(100, "o")
	require.ErrorIs(t, err, pos.ErrDenied)
	assert.ErrorContains(t, err, "things changed")

	j.f = func(pos.Ask) (pos.Ruling, error) {
		if n++; n%2 == 1 {
			return pos.Ruling{Act: pos.ActAsk, Rule: "odd"}, nil
		}
		return allowed, nil
	}
	n = 0
	paid, err := l.charge(100, "o")
	require.NoError(t, err)
	assert.Empty(t, paid.Approver, "nobody's consent was needed in the end")
}

// While a request is judged and begun, no other is: two lanes cannot share one allowance.
func TestRequestsAreJudgedOneAfterTheOther(t *testing.T) {
	journal := postest.NewMemoryJournal()
	j := &judge{}
	j.f = func(a pos.Ask) (pos.Ruling, error) {
		list, err := a.History(t.Context(), pos.Filter{})
		for _, b := range list {
			if b.State.Live() || b.State.Paid() {
				return pos.Ruling{Act: pos.ActDeny, Rule: "only one"}, err
			}
		}
		return allowed, err
	}
	var lanes []*pos.Till
	for i := range 4 {
		till, err := pos.Open(t.Context(), pos.Config{ID: fmt.Sprint("lane-", i), Journal: journal, Rules: j,
			Drivers: map[string]pos.Driver{"card": &postest.Fake{Peer: &postest.Peer{}, Name: fmt.Sprint("device-", i)}}})
		require.NoError(t, err)
		defer till.Close()
		lanes = append(lanes, till)
	}
	_, err := pos.Open(t.Context(), pos.Config{ID: "other", Journal: journal, Rules: always(allowed)})
	require.ErrorIs(t, err, pos.ErrConflict, "lanes of one journal share their rules")
	var wg sync.WaitGroup
	var mu sync.Mutex
	paid := 0
	for i := range 16 {
		wg.Go(func() {
			tender := []string{"card", pos.Cash}[i%2]
			_, err := lanes[i%4].Charge(context.Background(), pos.ChargeRequest{Amount: cny(100), Reference: fmt.Sprint("o-", i), Tender: tender})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				paid++
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 1, paid)
}

func TestReprintsVerdictsAndReportsArePermitted(t *testing.T) {
	j := always(allowed)
	l := ruledLane(t, j, func(c *pos.Config) {
		c.Approver = approver(func(pos.Approval) (string, error) { return "boss", nil })
	})
	paid, err := l.charge(100, "o")
	require.NoError(t, err)
	j.f = func(pos.Ask) (pos.Ruling, error) { return pos.Ruling{Act: pos.ActDeny, Rule: "permission"}, nil }
	_, err = l.Printing(t.Context(), paid.ID, pos.SlipCustomer, "li")
	require.NoError(t, err, "the first copy is everybody's")
	_, err = l.Printing(t.Context(), paid.ID, pos.SlipCustomer, "li")
	require.ErrorIs(t, err, pos.ErrDenied)
	_, err = l.Resolve(t.Context(), pos.ResolveRequest{Attempt: paid.ID, Verdict: pos.VerdictPaid, Operator: "li", Reason: "seen"})
	require.ErrorIs(t, err, pos.ErrDenied)
	_, err = l.Permit(t.Context(), pos.PermitRequest{Action: pos.ActionZ, Operator: "li"})
	require.ErrorIs(t, err, pos.ErrDenied)
	_, err = l.Permit(t.Context(), pos.PermitRequest{Action: pos.ActionZ, Attempt: "nobody"})
	require.ErrorIs(t, err, pos.ErrNotFound)
	var types []pos.Type
	for _, a := range denials(t, l) {
		types = append(types, a.Type)
		text, err := json.Marshal(a)
		require.NoError(t, err)
		var back pos.Attempt
		require.NoError(t, json.Unmarshal(text, &back))
		assert.Equal(t, a.Amount, back.Amount)
	}
	assert.Equal(t, []pos.Type{pos.Type(pos.ActionReprint), pos.Type(pos.ActionForce), pos.Type(pos.ActionZ)}, types)
	j.f = func(pos.Ask) (pos.Ruling, error) { return pos.Ruling{Act: pos.ActAsk, Rule: "permission"}, nil }
	by, err := l.Permit(t.Context(), pos.PermitRequest{Action: pos.ActionConfig, Operator: "li"})
	require.NoError(t, err)
	assert.Equal(t, "boss", by)
	_, err = l.Query(t.Context(), paid.ID)
	require.NoError(t, err, "what was denied about it does not touch the payment")
	l.agree()
}

func TestBusinessDates(t *testing.T) {
	shanghai := time.FixedZone("CST", 8*3600)
	c := pos.Calendar{Zone: shanghai, CutOff: 4*time.Hour + 30*time.Minute}
	for at, want := range map[string]string{
		"2026-03-01T04:29:59+08:00": "2026-02-28", "2026-03-01T04:30:00+08:00": "2026-03-01",
		"2026-02-28T20:30:00Z": "2026-03-01", "2026-03-01T23:59:59+08:00": "2026-03-01",
	} {
		moment, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		assert.Equal(t, want, c.Date(moment), at)
	}
}

func TestRulesSeeEveryVoucher(t *testing.T) {
	j := always(allowed)
	l := ruledLane(t, j, nil)
	code := func(s string) pos.Secret { return pos.NewSecret([]byte(s)) }
	a, err := l.Redeem(t.Context(), pos.RedeemRequest{Tender: "card", Reference: "o", Amount: cny(100), Code: code("one"), Codes: []pos.Secret{code("two")}, Entry: pos.EntryTyped, Token: "tok"})
	require.NoError(t, err)
	assert.Equal(t, 2, a.Uses)
	ask := j.asked[0]
	assert.Len(t, ask.Codes, 2)
	assert.Equal(t, 2, ask.Uses)
	assert.Equal(t, pos.EntryTyped, ask.Entry)
	assert.Equal(t, "tok", a.Token)
	_, err = l.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err)
	assert.Equal(t, pos.ActionUndoRedeem, j.asked[1].Action)
}
