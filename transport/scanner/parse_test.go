package scanner_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/transport/scanner"
)

func TestArticleNumbers(t *testing.T) {
	for _, c := range []struct {
		name, text, gtin string
		internal         bool
		err              string
	}{
		{"EAN-13", "4006381333931", "04006381333931", false, ""},
		{"EAN-8", "96385074", "00000096385074", false, ""},
		{"UPC-A", "036000291452", "00036000291452", false, ""},
		{"GTIN-14", "10614141000415", "10614141000415", false, ""},
		{"a weight or price inside", "2112345012346", "02112345012346", true, ""},
		{"a wrong digit", "4006381333932", "", false, "check digit"},
		{"two digits swapped", "4006381339331", "", false, "check digit"},
		{"a letter", "400638133393X", "", false, "not only digits"},
		{"too short", "400638", "", false, "6 characters"},
		{"nothing", "", "", false, "0 characters"},
		{"a payment code", payment, "", false, "18 characters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := scanner.ParseProduct(c.text)
			if c.err != "" {
				require.ErrorIs(t, err, scanner.ErrProduct)
				require.ErrorContains(t, err, c.err)
				if c.text != "" {
					require.NotContains(t, err.Error(), c.text)
				}
				return
			}
			require.NoError(t, err)
			require.Equal(t, scanner.Product{Digits: c.text, GTIN: c.gtin, Internal: c.internal}, p)
		})
	}
}

func TestAIMIdentifiers(t *testing.T) {
	for _, c := range []struct {
		text string
		want scanner.Symbology
		rest string
	}{
		{"]E04006381333931", scanner.EAN, "4006381333931"},
		{"]E496385074", scanner.EAN, "96385074"},
		{"]C10104006381333931", scanner.Code128, "0104006381333931"},
		{"]Q1hello", scanner.QR, "hello"},
		{"]d2x", scanner.DataMatrix, "x"},
		{"]L0x", scanner.PDF417, "x"},
		{"]e0x", scanner.DataBar, "x"},
		{"]z0", scanner.Aztec, ""},
		{"]I0x", scanner.ITF, "x"},
		{"]A0x", scanner.Code39, "x"},
		{"]X0x", scanner.Other, "x"},
		{"]?0x", "", "]?0x"},
		{"]E", "", "]E"},
		{"]E-x", "", "]E-x"},
		{"E0x", "", "E0x"},
	} {
		id, kind, rest, ok := scanner.ParseAIM([]byte(c.text))
		require.Equal(t, c.want, kind, c.text)
		require.Equal(t, c.rest, string(rest))
		require.Equal(t, c.want != "", ok)
		require.Equal(t, c.text, id+string(rest))
	}
}

