package douyin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/douyin/douyintest"
	"github.com/openecr/openecr/pos"
)

// inbox is a Webhook that remembers.
type inbox struct {
	*douyin.Webhook
	mu   sync.Mutex
	got  []douyin.Event
	fail error
}

func (b *inbox) events() []douyin.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.got
}

func newInbox(now func() time.Time) *inbox {
	b := &inbox{}
	b.Webhook = &douyin.Webhook{App: douyintest.App, Secrets: []pos.Secret{secret("the former one"), secret(douyintest.Secret)}, Now: now,
		Handle: func(_ context.Context, e douyin.Event) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.fail != nil {
				return b.fail
			}
			b.got = append(b.got, e)
			return nil
		}}
	return b
}

func serve(t testing.TB, h http.Handler) (string, *http.Client) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL, s.Client()
}

func verifyEvent(at time.Time) map[string]any {
	return map[string]any{"action": "verify", "msg_time": at.Unix(), "certificate": map[string]any{"certificate_id": json.Number("7500000000000000001"), "order_id": "7500000000000000002"}}
}

func TestWebhooksArriveOnceAndUnforged(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 60})
	box := newInbox(p.Now)
	url, c := serve(t, box)
	send := func(name string, content any) []int {
		t.Helper()
		status, err := p.Webhook(t.Context(), c, url, name, content)
		require.NoError(t, err)
		return status
	}
	require.Equal(t, []int{200}, send(douyin.EventCertificate, verifyEvent(p.Now())))
	require.Len(t, box.events(), 1)
	var e douyin.CertificateEvent
	require.NoError(t, box.events()[0].Decode(&e))
	assert.Equal(t, douyin.ID("7500000000000000001"), e.Certificate.ID)
	assert.NotEmpty(t, box.events()[0].ID)

	p.Inject("duplicate-webhook")
	require.Equal(t, []int{200, 200}, send(douyin.EventCertificate, verifyEvent(p.Now())))
	require.Len(t, box.events(), 2)
	p.Inject("forged-webhook")
	require.Equal(t, []int{401}, send(douyin.EventCertificate, verifyEvent(p.Now())))
	p.Inject("reorder-webhook")
	require.Empty(t, send(douyin.EventOrder, map[string]any{"action": "pay_success", "n": 1}))
	require.Equal(t, []int{200, 200}, send(douyin.EventOrder, map[string]any{"action": "pay_success", "n": 2}))
	require.Len(t, box.events(), 4, "in any order")
	require.Equal(t, []int{400}, send(douyin.EventCertificate, verifyEvent(p.Now().Add(-time.Hour))))
	require.Equal(t, []int{400}, send(douyin.EventCertificate, verifyEvent(p.Now().Add(time.Hour))))
	box.fail = errors.New("disk full")
	require.Equal(t, []int{503}, send(douyin.EventCertificate, verifyEvent(p.Now().Add(time.Second))))
	require.Len(t, box.events(), 4)
}

func TestAStolenWebhookIsNotWorkedOnAgain(t *testing.T) {
	now := time.Now()
	box := newInbox(nil)
	content, err := json.Marshal(verifyEvent(now))
	require.NoError(t, err)
	body, err := json.Marshal(map[string]any{"event": douyin.EventCertificate, "client_key": douyintest.App, "content": string(content)})
	require.NoError(t, err)
	post := func(id string) int {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		r.Header.Set("Msg-Id", id)
		r.Header.Set("X-Douyin-Signature", douyin.SignWebhook(secret(douyintest.Secret), body))
		w := httptest.NewRecorder()
		box.ServeHTTP(w, r)
		return w.Code
	}
	box.fail = errors.New("not now")
	require.Equal(t, 503, post("1"))
	box.fail = nil
	require.Equal(t, 200, post("1"), "what failed may come again")
	require.Equal(t, 200, post("another id, which nobody signed"))
	require.Len(t, box.events(), 1)
}

func TestTheChallengeKeepsItsType(t *testing.T) {
	p := platform(t, douyintest.Config{Seed: 61})
	box := newInbox(p.Now)
	url, c := serve(t, box)
	status, err := p.Webhook(t.Context(), c, url, douyin.EventVerifyWebhook, map[string]any{"challenge": int64(12345678901234567)})
	require.NoError(t, err)
	require.Equal(t, []int{200}, status)
	for content, want := range map[string]string{`{"challenge":12345678901234567}`: `{"challenge":12345678901234567}`, `"{\"challenge\":7}"`: `{"challenge":7}`} {
		body := `{"event":"verify_webhook","content":` + content + `}`
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Douyin-Signature", douyin.SignWebhook(secret(douyintest.Secret), []byte(body)))
		w := httptest.NewRecorder()
		box.ServeHTTP(w, r)
		require.Equal(t, want, strings.TrimSpace(w.Body.String()))
	}
	require.Empty(t, box.events())
}

func TestRubbishIsNoWebhook(t *testing.T) {
	box := newInbox(nil)
	url, c := serve(t, box)
	resp, err := c.Get(url)
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
	resp, err = c.Post(url, "application/json", io.LimitReader(zeros{}, 2<<20))
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
	for body, want := range map[string]int{"": 400, "null": 200, "[]": 400, `{"content":5}`: 400, `{"client_key":"another"}`: 400, `{"client_key":"` + douyintest.App + `","content":{"msg_time":"soon"}}`: 400} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Douyin-Signature", douyin.SignWebhook(secret(douyintest.Secret), []byte(body)))
		w := httptest.NewRecorder()
		box.ServeHTTP(w, r)
		if body == "null" || body == `{"content":5}` {
			want = 400 // names no app
		}
		assert.Equal(t, want, w.Code, body)
	}
	require.Empty(t, box.events())
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func TestMemoryReplaysForgetTheOldest(t *testing.T) {
	m := &douyin.MemoryReplays{Max: 3}
	claim := func(key string) bool {
		fresh, err := m.Claim(t.Context(), key, time.Hour)
		require.NoError(t, err)
		return fresh
	}
	for _, k := range []string{"a", "b", "c", "d"} {
		require.True(t, claim(k))
	}
	require.False(t, claim("d"))
	require.True(t, claim("a"), "forgotten")
	require.NoError(t, m.Release(t.Context(), "d"))
	require.True(t, claim("d"))
}

func handler(worked *bool) func(context.Context, douyin.Event) error {
	return func(context.Context, douyin.Event) error { *worked = true; return nil }
}
