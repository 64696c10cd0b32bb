package douyin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
)

// BenchmarkRedeem does one prepare and one verify through the Client, and the
// same two requests by net/http and encoding/json alone; overhead-% is how much
// longer the Client takes. The two take turns, so that neither has the better machine.
func BenchmarkRedeem(b *testing.B) {
	p := platform(b, douyintest.Config{Seed: 100})
	m := merchant(b, p)
	bare := newBare(b, p)
	ready := p.Of(douyintest.Held)[0]
	once(b, m, ready)
	bare.redeem(b, ready)
	var ours, theirs time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		once(b, m, ready)
		middle := time.Now()
		bare.redeem(b, ready)
		ours, theirs = ours+middle.Sub(start), theirs+time.Since(middle)
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "client-ns/op")
	b.ReportMetric(float64(theirs.Nanoseconds())/float64(b.N), "bare-ns/op")
	b.ReportMetric(100*(float64(ours)/float64(theirs)-1), "overhead-%")
}

// once prepares a voucher and verifies it. It is one that the platform holds for
// review, so that it can be prepared again.
func once(b *testing.B, m *douyin.Merchant, ready douyintest.Ready) {
	v, err := m.Prepare(b.Context(), douyin.PrepareRequest{Code: secret(ready.Code), Shop: douyintest.Shop})
	if err != nil {
		b.Fatal(err)
	}
	use, err := v.Verification(douyintest.Shop)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := m.Verify(b.Context(), use); !errors.Is(err, douyin.ErrPending) {
		b.Fatal(err)
	}
}

// bare is what one would write without a library.
type bare struct {
	http  *http.Client
	base  string
	token string
}

func newBare(b *testing.B, p *douyintest.Platform) *bare {
	t := &http.Transport{MaxIdleConnsPerHost: 64}
	b.Cleanup(t.CloseIdleConnections)
	x := &bare{http: &http.Client{Transport: t}, base: p.URL()}
	body := map[string]string{"client_key": douyintest.App, "client_secret": douyintest.Secret, "grant_type": "client_credential"}
	var reply struct {
		Data struct {
			Token string `json:"access_token"`
		} `json:"data"`
	}
	x.do(b, http.MethodPost, "/oauth/stable_client_token/", body, &reply)
	x.token = reply.Data.Token
	return x
}

func (x *bare) do(b *testing.B, method, path string, body, into any) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			b.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(b.Context(), method, x.base+path, reader)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("access-token", x.token)
	resp, err := x.http.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		b.Fatal(err)
	}
}

func (x *bare) redeem(b *testing.B, ready douyintest.Ready) {
	var prepared struct {
		Data struct {
			Token string           `json:"verify_token"`
			List  []map[string]any `json:"certificates_v2"`
		} `json:"data"`
	}
	q := url.Values{"code": {ready.Code}, "poi_id": {douyintest.Shop}}
	x.do(b, http.MethodGet, "/goodlife/v1/fulfilment/certificate/prepare/?"+q.Encode(), nil, &prepared)
	body := map[string]any{"verify_token": prepared.Data.Token, "poi_id": douyintest.Shop, "encrypted_codes": []any{prepared.Data.List[0]["encrypted_code"]}}
	var verified struct {
		Data struct {
			Results []map[string]any `json:"verify_results"`
		} `json:"data"`
	}
	x.do(b, http.MethodPost, "/goodlife/v1/fulfilment/certificate/verify/", body, &verified)
	if len(verified.Data.Results) == 0 {
		b.Fatal("no result")
	}
}
