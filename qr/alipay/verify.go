package alipay

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/openecr/openecr/qr/wallet"
)

// keyring holds the keys Alipay signs with: one public key, or those of its certificates.
type keyring struct {
	appSN, rootSN string // certificate mode: what requests name
	issuers       authority
	subject       string // of Alipay's certificates: a new one has the same

	mu      sync.Mutex
	only    *rsa.PublicKey            // public key mode
	keys    map[string]*rsa.PublicKey // certificate mode, by number
	fetched time.Time                 // when a certificate was last asked for
}

// fetchEvery keeps forged numbers from making us ask for certificates all the time.
const fetchEvery = time.Minute

func newKeyring(cfg Config) (*keyring, error) {
	if cfg.AlipayKey != nil {
		if cfg.AlipayKey.Equal(cfg.Key.Public()) {
			return nil, errors.New("AlipayKey is the application's own public key: take Alipay's (支付宝公钥, 不是应用公钥)")
		}
		return &keyring{only: cfg.AlipayKey}, nil
	}
	app, key, err := leafOf(cfg.Certificates.App)
	if err != nil {
		return nil, fmt.Errorf("Certificates.App: %w", err)
	}
	if !key.Equal(cfg.Key.Public()) {
		return nil, errors.New("Certificates.App is not the certificate of Key")
	}
	k := &keyring{appSN: CertificateSN(app), keys: map[string]*rsa.PublicKey{}}
	if k.rootSN, err = RootSN(cfg.Certificates.Root); err != nil {
		return nil, fmt.Errorf("Certificates.Root: %w", err)
	}
	alipay, key, err := leafOf(cfg.Certificates.Alipay)
	if err != nil {
		return nil, fmt.Errorf("Certificates.Alipay: %w", err)
	}
	k.issuers = authority{certificatesOf(cfg.Certificates.Root), certificatesOf(cfg.Certificates.Alipay)[1:]}
	// Judged by the day it was made: once it has expired it still says who Alipay is, and a
	// new one is fetched when it signs.
	if err := k.issuers.trusts(cfg.Certificates.Alipay, alipay.NotBefore); err != nil {
		return nil, fmt.Errorf("Certificates.Alipay: %w", err)
	}
	k.subject, k.keys[CertificateSN(alipay)] = alipay.Subject.String(), key
	return k, nil
}

// verify checks a signature by the key a number names.
func (h *Host) verify(ctx context.Context, serial string, message []byte, signature string) error {
	if signature == "" {
		return fmt.Errorf("%w: it has no signature", wallet.ErrForged)
	}
	keys, err := h.keysOf(ctx, serial)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err = wallet.Verify(key, message, signature); err == nil {
			return nil
		}
	}
	return err
}

// keysOf finds the key of a number, and asks Alipay for the certificate when it is unknown.
// A notification names none: then it is one of those we know.
func (h *Host) keysOf(ctx context.Context, serial string) ([]*rsa.PublicKey, error) {
	r := h.ring
	if r.only != nil {
		return []*rsa.PublicKey{r.only}, nil
	}
	r.mu.Lock()
	known := r.known(serial)
	may := len(known) == 0 && h.cfg.Now().Sub(r.fetched) >= fetchEvery
	if may {
		r.fetched = h.cfg.Now()
	}
	r.mu.Unlock()
	if len(known) > 0 {
		return known, nil
	}
	if !may {
		return nil, fmt.Errorf("%w: nobody knows the certificate %s", wallet.ErrForged, printable(serial))
	}
	key, err := h.fetchCertificate(ctx, serial)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if !errors.Is(err, wallet.ErrForged) {
			r.fetched = time.Time{} // no answer: the next one may try again
		}
		return nil, fmt.Errorf("%w: no certificate %s: %w", wallet.ErrForged, printable(serial), err)
	}
	r.keys[serial] = key
	return []*rsa.PublicKey{key}, nil
}

// known lists the keys a number can mean, under the lock.
func (r *keyring) known(serial string) (list []*rsa.PublicKey) {
	for sn, key := range r.keys {
		if serial == "" || sn == serial {
			list = append(list, key)
		}
	}
	return list
}

const certificateMethod = "alipay.open.app.alipaycert.download"

// fetchCertificate downloads a certificate that Alipay has begun to sign with. It counts if a
// root of ours stands behind it and it has the subject of the one that was configured: every
// merchant has a certificate under the same root.
func (h *Host) fetchCertificate(ctx context.Context, serial string) (*rsa.PublicKey, error) {
	a, err := h.send(ctx, certificateMethod, map[string]string{"alipay_cert_sn": serial}, sending{})
	if err != nil {
		return nil, err
	}
	e, err := parseAnswer(certificateMethod, a.Body)
	if err != nil {
		return nil, err
	}
	var out struct {
		Content string `json:"alipay_cert_content"`
	}
	if err := e.read(&out); err != nil {
		return nil, err
	}
	file, err := base64.StdEncoding.DecodeString(out.Content)
	if err != nil || len(file) == 0 {
		return nil, h.failed(certificateMethod, a, e.words(), errors.New("there is no certificate in the answer"))
	}
	return h.ring.accept(file, serial, h.cfg.Now())
}

func (r *keyring) accept(file []byte, serial string, now time.Time) (*rsa.PublicKey, error) {
	c, key, err := leafOf(file)
	if err == nil {
		err = r.issuers.trusts(file, now)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", wallet.ErrForged, err)
	case CertificateSN(c) != serial:
		return nil, fmt.Errorf("%w: another one came", wallet.ErrForged)
	case c.Subject.String() != r.subject:
		return nil, fmt.Errorf("%w: it is of %s; if Alipay has a new name, configure the new certificate", wallet.ErrForged, printable(c.Subject.String()))
	}
	return key, nil
}
