package rules_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/postest"
	"github.com/openecr/openecr/pos/rules"
)

// sink keeps alerts.
type sink struct {
	mu   sync.Mutex
	list []rules.Alert
}

func (s *sink) Alert(a rules.Alert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, a)
}

// shop is a till under rules.
type shop struct {
	*pos.Till
	t       *testing.T
	cfg     *rules.Config
	rules   *rules.Rules
	journal *postest.MemoryJournal
	peer    *postest.Peer
	alerts  *sink
	now     time.Time
	boss    string // who agrees
}

var key = pos.NewSecret([]byte("0123456789abcdef"))

func newShop(t *testing.T, cfg *rules.Config) *shop {
	t.Helper()
	s := &shop{t: t, cfg: cfg, journal: postest.NewMemoryJournal(), peer: &postest.Peer{}, alerts: &sink{}, now: noon}
	s.open()
	return s
}

func (s *shop) open() {
	s.t.Helper()
	var err error
	s.rules, err = rules.Open(s.t.Context(), s.cfg, rules.Options{Journal: s.journal, Alerts: s.alerts, TokenKey: key, Now: func() time.Time { return s.now }})
	require.NoError(s.t, err)
	s.Till, err = pos.Open(s.t.Context(), pos.Config{ID: "till-1", Shop: "shop-7", Journal: s.journal, Rules: s.rules, Calendar: s.cfg.Business(),
		Drivers: map[string]pos.Driver{"card": &postest.Fake{Peer: s.peer}}, Now: func() time.Time { return s.now }, Approver: s})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { s.Close() })
}

func (s *shop) Approve(context.Context, pos.Approval) (string, error) {
	if s.boss == "" {
		return "", errors.New("no")
	}
	return s.boss, nil
}

// restart is the next process.
func (s *shop) restart() {
	s.t.Helper()
	s.Close()
	s.journal = s.journal.Reopen()
	s.open()
}

func (s *shop) charge(ref string, minor int64) (pos.Attempt, error) {
	return s.Charge(context.Background(), pos.ChargeRequest{Tender: "card", Reference: ref, Amount: cny(minor), Operator: "li"})
}

func (s *shop) denials() []pos.Attempt {
	s.t.Helper()
	list, err := s.Find(s.t.Context(), pos.Filter{States: []pos.State{pos.StateDenied}})
	require.NoError(s.t, err)
	return list
}

func TestLimitsSurviveARestart(t *testing.T) {
	s := newShop(t, parse(t, fmt.Sprintf(daily, "till", "")))
	_, err := s.charge("o-1", 3000)
	require.NoError(t, err)
	s.peer.Faults = []postest.Fault{postest.FaultDecline}
	_, err = s.charge("o-2", 2000)
	require.ErrorIs(t, err, pos.ErrDeclined)
	used, count, err := s.rules.Used("day", noon, "till-1")
	require.NoError(t, err)
	assert.Equal(t, int64(3000), used, "what was declined is free again")
	assert.Equal(t, 1, count)

	s.restart()
	_, err = s.charge("o-3", 2001)
	require.ErrorIs(t, err, pos.ErrDenied)
	assert.ErrorContains(t, err, "denied by rule limit.day: 30.00 CNY of 50.00 CNY a day are used up, 20.01 CNY is too much (by till)")
	assert.ErrorContains(t, err, "Take another tender, or call a supervisor.")
	_, err = s.charge("o-3", 2000)
	require.NoError(t, err, "the sale and the device are free")
	s.now = noon.Add(16 * time.Hour)
	_, err = s.charge("o-4", 5000)
	require.NoError(t, err, "another business day")
	list := s.denials()
	require.Len(t, list, 1)
	assert.Equal(t, "limit.day", list[0].Rule)
	_, _, err = s.rules.Used("week", noon, "")
	require.ErrorIs(t, err, rules.ErrConfig)
}

