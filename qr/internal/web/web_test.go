package web

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatCanHaveLeft(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	gone := "http://" + l.Addr().String()
	l.Close()
	_, unsent, err := Do(t.Context(), Call{Client: Client(nil), Method: http.MethodPost, URL: gone, Body: []byte("x")})
	require.Error(t, err)
	assert.True(t, unsent, "nobody listens, so nothing left")
	assert.NotContains(t, err.Error(), "http://")

	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			c.Close()
		}
	}))
	defer cut.Close()
	calls := 0
	for range 3 { // also over connections that were used before
		_, unsent, err = Do(t.Context(), Call{Client: Client(nil), Method: http.MethodPost, URL: cut.URL, Body: []byte("x")})
		require.Error(t, err)
		assert.False(t, unsent, "it may have arrived")
		calls++
	}
	assert.Equal(t, 3, calls)

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server would not see the client go
		<-r.Context().Done()
	}))
	defer slow.Close()
	_, unsent, err = Do(ctx, Call{Client: Client(nil), Method: http.MethodPost, URL: slow.URL, Body: []byte("x")})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.False(t, unsent)
}

func TestAnswersAreBoundedAndRedirectsNotFollowed(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://203.0.113.1/", http.StatusFound)
			return
		}
		w.Write([]byte(strings.Repeat("x", 100)))
	}))
	defer s.Close()
	a, _, err := Do(t.Context(), Call{Client: Client(s.Client()), Method: http.MethodGet, URL: s.URL, Max: 100})
	require.NoError(t, err)
	assert.Len(t, a.Body, 100)
	_, _, err = Do(t.Context(), Call{Client: Client(s.Client()), Method: http.MethodGet, URL: s.URL, Max: 99})
	require.ErrorIs(t, err, ErrTooLong)
	a, _, err = Do(t.Context(), Call{Client: Client(s.Client()), Method: http.MethodGet, URL: s.URL + "/away"})
	require.NoError(t, err)
	assert.Equal(t, http.StatusFound, a.Status)
}

func TestAddresses(t *testing.T) {
	for base, ok := range map[string]bool{"https://api.example.com": true, "https://api.example.com/path": true, "http://127.0.0.1:8091": true, "http://localhost:1": true,
		"http://api.example.com": false, "api.example.com": false, "https://user:pw@example.com": false, "https://example.com?x=1": false, "ftp://127.0.0.1": false, "": false} {
		assert.Equal(t, ok, CheckBase(base) == nil, base)
	}
}
