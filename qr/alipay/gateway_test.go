package alipay_test

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/require"
)

// keys are the shop's and Alipay's, made once.
var keys = sync.OnceValue(func() (k [2]wallet.SigningKey) {
	for i := range k {
		raw, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		if k[i], err = wallet.NewSigningKey(raw); err != nil {
			panic(err)
		}
	}
	return k
})

// config is a complete one; nothing listens at its address.
func config() alipay.Config {
	k := keys()
	return alipay.Config{BaseURL: "http://127.0.0.1:1/gateway.do", AppID: "2021000000000001", Key: k[0], AlipayKey: k[1].Public(),
		SellerID: "2088000000000001", NotifyURL: "https://shop.example/alipay"}
}

// answering is a host whose gateway answers with one text.
func answering(t *testing.T, text string) *alipay.Host {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(text)) }))
	t.Cleanup(srv.Close)
	cfg := config()
	cfg.BaseURL = srv.URL
	h, err := alipay.New(cfg)
	require.NoError(t, err)
	return h
}

// signed wraps an inner object, and signs it as it stands.
func signed(t testing.TB, method, inner string) string {
	return fmt.Sprintf(`{"%s_response":%s,"sign":"%s"}`, strings.ReplaceAll(method, ".", "_"), inner, signature(t, inner))
}

func signature(t testing.TB, message string) string {
	s, err := keys()[1].Sign([]byte(message))
	require.NoError(t, err)
	return s
}

// anOrder is of 12.80.
var anOrder = wallet.Order{Number: "lane-3-1", Amount: pos.FromMinor(1280, pos.CNY)}

var aCode = pos.NewSecret([]byte("2812345678901234"))
