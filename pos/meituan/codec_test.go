package meituan

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
)

func TestTheSignatureIsThatOfTheDocument(t *testing.T) {
	// dap.meituan.com/carrieropen/doc-1-1, the example of the same rule.
	params := map[string]string{"appkey": "test", "timestamp": "1477395862", "version": "1.0", "number": "123", "string": "测试",
		"double": "123.123", "boolean": "true", "empty": "", "sign": "not signed"}
	assert.Equal(t, "8943ba698f4b009f80dc2fd69ff9b313381263bd", Sign(pos.NewSecret([]byte("test")), params))
}

func TestAmountsAreReadExactly(t *testing.T) {
	for text, want := range map[string]Yuan{`"78.00"`: 7800, `78.0`: 7800, `0.1`: 10, `19.899999`: 1990, `null`: 0, `""`: 0} {
		var y, back Yuan
		require.NoError(t, json.Unmarshal([]byte(text), &y), text)
		assert.Equal(t, want, y, text)
		again, err := json.Marshal(y)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(again, &back))
		assert.Equal(t, y, back, "what the journal keeps is what it reads")
	}
	for _, text := range []string{`"1e9"`, `"1/3"`, `1.005`, `"99999999999"`, `true`, `"x"`} {
		var y Yuan
		assert.Error(t, json.Unmarshal([]byte(text), &y), text)
	}
}

func TestTimesComeInManyForms(t *testing.T) {
	want := time.Date(2026, 5, 1, 12, 30, 0, 0, China)
	for _, text := range []string{`"2026-05-01 12:30:00"`, `1777609800`, `"1777609800000"`, `"2026-05-01 12:30"`} {
		var at Time
		require.NoError(t, json.Unmarshal([]byte(text), &at))
		assert.True(t, want.Equal(at.Time), "%s: %s", text, at)
	}
	var at Time
	require.NoError(t, json.Unmarshal([]byte(`"soon"`), &at))
	assert.True(t, at.IsZero())
}

func TestABareDateEndsWithItsDay(t *testing.T) {
	p := Prepared{Expire: Time{time.Date(2026, 5, 1, 0, 0, 0, 0, China)}}
	assert.Empty(t, p.unusable(time.Date(2026, 5, 1, 23, 59, 0, 0, China)))
	assert.NotEmpty(t, p.unusable(time.Date(2026, 5, 2, 0, 1, 0, 0, China)))
}

func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{`{"code":"OP_SUCCESS","data":{"couponCodes":["012345678901"],"dealId":400000001}}`, `{"code":"OP_SUCCESS","data":{"result":[{"receiptCode":12345678901234567890}]}}`,
		`{"code":"SIM_USED","msg":"x","traceId":7}`, `{"code":"OP_SUCCESS","data":null}`, `<html>`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var d struct {
			Codes []Hidden `json:"couponCodes"`
			Time  Time     `json:"couponUseTime"`
			Value Yuan     `json:"dealValue"`
			Deal  ID       `json:"dealId"`
		}
		err := read("/x", 200, body, &d, nil)
		var e *Error
		if err != nil && (!errors.As(err, &e) || errors.Is(err, ErrNotSent)) {
			t.Errorf("an answer gave %v", err)
		}
		if err == nil && d.Value > yuanMax {
			t.Errorf("worth %d", d.Value)
		}
	})
}
