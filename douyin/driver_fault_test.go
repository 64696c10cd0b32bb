package douyin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
)

const verifyPath = "/goodlife/v1/fulfilment/certificate/verify/"

// Golden trace: verify is answered 500 twice, nobody answers questions, and the
// third answer is error_code 0 with result 1208: approved once. After 61 minutes the platform refuses the undo: a person
// is called, with the reason.
func TestGoldenTraceVerifyTwice500ThenUndoTooLate(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	s.p.Inject("http-500-after=/verify/", "http-500=/verify/", "http-500=certificate/query/", "http-500=certificate/query/", "forget-answer")
	a, err := s.redeem(douyintest.SetMeal, "golden-5")
	require.NoError(t, err)
	assert.Equal(t, int64(26895), s.books(), "redeemed once")
	assert.Equal(t, 3, s.p.Calls(verifyPath))
	assert.Zero(t, s.p.Armed(), "1208 was answered")
	s.p.Advance(61 * time.Minute)
	_, err = s.Abandon(t.Context(), a.ID, "customer left")
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	a, err = s.journal.Get(t.Context(), a.ID)
	require.NoError(t, err)
	assert.Equal(t, pos.StateManual, a.State)
	assert.Contains(t, a.Reason, "3000001/2034000910")
	assert.Contains(t, a.Reason, "back office")
	assert.Equal(t, int64(26895), s.books())
}

// 1208 after a doubt may be ourselves; on a first try it is somebody else.
func TestAlreadyUsedMeansWhatThePlatformRemembers(t *testing.T) {
	t.Run("first try", func(t *testing.T) {
		s := newCounter(t, douyintest.Config{Seed: 1})
		r := s.p.Of(douyintest.SetMeal)[0]
		_, err := s.Preview(t.Context(), "", secret(r.Code))
		require.NoError(t, err)
		_, err = s.m.Verify(t.Context(), chosen(t, prepare(t, s.m, r))) // another till, a moment ago, in the same shop
		require.NoError(t, err)
		a, err := s.Redeem(t.Context(), pos.RedeemRequest{Amount: douyin.Fen(26895).Money(), Reference: "late", Code: secret(r.Code)})
		require.ErrorIs(t, err, pos.ErrDeclined)
		assert.Equal(t, "1208", a.Code)
		assert.Equal(t, pos.VoucherRefused, a.Vouchers[0].Verdict)
	})
	for _, fault := range []string{"result-2", ""} {
		t.Run("after a doubt "+fault, func(t *testing.T) {
			s := newCounter(t, douyintest.Config{Seed: 1})
			s.p.Inject("lose-answer=/verify/", "http-500=certificate/query/", "forget-answer")
			if fault != "" {
				s.p.Inject(fault)
			}
			a, err := s.redeem(douyintest.SetMeal, "ours")
			require.NoError(t, err)
			assert.Equal(t, pos.StateApproved, a.State)
			assert.Zero(t, s.p.Armed(), "it was answered as used")
			s.agree()
		})
	}
}

