package emv_test

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

// The list and values are those of emv-utils' tests.
func TestDOLBuild(t *testing.T) {
	values, err := emv.Parse(unhex(t, "9C0109 9A03240217 5F2A020978 9F0206000123456789 9F0306000987654321 9F1A020528 9F3704DEADBEEF 95051234554321 5A076212345678901F 5003414243"), emv.Options{})
	require.NoError(t, err)
	for _, c := range []struct {
		name, list string
		rid        emv.RID
		want       string
	}{
		{"exact lengths", "9F0206 9F0306 9F1A02 9505 5F2A02 9A03 9C01 9F3704", 0, "000123456789 000987654321 0528 1234554321 0978 240217 09 DEADBEEF"},
		{"shorter and longer than asked", "9F0203 9F0307 9F1A02 9506 5F2A02 9A00 9C03 9F3703", 0, "456789 00000987654321 0528 123455432100 0978 000009 DEADBE"},
		{"a tag that is asked twice", "9A03 9C01 9A03", 0, "240217 09 240217"},
		{"cn is filled with FF behind", "5A0A", 0, "6212345678901FFFFFFF"},
		{"cn loses digits behind", "5A03", 0, "621234"},
		{"text is filled with zeros behind", "5005", 0, "4142430000"},
		{"what is not there is zeros", "9F1004 DF7F02", 0, "00000000 0000"},
		{"a cn that is not there is zeros too", "9F2002", 0, "0000"},
		{"a template is zeros", "7002 A501", 0, "0000 00"},
		{"an empty list", "", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := emv.ParseDOL(unhex(t, c.list))
			require.NoError(t, err)
			got, err := d.Build(nil, c.rid, values.Find)
			require.NoError(t, err)
			require.Equal(t, unhex(t, c.want), append([]byte{}, got...))
			require.Len(t, got, d.Size())
			again, err := emv.AppendDOL(nil, d)
			require.NoError(t, err)
			require.Equal(t, unhex(t, c.list), append([]byte{}, again...))
		})
	}
}

func TestDOLErrorsNameTheOffset(t *testing.T) {
	for _, c := range []struct {
		name, list string
		offset     int
		entries    int
	}{
		{"no length", "9F0206 9F0306 9F1A02 95", 10, 3},
		{"no length of a tag of two bytes", "9F0206 9F37", 5, 1},
		{"half a tag", "9F0206 9F", 4, 1},
		{"a tag of five bytes", "DF8181818101", 0, 0},
	} {
		d, err := emv.ParseDOL(unhex(t, c.list))
		var syntax *emv.SyntaxError
		require.ErrorAs(t, err, &syntax, c.name)
		require.Equal(t, c.offset, syntax.Offset, "%s: %v", c.name, err)
		require.Len(t, d, c.entries, c.name)
	}
	longest, err := emv.ParseDOL([]byte(strings.Repeat("\x9A\x00", 126)))
	require.NoError(t, err)
	require.Len(t, longest, 126)
	_, err = emv.ParseDOL([]byte(strings.Repeat("\x9A\x00", 127)))
	require.ErrorIs(t, err, emv.ErrDOLTooLong)
	_, err = emv.AppendDOL(nil, make(emv.DOL, 127))
	require.ErrorIs(t, err, emv.ErrDOLTooLong)
	_, err = emv.AppendDOL(nil, emv.DOL{{Tag: 0x9A, Length: 256}})
	require.ErrorIs(t, err, emv.ErrDOLTooLong)
	_, err = emv.DOL{{Tag: 0x9F10, Length: 255}, {Tag: 0x9A, Length: 1}}.Build(nil, 0, emv.Objects{}.Find)
	require.ErrorIs(t, err, emv.ErrDOLTooLong)
	full, err := emv.DOL{{Tag: 0x9F10, Length: 255}}.Build(nil, 0, emv.Objects{}.Find)
	require.NoError(t, err)
	require.Len(t, full, 255)
}

func TestADOLCutAnywhere(t *testing.T) {
	list := unhex(t, "9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E149F3403")
	whole := map[int]bool{}
	all, err := emv.ParseDOL(list)
	require.NoError(t, err)
	for _, e := range all {
		whole[e.Offset] = true
	}
	for n := range list {
		d, err := emv.ParseDOL(list[:n])
		require.Equal(t, whole[n], err == nil, "cut after %d bytes", n)
		require.LessOrEqual(t, len(d), len(all))
	}
	require.Equal(t, "9F4E merchant name and location: 20 bytes", all[9].String())
	require.Equal(t, "9C transaction type: 1 byte", all[6].String())
	require.Equal(t, "DF7F: 2 bytes", emv.DOLEntry{Tag: 0xDF7F, Length: 2}.String())
}

func TestTCHash(t *testing.T) {
	values, err := emv.Parse(unhex(t, "9C0109 9A03240217"), emv.Options{})
	require.NoError(t, err)
	d, err := emv.ParseDOL(unhex(t, "9A03 9C01"))
	require.NoError(t, err)
	require.Equal(t, sha1.Sum(unhex(t, "24021709")), emv.TCHash(d, 0, values.Find))
}

func FuzzDOL(f *testing.F) {
	for _, s := range []string{"9F02069F03069F1A0295055F2A029A039C019F3704", "9F0206 95", "5A0A 5005 7002", "9A03 9A03", "9F0203 9F0307 9F53FF"} {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		require.NoError(f, err)
		f.Add(b, []byte{1, 2, 3})
	}
	f.Fuzz(func(t *testing.T, list, value []byte) {
		d, err := emv.ParseDOL(list)
		if err != nil {
			return
		}
		again, err := emv.AppendDOL(nil, d)
		require.NoError(t, err)
		require.Equal(t, string(list), string(again))
		got, err := d.Build(nil, 0, func(tag emv.Tag) ([]byte, bool) { return value, tag&1 == 0 })
		if err == nil {
			require.Len(t, got, d.Size())
		}
		emv.TCHash(d, 0, emv.Objects{}.Find)
	})
}
