package douyin_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
)

func shop(t testing.TB, p *douyintest.Platform, token string) *douyin.Doudian {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	d, err := douyin.NewDoudian(douyin.DoudianConfig{Key: douyintest.DoudianKey, Secret: secret(douyintest.DoudianSecret), BaseURL: p.URL(), Rate: -1,
		HTTP: &http.Client{Transport: transport}, Token: func(context.Context) (pos.Secret, error) { return secret(token), nil }})
	require.NoError(t, err)
	return d
}

func TestTheShopIsRead(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 80})
	d := shop(t, p, douyintest.DoudianToken)
	var ids []douyin.ID
	for o, err := range d.Orders(t.Context(), time.Now().Add(-time.Hour), time.Now()) {
		require.NoError(t, err)
		ids = append(ids, o.ID)
	}
	assert.Equal(t, []douyin.ID{"6496679971677798670", "6496679971677798671"}, ids)
	o, err := d.Order(t.Context(), ids[0])
	require.NoError(t, err)
	assert.Equal(t, douyin.Fen(2890), o.Pay)
	n := 0
	for raw, err := range d.Refunds(t.Context(), time.Now().Add(-time.Hour), time.Now()) {
		require.NoError(t, err)
		assert.Positive(t, raw.Len())
		n++
	}
	assert.Equal(t, 1, n)
}

func TestTheShopsErrors(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 81})
	_, err := shop(t, p, "a-token-that-is-not-valid").Order(t.Context(), "1")
	require.ErrorIs(t, err, douyin.ErrRefused)
	assert.Equal(t, int64(30001), details(t, err).Code)
	assert.NotContains(t, err.Error(), "a-token-that-is-not-valid")
	for _, fault := range []string{"html=/order/", "lose-answer=/order/", "cut-answer=/order/", "http-500=/order/", "huge=/order/"} {
		p.Inject(fault)
		_, err = shop(t, p, douyintest.DoudianToken).Order(t.Context(), "1")
		require.ErrorIs(t, err, douyin.ErrDoubt, fault)
	}
	_, err = douyin.NewDoudian(douyin.DoudianConfig{})
	require.Error(t, err)
}
