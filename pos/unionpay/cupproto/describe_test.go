package cupproto

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDescribeSaysWhatAMessageIs(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		says []string
	}{
		{"a sale", body(t, sample(t, Sale)), []string{"0200 request, sale 消费", "TPDU 6000060000", "主账号 card number: 621234******1232", "12.80 CNY", "chip 插卡, with PIN",
			"PIN with card number, 3DES", "9F26 application cryptogram: 95BBE372271DDA7C", ": ****************  (621234******1232)", "60.2 批次号 batch: 000012", "reader capability: 6  (contactless too)", "终端序列号 serial number: 00002902100157080306", "随机因子 random factor: ******"}},
		{"its reply", body(t, sampleReply(t, Sale)), []string{"0210 reply, sale 消费", "TPDU 6000000006", "交易成功 approved; class A approved", "农业银行", "银联商务", "接收机构 issuer: 01030000"}},
		{"a sign-on", body(t, sample(t, SignOn)), []string{"sign-on 签到", "N9000012345"}},
		{"its reply", body(t, sampleReply(t, SignOn)), []string{"working keys 工作密钥, not shown", strings.Repeat("*", 40)}},
		{"a settlement", body(t, sampleReply(t, Settlement)), []string{"内卡 domestic: 1 debits 12.80 CNY, 0 credits 0.00 CNY  (equal 对账平)", "not equal 对账不平"}},
		{"an upload", body(t, sample(t, UploadStripe)), []string{"STAN 000017, card 621234******1232, 12.80 CNY"}},
		{"a reversal", body(t, Reversal(sample(t, Sale), ReasonSilence)), []string{"reversal 冲正", "no reply in time 超时"}},
		{"a balance", body(t, sampleReply(t, Balances)), []string{"余额 balance: 1234.56 CNY"}},
		{"parameters", body(t, sampleReply(t, ParameterDownload)), []string{"merchant name 商户名称: 测试商户", "timeout in seconds: 60"}},
		{"a scan sale", body(t, sample(t, ScanSale)), []string{"scan sale 扫码消费", "付款码 payment code: *******************", "scan"}},
		{"a scan void", body(t, sample(t, ScanVoid)), []string{"payment voucher: 20261122000000000001"}},
		{"CA keys", body(t, sampleReply(t, CAKeyQuery)), []string{"flag: 1  (last 末包)", "9F06 RID or AID: A000000333"}},
		{"a query", body(t, sample(t, CAKeyQuery)), []string{"received so far: 0"}},
		{"an item", body(t, sample(t, UploadTC)), []string{"amount: 12.80 CNY"}},
		{"the captured one", readGolden(t, "captured_sale.txt"), []string{"0200 request, sale", "contactless 挥卡, with PIN", "A2 终端信息 terminal", "设备类型 device type: 02"}},
	} {
		e := Describe(c.b)
		require.NoError(t, e.Err(), c.name)
		text := e.String()
		for _, s := range c.says {
			require.Contains(t, text, s, "%s:\n%s", c.name, text)
		}
		j, err := json.Marshal(e)
		require.NoError(t, err)
		var back Explanation
		require.NoError(t, json.Unmarshal(j, &back))
		require.Equal(t, text, back.String(), c.name)
	}
}

func TestDescribeFindsOutWhatStandsInFront(t *testing.T) {
	for name, m := range map[string]*Message{"sale": sample(t, Sale), "echo": sample(t, Echo), "reply": sampleReply(t, Sale)} {
		for _, p := range []Profile{{}, {NoHeader: true}, {NoTPDU: true}, {NoTPDU: true, NoHeader: true}} {
			b, err := p.AppendBody(nil, sampleFrame(m))
			require.NoError(t, err)
			for _, prefixed := range []bool{false, true} {
				if prefixed {
					b = append([]byte{byte(len(b) >> 8), byte(len(b))}, b...)
				}
				e := Describe(b)
				require.NoError(t, e.Err(), "%s %+v", name, p)
				require.Equal(t, m.MTI, e.MTI)
				require.Equal(t, prefixed, e.Prefixed)
				require.Equal(t, p.NoTPDU, e.TPDU == "")
				require.Equal(t, p.NoHeader, e.Header == "")
				require.Len(t, e.Fields, len(m.Fields()))
			}
		}
	}
}

func TestDescribeExplainsADamagedMessageAsFarAsItGoes(t *testing.T) {
	b := body(t, sample(t, Sale))
	for n := range b {
		e := Describe(b[:n])
		var at *Error
		require.ErrorAs(t, e.Err(), &at, "cut to %d", n)
		require.Len(t, e.Problems, 1)
		require.Contains(t, e.String(), "problem at byte")
		_, err := Profile{}.ParseBody(b[:n])
		var want *Error
		require.ErrorAs(t, err, &want)
		if n > (Profile{}).before()+mtiLen {
			require.Equal(t, want, at, "both say the same, cut to %d", n)
			require.Equal(t, "0200", e.MTI)
		}
	}
	e := Describe(append(b, 1, 2, 3))
	require.ErrorIs(t, e.Err(), ErrTrailing)
	require.Equal(t, len(b), e.Problems[0].Offset)
	require.Len(t, e.Fields, len(sample(t, Sale).Fields()))
	for _, b := range [][]byte{nil, {1}, []byte("hello, this is no message")} {
		e := Describe(b)
		require.Error(t, e.Err())
		require.Contains(t, e.String(), "unknown transaction")
	}
	require.False(t, errors.Is(Describe(nil).Err(), ErrTrailing))
	require.Error(t, Profile{}.Describe(unhex(t, "6000060000 60310A311300 0200 0000000000000000")).Err(), "a header that is none")
}
