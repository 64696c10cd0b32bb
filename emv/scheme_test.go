package emv_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

func TestSchemeOfANumber(t *testing.T) {
	for _, c := range []struct {
		prefix string
		digits int
		want   emv.Scheme
	}{
		{"62", 16, emv.UnionPay}, {"62", 19, emv.UnionPay}, {"62", 15, emv.SchemeUnknown}, {"622126", 16, emv.UnionPay}, {"810000", 16, emv.UnionPay}, {"817199", 19, emv.UnionPay},
		{"817200", 16, emv.RuPay}, {"82", 16, emv.RuPay},
		{"4", 13, emv.Visa}, {"4", 16, emv.Visa}, {"401178", 16, emv.Elo}, {"401180", 16, emv.Visa},
		{"51", 16, emv.Mastercard}, {"55", 16, emv.Mastercard}, {"222099", 16, emv.SchemeUnknown}, {"222100", 16, emv.Mastercard}, {"272099", 16, emv.Mastercard}, {"272100", 16, emv.SchemeUnknown},
		{"50", 16, emv.Maestro}, {"5018", 12, emv.Maestro}, {"56", 19, emv.Maestro}, {"6304", 16, emv.Maestro}, {"6759", 16, emv.Maestro}, {"6762", 16, emv.Maestro}, {"0604", 16, emv.Maestro},
		{"34", 15, emv.Amex}, {"37", 15, emv.Amex}, {"37", 16, emv.SchemeUnknown},
		{"300", 14, emv.Diners}, {"305", 16, emv.Diners}, {"3095", 14, emv.Diners}, {"36", 14, emv.Diners}, {"38", 14, emv.Diners},
		{"6011", 16, emv.Discover}, {"644", 16, emv.Discover}, {"65", 16, emv.Discover}, {"60", 16, emv.RuPay},
		{"3528", 16, emv.JCB}, {"3589", 16, emv.JCB}, {"1800", 15, emv.JCB}, {"2131", 15, emv.JCB}, {"3530", 16, emv.JCB},
		{"2200", 16, emv.Mir}, {"2204", 19, emv.Mir}, {"2205", 16, emv.SchemeUnknown},
		{"508", 16, emv.RuPay}, {"506099", 16, emv.Verve}, {"507865", 18, emv.Verve}, {"650002", 16, emv.Verve}, {"506699", 16, emv.Elo}, {"509000", 16, emv.Elo}, {"636297", 16, emv.Elo},
		{"636", 16, emv.InterPayment}, {"606282", 16, emv.Hipercard}, {"9792", 16, emv.Troy}, {"8600", 16, emv.Uzcard}, {"9860", 16, emv.Humo}, {"9704", 19, emv.Napas}, {"9112", 16, emv.Belkart},
		{"1", 15, emv.UATP}, {"31", 19, emv.TUnion}, {"31", 16, emv.SchemeUnknown}, {"99", 16, emv.SchemeUnknown},
	} {
		p, err := emv.ParsePAN([]byte(c.prefix + strings.Repeat("0", c.digits-len(c.prefix))))
		require.NoError(t, err)
		require.Equal(t, c.want, p.Scheme(), "%s, %d digits", c.prefix, c.digits)
	}
	require.Equal(t, emv.SchemeUnknown, emv.PAN{}.Scheme())
}

func TestSchemeOfAnApplication(t *testing.T) {
	for aid, want := range map[string]emv.Scheme{
		"A000000333010101": emv.UnionPay, "A0000000031010": emv.Visa, "A0000000041010": emv.Mastercard, "A0000000043060": emv.Maestro, "A000000025": emv.Amex,
		"A0000000651010": emv.JCB, "A0000001523010": emv.Discover, "A0000006581010": emv.Mir, "A0000005241010": emv.RuPay, "A0000003710001": emv.Verve,
		"A0000006723010": emv.Troy, "A0000002771010": emv.Interac, "A0000003591010": emv.Girocard, "D27600002545": emv.Girocard, "A0000000421010": emv.CartesBancaires,
		"A00000038410": emv.Eftpos, "A00000063201": emv.TUnion, "A000000999": emv.SchemeUnknown, "A000": emv.SchemeUnknown, "": emv.SchemeUnknown,
	} {
		require.Equal(t, want, emv.SchemeOfAID(unhex(t, aid)), aid)
	}
	require.Equal(t, "A000000333", emv.RIDUnionPay.String())
	for s := emv.SchemeUnknown; s <= emv.Eftpos; s++ {
		require.NotRegexp(t, `^(scheme \d+)?$`, s.String())
	}
	require.Equal(t, "scheme 200", emv.Scheme(200).String())
}