// Every fault on every call of a redemption, its undo and its questions: journal and platform agree.
func TestEveryFaultOnEveryCall(t *testing.T) {
	var names []string
	for name := range douyintest.Faults {
		if !slices.Contains([]string{"duplicate-webhook", "forged-webhook", "reorder-webhook", "result-2", "forget-answer"}, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, word := range []string{"/prepare/", "/verify/", "/cancel/", "certificate/query/"} {
			for _, n := range []int{1, 3} {
				t.Run(fmt.Sprint(name, word, n), func(t *testing.T) { faultOn(t, name, word, n) })
			}
		}
	}
}

func faultOn(t *testing.T, name, word string, n int) {
	s := newCounter(t, douyintest.Config{Seed: 1, Slow: 5 * time.Millisecond})
	p, err := s.Preview(t.Context(), "", secret(s.p.Of(douyintest.SetMeal)[0].Code)) // the line was good
	require.NoError(t, err)
	for range n {
		s.p.Inject(name + "=" + word)
	}
	if word == "certificate/query/" {
		s.p.Inject("lose-answer=/verify/", "lose-request=/verify/", "lose-answer=/cancel/")
	}
	a, err := s.Redeem(t.Context(), pos.RedeemRequest{Amount: p.Vouchers[0].Worth, Reference: "one", Code: secret(s.p.Of(douyintest.SetMeal)[1].Code)})
	if errors.Is(err, pos.ErrOutcomeUnknown) {
		s.mend()
	}
	if err == nil && s.books() != a.Approved.Minor() {
		t.Errorf("told redeemed, but the platform has %d", s.books())
	}
	s.agree()
	if err == nil {
		_, err = s.Void(t.Context(), pos.VoidRequest{Original: a.ID})
		if errors.Is(err, pos.ErrOutcomeUnknown) {
			s.mend()
		}
	}
	s.agree()
	assert.LessOrEqual(t, s.p.Redeemed(s.p.Of(douyintest.SetMeal)[1].Certificate), 1)
}

// The crash table, column voucher: killed at every durable barrier is the
// suite's; here the process dies around the request itself.
func TestTheCrashTable(t *testing.T) {
	for name, c := range map[string]struct {
		faults []string
		state  pos.State
		books  int64
	}{
		"C2, C3: armed, the request never arrived":      {[]string{"lose-request=/verify/"}, pos.StateDeclined, 0},
		"C4: the request is out, no reply":              {[]string{"lose-answer=/verify/"}, pos.StateApproved, 26895},
		"C5: cut inside the reply":                      {[]string{"cut-answer=/verify/"}, pos.StateApproved, 26895},
		"C5: a reply that is a page":                    {[]string{"html-after=/verify/"}, pos.StateApproved, 26895},
		"C5: a reply of eight megabytes":                {[]string{"huge=/verify/"}, pos.StateApproved, 26895},
		"applied, and answered with the platform's own": {[]string{"busy-after=/verify/"}, pos.StateApproved, 26895},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCounter(t, douyintest.Config{Seed: 1})
			s.p.Inject(c.faults...)
			s.die(t, func(t *pos.Till, code pos.Secret) {
				t.Redeem(context.Background(), pos.RedeemRequest{Amount: douyin.Fen(26895).Money(), Reference: "crash", Code: code})
			})
			s.mend()
			list, err := s.journal.Find(t.Context(), pos.Filter{Reference: "crash"})
			require.NoError(t, err)
			require.Len(t, list, 1)
			assert.Equal(t, c.state, list[0].State, list[0].Reason)
			assert.Equal(t, c.books, s.books())
			s.agree()
			assert.Equal(t, c.state == pos.StateApproved, len(s.Recovered().Orphans)+settledNow(s) > 0)
		})
	}
}

func settledNow(s *counter) int {
	list, err := s.journal.Find(context.Background(), pos.Filter{States: []pos.State{pos.StateApproved}})
	if err != nil {
		s.t.Error(err)
	}
	return len(list)
}

// die redeems in a process that ends as soon as the platform was first called
// to redeem, whatever it said, and starts the next one.
func (s *counter) die(t *testing.T, work func(*pos.Till, pos.Secret)) {
	t.Helper()
	s.Till.Close()
	impatient := quick
	impatient.Retry = func(int) (time.Duration, bool) { return 0, false }
	b := postest.NewBarriers(s.journal)
	b.KillAt = 3 // intent, armed, and then the process is gone
	d := driver(t, douyin.DriverConfig{Merchant: s.m, Timing: impatient})
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: b, Drivers: map[string]pos.Driver{"douyin": d}, Times: times})
	require.NoError(t, err)
	work(till, secret(s.p.Of(douyintest.SetMeal)[0].Code))
	require.True(t, b.Dead())
	till.Close()
	s.journal = s.journal.Reopen()
	s.open()
}

// C9, C10: the undo is decided, and its answer lost, or the process ends.
func TestAnUndoIsNeverDropped(t *testing.T) {
	for _, fault := range []string{"lose-request", "lose-answer", "http-500-after", "cut-answer"} {
		t.Run(fault, func(t *testing.T) {
			s := newCounter(t, douyintest.Config{Seed: 1})
			a, err := s.redeem(douyintest.SetMeal, "back")
			require.NoError(t, err)
			for range 40 {
				s.p.Inject(fault + "=/cancel/")
			}
			for range 40 {
				s.p.Inject("lose-request=certificate/query/")
			}
			_, err = s.Abandon(t.Context(), a.ID, "customer left")
			require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
			s.restart()
			s.mend()
			a, err = s.journal.Get(t.Context(), a.ID)
			require.NoError(t, err)
			assert.Equal(t, pos.StateReversed, a.State)
			assert.Zero(t, s.books())
		})
	}
}

