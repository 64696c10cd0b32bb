package douyin_test

import (
	"crypto/aes"
	"crypto/cipher"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
)

func TestAVoucherIsPreparedRedeemedQueriedAndUndone(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 1})
	m := merchant(t, p)
	ready := p.Of(douyintest.SetMeal)[0]
	got := prepare(t, m, ready)
	require.Len(t, got.Certificates, 1)
	c := got.Certificates[0]
	assert.Equal(t, douyin.ID(ready.Certificate), c.ID, "an identifier of 19 digits that came as a number")
	assert.Equal(t, pos.FromMinor(26895, pos.CNY), c.Amount.Original.Money())
	assert.Equal(t, c.Amount.Original, c.Amount.CouponPay+c.Amount.MerchantTicket+c.Amount.PlatformDiscount)
	assert.Equal(t, 1, c.Uses())
	c.Raw.Use(func(b []byte) { assert.Contains(t, string(b), "future_field", "unknown fields are kept") })

	start := m.Client().Now()
	out, err := m.Verify(t.Context(), chosen(t, got))
	require.NoError(t, err)
	require.Equal(t, 1, out.Count(douyin.Redeemed))
	assert.NotEmpty(t, out.LogID)
	assert.Equal(t, douyin.Fen(26895), out.Uses[0].Amount.Original)
	assert.Equal(t, int64(26895), p.Net())

	one, err := m.Certificate(t.Context(), c.Encrypted)
	require.NoError(t, err)
	assert.Equal(t, douyin.StatusUsed, one.Status)
	assert.WithinDuration(t, start, one.Redeemed.Time.Time, 5*time.Second, "milliseconds here")
	list, err := m.Certificates(t.Context(), douyin.CertificateQuery{Order: got.Order})
	require.NoError(t, err)
	assert.WithinDuration(t, start, list[0].Redeemed.Time.Time, 5*time.Second, "seconds there")
	assert.True(t, list[0].Redeemed.CanCancel)

	undo := douyin.Undo{Verify: out.Uses[0].Verify, Certificate: c.ID}
	require.NoError(t, m.Cancel(t.Context(), undo))
	assert.Zero(t, p.Net())
	state, err := m.UndoOutcome(t.Context(), douyin.CertificateQuery{Order: got.Order}, c.ID, undo.Verify)
	require.NoError(t, err)
	assert.Equal(t, douyin.Undone, state)
}

func TestTheSameTokenIsOneRedemptionAndANewOneIsNot(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 2})
	m := merchant(t, p)
	ready := p.Of(douyintest.CashVoucher)[0]
	first, second := chosen(t, prepare(t, m, ready)), chosen(t, prepare(t, m, ready))
	a, err := m.Verify(t.Context(), first)
	require.NoError(t, err)
	b, err := m.Verify(t.Context(), first)
	require.NoError(t, err)
	assert.Equal(t, a.Uses[0].Verify, b.Uses[0].Verify)
	out, err := m.Verify(t.Context(), second)
	require.ErrorIs(t, err, douyin.ErrRefused)
	assert.Equal(t, douyin.AlreadyUsed, details(t, err).Reason)
	assert.Equal(t, douyin.Used, out.Uses[0].Verdict)
	assert.Equal(t, 1, p.Redeemed(ready.Certificate))
}

func TestEveryKindOfVoucherHasItsVerdict(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 3})
	m := merchant(t, p)
	for _, c := range []struct {
		kind    douyintest.Kind
		class   error
		reason  douyin.Reason
		verdict douyin.Verdict
	}{
		{douyintest.Expired, douyin.ErrRefused, douyin.NoLongerValid, douyin.Refused},
		{douyintest.NotYet, douyin.ErrRefused, douyin.NoLongerValid, douyin.Refused},
		{douyintest.BranchOnly, douyin.ErrRefused, douyin.WrongShop, douyin.Refused},
		{douyintest.Gifting, douyin.ErrRefused, douyin.Locked, douyin.Refused},
		{douyintest.Held, douyin.ErrPending, douyin.HeldForReview, douyin.Pending},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			out, err := m.Verify(t.Context(), chosen(t, prepare(t, m, p.Of(c.kind)[0])))
			require.ErrorIs(t, err, c.class)
			assert.Equal(t, c.reason, details(t, err).Reason)
			assert.Equal(t, c.verdict, out.Uses[0].Verdict)
		})
	}
	for _, kind := range []douyintest.Kind{douyintest.UsedOne, douyintest.RefundedOne} {
		assert.Empty(t, prepare(t, m, p.Of(kind)[0]).Certificates, "nothing to redeem: %s", kind)
	}
	_, err := m.Prepare(t.Context(), douyin.PrepareRequest{Code: secret(p.Of(douyintest.Foreign)[0].Code), Shop: douyintest.Shop})
	assert.Equal(t, douyin.NotFound, details(t, err).Reason)
	_, err = m.Prepare(t.Context(), douyin.PrepareRequest{EncryptedData: secret("rubbish"), Shop: douyintest.Shop})
	assert.Equal(t, douyin.InvalidCode, details(t, err).Reason)
	assert.Zero(t, p.Net())
}

