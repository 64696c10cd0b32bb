package douyin_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func secret(s string) pos.Secret { return pos.NewSecret([]byte(s)) }

// platform starts one; its end is the test's.
func platform(t testing.TB, cfg douyintest.Config) *douyintest.Platform {
	t.Helper()
	p := douyintest.New(cfg)
	t.Cleanup(p.Close)
	return p
}

// config is a Client's for a platform, without limits.
func config(t testing.TB, p *douyintest.Platform) douyin.Config {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return douyin.Config{App: douyintest.App, Secret: secret(douyintest.Secret), BaseURL: p.URL(), HTTP: &http.Client{Transport: transport},
		Limits: douyin.Unlimited(), Timeout: 5 * time.Second}
}

func client(t testing.TB, cfg douyin.Config) *douyin.Client {
	t.Helper()
	c, err := douyin.New(cfg)
	require.NoError(t, err)
	return c
}

func merchant(t testing.TB, p *douyintest.Platform) *douyin.Merchant {
	t.Helper()
	return client(t, config(t, p)).Merchant(douyintest.Account)
}

// prepare asks for a ready voucher by its code.
func prepare(t testing.TB, m *douyin.Merchant, r douyintest.Ready) *douyin.Prepared {
	t.Helper()
	got, err := m.Prepare(t.Context(), douyin.PrepareRequest{Code: secret(r.Code), Shop: douyintest.Shop})
	require.NoError(t, err)
	return got
}

func chosen(t testing.TB, p *douyin.Prepared, uses ...douyin.Use) *douyin.Verification {
	t.Helper()
	v, err := p.Verification(douyintest.Shop, uses...)
	require.NoError(t, err)
	return v
}

func details(t testing.TB, err error) *douyin.Error {
	t.Helper()
	var e *douyin.Error
	require.ErrorAs(t, err, &e)
	return e
}

func contains(b []byte, text string) bool { return bytes.Contains(b, []byte(text)) }
