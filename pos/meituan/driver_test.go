package meituan_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/meituan"
	"github.com/openecr/openecr/pos/meituan/meituantest"
	"github.com/openecr/openecr/pos/postest"
)

var businesses = map[string]meituan.Business{"dining": meituan.Dining, "services": meituan.Services}

func both(t *testing.T, f func(t *testing.T, b meituan.Business)) {
	t.Helper()
	for name, b := range businesses {
		t.Run(name, func(t *testing.T) { f(t, b) })
	}
}

func TestTheDriverPassesTheSuite(t *testing.T) {
	both(t, func(t *testing.T, b meituan.Business) {
		p := platform(t, meituantest.Config{Slow: 30 * time.Millisecond})
		s := shop(t, p, b)
		s.Prepare(t.Context(), secret(p.Sell(meituantest.Business(b), meituantest.SetMeal).Code)) // connections are no leak
		postest.TestDriver(t, postest.Harness{
			Open: func(t *testing.T) pos.Driver { return driver(t, meituan.DriverConfig{Shop: s}) },
			Net:  p.Net,
			Voucher: func(fen int64) pos.Secret {
				kind := meituantest.SetMeal
				if fen == 7000 {
					kind = meituantest.WrongShop
				}
				return secret(p.Sell(meituantest.Business(b), kind).Code)
			},
			Currency: pos.CNY, Amount: 12800, Decline: 7000, Times: times, Slow: 10 * time.Millisecond,
			Lacks: []pos.Op{pos.OpCharge, pos.OpPreauth, pos.OpCompletion, pos.OpSettle, pos.OpRefund},
		})
	})
}

func TestVouchersAreSeenRedeemedAndUndone(t *testing.T) {
	both(t, func(t *testing.T, b meituan.Business) {
		c := newCounter(t, b)
		r := c.sell(meituantest.Order)
		p, err := c.Preview(t.Context(), "", secret(r.Code[:4]+" "+r.Code[4:]))
		require.NoError(t, err)
		v := p.Vouchers[0]
		assert.Equal(t, []any{"meituan", r.Title, 3, true}, []any{p.Platform, v.Title, v.Uses, v.Usable})
		assert.Equal(t, []int64{r.Face, r.Price}, []int64{v.Worth.Minor(), v.Price.Minor()})
		assert.False(t, v.Expires.IsZero())

		a, err := c.redeem(r, 3)
		require.NoError(t, err)
		assert.Equal(t, 3*r.Face, a.Approved.Minor())
		require.Len(t, a.Vouchers, 3)
		assert.Equal(t, pos.VoucherRedeemed, a.Vouchers[2].Verdict)
		assert.Equal(t, "****"+r.Code[8:], a.Card)
		assert.Equal(t, b == meituan.Services, !a.UndoUntil.IsZero(), "only services retail publishes its window")
		assert.Equal(t, 1, c.p.Calls("consume"))
		c.agree()

		c.restart()
		back, err := c.Void(t.Context(), pos.VoidRequest{Original: a.ID})
		require.NoError(t, err)
		require.Len(t, back.Vouchers, 3)
		assert.Equal(t, pos.VoucherUndone, back.Vouchers[1].Verdict)
		assert.Zero(t, c.p.Net())
		c.agree()
		c.silent(r.Codes...)
	})
}

func TestWhatCannotBeRedeemedIsRefusedBeforeAnythingIsSent(t *testing.T) {
	both(t, func(t *testing.T, b meituan.Business) {
		c := newCounter(t, b)
		for _, k := range []meituantest.Kind{meituantest.Expired, meituantest.Refunded, meituantest.Stranger, meituantest.Pending} {
			r := c.sell(k)
			_, err := c.redeem(r, 1)
			assert.ErrorIs(t, err, pos.ErrDeclined, r.Title)
			var e *meituan.Error
			require.ErrorAs(t, err, &e)
			assert.Contains(t, e.Code, "SIM_")
			assert.NotEmpty(t, e.Trace)
		}
		_, err := c.redeem(c.sell(meituantest.Order), 4)
		assert.ErrorIs(t, err, pos.ErrInvalid)
		_, err = c.Redeem(t.Context(), pos.RedeemRequest{Code: secret("https://example.invalid/?x=1"), Reference: "url"})
		assert.ErrorIs(t, err, pos.ErrInvalid)
		assert.Zero(t, c.p.Calls("consume"))
		c.agree()
	})
}

