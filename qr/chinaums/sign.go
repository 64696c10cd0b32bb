package chinaums

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/openecr/openecr/pos"
	"github.com/openecr/openecr/qr/wallet"
)

// stampLayout is yyyyMMddHHmmss, in China's time.
const stampLayout = "20060102150405"

// Sign is the signature of a body: Base64 of HMAC-SHA256 with the AppKey over AppId, Timestamp,
// Nonce and the lower-case hex of the body's SHA-256.
//
// Source: open platform, OPEN-BODY-SIG, and its Java example.
func Sign(appID string, key pos.Secret, timestamp, nonce string, body []byte) string {
	sum := sha256.Sum256(body)
	var mac [sha256.Size]byte
	key.Use(func(k []byte) {
		h := hmac.New(sha256.New, k)
		h.Write([]byte(appID + timestamp + nonce + hex.EncodeToString(sum[:])))
		h.Sum(mac[:0])
	})
	return base64.StdEncoding.EncodeToString(mac[:])
}

// Authorization is the header of a signed request: OPEN-BODY-SIG. A nonce has up to 32 characters.
func Authorization(appID string, key pos.Secret, at time.Time, nonce string, body []byte) string {
	stamp := at.In(wallet.China).Format(stampLayout)
	return `OPEN-BODY-SIG AppId="` + appID + `", Timestamp="` + stamp + `", Nonce="` + nonce + `", Signature="` + Sign(appID, key, stamp, nonce, body) + `"`
}

// FormParam are the parameters of a signed GET: OPEN-FORM-PARAM, for the platform's own pages.
func FormParam(appID string, key pos.Secret, at time.Time, nonce string, content []byte) url.Values {
	stamp := at.In(wallet.China).Format(stampLayout)
	return url.Values{"authorization": {"OPEN-FORM-PARAM"}, "appId": {appID}, "timestamp": {stamp}, "nonce": {nonce},
		"content": {string(content)}, "signature": {Sign(appID, key, stamp, nonce, content)}}
}

// NoticeSign is the sign of a notification: upper-case hex of SHA-256 (signType SHA256) or MD5 over
// its other parameters that are not empty, sorted, as k=v joined by &, and the notification key.
func NoticeSign(form url.Values, key pos.Secret) string {
	var pairs []string
	for k, v := range form {
		if k != "sign" && len(v) > 0 && v[0] != "" {
			pairs = append(pairs, k+"="+v[0])
		}
	}
	slices.Sort(pairs)
	text := []byte(strings.Join(pairs, "&"))
	key.Use(func(b []byte) { text = append(text, b...) })
	defer clear(text)
	if form.Get("signType") == "SHA256" {
		return fmt.Sprintf("%X", sha256.Sum256(text))
	}
	return fmt.Sprintf("%X", md5.Sum(text))
}

func newNonce() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