func TestGS1ElementStrings(t *testing.T) {
	const gs = "\x1d"
	type pair struct{ ai, value string }
	for _, c := range []struct {
		name, data string
		want       []pair
		err        string
	}{
		{"article, expiry, batch", "0104006381333931" + "17301231" + "10AB-1", []pair{{"01", "04006381333931"}, {"17", "301231"}, {"10", "AB-1"}}, ""},
		{"batch before serial", gs + "10AB" + gs + "21S1", []pair{{"10", "AB"}, {"21", "S1"}}, ""},
		{"FNC1 after a fixed length", "0104006381333931" + gs + "21S1" + gs, []pair{{"01", "04006381333931"}, {"21", "S1"}}, ""},
		{"a weight", "0104006381333931" + "3103001250", []pair{{"01", "04006381333931"}, {"3103", "001250"}}, ""},
		{"a price in euro", "3932978" + "00499", []pair{{"3932", "97800499"}}, ""},
		{"no data", "", nil, "no data"},
		{"only FNC1", gs, nil, "no data"},
		{"an unknown identifier", "05123", nil, "at byte 1: unknown"},
		{"cut short", "010400638133", nil, "wants 14"},
		{"a wrong check digit", "0104006381333932", nil, "check digit"},
		{"FNC1 left out", "10" + strings.Repeat("A", 21), nil, "at most 20"},
		{"FNC1 inside an article", "0104006381" + gs + "333931", nil, "other characters"},
		{"the thirteenth month", "17301331", nil, "no date"},
		{"February 30", "17300230", nil, "no date"},
		{"letters in a count", "30A", nil, "other characters"},
		{"control characters", "10A\x02", nil, "outside ASCII"},
		{"weight without point", "310", nil, "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := scanner.ParseGS1([]byte(c.data))
			if c.err != "" {
				require.ErrorIs(t, err, scanner.ErrGS1)
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			var got []pair
			for _, e := range list {
				got = append(got, pair{e.AI, e.Value})
				require.NotEmpty(t, e.Title)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestGS1Values(t *testing.T) {
	one := func(data string) scanner.Element {
		list, err := scanner.ParseGS1([]byte(data))
		require.NoError(t, err)
		require.Len(t, list, 1)
		return list[0]
	}
	require.Equal(t, "1.250", one("3103001250").Decimal()[2:], "six digits, three of them behind the point")
	require.Equal(t, "004.99", one("393297800499").Decimal(), "the currency is no part of the amount")
	require.Equal(t, "0.000001", one("3106000001").Decimal())
	require.Equal(t, "001250", one("3100001250").Decimal())
	day, err := one("17300228").Date()
	require.NoError(t, err)
	require.Equal(t, time.Date(2030, 2, 28, 0, 0, 0, 0, time.UTC), day)
	day, err = one("17320200").Date()
	require.NoError(t, err)
	require.Equal(t, 29, day.Day(), "day 00 is the last of the month")
	_, err = one("10AB").Date()
	require.ErrorIs(t, err, scanner.ErrGS1)
}

func TestReportsThatAreNone(t *testing.T) {
	good := scanner.AppendReports(nil, "]E0", []byte(article))
	require.Len(t, good, scanner.ReportSize)
	aim, got, more, err := scanner.ParseReport(good)
	require.NoError(t, err)
	require.Equal(t, "]E0", aim)
	require.Equal(t, article, string(got))
	require.False(t, more)
	for n := range good {
		_, _, _, err := scanner.ParseReport(good[:n])
		require.ErrorIs(t, err, scanner.ErrDamaged)
	}
	bad := bytes.Clone(good)
	bad[1] = scanner.ReportRoom + 1
	_, _, _, err = scanner.ParseReport(bad)
	require.ErrorIs(t, err, scanner.ErrDamaged)
	bad[0] = 1
	_, _, _, err = scanner.ParseReport(bad)
	require.ErrorIs(t, err, scanner.ErrDamaged)
}

// FuzzSplitter: no panic, bounded memory, and the chunks do not matter.
func FuzzSplitter(f *testing.F) {
	f.Add([]byte("4006381333931\r\n]Q1x\r"), "", false, false, uint8(1))
	f.Add([]byte("\x02a\x03noise\x02b\x03"), "", true, false, uint8(2))
	f.Add([]byte("a\tb\t\t"), "\t", false, false, uint8(3))
	f.Add([]byte("abc"), "", false, true, uint8(1))
	f.Add(bytes.Repeat([]byte("x"), 300), "\r\n", false, false, uint8(7))
	f.Fuzz(func(t *testing.T, in []byte, suffix string, stx, none bool, chunk uint8) {
		if len(suffix) > 8 {
			return
		}
		format := scanner.Format{Suffix: suffix, STX: stx, NoSuffix: none, Max: 64}
		whole := split(t, format, in, len(in))
		if !stx { // noise is told by stretches, which chunks cut
			require.Equal(t, whole, split(t, format, in, int(chunk)+1))
		}
		for _, l := range whole {
			require.LessOrEqual(t, len(l), 64+8)
		}
	})
}

func split(t *testing.T, format scanner.Format, in []byte, chunk int) (lines []string) {
	s := scanner.Splitter{Format: format}
	take := func(next func() ([]byte, error, bool)) bool {
		line, err, ok := next()
		if ok && err != nil {
			require.ErrorIs(t, err, scanner.ErrDamaged)
			lines = append(lines, "!")
		} else if ok {
			lines = append(lines, string(line))
		}
		return ok
	}
	for len(in) > 0 {
		n := min(max(chunk, 1), len(in))
		s.Add(in[:n])
		in = in[n:]
		for take(s.Next) {
		}
	}
	take(s.Quiet)
	require.False(t, s.Pending())
	return lines
}

// FuzzGS1: what is understood is put together again.
func FuzzGS1(f *testing.F) {
	f.Add([]byte("0104006381333931" + "17301231" + "10AB\x1d21S"))
	f.Add([]byte("\x1d3103001250"))
	f.Add([]byte("393297800499"))
	f.Fuzz(func(t *testing.T, in []byte) {
		list, err := scanner.ParseGS1(in)
		if err != nil {
			require.True(t, errors.Is(err, scanner.ErrGS1))
			return
		}
		text := ""
		for _, e := range list {
			text += e.AI + e.Value
			require.NotEmpty(t, e.Decimal())
			e.Date()
		}
		require.Equal(t, strings.ReplaceAll(string(in), "\x1d", ""), text)
	})
}

// FuzzAIM: nothing is lost.
func FuzzAIM(f *testing.F) {
	f.Add([]byte("]E04006381333931"))
	f.Fuzz(func(t *testing.T, in []byte) {
		id, kind, rest, ok := scanner.ParseAIM(in)
		require.Equal(t, string(in), id+string(rest))
		require.Equal(t, ok, kind != "")
	})
}