// Two at once share one allowance: of the till's day here, and of one payment's refunds.
func TestTwoAtOnce(t *testing.T) {
	s := newShop(t, parse(t, `"limits": [{"id": "back", "actions": ["refund"], "per": "day", "by": "till", "max": "50.00 CNY"}], "refund": {"alone": ["50.00 CNY"]}`))
	var sales []pos.Attempt
	for i := range 2 {
		a, err := s.charge(fmt.Sprint("o-", i), 10000)
		require.NoError(t, err)
		sales = append(sales, a)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, err := s.Refund(context.Background(), pos.RefundRequest{Original: sales[i%2].ID, Amount: cny(3000), Attempt: pos.AttemptID(fmt.Sprint("back-", i)), Operator: "li"})
			if err != nil && !errors.Is(err, pos.ErrDenied) && !errors.Is(err, pos.ErrBusy) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := s.Find(t.Context(), pos.Filter{Types: []pos.Type{pos.TypeRefund}, States: []pos.State{pos.StateApproved}})
	require.NoError(t, err)
	assert.Len(t, list, 1)
	for _, d := range s.denials() {
		assert.Contains(t, []string{"limit.back", "refund.alone", "limit.back+refund.alone"}, d.Rule)
	}
	require.Empty(t, postest.Agree(t.Context(), s.journal, s.peer.Net()))
}

func TestEveryDenialCanBeCounted(t *testing.T) {
	s := newShop(t, parse(t, payment))
	for i := range 7 {
		_, err := s.charge("one sale", 5001)
		require.ErrorIs(t, err, pos.ErrDenied)
		assert.Len(t, s.denials(), i+1)
	}
	s.restart()
	for _, a := range s.denials() {
		assert.Equal(t, "limit.one", a.Rule)
		assert.Equal(t, "50.01 CNY is more than 50.00 CNY in one payment", a.Reason)
		assert.Equal(t, "li", a.Operator)
	}
	assert.Len(t, s.denials(), 7)
	_, err := s.charge("one sale", 5000)
	require.NoError(t, err)
}

// A voucher's code is known again after a restart, and stands nowhere.
func TestAVoucherIsSentOnce(t *testing.T) {
	s := newShop(t, parse(t, fmt.Sprintf(vouchers, `"once": true, "entry": ["scanned"]`)))
	const code = "987654321098"
	redeem := func(ref string) (pos.Attempt, error) {
		return s.Redeem(t.Context(), pos.RedeemRequest{Tender: "card", Reference: ref, Amount: cny(100), Operator: "li", Code: pos.NewSecret([]byte(code)), Entry: pos.EntryScanned})
	}
	first, err := redeem("o-1")
	require.NoError(t, err)
	s.now = s.now.Add(time.Hour)
	s.restart()
	_, err = redeem("o-2")
	require.ErrorIs(t, err, pos.ErrDenied)
	assert.ErrorContains(t, err, "redeemed already (attempt "+string(first.ID)+")")
	again, err := redeem("o-1")
	require.NoError(t, err, "the same request again is the same redemption")
	assert.Equal(t, first.ID, again.ID)
	_, err = s.Void(t.Context(), pos.VoidRequest{Original: first.ID, Operator: "li"})
	require.NoError(t, err)
	_, err = s.Printing(t.Context(), first.ID, pos.SlipCustomer, "li")
	require.NoError(t, err)
	_, err = redeem("o-2")
	require.NoError(t, err, "what was undone may be used again")
	all, err := s.Find(t.Context(), pos.Filter{})
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%+v %+v", all, s.rules), code)
	assert.NotContains(t, fmt.Sprintf("%+v %#v", s.rules, s.alerts), "0123456789abcdef")
}

func TestAlertsReachTheSink(t *testing.T) {
	s := newShop(t, parse(t, `"duplicate": {"off": true}`))
	for i := range 6 {
		_, err := s.Charge(t.Context(), pos.ChargeRequest{Tender: "card", Reference: fmt.Sprint("o-", i), Amount: cny(123), Token: "tok"})
		if i < 5 {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, pos.ErrDenied)
		}
	}
	var ids []string
	for _, a := range s.alerts.list {
		ids = append(ids, a.Rule)
	}
	assert.Equal(t, []string{"velocity", "velocity", "velocity", "alert.same_card"}, ids)
	list, err := s.Find(t.Context(), pos.Filter{States: []pos.State{pos.StateApproved}})
	require.NoError(t, err)
	assert.Equal(t, "velocity", list[2].Rule, "a warning is journalled with what it warned of")
}

