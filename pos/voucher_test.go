package pos_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/postest"
)

// A platform's ids have the length of card numbers, and one in ten of those
// that begin like a card passes its check too: they must be kept exactly.
func TestIDsThatLookLikeCardsAreKeptExactly(t *testing.T) {
	for _, id := range []string{"", "7500000123456000017", "4111111111111111", "6222021234567890128", "5555555555554444", "id:anything", "8007500000123456000", "券4111111111111111"} {
		kept := pos.KeepID(id)
		assert.False(t, pos.HoldsCardData(kept), kept)
		assert.Equal(t, kept, pos.MaskCardData(kept), "masked on its way")
		assert.Equal(t, id, pos.PlainID(kept))
	}
	assert.Equal(t, "7500000123456000017", pos.KeepID("7500000123456000017"), "harmless ids stay readable")
}

func voucher(id string, worth int64, uses int) pos.Voucher {
	return pos.Voucher{ID: id, Title: "title " + id, Worth: cny(worth), Uses: uses, Usable: uses > 0, Why: "used"}
}

func TestVouchersAreChosenNotGuessed(t *testing.T) {
	card := voucher("card", 2000, 3)
	card.Each = []pos.Money{cny(2001), cny(2000), cny(1999)}
	one := pos.Preview{Vouchers: []pos.Voucher{voucher("a", 100, 1), voucher("gone", 900, 0)}}
	two := pos.Preview{Vouchers: []pos.Voucher{card, voucher("b", 50, 1)}}
	for name, c := range map[string]struct {
		of    []pos.Preview
		uses  []pos.VoucherUse
		worth int64 // 0: refused
	}{
		"the only usable one":            {of: []pos.Preview{one}, worth: 100},
		"two usable, none named":         {of: []pos.Preview{two}},
		"none usable":                    {of: []pos.Preview{{Vouchers: []pos.Voucher{voucher("gone", 1, 0)}}}},
		"nothing at all":                 {of: []pos.Preview{{}}},
		"uses of a card differ in worth": {of: []pos.Preview{two}, uses: []pos.VoucherUse{{"card", 3}}, worth: 6000},
		"more than are left":             {of: []pos.Preview{two}, uses: []pos.VoucherUse{{"card", 4}}},
		"of two orders":                  {of: []pos.Preview{one, two}, uses: []pos.VoucherUse{{"a", 0}, {"b", 1}, {"card", 1}}, worth: 2151},
		"one that is nowhere":            {of: []pos.Preview{one}, uses: []pos.VoucherUse{{"a", 1}, {"x", 1}}},
		"one twice":                      {of: []pos.Preview{one}, uses: []pos.VoucherUse{{"a", 1}, {"a", 1}}},
		"the same code twice":            {of: []pos.Preview{one, one}},
		"one that cannot be used":        {of: []pos.Preview{one}, uses: []pos.VoucherUse{{"gone", 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, worth, err := pos.ChooseVouchers(c.of, c.uses)
			if c.worth == 0 {
				require.ErrorIs(t, err, pos.ErrInvalid)
				return
			}
			require.NoError(t, err)
			require.Equal(t, cny(c.worth), worth)
		})
	}
}

func TestARedemptionWithoutAnAmountAsksWhatItIsWorth(t *testing.T) {
	l := newLane(t)
	code := pos.NewSecret([]byte("VOUCHER-1"))
	a, err := l.Redeem(t.Context(), pos.RedeemRequest{Reference: "order-1", Code: code})
	require.NoError(t, err)
	require.Equal(t, cny(5000), a.Approved)
	again, err := l.Redeem(t.Context(), pos.RedeemRequest{Reference: "order-1", Code: code})
	require.NoError(t, err, "the same sale again")
	require.Equal(t, a.ID, again.ID)
	again, err = l.Redeem(t.Context(), pos.RedeemRequest{Attempt: a.ID, Reference: "order-1", Code: code})
	require.NoError(t, err, "the same attempt again")
	require.Equal(t, a.ID, again.ID)
	_, err = l.Redeem(t.Context(), pos.RedeemRequest{Reference: "order-2", Due: cny(4999), Code: code})
	require.ErrorIs(t, err, pos.ErrInvalid, "worth more than is due: nobody burns a voucher silently")
	_, err = l.Redeem(t.Context(), pos.RedeemRequest{Reference: "order-3", Code: code, Uses: []pos.VoucherUse{{"1", pos.MaxVouchers + 1}}})
	require.ErrorIs(t, err, pos.ErrInvalid)
	require.Equal(t, int64(5000), l.peer.Net())
	l.agree()
}

// A voucher takes a part, cash the rest.
func TestAVoucherAndAnotherTenderOnOneBill(t *testing.T) {
	l := newLane(t)
	a, err := l.Redeem(t.Context(), pos.RedeemRequest{Reference: "bill", Due: cny(8000), Code: pos.NewSecret([]byte("VOUCHER-1"))})
	require.NoError(t, err)
	require.Equal(t, cny(5000), a.Approved)
	_, err = l.Charge(t.Context(), pos.ChargeRequest{Tender: pos.Cash, Reference: "bill", Due: cny(8000), Amount: cny(3001)})
	require.ErrorIs(t, err, pos.ErrConflict, "more than is left")
	_, err = l.Charge(t.Context(), pos.ChargeRequest{Tender: pos.Cash, Reference: "bill", Due: cny(8000), Amount: cny(3000)})
	require.NoError(t, err)
}

// platform is a driver of which one attempt does not block the next.
type platform struct {
	*postest.Fake
	reply pos.Reply
	err   error
}

func (platform) Shared() bool { return true }

func (p platform) Transact(ctx context.Context, op pos.Operation, s pos.Session) (pos.Reply, error) {
	if p.reply.Vouchers == nil {
		return p.Fake.Transact(ctx, op, s)
	}
	if err := s.BeforeSend(ctx, pos.Handle{"key": "1"}); err != nil {
		return pos.Reply{}, err
	}
	return p.reply, p.err
}

func TestWhatIsKnownOfVouchersSurvivesADoubt(t *testing.T) {
	j := postest.NewMemoryJournal()
	peer := &postest.Peer{QueryErr: errors.New("not now")}
	held := pos.VoucherVerdict{ID: pos.KeepID("4111111111111111"), Verdict: pos.VoucherPending, Code: "1229", Text: strings.Repeat("风", 400), Amount: cny(5000)}
	d := platform{Fake: &postest.Fake{Peer: peer}, reply: pos.Reply{Vouchers: []pos.VoucherVerdict{held}}}
	till, err := pos.Open(t.Context(), pos.Config{ID: "lane", Journal: j, Times: quick, Drivers: map[string]pos.Driver{"voucher": d, "other": platform{Fake: &postest.Fake{Peer: &postest.Peer{}}}}})
	require.NoError(t, err)
	defer till.Close()
	a, err := till.Redeem(t.Context(), pos.RedeemRequest{Tender: "voucher", Amount: cny(5000), Reference: "held", Code: pos.NewSecret([]byte("V"))})
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown)
	require.Equal(t, pos.StateUnknown, a.State)
	require.Equal(t, pos.VoucherPending, a.Vouchers[0].Verdict)
	require.Equal(t, "4111111111111111", pos.PlainID(a.Vouchers[0].ID))
	require.LessOrEqual(t, len(a.Vouchers[0].Text), 160)
	_, err = till.Charge(t.Context(), pos.ChargeRequest{Tender: "other", Amount: cny(5000), Reference: "held"})
	require.ErrorIs(t, err, pos.ErrOutcomeUnknown, "the sale is locked")
	_, err = till.Redeem(t.Context(), pos.RedeemRequest{Tender: "other", Amount: cny(5000), Reference: "next", Code: pos.NewSecret([]byte("V"))})
	require.NoError(t, err, "the next customer of a platform is not")
	b, err := json.Marshal(a)
	require.NoError(t, err)
	for _, name := range []string{`"vouchers":[{"id":"id:411_`, `"verdict":"pending"`, `"amount":{"minor":5000`} {
		require.Contains(t, string(b), name, "JSON names are part of the interface")
	}
}
