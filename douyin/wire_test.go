package douyin_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
)

func TestNumbersComeInManyForms(t *testing.T) {
	var got struct {
		A, B, C, D douyin.ID
		N, M       douyin.Fen
		Sec, Ms, S douyin.Time
		Zero, Null douyin.Time
		H          douyin.Hidden
	}
	require.NoError(t, json.Unmarshal([]byte(`{"A":7500000000000000001,"B":"7500000000000000001","C":null,"D":"a\"b","N":19400,"M":"-5","Sec":1790574818,"Ms":1790574818123,"S":"1790574818","Zero":0,"Null":null,"H":123456789012}`), &got))
	assert.Equal(t, douyin.ID("7500000000000000001"), got.A)
	assert.Equal(t, got.A, got.B)
	assert.Empty(t, got.C)
	assert.Equal(t, douyin.ID(`a"b`), got.D)
	assert.Equal(t, []douyin.Fen{19400, -5}, []douyin.Fen{got.N, got.M})
	assert.Equal(t, time.Unix(1790574818, 0), got.Sec.Time)
	assert.Equal(t, time.UnixMilli(1790574818123), got.Ms.Time)
	assert.Equal(t, got.Sec, got.S)
	assert.True(t, got.Zero.IsZero() && got.Null.IsZero())
	assert.True(t, got.H.Equal(douyin.Hide("123456789012")))
	b, err := json.Marshal([]douyin.Time{got.Ms, {}})
	require.NoError(t, err)
	assert.Equal(t, "[1790574818123,0]", string(b))
	for _, bad := range []string{`{"A":1e18}`, `{"A":1.5}`, `{"A":{}}`, `{"A":true}`, `{"N":1.5}`, `{"N":"12 yuan"}`, `{"N":99999999999999999999}`, `{"Sec":[]}`, `{"H":{}}`} {
		assert.Error(t, json.Unmarshal([]byte(bad), &got), bad)
	}
}

func TestAnErrorInsideStatus200IsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		body  string
		class error
	}{
		"both zero":                      {`{"data":{"error_code":0},"extra":{"error_code":0}}`, nil},
		"in data":                        {`{"data":{"error_code":1212},"extra":{"error_code":0}}`, douyin.ErrRefused},
		"in extra":                       {`{"data":{"error_code":0},"extra":{"error_code":2100004}}`, douyin.ErrDoubt},
		"in the sub code":                {`{"data":{"error_code":3000001},"extra":{"error_code":3000001,"sub_error_code":2034000910}}`, douyin.ErrRefused},
		"only in the sub code":           {`{"data":{"error_code":0},"extra":{"error_code":0,"sub_error_code":12001}}`, douyin.ErrThrottled},
		"as text":                        {`{"data":{"error_code":"1212"},"extra":{"error_code":"0"}}`, douyin.ErrRefused},
		"a code nobody knows":            {`{"data":{"error_code":424242},"extra":{"error_code":0}}`, douyin.ErrDoubt},
		"the old form":                   {`{"err_no":28001003,"err_msg":"x","log_id":"l"}`, douyin.ErrToken},
		"no extra":                       {`{"data":{"error_code":0}}`, douyin.ErrDoubt},
		"no data":                        {`{"extra":{"error_code":0}}`, douyin.ErrDoubt},
		"null data":                      {`{"data":null,"extra":{"error_code":0}}`, douyin.ErrDoubt},
		"data is a list":                 {`{"data":[],"extra":{"error_code":0}}`, douyin.ErrDoubt},
		"empty":                          {``, douyin.ErrDoubt},
		"null":                           {`null`, douyin.ErrDoubt},
		"an empty object":                {`{}`, douyin.ErrDoubt},
		"two answers":                    {`{"data":{"error_code":0},"extra":{"error_code":0}}{}`, douyin.ErrDoubt},
		"a result that is no list":       {`{"data":{"error_code":0,"verify_results":7},"extra":{"error_code":0}}`, douyin.ErrDoubt},
		"permission":                     {`{"data":{"error_code":2190004},"extra":{"error_code":2190004}}`, douyin.ErrPermission},
		"pending":                        {`{"data":{"error_code":1229},"extra":{"error_code":1229}}`, douyin.ErrPending},
		"failure, ask the platform":      {`{"data":{"error_code":5000001},"extra":{"error_code":0}}`, douyin.ErrDoubt},
		"the quota is used up":           {`{"data":{"error_code":2190001},"extra":{"error_code":0}}`, douyin.ErrThrottled},
		"code beyond every integer type": {`{"data":{"error_code":99999999999999999999},"extra":{"error_code":0}}`, douyin.ErrDoubt},
	} {
		t.Run(name, func(t *testing.T) {
			err := douyin.Judge([]byte(c.body), 200)
			if c.class == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.class)
		})
	}
	require.ErrorIs(t, douyin.Judge([]byte(`{"data":{"error_code":0},"extra":{"error_code":0}}`), 502), douyin.ErrDoubt)
}