// What the platform holds for review is never failed and never shown as redeemed.
func TestHeldForReview(t *testing.T) {
	for _, fine := range []bool{true, false} {
		t.Run(fmt.Sprint("redeemed in the end: ", fine), func(t *testing.T) {
			s := newCounter(t, douyintest.Config{Seed: 1})
			a, err := s.redeem(douyintest.Held, "held")
			require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
			assert.Equal(t, pos.StateUnknown, a.State)
			assert.Equal(t, pos.VoucherPending, a.Vouchers[0].Verdict)
			assert.Equal(t, "1229", a.Code)
			assert.Equal(t, 1, s.p.Calls(verifyPath), "the platform goes on by itself")
			assert.True(t, slices.ContainsFunc(s.steps, func(p pos.Progress) bool { return p.Code == "1229" }))
			_, err = s.redeem(douyintest.SetMeal, "next")
			require.NoError(t, err, "the next customer does not wait for it")
			_, err = s.redeem(douyintest.Held, "again")
			require.ErrorIs(t, err, pos.ErrBusy, "nobody else redeems it meanwhile")
			s.restart()
			time.Sleep(2 * times.Quarantine)
			_, err = s.Recover(t.Context())
			require.ErrorIs(t, err, pos.ErrOutcomeUnknown, "no quarantine makes a review a refusal")
			s.p.Review(s.p.Of(douyintest.Held)[0].Certificate, fine)
			want := pos.StateApproved
			if !fine {
				want = pos.StateDeclined
				s.p.Advance(50 * time.Hour)
				_, err = s.m.Certificates(t.Context(), douyin.CertificateQuery{Order: douyin.ID(s.p.Of(douyintest.Held)[0].Order)}) // the clock is learned
				require.NoError(t, err)
			}
			s.mend()
			a, err = s.journal.Get(t.Context(), a.ID)
			require.NoError(t, err)
			assert.Equal(t, want, a.State)
			s.agree()
		})
	}
}

// A held voucher given up is undone as soon as the review ends in a redemption.
func TestHeldAndAbandoned(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	a, err := s.redeem(douyintest.Held, "held")
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	_, err = s.Abandon(t.Context(), a.ID, "the customer pays in cash")
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	s.p.Review(s.p.Of(douyintest.Held)[0].Certificate, true)
	s.mend()
	assert.Zero(t, s.books())
	s.agree()
}

func TestPartialSuccess(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	pair := s.p.Of(douyintest.Pair)[0]
	p, err := s.Preview(t.Context(), "", secret(pair.Code))
	require.NoError(t, err)
	require.Len(t, p.Vouchers, 2)
	_, err = s.redeem(douyintest.Pair, "which")
	require.ErrorIs(t, err, pos.ErrInvalid, "nobody guesses which of two")
	// Another till uses one of them in between.
	v, err := prepare(t, s.m, pair).Verification(douyintest.Shop, douyin.Use{Certificate: douyin.ID(p.Vouchers[0].ID)})
	require.NoError(t, err)
	_, err = s.m.Verify(t.Context(), v)
	require.NoError(t, err)
	a, err := s.Redeem(t.Context(), pos.RedeemRequest{Amount: douyin.Fen(2 * 3090).Money(), Reference: "pair", Code: secret(pair.Code),
		Uses: []pos.VoucherUse{{Voucher: p.Vouchers[0].ID}, {Voucher: p.Vouchers[1].ID}}})
	require.ErrorIs(t, err, pos.ErrPartial)
	assert.Equal(t, int64(3090), a.Approved.Minor())
	assert.Equal(t, []pos.VoucherState{pos.VoucherRefused, pos.VoucherRedeemed}, []pos.VoucherState{a.Vouchers[0].Verdict, a.Vouchers[1].Verdict})
	assert.Equal(t, "1208", a.Vouchers[0].Code)
	assert.Equal(t, int64(2*3090), s.books(), "one is theirs, one is ours")
	_, err = s.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err)
	assert.Equal(t, int64(3090), s.books(), "only ours is taken back")
}

func TestUsesOfACardAndSeveralOrders(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	card := s.p.Of(douyintest.TimesCard)[0]
	a, err := s.redeem(douyintest.TimesCard, "card", pos.VoucherUse{Voucher: card.Certificate, Times: 3})
	require.NoError(t, err)
	require.Len(t, a.Vouchers, 3)
	assert.Equal(t, s.books(), a.Approved.Minor())
	assert.NotEqual(t, a.Vouchers[0].Reference, a.Vouchers[1].Reference, "every use has its number")
	s.agree()
	_, err = s.redeem(douyintest.TimesCard, "too many", pos.VoucherUse{Voucher: card.Certificate, Times: 3})
	require.ErrorIs(t, err, pos.ErrInvalid)
	s.p.Inject("lose-answer=/cancel/")
	_, err = s.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err)
	assert.Zero(t, s.books(), "all three, or none")

	list := s.p.Of(douyintest.SetMeal)
	s.p.Inject("lose-answer=/verify/")
	a, err = s.Redeem(t.Context(), pos.RedeemRequest{Reference: "orders", Code: secret(list[3].Code), Codes: []pos.Secret{secret(list[4].Code), secret(list[5].Code)}})
	require.NoError(t, err)
	assert.Equal(t, int64(3*26895), a.Approved.Minor())
	s.agree()
	noSecrets(t, s, list[3:6]...)
	_, err = s.Redeem(t.Context(), pos.RedeemRequest{Reference: "same", Code: secret(list[6].Code), Codes: []pos.Secret{secret(list[6].Code)}})
	require.ErrorIs(t, err, pos.ErrInvalid, "one code twice")
}

