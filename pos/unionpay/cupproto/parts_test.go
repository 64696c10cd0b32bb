package cupproto

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestField60EndsWhereItMay(t *testing.T) {
	for _, c := range []struct {
		text string
		want F60
	}{
		{"00000012", F60{MessageType: "00", Batch: 12}},
		{"00000012003", F60{MessageType: "00", Batch: 12, Network: "003"}},
		{"220000120006", F60{MessageType: "22", Batch: 12, Network: "000", ReaderCapability: '6'}},
		{"2200001200060", F60{MessageType: "22", Batch: 12, Network: "000", ReaderCapability: '6', ICCondition: '0'}},
		{"22000012000601", F60{MessageType: "22", Batch: 12, Network: "000", ReaderCapability: '6', ICCondition: '0', Partial: '1'}},
		{"22000012000601048", F60{MessageType: "22", Batch: 12, Network: "000", ReaderCapability: '6', ICCondition: '0', Partial: '1', AccountType: "048"}},
	} {
		got, err := ParseF60([]byte(c.text))
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got)
		back, err := got.Append(nil)
		require.NoError(t, err)
		require.Equal(t, c.text, string(back))
	}
	back, err := F60{MessageType: "22", Batch: 1, AccountType: "066"}.Append(nil)
	require.NoError(t, err)
	require.Equal(t, "22000001000000066", string(back), "what stands before the last part is filled in")
	for _, text := range []string{"", "2", "220000", "220000120", "2200001200060104", "220000120006010480", "2x000012"} {
		_, err := ParseF60([]byte(text))
		require.ErrorContains(t, err, "field 60", text)
	}
}

func TestField61LosesItsEnd(t *testing.T) {
	for _, c := range []struct {
		text string
		want F61
	}{
		{"000012000016", F61{Batch: 12, STAN: 16}},
		{"0000120000161122", F61{Batch: 12, STAN: 16, Date: "1122"}},
		{"000012000016112201", F61{Batch: 12, STAN: 16, Date: "1122", AuthMethod: "01"}},
		{"00001200001611220112345678901", F61{Batch: 12, STAN: 16, Date: "1122", AuthMethod: "01", AuthInstitution: "12345678901"}},
	} {
		got, err := ParseF61([]byte(c.text))
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got)
		back, err := got.Append(nil)
		require.NoError(t, err)
		require.Equal(t, c.text, string(back))
	}
	back, err := F61{AuthInstitution: "12345678901"}.Append(nil)
	require.NoError(t, err)
	require.Equal(t, "00000000000000000012345678901", string(back))
	for _, text := range []string{"", "00001", "00001200001", "000012000016112", "000012000016112201123456789012", "00001200001x"} {
		_, err := ParseF61([]byte(text))
		require.ErrorContains(t, err, "field 61", text)
	}
}

func TestSettlementTotals(t *testing.T) {
	want := Totals{Domestic: PartTotals{DebitAmount: 999999999999, DebitCount: 999, CreditAmount: 1, CreditCount: 2, Result: ResultUnequal}, Foreign: PartTotals{Result: ResultEqual}}
	b, err := want.Append(nil)
	require.NoError(t, err)
	require.Equal(t, "999999999999"+"999"+"000000000001"+"002"+"2"+"000000000000"+"000"+"000000000000"+"000"+"1", string(b))
	require.Len(t, b, TotalsLen)
	got, err := ParseTotals(b)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for n := range b {
		_, err := ParseTotals(b[:n])
		require.ErrorIs(t, err, ErrTruncated)
	}
	_, err = ParseTotals(append(b, '0'))
	require.ErrorIs(t, err, ErrFormat)
	for _, p := range []PartTotals{{DebitAmount: 1e12}, {DebitAmount: -1}, {CreditCount: 1000}, {Result: 'x'}} {
		_, err := Totals{Foreign: p}.Append(nil)
		require.ErrorIs(t, err, ErrFormat)
	}
	var m Message
	m.SetTotals(want)
	require.Equal(t, want, must(m.Totals()))
}

func TestBatchUploadHoldsEightItems(t *testing.T) {
	var items []UploadItem
	for i := range MaxUploadItems {
		items = append(items, UploadItem{Foreign: i%2 == 1, STAN: uint32(i + 1), PAN: samplePANOf(t, []string{samplePAN, "6212345678901234567"}[i%2]), Amount: int64(i)})
	}
	b, err := AppendUpload(nil, items)
	require.NoError(t, err)
	require.Len(t, b, 322, "the longest field 48")
	require.Equal(t, "08"+"00"+"000001"+"0000"+samplePAN+"000000000000", string(b[:42]))
	got, err := ParseUpload(b)
	require.NoError(t, err)
	require.Len(t, got, 8)
	for i := range got {
		require.True(t, items[i].PAN.Equal(got[i].PAN))
		require.Equal(t, items[i].STAN, got[i].STAN)
		require.Equal(t, items[i].Amount, got[i].Amount)
		require.Equal(t, items[i].Foreign, got[i].Foreign)
	}
	for n := range b {
		_, err := ParseUpload(b[:n])
		require.Error(t, err, "cut to %d", n)
		require.NotContains(t, err.Error(), "5678901")
	}
	_, err = AppendUpload(nil, append(items, items[0]))
	require.ErrorIs(t, err, ErrTooLong)
	_, err = ParseUpload([]byte("09" + strings.Repeat("0", 360)))
	require.ErrorIs(t, err, ErrTooLong)
	_, err = AppendUpload(nil, []UploadItem{{}})
	require.ErrorIs(t, err, ErrFormat, "no card number")
	_, err = ParseUpload([]byte("01" + strings.Repeat("0", 40)))
	require.ErrorContains(t, err, "no card number")
	none, err := AppendUpload(nil, nil)
	require.NoError(t, err)
	require.Equal(t, "00", string(none))
}

