package douyin_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openecr/openecr/douyin"
	"github.com/openecr/openecr/pos"
)

// Whatever comes, an answer is understood or an *Error of a class, short and on one line.
func FuzzEnvelope(f *testing.F) {
	for _, s := range []string{`{"data":{"error_code":0,"verify_results":[{"result":0,"verify_id":1,"code":"x"}]},"extra":{"error_code":0,"now":1}}`,
		`{"data":{"error_code":3000001,"description":"12345678901234567"},"extra":{"error_code":1,"sub_error_code":2034000910}}`, `{"err_no":1}`, `<html>`, `{"data":`} {
		f.Add([]byte(s), 200)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		if len(body) > 1<<16 {
			return
		}
		err := douyin.Judge(body, status)
		if err == nil {
			return
		}
		var e *douyin.Error
		if !errors.As(err, &e) || e.Class == nil {
			t.Fatalf("%v has no class", err)
		}
		if text := err.Error(); len(text) > 8000 || strings.Contains(text, "clt.token-in-fuzz") || strings.ContainsAny(text, "\n\r") {
			t.Fatalf("%q", text)
		}
	})
}

// Whatever is scanned, only the platform's hosts are ever asked.
func FuzzScan(f *testing.F) {
	for _, s := range []string{"123456789012", "https://v.douyin.com/a/", "https://www.douyin.com/?object_id=a%2B", "https://v.douyin.com@evil/", "https://v.douyin.com.evil/", "https:///", "https://[::1]/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := douyin.ParseScan(text)
		if err != nil {
			if !errors.Is(err, douyin.ErrNotOurs) || len(err.Error()) > 100 {
				t.Fatal(err)
			}
			return
		}
		if s.Kind == douyin.ScanNothing || s.Code.Len() > 20 || s.Data.Len() > 3*4096 {
			t.Fatalf("%+v", s)
		}
		if s.Kind != douyin.ScanCode && !strings.Contains(strings.ToLower(text), "douyin.com") {
			t.Fatalf("%q is asked for", text)
		}
	})
}

// Whatever is posted, nothing unsigned is worked on and nothing panics.
func FuzzWebhook(f *testing.F) {
	for _, s := range []string{`{"event":"verify_webhook","content":{"challenge":1}}`, `{"event":"e","client_key":"a","content":"{\"msg_time\":1}"}`, `{"content":"{"}`, `null`} {
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, signed bool) {
		if len(body) > 1<<16 {
			return
		}
		worked := false
		key := secret("k")
		h := &douyin.Webhook{Secrets: []pos.Secret{key}, App: "a"}
		h.Handle = handler(&worked)
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		if signed {
			r.Header.Set("X-Douyin-Signature", douyin.SignWebhook(key, body))
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if worked && (!signed || w.Code != 200) || w.Body.Len() > len(body)+100 {
			t.Fatal(w.Code, worked)
		}
	})
}

// A handle of any bytes is refused or a whole Verification.
func FuzzHandle(f *testing.F) {
	v, err := douyin.NewThirdParty("1", "2", secret("123456789012"))
	if err != nil {
		f.Fatal(err)
	}
	v.ThirdParty = false
	b, err := v.Handle(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := douyin.ParseVerification(b, nil)
		if err == nil && (v.Token.IsZero() || v.Shop == "" || len(v.Uses) == 0) {
			t.Fatal("half a redemption")
		}
	})
}
