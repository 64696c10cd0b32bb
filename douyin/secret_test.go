package douyin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
)

// everyWay prints values in every way there is.
func everyWay(t testing.TB, values ...any) string {
	t.Helper()
	var out bytes.Buffer
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
	}
	return out.String()
}

func hides(t testing.TB, text string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		require.NotEmpty(t, s)
		for _, form := range []string{s, fmt.Sprintf("%x", s), strings.Trim(fmt.Sprint([]byte(s)), "[]")} {
			if strings.Contains(text, form) {
				t.Errorf("%.4s… is shown", s)
			}
		}
	}
}

func plain(h douyin.Hidden) (s string) {
	h.Use(func(b []byte) { s = string(b) })
	return s
}

func TestSecretsAreShownByNothing(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 90})
	cfg := config(t, p)
	c := client(t, cfg)
	m := c.Merchant(douyintest.Account)
	ready := p.Of(douyintest.SetMeal)[0]
	scanned, err := douyin.ParseScan("https://www.douyin.com/?object_id=" + ready.Code + "abc")
	require.NoError(t, err)
	got := prepare(t, m, ready)
	v := chosen(t, got)
	out, err := m.Verify(t.Context(), v)
	require.NoError(t, err)
	list, err := m.Certificates(t.Context(), douyin.CertificateQuery{Order: got.Order})
	require.NoError(t, err)
	var records []douyin.Record
	for r := range m.Records(t.Context(), douyin.RecordQuery{}) {
		records = append(records, r)
	}
	text := everyWay(t, cfg, &cfg, *m, m, c, got, *got, v, *v, out, list, records, scanned, scanned.Request("1"), &scanned,
		douyin.Token{Value: got.Token}, douyin.Use{Code: v.Uses[0].Code}, got.Certificates[0].Raw, &douyin.FileTokens{}, &douyin.Webhook{Secrets: nil})
	hides(t, text, douyintest.Secret, ready.Code, plain(got.Token), plain(v.Uses[0].Code))
	assert.Equal(t, "****"+ready.Code[11:], records[len(records)-1].Code.Tail())
	assert.Equal(t, "****", douyin.Hide("short").Tail())
}

// A peer that says back whatever it was told must not put it into an error.
func TestSecretsAreInNoError(t *testing.T) {
	var token string
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		body.ReadFrom(r.Body)
		if strings.HasPrefix(r.URL.Path, "/oauth/") {
			fmt.Fprintf(w, `{"data":{"access_token":"clt.the-token-of-the-app","expires_in":7200,"error_code":0}}`)
			return
		}
		token = r.Header.Get("access-token")
		said, _ := json.Marshal("you said " + r.URL.Query().Get("code") + " " + r.URL.Query().Get("encrypted_data") + " " + body.String() + " " + token + " 123456789012345\n\x00")
		fmt.Fprintf(w, `{"data":{"error_code":1212,"description":%s},"extra":{"error_code":77,"description":%s,"sub_error_code":78,"sub_description":%s,"logid":"20261122abc"}}`, said, said, said)
	}))
	defer echo.Close()
	p := platform(t, douyintest.Config{Seed: 91})
	cfg := config(t, p)
	cfg.BaseURL = echo.URL
	m := client(t, cfg).Merchant(douyintest.Account)
	const code, data = "150098765432109", "CgYIASAHKAESLgosSECRETDATA=="
	v, err := douyin.NewThirdParty("1", "2", secret(code))
	require.NoError(t, err)
	var errs []error
	collect := func(_ any, err error) { require.Error(t, err); errs = append(errs, err) }
	collect(m.Prepare(t.Context(), douyin.PrepareRequest{Code: secret(code), Shop: "1"}))
	collect(m.Prepare(t.Context(), douyin.PrepareRequest{EncryptedData: secret(data), Shop: "1"}))
	collect(m.Verify(t.Context(), v))
	collect(m.Certificate(t.Context(), douyin.Hide(data)))
	collect(m.BatchVerify(t.Context(), "1", v))
	echo.Close()
	collect(m.Prepare(t.Context(), douyin.PrepareRequest{EncryptedData: secret(data), Shop: "1"}))
	require.NotEmpty(t, token)
	for _, err := range errs {
		var e *douyin.Error
		require.True(t, errors.As(err, &e))
		text := everyWay(t, err, *e)
		hides(t, text, code, data, plain(v.Token), "clt.the-token-of-the-app", "123456789012345", douyintest.Secret)
		assert.NotContains(t, err.Error(), "\n")
	}
	assert.Contains(t, errs[0].Error(), "20261122abc", "the log id stays whole")
	assert.Contains(t, errs[0].Error(), "****2345")
}