func TestExpiryEndsWithItsMonth(t *testing.T) {
	for text, want := range map[string]string{"3012": "2030-12-31", "2802": "2028-02-29", "2702": "2027-02-28", "4912": "2049-12-31", "5001": "1950-01-31", "9911": "1999-11-30"} {
		e, err := emv.ParseExpiry(text)
		require.NoError(t, err)
		require.Equal(t, want, e.LastDay().String(), text)
		last := e.LastDay()
		require.False(t, e.Over(last), "good on its last day")
		require.True(t, e.Over(emv.DateOf(time.Date(last.Year, last.Month, last.Day+1, 0, 0, 0, 0, time.UTC))), "over the day after")
	}
	for _, none := range []emv.Expiry{{}, {Year: 99, Month: 12}} {
		require.True(t, none.None())
		require.True(t, none.LastDay().IsZero())
		require.False(t, none.Over(emv.Date{Year: 2049, Month: 12, Day: 31}))
	}
	require.True(t, emv.Expiry{Year: 30, Month: 13}.LastDay().IsZero())
}

func TestDate(t *testing.T) {
	d, err := emv.DecodeDate(unhex(t, "261122"))
	require.NoError(t, err)
	require.Equal(t, "2026-11-22", d.String())
	require.Equal(t, unhex(t, "261122"), d.Append(nil))
	require.Equal(t, "2611", d.Expiry().String())
	old, err := emv.DecodeDate(unhex(t, "500101"))
	require.NoError(t, err)
	require.Equal(t, "1950-01-01", old.String())
	require.True(t, old.Before(d))
	require.False(t, d.Before(d))
	for _, bad := range []string{"", "2611", "26112200", "261300", "260230", "26113A", "000000", "261100", "260010"} {
		_, err := emv.DecodeDate(unhex(t, bad))
		require.ErrorIs(t, err, emv.ErrValue, bad)
	}
}

func TestFallback(t *testing.T) {
	ours := emv.Fallback{ChipReader: true, Allowed: true}
	for _, c := range []struct {
		name     string
		f        emv.Fallback
		code     emv.ServiceCode
		chip     emv.ChipTry
		tries    int
		fallback bool
		err      error
	}{
		{"a stripe card is swiped", ours, 101, emv.ChipNotTried, 0, false, nil},
		{"a chip card is inserted", ours, 201, emv.ChipNotTried, 0, false, emv.ErrUseChip},
		{"one failure is not enough", ours, 201, emv.ChipUnreadable, 1, false, emv.ErrUseChip},
		{"two failures are", ours, 620, emv.ChipUnreadable, 2, true, nil},
		{"three where three are asked", emv.Fallback{ChipReader: true, Allowed: true, MinTries: 3}, 201, emv.ChipUnreadable, 2, false, emv.ErrUseChip},
		{"the acquirer forbids it", emv.Fallback{ChipReader: true}, 201, emv.ChipUnreadable, 2, false, emv.ErrNoFallback},
		{"a declined chip is no reason", ours, 201, emv.ChipRefused, 9, false, emv.ErrChipRefused},
		{"not even with a stripe that says no chip", ours, 101, emv.ChipRefused, 9, false, emv.ErrChipRefused},
		{"without a chip reader every stripe is taken", emv.Fallback{}, 201, emv.ChipNotTried, 0, false, nil},
	} {
		got, err := c.f.Swipe(c.code, c.chip, c.tries)
		require.ErrorIs(t, err, c.err, c.name)
		require.Equal(t, c.fallback, got, c.name)
	}
}

func TestServiceCodeWords(t *testing.T) {
	for code, want := range map[emv.ServiceCode]string{
		201: "international, chip; normal authorisation; no restriction", 620: "national, chip; authorised online by the issuer; no restriction, PIN required",
		147: "international, magnetic stripe; authorised online by the issuer, except by agreement; goods and services only, PIN if there is a PIN pad",
		918: "test; digit 2: reserved (1); digit 3: reserved (8)", 503: "national, magnetic stripe; normal authorisation; ATM only, PIN required", 0: "digit 1: reserved (0); normal authorisation; no restriction, PIN required",
	} {
		require.Equal(t, want, strings.Join(code.Describe(), "; "), "%03d", code)
	}
}

func TestTheCardAgreesWithItself(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		err            error
	}{
		{"number and track", "5A086212345678901265 57116212345678901265D3012201123456789F 5F2403301231", "621234******1265", nil},
		{"the number alone", "5A086212345678901265", "621234******1265", nil},
		{"the track alone", "57116212345678901265D3012201123456789F", "621234******1265", nil},
		{"another number", "5A086212345678901273 57116212345678901265D3012201123456789F", "", emv.ErrPANMismatch},
		{"another expiry", "5A086212345678901265 57116212345678901265D3012201123456789F 5F2403311231", "", emv.ErrExpiryMismatch},
		{"another expiry, the track alone", "57116212345678901265D3012201123456789F 5F2403311231", "", emv.ErrExpiryMismatch},
		{"an expiry that is no day", "57116212345678901265D3012201123456789F 5F2403301331", "", emv.ErrValue},
		{"nothing", "9C0100", "", emv.ErrNoPAN},
		{"a broken track", "5A086212345678901265 5702FFFF", "", emv.ErrTrack},
		{"a broken number", "5A026212", "", emv.ErrPAN},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := emv.Parse(unhex(t, c.in), emv.Options{})
			require.NoError(t, err)
			p, err := l.PAN()
			require.ErrorIs(t, err, c.err)
			if c.err == nil {
				require.NoError(t, err)
				require.Equal(t, c.want, p.String())
			}
		})
	}
}
