package qrtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/openecr/openecr/qr/alipay"
	"github.com/openecr/openecr/qr/wallet"
)

// alipaySigner is what answers are signed with; the rest is of certificate mode.
type alipaySigner struct {
	key                   wallet.SigningKey
	serial, appSN, rootSN string
	files                 alipay.Certificates
}

// alipayAuthority is a root and an intermediate that share a key, one of each process.
var alipayAuthority = sync.OnceValues(func() (*alipayIssuing, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	i := &alipayIssuing{key: key}
	root := i.template("Ant Financial Certification Authority R1 (simulated)")
	root.IsCA, root.BasicConstraintsValid, root.KeyUsage = true, true, x509.KeyUsageCertSign
	if i.root, i.rootPEM, err = i.issue(root, root, &key.PublicKey); err != nil {
		return nil, err
	}
	between := i.template("Ant Financial Certification Authority Class 2 R1 (simulated)")
	between.IsCA, between.BasicConstraintsValid, between.KeyUsage = true, true, x509.KeyUsageCertSign
	i.between, i.betweenPEM, err = i.issue(between, i.root, &key.PublicKey)
	return i, err
})

type alipayIssuing struct {
	key                 *rsa.PrivateKey
	root, between       *x509.Certificate
	rootPEM, betweenPEM []byte
}

func (i *alipayIssuing) template(name string) *x509.Certificate {
	serial := make([]byte, 16)
	rand.Read(serial)
	return &x509.Certificate{SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{Country: []string{"CN"}, Organization: []string{"simulated"}, CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0), SignatureAlgorithm: x509.SHA256WithRSA, KeyUsage: x509.KeyUsageDigitalSignature}
}

func (i *alipayIssuing) issue(t, by *x509.Certificate, key crypto.PublicKey) (*x509.Certificate, []byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, by, key, i.key)
	if err != nil {
		return nil, nil, err
	}
	c, err := x509.ParseCertificate(der)
	return c, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), err
}

// alipayName is the subject of the simulated Alipay's certificates.
const alipayName = "支付宝(中国)网络技术有限公司 (simulated)"

// certify makes the gateway sign with a new certificate for a key.
func (a *Alipay) certify(key wallet.SigningKey) error {
	authority, err := alipayAuthority()
	if err != nil {
		return err
	}
	app, appPEM, err := authority.issue(authority.template("shop (simulated)"), authority.between, a.cfg.Merchant.Public())
	if err != nil {
		return err
	}
	own, ownPEM, err := authority.issue(authority.template(alipayName), authority.between, key.Public())
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.signer.appSN != "" { // the shop's own stays
		app, appPEM = nil, a.signer.files.App
	}
	s := alipaySigner{key: key, serial: alipay.CertificateSN(own), appSN: a.signer.appSN, rootSN: alipay.CertificateSN(authority.root),
		files: alipay.Certificates{App: appPEM, Alipay: slices.Concat(ownPEM, authority.betweenPEM), Root: authority.rootPEM}}
	if app != nil {
		s.appSN = alipay.CertificateSN(app)
	}
	a.signer, a.older[s.serial] = s, s.files.Alipay
	return nil
}

// Rotate makes the gateway sign with a new certificate from now on, as it does before the old
// one ends. Of certificate mode only.
func (a *Alipay) Rotate() error {
	key, err := keyPair()
	if err != nil {
		return err
	}
	return a.certify(key)
}
