package emv_test

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/emv"
)

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		tag   emv.Tag
		rid   emv.RID
		value string
		want  string
	}{
		{0x9F02, 0, "000000001280", "1280 minor units"},
		{0x81, 0, "00000500", "1280 minor units"},
		{0x9F1B, 0, "00000000", "0 minor units"},
		{0x9A, 0, "261122", "2026-11-22"},
		{0x5F24, 0, "491231", "2049-12-31"},
		{0x9F21, 0, "235959", "23:59:59"},
		{0x9C, 0, "00", "sale"}, {0x9C, 0, "01", "cash"}, {0x9C, 0, "09", "sale with cashback"}, {0x9C, 0, "20", "refund"}, {0x9C, 0, "30", "inquiry"}, {0x9C, 0, "99", ""},
		{0x5F2A, 0, "0156", "CNY"}, {0x9F42, 0, "0978", "EUR"}, {0x5F2A, 0, "0999", ""},
		{0x9F1A, 0, "0156", "CN"}, {0x5F28, 0, "0276", "DE"}, {0x5F28, 0, "0999", ""},
		{0x5F57, 0, "30", "credit"},
		{0x50, 0, "5549434320435245444954", `"UICC CREDIT"`},
		{0x9F12, 0, "D2F8C1AA", `"\xd2\xf8\xc1\xaa"`},
		{0x9F4E, 0, "000000", `""`},
		{0x84, 0, "A000000333010102", "UnionPay credit"}, {0x9F06, 0, "A0000000031010", "Visa"}, {0x4F, 0, "A000000999", ""},
		{0x8A, 0, "3030", `"00" approved`}, {0x8A, 0, "5933", `"Y3" approved offline, the host could not be reached`}, {0x8A, 0, "3535", `"55"`},
		{0x91, 0, "11223344556677883030", `cryptogram 1122334455667788, response code "00"`}, {0x91, 0, "1122334455667788", ""},
		{0x87, 0, "81", "priority 1, only with the cardholder's confirmation"}, {0x87, 0, "02", "priority 2"},
		{0x9F2A, 0, "07", "UnionPay"}, {0x9F2A, 0, "7F", ""},
		{0x9F4D, 0, "0B0A", "SFI 11, 10 records"},
		{0x9F36, 0, "FFFF", "65535"}, {0x9F17, 0, "03", "3"}, {0x9F14, 0, "7F", "127"},
		{0x5F30, 0, "0201", "international, chip; normal authorisation; no restriction"},
		{0x9F39, 0, "05", "chip"}, {0x9F39, 0, "80", "magnetic stripe after the chip failed"},
		{0xDF01, 0, "00", "partial match of the AID"}, {0xDF01, 0, "01", "exact match of the AID"},
		{0xDF05, 0, "20301231", "2030-12-31"}, {0xDF05, 0, "3230333031323331", "2030-12-31"}, {0xDF05, 0, "AABBCCDD", ""},
		{0xDF07, 0, "04", "SM2"}, {0xDF69, 0, "01", "yes"},
		{0xDF31, 0, "2000000001", "script 00000001 performed"},
		{0x9F49, 0, "9F3704", "9F37 unpredictable number: 4 bytes"},
		{0x9F51, emv.RIDUnionPay, "0156", "CNY"}, {0x9F51, emv.RIDMastercard, "9F3704", "9F37 unpredictable number: 4 bytes"},
		{0x9F79, emv.RIDUnionPay, "000000001280", "1280 minor units"},
		{0x9F0D, 0, "D8609CA800", "offline data authentication was not performed; SDA failed; the card is on the exception file; DDA failed; the application has expired; " +
			"the application is not yet effective; cardholder verification failed; PIN required, but the PIN pad is absent or broken; PIN required and PIN pad present, but no PIN was entered; " +
			"online PIN (or other online CVM) entered; floor limit exceeded; upper consecutive offline limit exceeded; the merchant forced the transaction online"},
		{0x5A, 0, "6212345678901265", ""}, {0x57, 0, "6212345678901265D3012", ""}, {0x5F20, 0, "4142", ""}, {0xDF7F, 0, "01", ""}, {0x70, 0, "9A03261122", ""},
		{0x9F26, 0, "0102030405060708", ""},
	} {
		text := c.value
		if len(text)%2 == 1 {
			text += "F"
		}
		words, err := emv.Describe(c.tag, unhex(t, text), c.rid)
		require.NoError(t, err, c.tag)
		require.Equal(t, c.want, strings.Join(words, "; "), "%s %s", c.tag, c.value)
	}
	for tag, value := range map[emv.Tag]string{0x9A: "261322", 0x9F21: "240000", 0x9F02: "00000000128A", 0x8E: "0000", 0x94: "080103", 0x9F34: "00", 0x9F27: "", 0x9F35: "2222",
		0x5F2A: "A156", 0x8C: "9F02", 0x5F30: "0A01", 0x9F10: strings.Repeat("00", 33), 0x9F3A: strings.Repeat("00", 9)} {
		_, err := emv.Describe(tag, unhex(t, value), 0)
		require.Error(t, err, tag)
	}
}