func TestAHeldVoucherIsPendingUntilThePlatformRedeemsIt(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 4})
	m := merchant(t, p)
	ready := p.Of(douyintest.Held)[0]
	v := chosen(t, prepare(t, m, ready))
	since := m.Client().Now()
	_, err := m.Verify(t.Context(), v)
	require.ErrorIs(t, err, douyin.ErrPending)
	require.True(t, details(t, err).Unknown())
	require.False(t, details(t, err).Definite())
	p.Review(ready.Certificate, true)
	out, err := m.Outcome(t.Context(), v, since)
	require.NoError(t, err)
	require.Equal(t, douyin.Redeemed, out.Uses[0].Verdict)
	require.NotEmpty(t, out.Uses[0].Verify)
}

func TestATimesCardIsUsedSeveralTimes(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 5})
	m := merchant(t, p)
	ready := p.Of(douyintest.TimesCard)[0]
	id := douyin.ID(ready.Certificate)
	got := prepare(t, m, ready)
	_, err := got.Verification(douyintest.Shop, douyin.Use{Certificate: id, Times: 6})
	require.ErrorIs(t, err, douyin.ErrInvalid)
	out, err := m.Verify(t.Context(), chosen(t, got, douyin.Use{Certificate: id, Times: 3}))
	require.NoError(t, err)
	require.Equal(t, 3, out.Count(douyin.Redeemed))
	require.Equal(t, int64(2001), int64(out.Uses[0].Amount.Original), "the first use has the remainder")
	require.NotEqual(t, out.Uses[0].Verify, out.Uses[1].Verify)
	require.NoError(t, m.Cancel(t.Context(), douyin.Undo{Batch: &douyin.UndoBatch{Order: got.Order, Verify: []douyin.ID{out.Uses[1].Verify, out.Uses[2].Verify}}}))
	undo := douyin.Undo{Verify: "0", Certificate: id, CancelToken: "undo-1", Count: 1}
	require.NoError(t, m.Cancel(t.Context(), undo))
	require.NoError(t, m.Cancel(t.Context(), undo), "the same token is one undo")
	require.Zero(t, p.Net())
	require.Equal(t, 5, prepare(t, m, ready).Certificates[0].Uses())
}

func TestASaleIsNotTakenForTheOneBefore(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 12})
	m := merchant(t, p)
	ready := p.Of(douyintest.TimesCard)[0]
	_, err := m.Verify(t.Context(), chosen(t, prepare(t, m, ready)))
	require.NoError(t, err)
	next := chosen(t, prepare(t, m, ready)) // in the same second
	since := m.Client().Now()
	p.Inject("lose-request=/verify/")
	_, err = m.Verify(t.Context(), next)
	require.ErrorIs(t, err, douyin.ErrDoubt)
	out, err := m.Outcome(t.Context(), next, since)
	require.ErrorIs(t, err, douyin.ErrRefused)
	require.Equal(t, douyin.NotRedeemed, out.Uses[0].Reason)
	_, err = m.Verify(t.Context(), next)
	require.NoError(t, err)
	out, err = m.Outcome(t.Context(), next, since)
	require.NoError(t, err)
	require.Equal(t, int64(2), out.Uses[0].Serial)
}

