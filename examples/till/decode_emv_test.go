package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecodeEMVGolden(t *testing.T) {
	const sale = "9F2608B04398D218017BF9 9F270180 9F100807000103A0A80201 9F37043510540E 9F36020006 95050000008000 9A03261122 9C0100 9F0206000000001280 " +
		"5F2A020156 82027C00 9F1A020156 9F0306000000000000 9F3303E0F8C8 9F3403420300 9F350122 9F1E083132333435363738 8408A000000333010102 9F09020020 9F410400000042"
	const record = "70 3E 5F2403301231 5A086212345678901265 57116212345678901265D3012201123456789F 5F2008444F452F4A414E45 8E0E00000000000000005E0342031F00"
	h := &shop{t: t}
	for _, c := range []struct {
		file   string
		args   []string
		status int
	}{
		{"emv-sale.txt", []string{"emv", sale}, statusOK},
		{"emv-sale.json", []string{"emv", "--json", sale}, statusOK},
		{"emv-record.txt", []string{"emv", record}, statusOK},
		{"emv-mastercard.txt", []string{"emv", "--aid", "A0000000041010", "9F5301 52 9F6B11 6212345678901265D3012201123456789F 9F1012 0110A50003020000DAC10000000000000000"}, statusOK},
		{"emv-vendor.txt", []string{"emv", "--keep-ff", "FF01 09 9A03261122 DF7F0101"}, statusOK},
		{"emv-truncated.txt", []string{"emv", "9A03261122 9F3602 00"}, statusOther},
		{"emv-inside.txt", []string{"emv", "9C0100 7007 9A03261122 9F02"}, statusOther},
		{"emv-value.json", []string{"emv", "--json", "9A03261322 950400008000"}, statusOther},
		{"dol-cdol.txt", []string{"dol", "9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E149F3403"}, statusOK},
		{"dol-pdol.json", []string{"dol", "--json", "9F6604 9F0206 9F3704 5F2A02"}, statusOK},
		{"dol-truncated.txt", []string{"dol", "9F0206 95"}, statusOther},
	} {
		r := h.text(append([]string{"decode"}, c.args...)...)
		require.Equal(t, c.status, r.status, "%s: %s%s", c.file, r.out, r.stderr)
		for _, secret := range []string{"6212345678901265", "345678901", "3012201", "444F45", "DOE"} {
			require.NotContains(t, r.out+r.stderr, secret, c.file)
		}
		if c.status != statusOK {
			require.Contains(t, r.stderr, "byte")
			require.Contains(t, r.stderr, "tag")
		}
		golden(t, filepath.Join("decode", c.file), r.out)
	}
	require.Equal(t, statusUsage, h.text("decode", "emv", "--aid", "A000", "9C0100").status)
	require.Equal(t, statusUsage, h.text("decode", "emv", "--aid", "X", "9C0100").status)
	require.Equal(t, statusUsage, h.text("decode", "dol").status)
}
