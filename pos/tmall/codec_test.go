package tmall

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/pos"
)

func TestSignaturesAreThoseOfTheDocuments(t *testing.T) {
	// open.taobao.com, document 101617: the example of the call protocol.
	params := map[string]string{"method": "taobao.item.seller.get", "app_key": "12345678", "session": "test", "timestamp": "2016-01-01 12:00:00",
		"format": "json", "v": "2.0", "sign_method": "md5", "fields": "num_iid,title,nick,price,num", "num_iid": "11223344", "sign": "not signed", "empty": ""}
	assert.Equal(t, "66987CB115214E59E6EC978214934FB8", Sign(MD5, pos.NewSecret([]byte("helloworld")), params))
	// RFC 2202, 2, test case 1, and RFC 4231, 4.2: the data is "Hi There".
	hi := map[string]string{"Hi": " There"}
	assert.Equal(t, "9294727A3638BB1C13F48EF8158BFC9D", Sign(HMAC, pos.NewSecret(bytes.Repeat([]byte{0x0b}, 16)), hi))
	assert.Equal(t, "B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7", Sign(HMACSHA256, pos.NewSecret(bytes.Repeat([]byte{0x0b}, 20)), hi))
}

func TestAmountsAreReadExactly(t *testing.T) {
	for text, want := range map[string]Yuan{`"78.00"`: 7800, `78.0`: 7800, `0.1`: 10, `19.899999`: 1990, `null`: 0, `"-1.5"`: -150} {
		var y Yuan
		require.NoError(t, json.Unmarshal([]byte(text), &y), text)
		assert.Equal(t, want, y, text)
		again, err := json.Marshal(y)
		require.NoError(t, err)
		var back Yuan
		require.NoError(t, json.Unmarshal(again, &back))
		assert.Equal(t, y, back)
	}
	for _, text := range []string{`"1e9"`, `"1/3"`, `1.005`, `"99999999999"`, `true`, `"x"`} {
		var y Yuan
		assert.Error(t, json.Unmarshal([]byte(text), &y), text)
	}
}

func TestSecretsAreShownByNothing(t *testing.T) {
	s := func(text string) pos.Secret { return pos.NewSecret([]byte(text)) }
	cfg := Config{App: "12345678", Secret: s("secret-of-the-app"), Session: s("secret-session")}
	c, err := New(cfg)
	require.NoError(t, err)
	u := Use{Code: s("700000000012"), Issued: Issued{Order: "1", Token: s("secret-token")}, Times: 1, Serial: "a"}
	refused := read("taobao.x", 200, []byte(`{"error_response":{"code":15,"sub_msg":"700000000012 is used","sub_code":"isv.x"}}`), nil, []pos.Secret{u.Code})
	var out bytes.Buffer
	for _, v := range []any{cfg, &cfg, c, u, &u, refused, u.Issued} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	for _, secret := range []string{"secret-of-the-app", "secret-session", "700000000012", "secret-token"} {
		assert.NotContains(t, out.String(), secret)
		assert.NotContains(t, out.String(), fmt.Sprintf("%x", secret))
	}
	assert.ErrorIs(t, refused, ErrRefused)
}

func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{`{"x_response":{"ret_code":1}}`, `{"error_response":{"code":15,"sub_code":"isv"}}`, `{"x_response":{"total_results":"2","trades":{"trade":[{"tid":4100000000000000007,"payment":"58.00","created":"2016-01-01 12:00:00"}]}}}`, `<html>`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var d tradePage
		var r struct {
			Ret ret `json:"ret_code"`
		}
		if err := read("taobao.x", 200, body, &d, nil); err != nil && strings.Contains(err.Error(), "nothing was sent") {
			t.Error("an answer cannot say that nothing was sent")
		}
		if read("taobao.x", 200, body, &r, nil) == nil && r.Ret.check("x") == nil && !bytes.Contains(body, []byte("1")) && !bytes.Contains(body, []byte(`\u00`)) {
			t.Error("success out of nothing")
		}
	})
}