func TestSeveralVouchersHaveOneVerdictEach(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 6})
	m := merchant(t, p)
	got := prepare(t, m, p.Of(douyintest.Pair)[0])
	require.Len(t, got.Certificates, 2)
	both := chosen(t, got)
	_, err := m.Verify(t.Context(), chosen(t, prepare(t, m, p.Of(douyintest.Pair)[0]), douyin.Use{Certificate: got.Certificates[1].ID}))
	require.NoError(t, err)
	out, err := m.Verify(t.Context(), both)
	require.ErrorIs(t, err, douyin.ErrPartial)
	require.Equal(t, []douyin.Verdict{douyin.Redeemed, douyin.Used}, []douyin.Verdict{out.Uses[0].Verdict, out.Uses[1].Verdict})
	require.False(t, details(t, err).Definite())
}

func TestAVerificationSurvivesACrash(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 7})
	m := merchant(t, p)
	ready := p.Of(douyintest.SetMeal)[0]
	v := chosen(t, prepare(t, m, ready))
	handle, err := v.Handle(nil)
	require.NoError(t, err)
	require.False(t, pos.HoldsCardData(string(handle)), "the journal takes it")
	again, err := douyin.ParseVerification(handle, nil)
	require.NoError(t, err)
	since := m.Client().Now()
	p.Inject("lose-answer=verify")
	_, err = m.Verify(t.Context(), v)
	require.ErrorIs(t, err, douyin.ErrDoubt)
	out, err := m.Verify(t.Context(), again)
	require.NoError(t, err)
	asked, err := m.Outcome(t.Context(), again, since)
	require.NoError(t, err)
	require.Equal(t, out.Uses[0].Verify, asked.Uses[0].Verify)
	require.Equal(t, 1, p.Redeemed(ready.Certificate))

	block, err := aes.NewCipher(make([]byte, 32))
	require.NoError(t, err)
	seal, err := cipher.NewGCM(block)
	require.NoError(t, err)
	third, err := douyin.NewThirdParty(douyintest.Shop, "1", secret("123456789012"))
	require.NoError(t, err)
	_, err = third.Handle(nil)
	require.ErrorIs(t, err, douyin.ErrNeedsSeal)
	handle, err = third.Handle(seal)
	require.NoError(t, err)
	_, err = douyin.ParseVerification(handle, nil)
	require.Error(t, err)
	back, err := douyin.ParseVerification(handle, seal)
	require.NoError(t, err)
	require.True(t, back.ThirdParty && back.Token.Equal(third.Token) && back.Uses[0].Code.Equal(third.Uses[0].Code))
	handle[len(handle)/2] ^= 1
	_, err = douyin.ParseVerification(handle, seal)
	require.Error(t, err)
}

func TestAQueryDecidesADoubt(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 8})
	m := merchant(t, p)
	outcome := func(v *douyin.Verification, since time.Time) douyin.UseOutcome {
		out, _ := m.Outcome(t.Context(), v, since)
		require.NotNil(t, out)
		return out.Uses[0]
	}
	ready := p.Of(douyintest.SetMeal)
	v := chosen(t, prepare(t, m, ready[0]))
	now := m.Client().Now()
	assert.Equal(t, douyin.NotRedeemed, outcome(v, now).Reason, "nothing was sent")

	other := chosen(t, prepare(t, m, ready[1]))
	redeemed, err := prepare(t, m, ready[1]).Verification(douyintest.Branch)
	require.NoError(t, err)
	_, err = m.Verify(t.Context(), redeemed)
	require.NoError(t, err)
	assert.Equal(t, douyin.Used, outcome(other, now).Verdict, "another shop has it")

	early := chosen(t, prepare(t, m, ready[2]))
	_, err = m.Verify(t.Context(), early)
	require.NoError(t, err)
	assert.Equal(t, douyin.Used, outcome(early, now.Add(time.Hour)).Verdict, "it was there before us")

	card := p.Of(douyintest.TimesCard)[0]
	two := chosen(t, prepare(t, m, card), douyin.Use{Certificate: douyin.ID(card.Certificate), Times: 2})
	_, err = m.Verify(t.Context(), chosen(t, prepare(t, m, card)))
	require.NoError(t, err)
	out, err := m.Outcome(t.Context(), two, now)
	require.ErrorIs(t, err, douyin.ErrPartial)
	assert.Equal(t, 1, out.Count(douyin.Redeemed))
	one := chosen(t, prepare(t, m, card))
	_, err = m.Verify(t.Context(), two)
	require.NoError(t, err)
	_, err = m.Outcome(t.Context(), one, now)
	require.ErrorIs(t, err, douyin.ErrDoubt, "more uses than ours: nobody can say which are")

	_, err = m.ApplyRefund(t.Context(), douyin.RefundApplication{Order: other.Order, Reasons: []int64{102}})
	require.NoError(t, err)
	_, err = m.Outcome(t.Context(), other, now)
	assert.Equal(t, douyin.Refunded, details(t, err).Reason)
	_, err = m.Outcome(t.Context(), other, time.Time{})
	require.ErrorIs(t, err, douyin.ErrInvalid)
}

