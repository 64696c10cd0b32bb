package wechat_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/openecr/openecr/qr/wallet/wallettest"
	"github.com/openecr/openecr/qr/wechat"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// day takes a few payments and returns the host to ask for the bill.
func day(t *testing.T, v2 bool) (*qrtest.Bank, wallet.Biller) {
	bank := qrtest.NewBank(qrtest.BankConfig{Quiet: true})
	t.Cleanup(bank.Close)
	sim, err := qrtest.NewWeChat(bank, qrtest.WeChatConfig{})
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close() })
	open := func() (wallet.Host, error) { return wechat.New(sim.Client()) }
	if v2 {
		cfg, err := sim.ClientV2()
		require.NoError(t, err)
		open = func() (wallet.Host, error) { return wechat.NewV2(cfg) }
	}
	h := wallettest.Harness{Open: func(*testing.T, *qrtest.Bank) func() (wallet.Host, error) { return open }, Code: harness(qrtest.WeChatConfig{}).Code}
	r := h.Till(t, bank, wallettest.Quick)
	first, err := r.Scan(t.Context(), 1280, "one")
	require.NoError(t, err)
	second, err := r.Scan(t.Context(), 999, "two")
	require.NoError(t, err)
	_, err = r.Refund(t.Context(), pos.RefundRequest{Original: first.ID, Amount: pos.FromMinor(280, pos.CNY)})
	require.NoError(t, err)
	_, err = r.Void(t.Context(), pos.VoidRequest{Original: second.ID})
	require.NoError(t, err)
	return bank, r.Driver.Host().(wallet.Biller)
}

func TestTheBillAgreesWithTheBooks(t *testing.T) {
	for _, v2 := range []bool{false, true} {
		bank, host := day(t, v2)
		var net int64
		var kinds []wallet.LineKind
		sum, err := host.Bill(t.Context(), time.Now(), func(l wallet.BillLine) error {
			net += l.Net()
			kinds = append(kinds, l.Kind)
			assert.NotEmpty(t, l.Order)
			assert.NotEmpty(t, l.Trade)
			assert.WithinDuration(t, time.Now(), l.Time, time.Minute)
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, bank.Net(), net)
		assert.Equal(t, []wallet.LineKind{wallet.LinePay, wallet.LinePay, wallet.LineRefund, wallet.LineUndo}, kinds)
		assert.Equal(t, 4, sum.Lines)
		assert.Equal(t, int64(2279), sum.In.Minor())
		assert.Equal(t, int64(1279), sum.Back.Minor())

		_, err = host.Bill(t.Context(), time.Now().AddDate(0, 0, -3), nil)
		require.ErrorIs(t, err, wallet.ErrNoBill)
		stop := errors.New("enough")
		_, err = host.Bill(t.Context(), time.Now(), func(wallet.BillLine) error { return stop })
		require.ErrorIs(t, err, stop)

		bank.Plant(qrtest.PlantMissing)
		sum, err = host.Bill(t.Context(), time.Now(), func(wallet.BillLine) error { return nil })
		require.NoError(t, err)
		assert.Equal(t, 3, sum.Lines)
	}
}

const billHead = "交易时间,公众账号ID,商户号,微信订单号,商户订单号,交易状态,商户退款单号,手续费,订单金额,申请退款金额\r\n"
const billFoot = "总交易单数,订单总金额,申请退款总金额\r\n`1,`12.80,`0.00\r\n"

func TestBillsThatCannotBeRight(t *testing.T) {
	line := "`2026-11-22 10:00:00,`wx,`1900,`42000,`order-1,`SUCCESS,`0,`0.07680,`12.80,`0.00\r\n"
	count := 0
	each := func(wallet.BillLine) error { count++; return nil }
	sum, err := wechat.ReadBill(strings.NewReader("\ufeff"+billHead+line+billFoot), each)
	require.NoError(t, err)
	assert.Equal(t, 1, sum.Lines)
	assert.Equal(t, 1, count)
	for name, text := range map[string]string{
		"empty":                "",
		"no header":            line + billFoot,
		"truncated":            billHead + line,
		"cut in the summary":   billHead + line + "总交易单数,订单总金额,申请退款总金额\r\n",
		"a column too few":     billHead + strings.Replace(line, ",`0.00\r\n", "\r\n", 1) + billFoot,
		"an unknown state":     billHead + strings.Replace(line, "SUCCESS", "STRANGE", 1) + billFoot,
		"a wrong amount":       billHead + strings.Replace(line, "12.80", "1x.80", 1) + billFoot,
		"a wrong count":        billHead + line + line + billFoot,
		"a wrong sum":          billHead + strings.Replace(line, "12.80", "12.81", 1) + billFoot,
		"a wrong time":         billHead + strings.Replace(line, "2026-11-22", "22.11.2026", 1) + billFoot,
		"something behind":     billHead + line + billFoot + line,
		"not this encoding":    billHead + strings.Replace(line, "wx", "\xcc\xff", 1) + billFoot,
		"an endless line":      billHead + "`" + strings.Repeat("9", 1<<20) + "\r\n" + billFoot,
		"columns twice":        "交易时间,商户号,商户号\r\n",
		"an overflowing total": billHead + strings.Replace(line, "12.80", "92233720368547758.07", 1) + strings.Replace(line, "12.80", "92233720368547758.07", 1) + billFoot,
	} {
		_, err := wechat.ReadBill(strings.NewReader(text), func(wallet.BillLine) error { return nil })
		assert.Error(t, err, name)
	}
}

func TestTheOlderBillOf24Columns(t *testing.T) {
	text := "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,企业红包金额,微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率\r\n" +
		"`2016-10-25 10:00:00,`wx,`1900,`0,`,`4006,`order-1,`o,`MICROPAY,`SUCCESS,`CFT,`CNY,`0.10,`0.00,`0,`0,`0.00,`0.00,`,`,`test, and more,`,`0.00000,`0.60%\r\n" +
		"`2016-10-25 11:00:00,`wx,`1900,`0,`,`4006,`order-1,`o,`MICROPAY,`REFUND,`CFT,`CNY,`0.00,`0.00,`2006,`refund-1,`0.04,`0.00,`ORIGINAL,`SUCCESS,`test,`,`0.00000,`0.60%\r\n" +
		"总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额\r\n`2,`0.10,`0.04,`0.00,`0.00000\r\n"
	var got []int64
	_, err := wechat.ReadBill(strings.NewReader(text), func(l wallet.BillLine) error { got = append(got, l.Net()); return nil })
	require.NoError(t, err)
	assert.Equal(t, []int64{10, -4}, got)
}

func FuzzReadBill(f *testing.F) {
	f.Add(billHead + "`2026-11-22 10:00:00,`wx,`1900,`42000,`order-1,`SUCCESS,`0,`0.07680,`12.80,`0.00\r\n" + billFoot)
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		sum, err := wechat.ReadBill(strings.NewReader(text), func(l wallet.BillLine) error {
			n++
			if l.Amount.Minor() < 0 {
				t.Errorf("a negative amount %s", l.Amount)
			}
			return nil
		})
		if err == nil && sum.Lines != n {
			t.Errorf("%d lines counted, %d told", sum.Lines, n)
		}
	})
}
