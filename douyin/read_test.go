package douyin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
)

func TestTheBooksAgreeToTheCent(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 20})
	m := merchant(t, p)
	start := m.Client().Now().Add(-time.Minute)
	var ids []douyin.ID
	for _, r := range p.Of(douyintest.SetMeal)[:30] {
		out, err := m.Verify(t.Context(), chosen(t, prepare(t, m, r)))
		require.NoError(t, err)
		ids = append(ids, out.Uses[0].Certificate)
	}
	out, err := m.Verify(t.Context(), chosen(t, prepare(t, m, p.Of(douyintest.TimesCard)[0]), douyin.Use{Certificate: douyin.ID(p.Of(douyintest.TimesCard)[0].Certificate), Times: 5}))
	require.NoError(t, err)
	require.NoError(t, m.Cancel(t.Context(), douyin.Undo{Verify: out.Uses[4].Verify, Certificate: out.Uses[4].Certificate}))

	var records, undone, sum int64
	for r, err := range m.Records(t.Context(), douyin.RecordQuery{Start: start, Shop: douyintest.Shop}) {
		require.NoError(t, err)
		records++
		if r.State == douyin.RecordUndone {
			undone++
			assert.False(t, r.CancelTime.IsZero())
			continue
		}
		sum += int64(r.Amount.Original)
	}
	assert.Equal(t, int64(35), records, "two pages")
	assert.Equal(t, int64(1), undone)
	assert.Equal(t, p.Net(), sum)

	day := p.Now()
	p.Advance(2 * time.Hour)
	sum = 0
	for r, err := range m.Ledger(t.Context(), day) {
		require.NoError(t, err)
		if r.Shop == douyintest.Branch {
			continue // redeemed before the test began
		}
		sum += int64(r.Amount["goods"])
		assert.Equal(t, "live", r.Source.Source)
	}
	assert.Equal(t, p.Net(), sum)
	rows, err := m.LedgerOf(t.Context(), ids[:2]...)
	require.NoError(t, err)
	require.Len(t, rows, 2)
	assert.Equal(t, ids[0], rows[0].CertificateID)
	for _, err := range m.LedgerDetail(t.Context(), day) {
		require.NoError(t, err)
		break // leaving early is allowed
	}
}

func TestShopsProductsAndOrdersAreRead(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 21})
	m := merchant(t, p)
	shops, total, err := m.Shops(t.Context(), douyin.ShopQuery{})
	require.NoError(t, err)
	require.Equal(t, int64(2), total)
	assert.Equal(t, douyin.ID(douyintest.Shop), shops[0].POI.ID)
	assert.Equal(t, "Trademark", shops[0].Account.Parent.Type)
	n := 0
	var one douyin.Product
	for product, err := range m.Products(t.Context(), douyin.ProductQuery{Count: 5}) {
		require.NoError(t, err)
		one = product
		n++
	}
	assert.Equal(t, 12, n, "three pages; the stranger's is not ours")
	list, err := m.ProductsByID(t.Context(), one.ID)
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, one.Name, list[0].Name)
	assert.NotEmpty(t, one.Name)
	assert.Equal(t, douyin.Count(1), one.Status)
	for range 30 {
		p.Sell(douyintest.SetMeal)
	}
	seen := map[douyin.ID]bool{}
	for order, err := range m.Orders(t.Context(), douyin.OrderQuery{}) {
		require.NoError(t, err)
		seen[order.ID] = true
		require.NotEmpty(t, order.Items[0].Certificate)
	}
	assert.Len(t, seen, len(p.Ready())-len(p.Of(douyintest.Foreign)))
	_, err = m.OrderPage(t.Context(), douyin.OrderQuery{Page: 101, Size: 100})
	require.ErrorIs(t, err, douyin.ErrInvalid)
}

func TestMerchantsAreKeptApart(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 22})
	c := client(t, config(t, p))
	_, _, err := c.Merchant(douyintest.Unauthorised).Shops(t.Context(), douyin.ShopQuery{})
	require.ErrorIs(t, err, douyin.ErrPermission)
	assert.Equal(t, douyin.NotAuthorised, details(t, err).Reason)
	foreign := p.Of(douyintest.Foreign)[0]
	_, err = c.Merchant(douyintest.Stranger).Prepare(t.Context(), douyin.PrepareRequest{Code: secret(foreign.Code), Shop: douyintest.StrangerShop})
	require.NoError(t, err)
}