func TestAnUndoComesTooLate(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 9})
	m := merchant(t, p)
	got := prepare(t, m, p.Of(douyintest.SetMeal)[0])
	out, err := m.Verify(t.Context(), chosen(t, got))
	require.NoError(t, err)
	p.Advance(2 * time.Hour)
	undo := douyin.Undo{Verify: out.Uses[0].Verify, Certificate: out.Uses[0].Certificate}
	err = m.Cancel(t.Context(), undo)
	require.ErrorIs(t, err, douyin.ErrRefused)
	e := details(t, err)
	assert.Equal(t, douyin.UndoWindowClosed, e.Reason)
	assert.Equal(t, []int64{3000001, 3000001, 2034000910}, []int64{e.Code, e.Gateway, e.Sub}, "three layers, verbatim")
	state, err := m.UndoOutcome(t.Context(), douyin.CertificateQuery{Order: got.Order}, undo.Certificate, undo.Verify)
	require.NoError(t, err)
	assert.Equal(t, douyin.NotUndone, state)
	_, err = m.ApplyRefund(t.Context(), douyin.RefundApplication{Order: got.Order, Reasons: []int64{102}})
	require.NoError(t, err)
	assert.Zero(t, p.Net())
	for r, err := range m.Refunds(t.Context(), time.Time{}, time.Time{}) {
		require.NoError(t, err)
		assert.Equal(t, got.Order, r.Order)
		assert.Equal(t, douyin.Fen(26895), r.Amount)
	}
}

func TestOrdersAreRedeemedTogether(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 10})
	m := merchant(t, p)
	a := chosen(t, prepare(t, m, p.Of(douyintest.SetMeal)[0]))
	b := chosen(t, prepare(t, m, p.Of(douyintest.Gifting)[0]))
	out, err := m.BatchVerify(t.Context(), douyintest.Shop, a, b)
	require.ErrorIs(t, err, douyin.ErrPending, "the platform goes on by itself")
	require.Equal(t, douyin.Redeemed, out[0].Uses[0].Verdict)
	require.Equal(t, douyin.Pending, out[1].Uses[0].Verdict)
	out, err = m.BatchVerify(t.Context(), douyintest.Shop, chosen(t, prepare(t, m, p.Of(douyintest.SetMeal)[1])))
	require.NoError(t, err)
	require.Equal(t, 1, out[0].Count(douyin.Redeemed))
}

func TestThirdPartyCodesNeedNoPreparation(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 11})
	m := merchant(t, p)
	ready := p.Of(douyintest.ThirdParty)[0]
	_, err := m.Issue(t.Context(), douyin.IssueLater{Order: douyin.ID(ready.Order), Codes: []pos.Secret{secret("665544332211")}})
	require.NoError(t, err)
	v, err := douyin.NewThirdParty(douyintest.Shop, douyin.ID(ready.Order), secret("665544332211"))
	require.NoError(t, err)
	since := m.Client().Now()
	p.Inject("cut-answer=verify")
	_, err = m.Verify(t.Context(), v)
	require.ErrorIs(t, err, douyin.ErrDoubt)
	out, err := m.Outcome(t.Context(), v, since)
	require.NoError(t, err)
	again, err := m.Verify(t.Context(), v)
	require.NoError(t, err)
	require.Equal(t, out.Uses[0].Verify, again.Uses[0].Verify)
	require.NoError(t, m.AuditRefund(t.Context(), douyin.Audit{AfterSale: "1", Result: douyin.RefundAllowed}))
	require.ErrorIs(t, m.AuditRefund(t.Context(), douyin.Audit{AfterSale: "1", Result: douyin.RefundDenied}), douyin.ErrInvalid)
}

func TestRetryDelays(t *testing.T) {
	var sum time.Duration
	n := 0
	for ; ; n++ {
		d, ok := douyin.RetryDelay(n)
		if !ok {
			break
		}
		sum += d
	}
	require.Equal(t, 14, n)
	require.Equal(t, 5*5*time.Second+9*40*time.Second, sum)
}
