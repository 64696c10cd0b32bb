package alipay_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/qrtest"
	"github.com/openecr/openecr/qr/wallet"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCertificateThatFollowsAnotherIsFetched(t *testing.T) {
	h, bank, sim := simulated(t, qrtest.AlipayConfig{Certificates: true}, nil)
	ask := func() error { _, err := h.Query(t.Context(), anOrder); return err }
	require.NoError(t, ask())
	require.NoError(t, sim.Rotate())
	require.NoError(t, ask())
	require.NoError(t, ask())
	assert.Equal(t, 1, bank.Requests(qrtest.CallKeys), "fetched once")
	require.NoError(t, sim.Rotate())
	require.ErrorIs(t, ask(), wallet.ErrForged, "a certificate a minute: forged numbers must not keep us fetching")
}

func TestCertificateThatCannotBeFetchedIsTriedAgain(t *testing.T) {
	h, bank, sim := simulated(t, qrtest.AlipayConfig{Certificates: true}, nil)
	require.NoError(t, sim.Rotate())
	bank.Inject(qrtest.Fault{Name: qrtest.LoseRequest, On: qrtest.CallKeys})
	_, err := h.Query(t.Context(), anOrder)
	require.ErrorIs(t, err, wallet.ErrForged)
	_, err = h.Query(t.Context(), anOrder)
	require.NoError(t, err)
}

// TestCertificatesThatAreRefused: each comes from the simulated gateway itself, as from somebody
// who got between.
func TestCertificatesThatAreRefused(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	own := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "somebody's own root"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, own, own, &key.PublicKey, key)
	require.NoError(t, err)
	foreign := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})

	bank := qrtest.NewBank(qrtest.BankConfig{})
	defer bank.Close()
	sim, err := qrtest.NewAlipay(bank, qrtest.AlipayConfig{Certificates: true})
	require.NoError(t, err)
	defer sim.Close()
	good := sim.Client()
	for name, change := range map[string]func(*alipay.Config){
		"Alipay's from another root":       func(c *alipay.Config) { c.Certificates.Root = foreign },
		"Alipay's under nobody":            func(c *alipay.Config) { c.Certificates.Alipay = foreign },
		"the application's of another key": func(c *alipay.Config) { c.Key = keys()[0] },
		"no PEM":                           func(c *alipay.Config) { c.Certificates.Alipay = []byte("x") },
		"no root":                          func(c *alipay.Config) { c.Certificates.Root = []byte("x") },
		"two of three":                     func(c *alipay.Config) { c.Certificates.Root = nil },
		"both modes":                       func(c *alipay.Config) { c.AlipayKey = keys()[1].Public() },
		"no mode":                          func(c *alipay.Config) { c.Certificates = alipay.Certificates{} },
	} {
		cfg := good
		change(&cfg)
		_, err := alipay.New(cfg)
		assert.ErrorIs(t, err, pos.ErrInvalid, name)
	}

	// A merchant's own certificate has the same root: it must not pass for Alipay's.
	cfg := good
	cfg.Certificates.Alipay = concat(good.Certificates.App, after(good.Certificates.Alipay))
	h, err := alipay.New(cfg)
	require.NoError(t, err)
	_, err = h.Query(t.Context(), anOrder)
	require.ErrorIs(t, err, wallet.ErrForged)
	assert.ErrorContains(t, err, "it is of", "the subject is another one")
}

// after drops the first certificate of a file.
func after(file []byte) []byte {
	_, rest := pem.Decode(file)
	return rest
}

func concat(list ...[]byte) (all []byte) {
	for _, b := range list {
		all = append(all, b...)
	}
	return all
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	for name, change := range map[string]func(*alipay.Config){
		"no application":            func(c *alipay.Config) { c.AppID = "" },
		"no key":                    func(c *alipay.Config) { c.Key = wallet.SigningKey{} },
		"no key of Alipay":          func(c *alipay.Config) { c.AlipayKey = nil },
		"the application's own key": func(c *alipay.Config) { c.AlipayKey = c.Key.Public() },
		"notified without a seller": func(c *alipay.Config) { c.SellerID = "" },
		"notified in the clear":     func(c *alipay.Config) { c.NotifyURL = "http://shop.example/" },
		"a gateway in the clear":    func(c *alipay.Config) { c.BaseURL = "http://openapi.alipay.com/gateway.do" },
		"a subject with &":          func(c *alipay.Config) { c.Subject = "tea & more" },
	} {
		cfg := config()
		change(&cfg)
		_, err := alipay.New(cfg)
		assert.ErrorIs(t, err, pos.ErrInvalid, name)
	}
}

func TestReadySaysWhatToMend(t *testing.T) {
	h, _, _ := simulated(t, qrtest.AlipayConfig{}, func(c *alipay.Config) {
		c.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	})
	assert.ErrorIs(t, h.Ready(t.Context(), anOrder), wallet.ErrClock)
	h, _, _ = simulated(t, qrtest.AlipayConfig{}, func(c *alipay.Config) { c.Key = keys()[0] })
	assert.ErrorContains(t, h.Ready(t.Context(), anOrder), "isv.invalid-signature")
	h, bank, _ := simulated(t, qrtest.AlipayConfig{}, nil)
	require.NoError(t, h.Ready(t.Context(), anOrder))
	require.NoError(t, h.Ready(t.Context(), anOrder))
	assert.Equal(t, 1, bank.Requests(qrtest.CallQuery), "asked once in ten minutes")
	o := anOrder
	o.Number = strings.Repeat("9", 65)
	assert.ErrorIs(t, h.Ready(t.Context(), o), pos.ErrInvalid)
	assert.Equal(t, "alipay:2021000000000009/till-1", h.Device())
}

// TestSecretsDoNotPrint: whatever the verb, and whatever goes wrong.
func TestSecretsDoNotPrint(t *testing.T) {
	token, code := "202600BBsecretsecret", "2812345678901234"
	h, bank, _ := simulated(t, qrtest.AlipayConfig{AppAuthToken: token}, nil)
	cfg := config()
	cfg.AppAuthToken = pos.NewSecret([]byte(token))
	texts := []string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, cfg), fmt.Sprintf(verb, h))
	}
	for _, f := range []qrtest.FaultName{qrtest.LoseAnswer, qrtest.HTML, qrtest.Unsigned, qrtest.SystemError, qrtest.WrongOrder, qrtest.Broken500} {
		bank.Inject(qrtest.Fault{Name: f, On: qrtest.CallPay})
		_, err := h.Pay(t.Context(), anOrder, pos.NewSecret([]byte(code)))
		require.Error(t, err)
		texts = append(texts, err.Error(), fmt.Sprintf("%+v %#v", err, err))
	}
	for _, text := range texts {
		assert.NotContains(t, text, token)
		assert.NotContains(t, text, fmt.Sprintf("%x", token))
		assert.NotContains(t, text, code)
	}
}
