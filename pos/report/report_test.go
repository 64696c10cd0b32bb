package report_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/report"
)

// aDay is reckoned by hand in the tests below.
func aDay(s *shop) {
	s.put(
		did{id: "c1", amount: cny(1000), when: "2026-11-22 09:10:00"},
		did{id: "split1", ref: "S", amount: cny(300), tender: "cash", operator: "li", when: "2026-11-22 09:20:00"},
		did{id: "split2", ref: "S", amount: cny(700), tender: "wechat", operator: "li", when: "2026-11-22 09:21:00"},
		did{id: "v1", typ: pos.TypeVoid, original: "c1", ref: "o-c1", amount: cny(1000), when: "2026-11-22 10:00:00"},
		did{id: "part", amount: cny(900), approved: cny(500), when: "2026-11-22 10:30:00"},
		did{id: "r1", typ: pos.TypeRefund, original: "split2", ref: "S", tender: "wechat", amount: cny(200), operator: "li", when: "2026-11-22 11:00:00"},
		did{id: "r2", typ: pos.TypeRefund, original: "split2", ref: "S", tender: "wechat", amount: cny(150), state: pos.StateApproved, when: "2026-11-22 11:05:00"},
		did{id: "q1", typ: pos.TypeRedeem, tender: "douyin", scheme: "set for two", amount: cny(8800), when: "2026-11-22 12:00:00"},
		did{id: "e1", amount: pos.FromMinor(990, pos.EUR), when: "2026-11-22 12:30:00"},
		did{id: "y1", amount: pos.FromMinor(5000, pos.JPY), tender: "cash", when: "2026-11-22 12:40:00"},
		did{id: "f1", amount: cny(400), state: pos.StateForced, operator: "li", when: "2026-11-22 13:00:00"},
		did{id: "no", amount: cny(123), state: pos.StateDeclined, when: "2026-11-22 13:10:00"},
		did{id: "h1", typ: pos.TypePreauth, amount: cny(10000), when: "2026-11-22 14:00:00"},
		did{id: "h2", typ: pos.TypePreauth, amount: cny(3000), when: "2026-11-22 14:05:00"},
		did{id: "k1", typ: pos.TypeCompletion, original: "h1", ref: "o-h1", amount: cny(6000), when: "2026-11-22 15:00:00"},
		did{id: "hv", typ: pos.TypeVoid, original: "h2", ref: "o-h2", amount: cny(3000), when: "2026-11-22 15:05:00"},
		did{id: "night", amount: cny(50), when: "2026-11-23 01:30:00"},
	)
}

