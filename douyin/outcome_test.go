package douyin

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func certificate(t *testing.T, text string) *Certificate {
	t.Helper()
	var c Certificate
	require.NoError(t, json.Unmarshal([]byte(text), &c))
	return &c
}

// What a query leaves open stays open: "not redeemed" and "somebody else's" are
// only said where the answer shows it.
func TestAQueryThatLeavesItOpenDecidesNothing(t *testing.T) {
	since := time.Unix(1000, 0)
	one := Use{Certificate: "7", Code: Hide("c")}
	for name, c := range map[string]struct {
		use     Use
		text    string
		verdict Verdict
	}{
		"ours":                                {one, `{"certificate_id":7,"status":2,"verify":{"verify_id":1,"poi_id":"s","verify_time":1000}}`, Redeemed},
		"ours, in the list only":              {one, `{"certificate_id":7,"status":2,"verify_records":[{"verify_id":1,"poi_id":"s","verify_time":1000}]}`, Redeemed},
		"ours, though the status lags":        {one, `{"certificate_id":7,"status":1,"verify":{"verify_id":1,"poi_id":"s","verify_time":1000}}`, Redeemed},
		"ours, and a refund is asked for":     {one, `{"certificate_id":7,"status":3,"verify":{"verify_id":1,"poi_id":"s","verify_time":1000}}`, Redeemed},
		"another shop's":                      {one, `{"certificate_id":7,"status":2,"verify":{"verify_id":1,"poi_id":"x","verify_time":1000}}`, Used},
		"earlier":                             {one, `{"certificate_id":7,"status":2,"verify":{"verify_id":1,"poi_id":"s","verify_time":900}}`, Used},
		"used, nobody says by whom":           {one, `{"certificate_id":7,"status":2}`, Unknown},
		"used, the redemption is 0":           {one, `{"certificate_id":7,"status":2,"verify":{"verify_id":"0"}}`, Unknown},
		"used, the shop is not named":         {one, `{"certificate_id":7,"status":2,"verify":{"verify_id":1,"verify_time":1000}}`, Unknown},
		"used, the time is not named":         {one, `{"certificate_id":7,"status":2,"verify":{"verify_id":1,"poi_id":"s"}}`, Unknown},
		"unused":                              {one, `{"certificate_id":7,"status":1}`, Refused},
		"refunded":                            {one, `{"certificate_id":7,"status":4}`, Refused},
		"a status nobody knows":               {one, `{"certificate_id":7,"status":99}`, Unknown},
		"a refund that failed":                {one, `{"certificate_id":7,"status":5}`, Unknown},
		"a card without a new use":            {Use{Certificate: "7", Before: 2}, `{"certificate_id":7,"status":1,"time_card":{"times_count":5,"times_used":2}}`, Refused},
		"a card whose count lags":             {Use{Certificate: "7", Before: 2}, `{"certificate_id":7,"status":1,"time_card":{"times_count":5,"times_used":0},"verify_records":[{"verify_id":1,"poi_id":"s","verify_time":1000}]}`, Unknown},
		"a card with a new use not described": {Use{Certificate: "7", Before: 2}, `{"certificate_id":7,"status":1,"time_card":{"times_count":5,"times_used":3}}`, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.use.judge(certificate(t, c.text), "s", since, nil)
			require.Len(t, got, 1)
			assert.Equal(t, c.verdict, got[0].Verdict, "%s", got[0].Reason)
		})
	}
	ours := certificate(t, `{"certificate_id":7,"status":2,"verify":{"verify_id":1,"poi_id":"s","verify_time":1000}}`)
	assert.Equal(t, Used, one.judge(ours, "s", since, []ID{"1"})[0].Verdict, "another sale of ours has it")
	assert.Equal(t, Unknown, one.judge(nil, "s", since, nil)[0].Verdict, "not listed")
}

// A success is believed only for the voucher that was sent, with its redemption named.
func TestAResultIsReadWithCare(t *testing.T) {
	v := &Verification{Uses: []Use{{Certificate: "7", Code: Hide("c")}}}
	for text, want := range map[string]Verdict{
		`{"result":0,"code":"c","verify_id":"1","certificate_id":"7"}`:       Redeemed,
		`{"result":"0","code":"c","verify_id":1}`:                            Redeemed,
		`{"result":0,"verify_id":"1","certificate_id":"7"}`:                  Redeemed,
		`{"result":0,"code":"c"}`:                                            Unknown,
		`{"result":0,"code":"c","verify_id":"1","certificate_id":"8"}`:       Unknown,
		`{"result":0,"code":"another","verify_id":"1","certificate_id":"7"}`: Unknown,
		`{"result":0,"verify_id":"1"}`:                                       Unknown,
		`{"result":1208,"code":"c"}`:                                         Used,
		`{"result":2,"code":"c"}`:                                            Used,
		`{"result":1229,"code":"c"}`:                                         Pending,
		`{"result":1241,"code":"c"}`:                                         Refused,
		`{"result":2100004,"code":"c"}`:                                      Unknown,
		`{"result":31415,"code":"c"}`:                                        Unknown,
	} {
		var r VerifyResult
		require.NoError(t, json.Unmarshal([]byte(text), &r))
		out := v.match([]VerifyResult{r})
		assert.Equal(t, want, out.Uses[0].Verdict, text)
		assert.Equal(t, want == Redeemed, out.err(VerifyEndpoint) == nil, text)
	}
	assert.ErrorIs(t, v.match(nil).err(VerifyEndpoint), ErrDoubt)
	assert.ErrorIs(t, (&Verified{}).err(VerifyEndpoint), ErrDoubt, "nothing is not success")
}

func TestListsComeInSeveralShapes(t *testing.T) {
	for text, n := range map[string]int{
		`{"certificates":[{},{}]}`:                               2,
		`{"certificates":[{},{}],"certificates_v2":[{}]}`:        1,
		`{"certificates":[{},{}],"certificates_v_2":[{},{},{}]}`: 3,
		`{"certificates":null}`:                                  0,
		`{}`:                                                     0,
	} {
		var c certificates
		require.NoError(t, json.Unmarshal([]byte(text), &c))
		list, err := c.all(QueryEndpoint, "")
		require.NoError(t, err)
		assert.Len(t, list, n, text)
	}
	c := certificates{List: unreadJSON(`7`)}
	_, err := c.all(QueryEndpoint, "log")
	require.ErrorIs(t, err, ErrDoubt)
	for _, text := range []string{`{"certificate_verify_resp_list":[{"verify_results":[{"code":"a"}]}]}`, `{"certificate_verify_resp_list":[{"code":"a"}]}`, `{"verify_results":[{"code":"a"}]}`} {
		var b batchReply
		require.NoError(t, json.Unmarshal([]byte(text), &b))
		require.Len(t, b.results(), 1, text)
		assert.True(t, b.results()[0].Code.Equal(Hide("a")))
	}
}