// The records of a published UnionPay test card.
func TestExplainAPublishedRecord(t *testing.T) {
	e := emv.Explain(unhex(t, "702D 9F080200205F300202019F49039F37049F420201565F2503110901 9F14017F 9F2301FF 9F4D020B0A 9F0702FF00"), emv.Options{}, 0)
	require.Empty(t, e.Problems)
	text := e.String()
	for _, want := range []string{"70 record template", "5F30 service code: 0201", "international, chip", "9F42 application currency code: 0156, CNY", "2011-09-01", "9F14 lower consecutive offline limit: 7F, 127",
		"9F23 upper consecutive offline limit: FF, 255", "valid for domestic cash"} {
		require.Contains(t, text, want)
	}
	fci := emv.Explain(unhex(t, "6F3B8408A000000333010102A52F500B5549434320435245444954870101 5F2D02636E 9F110101 9F120B5549434320435245444954 BF0C059F4D020B0A"), emv.Options{}, 0)
	require.Empty(t, fci.Problems)
	require.Equal(t, "BF0C", fci.Items[0].Items[1].Items[5].Tag, "three deep")
	require.Contains(t, fci.String(), "84 DF name: A000000333010102, UnionPay credit")
}

func TestExplainShowsWhatCouldBeRead(t *testing.T) {
	e := emv.Explain(unhex(t, "9C0100 7007 9A03261122 9F02 9F360200FF"), emv.Options{}, 0)
	require.Equal(t, []emv.Problem{{Offset: 12, Tag: "9F02", Text: "it ends too early"}}, e.Problems)
	require.Len(t, e.Items, 3)
	require.Equal(t, "9A", e.Items[1].Items[0].Tag)
	require.Equal(t, "9F36", e.Items[2].Tag)
	e = emv.Explain(unhex(t, "9F1E0131"), emv.Options{}, 0)
	require.Empty(t, e.Problems)
	require.Contains(t, e.String(), "of unusual length: 1 byte, where 8 belong")
	e = emv.Explain(unhex(t, "9F4101 01 5004 41424344 DF0204 00000000 9F2700"), emv.Options{}, 0)
	require.Equal(t, []emv.Problem{{Offset: 17, Tag: "9F27", Text: "tag 9F27 has 0 bytes, where 1 belong"}}, e.Problems)
	require.Contains(t, e.String(), "1 byte, where 2 to 4 belong")
	require.Contains(t, e.String(), "DF02 CA public key modulus: (4 bytes, not shown)")
}