func TestADayReckonedByHand(t *testing.T) {
	s := newShop(t)
	aDay(s)
	s.put(did{id: "u1", amount: cny(77), state: pos.StateUnknown, when: "2026-11-22 16:00:00"},
		did{id: "m1", amount: cny(88), state: pos.StateManual, when: "2026-11-22 16:10:00"},
		did{id: "orphan", amount: cny(60), state: pos.StateApproved, when: "2026-11-22 16:20:00"})
	s.then("no", pos.Event{Kind: pos.EventEvidence, Alert: pos.AlertStray, Reply: &pos.Reply{Outcome: pos.OutcomeApproved}})
	r, err := s.book().X(t.Context(), report.Window{Day: "2026-11-22"})
	require.NoError(t, err)
	require.Equal(t, " CNY 16410 s8:17760 r2:350 v1:1000\n EUR 990 s1:990 r0:0 v0:0\n JPY 5000 s1:5000 r0:0 v0:0\n", flat(r.Totals))
	require.Equal(t, "card CNY 6960 s5:7960 r0:0 v1:1000\ncard EUR 990 s1:990 r0:0 v0:0\ncash CNY 300 s1:300 r0:0 v0:0\n"+
		"cash JPY 5000 s1:5000 r0:0 v0:0\ndouyin CNY 8800 s1:8800 r0:0 v0:0\nwechat CNY 350 s1:700 r2:350 v0:0\n", flat(r.Tenders))
	require.Equal(t, "counter CNY 16410 s8:17760 r2:350 v1:1000\ncounter EUR 990 s1:990 r0:0 v0:0\ncounter JPY 5000 s1:5000 r0:0 v0:0\n", flat(r.Channels))
	require.Equal(t, "09 CNY 2000 s3:2000 r0:0 v0:0\n10 CNY -500 s1:500 r0:0 v1:1000\n11 CNY -350 s0:0 r2:350 v0:0\n12 CNY 8800 s1:8800 r0:0 v0:0\n"+
		"12 EUR 990 s1:990 r0:0 v0:0\n12 JPY 5000 s1:5000 r0:0 v0:0\n13 CNY 400 s1:400 r0:0 v0:0\n14 CNY 0 s0:0 r0:0 v0:0\n15 CNY 6000 s1:6000 r0:0 v0:0\n"+
		"16 CNY 60 s1:60 r0:0 v0:0\n", flat(r.Hours))
	require.Equal(t, "anna CNY 15210 s5:16360 r1:150 v1:1000\nanna EUR 990 s1:990 r0:0 v0:0\nanna JPY 5000 s1:5000 r0:0 v0:0\nli CNY 1200 s3:1400 r1:200 v0:0\n", flat(r.Operators))
	require.Equal(t, "set for two CNY 8800 s1:8800 r0:0 v0:0\n", flat(r.Vouchers))
	require.Equal(t, "ALERT CNY 1:123\nDECLINED CNY 1:123\nFORCED CNY 1:400\nMANUAL CNY 1:88\nUNCONFIRMED CNY 1:60\nUNKNOWN CNY 1:77\n", exceptions(r))
	require.Len(t, r.Open, 3)
	require.Equal(t, int64(13000), r.Totals[0].Holds.Minor)

	next, err := s.book().X(t.Context(), report.Window{Day: "2026-11-23"})
	require.NoError(t, err)
	require.Equal(t, " CNY 50 s1:50 r0:0 v0:0\n", flat(next.Totals), "the small hours are of the next day")
}

func TestTheBusinessDayBeginsAtItsCutOff(t *testing.T) {
	s := newShop(t)
	s.put(did{amount: cny(1), when: "2026-11-22 03:59:59"}, did{amount: cny(10), when: "2026-11-22 04:00:00"},
		did{amount: cny(100), when: "2026-11-23 03:59:59"}, did{amount: cny(1000), when: "2026-11-23 04:00:00"})
	b := s.book(func(c *report.Config) { c.CutOff = 4 * time.Hour })
	for day, want := range map[report.Day]string{"2026-11-21": " CNY 1 s1:1 r0:0 v0:0\n", "2026-11-22": " CNY 110 s2:110 r0:0 v0:0\n", "2026-11-23": " CNY 1000 s1:1000 r0:0 v0:0\n"} {
		r, err := b.X(t.Context(), report.Window{Day: day})
		require.NoError(t, err)
		require.Equal(t, want, flat(r.Totals), day)
	}
	utc := s.book(func(c *report.Config) { c.Zone = time.UTC })
	r, err := utc.X(t.Context(), report.Window{Day: "2026-11-21"})
	require.NoError(t, err)
	require.Equal(t, " CNY 11 s2:11 r0:0 v0:0\n", flat(r.Totals), "in another zone it is another day")
}

func TestDaysWhenClocksChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	s := newShop(t)
	b := s.book(func(c *report.Config) { c.Zone, c.CutOff = berlin, 2*time.Hour+30*time.Minute })
	for moment := time.Date(2026, 3, 27, 0, 0, 0, 0, berlin); moment.Before(time.Date(2026, 4, 1, 0, 0, 0, 0, berlin)); moment = moment.Add(7 * time.Minute) {
		d := b.DayOf(moment)
		from, to, err := b.Bounds(d)
		require.NoError(t, err)
		require.False(t, moment.Before(from) || !moment.Before(to), "%s is in %s: %s to %s", moment, d, from, to)
	}
	from, to, err := s.book(func(c *report.Config) { c.Zone = berlin }).Bounds("2026-10-25")
	require.NoError(t, err)
	require.Equal(t, 25*time.Hour, to.Sub(from))
}

func TestARefundOverMidnightIsOfItsOwnDay(t *testing.T) {
	s := newShop(t)
	s.put(did{id: "c", amount: cny(500), when: "2026-11-22 23:50:00"},
		did{typ: pos.TypeRefund, original: "c", ref: "o-c", amount: cny(200), when: "2026-11-23 00:10:00"})
	for day, want := range map[report.Day]string{"2026-11-22": " CNY 500 s1:500 r0:0 v0:0\n", "2026-11-23": " CNY -200 s0:0 r1:200 v0:0\n"} {
		r, err := s.book().X(t.Context(), report.Window{Day: day})
		require.NoError(t, err)
		require.Equal(t, want, flat(r.Totals))
	}
}

func TestFeesAndForecast(t *testing.T) {
	s := newShop(t)
	s.put(did{id: "a", tender: "wechat", amount: cny(1250), when: "2026-11-20 10:00:00"}, // Friday; 0.6 % is 7.5, so 8
		did{id: "b", tender: "wechat", amount: cny(100), when: "2026-11-20 11:00:00"}, // 0.6, so 1
		did{typ: pos.TypeRefund, original: "a", ref: "o-a", tender: "wechat", amount: cny(1250), when: "2026-11-20 12:00:00"},
		did{tender: "cash", amount: cny(30), when: "2026-11-20 12:30:00"}, did{tender: "other", amount: cny(5), when: "2026-11-20 12:31:00"})
	for _, c := range []struct {
		terms report.Terms
		fee   int64
		day   report.Day
	}{
		{report.Terms{RatePer100k: 600, PayDays: 1}, 1, "2026-11-21"},
		{report.Terms{RatePer100k: 600, PayDays: 1, Workdays: true}, 1, "2026-11-23"},
		{report.Terms{RatePer100k: 600, PayDays: 1, Workdays: true, KeepsFee: true, Holidays: map[report.Day]bool{"2026-11-23": true}}, 9, "2026-11-24"},
	} {
		b := s.book(func(cfg *report.Config) { cfg.Terms = map[string]report.Terms{"wechat": c.terms} })
		r, err := b.X(t.Context(), report.Window{})
		require.NoError(t, err)
		require.Equal(t, []report.Payout{{Day: c.day, Tender: "wechat", Currency: pos.CNY, Count: 3, Net: 100, Fee: c.fee, Pays: 100 - c.fee}}, r.Forecast)
		require.Equal(t, c.fee, r.Totals[0].Fee)
		require.Equal(t, int64(1), r.Totals[0].Unpriced, "nobody knows the other's fee; cash has none")
	}
}

// platform is an online channel.
type platform struct {
	list []report.Movement
	err  error
}

func (platform) Name() string { return report.Online }

func (p platform) Movements(context.Context, time.Time, time.Time) iter.Seq2[report.Movement, error] {
	return func(yield func(report.Movement, error) bool) {
		for _, m := range p.list {
			if !yield(m, nil) {
				return
			}
		}
		if p.err != nil {
			yield(report.Movement{}, p.err)
		}
	}
}

