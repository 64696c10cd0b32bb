package rules_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/pos/operators"
	"github.com/openecr/openecr/pos/rules"
)

const sample = "testdata/rules.json"

func TestTheSampleIsWhatTheDocumentationShows(t *testing.T) {
	text, err := os.ReadFile(sample)
	require.NoError(t, err)
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	indented := "\t" + strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n\t")
	assert.Contains(t, string(doc), indented)

	c, err := rules.Load(sample)
	require.NoError(t, err)
	assert.Equal(t, "spring", c.Revision)
	assert.Len(t, c.Limits, 5)
	assert.Equal(t, cny(500_000), c.Limits[0].Max.Money)
	assert.Equal(t, pos.ActDeny, c.Limits[0].Act, "the default")
	assert.Equal(t, []pos.Action{"*"}, c.Permissions[operators.Supervisor].May)
	assert.Equal(t, rules.Duration(10*time.Minute), c.Velocity.Within)
	assert.Equal(t, 4*time.Hour, c.Business().CutOff)
	again, err := json.Marshal(c)
	require.NoError(t, err)
	same, err := rules.Parse(again)
	require.NoError(t, err, string(again))
	assert.Equal(t, c, same, "what is written is read again")
}

func TestMistakesAreNamed(t *testing.T) {
	for _, c := range []struct{ sections, says string }{
		{`"limitz": []`, `unknown field "limitz"`},
		{`"limits": [{"id": "a", "per": "day", "by": "till", "count": 1}, {"id": "b", "pre": "day"}]`, `rule 2 ("b"): json: unknown field "pre"`},
		{`"limits": [{"id": "a", "per": "day"}]`, `limits: rule 1 ("a"): by ""`},
		{`"limits": [{"id": "a", "per": "year", "by": "till", "count": 1}]`, `per "year"`},
		{`"limits": [{"id": "a", "per": "day", "by": "moon", "count": 1}]`, `by "moon"`},
		{`"limits": [{"id": "a", "per": "day", "by": "till"}]`, `min, max and count are all missing`},
		{`"limits": [{"id": "a", "per": "payment", "count": 1}]`, `by and count belong to a day or week`},
		{`"limits": [{"id": "a", "per": "day", "by": "till", "count": -1}]`, `count is below zero`},
		{`"limits": [{"id": "a", "per": "day", "by": "till", "min": "1.00 CNY", "count": 1}]`, `min belongs to a payment`},
		{`"limits": [{"id": "a", "per": "payment", "min": "2.00 CNY", "max": "1.00 CNY"}]`, `is above max`},
		{`"limits": [{"id": "a", "per": "payment", "max": "1.00 CNY", "act": "allow"}]`, `act "allow": want deny or ask`},
		{`"limits": [{"id": "a", "per": "payment", "max": "1.00 USD"}]`, `limit "a" is in USD`},
		{`"limits": [{"id": "a", "per": "payment", "max": "1.001 CNY"}]`, `rule 1 ("a")`},
		{`"limits": [{"id": "a", "per": "payment", "max": "-1.00 CNY"}]`, `rule 1 ("a")`},
		{`"limits": [{"id": "a", "per": "payment", "max": 100}]`, `rule 1 ("a")`},
		{`"limits": [{"id": "a", "per": "payment", "max": "1.00 CNY", "actions": ["fly"]}]`, `there is no action "fly"`},
		{`"limits": [{"id": "a", "per": "payment", "max": "1.00 CNY"}, {"id": "a", "per": "payment", "max": "1.00 CNY"}]`, `rule 2 ("a"): the id is taken`},
		{`"limits": [{"id": "", "per": "payment", "max": "1.00 CNY"}]`, `an id has 1 to 64 characters`},
		{`"limits": [{"id": "a+b", "per": "payment", "max": "1.00 CNY"}]`, `an id has 1 to 64 characters`},
		{`"refund": {"alone": ["1.00 CNY", "2.00 CNY"]}`, `refund: alone has two amounts in CNY`},
		{`"refund": {"alone": ["1.00 CNY"], "alone": []}`, `"alone" is there twice`},
		{`"refund": {"alone": ["1.00 CNY"], "Alone": []}`, `is there twice`},
		{`"lists": [{"id": "l", "list": "grey", "tokens": ["x"]}]`, `lists: rule 1 ("l"): list "grey"`},
		{`"lists": [{"id": "l", "list": "block"}]`, `tokens and bins are both missing`},
		{`"lists": [{"id": "l", "list": "block", "tokens": ["4111111111111111"]}]`, `a card number, which is never kept`},
		{`"lists": [{"id": "l", "list": "block", "bins": ["62229"]}]`, `bin "62229"`},
		{`"lists": [{"id": "l", "list": "block", "bins": ["622299-622200"]}]`, `bin "622299-622200"`},
		{`"lists": [{"id": "l", "list": "block", "bins": ["622200-62229900"]}]`, `bin "622200-62229900"`},
		{`"lists": [{"id": "l", "list": "block", "tokens": ["x"], "from": "2026-02-30"}]`, `rule 1 ("l"): "2026-02-30" is no date`},
		{`"lists": [{"id": "l", "list": "block", "tokens": ["x"], "from": "2026-02-02", "until": "2026-02-01"}]`, `it ends (2026-02-01) before it begins`},
		{`"velocity": {"warn": 7}`, `velocity: warn 7 and deny 6`},
		{`"velocity": {"within": "25h"}`, `velocity: within 25h0m0s is more than 24h`},
		{`"velocity": {"within": "0s"}`, `"0s" is no span of time`},
		{`"duplicate": {"within": "48h"}`, `duplicate: within`},
		{`"permissions": {"owner": {}}`, `permissions: there is no role "owner"`},
		{`"permissions": {"cashier": {"may": ["fly"]}}`, `cashier: there is no action "fly"`},
		{`"hours": {}`, `hours: neither open nor closed`},
		{`"hours": {"open": [{"from": "09:00", "to": "09:00"}]}`, `no time at all`},
		{`"hours": {"open": [{"from": "9:00", "to": "18:00"}]}`, `"9:00" is no time of the day`},
		{`"hours": {"open": [{"days": ["Wed"], "from": "09:00", "to": "18:00"}]}`, `"Wed" is no day`},
		{`"hours": {"closed": ["2026-01-01"], "act": "shout"}`, `act "shout"`},
		{`"training": {"on": true}`, `training: name the tenders`},
		{`"vouchers": {"entry": ["sung"]}`, `vouchers: entry "sung"`},
		{`"vouchers": {"per_bill": -1}`, `per_bill is below zero`},
		{`"alerts": {"round": 1}`, `alerts: 1: want 2 to 100`},
		{`"alerts": {"off": ["everything"]}`, `there is no alert "everything"`},
		{`"revision": "x"} {`, `behind the end`},
	} {
		_, err := rules.Parse([]byte(`{"version": 1, "calendar": {"zone": "Asia/Shanghai"}, "currencies": ["CNY"], ` + c.sections + `}`))
		if assert.ErrorIs(t, err, rules.ErrConfig, c.sections) {
			assert.ErrorContains(t, err, c.says)
		}
	}
	for text, says := range map[string]string{
		``: "EOF", `{}`: "version 0: this program reads version 1", `{"version": 2}`: "version 2",
		`{"version": 1}`: "calendar: zone is missing", `{"version": 1, "calendar": {"zone": "Mars/Base"}}`: `"Mars/Base" is no time zone`,
		`{"version": 1, "calendar": {"zone": "Local"}}`:                                                         "no time zone",
		`{"version": 1, "calendar": {"zone": "UTC", "cut_off": "24:00"}}`:                                       "cut_off 24:00",
		`{"version": 1, "calendar": {"zone": "UTC"}, "currencies": ["XYZ"]}`:                                    `"XYZ" is not in ISO 4217`,
		`{"version": 1, "calendar": {"zone": "UTC"}, "revision": "` + strings.Repeat("x", rules.MaxFile) + `"}`: "more than",
	} {
		_, err := rules.Parse([]byte(text))
		if assert.ErrorIs(t, err, rules.ErrConfig) {
			assert.ErrorContains(t, err, says)
		}
	}
	_, err := rules.Load(filepath.Join(t.TempDir(), "none.json"))
	require.ErrorIs(t, err, rules.ErrConfig)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile(sample)
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"version": 1, "calendar": {"zone": "UTC"}}`))
	f.Add([]byte(`{"version": 1, "limits": [{"id": "a", "per": "day", "by": "till", "count": 1}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := rules.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, rules.ErrConfig)
			return
		}
		judge(c, new(past).times(2), nil) // what is read can be judged by
		again, err := json.Marshal(c)
		require.NoError(t, err)
		same, err := rules.Parse(again)
		require.NoError(t, err)
		twice, err := json.Marshal(same)
		require.NoError(t, err)
		require.Equal(t, string(again), string(twice))
	})
}

func TestKeysAndTokens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules.key")
	key, err := rules.LoadKey(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	again, err := rules.LoadKey(path)
	require.NoError(t, err)
	code := pos.NewSecret([]byte("123456789012"))
	token := rules.Token(key, code)
	assert.Equal(t, token, rules.Token(again, code))
	assert.Regexp(t, `^[a-p]{24}$`, token)
	other, err := rules.LoadKey(path + "2")
	require.NoError(t, err)
	assert.NotEqual(t, token, rules.Token(other, code))
	require.NoError(t, os.WriteFile(path, []byte("short"), 0o600))
	_, err = rules.LoadKey(path)
	require.ErrorIs(t, err, rules.ErrConfig)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		text, err := os.ReadFile(path + "2")
		require.NoError(t, err)
		assert.NotContains(t, fmt.Sprintf(verb, rules.Options{TokenKey: other}), string(text))
	}
}