// A second order that never arrived is found out after the first one did.
func TestSeveralOrdersCutInTheMiddle(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	list := s.p.Of(douyintest.SetMeal)
	s.Till.Close()
	impatient := quick
	impatient.Retry = func(int) (time.Duration, bool) { return 0, false }
	s.cfg.Timing = impatient
	s.open()
	s.p.Inject("slow=/verify/")
	s.p.Inject("lose-request=/verify/")
	a, err := s.Redeem(t.Context(), pos.RedeemRequest{Reference: "orders", Code: secret(list[0].Code), Codes: []pos.Secret{secret(list[1].Code)}})
	if errors.Is(err, pos.ErrOutcomeUnknown) {
		s.mend()
		a, err = s.journal.Get(t.Context(), a.ID)
		require.NoError(t, err)
	} else {
		require.ErrorIs(t, err, pos.ErrPartial)
	}
	assert.Equal(t, int64(26895), a.Approved.Minor())
	assert.Equal(t, pos.VoucherRefused, a.Vouchers[1].Verdict)
	s.agree()
}

func TestWhatIsRefusedIsSaidInThePlatformsWords(t *testing.T) {
	for kind, want := range map[douyintest.Kind]struct {
		class error
		words []string
	}{
		douyintest.BranchOnly:  {pos.ErrDeclined, []string{"3000002", "门店不适用", "not valid in this shop"}},
		douyintest.Gifting:     {pos.ErrDeclined, []string{"2119006"}},
		douyintest.Expired:     {pos.ErrInvalid, []string{"expired on", "已过期"}},
		douyintest.NotYet:      {pos.ErrInvalid, []string{"valid from", "未到使用时间"}},
		douyintest.Foreign:     {pos.ErrDeclined, []string{"1212"}},
		douyintest.UsedOne:     {pos.ErrInvalid, []string{"no voucher that could be redeemed"}},
		douyintest.RefundedOne: {pos.ErrInvalid, []string{"no voucher that could be redeemed"}},
	} {
		t.Run(string(kind), func(t *testing.T) {
			s := newCounter(t, douyintest.Config{Seed: 1})
			r := s.p.Of(kind)[0]
			_, err := s.redeem(kind, "no")
			require.ErrorIs(t, err, want.class)
			for _, w := range want.words {
				assert.ErrorContains(t, err, w)
			}
			assert.NotContains(t, err.Error(), r.Code)
			books := s.books()
			assert.Zero(t, books)
			s.agree()
		})
	}
}

func TestTextsThatAreNoVouchers(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	s.Till.Close()
	s.cfg.Resolver = &douyin.Resolver{Dial: s.p.Dial, TLS: s.p.HTTPClient().Transport.(*http.Transport).TLSClientConfig}
	s.open()
	for name, text := range douyintest.HostileLinks {
		_, err := s.Redeem(t.Context(), pos.RedeemRequest{Reference: name, Code: secret(text)})
		require.ErrorIs(t, err, pos.ErrInvalid, name)
		assert.NotContains(t, err.Error(), text)
	}
	for _, text := range []string{"6901234", "hello", "https://evil.example/?object_id=abc", ""} {
		_, err := s.Preview(t.Context(), "", secret(text))
		require.ErrorIs(t, err, pos.ErrInvalid, text)
	}
	a, err := s.Redeem(t.Context(), pos.RedeemRequest{Reference: "scanned", Code: secret(s.p.Of(douyintest.SetMeal)[0].Link)})
	require.NoError(t, err, "a scanned link leads to the voucher")
	assert.Empty(t, a.Card)
	assert.Zero(t, len(a.Handle["code"]))
	s.agree()
}

