package douyin_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
)

func TestThePlatformAsksForCodes(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 70})
	s := &douyin.SPI{Secrets: []pos.Secret{secret(douyintest.Secret)}, Now: p.Now}
	fail := error(nil)
	reply := douyin.IssueReply{Result: douyin.Issued, Codes: []douyin.IssuedCode{{Certificate: "a1", Code: secret("998877665544")}}}
	at, c := serve(t, s.Issue(func(_ context.Context, r douyin.IssueRequest) (douyin.IssueReply, error) {
		assert.Equal(t, douyin.ID("7500000000000000009"), r.Order)
		return reply, fail
	}))
	ask := func() map[string]any {
		t.Helper()
		got, err := p.SPI(t.Context(), c, at, map[string]any{"order_id": "7500000000000000009", "count": 1})
		require.NoError(t, err)
		return got
	}
	got := ask()
	require.Equal(t, map[string]any{"error_code": 0.0, "description": "success", "result": 1.0, "certificates": []any{map[string]any{"certificate_id": "a1", "code": "998877665544"}}}, got)
	reply = douyin.IssueReply{Result: douyin.IssuePending}
	require.Equal(t, 0.0, ask()["result"])
	reply.Result = douyin.Issued
	require.Equal(t, 100.0, ask()["error_code"], "issued without codes is never said")
	fail = errors.New("password of the database is wrong")
	require.Equal(t, "system error", ask()["description"], "our words stay here")
	fail = &douyin.SPIError{Code: 200, Text: "限购"}
	require.Equal(t, 200.0, ask()["error_code"])
}

func TestOtherSPICalls(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 71})
	s := &douyin.SPI{Secrets: []pos.Secret{secret(douyintest.Secret)}, Now: p.Now}
	at, c := serve(t, s.Refund(func(_ context.Context, r douyin.RefundRequest) (int, error) { return douyin.RefundAllowed, nil }))
	got, err := p.SPI(t.Context(), c, at, map[string]any{"order_id": "1", "after_sale_id": "2"})
	require.NoError(t, err)
	require.Equal(t, 1.0, got["result"])
	at, c = serve(t, s.PreOrder(func(_ context.Context, r douyin.SPICall) (string, error) { return "our-1", nil }))
	got, err = p.SPI(t.Context(), c, at, map[string]any{"order_id": "1"})
	require.NoError(t, err)
	require.Equal(t, "our-1", got["ext_order_id"])
}

func TestASPICallIsSignedAndFresh(t *testing.T) {
	s := &douyin.SPI{Secrets: []pos.Secret{secret("k")}}
	body := `{"order_id":"1"}`
	call := func(stamp time.Time, unit time.Duration, spoil func(*http.Request)) error {
		q := url.Values{"client_key": {"ck"}, "timestamp": {strconv.FormatInt(stamp.UnixNano()/int64(unit), 10)}}
		sign, old := douyin.SignSPI(secret("k"), q, []byte(body)), douyin.SignSPIOld(secret("k"), q, []byte(body))
		q.Set("sign", old)
		r := httptest.NewRequest(http.MethodPost, "/spi?"+q.Encode(), strings.NewReader(body))
		r.Header.Set("x-life-sign", sign)
		if spoil != nil {
			spoil(r)
		}
		return s.Check(r, []byte(body))
	}
	now := time.Now()
	require.NoError(t, call(now, time.Millisecond, nil))
	require.NoError(t, call(now, time.Second, nil), "one page says seconds")
	for name, spoil := range map[string]func(*http.Request){
		"no signature":    func(r *http.Request) { r.Header.Del("x-life-sign") },
		"another":         func(r *http.Request) { r.Header.Set("x-life-sign", strings.Repeat("0", 64)) },
		"another query":   func(r *http.Request) { r.URL.RawQuery += "&more=1" },
		"an unread query": func(r *http.Request) { r.URL.RawQuery += "&%zz" },
	} {
		require.ErrorIs(t, call(now, time.Millisecond, spoil), douyin.ErrSPI, name)
	}
	require.ErrorIs(t, call(now.Add(-time.Hour), time.Millisecond, nil), douyin.ErrSPI)
	require.ErrorIs(t, call(now.Add(time.Hour), time.Millisecond, nil), douyin.ErrSPI)
	s.AllowOld = true
	require.NoError(t, call(now, time.Millisecond, func(r *http.Request) { r.Header.Del("x-life-sign") }))
	require.ErrorIs(t, call(now, time.Millisecond, func(r *http.Request) { r.Header.Set("x-life-sign", "wrong") }), douyin.ErrSPI, "the new one decides")
	r := httptest.NewRequest(http.MethodPost, "/spi", strings.NewReader(body))
	w := httptest.NewRecorder()
	s.Handler(nil).ServeHTTP(w, r)
	require.Equal(t, http.StatusUnauthorized, w.Code)
}

func TestTheAuthorisationLinkIsSigned(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 72})
	c := client(t, config(t, p))
	text, err := c.AuthorizeURL(douyin.Authorization{Solution: "16", Permissions: []string{"1", "16", "139"}, OutShop: "shop 1"})
	require.NoError(t, err)
	u, err := url.Parse(text)
	require.NoError(t, err)
	q := u.Query()
	require.Equal(t, "auth.dylk.com", u.Host)
	require.Equal(t, "1,16,139", q.Get("permission_keys"))
	require.Equal(t, douyin.SignSPI(secret(douyintest.Secret), q, nil), q.Get("sign"))
	require.NotContains(t, text, douyintest.Secret)
	_, err = c.AuthorizeURL(douyin.Authorization{})
	require.Error(t, err)
}
