package wallet_test

import (
	"strings"
	"testing"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var exported = wallet.BillFile{Header: "日期", Time: "日期", Layout: "2006/01/02 15:04", Kind: "类型", Order: "商户单号", Amount: "金额(元)", Fee: "手续费",
	Kinds: map[string]wallet.LineKind{"收款": wallet.LinePay, "退款": wallet.LineRefund, "撤单": wallet.LineUndo, "失败": ""}, Refund: "退款单号", Notes: "#"}

func TestABillDownloadedByHand(t *testing.T) {
	text := "# 门店一\r\n日期,类型,商户单号,退款单号,金额(元),手续费\r\n2026/11/22 10:00,收款,order-1,,12.80,0.08\r\n" +
		"2026/11/22 10:05,失败,order-2,,3.00,\r\n2026/11/22 11:00,退款,order-1,refund-1,-2.80,\r\n"
	var got []wallet.BillLine
	sum, err := exported.Read(strings.NewReader(text), func(l wallet.BillLine) error { got = append(got, l); return nil })
	require.NoError(t, err)
	require.Len(t, got, 2, "what failed moved nothing")
	assert.Equal(t, 2, sum.Lines)
	assert.Equal(t, int64(1280), sum.In.Minor())
	assert.Equal(t, int64(280), sum.Back.Minor())
	assert.Equal(t, "refund-1", got[1].Refund)
	assert.Equal(t, pos.FromMinor(8, pos.CNY), got[0].Fee)

	for name, change := range map[string]func(f *wallet.BillFile, text *string){
		"an unknown kind":    func(_ *wallet.BillFile, s *string) { *s = strings.Replace(*s, "收款", "充值", 1) },
		"a column missing":   func(f *wallet.BillFile, _ *string) { f.Amount = "金额" },
		"a wrong time":       func(f *wallet.BillFile, _ *string) { f.Layout = "" },
		"no description":     func(f *wallet.BillFile, _ *string) { *f = wallet.BillFile{} },
		"a kind that is not": func(f *wallet.BillFile, _ *string) { f.Kinds = map[string]wallet.LineKind{"收款": "gift"} },
		"truncated":          func(_ *wallet.BillFile, s *string) { *s = (*s)[:len(*s)-10] },
	} {
		f, s := exported, text
		change(&f, &s)
		_, err := f.Read(strings.NewReader(s), func(wallet.BillLine) error { return nil })
		assert.Error(t, err, name)
	}
}