func TestTimesCardsAreNotTakenAndBulkNotTooFew(t *testing.T) {
	c := newCounter(t, meituan.Services)
	_, err := c.redeem(c.sell(meituantest.TimesCard), 1)
	assert.ErrorIs(t, err, pos.ErrInvalid)
	d := newCounter(t, meituan.Dining)
	bulk := d.sell(meituantest.Bulk)
	_, err = d.redeem(bulk, 1)
	assert.ErrorIs(t, err, pos.ErrInvalid)
	a, err := d.redeem(bulk, 2)
	require.NoError(t, err)
	assert.Equal(t, int64(6000), a.Approved.Minor())
	d.agree()
}

// Every fault, at the redemption and at the undo: the journal and the platform
// agree in the end, and nothing is taken twice.
func TestEveryFaultEndsWithJournalAndPlatformAgreeing(t *testing.T) {
	both(t, func(t *testing.T, b meituan.Business) {
		for name := range meituantest.Faults {
			t.Run(name, func(t *testing.T) {
				c := newCounter(t, b)
				c.p.Inject(name + "=consume")
				a, err := c.redeem(c.sell(meituantest.SetMeal), 1)
				assert.Zero(t, c.p.Armed())
				if err == nil {
					assert.Equal(t, int64(12800), c.p.Net(), "nil means redeemed")
				}
				if a.State == pos.StateManual {
					assert.Equal(t, meituan.Dining, b, "services retail has its request id")
					assert.Contains(t, []string{"stolen", "error-after"}, name)
					return
				}
				c.restart()
				c.mend()
				c.agree()
				if name == "stolen" {
					assert.Zero(t, c.p.Net())
				}
			})
		}
	})
}

func TestEveryFaultOfAnUndoEndsWithJournalAndPlatformAgreeing(t *testing.T) {
	word := map[meituan.Business]string{meituan.Dining: "cancel", meituan.Services: "reverse"}
	both(t, func(t *testing.T, b meituan.Business) {
		for name := range meituantest.Faults {
			t.Run(name, func(t *testing.T) {
				c := newCounter(t, b)
				a, err := c.redeem(c.sell(meituantest.Order), 2)
				require.NoError(t, err)
				c.p.Inject(name + "=" + word[b])
				_, err = c.Void(t.Context(), pos.VoidRequest{Original: a.ID})
				assert.Zero(t, c.p.Armed())
				if err == nil {
					assert.Zero(t, c.p.Net(), "nil means undone")
				}
				c.restart()
				c.mend()
				c.agree()
			})
		}
	})
}

// A lost answer about several vouchers: dining finds them in its list, services
// retail says them again.
func TestALostAnswerAboutSeveralVouchersIsFound(t *testing.T) {
	both(t, func(t *testing.T, b meituan.Business) {
		c := newCounter(t, b)
		c.p.Inject("lose-answer=consume")
		r := c.sell(meituantest.Order)
		a, err := c.redeem(r, 2)
		require.NoError(t, err)
		assert.Equal(t, 2*r.Face, a.Approved.Minor())
		_, err = c.Void(t.Context(), pos.VoidRequest{Original: a.ID})
		require.NoError(t, err)
		assert.Zero(t, c.p.Net())
		c.agree()
		c.silent(r.Codes...)
	})
}

// Two equal orders redeemed in one second cannot be told apart: a person must look.
func TestWhatTheListCannotTellApartIsForAPerson(t *testing.T) {
	c := newCounter(t, meituan.Dining)
	first, second := c.sell(meituantest.Order), c.sell(meituantest.Order)
	_, err := c.redeem(first, 3)
	require.NoError(t, err)
	c.p.Inject("lose-answer=consume")
	a, err := c.redeem(second, 2)
	assert.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	assert.Equal(t, pos.StateManual, a.State)
}

