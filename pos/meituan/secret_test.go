package meituan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/meituan"
	"github.com/openecr/openecr/pos/meituan/meituantest"
)

func TestSecretsAreShownByNothing(t *testing.T) {
	p := platform(t, meituantest.Config{})
	s := shop(t, p, meituan.Dining)
	r := p.Sell(meituantest.Dining, meituantest.SetMeal)
	list, err := s.Consume(t.Context(), meituan.Consume{Code: secret(r.Code), Count: 1}, meituan.Accounts{})
	require.NoError(t, err)
	var records []meituan.Record
	for record, err := range s.Records(t.Context(), p.Now(), 0) {
		require.NoError(t, err)
		records = append(records, record)
	}
	require.Len(t, records, 1)
	_, refused := s.Prepare(t.Context(), secret(r.Code)) // the platform says the code back
	assert.ErrorIs(t, refused, meituan.ErrRefused)
	cfg := meituan.Config{SignKey: secret(meituantest.SignKey)}
	text := everyWay(t, cfg, &cfg, s, *s, list, records, refused, meituan.Consume{Code: secret(r.Code)}, meituan.Hide(r.Code))
	hides(t, text, r.Code, meituantest.SignKey, meituantest.DiningToken)
}

func TestAForgedOrStaleCallIsRefused(t *testing.T) {
	p := platform(t, meituantest.Config{})
	code := secret(p.Sell(meituantest.Dining, meituantest.SetMeal).Code)
	for name, change := range map[string]func(*meituan.Config){
		"SIM_SIGN":      func(c *meituan.Config) { c.SignKey = secret("another key") },
		"SIM_TIMESTAMP": func(c *meituan.Config) { p.Advance(3600e9) },
	} {
		cfg := meituan.Config{Developer: meituantest.Developer, SignKey: secret(meituantest.SignKey), BaseURL: p.TLSURL(), HTTP: p.HTTPClient()}
		change(&cfg)
		c, err := meituan.New(cfg)
		require.NoError(t, err)
		s, err := c.Shop(meituan.Dining, "shop", secret(meituantest.DiningToken))
		require.NoError(t, err)
		_, err = s.Prepare(t.Context(), code)
		var e *meituan.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, name, e.Code)
		cfg.HTTP.CloseIdleConnections()
	}
}

func TestWhatGuardsMoneyHasNoSilentDefault(t *testing.T) {
	_, err := meituan.NewDriver(meituan.DriverConfig{})
	assert.ErrorIs(t, err, pos.ErrInvalid)
	for _, base := range []string{"http://example.invalid", "https://u:p@h", "ftp://h", "::"} {
		_, err = meituan.New(meituan.Config{Developer: "1", SignKey: secret("k"), BaseURL: base})
		assert.ErrorIs(t, err, pos.ErrInvalid, base)
	}
}