func TestLargeRefundsNeedASecondPerson(t *testing.T) {
	s := newShop(t, parse(t, `"refund": {"alone": ["50.00 CNY"]}`))
	sale, err := s.charge("o", 20000)
	require.NoError(t, err)
	back := func(id pos.AttemptID, minor int64) (pos.Attempt, error) {
		return s.Refund(t.Context(), pos.RefundRequest{Original: sale.ID, Amount: cny(minor), Attempt: id, Operator: "li"})
	}
	a, err := back("r-1", 3000)
	require.NoError(t, err)
	assert.Empty(t, a.Approver, "30 of 50 may one person give back")
	_, err = back("r-2", 2001)
	require.ErrorIs(t, err, pos.ErrDenied)
	s.boss = "boss"
	a, err = back("r-2", 2001)
	require.NoError(t, err, "the same id again, once somebody agrees")
	assert.Equal(t, "boss", a.Approver)
	assert.Equal(t, "refund.alone", a.Rule)
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	j := postest.NewMemoryJournal()
	for _, c := range []struct {
		cfg  *rules.Config
		opt  rules.Options
		says string
	}{
		{nil, rules.Options{Journal: j}, "a file and a journal"},
		{parse(t, ""), rules.Options{}, "a file and a journal"},
		{parse(t, roles), rules.Options{Journal: j}, "no book of operators"},
		{parse(t, fmt.Sprintf(vouchers, `"once": true`)), rules.Options{Journal: j}, "once needs a TokenKey"},
	} {
		_, err := rules.Open(t.Context(), c.cfg, c.opt)
		require.ErrorIs(t, err, rules.ErrConfig)
		assert.ErrorContains(t, err, c.says)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := rules.Open(gone, parse(t, ""), rules.Options{Journal: j})
	require.ErrorIs(t, err, pos.ErrJournal)
}

func TestRolesComeFromTheBook(t *testing.T) {
	book, err := operators.Open(filepath.Join(t.TempDir(), "operators.json"))
	require.NoError(t, err)
	require.NoError(t, book.Set("li", operators.Cashier, pos.NewSecret([]byte("739146"))))
	r, err := rules.Open(t.Context(), parse(t, roles), rules.Options{Journal: postest.NewMemoryJournal(), Book: book})
	require.NoError(t, err)
	for action, want := range map[pos.Action]pos.Act{pos.ActionCharge: pos.ActAllow, pos.ActionVoid: pos.ActAsk, pos.ActionZ: pos.ActDeny} {
		v, err := r.Judge(t.Context(), pos.Ask{Action: action, Operator: "li", Time: noon})
		require.NoError(t, err)
		assert.Equal(t, want, v.Act, action)
	}
}

func TestDryRun(t *testing.T) {
	free := parse(t, "")
	s := newShop(t, free)
	for i, minor := range []int64{5000, 5001, 99, 100} {
		_, err := s.charge(fmt.Sprint("o-", i), minor)
		require.NoError(t, err)
	}
	sale, err := s.charge("o", 4000)
	require.NoError(t, err)
	for i := range 3 {
		_, err := s.Refund(t.Context(), pos.RefundRequest{Original: sale.ID, Amount: cny(1000), Attempt: pos.AttemptID(fmt.Sprint("r-", i)), Operator: "li"})
		require.NoError(t, err)
	}
	before, err := s.Find(t.Context(), pos.Filter{})
	require.NoError(t, err)
	strict := parse(t, payment+`, "refund": {"alone": ["20.00 CNY"]}, "vouchers": {"entry": ["scanned"]}, "revision": "new"`)
	report, err := rules.DryRun(t.Context(), strict, rules.Options{Journal: s.journal}, "shop-7")
	require.NoError(t, err)
	assert.Equal(t, "new", report.Revision)
	assert.Equal(t, 8, report.Judged)
	assert.Equal(t, 2, report.Denied)
	assert.Equal(t, 1, report.Asked)
	assert.Equal(t, map[string]int{"limit.one": 2, "refund.alone": 1}, report.ByRule)
	require.Len(t, report.Findings, 3)
	assert.Equal(t, pos.AttemptID("r-2"), report.Findings[2].Attempt)
	assert.Equal(t, "30.00 CNY given back in sum is more than 20.00 CNY", report.Findings[2].Ruling.Text)
	after, err := s.Find(t.Context(), pos.Filter{})
	require.NoError(t, err)
	assert.Equal(t, before, after, "nothing changes")
	_, err = rules.DryRun(t.Context(), parse(t, roles), rules.Options{Journal: s.journal}, "")
	require.ErrorIs(t, err, rules.ErrConfig)
}