func TestOneReportOverCounterAndOnline(t *testing.T) {
	s := newShop(t)
	s.put(did{amount: cny(1000), when: "2026-11-22 09:10:00"})
	p := &platform{list: []report.Movement{
		{ID: "1", Time: at("2026-11-22 10:00:00"), Kind: report.Sale, Tender: "meituan", Amount: cny(2000), Fee: cny(100), Vouchers: []report.Use{{Voucher: "lunch", Minor: 2000}}},
		{ID: "2", Time: at("2026-11-22 11:00:00"), Kind: report.Refund, Tender: "meituan", Amount: cny(500), Fee: cny(-25), Channel: "delivery"},
		{ID: "3", Time: at("2026-11-23 00:00:00"), Kind: report.Sale, Tender: "meituan", Amount: cny(9999)},
	}}
	b := s.book(func(c *report.Config) { c.Online = []report.Source{p} })
	day := report.Window{Day: "2026-11-22"}
	r, err := b.X(t.Context(), day)
	require.NoError(t, err)
	require.Equal(t, "counter CNY 1000 s1:1000 r0:0 v0:0\ndelivery CNY -500 s0:0 r1:500 v0:0\nonline CNY 2000 s1:2000 r0:0 v0:0\n", flat(r.Channels))
	require.Equal(t, " CNY 2500 s2:3000 r1:500 v0:0\n", flat(r.Totals))
	require.Equal(t, int64(75), r.Totals[0].Fee)
	require.Equal(t, "lunch CNY 2000 s1:2000 r0:0 v0:0\n", flat(r.Vouchers))

	p.list[1].Fee = pos.FromMinor(1, pos.EUR)
	_, err = b.X(t.Context(), day)
	require.ErrorIs(t, err, pos.ErrMixedCurrency)
	p.list, p.err = nil, errors.New("the platform is away")
	_, err = b.X(t.Context(), day)
	require.ErrorIs(t, err, p.err, "a channel that cannot be read is never left out in silence")
}

func TestShiftsAndDrawers(t *testing.T) {
	s := newShop(t)
	s.put(did{id: "a", tender: "cash", amount: cny(1000)}, did{tender: "cash", amount: cny(555), operator: "li"}, did{amount: cny(7)},
		did{typ: pos.TypeRefund, tender: "cash", original: "a", ref: "o-a", amount: cny(250)}, did{tender: "cash", amount: pos.FromMinor(9, pos.EUR)})
	q := report.ShiftRequest{Drawers: []report.Drawer{
		{Operator: "anna", Float: cny(20000), Counted: cny(20700)}, {Operator: "li", Float: cny(100), Counted: cny(655)}, {Operator: "new", Float: cny(100), Counted: cny(101)}}}
	r, err := s.book().Shift(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, []report.Drawer{
		{Operator: "anna", Float: cny(20000), Cash: cny(750), Expected: cny(20750), Counted: cny(20700), Over: cny(-50)},
		{Operator: "li", Float: cny(100), Cash: cny(555), Expected: cny(655), Counted: cny(655), Over: cny(0)},
		{Operator: "new", Float: cny(100), Cash: cny(0), Expected: cny(100), Counted: cny(101), Over: cny(1)},
	}, r.Drawers)
	q.Operator = "li"
	r, err = s.book().Shift(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, "li CNY 555 s1:555 r0:0 v0:0\n", flat(r.Operators))
	q.Drawers[0].Float = pos.FromMinor(1, pos.EUR)
	_, err = s.book().Shift(t.Context(), q)
	require.ErrorIs(t, err, pos.ErrInvalid)
}

func TestAmountsThatDoNotFitAreAnError(t *testing.T) {
	s := newShop(t)
	s.put(did{amount: cny(1<<50 - 1)})
	huge := report.Movement{Time: s.now, Kind: report.Sale, Tender: "x", Amount: cny(1<<63 - 1)}
	_, err := s.book(func(c *report.Config) { c.Online = []report.Source{platform{list: []report.Movement{huge}}} }).X(t.Context(), report.Window{})
	require.ErrorIs(t, err, pos.ErrMoneyOverflow)
}