func TestAPartOfSeveralCodesIsAPart(t *testing.T) {
	both(t, func(t *testing.T, b meituan.Business) {
		c := newCounter(t, b)
		c.cfg.Refusals = []string{"SIM_WRONG_SHOP"}
		c.restart()
		good, bad := c.sell(meituantest.SetMeal), c.sell(meituantest.WrongShop)
		a, err := c.Redeem(t.Context(), pos.RedeemRequest{Reference: "two", Code: secret(good.Code), Codes: []pos.Secret{secret(bad.Code)}})
		assert.ErrorIs(t, err, pos.ErrPartial)
		assert.Equal(t, good.Face, a.Approved.Minor())
		require.Len(t, a.Vouchers, 2)
		assert.Equal(t, []pos.VoucherState{pos.VoucherRedeemed, pos.VoucherRefused}, []pos.VoucherState{a.Vouchers[0].Verdict, a.Vouchers[1].Verdict})
		assert.Equal(t, "SIM_WRONG_SHOP", a.Vouchers[1].Code)
		c.agree()
		_, err = c.Abandon(t.Context(), a.ID, "customer left")
		require.NoError(t, err)
		assert.Zero(t, c.p.Net())
		c.agree()
	})
}

// The second of two codes is lost: what is known of the first stays known.
func TestOneOfTwoCodesIsLost(t *testing.T) {
	both(t, func(t *testing.T, b meituan.Business) {
		for i, name := range []string{"lose-request", "lose-answer", "late"} {
			c := newCounter(t, b)
			one, two := c.sell(meituantest.SetMeal), c.sell(meituantest.CashVoucher)
			_, err := c.Preview(t.Context(), "", secret(one.Code))
			require.NoError(t, err)
			c.p.Inject("slow=consume", name+"=consume")
			_, err = c.Redeem(t.Context(), pos.RedeemRequest{Reference: fmt.Sprint("two", i), Code: secret(one.Code), Codes: []pos.Secret{secret(two.Code)}})
			t.Log(name, err)
			c.restart()
			c.mend()
			c.agree()
			assert.True(t, c.p.Redeemed(one.Code))
		}
	})
}

func TestTheUndoWindowIsThePlatforms(t *testing.T) {
	both(t, func(t *testing.T, b meituan.Business) {
		c := newCounter(t, b)
		a, err := c.redeem(c.sell(meituantest.SetMeal), 1)
		require.NoError(t, err)
		c.p.Advance(2 * time.Hour)
		back, err := c.Void(t.Context(), pos.VoidRequest{Original: a.ID})
		assert.ErrorIs(t, err, pos.ErrDeclined)
		assert.NotEmpty(t, back.Code)
		assert.Equal(t, pos.VoucherRedeemed, back.Vouchers[0].Verdict)
		c.agree()
	})
}

// While one lane has a code in doubt, another lane on the same journal leaves it alone.
func TestACodeInDoubtIsNotTakenByAnotherLane(t *testing.T) {
	c := newCounter(t, meituan.Dining)
	r := c.sell(meituantest.SetMeal)
	c.p.Inject("lose-request=consume", "http-500=queryById", "http-500=queryById")
	second := driver(t, meituan.DriverConfig{Shop: c.cfg.Shop, Book: c.journal})
	defer second.Close()
	busy := make(chan error, 1)
	first, err := c.Preview(t.Context(), "", secret(r.Code))
	require.NoError(t, err)
	go func() {
		for range 1000 {
			if live, _ := c.journal.Find(t.Context(), pos.Filter{States: []pos.State{pos.StateUnknown}}); len(live) > 0 {
				_, err := second.Transact(t.Context(), pos.Operation{Op: pos.OpRedeem, Attempt: "other", Amount: first.Vouchers[0].Worth, Code: secret(r.Code)}, open{})
				busy <- err
				return
			}
			time.Sleep(time.Millisecond)
		}
		busy <- errors.New("no doubt was seen")
	}()
	_, err = c.redeem(r, 1)
	assert.ErrorIs(t, err, pos.ErrDeclined)
	assert.ErrorIs(t, <-busy, pos.ErrBusy)
}

// A session whose barrier always holds.
type open struct{ pos.Session }

func (open) Progress(pos.Progress) {}
