package pos_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openecr/openecr/pos"
)

func TestMoneyPrintsAndParsesMajorUnits(t *testing.T) {
	for _, c := range []struct {
		minor    int64
		currency pos.Currency
		text     string
	}{
		{1280, pos.CNY, "12.80"}, {5, pos.EUR, "0.05"}, {-5, pos.EUR, "-0.05"}, {0, pos.CNY, "0.00"},
		{1280, pos.JPY, "1280"}, {1234, "BHD", "1.234"}, {math.MaxInt64, pos.CNY, "92233720368547758.07"},
	} {
		m := pos.FromMinor(c.minor, c.currency)
		require.Equal(t, c.text+" "+string(c.currency), m.String())
		back, err := pos.ParseMoney(c.text, c.currency)
		require.NoError(t, err)
		require.Equal(t, m, back)
	}
	require.Equal(t, "-92233720368547758.08 CNY", pos.FromMinor(math.MinInt64, pos.CNY).String())
	for _, bad := range []string{"", ".", "1.", ".5", "1.234", "1,20", "+1", "1e3", " 1", "--1", "99999999999999999999", "１２"} {
		_, err := pos.ParseMoney(bad, pos.CNY)
		require.Error(t, err, "%q", bad)
	}
	_, err := pos.ParseMoney("1", "XYZ")
	require.Error(t, err)
}

func TestMoneyArithmeticReportsOverflowAndMixedCurrencies(t *testing.T) {
	big := pos.FromMinor(math.MaxInt64, pos.CNY)
	_, err := big.Add(cny(1))
	require.ErrorIs(t, err, pos.ErrMoneyOverflow)
	_, err = pos.FromMinor(math.MinInt64, pos.CNY).Sub(cny(1))
	require.ErrorIs(t, err, pos.ErrMoneyOverflow)
	_, err = cny(0).Sub(pos.FromMinor(math.MinInt64, pos.CNY))
	require.ErrorIs(t, err, pos.ErrMoneyOverflow)
	_, err = cny(1).Add(pos.FromMinor(1, pos.EUR))
	require.ErrorIs(t, err, pos.ErrMixedCurrency)
	_, err = cny(1).Cmp(pos.Money{})
	require.ErrorIs(t, err, pos.ErrMixedCurrency)
}

func TestMoneyProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		m, n := cny(a), cny(b)
		if sum, err := m.Add(n); err == nil {
			back, err := sum.Sub(n)
			require.NoError(t, err)
			require.Equal(t, m, back)
		}
		text, err := json.Marshal(m)
		require.NoError(t, err)
		var again pos.Money
		require.NoError(t, json.Unmarshal(text, &again))
		require.Equal(t, m, again)
	})
}

func TestTheSmallestAmountCanBeSubtracted(t *testing.T) {
	smallest := pos.FromMinor(math.MinInt64, pos.CNY)
	back, err := smallest.Sub(smallest)
	require.NoError(t, err)
	require.Zero(t, back.Minor())
}

func TestMoneyJSONIsMinorUnitsAndCurrency(t *testing.T) {
	b, err := json.Marshal(cny(1280))
	require.NoError(t, err)
	require.JSONEq(t, `{"minor":1280,"currency":"CNY"}`, string(b))
	require.Error(t, json.Unmarshal([]byte(`{"minor":12.8}`), new(pos.Money)), "an amount is never a fraction")
}

func TestCurrenciesByNumber(t *testing.T) {
	for c, n := range map[pos.Currency]int{pos.CNY: 156, pos.EUR: 978, pos.USD: 840, pos.JPY: 392, "ALL": 8} {
		require.Equal(t, n, c.Numeric())
		back, ok := pos.CurrencyByNumber(n)
		require.True(t, ok)
		require.Equal(t, c, back)
	}
	_, ok := pos.CurrencyByNumber(1)
	require.False(t, ok)
	require.False(t, pos.Currency("cny").Valid())
}
