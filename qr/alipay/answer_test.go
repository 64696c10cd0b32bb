package alipay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const query = "alipay.trade.query"

func TestSignatureCoversTheBytesAsTheyCame(t *testing.T) {
	inner := `{"code":"10000","msg":"Success","out_trade_no":"lane-3-1","trade_no":"22","trade_status":"TRADE_SUCCESS","total_amount":"12.80","buyer":%s}`
	for name, text := range map[string]string{
		"slashes escaped":                 fmt.Sprintf(inner, `"https:\/\/qr.alipay.com\/1"`),
		"a value that looks like the end": fmt.Sprintf(inner, `"x\"},\"sign\":\"AAAA\""`),
		"a value with the same name":      fmt.Sprintf(inner, `{"sign":"AAAA","alipay_trade_query_response":{}}`),
		"escapes of Unicode":              fmt.Sprintf(inner, `"\u5f20\u4e09 <&>"`),
		"spaces inside":                   fmt.Sprintf(inner, "[ 1 ,\n 2 ]"),
	} {
		for order, body := range map[string]string{
			"sign last":  signed(t, query, text),
			"sign first": fmt.Sprintf(`{"sign":"%s", "alipay_trade_query_response" : %s }`, signature(t, text), text),
		} {
			t.Run(name+", "+order, func(t *testing.T) {
				a, err := answering(t, body).Query(t.Context(), anOrder)
				require.NoError(t, err)
				assert.Equal(t, wallet.Paid, a.State)
				assert.Equal(t, anOrder.Amount, a.Amount)
			})
		}
	}
}

func TestWhatIsNotSignedProvesNothing(t *testing.T) {
	paid := `{"code":"10000","msg":"Success","out_trade_no":"lane-3-1","trade_no":"22","trade_status":"TRADE_SUCCESS","total_amount":"12.80"}`
	own, err := keys()[0].Sign([]byte(paid))
	require.NoError(t, err)
	for name, body := range map[string]string{
		"no signature":              `{"alipay_trade_query_response":` + paid + `}`,
		"an empty one":              `{"alipay_trade_query_response":` + paid + `,"sign":""}`,
		"of something else":         `{"alipay_trade_query_response":` + paid + `,"sign":"` + signature(t, paid+" ") + `"}`,
		"by the shop's own key":     `{"alipay_trade_query_response":` + paid + `,"sign":"` + own + `"}`,
		"not Base64":                `{"alipay_trade_query_response":` + paid + `,"sign":"***"}`,
		"a number":                  `{"alipay_trade_query_response":` + paid + `,"sign":1}`,
		"the answer of another":     signed(t, "alipay.trade.pay", paid),
		"an error without one":      `{"error_response":{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-signature"}}`,
		"a refusal without one":     `{"alipay_trade_query_response":{"code":"40004","sub_code":"ACQ.BUYER_BALANCE_NOT_ENOUGH"}}`,
		"encrypted, and nobody can": `{"alipay_trade_query_response":"AAAA","sign":"` + signature(t, `"AAAA"`) + `"}`,
		"no JSON":                   "<html>TRADE_SUCCESS</html>",
		"nothing":                   "",
	} {
		t.Run(name, func(t *testing.T) {
			h := answering(t, body)
			a, err := h.Query(t.Context(), anOrder)
			var e *wallet.Error
			require.ErrorAs(t, err, &e)
			require.ErrorIs(t, err, wallet.ErrForged)
			assert.Equal(t, "alipay", e.Wallet)
			assert.Equal(t, "trade.query", e.Call)
			assert.False(t, e.Unsent)
			assert.Zero(t, a)
			a, err = h.Pay(t.Context(), anOrder, aCode)
			assert.NotEqual(t, wallet.Paid, a.State)
			assert.Equal(t, name != "the answer of another", err != nil)
		})
	}
}

// TestPayingIsNeverPaid: a client of others takes 10003 for a success.
func TestPayingIsNeverPaid(t *testing.T) {
	for _, inner := range []string{
		`{"code":"10003","msg":"order success pay inprocess","out_trade_no":"lane-3-1","trade_no":"22"}`,
		`{"code":"10003","msg":"Success","out_trade_no":"lane-3-1","trade_status":"TRADE_SUCCESS","total_amount":"12.80","fund_change":"Y","refund_fee":"12.80","retry_flag":"N","action":"close"}`,
	} {
		a, err := answering(t, signed(t, "alipay.trade.pay", inner)).Pay(t.Context(), anOrder, aCode)
		require.NoError(t, err)
		assert.Equal(t, wallet.Waiting, a.State)
		assert.Zero(t, a.Amount)
		_, err = answering(t, signed(t, query, inner)).Query(t.Context(), anOrder)
		assert.Error(t, err, "a question that is under way is no answer")
		_, err = answering(t, signed(t, "alipay.trade.cancel", inner)).Undo(t.Context(), anOrder)
		assert.Error(t, err)
		_, err = answering(t, signed(t, "alipay.trade.refund", inner)).Refund(t.Context(), wallet.Refund{Number: "r", Amount: anOrder.Amount, Order: anOrder})
		assert.Error(t, err)
		_, err = answering(t, signed(t, "alipay.trade.fastpay.refund.query", inner)).QueryRefund(t.Context(), wallet.Refund{Number: "r", Amount: anOrder.Amount, Order: anOrder})
		assert.Error(t, err)
	}
}