func TestBalancesAndInstitutionsAndTexts(t *testing.T) {
	list := []Balance{{"10", "02", CNY, 123456}, {"20", "01", "840", -5}}
	b, err := AppendBalances(nil, list)
	require.NoError(t, err)
	require.Equal(t, "1002156C000000123456"+"2001840D000000000005", string(b))
	got, err := ParseBalances(b)
	require.NoError(t, err)
	require.Equal(t, list, got)
	for _, bad := range []string{"1", "1002156X000000123456", "1002156C00000012345", "1002156C00000012345x"} {
		_, err := ParseBalances([]byte(bad))
		require.ErrorContains(t, err, "field 54", bad)
	}
	_, err = AppendBalances(nil, []Balance{{"1", "02", CNY, 1}})
	require.ErrorIs(t, err, ErrFormat)

	for _, c := range []struct {
		f    F44
		text string
	}{
		{F44{Issuer: "01030000", Acquirer: "48222900"}, "01030000   48222900      "},
		{F44{Text: "密码错误"}, "\xC3\xDC\xC2\xEB\xB4\xED\xCE\xF3"},
		{F44{}, "                         "},
	} {
		b, err := c.f.Append(nil)
		require.NoError(t, err)
		require.Equal(t, c.text, string(b))
		require.Equal(t, c.f, ParseF44(b))
	}
	require.Equal(t, F44{Issuer: "0103"}, ParseF44([]byte("0103")))
	require.Equal(t, F44{}, (&Message{}).F44())
	_, err = F44{Text: "这是一个太长的错误说明文字串"}.Append(nil)
	require.ErrorIs(t, err, ErrTooLong)

	f := F63{Code: "CUP", Issuer: "农业银行", Acquirer: "银联商务", Terminal: "交易成功"}
	b, err = f.Append(nil)
	require.NoError(t, err)
	require.Len(t, b, 123)
	require.Equal(t, "\xC5\xA9\xD2\xB5\xD2\xF8\xD0\xD0", string(b[3:11]), "GBK")
	back, err := ParseF63(b)
	require.NoError(t, err)
	require.Equal(t, f, back)
	b, err = F63{Code: "01"}.Append(nil)
	require.NoError(t, err)
	require.Equal(t, "01 ", string(b))
	back, err = ParseF63([]byte("CUP\xC5\xA9\xD2"))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(back.Issuer, "农"), "a character cut in two: %q", back.Issuer)
	long, err := ParseF63([]byte("CUP" + strings.Repeat("x", 160)))
	require.NoError(t, err)
	require.Len(t, long.Terminal, 100)
	_, err = ParseF63([]byte("CU"))
	require.ErrorIs(t, err, ErrTruncated)
	for _, f := range []F63{{Issuer: "一二三四五六七八九十一"}, {Terminal: "😀"}} {
		_, err := f.Append(nil)
		require.Error(t, err)
	}
}

func TestElementsOfField59(t *testing.T) {
	l := sampleElements(ScanSale)
	b, err := l.Append(nil)
	require.NoError(t, err)
	require.Equal(t, "A2069"+"0100204", string(b[:12]))
	got, err := ParseElements(b)
	require.NoError(t, err)
	require.Equal(t, l, got)
	code, ok := got.Find(TagPayCode)
	require.True(t, ok)
	require.Equal(t, sampleCode, string(code))
	_, ok = got.Find("ZZ")
	require.False(t, ok)
	for _, bad := range []string{"A", "A1", "A1016123", "A1x16", "A3-01"} {
		_, err := ParseElements([]byte(bad))
		require.ErrorContains(t, err, "field 59", bad)
	}
	_, err = ParseElements([]byte(strings.Repeat("A1000", maxElements)))
	require.NoError(t, err)
	_, err = ParseElements([]byte(strings.Repeat("A1000", maxElements+1)))
	require.ErrorIs(t, err, ErrTooLong)
	_, err = Elements{{"A", nil}}.Append(nil)
	require.ErrorIs(t, err, ErrFormat)
	_, err = Elements{{"A1", make([]byte, 1000)}}.Append(nil)
	require.ErrorIs(t, err, ErrFormat)
	_, err = Elements{{"A1", make([]byte, 100)}}.AppendShort(nil)
	require.ErrorIs(t, err, ErrFormat)
	var m Message
	require.Empty(t, must(m.Elements()))
}

