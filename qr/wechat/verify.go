package wechat

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openecr/openecr/qr/wallet"
)

// probePrefix begins signatures that WeChat makes wrong on purpose, to see
// whether we look: they must fail.
const probePrefix = "WECHATPAY/SIGNTEST/"

// keyring holds the keys WeChat signs with, by serial number.
type keyring struct {
	mu      sync.Mutex
	keys    map[string]*rsa.PublicKey
	fetched time.Time // when certificates were last asked for
}

// fetchEvery keeps forged serial numbers from making us ask for certificates all the time.
const fetchEvery = time.Minute

// verify checks signature and freshness of an answer or notification.
func (h *Host) verify(ctx context.Context, header http.Header, body []byte) error {
	s, ok := stampOf(header)
	if !ok {
		return fmt.Errorf("%w: it has no signature", wallet.ErrForged)
	}
	if strings.HasPrefix(s.signature, probePrefix) {
		return fmt.Errorf("%w: it is a probe", wallet.ErrForged)
	}
	key, err := h.keyOf(ctx, s.serial)
	if err != nil {
		return err
	}
	if err := wallet.Verify(key, AnswerMessage(s.timestamp, s.nonce, body), s.signature); err != nil {
		return err
	}
	return h.fresh(s.timestamp)
}

func (h *Host) fresh(timestamp string) error {
	sec, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: its time is %q", wallet.ErrForged, timestamp)
	}
	if !wallet.Fresh(time.Unix(sec, 0), h.cfg.Now()) {
		return wallet.ErrClock
	}
	return nil
}

// keyOf finds the key of a serial number, and asks WeChat for certificates when it is unknown.
func (h *Host) keyOf(ctx context.Context, serial string) (*rsa.PublicKey, error) {
	h.ring.mu.Lock()
	key := h.ring.keys[serial]
	may := h.cfg.Certificates && !strings.HasPrefix(serial, "PUB_KEY_ID_") && h.cfg.Now().Sub(h.ring.fetched) >= fetchEvery
	if key == nil && may {
		h.ring.fetched = h.cfg.Now()
	}
	h.ring.mu.Unlock()
	if key != nil {
		return key, nil
	}
	if !may {
		return nil, fmt.Errorf("%w: nobody knows the key %s", wallet.ErrForged, printable(serial))
	}
	if err := h.fetchCertificates(ctx); err != nil {
		h.ring.mu.Lock()
		h.ring.fetched = time.Time{} // it did not work: the next answer may try again
		h.ring.mu.Unlock()
		return nil, fmt.Errorf("%w: no certificate %s: %w", wallet.ErrForged, printable(serial), err)
	}
	h.ring.mu.Lock()
	defer h.ring.mu.Unlock()
	if key = h.ring.keys[serial]; key == nil {
		return nil, fmt.Errorf("%w: WeChat has no certificate %s", wallet.ErrForged, printable(serial))
	}
	return key, nil
}

// printable keeps a hostile header out of terminals.
func printable(s string) string { return strconv.Quote(s[:min(len(s), 64)]) }

// certificates is the answer of /v3/certificates.
type certificates struct {
	Data []struct {
		Serial  string `json:"serial_no"`
		Expires string `json:"expire_time"`
		Sealed  Sealed `json:"encrypt_certificate"`
	} `json:"data"`
}

// fetchCertificates replaces the platform certificates. They are encrypted with
// the APIv3 key, which only WeChat has besides us, and the answer is signed by one
// of them: that is checked with the new ones.
func (h *Host) fetchCertificates(ctx context.Context) error {
	a, err := h.send(ctx, "certificates", http.MethodGet, "/v3/certificates", nil)
	if err != nil {
		return err
	}
	var list certificates
	if a.Status != http.StatusOK || json.Unmarshal(a.Body, &list) != nil {
		return h.failed("certificates", a, nil)
	}
	fresh := map[string]*rsa.PublicKey{}
	for _, c := range list.Data {
		plain, err := c.Sealed.Open(h.cfg.APIv3Key)
		if err != nil {
			return err
		}
		if fresh[c.Serial], err = wallet.ParseVerifyKey(plain); err != nil {
			return err
		}
	}
	s, ok := stampOf(a.Header)
	if !ok || fresh[s.serial] == nil {
		return fmt.Errorf("%w: the certificates are not signed by one of them", wallet.ErrForged)
	}
	if err := wallet.Verify(fresh[s.serial], AnswerMessage(s.timestamp, s.nonce, a.Body), s.signature); err != nil {
		return err
	}
	if err := h.fresh(s.timestamp); err != nil {
		return err
	}
	h.ring.mu.Lock()
	defer h.ring.mu.Unlock()
	for id, key := range h.ring.keys {
		if strings.HasPrefix(id, "PUB_KEY_ID_") {
			fresh[id] = key
		}
	}
	h.ring.keys = fresh
	return nil
}
