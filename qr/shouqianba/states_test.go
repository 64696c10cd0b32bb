package shouqianba

import (
	"encoding/json"
	"testing"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func testHost(t testing.TB) *Host {
	t.Helper()
	h, err := New(Config{Store: NewMemoryStore(Terminal{Serial: "1", Key: pos.NewSecret([]byte("k"))}), DeviceID: "d", Operator: "o", Payway: "3"})
	require.NoError(t, err)
	return h
}

func sample(t testing.TB, result, code, status, flow string) *reply {
	t.Helper()
	text, err := json.Marshal(map[string]any{"result_code": "200", "biz_response": map[string]any{"result_code": result, "error_code": code,
		"data": map[string]string{"client_sn": "n", "total_amount": "1", "net_amount": "1", "order_status": status, "status": flow}}})
	require.NoError(t, err)
	r, err := parse(text)
	require.NoError(t, err)
	return r
}

// TestLayersMustAgree: what a call says, what the order is, and how its movement went.
func TestLayersMustAgree(t *testing.T) {
	h, o := testHost(t), wallet.Order{Number: "n", Amount: pos.FromMinor(1, pos.CNY)}
	for _, v := range []struct {
		result, code, status, flow string
		want                       wallet.State
	}{
		{"PAY_SUCCESS", "", "PAID", "SUCCESS", wallet.Paid},
		{"PAY_SUCCESS", "", "CREATED", "SUCCESS", wallet.Unknown},
		{"PAY_SUCCESS", "", "PAID", "FAIL_IO_1", wallet.Unknown},
		{"PAY_FAIL", "EXPIRED_BARCODE", "PAY_CANCELED", "FAIL_CANCELED", wallet.Refused},
		{"PAY_FAIL", "EXPIRED_BARCODE", "PAID", "SUCCESS", wallet.Unknown},
		{"PAY_FAIL_ERROR", "INSUFFICIENT_FUND", "PAY_ERROR", "FAIL_ERROR", wallet.Unknown},
		{"PAY_IN_PROGRESS", "", "CREATED", "IN_PROG", wallet.Waiting},
		{"FAIL", "INVALID_BARCODE", "", "", wallet.Refused},
		{"FAIL", "CLIENT_SN_CONFLICT", "", "", wallet.Unknown},
		{"FAIL", "A_NEW_CODE", "", "", wallet.Unknown},
		{"A_NEW_RESULT", "", "PAID", "SUCCESS", wallet.Unknown},
		{"SUCCESS", "", "PAID", "SUCCESS", wallet.Unknown},
	} {
		a, err := h.made("pay", sample(t, v.result, v.code, v.status, v.flow), o, payStates)
		require.NoError(t, err, v)
		assert.Equal(t, v.want, a.State, "%+v", v)
	}
}

func TestAnAnswerAboutAnotherPaymentProvesNothing(t *testing.T) {
	h := testHost(t)
	r := sample(t, "PAY_SUCCESS", "", "PAID", "SUCCESS")
	for _, o := range []wallet.Order{{Number: "m", Amount: pos.FromMinor(1, pos.CNY)}, {Number: "n", Amount: pos.FromMinor(2, pos.CNY)}} {
		_, err := h.made("pay", r, o, payStates)
		require.ErrorIs(t, err, wallet.ErrMismatch)
	}
	r.Biz.Data.Serial = "2"
	_, err := h.made("pay", r, wallet.Order{Number: "n", Amount: pos.FromMinor(1, pos.CNY)}, payStates)
	require.ErrorIs(t, err, wallet.ErrMismatch)
}

func TestRefundNumbersFitAndDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, id := range []string{"a", "b", "lane-1-2-abcdefg", "lane-1-2-abcdefh", "0123456789012345678901234567890", "01234567890123456789012345678901"} {
		n := RefundNumber(id)
		assert.Len(t, n, 20)
		assert.Equal(t, n, RefundNumber(id))
		assert.Empty(t, seen[n])
		seen[n] = id
	}
}

func FuzzAnswers(f *testing.F) {
	for _, s := range []string{`{}`, `<html>PAID</html>`, `{"result_code":"200","biz_response":{"result_code":"PAY_SUCCESS","data":{"client_sn":"n","order_status":"PAID","total_amount":"1","status":"SUCCESS"}}}`,
		`{"result_code":"400","error_code":"ILLEGAL_SIGN"}`, `{"result_code":"200","biz_response":{"terminal_sn":"1","terminal_key":"k"}}`, `{"result_code":"200","biz_response":{"data":null}}`} {
		f.Add([]byte(s))
	}
	h, o := testHost(f), wallet.Order{Number: "n", Amount: pos.FromMinor(1, pos.CNY)}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := parse(body)
		if err != nil {
			return
		}
		for _, states := range []table{payStates, showStates, undoStates, refundStates, orderStates} {
			a, err := h.made("fuzz", r, o, states)
			if err == nil && a.State == wallet.Paid && (r.Biz.Data.Number != "n" || a.Amount != o.Amount) {
				t.Errorf("paid, but not ours: %s", body)
			}
			if len(a.Code) > maxWords || len(a.Text) > maxWords {
				t.Errorf("words of %d and %d bytes", len(a.Code), len(a.Text))
			}
		}
		_, _ = r.terminal("fuzz")
		_, _ = h.Notice(t.Context(), nil, body)
	})
}