func TestFormsOfField62(t *testing.T) {
	d := SignOnDevice{Approval: "3038", Serial: "N9000012345"}
	b, err := d.Append(nil)
	require.NoError(t, err)
	require.Equal(t, "Sequence No15"+"3038N9000012345", string(b))
	got, err := ParseSignOnDevice(b)
	require.NoError(t, err)
	require.Equal(t, d, got)
	for _, bad := range []string{"", "Sequence No", "Sequence No0330", "sequence No153038N9000012345", "Sequence No163038N9000012345", "Sequence No143038N9000012345"} {
		_, err := ParseSignOnDevice([]byte(bad))
		require.ErrorContains(t, err, "field 62", bad)
	}
	_, err = SignOnDevice{Approval: "3038", Serial: strings.Repeat("1", 96)}.Append(nil)
	require.ErrorIs(t, err, ErrFormat)

	q, err := AppendQuery(nil, 12)
	require.NoError(t, err)
	require.Equal(t, "112", string(q))
	n, err := ParseQuery(q)
	require.NoError(t, err)
	require.Equal(t, 12, n)
	_, err = AppendQuery(nil, 100)
	require.ErrorIs(t, err, ErrFormat)
	_, err = ParseQuery([]byte("212"))
	require.Error(t, err)

	list, err := ParseDownload(unhex(t, "32 9F0605A000000333 9F220108 DF05083230333031323331 9F0605A000000333 9F220109 DF050420301231"))
	require.NoError(t, err)
	require.Equal(t, byte(DownloadMore), list.Flag)
	keys, err := ParseCAKeys(list.TLV)
	require.NoError(t, err)
	require.Len(t, keys, 2)
	require.Equal(t, "20301231", keys[0].Expiry)
	require.Equal(t, "20301231", keys[1].Expiry, "in nibbles")
	require.Equal(t, byte(9), keys[1].Index)
	var again []byte
	for _, k := range keys {
		again, err = k.Append(again)
		require.NoError(t, err)
	}
	require.Equal(t, list.TLV, again)
	whole, err := Download{Flag: DownloadMore, TLV: again}.Append(nil)
	require.NoError(t, err)
	require.Equal(t, byte('2'), whole[0])
	for _, bad := range []string{"", "34", "31 9F", "41"} {
		_, err := ParseDownload(unhex(t, bad))
		require.ErrorContains(t, err, "field 62", bad)
	}
	_, err = Download{Flag: 'x'}.Append(nil)
	require.Error(t, err)
	for _, bad := range []string{"9F220108", "9F0605A000000333 9F22020108", "9F0605A000000333 DF0503999999", "9F0605A000000333 DF0504AAAAAAAA", "9F"} {
		_, err := ParseCAKeys(unhex(t, bad))
		require.ErrorContains(t, err, "field 62", bad)
	}
	_, err = CAKey{RID: []byte{1}}.Append(nil)
	require.ErrorIs(t, err, ErrFormat)

	aids, err := ParseAIDs(sampleAID(t))
	require.NoError(t, err)
	require.Len(t, aids, 1)
	require.Equal(t, unhex(t, "D84000A800"), aids[0].TACDefault)
	require.Equal(t, unhex(t, "9F3704"), aids[0].DDOL)
	back, err := aids[0].Append(nil)
	require.NoError(t, err)
	require.Equal(t, sampleAID(t), back)
	_, err = AID{}.Append(nil)
	require.ErrorIs(t, err, ErrFormat)

	ps := []Parameter{{"01", "1"}, {ParameterTimeout, "60"}, {"14", "13800000000"}, {ParameterDial, "000100010001"}}
	b, err = AppendParameters(nil, ps)
	require.NoError(t, err)
	require.Equal(t, "01"+"1"+"12"+"60"+"14"+"13800000000   "+"51"+"000100010001", string(b))
	gotPs, err := ParseParameters(b)
	require.NoError(t, err)
	require.Equal(t, "13800000000   ", gotPs[2].Value)
	for _, bad := range []string{"1", "1260991", "99", "126"} {
		_, err := ParseParameters([]byte(bad))
		require.ErrorContains(t, err, "field 62", bad)
	}
	for _, p := range []Parameter{{"99", ""}, {"12", "600"}} {
		_, err := AppendParameters(nil, []Parameter{p})
		require.Error(t, err)
	}

	for text, want := range map[string]ICUpload{
		"61" + "00" + "00" + "000000001280" + "156":        {Amount: 1280},
		"71" + "01" + "05" + "000000001280" + "156" + "22": {Failed: true, Foreign: true, Reason: "05", Result: "22", Amount: 1280},
	} {
		got, err := ParseICUpload([]byte(text))
		require.NoError(t, err)
		require.Equal(t, want, got)
		b, err := got.Append(nil)
		require.NoError(t, err)
		require.Equal(t, text, string(b))
		for n := range text {
			_, err := ParseICUpload([]byte(text[:n]))
			require.Error(t, err)
		}
	}
	_, err = ParseICUpload([]byte("810000000000001280156"))
	require.ErrorIs(t, err, ErrFormat)
	_, err = ICUpload{Failed: true}.Append(nil)
	require.ErrorIs(t, err, ErrFormat)
}