func TestCodesOfAPayment(t *testing.T) {
	for _, c := range []struct {
		inner string
		want  wallet.State // zero: it decides nothing
	}{
		{`{"code":"40004","sub_code":"ACQ.BUYER_BALANCE_NOT_ENOUGH","sub_msg":"余额不足"}`, wallet.Refused},
		{`{"code":"40004","sub_code":"ACQ.PAYMENT_AUTH_CODE_INVALID"}`, wallet.Refused},
		{`{"code":"40004","sub_code":"ACQ.SYSTEM_ERROR"}`, wallet.Unknown},
		{`{"code":"40004","sub_code":"ACQ.TRADE_HAS_SUCCESS"}`, wallet.Unknown},
		{`{"code":"40004","sub_code":"ACQ.TRADE_HAS_CLOSE"}`, wallet.Unknown},
		{`{"code":"40004","sub_code":"ACQ.CONTEXT_INCONSISTENT"}`, wallet.Unknown},
		{`{"code":"40004","sub_code":"ACQ.NEVER_HEARD_OF"}`, wallet.Unknown},
		{`{"code":"40004"}`, wallet.Unknown},
		{`{"code":"20000","sub_code":"isp.unknow-error"}`, wallet.Unknown},
		{`{"code":"20000","sub_code":"ACQ.BUYER_BALANCE_NOT_ENOUGH"}`, wallet.Unknown},
		{`{"code":"40002","sub_code":"isv.invalid-signature"}`, wallet.Refused},
		{`{"code":"40006","sub_code":"isv.insufficient-isv-permissions"}`, wallet.Refused},
		{`{"code":"20001","sub_code":"aop.invalid-app-auth-token"}`, wallet.Refused},
		{`{"code":10000}`, wallet.Unknown},
		{`{}`, wallet.Unknown},
	} {
		a, err := answering(t, signed(t, "alipay.trade.pay", c.inner)).Pay(t.Context(), anOrder, aCode)
		assert.Equal(t, c.want, a.State, c.inner)
		assert.Equal(t, c.want == wallet.Unknown, err != nil, c.inner)
		if c.want == wallet.Refused {
			assert.NotEmpty(t, a.Code)
		}
		q, err := answering(t, signed(t, query, c.inner)).Query(t.Context(), anOrder)
		assert.Error(t, err, "what refuses a question says nothing about the money: %s", c.inner)
		assert.Zero(t, q)
	}
	e := `{"error_response":{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-app-id"},"sign":"%s"}`
	e = fmt.Sprintf(e, signature(t, `{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-app-id"}`))
	a, err := answering(t, e).Pay(t.Context(), anOrder, aCode)
	require.NoError(t, err)
	assert.Equal(t, wallet.Refused, a.State, "a signed error_response is the gateway's refusal")
}

func TestAnswersAboutSomethingElse(t *testing.T) {
	for name, inner := range map[string]string{
		"another order":       `{"code":"10000","out_trade_no":"lane-3-2","trade_status":"TRADE_SUCCESS","total_amount":"12.80"}`,
		"no order":            `{"code":"10000","trade_status":"TRADE_SUCCESS","total_amount":"12.80"}`,
		"another seller":      `{"code":"10000","out_trade_no":"lane-3-1","trade_status":"TRADE_SUCCESS","total_amount":"12.80","seller_id":"2088000000000002"}`,
		"paid without amount": `{"code":"10000","out_trade_no":"lane-3-1","trade_status":"TRADE_SUCCESS"}`,
		"half a fen":          `{"code":"10000","out_trade_no":"lane-3-1","trade_status":"TRADE_SUCCESS","total_amount":"12.805"}`,
		"less than nothing":   `{"code":"10000","out_trade_no":"lane-3-1","trade_status":"TRADE_SUCCESS","total_amount":"-12.80"}`,
		"with an exponent":    `{"code":"10000","out_trade_no":"lane-3-1","trade_status":"TRADE_SUCCESS","total_amount":"1.28e1"}`,
	} {
		_, err := answering(t, signed(t, query, inner)).Query(t.Context(), anOrder)
		assert.ErrorIs(t, err, wallet.ErrMismatch, name)
		inner = strings.Replace(inner, `"code"`, `"gmt_payment":"2026-05-01 12:00:00","code"`, 1)
		_, err = answering(t, signed(t, "alipay.trade.pay", inner)).Pay(t.Context(), anOrder, aCode)
		assert.ErrorIs(t, err, wallet.ErrMismatch, name)
	}
	a, err := answering(t, signed(t, query, `{"code":"10000","out_trade_no":"lane-3-1","trade_status":"TRADE_NEW_STATE","total_amount":"12.80"}`)).Query(t.Context(), anOrder)
	require.NoError(t, err)
	assert.Equal(t, wallet.Unknown, a.State)
	assert.Equal(t, "TRADE_NEW_STATE", a.Code, "unknown words survive")
}

