package alipay

import (
	"bytes"
	"crypto/md5"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// CertificateSN is how Alipay names a certificate (app_cert_sn, alipay_cert_sn): the MD5, in
// hex, of the issuer's name (RFC 2253) and the decimal serial number.
//
// Source: Alipay open platform, 证书模式; the clients alipay-sdk-java and smartwalle/alipay.
func CertificateSN(c *x509.Certificate) string {
	sum := md5.Sum([]byte(c.Issuer.String() + c.SerialNumber.String()))
	return hex.EncodeToString(sum[:])
}

// RootSN is alipay_root_cert_sn: the numbers of all certificates of the file that are
// signed with RSA, joined by _. Errors: there is none.
func RootSN(file []byte) (string, error) {
	var sns []string
	for _, c := range certificatesOf(file) {
		if c.SignatureAlgorithm == x509.SHA256WithRSA || c.SignatureAlgorithm == x509.SHA1WithRSA {
			sns = append(sns, CertificateSN(c))
		}
	}
	if len(sns) == 0 {
		return "", errors.New("the file has no root certificate signed with RSA")
	}
	return strings.Join(sns, "_"), nil
}

// maxCertificates bounds a file of them: the root file has four.
const maxCertificates = 32

// certificatesOf reads a file of certificates. Those Go cannot read, of SM2, are left out.
func certificatesOf(file []byte) (list []*x509.Certificate) {
	for range maxCertificates {
		var block *pem.Block
		if block, file = pem.Decode(file); block == nil {
			return list
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			list = append(list, c)
		}
	}
	return list
}

// leafOf is the first certificate of a file, with its RSA key.
func leafOf(file []byte) (*x509.Certificate, *rsa.PublicKey, error) {
	list := certificatesOf(file)
	if len(list) == 0 {
		return nil, nil, errors.New("it is no certificate in PEM")
	}
	key, ok := list[0].PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minKeyBits {
		return nil, nil, fmt.Errorf("its key is not RSA of %d bits at least", minKeyBits)
	}
	return list[0], key, nil
}

// minKeyBits: RSA2 keys have 2048 bits.
const minKeyBits = 2048

// authority is who may issue certificates of Alipay: the roots, and the intermediates that the
// shop configured by hand with Alipay's certificate.
type authority struct{ roots, intermediates []*x509.Certificate }

// trusts reports whether the first certificate of a file was issued under one of the roots,
// directly or through intermediates. Go's own check does not serve: Alipay has intermediates
// without the basic constraint. Those are believed only from the configured file; one that came
// with a download must be marked as an issuer, because every merchant has a certificate under
// the same roots.
func (a authority) trusts(file []byte, now time.Time) error {
	chain := certificatesOf(file)
	if len(chain) == 0 {
		return errors.New("it is no certificate in PEM")
	}
	came := slices.DeleteFunc(slices.Clone(chain[1:]), func(c *x509.Certificate) bool {
		return !c.IsCA && c.KeyUsage&x509.KeyUsageCertSign == 0
	})
	at := chain[0]
	for range maxChain {
		switch {
		case now.Before(at.NotBefore) || now.After(at.NotAfter):
			return fmt.Errorf("%s is not valid today", printable(at.Subject.CommonName))
		case issuer(a.roots, at) != nil:
			return nil
		}
		if at = issuer(slices.Concat(a.intermediates, came), at); at == nil {
			break
		}
	}
	return errors.New("no root of ours has issued it")
}

// maxChain bounds the steps to a root: there are two.
const maxChain = 4

// issuer finds who issued a certificate.
func issuer(list []*x509.Certificate, c *x509.Certificate) *x509.Certificate {
	for _, by := range list {
		if by != c && bytes.Equal(by.RawSubject, c.RawIssuer) && by.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil {
			return by
		}
	}
	return nil
}