// Our clock, or the one the platform announces, is an hour wrong in either
// direction while the answer is lost. (Both wrong at once against the times the
// platform books is beyond telling.)
func TestClocksAnHourApart(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, 0, time.Hour} {
		for _, fault := range []string{"", "clock-off"} {
			if off < 0 && fault != "" {
				continue
			}
			t.Run(fmt.Sprint(off, fault), func(t *testing.T) {
				s := newCounter(t, douyintest.Config{Seed: 1, Start: time.Now().Add(off)})
				if fault != "" {
					s.p.Inject(fault)
				}
				s.p.Inject("lose-answer=/verify/", "lose-request=/verify/", "lose-request=/verify/")
				a, err := s.redeem(douyintest.SetMeal, "clock")
				require.NoError(t, err)
				assert.Equal(t, pos.StateApproved, a.State)
				s.agree()
			})
		}
	}
}

// Two lanes, one voucher: the second is told busy, or that it is used.
func TestTwoLanesOneVoucher(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	other, err := pos.Open(t.Context(), pos.Config{ID: "lane-2", Journal: s.journal, Times: times,
		Drivers: map[string]pos.Driver{"douyin": driver(t, douyin.DriverConfig{Merchant: s.m, Book: s.journal})}})
	require.NoError(t, err)
	defer other.Close()
	for i, r := range s.p.Of(douyintest.SetMeal)[:12] {
		done := make(chan error, 2)
		for n, till := range []*pos.Till{s.Till, other} {
			go func() {
				_, err := till.Redeem(context.Background(), pos.RedeemRequest{Amount: douyin.Fen(26895).Money(), Reference: fmt.Sprint(i, "-", n), Code: secret(r.Code)})
				done <- err
			}()
		}
		a, b := <-done, <-done
		assert.True(t, (a == nil) != (b == nil), "%v and %v", a, b)
		assert.Equal(t, 1, s.p.Redeemed(r.Certificate))
	}
	s.agree()
}

// Where the merchant has agreed with the platform, a refund can be applied for.
func TestRefundAfterTheHour(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	s.Till.Close()
	s.cfg.Refund = &douyin.RefundPolicy{Reasons: []int64{102}}
	s.open()
	a, err := s.redeem(douyintest.SetMeal, "refund")
	require.NoError(t, err)
	s.p.Advance(61 * time.Minute)
	_, err = s.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.ErrorIs(t, err, pos.ErrDeclined)
	require.ErrorContains(t, err, "till refund")
	s.p.Inject("lose-answer=/apply/")
	back, err := s.Refund(t.Context(), pos.RefundRequest{Original: a.ID})
	if errors.Is(err, pos.ErrOutcomeUnknown) {
		s.mend()
		back, err = s.journal.Get(t.Context(), back.ID)
	}
	require.NoError(t, err)
	assert.True(t, back.State.Paid(), back.State)
	assert.Zero(t, s.books())
	s.agree()
}

// A code that is not published is kept as it came, decides nothing, and the
// platform's memory does.
func TestAnUnknownCodeSurvives(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	for range 15 {
		s.p.Inject("unknown-code=/verify/")
	}
	_, err := s.redeem(douyintest.SetMeal, "strange")
	require.Error(t, err)
	assert.ErrorContains(t, err, "987654")
	assert.ErrorContains(t, err, "没有人知道")
	s.mend()
	s.agree()
}

// Five vouchers at once, one of them of another shop: four count.
func TestFourOfFive(t *testing.T) {
	s := newCounter(t, douyintest.Config{Seed: 1})
	list := s.p.Of(douyintest.SetMeal)
	s.p.Inject("token-expired=/verify/", "error-in-data=/prepare/")
	_, err := s.Preview(t.Context(), "", secret(list[0].Code))
	require.ErrorIs(t, err, pos.ErrInvalid, "an error inside HTTP 200 is an error")
	r := pos.RedeemRequest{Reference: "five", Code: secret(list[0].Code), Codes: []pos.Secret{secret(list[1].Code),
		secret(s.p.Of(douyintest.BranchOnly)[0].Code), secret(list[2].Code), secret(list[3].Code)}}
	a, err := s.Redeem(t.Context(), r)
	require.ErrorIs(t, err, pos.ErrPartial)
	assert.Equal(t, int64(4*26895), a.Approved.Minor())
	var states []pos.VoucherState
	for _, v := range a.Vouchers {
		states = append(states, v.Verdict)
	}
	assert.Equal(t, []pos.VoucherState{pos.VoucherRedeemed, pos.VoucherRedeemed, pos.VoucherRefused, pos.VoucherRedeemed, pos.VoucherRedeemed}, states)
	assert.Equal(t, "3000002", a.Vouchers[2].Code)
	s.agree()
	back, err := s.Void(t.Context(), pos.VoidRequest{Original: a.ID})
	require.NoError(t, err)
	assert.Equal(t, int64(4*26895), back.Approved.Minor())
	assert.Zero(t, s.books())
}