func TestLanesHaveTheirOwnReports(t *testing.T) {
	s := newShop(t)
	s.put(did{amount: cny(1)}, did{amount: cny(10), till: "t2"})
	for till, want := range map[string]string{"": " CNY 11 s2:11 r0:0 v0:0\n", "t2": " CNY 10 s1:10 r0:0 v0:0\n", "t3": ""} {
		r, err := s.book(func(c *report.Config) { c.Till = till }).X(t.Context(), report.Window{})
		require.NoError(t, err)
		require.Equal(t, want, flat(r.Totals))
	}
}

func TestWhatCannotBeRight(t *testing.T) {
	s := newShop(t)
	for name, cfg := range map[string]report.Config{
		"journal": {Zone: time.UTC}, "zone": {Journal: s.j}, "cut-off": {Journal: s.j, Zone: time.UTC, CutOff: 24 * time.Hour},
		"rate": {Journal: s.j, Zone: time.UTC, Terms: map[string]report.Terms{"a": {RatePer100k: 100_001}}},
		"days": {Journal: s.j, Zone: time.UTC, Terms: map[string]report.Terms{"a": {PayDays: 371}}},
	} {
		_, err := report.New(cfg)
		require.ErrorIs(t, err, pos.ErrInvalid, name)
	}
	for _, w := range []report.Window{{Day: "22.11.2026"}, {Day: "2026-11-22", From: s.now}, {From: s.now, To: s.now}} {
		_, err := s.book().X(t.Context(), w)
		require.ErrorIs(t, err, pos.ErrInvalid)
	}
}

func TestEachVoucherCountsByItself(t *testing.T) {
	s := newShop(t)
	use := func(title string, state pos.VoucherState, minor int64) pos.VoucherVerdict {
		return pos.VoucherVerdict{ID: title, Title: title, Verdict: state, Amount: cny(minor)}
	}
	redeem := func(d did, list ...pos.VoucherVerdict) {
		d.tender = "douyin"
		events := s.events(d)
		events[2].Reply.Vouchers = list
		_, err := s.j.Append(t.Context(), events...)
		require.NoError(t, err)
	}
	redeem(did{id: "a", typ: pos.TypeRedeem, amount: cny(700)}, use("lunch", pos.VoucherRedeemed, 500), use("tea", pos.VoucherRefused, 900), use("tea", pos.VoucherRedeemed, 300))
	redeem(did{id: "b", typ: pos.TypeRedeem, amount: cny(500)}, use("lunch", pos.VoucherRedeemed, 500))
	redeem(did{typ: pos.TypeVoid, original: "b", ref: "o-b", amount: cny(500)}, use("lunch", pos.VoucherUndone, 500))
	redeem(did{typ: pos.TypeRedeem, amount: cny(40)})
	r, err := s.book().X(t.Context(), report.Window{})
	require.NoError(t, err)
	require.Equal(t, "douyin CNY 40 s1:40 r0:0 v0:0\nlunch CNY 500 s2:1000 r0:0 v1:500\ntea CNY 200 s1:200 r0:0 v0:0\n", flat(r.Vouchers))
	require.Equal(t, total(r), sums(r.Vouchers)[pos.CNY], "no more than the money that moved")
}

func TestWhatARuleForbadeIsShown(t *testing.T) {
	s := newShop(t)
	_, err := s.book().Z(t.Context(), report.ZRequest{})
	require.NoError(t, err)
	_, err = s.j.Append(t.Context(), pos.Event{Kind: pos.EventDenied, Attempt: "d", Time: s.now, Reason: "too much", Intent: &pos.Intent{Till: "t1", Type: pos.TypeCharge, Reference: "o",
		Tender: "card", Amount: cny(99), Rule: "amount-max"}})
	require.NoError(t, err)
	r, err := s.book().X(t.Context(), report.Window{})
	require.NoError(t, err)
	require.Equal(t, "DENIED CNY 1:99\n", exceptions(r))
	require.Empty(t, r.Totals)
	require.Empty(t, r.Open)
}
