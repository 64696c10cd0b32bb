package douyintest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/openecr/openecr/douyin/douyintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheSameSeedIsTheSamePlatform(t *testing.T) {
	start := time.Unix(1_800_000_000, 0)
	a, b := douyintest.New(douyintest.Config{Seed: 7, Start: start}), douyintest.New(douyintest.Config{Seed: 7, Start: start})
	defer a.Close()
	defer b.Close()
	require.Equal(t, a.Ready(), b.Ready())
	require.Equal(t, a.Sell(douyintest.Pair), b.Sell(douyintest.Pair))
	c := douyintest.New(douyintest.Config{Seed: 8, Start: start})
	defer c.Close()
	require.NotEqual(t, a.Ready(), c.Ready())
	require.WithinDuration(t, start, a.Now(), time.Minute)
	a.Advance(time.Hour)
	require.WithinDuration(t, start.Add(time.Hour), a.Now(), time.Minute)
}

func TestFaultsHaveNames(t *testing.T) {
	p := douyintest.New(douyintest.Config{Faults: []string{"html=/shop/"}})
	defer p.Close()
	require.Equal(t, []string{"earthquake"}, p.Inject("earthquake", "slow"))
	require.Equal(t, 2, p.Armed())
	require.Empty(t, p.Sell("no such kind"))
	p.Close() // twice is harmless
}

// It refuses what the real platform refuses.
func TestItIsNoPushover(t *testing.T) {
	p := douyintest.New(douyintest.Config{Seed: 1})
	defer p.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	post := func(path, token, body string) (code float64) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL()+path, bytes.NewReader([]byte(body)))
		require.NoError(t, err)
		req.Header.Set("access-token", token)
		resp, err := c.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		var reply struct {
			Data struct {
				Code float64 `json:"error_code"`
			} `json:"data"`
		}
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&reply))
		return reply.Data.Code
	}
	const verify = "/goodlife/v1/fulfilment/certificate/verify/"
	require.Equal(t, 2190002.0, post(verify, "made up", `{}`))
	require.Equal(t, 2119001.0, post(verify, "", `{`))
	require.Equal(t, 2119010.0, post("/goodlife/v1/none/", "", `{}`))
	require.Equal(t, 10003.0, post("/oauth/client_token/", "", `{"grant_type":"client_credential","client_key":"x"}`))
	require.Equal(t, 10002.0, post("/oauth/client_token/", "", `{}`))
	good := fmt.Sprintf(`{"grant_type":"client_credential","client_key":%q,"client_secret":%q}`, douyintest.App, douyintest.Secret)
	for range 500 {
		require.Zero(t, post("/oauth/client_token/", "", good))
	}
	require.Equal(t, 10020.0, post("/oauth/client_token/", "", good), "more than 500 in five minutes")
	require.Zero(t, p.Net())
	require.Empty(t, p.Books())
}
