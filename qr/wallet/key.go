package wallet

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// minKeyBits: both WeChat and Alipay give keys of 2048 bits; fewer are no protection.
const minKeyBits = 2048

// SigningKey is the merchant's private RSA key. It prints as a mask, whatever
// the verb. The zero value signs nothing. Safe for concurrent use.
type SigningKey struct {
	hidden func() *rsa.PrivateKey
}

// ParseSigningKey reads PEM (PKCS#1 or PKCS#8), or the bare Base64 of either, as
// Alipay's tools give it. The error shows nothing of the key.
func ParseSigningKey(text []byte) (SigningKey, error) {
	der, err := derOf(text)
	if err != nil {
		return SigningKey{}, err
	}
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		any, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return SigningKey{}, errors.New("wallet: this is no RSA private key in PKCS#1 or PKCS#8")
		}
		var ok bool
		if key, ok = any.(*rsa.PrivateKey); !ok {
			return SigningKey{}, errors.New("wallet: the private key is not RSA")
		}
	}
	return NewSigningKey(key)
}

// NewSigningKey takes a key that exists already.
func NewSigningKey(key *rsa.PrivateKey) (SigningKey, error) {
	if key == nil || key.N.BitLen() < minKeyBits {
		return SigningKey{}, fmt.Errorf("wallet: a private RSA key needs %d bits at least", minKeyBits)
	}
	return SigningKey{hidden: func() *rsa.PrivateKey { return key }}, nil
}

// ParseVerifyKey reads the platform's public key: PEM of a public key or a
// certificate, or bare Base64.
func ParseVerifyKey(text []byte) (*rsa.PublicKey, error) {
	der, err := derOf(text)
	if err != nil {
		return nil, err
	}
	if c, err := x509.ParseCertificate(der); err == nil {
		return rsaOf(c.PublicKey)
	}
	if k, err := x509.ParsePKIXPublicKey(der); err == nil {
		return rsaOf(k)
	}
	if k, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return rsaOf(k)
	}
	return nil, errors.New("wallet: this is no RSA public key or certificate")
}

func rsaOf(k any) (*rsa.PublicKey, error) {
	pub, ok := k.(*rsa.PublicKey)
	if !ok || pub.N.BitLen() < minKeyBits {
		return nil, fmt.Errorf("wallet: the public key is not RSA of %d bits at least", minKeyBits)
	}
	return pub, nil
}

func derOf(text []byte) ([]byte, error) {
	if block, _ := pem.Decode(text); block != nil {
		return block.Bytes, nil
	}
	der, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, errors.New("wallet: the key is neither PEM nor Base64")
	}
	return der, nil
}

// IsZero reports whether there is no key.
func (k SigningKey) IsZero() bool { return k.hidden == nil }

// Public is the key's other half.
func (k SigningKey) Public() *rsa.PublicKey {
	if k.hidden == nil {
		return nil
	}
	return &k.hidden().PublicKey
}

// Sign makes an RSA PKCS#1 v1.5 signature over SHA-256, in Base64.
func (k SigningKey) Sign(message []byte) (string, error) {
	if k.hidden == nil {
		return "", errors.New("wallet: there is no private key to sign with")
	}
	sum := sha256.Sum256(message)
	sig, err := rsa.SignPKCS1v15(rand.Reader, k.hidden(), crypto.SHA256, sum[:])
	if err != nil {
		return "", errors.New("wallet: signing failed")
	}
	return base64.StdEncoding.EncodeToString(sig), nil
}

// Verify checks a signature of Sign's kind. The error is ErrForged.
func Verify(key *rsa.PublicKey, message []byte, signature string) error {
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(sig) == 0 {
		return fmt.Errorf("%w: the signature is no Base64", ErrForged)
	}
	sum := sha256.Sum256(message)
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) != nil {
		return fmt.Errorf("%w: the signature does not fit", ErrForged)
	}
	return nil
}

const keyMask = "(private key)"

// String returns a mask.
func (k SigningKey) String() string { return keyMask }

// GoString returns a mask.
func (k SigningKey) GoString() string { return keyMask }

// Format prints a mask.
func (k SigningKey) Format(f fmt.State, _ rune) { io.WriteString(f, keyMask) }

// MarshalText writes a mask; so does JSON.
func (k SigningKey) MarshalText() ([]byte, error) { return []byte(keyMask), nil }

// LogValue logs a mask.
func (k SigningKey) LogValue() slog.Value { return slog.StringValue(keyMask) }

// Certificate pairs the key with its certificate (PEM), for TLS. The error
// shows nothing of the key.
func (k SigningKey) Certificate(cert []byte) (tls.Certificate, error) {
	block, _ := pem.Decode(cert)
	if block == nil || k.hidden == nil {
		return tls.Certificate{}, errors.New("wallet: the certificate is no PEM, or there is no key")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("wallet: the certificate: %w", err)
	}
	if pub, ok := leaf.PublicKey.(*rsa.PublicKey); !ok || !pub.Equal(k.Public()) {
		return tls.Certificate{}, errors.New("wallet: the certificate is not this key's")
	}
	return tls.Certificate{Certificate: [][]byte{block.Bytes}, PrivateKey: k.hidden(), Leaf: leaf}, nil
}