func TestField55CutAnywhere(t *testing.T) {
	b := unhex(t, unionPaySale)
	whole := map[int]bool{}
	all := sale(t)
	for _, o := range all {
		whole[o.Offset] = true
	}
	for n := range b {
		l, err := emv.Parse(b[:n], emv.Options{})
		require.Equal(t, whole[n], err == nil, "cut after %d bytes", n)
		for i := range l {
			require.Equal(t, all[i].Tag, l[i].Tag, "what came before is there")
		}
		e := emv.Explain(b[:n], emv.Options{}, 0)
		require.Equal(t, whole[n], len(e.Problems) == 0)
		require.Len(t, e.Items, len(l))
	}
}

// Anything may come: nothing panics, nothing secret is said, everything ends.
func FuzzDescribe(f *testing.F) {
	for _, e := range emv.Tags() {
		f.Add(uint32(e.Tag), uint64(0), make([]byte, e.Min))
	}
	for _, s := range []string{"07000103A0A80201", "1F2201A000000000", "0FA501A0000000001122334455667788 0F000000000000000000000000000000", "5E0342031F00", "0801030010010501", "9F02069F0306"} {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		require.NoError(f, err)
		for _, tag := range []uint32{0x9F10, 0x8E, 0x94, 0x8C} {
			f.Add(tag, uint64(emv.RIDMastercard), b)
		}
	}
	f.Fuzz(func(t *testing.T, tag uint32, rid uint64, value []byte) {
		words, err := emv.Describe(emv.Tag(tag), value, emv.RID(rid))
		if e, _ := emv.LookupSized(emv.Tag(tag), emv.RID(rid), len(value)); e.Secrecy != emv.Plain {
			require.Empty(t, words)
			require.NoError(t, err)
		}
		o := emv.Object{Tag: emv.Tag(tag), Value: value}
		require.LessOrEqual(t, len(o.String()), 200+2*len(value))
		if iad, err := emv.DecodeIAD(value, emv.RID(rid)); err == nil {
			require.Equal(t, string(value), string(iad.Append(nil)), "written as it was read")
			iad.Describe()
		}
		if l, err := emv.DecodeCVMList(value); err == nil {
			require.Equal(t, string(value), string(l.Append(nil)))
			require.NotEmpty(t, l.Describe())
		}
		if l, err := emv.DecodeAFL(value); err == nil {
			require.Equal(t, string(value), string(l.Append(nil)))
		}
		if d, err := emv.DecodeDate(value); err == nil {
			require.Equal(t, string(value), string(d.Append(nil)))
		}
	})
}

func FuzzExplain(f *testing.F) {
	for _, s := range []string{unionPaySale, "6F0784 05A000000333", "7004 9A052600", "9F1E0131", "FF01 03 9A0126"} {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		require.NoError(f, err)
		f.Add(b, true)
		f.Add(b, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, keepFF bool) {
		e := emv.Explain(data, emv.Options{KeepFF: keepFF}, 0)
		_, err := emv.Parse(data, emv.Options{KeepFF: keepFF})
		require.False(t, err != nil && len(e.Problems) == 0, "an error is told")
		_ = e.String()
		_, err = json.Marshal(e)
		require.NoError(t, err)
		_ = emv.ExplainDOL(data).String()
	})
}

func FuzzTracks(f *testing.F) {
	f.Add([]byte("%B6212345678901265^DOE/JANE^3012201123456789?5"))
	f.Add([]byte(testTrack2))
	f.Add([]byte(testPAN))
	f.Fuzz(func(t *testing.T, text []byte) {
		if tr, err := emv.ParseTrack1(text); err == nil {
			require.GreaterOrEqual(t, tr.PAN().Len(), emv.MinPAN)
			tr.ServiceCode()
			tr.Expiry().LastDay()
		}
		if tr, err := emv.ParseTrack2(text); err == nil {
			require.GreaterOrEqual(t, tr.PAN().Len(), emv.MinPAN)
			tr.ServiceCode()
			tr.Expiry().LastDay()
		}
		if tr, err := emv.DecodeTrack2(text); err == nil {
			require.GreaterOrEqual(t, tr.PAN().Len(), emv.MinPAN)
		}
		if p, err := emv.ParsePAN(text); err == nil {
			p.Scheme()
		}
	})
}
