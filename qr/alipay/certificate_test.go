package alipay_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/openecr/openecr/qr/alipay"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// party has a key and a certificate for it.
type party struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pem  []byte
}

// issue makes a party under another one, or under itself.
func issue(t *testing.T, name string, by *party, ca bool, until time.Time) *party {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature}
	if ca {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	}
	p := &party{key: key, cert: c}
	if by == nil {
		by = p
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by.cert, &key.PublicKey, by.key)
	require.NoError(t, err)
	p.cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	p.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return p
}

// TestWhoMayIssue: Alipay has an intermediate that is not marked as an issuer; it is believed
// because the shop configured it, and a merchant's certificate is not, although it looks the same.
func TestWhoMayIssue(t *testing.T) {
	now := time.Now()
	year := now.AddDate(1, 0, 0)
	root := issue(t, "root", nil, true, year)
	plain := issue(t, "class 2, not marked", root, false, year)
	marked := issue(t, "class 2", root, true, year)
	merchant := issue(t, "a merchant", marked, false, year)
	expired := issue(t, "class 2, of last year", root, true, now.Add(-time.Hour))
	other := issue(t, "root", nil, true, year)
	leaf := func(by *party, until time.Time) *party { return issue(t, "Alipay", by, false, until) }
	for name, c := range map[string]struct {
		file       []byte
		configured []byte
		ok         bool
	}{
		"under the root":                       {leaf(root, year).pem, nil, true},
		"under a marked one that came along":   {concat(leaf(marked, year).pem, marked.pem), nil, true},
		"under one not marked, configured":     {concat(leaf(plain, year).pem, plain.pem), plain.pem, true},
		"under one not marked that came along": {concat(leaf(plain, year).pem, plain.pem), nil, false},
		"by a merchant":                        {concat(leaf(merchant, year).pem, merchant.pem, marked.pem), nil, false},
		"without the one between":              {leaf(marked, year).pem, nil, false},
		"expired":                              {leaf(root, now.Add(-time.Hour)).pem, nil, false},
		"under an expired one":                 {concat(leaf(expired, year).pem, expired.pem), nil, false},
		"under a root of the same name":        {leaf(other, year).pem, nil, false},
		"nothing":                              {nil, nil, false},
	} {
		err := alipay.Trusts(root.pem, c.configured, c.file, now)
		assert.Equal(t, c.ok, err == nil, "%s: %v", name, err)
	}
}