// TestAnswersGivenToAnotherQuestion: the signature does not cover the name of the answer, so
// somebody in between can put one in place of another.
func TestAnswersGivenToAnotherQuestion(t *testing.T) {
	for name, inner := range map[string]string{
		"a question's":          `{"code":"10000","out_trade_no":"lane-3-1","trade_status":"WAIT_BUYER_PAY","total_amount":"12.80"}`,
		"a refund's":            `{"code":"10000","out_trade_no":"lane-3-1","fund_change":"Y","refund_fee":"12.80","gmt_refund_pay":"2026-05-01 12:00:00"}`,
		"a refund's question's": `{"code":"10000","out_trade_no":"lane-3-1","total_amount":"12.80","refund_amount":"12.80","refund_status":"REFUND_SUCCESS"}`,
		"a shown code's":        `{"code":"10000","out_trade_no":"lane-3-1","qr_code":"https://qr.alipay.com/1"}`,
		"a cancel's":            `{"code":"10000","out_trade_no":"lane-3-1","retry_flag":"N","action":"close"}`,
	} {
		a, err := answering(t, signed(t, "alipay.trade.pay", inner)).Pay(t.Context(), anOrder, aCode)
		require.NoError(t, err)
		assert.Equal(t, wallet.Unknown, a.State, name)
	}
}

// TestRefundFee: refund_fee is what was given back in all.
func TestRefundFee(t *testing.T) {
	r := wallet.Refund{Number: "r-2", Amount: pos.FromMinor(300, pos.CNY), Order: anOrder}
	refund := func(inner string) (wallet.Answer, error) {
		return answering(t, signed(t, "alipay.trade.refund", inner)).Refund(t.Context(), r)
	}
	a, err := refund(`{"code":"10000","out_trade_no":"lane-3-1","trade_no":"22","fund_change":"Y","refund_fee":"8.00"}`)
	require.NoError(t, err)
	assert.Equal(t, wallet.Paid, a.State)
	assert.Equal(t, r.Amount, a.Amount, "not the 8.00 of all refunds")
	_, err = refund(`{"code":"10000","out_trade_no":"lane-3-1","fund_change":"Y","refund_fee":"2.99"}`)
	assert.ErrorIs(t, err, wallet.ErrMismatch)
	_, err = refund(`{"code":"10000","out_trade_no":"lane-3-9","fund_change":"Y","refund_fee":"8.00"}`)
	assert.ErrorIs(t, err, wallet.ErrMismatch)
	_, err = refund(`{"code":"10000","out_trade_no":"lane-3-1","fund_change":"N","refund_fee":"8.00"}`)
	assert.Error(t, err, "the question decides, and this gateway answers none")

	ask := func(inner string) (wallet.Answer, error) {
		return answering(t, signed(t, "alipay.trade.fastpay.refund.query", inner)).QueryRefund(t.Context(), r)
	}
	for inner, want := range map[string]wallet.State{
		`{"code":"10000","msg":"Success"}`: wallet.Missing,
		`{"code":"10000","out_trade_no":"lane-3-1","out_request_no":"r-2","refund_amount":"3.00"}`:                                  wallet.Missing,
		`{"code":"10000","out_trade_no":"lane-3-1","out_request_no":"r-2","refund_amount":"3.00","refund_status":"REFUND_SUCCESS"}`: wallet.Paid,
		`{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST"}`:                                                                         wallet.Missing,
	} {
		a, err := ask(inner)
		require.NoError(t, err, inner)
		assert.Equal(t, want, a.State, inner)
	}
	for _, inner := range []string{
		`{"code":"10000","out_trade_no":"lane-3-1","out_request_no":"r-1","refund_amount":"3.00","refund_status":"REFUND_SUCCESS"}`,
		`{"code":"10000","out_trade_no":"lane-3-1","out_request_no":"r-2","refund_amount":"3.01","refund_status":"REFUND_SUCCESS"}`,
		`{"code":"10000","out_trade_no":"lane-3-1","out_request_no":"r-2","refund_status":"REFUND_SUCCESS"}`,
	} {
		_, err := ask(inner)
		assert.ErrorIs(t, err, wallet.ErrMismatch, inner)
	}
}

// FuzzAnswer: without a signature by Alipay's key no text makes anything true.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`{"alipay_trade_query_response":{"code":"10000"},"sign":"AAAA"}`, `{"error_response":{"code":"40002"}}`, `{"sign":null,"alipay_trade_query_response":{}}`, `[]`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := alipay.CheckAnswer(keys()[1].Public(), query, body); err == nil {
			t.Errorf("%q passes for an answer of Alipay", body)
		} else if !errors.Is(err, wallet.ErrForged) {
			t.Errorf("%q: %v", body, err)
		}
	})
}
