package qr_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/qr"
)

func TestCodesAreToldApart(t *testing.T) {
	table := qr.DefaultTable()
	require.NoError(t, table.Check())
	for _, c := range []struct {
		code, name string
		kind       qr.Kind
	}{
		{"134567890123456789", "wechat", qr.Wallet},
		{" 10 4567 8901 2345 6789\r\n", "wechat", qr.Wallet},
		{"154567890123456789", "wechat", qr.Wallet},
		{"284567890123456789", "alipay", qr.Wallet},
		{"2545678901234567", "alipay", qr.Wallet},
		{"304567890123456789012345"[:24], "alipay", qr.Wallet},
		{"fp0123456789abcdef0123456789abcdef0", "alipay", qr.Wallet},
		{"6212345678901234567", "unionpay", qr.Wallet},
		{"6230105678901234567", "ccb", qr.Wallet},
		{"6280105678901234567", "unionpay", qr.Wallet},
		{"184567890123456789", "jd", qr.Wallet},
		{"514567890123456789", "bestpay", qr.Wallet},
		{"0145678901234567890", "ecny", qr.Wallet},
		{"914567890123456789", "qqpay", qr.Wallet},
		{"https://v.douyin.com/AbCdEf/", "douyin", qr.Voucher},
		{"123456789013", "douyin", qr.Voucher},
		{"123456789012345", "douyin", qr.Voucher},
		{"6901234567892", "ean-13", qr.Product},
		{"96385074", "ean-8", qr.Product},
		{"036000291452", "upc-a", qr.Product},
		{"weixin://wxpay/bizpayurl?pr=abc", "wechat-link", qr.Link},
		{"HTTPS://QR.ALIPAY.COM/BAX01234", "alipay-link", qr.Link},
		{"https://qr.95516.com/00010000/62", "unionpay-link", qr.Link},
		{emvcoSample, "emvco", qr.MerchantCode},
		{emvConsumer1, "emvco-consumer", qr.ConsumerCode},
	} {
		r, err := table.Classify(qr.NewCode(c.code))
		require.NoError(t, err, c.code)
		require.Equal(t, c.name, r.Name, c.code)
		require.Equal(t, c.kind, r.Kind, c.code)
	}
}

func TestWhatIsNobodysIsNeverGuessed(t *testing.T) {
	table := qr.DefaultTable()
	for _, c := range []struct {
		code string
		err  error
	}{
		{"", qr.ErrUnknownCode},
		{"164567890123456789", qr.ErrUnknownCode},  // 16 is nobody's
		{"13456789012345678", qr.ErrUnknownCode},   // a digit short
		{"1345678901234567890", qr.ErrUnknownCode}, // one too many
		{"244567890123456789", qr.ErrUnknownCode},
		{"3145678901234567", qr.ErrUnknownCode},
		{"621234567890123456", qr.ErrUnknownCode},
		{"13456789012345678x", qr.ErrUnknownCode},
		{"１３４５６７８９０１２３４５６７８９", qr.ErrUnknownCode}, // full width
		{"6901234567893", qr.ErrCheckDigit},
		{"96385075", qr.ErrCheckDigit},
		{"https://example.com/", qr.ErrUnknownCode},
		{strings.Repeat("1", 10000), qr.ErrUnknownCode},
	} {
		_, err := table.Classify(qr.NewCode(c.code))
		require.ErrorIs(t, err, c.err, c.code)
		if len(c.code) > 8 {
			require.NotContains(t, err.Error(), c.code[2:9], "masked")
		}
	}
	var unknown *qr.UnknownError
	_, err := table.Classify(qr.NewCode("13456789012345678x"))
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, 17, unknown.Offset)
}

func TestTheShopsOwnRulesComeFirst(t *testing.T) {
	mine := qr.Table{{Name: "douyinpay", Title: "Douyin Pay 抖音支付", Kind: qr.Wallet, Of: qr.OfDigits, Low: "33", Min: 18, Max: 18}}
	table := append(append(mine, qr.VoucherCodes("meituan", "Meituan 美团券")...), qr.DefaultTable()...)
	require.NoError(t, table.Check())
	r, err := table.Classify(qr.NewCode("334567890123456789"))
	require.NoError(t, err)
	require.Equal(t, "douyinpay", r.Name)
	r, err = table.Classify(qr.NewCode("036000291452"))
	require.NoError(t, err)
	require.Equal(t, "meituan", r.Name)
	for _, wrong := range []qr.Rule{
		{}, {Name: "x", Kind: qr.Wallet}, {Name: "x", Kind: qr.Wallet, Of: qr.OfDigits},
		{Name: "x", Kind: qr.Wallet, Of: qr.OfDigits, Low: "10", High: "9"},
		{Name: "x", Kind: qr.Wallet, Of: qr.OfDigits, Low: "20", High: "10"},
		{Name: "x", Kind: qr.Wallet, Of: qr.OfDigits, Low: "20", Min: 9, Max: 8},
	} {
		require.ErrorIs(t, qr.Table{wrong}.Check(), qr.ErrRule, "%+v", wrong)
	}
}

func TestCodesNeverPrint(t *testing.T) {
	const secret = "134567890123456789"
	c := qr.NewCode(secret)
	holder := struct {
		C qr.Code
		c qr.Code
	}{c, c}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "code", c, "holder", holder)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "code", c, "holder", &holder)
	b, err := json.Marshal(map[string]any{"c": c, "p": &c, "h": holder})
	require.NoError(t, err)
	text := log.String() + string(b)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t", "%08.3f"} {
		text += fmt.Sprintf(verb+verb+verb+verb, c, &c, holder, &holder)
	}
	require.NotContains(t, text, "4567890")
	require.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", "4567890"))
	require.Equal(t, "13************6789", c.String())
	require.Equal(t, "(code of 6 characters)", qr.NewCode("123456").String())
	require.Equal(t, "", qr.Code{}.String())
	c.Use(func(b []byte) { require.Equal(t, secret, string(b)) })
	require.True(t, c.Equal(qr.NewCode(secret)))
	copied := c
	c.Clear()
	copied.Use(func(b []byte) { require.NotContains(t, string(b), "4") })
}

func FuzzClassify(f *testing.F) {
	for _, s := range []string{"134567890123456789", "fp0123456789abcdef0123456789abcdef0", "6901234567892", emvcoSample, emvConsumer1, "https://v.douyin.com/x", "\x00", "13 45"} {
		f.Add(s)
	}
	table := qr.DefaultTable()
	f.Fuzz(func(t *testing.T, text string) {
		c := qr.NewCode(text)
		r, err := table.Classify(c)
		if (err == nil) == (r.Name == "") {
			t.Fatalf("neither a rule nor an error, or both: %+v, %v", r, err)
		}
		var unknown *qr.UnknownError
		if err == nil && r.Kind == qr.Wallet && (c.Len() < 16 || c.Len() > 35) {
			t.Fatalf("%s took %d characters", r.Name, c.Len())
		}
		_ = unknown
		if again, _ := table.Classify(qr.NewCode(" " + text + "\r\n")); err == nil && again.Name != r.Name {
			t.Fatal("spaces around it change what it is")
		}
	})
}

func BenchmarkClassify(b *testing.B) {
	table, c := qr.DefaultTable(), qr.NewCode("6212345678901234567")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := table.Classify(c); err != nil {
			b.Fatal(err)
		}
	}
}
