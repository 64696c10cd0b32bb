package emv_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

func TestTheDictionaryIsInOrder(t *testing.T) {
	all := emv.Tags()
	tags := map[emv.Tag]int{}
	for i, e := range all {
		tags[e.Tag]++
		if i > 0 {
			require.GreaterOrEqual(t, e.Tag, all[i-1].Tag, "%s comes after %s", e.Tag, all[i-1].Tag)
		}
		require.NotEmpty(t, e.Name, e.Tag)
		require.NotZero(t, e.Source, e.Tag)
		require.True(t, e.Max == 0 || e.Max >= e.Min, e.Tag)
		require.Equal(t, e.Tag.Constructed(), e.Format == emv.FormatTemplate, "%s %s", e.Tag, e.Name)
		parsed, err := emv.ParseTag(e.Tag.String())
		require.NoError(t, err, "the tag can be written")
		require.Equal(t, e.Tag, parsed)
		got, ok := emv.Lookup(e.Tag, 0)
		require.True(t, ok)
		require.Contains(t, got.Name, e.Name)
		require.GreaterOrEqual(t, got.Secrecy, e.Secrecy, "without a scheme the strictest holds")
	}
	require.GreaterOrEqual(t, len(tags), 180)
}

func TestLookupDecidesBetweenMeanings(t *testing.T) {
	for _, c := range []struct {
		name string
		tag  emv.Tag
		rid  emv.RID
		size int
		want string
	}{
		{"a tag with one meaning", 0x95, 0, 5, "terminal verification results"},
		{"9F66 by Visa", 0x9F66, emv.RIDVisa, 4, "terminal transaction qualifiers"},
		{"9F66 by Mastercard", 0x9F66, emv.RIDMastercard, 2, "PUNATC, track 2"},
		{"9F66 by its length", 0x9F66, 0, 2, "PUNATC, track 2"},
		{"9F6B by UnionPay", 0x9F6B, emv.RIDUnionPay, 6, "card CVM limit"},
		{"9F6B by its length", 0x9F6B, 0, 19, "track 2 data"},
		{"9F63 of UnionPay", 0x9F63, emv.RIDUnionPay, 16, "card product identification"},
		{"9F53 of Mastercard", 0x9F53, emv.RIDMastercard, 1, "transaction category code"},
		{"9F53 of JCB by its length", 0x9F53, 0, 3, "terminal interchange profile"},
		{"9F79 without a scheme", 0x9F79, 0, 6, "VLP available funds / electronic cash balance"},
		{"9F79 of UnionPay", 0x9F79, emv.RIDUnionPay, 6, "electronic cash balance"},
		{"9F6D of Amex", 0x9F6D, emv.RIDAmex, 1, "contactless reader capabilities"},
		{"9F6D of a scheme that does not use it", 0x9F6D, emv.RIDMir, 2, "mag-stripe application version"},
		{"a length that fits nothing", 0x9F6D, 0, 9, "electronic cash reset threshold / mag-stripe application version / contactless reader capabilities"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, ok := emv.LookupSized(c.tag, c.rid, c.size)
			require.True(t, ok)
			require.Equal(t, c.want, e.Name)
		})
	}
	_, ok := emv.Lookup(0xDF7777, 0)
	require.False(t, ok)
	require.Empty(t, emv.Tag(0xDF7777).Name())
}

func TestSecrecyDoesNotTrustTheScheme(t *testing.T) {
	for _, c := range []struct {
		name string
		tag  emv.Tag
		rid  emv.RID
		size int
		want emv.Secrecy
	}{
		{"a PAN", 0x5A, 0, 8, emv.MaskedPAN},
		{"a track 2", 0x57, 0, 19, emv.MaskedTrack2},
		{"a track 1", 0x56, 0, 60, emv.MaskedTrack1},
		{"a limit of six bytes", 0x9F6B, 0, 6, emv.Plain},
		{"six bytes and one", 0x9F6B, emv.RIDVisa, 7, emv.MaskedTrack2},
		{"a track under Visa's RID", 0x9F6B, emv.RIDVisa, 19, emv.MaskedTrack2},
		{"a name", 0x5F20, 0, 10, emv.Hidden},
		{"PIN data", 0x99, 0, 8, emv.Hidden},
		{"discretionary data, track 1", 0x9F1F, 0, 8, emv.Hidden},
		{"discretionary data, track 2", 0x9F20, 0, 8, emv.Hidden},
		{"the number of an identity card", 0x9F61, emv.RIDMastercard, 18, emv.Hidden},
		{"an issuer's script command, which may change a PIN", 0x86, 0, 20, emv.Hidden},
		{"an unknown tag", 0xDF7777, 0, 2, emv.Hidden},
		{"a private tag as we know it", 0xDF31, 0, 5, emv.Plain},
		{"a private tag that cannot be ours", 0xDF01, 0, 8, emv.Hidden},
		{"TVR", 0x95, 0, 5, emv.Plain},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, _ := emv.LookupSized(c.tag, c.rid, c.size)
			require.Equal(t, c.want, e.Secrecy, e.Secrecy.String())
		})
	}
}

func TestFormatsAndSourcesHaveNames(t *testing.T) {
	var names []string
	for _, e := range emv.Tags() {
		names = append(names, e.Format.String(), e.Source.String(), e.Secrecy.String())
	}
	all := strings.Join(names, " ")
	for _, want := range []string{"b", "n", "cn", "an", "ans", "template", "card", "terminal", "issuer", "plain", "hidden"} {
		require.Contains(t, all, want)
	}
	require.Equal(t, "? ? ?", emv.Format(99).String()+" "+emv.Source(99).String()+" "+emv.Secrecy(99).String())
}
