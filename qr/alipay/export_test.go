package alipay

import (
	"crypto/rsa"
	"fmt"
	"io"
	"time"

	"github.com/openecr/openecr/qr/wallet"
)

// CheckAnswer takes an answer apart and verifies it, without a line.
func CheckAnswer(key *rsa.PublicKey, method string, body []byte) error {
	e, err := parseAnswer(method, body)
	if err != nil {
		return err
	}
	if e.sign == "" {
		return fmt.Errorf("%w: it has no signature", wallet.ErrForged)
	}
	e.words()
	return wallet.Verify(key, e.inner, e.sign)
}

// Bounded is the reader that keeps an archive from filling the machine.
func Bounded(r io.Reader, limit int64) io.Reader { return &bounded{r, limit} }

// Trusts judges a downloaded file of certificates by a file of roots and the configured one.
func Trusts(roots, configured, file []byte, now time.Time) error {
	return authority{certificatesOf(roots), certificatesOf(configured)}.trusts(file, now)
}
